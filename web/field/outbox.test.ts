import { describe, expect, it } from "vitest";
import { OutOfReach, Refused } from "../shared/api";
import type { ReceiptView } from "../shared/types";
import { NO_PREVIOUS, placeAfter, type Place } from "./entry";
import { deliver, nextPlace, type Box, type Signer, type Waiting } from "./outbox";

/** A box in memory; `copy` is what a reload finds. */
class Kept implements Box {
  constructor(public entries: Waiting[] = [], public at: Place = { sequence: 0, previous: NO_PREVIOUS }) {}
  waiting = async () => this.entries.filter((entry) => entry.state === "waiting").sort((a, b) => a.sequence - b.sequence);
  place = async () => this.at;
  change = async (entry: Waiting, to: Partial<Waiting>) => {
    this.entries = this.entries.map((other) => (other.id === entry.id ? { ...other, ...to } : other));
  };
  advance = async (sequence: number, bytes: string) => {
    this.at = await placeAfter(sequence, bytes);
  };
  copy = () => new Kept(structuredClone(this.entries), { ...this.at });
}

const signer: Signer = async (place, entry) => `${place.sequence} ${place.previous.slice(0, 8)} ${String(entry.body)}`;

async function write(box: Kept, text: string): Promise<void> {
  const place = await nextPlace(box);
  const entry: Waiting = {
    id: box.entries.length + 1, device: "d", duty: text, body: text, timeMs: 0, sequence: place.sequence, bytes: "", state: "waiting",
  };
  box.entries.push({ ...entry, bytes: await signer(place, entry) });
}

/** A centre that takes each entry once and in sequence, as the real one does. */
class Centre {
  log: string[] = [];
  refuses = new Set<string>();
  send = async (bytes: string): Promise<ReceiptView> => {
    const [sequence, , text = ""] = bytes.split(" ");
    const before = this.log.indexOf(bytes);
    if (before >= 0) return receipt(before);
    if (this.refuses.has(text)) throw refused(422, "not-due");
    if (Number(sequence) !== this.log.length) throw refused(409, "sequence");
    this.log.push(bytes);
    return receipt(this.log.length - 1);
  };
}

function receipt(index: number): ReceiptView {
  return { index, entry: "", leaf_hash: "", proof: [], head: "" };
}

function refused(status: number, name: string): Refused {
  return new Refused({ type: `urn:sekong:problem:${name}`, title: "", status, detail: name, hint: "mend it" });
}

const texts = (centre: Centre) => centre.log.map((bytes) => bytes.split(" ")[2]);

describe("the outbox", () => {
  it("sends what waits in order and remembers where each stands", async () => {
    const [box, centre] = [new Kept(), new Centre()];
    for (const text of ["a", "b", "c"]) await write(box, text);
    expect(await deliver(box, centre.send, signer)).toBe("empty");
    expect(texts(centre)).toEqual(["a", "b", "c"]);
    expect(box.entries.map((entry) => [entry.state, entry.index])).toEqual([["acknowledged", 0], ["acknowledged", 1], ["acknowledged", 2]]);
  });

  it("keeps everything while the centre cannot be reached, and doubles nothing when an answer was lost", async () => {
    const [box, centre] = [new Kept(), new Centre()];
    for (const text of ["a", "b"]) await write(box, text);
    const lostAnswer = async (bytes: string) => {
      await centre.send(bytes);
      throw new OutOfReach("the answer was lost");
    };
    expect(await deliver(box, lostAnswer, signer)).toBe("out of reach");
    const reloaded = box.copy();
    expect(await deliver(reloaded, centre.send, signer)).toBe("empty");
    expect(texts(centre)).toEqual(["a", "b"]);
  });

  it("survives an end between the acknowledgement and its note, at every step", async () => {
    for (const stopAfter of [1, 2, 3, 4]) {
      const [box, centre] = [new Kept(), new Centre()];
      for (const text of ["a", "b"]) await write(box, text);
      let steps = 0;
      const dying: Box = {
        waiting: box.waiting,
        place: box.place,
        change: async (entry, to) => { if (++steps >= stopAfter) throw new Error("ended"); await box.change(entry, to); },
        advance: async (sequence, bytes) => { if (++steps >= stopAfter) throw new Error("ended"); await box.advance(sequence, bytes); },
      };
      await expect(deliver(dying, centre.send, signer)).rejects.toThrow("ended");
      expect(await deliver(box.copy(), centre.send, signer)).toBe("empty");
      expect(texts(centre), `stopped after ${stopAfter}`).toEqual(["a", "b"]);
    }
  });

  it("gives a refused entry's place to the next one and keeps why it was refused", async () => {
    const [box, centre] = [new Kept(), new Centre()];
    centre.refuses.add("b");
    for (const text of ["a", "b", "c", "d"]) await write(box, text);
    expect(await deliver(box, centre.send, signer)).toBe("empty");
    expect(texts(centre)).toEqual(["a", "c", "d"]);
    const second = box.entries[1];
    expect([second?.state, second?.problem?.detail, second?.problem?.hint]).toEqual(["refused", "not-due", "mend it"]);
    await write(box, "e");
    await deliver(box, centre.send, signer);
    expect(texts(centre)).toEqual(["a", "c", "d", "e"]);
  });

  it("waits for a centre that is slow, busy or stopped", async () => {
    for (const status of [408, 429, 500, 503]) {
      const box = new Kept();
      await write(box, "a");
      const send = async () => { throw refused(status, "later"); };
      expect(await deliver(box, send, signer)).toBe("out of reach");
      expect(box.entries[0]?.state).toBe("waiting");
    }
  });
});
