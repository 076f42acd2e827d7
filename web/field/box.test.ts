import { readFileSync } from "node:fs";
import { DhkemX25519HkdfSha256 } from "@hpke/core";
import { describe, expect, it } from "vitest";
import { canonical, type Json } from "../shared/canonical";
import { fromHex, hashOfLeaf, sha256, toBase64, toHex } from "../shared/receipt";
import type { BoxView, ReceiptView } from "../shared/types";
import { boxKeyOf, faultsOf, infoOf, makeBoxKeys, openBox, openingText, readMessage, type BoxFor, type BoxMessage } from "./box";
import { commitmentOf } from "./entry";

interface Golden extends BoxFor {
  seed: string;
  box_key: string;
  info: string;
  message: string;
  sealed: string;
  blank: string;
}

const { boxes } = JSON.parse(
  readFileSync(new URL("../../crates/draw/tests/it/golden/boxes.json", import.meta.url), "utf8"),
) as { boxes: Golden[] };

/** The keys that RFC 9180's DeriveKeyPair gives, the secret one as a device has it. */
async function keysOf(seed: string): Promise<CryptoKeyPair> {
  const pair = await new DhkemX25519HkdfSha256().deriveKeyPair(fromHex(seed).buffer as ArrayBuffer);
  const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const privateKey = await crypto.subtle.importKey("pkcs8", secret, "X25519", false, ["deriveBits"]);
  return { publicKey: pair.publicKey, privateKey };
}

describe("the golden boxes", () => {
  it("open for their key, team and hour as the centre sealed them", async () => {
    expect(boxes.length).toBeGreaterThanOrEqual(5);
    for (const golden of boxes) {
      const keys = await keysOf(golden.seed);
      expect(keys.privateKey.extractable).toBe(false);
      expect(await boxKeyOf(keys)).toBe(golden.box_key);
      expect(toHex(infoOf(golden))).toBe(golden.info);
      const message = await openBox(keys, golden, golden.sealed);
      expect(message && toHex(message)).toBe(golden.message);
    }
  });

  it("open for nobody and nothing else", async () => {
    const golden = boxes[0] as Golden;
    const keys = await keysOf(golden.seed);
    const others: Partial<BoxFor>[] = [{ hour: "06" }, { team: "ST-A-02" }, { date: "2017-02-01" }, { province: "x" }, { campaign: "x" }];
    for (const other of others) expect(await openBox(keys, { ...golden, ...other }, golden.sealed)).toBeNull();
    expect(await openBox(await makeBoxKeys(), golden, golden.sealed)).toBeNull();
    expect(await openBox(keys, golden, golden.blank), "a blank").toBeNull();
    for (const bent of [golden.sealed.replace(/.$/, (last) => (last === "0" ? "1" : "0")), golden.sealed.slice(2), "zz", ""]) {
      expect(await openBox(keys, golden, bent)).toBeNull();
    }
  });
});

describe("a message", () => {
  it("is read as the centre writes it, and nothing else is", async () => {
    const text = (golden: Golden) => readMessage(fromHex(golden.message));
    expect(text(boxes[0] as Golden)?.opening?.next).toEqual(["KH-LA-01", 5]);
    expect(text(boxes[1] as Golden)).toEqual({ opening: null, check_in_by: "2017-01-31T22:20:00Z" });
    for (const golden of boxes.slice(2)) expect(text(golden)).toBeNull();
  });
});

describe("a box", () => {
  const teams = ["ST-A-01", "ST-A-02", "ST-B-01"];
  const own = { team: "ST-A-02", teams };
  const day = "2017-01-31";

  /** A box of the team, its message, and the receipt of an entry that holds it. */
  async function whole(change: { said?: object; box?: Partial<BoxView>; message?: Partial<BoxMessage>; kind?: string } = {}) {
    const opening = { salt: "07".repeat(32), unit: "u", team: own.team, day, hour: 5, order: { do: "stay" as const }, next: null, thrown: true };
    const message: BoxMessage = { opening, check_in_by: "2017-01-31T22:20:00Z", ...change.message };
    const leaves = await Promise.all(teams.map((_, place) => hashOfLeaf(Uint8Array.of(place))));
    const left = await sha256(Uint8Array.of(1), leaves[0] as Uint8Array, leaves[1] as Uint8Array);
    const root = await sha256(Uint8Array.of(1), left, leaves[2] as Uint8Array);
    const proof = [leaves[0], leaves[2]].map((hash) => toHex(hash as Uint8Array));
    const box: BoxView = { province: "p", day, hour: 5, sealed: "01", renewed: false, opened: false, index: 0, place: 1, proof, ...change.box };
    const orders = ["00".repeat(32), (await commitmentOf(openingText(opening))) ?? ""];
    const body = { province: "p", day, hour: 5, orders, boxes: toHex(root), check_in_by: "2017-01-31T22:20:00Z", ...change.said };
    const entry = canonical({ kind: change.kind ?? "orders", body } as Json);
    const leaf = await hashOfLeaf(new TextEncoder().encode(entry));
    const receipt: ReceiptView = { index: 0, entry, leaf_hash: toHex(leaf), proof: [], head: `sekong/test\n1\n${toBase64(leaf)}\n` };
    return [box, message, receipt] as const;
  }

  it("holds when it is under the logged entry, and its order among the sealed ones", async () => {
    expect(await faultsOf(...(await whole()), own)).toEqual([]);
    expect(await faultsOf(...(await whole({ message: { opening: null } })), own)).toEqual([]);
  });

  it("that was sealed anew to a later device needs no root, and still an order that the log sealed", async () => {
    const [box, message, receipt] = await whole({ box: { renewed: true, proof: [], place: 0 } });
    expect(await faultsOf(box, message, receipt, { ...own, isOlder: true })).toEqual([]);
    expect(await faultsOf(box, message, receipt, { ...own, isOlder: false }), "by the centre's word alone").toEqual(["root"]);
    expect(await faultsOf({ ...box, renewed: false }, message, receipt, { ...own, isOlder: true })).toEqual(["root"]);
    const opening = message.opening && { ...message.opening, order: { do: "stand-down" as const } };
    expect(await faultsOf(box, { ...message, opening }, receipt, { ...own, isOlder: true })).toEqual(["commitment"]);
  });

  it("does not hold, and says why, when anything is other than what was logged", async () => {
    const cases: [Parameters<typeof whole>[0], string[]][] = [
      [{ said: { boxes: "00".repeat(32) } }, ["root"]],
      [{ box: { proof: [] } }, ["root"]],
      [{ box: { sealed: "02" } }, ["root"]],
      [{ box: { place: 0 } }, ["root"]],
      [{ box: { index: 1 } }, ["receipt"]],
      [{ said: { hour: 6 } }, ["receipt"]],
      [{ said: { orders: [] } }, ["commitment"]],
      [{ said: { check_in_by: "2017-01-31T22:25:00Z" } }, ["content"]],
      [{ message: { check_in_by: "2017-01-31T23:20:00Z" } }, ["content"]],
      [{ kind: "close" }, ["receipt", "root", "content", "commitment"]],
    ];
    for (const [change, faults] of cases) expect(await faultsOf(...(await whole(change)), own), JSON.stringify(change)).toEqual(faults);
    const [box, message, receipt] = await whole();
    const opening = message.opening && { ...message.opening, order: { do: "stand-down" as const } };
    expect(await faultsOf(box, { ...message, opening }, receipt, own)).toEqual(["commitment"]);
    expect(await faultsOf(box, message, { ...receipt, head: "" }, own)).toEqual(["receipt"]);
    expect(await faultsOf(box, message, receipt, { ...own, team: "ST-A-01" })).toEqual(["root", "content"]);
  });
});
