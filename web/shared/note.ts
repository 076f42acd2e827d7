// Heads as C2SP signed notes: the log's signature (Ed25519) and the cosignatures with their time, by WebCrypto.
import { fromBase64, readHead, sha256, toHex, type HeadText } from "./receipt";

/** A key that signs heads, from a line `name+id+base64(type ‖ key)`. */
export interface HeadKey {
  name: string;
  /** First four bytes of SHA-256(name ‖ newline ‖ type ‖ key), as a signature line begins. */
  id: string;
  isLog: boolean;
  key: CryptoKey;
  /** The 32 bytes of the key in hexadecimal. */
  bytes: string;
}

const [LOG, COSIGNER] = [1, 4];
const [ID_BYTES, TIME_BYTES, SIGNATURE_BYTES] = [4, 8, 64];
const utf8 = (text: string) => new TextEncoder().encode(text);
const idOf = (bytes: Uint8Array) => Array.from(bytes.slice(0, ID_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** An Ed25519 public key of 32 bytes. */
export function publicKey(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new Uint8Array(bytes), "Ed25519", false, ["verify"]);
}

/** What heads are held against. */
export interface HeadKeys {
  keys: HeadKey[];
  /** So many of the cosigners must have signed; all, where nobody said how many. */
  needed: number | null;
}

/** Two lines of keys that are one key, or have one name: one signature would be counted as two. */
export class SameKey extends Error {
  constructor(readonly first: string, readonly second: string) {
    super(`${first} = ${second}`);
  }
}

/** Reads key lines, one of the log and any of cosigners, and how many of these must sign (a line `cosignatures 2`; without it all);
 *  throws a line that is none, and keys of which two are the same. */
export async function readKeys(lines: string): Promise<HeadKeys> {
  const given = lines.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const isCount = (line: string) => /^cosignatures \d{1,3}$/.test(line);
  const keys = await Promise.all(given.filter((line) => !isCount(line)).map(readKey));
  keys.forEach((key, at) => checkDistinct(key, keys.slice(0, at)));
  const cosigners = keys.filter(({ isLog }) => !isLog).length;
  const counts = given.filter(isCount).map((line) => Number(line.split(" ")[1]));
  const needed = counts[0] ?? null;
  if (counts.length > 1 || (needed !== null && (needed > cosigners || needed < 1))) throw new Error(given.find(isCount) ?? "cosignatures");
  return { keys, needed };
}

function checkDistinct(key: HeadKey, before: HeadKey[]): void {
  const same = before.find((other) => other.isLog === key.isLog && (other.name === key.name || other.bytes === key.bytes));
  if (same) throw new SameKey(same.name, key.name);
}

async function readKey(line: string): Promise<HeadKey> {
  const [, name, id, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  if (name === undefined || id === undefined || base64 === undefined) throw new Error(line);
  const material = fromBase64(base64);
  const type = material[0];
  const sound = material.length === 33 && (type === LOG || type === COSIGNER);
  if (!sound || idOf(await sha256(utf8(`${name}\n`), material)) !== id) throw new Error(line);
  const bytes = material.slice(1);
  return { name, id, isLog: type === LOG, key: await publicKey(bytes), bytes: toHex(bytes) };
}

export interface OpenedHead extends HeadText {
  /** When each cosigner signed, by its clock, in milliseconds since 1970. */
  cosigned: { name: string; timeMs: number }[];
  /** Cosigners that did not sign it, though enough others did. */
  missing: string[];
}

/** Why a head does not open. */
export class Unopened extends Error {
  constructor(readonly why: "otherLog" | "unsigned" | "uncosigned" | "uncounted" | "badSignature", readonly who: string) {
    super(`${why}: ${who}`);
  }
}

/** Opens a head: signed by the log, whose name it bears, and by enough of the cosigners that have a key. A line that is there and does
 *  not hold is wrong, however many others hold. */
export async function openHead(note: string, { keys, needed }: HeadKeys): Promise<OpenedHead> {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const head = readHead(text);
  const log = keys.find(({ isLog }) => isLog);
  if (log === undefined || head.origin !== log.name) throw new Unopened("otherLog", head.origin);
  const lines = note.slice(cut + 2).split("\n").map(readLine);
  const cosigned: OpenedHead["cosigned"] = [];
  const missing: string[] = [];
  for (const key of keys) {
    const line = lines.find((line) => line?.name === key.name && line.id === key.id);
    if (!line && key.isLog) throw new Unopened("unsigned", key.name);
    if (!line) {
      missing.push(key.name);
      continue;
    }
    const timeS = key.isLog ? null : timeOf(line.signature);
    const message = timeS === null ? text : `cosignature/v1\ntime ${timeS}\n${text}`;
    const signature = line.signature.slice(key.isLog ? 0 : TIME_BYTES);
    const holds = signature.length === SIGNATURE_BYTES && (await crypto.subtle.verify("Ed25519", key.key, signature, utf8(message)));
    if (!holds) throw new Unopened("badSignature", key.name);
    if (timeS !== null) cosigned.push({ name: key.name, timeMs: Number(timeS) * 1_000 });
  }
  if (needed === null && missing.length > 0) throw new Unopened("uncounted", missing.join(", "));
  if (needed !== null && cosigned.length < needed) throw new Unopened("uncosigned", missing.join(", "));
  return { ...head, cosigned, missing };
}

function readLine(line: string): { name: string; id: string; signature: Uint8Array<ArrayBuffer> } | null {
  const [, name, base64] = /^— (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  if (name === undefined || base64 === undefined) return null;
  const bytes = Uint8Array.from(fromBase64(base64));
  return { name, id: idOf(bytes), signature: bytes.slice(ID_BYTES) };
}

function timeOf(signature: Uint8Array): bigint {
  if (signature.length < TIME_BYTES) return 0n;
  return new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
}
