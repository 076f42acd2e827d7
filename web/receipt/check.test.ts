import { beforeAll, describe, expect, it } from "vitest";
import { canonical } from "../shared/canonical";
import { openHead, readKeys, SameKey, type HeadKeys } from "../shared/note";
import { hashOfLeaf, rootOf, sha256, toBase64, toHex } from "../shared/receipt";
import { isConsistent, tilePath, Tiles, type ReadFile } from "../shared/tiles";
import type { ReceiptView } from "../shared/types";
import { check, NoReceipt, readReceipt, type Outcome } from "./check";

const utf8 = (text: string) => new TextEncoder().encode(text);
const node = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right);

interface Signer {
  name: string;
  line: string;
  id: Uint8Array;
  sign: (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

const newPair = async () => (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;

async function signer(name: string, type: 1 | 4, given?: CryptoKeyPair): Promise<Signer> {
  const pair = given ?? (await newPair());
  const material = Uint8Array.of(type, ...new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const id = (await sha256(utf8(`${name}\n`), material)).slice(0, 4);
  const sign = async (message: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
  return { name, line: `${name}+${toHex(id)}+${toBase64(material)}`, id, sign };
}

/** RFC 6962 by its definition, remembered by range. */
class Definition {
  readonly #known = new Map<string, Promise<Uint8Array>>();
  constructor(readonly leaves: Uint8Array[]) {}

  root(start: number, end: number): Promise<Uint8Array> {
    const name = `${start} ${end}`;
    const made = this.#known.get(name) ?? this.#make(start, end);
    this.#known.set(name, made);
    return made;
  }

  async #make(start: number, end: number): Promise<Uint8Array> {
    if (end - start === 1) return this.leaves[start] ?? new Uint8Array();
    const middle = start + split(end - start);
    return node(await this.root(start, middle), await this.root(middle, end));
  }

  async path(index: number, start: number, end: number): Promise<Uint8Array[]> {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...(await this.path(index, start, middle)), await this.root(middle, end)]
      : [...(await this.path(index, middle, end)), await this.root(start, middle)];
  }
}

function split(size: number): number {
  let cut = 1;
  while (cut * 2 < size) cut *= 2;
  return cut;
}

/** A log with its keys, its entries and the files of one size. */
class Log {
  private constructor(
    readonly entries: string[], readonly tree: Definition, private readonly log: Signer, private readonly cosigner: Signer, readonly keys: HeadKeys,
  ) {}

  static async of(count: number, salt: string, signers?: [Signer, Signer]): Promise<Log> {
    const device = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const id = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", device.publicKey)));
    const entries = [];
    for (let seq = 0; seq < count; seq++) {
      const draft = { body: { n: seq, salt }, campaign: "test", device: id, kind: "note", prev: "0".repeat(64), seq, time: "2017-01-01T00:00:00Z", v: 1 };
      const sig = toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", device.privateKey, utf8(`sekong/entry/v1\n${canonical(draft)}`))));
      entries.push(canonical({ ...draft, sig }));
    }
    const leaves = await Promise.all(entries.map((entry) => hashOfLeaf(utf8(entry))));
    const [log, cosigner] = signers ?? [await signer("example.com/log", 1), await signer("example.com/witness", 4)];
    return new Log(entries, new Definition(leaves), log, cosigner, await readKeys(`${log.line}\n${cosigner.line}\n`));
  }

  /** The same keys over another history. */
  fork(count: number): Promise<Log> {
    return Log.of(count, "fork", [this.log, this.cosigner]);
  }

  async head(size: number): Promise<string> {
    const text = `${this.log.name}\n${size}\n${toBase64(await this.tree.root(0, size))}\n`;
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, 1483228800n);
    const cosigned = await this.cosigner.sign(utf8(`cosignature/v1\ntime 1483228800\n${text}`));
    const line = ({ name, id }: Signer, bytes: Uint8Array) => `— ${name} ${toBase64(Uint8Array.of(...id, ...bytes))}\n`;
    return `${text}\n${line(this.log, await this.log.sign(utf8(text)))}${line(this.cosigner, Uint8Array.of(...time, ...cosigned))}`;
  }

  async receipt(index: number, size: number): Promise<ReceiptView> {
    const entry = this.entries[index] ?? "";
    const proof = (await this.tree.path(index, 0, size)).map(toHex);
    return { index, entry, leaf_hash: toHex(this.tree.leaves[index] ?? new Uint8Array()), proof, head: await this.head(size) };
  }

  async files(size: number): Promise<Map<string, Uint8Array>> {
    const files = new Map([["checkpoint", utf8(await this.head(size)) as Uint8Array]]);
    for (let level = 0; 256 ** level <= size; level++) {
      const [span, count] = [256 ** level, Math.floor(size / 256 ** level)];
      for (let tile = 0; tile * 256 < count; tile++) {
        const [first, end] = [tile * 256, Math.min(count, (tile + 1) * 256)];
        const hashes = [];
        for (let at = first; at < end; at++) hashes.push(await this.tree.root(at * span, (at + 1) * span));
        files.set(tilePath(level, tile, end - first), Uint8Array.from(hashes.flatMap((hash) => [...hash])));
      }
    }
    return files;
  }
}

const reading = (files: Map<string, Uint8Array>): ReadFile => async (path) => files.get(path) ?? null;
const failing = (outcomes: Outcome[]) => outcomes.filter(({ state }) => state === "fails").map(({ step, why }) => `${step} ${why}`);

const SIZE = 700;
let log: Log;
let files: Map<string, Uint8Array>;
const judge = async (receipt: ReceiptView, keys = log.keys, from = files) => check(receipt, keys, reading(from));

beforeAll(async () => {
  log = await Log.of(SIZE, "true");
  files = await log.files(SIZE);
});

describe("a published tree", () => {
  it("names its tiles as C2SP does", () => {
    expect([tilePath(0, 1_234_067, 256), tilePath(2, 0, 5), tilePath(1, 999, 1)]).toEqual(["tile/0/x001/x234/067", "tile/2/000.p/5", "tile/1/999.p/1"]);
  });

  it("gives the proofs of the definition, at every size that is awkward", async () => {
    for (const size of [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, SIZE]) {
      const [tiles, root] = [new Tiles(reading(await log.files(size)), size), await log.tree.root(0, size)];
      for (const index of new Set([0, 1, size >> 1, 255, 256, size - 1].filter((index) => index < size))) {
        const proof = await tiles.inclusionProof(index);
        expect(proof.map(toHex), `${index} of ${size}`).toEqual((await log.tree.path(index, 0, size)).map(toHex));
        expect(toHex((await rootOf(index, size, await tiles.leaf(index), proof)) ?? new Uint8Array())).toBe(toHex(root));
      }
      for (const old of new Set([1, 2, 6, size >> 1, 256, size - 1, size].filter((old) => old >= 1 && old <= size))) {
        const [proof, oldRoot] = [await tiles.consistencyProof(old), await log.tree.root(0, old)];
        expect(await isConsistent(old, oldRoot, size, root, proof), `${old} to ${size}`).toBe(true);
        expect(await isConsistent(old, root, size, oldRoot, proof), `${old} to ${size}, roots swapped`).toBe(old === size);
        expect(await isConsistent(old, oldRoot, size, root, [...proof, root])).toBe(false);
        if (proof.length > 0) expect(await isConsistent(old, oldRoot, size, root, proof.slice(1))).toBe(false);
      }
    }
  });

  it("gives the beginning of a full tile where the partial one is gone", async () => {
    const young = new Map(files);
    young.delete("tile/0/001.p/44");
    expect(toHex(await new Tiles(reading(young), 300).leaf(299))).toBe(toHex(log.tree.leaves[299] ?? new Uint8Array()));
  });
});

describe("a receipt", () => {
  it("holds under the published head, and under an older one that the log continues", async () => {
    for (const size of [SIZE, 514, 256, 3]) {
      const verdict = await judge(await log.receipt(2, size));
      expect(failing(verdict.outcomes)).toEqual([]);
      expect([verdict.holds, verdict.head?.size, verdict.published?.size]).toEqual([true, size, SIZE]);
      expect(verdict.published?.cosigned).toEqual([{ name: "example.com/witness", timeMs: 1_483_228_800_000 }]);
      expect(verdict.said.kind).toBe("note");
    }
  });

  it("names the step at which a changed one fails", async () => {
    const good = await log.receipt(300, 514);
    const entry = good.entry.replace('"n":300', '"n":301');
    const leaf_hash = toHex(await hashOfLeaf(utf8(entry)));
    const cases: [ReceiptView, string[]][] = [
      [{ ...good, entry, leaf_hash }, ["entry deviceSignature", "proof proofWrong", "place otherEntry"]],
      [{ ...good, index: 301 }, ["proof proofWrong", "place otherEntry"]],
      [{ ...good, proof: good.proof.toReversed() }, ["proof proofWrong"]],
      [{ ...good, head: good.head.replace("\n514\n", "\n515\n") }, ["head badSignature"]],
      [{ ...good, head: good.head.replace(/\n— example.com\/witness .*\n/, "\n") }, ["head uncounted"]],
      [{ ...good, head: good.head.replace(/\n— example.com\/log .*\n/, "\n") }, ["head unsigned"]],
      [{ ...good, head: good.head.replace("\n\n", "\n") }, ["head unsigned"]],
      [{ ...good, head: good.head.replace("example.com/log", "example.com/other") }, ["head otherLog"]],
    ];
    for (const [receipt, wanted] of cases) {
      const found = failing((await judge(receipt)).outcomes);
      for (const step of wanted) expect(found, JSON.stringify(receipt).slice(0, 60)).toContain(step);
    }
  });

  it("of another log, and one of another history signed by the same keys, do not hold", async () => {
    const other = await Log.of(20, "other");
    expect(failing((await judge(await other.receipt(3, 20))).outcomes)).toEqual(["head unsigned", "place otherEntry"]);
    const fork = await log.fork(20);
    expect(failing((await judge(await fork.receipt(3, 20))).outcomes)).toEqual(["place otherEntry", "extends otherHistory"]);
    expect(failing((await judge(await log.receipt(3, 20), other.keys)).outcomes)).toEqual(["head unsigned", "published unsigned"]);
  });

  it("does not hold under a log that is shorter, has no checkpoint or lacks a tile", async () => {
    const receipt = await log.receipt(300, SIZE);
    expect(failing((await judge(receipt, log.keys, await log.files(290))).outcomes)).toEqual(["place shorter", "extends shorter"]);
    const headless = await judge(receipt, log.keys, new Map());
    expect(failing(headless.outcomes)).toEqual(["published noCheckpoint"]);
    expect(headless.outcomes.map(({ state }) => state).slice(-2)).toEqual(["open", "open"]);
    const lacking = new Map(files);
    lacking.delete("tile/0/001");
    expect(failing((await judge(receipt, log.keys, lacking)).outcomes)).toEqual(["place missingTile"]);
  });

  it("does not hold where one bit of any tile on its way is another", async () => {
    const receipt = await log.receipt(300, 514);
    for (const name of ["tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"]) {
      const bent = Uint8Array.from(files.get(name) ?? []);
      bent[bent.length - 1] = (bent[bent.length - 1] ?? 0) ^ 1;
      expect((await judge(receipt, log.keys, new Map([...files, [name, bent]]))).holds, name).toBe(false);
    }
  });

  it("is read with every field, or refused by the field", async () => {
    const good = await log.receipt(5, 9);
    expect(readReceipt(JSON.stringify(good))).toEqual(good);
    const without = (field: string) => JSON.stringify({ ...good, [field]: undefined });
    for (const field of Object.keys(good)) expect(() => readReceipt(without(field))).toThrow(new NoReceipt(field));
    for (const text of ["", "{", "null", "[]", '"x"']) expect(() => readReceipt(text), text).toThrow(NoReceipt);
    expect(() => readReceipt(JSON.stringify({ ...good, index: -1 }))).toThrow("index");
    expect(() => readReceipt(JSON.stringify({ ...good, proof: ["xx"] }))).toThrow("proof");
  });

  it("whose entry is no JSON, or has another end, has no signature", async () => {
    const good = await log.receipt(5, 9);
    for (const entry of ["", "null", good.entry.slice(1), `${good.entry} `, good.entry.replace('"v":1', '"v":2')]) {
      expect(failing((await judge({ ...good, entry })).outcomes)).toContain("entry deviceSignature");
    }
  });
});

describe("keys", () => {
  it("are refused by the line that is none", async () => {
    const { line } = await signer("example.com/log", 1);
    expect((await readKeys(line)).keys).toHaveLength(1);
    for (const bad of [line.replace("example", "exemple"), line.slice(0, -4), "x", line.replace("+", " ")]) {
      await expect(readKeys(`\n${bad}\n`)).rejects.toThrow(bad);
    }
  });

  it("of a cosigner alone open nothing", async () => {
    const keys = log.keys.keys.filter(({ isLog }) => !isLog);
    await expect(openHead(await log.head(9), { keys, needed: 1 })).rejects.toThrow("otherLog");
  });

  it("say how many cosigners must have signed, and who has not is named", async () => {
    const lines = [await signer("example.com/log", 1), await signer("example.com/w1", 4), await signer("example.com/w2", 4)];
    const text = lines.map(({ line }) => line).join("\n");
    expect((await readKeys(text)).needed).toBeNull();
    expect((await readKeys(`${text}\ncosignatures 1\n`)).needed).toBe(1);
    for (const bad of ["cosignatures 3", "cosignatures 0", "cosignatures x", "cosignatures 1\ncosignatures 2"]) {
      await expect(readKeys(`${text}\n${bad}\n`)).rejects.toThrow("cosignatures");
    }
    const absent = (await readKeys((await signer("example.com/absent", 4)).line)).keys;
    const head = await log.head(9);
    const opened = await openHead(head, { keys: [...log.keys.keys, ...absent], needed: 1 });
    expect(opened.cosigned.map(({ name }) => name)).toEqual(["example.com/witness"]);
    expect(opened.missing).toEqual(["example.com/absent"]);
    await expect(openHead(head, { keys: [...log.keys.keys, ...absent], needed: 2 })).rejects.toThrow("uncosigned: example.com/absent");
    await expect(openHead(head, { keys: [...log.keys.keys, ...absent], needed: null })).rejects.toThrow("uncounted: example.com/absent");
  });

  it("are each given once: neither one line twice, nor one key under two names, nor one name with two keys", async () => {
    const [logKey, pair] = [await signer("example.com/log", 1), await newPair()];
    const w1 = await signer("example.com/w1", 4, pair);
    for (const again of [w1, await signer("example.com/other", 4, pair), await signer("example.com/w1", 4)]) {
      const text = [logKey, w1, again].map(({ line }) => line).join("\n");
      await expect(readKeys(`${text}\ncosignatures 1\n`)).rejects.toThrow(new SameKey(w1.name, again.name));
    }
    await expect(readKeys(`${logKey.line}\n${logKey.line}\n`)).rejects.toThrow(SameKey);
    const own = await signer("example.com/log", 4);
    expect((await readKeys(`${logKey.line}\n${own.line}\n`)).keys, "a log may be its own cosigner's namesake").toHaveLength(2);
  });
});
