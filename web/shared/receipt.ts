// Checking a receipt in the browser: the entry's leaf hash leads by RFC 6962 to the root of the head. Whether the head's
// signatures hold is not checked here.
import { canonical, type Json } from "./canonical";
import type { InspectionDetail, ReceiptView } from "./types";

/** The root and size that a head (a C2SP signed note) states. */
export interface HeadText {
  origin: string;
  size: number;
  root: Uint8Array;
}

/** Reads a head's text. */
export function readHead(note: string): HeadText {
  const [origin = "", size = "", root = ""] = note.split("\n");
  if (!/^\d+$/.test(size)) throw new Error("the head states no size");
  return { origin, size: Number(size), root: fromBase64(root) };
}

/** Whether the receipt's entry is under its head. */
export async function leadsToHead(receipt: ReceiptView): Promise<boolean> {
  const head = readHead(receipt.head);
  const leaf = await hashOfLeaf(new TextEncoder().encode(receipt.entry));
  if (toHex(leaf) !== receipt.leaf_hash || receipt.index >= head.size) return false;
  const root = await rootOf(receipt.index, head.size, leaf, receipt.proof.map(fromHex));
  return root !== null && toHex(root) === toHex(head.root);
}

/** Whether the receipt's entry is the report that is shown: same place in the log, slot, unit, order, time, counts and finds. */
export function saysWhatIsShown(receipt: ReceiptView, shown: InspectionDetail): boolean {
  const { report } = shown.inspection;
  if (!report || receipt.index !== report.index) return false;
  const entry = JSON.parse(receipt.entry) as { kind?: string; body?: Record<string, unknown> };
  // What the page does not show is no part of the comparison.
  const { seen, persons, ...body } = entry.body ?? {};
  const wanted = {
    province: shown.province, unit: shown.inspection.unit, post: shown.post, day: shown.day, hour: shown.hour, order: shown.order,
    started: report.started, counts: { found: report.found, inspected: report.inspected, passed: report.passed },
    ...(report.finds.length > 0 && { finds: report.finds }),
  };
  return entry.kind === "inspection" && canonical(body as Json) === canonical(wanted as Json);
}

/** RFC 6962 hash of a leaf. */
export function hashOfLeaf(leaf: Uint8Array): Promise<Uint8Array> {
  return sha256(Uint8Array.of(0), leaf);
}

/** RFC 9162 section 2.1.3.2; `null` if the proof has the wrong length. */
export async function rootOf(index: number, size: number, leaf: Uint8Array, proof: Uint8Array[]): Promise<Uint8Array | null> {
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? hash : null;
}

// Not a shift: an index may be larger than 2^31.
const half = (n: number): number => Math.floor(n / 2);

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
