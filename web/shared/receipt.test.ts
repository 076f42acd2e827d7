import { describe, expect, it } from "vitest";
import { fromHex, leadsToHead, readHead, saysWhatIsShown, sha256, toBase64, toHex } from "./receipt";
import type { FindView, InspectionDetail, ReceiptView } from "./types";

const leafOf = (entry: string) => sha256(Uint8Array.of(0), new TextEncoder().encode(entry));
const nodeOf = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right);

/** RFC 6962 by its definition: the tree splits at the largest power of two below its size. */
async function root(entries: string[]): Promise<Uint8Array> {
  if (entries.length === 1) return leafOf(entries[0] ?? "");
  const cut = split(entries.length);
  return nodeOf(await root(entries.slice(0, cut)), await root(entries.slice(cut)));
}

async function path(index: number, entries: string[]): Promise<Uint8Array[]> {
  if (entries.length === 1) return [];
  const cut = split(entries.length);
  return index < cut
    ? [...(await path(index, entries.slice(0, cut))), await root(entries.slice(cut))]
    : [...(await path(index - cut, entries.slice(cut))), await root(entries.slice(0, cut))];
}

function split(size: number): number {
  let cut = 1;
  while (cut * 2 < size) cut *= 2;
  return cut;
}

async function receiptOf(index: number, entries: string[]): Promise<ReceiptView> {
  const entry = entries[index] ?? "";
  return {
    index,
    entry,
    leaf_hash: toHex(await leafOf(entry)),
    proof: (await path(index, entries)).map(toHex),
    head: `sekong/test\n${entries.length}\n${toBase64(await root(entries))}\n\n— sekong/test AAAA\n`,
  };
}

describe("a receipt", () => {
  it("leads to its head at every place of every tree up to 20 entries", async () => {
    for (let size = 1; size <= 20; size++) {
      const entries = Array.from({ length: size }, (_, i) => `entry ${i}`);
      for (let index = 0; index < size; index++) {
        expect(await leadsToHead(await receiptOf(index, entries)), `${index} of ${size}`).toBe(true);
      }
    }
  });

  it("does not hold once anything in it is changed", async () => {
    const entries = Array.from({ length: 13 }, (_, i) => `entry ${i}`);
    const good = await receiptOf(5, entries);
    const changed: ReceiptView[] = [
      { ...good, entry: "another" },
      { ...good, index: 4 },
      { ...good, index: 13 },
      { ...good, leaf_hash: "00".repeat(32) },
      { ...good, proof: good.proof.slice(1) },
      { ...good, proof: [...good.proof, "00".repeat(32)] },
      { ...good, proof: good.proof.toReversed() },
      { ...good, head: good.head.replace("\n13\n", "\n5\n") },
      { ...good, head: good.head.replace(/\n[^\n]+=\n/, `\n${toBase64(new Uint8Array(32))}\n`) },
    ];
    for (const receipt of changed) expect(await leadsToHead(receipt)).toBe(false);
  });

  it("needs a head that states a size and hexadecimal hashes", () => {
    expect(() => readHead("sekong/test\nmany\nAAAA\n")).toThrow("size");
    expect(() => fromHex("zz")).toThrow("hexadecimal");
  });

  it("is one on the inspection that is shown, and on no other", () => {
    const report = { index: 7, started: "2017-01-01T00:04:00Z", passed: 9, inspected: 5, found: 1, finds: [], corrections: [] };
    const shown: InspectionDetail = {
      day: "2017-01-01", hour: 7, post: "KH-LA-01", province: "stung-treng", probability: 0.5, order: "ab", order_index: 3, plan_index: 2,
      inspection: { unit: "u", team: "ST-A-01", away: false, state: "done", report },
      evidence: { rung: "R2", not_before: null, not_after: null },
    };
    const counts = { passed: 9, inspected: 5, found: 1 };
    const body = { province: "stung-treng", unit: "u", post: "KH-LA-01", day: "2017-01-01", hour: 7, order: "ab", started: report.started, counts };
    const receipt = (kind: string, says: object, index = 7): ReceiptView => ({ index, entry: JSON.stringify({ kind, body: says }), leaf_hash: "", proof: [], head: "" });
    expect(saysWhatIsShown(receipt("inspection", body), shown)).toBe(true);
    expect(saysWhatIsShown(receipt("inspection", body, 8), shown)).toBe(false);
    expect(saysWhatIsShown(receipt("orders", body), shown)).toBe(false);
    for (const other of [{ hour: 8 }, { post: "KH-LA-02" }, { unit: "v" }, { order: "cd" }, { started: "2017-01-01T00:05:00Z" }, { counts: { ...counts, found: 0 } }, { note: "x" }]) {
      expect(saysWhatIsShown(receipt("inspection", { ...body, ...other }), shown), JSON.stringify(other)).toBe(false);
    }
    const finds: FindView[] = [{ transport: "boat", drug: "opioids", vehicles: 1 }];
    const told: InspectionDetail = { ...shown, inspection: { ...shown.inspection, report: { ...report, finds } } };
    expect(saysWhatIsShown(receipt("inspection", { ...body, finds }), told)).toBe(true);
    expect(saysWhatIsShown(receipt("inspection", { ...body, finds }), shown), "finds that are not shown").toBe(false);
    expect(saysWhatIsShown(receipt("inspection", body), told), "finds that were not signed").toBe(false);
  });
});
