// Boxes: what the team of this device is told in an hour, sealed to the device (HPKE, RFC 9180, base mode), and what must
// hold of a box before its order is believed. The golden boxes of crates/draw hold the opening to the centre's sealing.
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { canonical, type Json } from "../shared/canonical";
import { fromHex, hashOfLeaf, leadsToHead, rootOf, toHex } from "../shared/receipt";
import type { BoxView, Order, ReceiptView } from "../shared/types";
import { commitmentOf } from "./entry";

/** Whom a box is for, and what it holds: the order of an hour, or the key of a table (`table` and its serial number). */
export interface BoxFor {
  campaign: string;
  province: string;
  date: string;
  hour: string;
  team: string;
}

/** An order as its commitment opens. */
export interface Opening {
  salt: string;
  unit: string;
  team: string;
  day: string;
  hour: number;
  order: Order;
  /** Post and hour of the next inspection. */
  next: [string, number] | null;
  thrown: boolean;
}

/** What a box tells; nothing but a time to a team that is not on duty. */
export interface BoxMessage {
  opening: Opening | null;
  check_in_by: string;
}

/** What is wrong with a box or its order. */
export type BoxFault = "receipt" | "root" | "commitment" | "content";

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });

const ENCAPSULATED_BYTES = 32;

/** A key pair that boxes are sealed to; its secret half cannot be taken out of this browser. */
export async function makeBoxKeys(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair;
}

/** The public half in hexadecimal. */
export async function boxKeyOf(keys: CryptoKeyPair): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
}

/** Parts, each after its length as a big-endian u64. */
export function lengthPrefixed(...parts: string[]): Uint8Array {
  const bytes = parts.flatMap((part) => {
    const text = new TextEncoder().encode(part);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(text.length));
    return [...length, ...text];
  });
  return Uint8Array.from(bytes);
}

/** The info that a box is sealed with. */
export function infoOf({ campaign, province, date, hour, team }: BoxFor): Uint8Array {
  return lengthPrefixed("sekong/box/v1", campaign, province, date, hour, team);
}

/** What stands for an hour where bytes are made: two digits. */
export function hourText(hour: number): string {
  return String(hour).padStart(2, "0");
}

/** The message of a box; `null` if it was sealed for another key, team or hour, or changed on the way. */
export async function openBox(keys: CryptoKeyPair, own: BoxFor, sealed: string): Promise<Uint8Array | null> {
  let plain: Uint8Array;
  try {
    const bytes = fromHex(sealed);
    const [enc, ciphertext] = [bytes.slice(0, ENCAPSULATED_BYTES), bytes.slice(ENCAPSULATED_BYTES)];
    const opened = await suite.open({ recipientKey: keys, enc: enc.buffer, info: infoOf(own).buffer as ArrayBuffer }, ciphertext.buffer);
    plain = new Uint8Array(opened);
  } catch {
    return null;
  }
  if (plain.length < 2) return null;
  const length = new DataView(plain.buffer).getUint16(0);
  return length <= plain.length - 2 ? plain.slice(2, 2 + length) : null;
}

/** The message of an hour's box; `null` if it is none. */
export function readMessage(bytes: Uint8Array): BoxMessage | null {
  try {
    const message = JSON.parse(new TextDecoder().decode(bytes)) as Partial<BoxMessage> | null;
    const isMessage = typeof message?.check_in_by === "string" && typeof message.opening === "object";
    return isMessage ? (message as BoxMessage) : null;
  } catch {
    return null;
  }
}

/** The canonical JSON that an opening's commitment was made of. */
export function openingText(opening: Opening): string {
  return canonical(opening as unknown as Json);
}

/** What does not hold of a box: its inclusion under the logged entry, the entry's in the log, its order among the sealed ones. */
export async function faultsOf(
  box: BoxView,
  message: BoxMessage,
  receipt: ReceiptView,
  own: { team: string; teams: string[]; isOlder?: boolean },
): Promise<BoxFault[]> {
  const faults: BoxFault[] = [];
  const said = saidBy(receipt);
  const isEntry = receipt.index === box.index && said.province === box.province && said.day === box.day && said.hour === box.hour;
  if (!isEntry || !(await leadsToHead(receipt).catch(() => false))) faults.push("receipt");
  // What was drawn before this device was the team's is sealed anew, and under no root; its order must be in the log like
  // any other. The device knows itself what is older, so that no other box escapes.
  if (!(box.renewed && own.isOlder) && (said.boxes === undefined || said.boxes !== (await rootAbove(box, own)))) faults.push("root");
  if (!fits(box, message, own.team) || !isSameTime(message.check_in_by, said.check_in_by)) faults.push("content");
  const commitment = message.opening && (await commitmentOf(openingText(message.opening)));
  if (message.opening && !(commitment && said.orders?.includes(commitment))) faults.push("commitment");
  return faults;
}

interface Said {
  province?: string;
  day?: string;
  hour?: number;
  orders?: string[];
  boxes?: string;
  check_in_by?: string;
}

function saidBy(receipt: ReceiptView): Said {
  try {
    const entry = JSON.parse(receipt.entry) as { kind?: string; body?: Said };
    return (entry.kind === "orders" && entry.body) || {};
  } catch {
    return {};
  }
}

/** The root that a box leads to from its team's own place among all boxes of the province. */
async function rootAbove(box: BoxView, { team, teams }: { team: string; teams: string[] }): Promise<string | null> {
  if (teams.indexOf(team) !== box.place) return null;
  try {
    const root = await rootOf(box.place, teams.length, await hashOfLeaf(fromHex(box.sealed)), box.proof.map(fromHex));
    return root && toHex(root);
  } catch {
    return null;
  }
}

function fits(box: BoxView, { opening }: BoxMessage, team: string): boolean {
  return !opening || (opening.team === team && opening.day === box.day && opening.hour === box.hour);
}

function isSameTime(one: string, other: string | undefined): boolean {
  return other !== undefined && Date.parse(one) === Date.parse(other);
}
