// A device of a team: its keys, which never leave this browser, and what it keeps between two visits.
import Dexie, { type Table } from "dexie";
import { api } from "../shared/api";
import { toHex } from "../shared/receipt";
import type { BoxView, DutyView, TableView } from "../shared/types";
import type { Json } from "../shared/canonical";
import { boxKeyOf, hourText, makeBoxKeys, openBox, openingText, readMessage, type BoxFault, type BoxMessage } from "./box";
import { commitmentOf, NO_PREVIOUS, placeAfter, sign, type Place } from "./entry";
import { deliver, nextPlace, type Box, type Delivery, type Kind, type Signer, type Waiting } from "./outbox";
import { told, type Correction } from "./report";
import { hear, NOTHING_HEARD, Table as CodeTable, type Answer, type Heard, type Slot } from "./relay";

interface KeptDevice extends Place {
  /** Its public key in hexadecimal. */
  id: string;
  /** Campaign and team. */
  owner: string;
  key: CryptoKey;
  /** What opens its boxes; a device without it is told its orders in clear. */
  boxKeys?: CryptoKeyPair;
  /** Index of the entry that enrolled it, once heard of. */
  enrolled?: number;
  /** The key of the team's table for relayed orders, and its serial number. */
  table?: CryptoKey;
  tableSerial?: number;
  /** When the key was made, by this browser's clock: the newest one speaks for the team. */
  madeMs: number;
}

/** A box that was opened, kept because the centre shows it only until its hour is over. */
export interface OpenedBox extends Pick<BoxView, "province" | "day" | "hour" | "index"> {
  /** Device and hour. */
  id: string;
  device: string;
  message: BoxMessage;
  /** What the log must hold of its order. */
  commitment: string | null;
  /** What does not hold of it; nothing is known yet while it is left out. */
  faults?: BoxFault[];
}

/** What was heard for an hour by voice or SMS. */
interface HeardAt {
  /** Campaign, team and hour: a device that takes another's place, or another table, brings no new tries. */
  id: string;
  heard: Heard;
}

/** When a team's latest wrong codes were heard. */
interface Wrong {
  /** Campaign and team. */
  id: string;
  timesMs: number[];
}

/** An inspection that was begun, kept so that a reload does not forget when. */
interface Begun {
  /** Device and duty. */
  duty: string;
  startedMs: number;
}

class Kept extends Dexie {
  keys!: Table<KeptDevice, string>;
  begun!: Table<Begun, string>;
  outbox!: Table<Waiting, number>;
  opened!: Table<OpenedBox, string>;
  heard!: Table<HeardAt, string>;
  wrong!: Table<Wrong, string>;

  constructor() {
    super("sekong-field");
    this.version(1).stores({ keys: "id, owner", begun: "duty", outbox: "++id, [device+state], duty" });
    this.version(2).stores({ opened: "id, device", heard: "id" });
    this.version(3).stores({ wrong: "id" });
  }
}

const kept = new Kept();

/** What names a duty on this device. */
export function dutyKey(team: string, duty: Pick<DutyView, "day" | "hour" | "unit">): string {
  return `${team} ${duty.day} ${duty.hour} ${duty.unit}`;
}

/** What names the correction of an entry on a duty. */
export function correctionKey(team: string, duty: Pick<DutyView, "day" | "hour" | "unit">, of: number): string {
  return `${dutyKey(team, duty)} ${of}`;
}

/** What names the box of an hour on this device. */
export function boxKey(team: string, { day, hour }: Slot): string {
  return `${team} ${day} ${hour} box`;
}

async function makeSigningKeys(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
}

/** The device of a team in this browser. */
export class Device {
  readonly id: string;
  private readonly key: CryptoKey;

  private constructor(
    private readonly campaign: string,
    private readonly team: string,
    private readonly record: KeptDevice,
  ) {
    ({ id: this.id, key: this.key } = record);
  }

  /** The devices that this browser was for a team, the newest first: an older one may still have something to send. */
  static async all(campaign: string, team: string): Promise<Device[]> {
    const found = await kept.keys.where("owner").equals(`${campaign} ${team}`).sortBy("madeMs");
    return found.reverse().map((device) => new Device(campaign, team, device));
  }

  /** Makes keys and enrols them: the device that the team used before is retired by that. */
  static async enrol(campaign: string, team: string, province: string): Promise<void> {
    const pair = await makeSigningKeys();
    const boxKeys = await makeBoxKeys();
    const id = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
    // Kept first: an answer may be lost, a key may not.
    const owner = `${campaign} ${team}`;
    await kept.keys.add({ id, owner, key: pair.privateKey, boxKeys, madeMs: Date.now(), sequence: 0, previous: NO_PREVIOUS });
    const { index, table } = await api.enrol({ device: id, box_key: await boxKeyOf(boxKeys) });
    await kept.keys.update(id, { enrolled: index });
    await new Device(campaign, team, { id, owner, key: pair.privateKey, boxKeys, madeMs: 0, sequence: 0, previous: "" }).takeTable(province, table);
  }

  /** Whether this browser can make such keys. */
  static async isPossible(): Promise<boolean> {
    try {
      await Promise.all([makeSigningKeys(), makeBoxKeys()]);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether its orders come in boxes. */
  get hasBoxKey(): boolean {
    return this.record.boxKeys !== undefined;
  }

  /** Whether it has the table that relayed orders are looked up in. */
  get hasTable(): boolean {
    return this.record.table !== undefined;
  }

  /** Whether a box was drawn when this device was not the team's yet; unknown as long as its place in the log is. */
  isOlder(box: BoxView): boolean {
    return this.record.enrolled === undefined || box.index < this.record.enrolled;
  }

  /** The serial number of that table. */
  get tableSerial(): number | undefined {
    return this.record.tableSerial;
  }

  /** Keeps a table that was sealed to it, in place of the one before. */
  async takeTable(province: string, { serial, sealed }: TableView): Promise<void> {
    const own = { campaign: this.campaign, province, date: "table", hour: String(serial), team: this.team };
    const bytes = this.record.boxKeys && sealed ? await openBox(this.record.boxKeys, own, sealed) : null;
    if (bytes) await kept.keys.update(this.id, { table: await CodeTable.keyOf(bytes), tableSerial: serial });
  }

  /** Opens a box, once; `null` if it is not for this device. */
  async open(box: BoxView): Promise<OpenedBox | null> {
    const id = `${this.id} ${box.day} ${hourText(box.hour)}`;
    const before = await kept.opened.get(id);
    if (before) return before;
    const own = { campaign: this.campaign, province: box.province, date: box.day, hour: hourText(box.hour), team: this.team };
    const bytes = this.record.boxKeys ? await openBox(this.record.boxKeys, own, box.sealed) : null;
    const message = bytes && readMessage(bytes);
    if (!message) return null;
    const { province, day, hour, index } = box;
    const commitment = message.opening && (await commitmentOf(openingText(message.opening)));
    const opened = { id, device: this.id, province, day, hour, index, message, commitment };
    await kept.opened.put(opened);
    return opened;
  }

  /** Keeps what does not hold of a box. */
  async judge(opened: OpenedBox, faults: BoxFault[]): Promise<void> {
    await kept.opened.update(opened.id, { faults });
  }

  /** The boxes that it opened, the oldest first; those of days before `first` are forgotten. */
  async opened(first: string): Promise<OpenedBox[]> {
    const own = await kept.opened.where("device").equals(this.id).sortBy("id");
    await kept.opened.bulkDelete(own.filter(({ day }) => day < first).map(({ id }) => id));
    return own.filter(({ day }) => day >= first);
  }

  /** Hears a code for an hour, and keeps what came of it. */
  async hear(slot: Slot, code: number, nowMs: number): Promise<Answer> {
    const { table } = this.record;
    if (!table) throw new Error("this device has no table");
    const [id, owner] = [this.heardId(slot), this.owner];
    return navigator.locks.request(`sekong-heard ${owner}`, async () => {
      const memory = { heard: await this.heard(slot), wrong: await this.wrong() };
      const { answer, heard, wrong } = await hear(CodeTable.of(table), memory, slot, code, nowMs);
      await kept.transaction("rw", kept.heard, kept.wrong, async () => {
        await kept.heard.put({ id, heard });
        await kept.wrong.put({ id: owner, timesMs: wrong });
      });
      return answer;
    }) as Promise<Answer>;
  }

  /** When the team's latest wrong codes were heard. */
  async wrong(): Promise<number[]> {
    return (await kept.wrong.get(this.owner))?.timesMs ?? [];
  }

  /** What was heard for an hour. */
  async heard(slot: Slot): Promise<Heard> {
    return (await kept.heard.get(this.heardId(slot)))?.heard ?? NOTHING_HEARD;
  }

  private heardId({ day, hour }: Slot): string {
    return `${this.owner} ${day} ${hourText(hour)}`;
  }

  private get owner(): string {
    return `${this.campaign} ${this.team}`;
  }

  /** Keeps when an inspection began. The first time counts, in whichever tab; `anew` is for one that was refused. */
  async begin(duty: DutyView, nowMs: number, anew: boolean): Promise<void> {
    const begun = { duty: `${this.id} ${dutyKey(this.team, duty)}`, startedMs: nowMs };
    await kept.transaction("rw", kept.begun, async () => {
      if (anew || (await kept.begun.get(begun.duty)) === undefined) await kept.begun.put(begun);
    });
  }

  /** When this device began what, by duty. */
  async begun(): Promise<Map<string, number>> {
    const own = await kept.begun.where("duty").startsWith(`${this.id} `).toArray();
    return new Map(own.map((begun) => [begun.duty.slice(this.id.length + 1), begun.startedMs]));
  }

  /** Signs a report and keeps it, once; sending is another step. */
  report(duty: DutyView, body: Json, nowMs: number): Promise<void> {
    // A report that was refused may be written again.
    return this.write("inspection", dutyKey(this.team, duty), body, nowMs, (entry) => entry.state !== "refused");
  }

  /** Corrects a report, or its last correction. */
  correct(duty: DutyView, correction: Correction, nowMs: number): Promise<void> {
    const body = { of: correction.of, reason: correction.reason, counts: { ...correction.counts }, ...told(correction.finds) };
    return this.write("correction", correctionKey(this.team, duty, correction.of), body, nowMs, (entry) => entry.state !== "refused");
  }

  /** Says that a box was opened, once and for all. */
  sayOpened({ province, day, hour }: OpenedBox, nowMs: number): Promise<void> {
    return this.write("opened", boxKey(this.team, { day, hour }), { province, day, hour }, nowMs, () => true);
  }

  /** `counts` tells whether an entry on the same stands in the way of another. */
  private async write(kind: Kind, name: string, body: Json, nowMs: number, counts: (entry: Waiting) => boolean): Promise<void> {
    await this.alone(async () => {
      const isSame = (entry: Waiting) => entry.duty === name && entry.device === this.id && counts(entry);
      if ((await kept.outbox.filter(isSame).count()) > 0) return;
      const place = await nextPlace(this.box);
      const entry: Waiting = {
        device: this.id, duty: name, kind, body, timeMs: nowMs, sequence: place.sequence, bytes: "", state: "waiting",
      };
      await kept.outbox.add({ ...entry, bytes: await this.sign(place, entry) });
    });
  }

  /** Sends what waits. */
  deliver(): Promise<Delivery> {
    return this.alone(() => deliver(this.box, (bytes) => api.sendEntry(bytes), this.sign));
  }

  /** Everything this device ever wrote, newest first. */
  async written(): Promise<Waiting[]> {
    const own = await kept.outbox.filter((entry) => entry.device === this.id).sortBy("id");
    return own.reverse();
  }

  /** Two tabs are one device: they write and send in turn. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    return navigator.locks.request(`sekong-device ${this.id}`, work) as Promise<T>;
  }

  private readonly sign: Signer = (place, entry) =>
    sign(
      { campaign: this.campaign, device: this.id, ...place, timeMs: entry.timeMs, kind: entry.kind ?? "inspection", body: entry.body },
      this.key,
    );

  private get box(): Box {
    return {
      waiting: () => kept.outbox.where("[device+state]").equals([this.id, "waiting"]).sortBy("sequence"),
      change: async (entry, to) => void (await kept.outbox.update(entry.id ?? -1, to)),
      place: async () => {
        const { sequence, previous } = (await kept.keys.get(this.id)) ?? { sequence: 0, previous: NO_PREVIOUS };
        return { sequence, previous };
      },
      advance: async (sequence, bytes) => void (await kept.keys.update(this.id, await placeAfter(sequence, bytes))),
    };
  }
}
