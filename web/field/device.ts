// A device of a team: its key, which never leaves this browser, and what it keeps between two visits.
import Dexie, { type Table } from "dexie";
import { api } from "../shared/api";
import { toHex } from "../shared/receipt";
import type { DutyView } from "../shared/types";
import type { Json } from "../shared/canonical";
import { NO_PREVIOUS, placeAfter, sign, type Place } from "./entry";
import { deliver, nextPlace, type Box, type Delivery, type Signer, type Waiting } from "./outbox";

interface KeptDevice extends Place {
  /** Its public key in hexadecimal. */
  id: string;
  /** Campaign and team. */
  owner: string;
  key: CryptoKey;
  /** When the key was made, by this browser's clock: the newest one speaks for the team. */
  madeMs: number;
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

  constructor() {
    super("sekong-field");
    this.version(1).stores({ keys: "id, owner", begun: "duty", outbox: "++id, [device+state], duty" });
  }
}

const kept = new Kept();

/** What names a duty on this device. */
export function dutyKey(team: string, duty: Pick<DutyView, "day" | "hour" | "unit">): string {
  return `${team} ${duty.day} ${duty.hour} ${duty.unit}`;
}

/** The device of a team in this browser. */
export class Device {
  private constructor(
    private readonly campaign: string,
    private readonly team: string,
    readonly id: string,
    private readonly key: CryptoKey,
  ) {}

  /** The devices that this browser was for a team, the newest first: an older one may still have something to send. */
  static async all(campaign: string, team: string): Promise<Device[]> {
    const found = await kept.keys.where("owner").equals(`${campaign} ${team}`).sortBy("madeMs");
    return found.reverse().map(({ id, key }) => new Device(campaign, team, id, key));
  }

  /** Makes a key and enrols it: the device that the team used before is retired by that. */
  static async enrol(campaign: string, team: string): Promise<Device> {
    const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
    const id = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
    // Kept first: an answer may be lost, a key may not.
    const owner = `${campaign} ${team}`;
    await kept.keys.add({ id, owner, key: pair.privateKey, madeMs: Date.now(), sequence: 0, previous: NO_PREVIOUS });
    await api.enrol(id);
    return new Device(campaign, team, id, pair.privateKey);
  }

  /** Whether this browser can make such a key. */
  static async isPossible(): Promise<boolean> {
    try {
      await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
      return true;
    } catch {
      return false;
    }
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
  async write(duty: DutyView, body: Json, nowMs: number): Promise<void> {
    await this.alone(async () => {
      const name = dutyKey(this.team, duty);
      const same = (entry: Waiting) => entry.duty === name && entry.device === this.id && entry.state !== "refused";
      if ((await kept.outbox.filter(same).count()) > 0) return;
      const place = await nextPlace(this.box);
      const entry: Waiting = {
        device: this.id, duty: name, body, timeMs: nowMs, sequence: place.sequence, bytes: "", state: "waiting",
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
      { campaign: this.campaign, device: this.id, ...place, timeMs: entry.timeMs, kind: "inspection", body: entry.body },
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
