// What was found with what: the closed lists of a report, and their words. The Khmer and Lao ones still want a native reader.
import { speaker, type Catalogue } from "./i18n.svelte";
import type { FindView } from "./types";

export type Transport = FindView["transport"];
export type Drug = FindView["drug"];

/** In the order in which a report names them; a test holds both against the API's document. */
export const TRANSPORTS = ["on-foot", "two-wheeler", "car", "bus", "truck", "boat", "other"] as const satisfies Transport[];
export const DRUGS = ["amphetamines", "opioids", "cannabis", "cocaine", "precursors", "other"] as const satisfies Drug[];

/** Vehicles of one kind in which one class was most of what was found. */
export type Find = FindView;

/** A line that is being written: what is not chosen yet is empty, so that nothing is reported because it stood there. */
export interface Line {
  transport: Transport | "";
  drug: Drug | "";
  vehicles: number;
}

/** Whether all of a line is chosen. */
export function isChosen(line: Line): line is Find {
  return line.transport !== "" && line.drug !== "";
}

/** As a report holds them: each pair once, in the order of the lists. */
export function ordered(finds: Find[]): Find[] {
  const of = (transport: Transport, drug: Drug): Find => {
    const same = finds.filter((find) => find.transport === transport && find.drug === drug);
    return { transport, drug, vehicles: same.reduce((sum, { vehicles }) => sum + vehicles, 0) };
  };
  return TRANSPORTS.flatMap((transport) => DRUGS.map((drug) => of(transport, drug))).filter(({ vehicles }) => vehicles > 0);
}

/** Vehicles in all lines. */
export function vehiclesIn(finds: Line[]): number {
  return finds.reduce((sum, { vehicles }) => sum + vehicles, 0);
}

const en = {
  "transport_on-foot": "on foot",
  "transport_two-wheeler": "motorcycle or bicycle",
  transport_car: "car or pick-up",
  transport_bus: "bus or minibus",
  transport_truck: "lorry or tractor",
  transport_boat: "boat or ferry",
  transport_other: "other transport",
  transport_untold: "transport not told",
  drug_amphetamines: "amphetamines (pills, crystals, ecstasy)",
  drug_opioids: "opium, heroin, other opioids",
  drug_cannabis: "cannabis",
  drug_cocaine: "cocaine",
  drug_precursors: "precursors and reagents",
  drug_other: "other drugs",
  drug_untold: "drug not told",
} as const;

type Key = keyof typeof en;

const km: Partial<Record<Key, string>> = {
  "transport_on-foot": "ថ្មើរជើង",
  "transport_two-wheeler": "ម៉ូតូ ឬកង់",
  transport_car: "រថយន្ត ឬភីកអាប់",
  transport_bus: "រថយន្តក្រុង ឬមីនីប៊ឹស",
  transport_truck: "រថយន្តដឹកទំនិញ ឬត្រាក់ទ័រ",
  transport_boat: "ទូក ឬសាឡាង",
  transport_other: "មធ្យោបាយផ្សេង",
  transport_untold: "មិនបានប្រាប់មធ្យោបាយ",
  drug_amphetamines: "អំហ្វេតាមីន (គ្រាប់ ទឹកកក អេចស្តាស៊ី)",
  drug_opioids: "អាភៀន ហេរ៉ូអ៊ីន និងអូពីអូអ៊ីតផ្សេង",
  drug_cannabis: "កញ្ឆា",
  drug_cocaine: "កូកាអ៊ីន",
  drug_precursors: "សារធាតុផ្សំ និងសារធាតុគីមី",
  drug_other: "គ្រឿងញៀនផ្សេង",
  drug_untold: "មិនបានប្រាប់ប្រភេទ",
};

const lo: Partial<Record<Key, string>> = {
  "transport_on-foot": "ຍ່າງ",
  "transport_two-wheeler": "ລົດຈັກ ຫຼືລົດຖີບ",
  transport_car: "ລົດເກັງ ຫຼືລົດກະບະ",
  transport_bus: "ລົດເມ ຫຼືລົດຕູ້",
  transport_truck: "ລົດບັນທຸກ ຫຼືລົດໄຖ",
  transport_boat: "ເຮືອ ຫຼືເຮືອບັກ",
  transport_other: "ພາຫະນະອື່ນ",
  transport_untold: "ບໍ່ໄດ້ບອກພາຫະນະ",
  drug_amphetamines: "ແອມເຟຕາມິນ (ຢາເມັດ, ຢາໄອສ໌, ຢາອີ)",
  drug_opioids: "ຝິ່ນ, ເຮໂຣອິນ, ໂອປີອອຍອື່ນ",
  drug_cannabis: "ກັນຊາ",
  drug_cocaine: "ໂຄເຄນ",
  drug_precursors: "ສານຕັ້ງຕົ້ນ ແລະສານເຄມີ",
  drug_other: "ຢາເສບຕິດອື່ນ",
  drug_untold: "ບໍ່ໄດ້ບອກຊະນິດ",
};

export const CATALOGUE: Catalogue<Key> = { en, km, lo };
const say = speaker(CATALOGUE);

export function transportName(transport: string): string {
  return say(`transport_${transport}` as Key);
}

export function drugName(drug: string): string {
  return say(`drug_${drug}` as Key);
}
