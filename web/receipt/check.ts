// What a receipt proves, step by step, from the log's static files alone: checkpoint, tiles and keys.
import { openHead, publicKey, Unopened, type HeadKeys, type OpenedHead } from "../shared/note";
import { fromBase64, fromHex, hashOfLeaf, leadsToHead, rootOf, toHex } from "../shared/receipt";
import { isConsistent, MissingTile, Tiles, type ReadFile } from "../shared/tiles";
import type { ReceiptView } from "../shared/types";

export const STEPS = ["entry", "proof", "head", "published", "place", "extends"] as const;
export type Step = (typeof STEPS)[number];

export type Why =
  | "deviceSignature" | "proofWrong" | "otherLog" | "unsigned" | "uncosigned" | "uncounted" | "badSignature"
  | "noCheckpoint" | "shorter" | "missingTile" | "otherEntry" | "otherHistory";

/** What became of a step; one that could not be taken stands `open`. */
export interface Outcome {
  step: Step;
  state: "holds" | "fails" | "open";
  why?: Why;
  /** What the words of `why` name: a log, a key, a size, a file. */
  what?: string;
}

/** What the entry says of itself. */
export interface Said {
  kind: string;
  device: string;
  time: string;
  campaign: string;
}

export interface Verdict {
  outcomes: Outcome[];
  holds: boolean;
  said: Said;
  /** The receipt's head and the published one, as far as they open. */
  head: OpenedHead | null;
  published: OpenedHead | null;
}

/** A step's outcome when it fails. */
class Fails extends Error {
  constructor(readonly why: Why, readonly what = "") {
    super(why);
  }
}

/** A text that is no receipt; the message names the field. */
export class NoReceipt extends Error {}

const HEX_64 = /^[0-9a-f]{64}$/;

/** Reads a receipt as the centre gives it and the board saves it. */
export function readReceipt(text: string): ReceiptView {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new NoReceipt("JSON");
  }
  const { index, entry, leaf_hash, proof, head } = (read ?? {}) as Record<string, unknown>;
  if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) throw new NoReceipt("index");
  if (typeof entry !== "string") throw new NoReceipt("entry");
  if (typeof leaf_hash !== "string" || !HEX_64.test(leaf_hash)) throw new NoReceipt("leaf_hash");
  const isProof = Array.isArray(proof) && proof.length <= 64 && proof.every((hash) => typeof hash === "string" && HEX_64.test(hash));
  if (!isProof) throw new NoReceipt("proof");
  if (typeof head !== "string") throw new NoReceipt("head");
  return { index, entry, leaf_hash, proof: proof as string[], head };
}

/** Takes every step that can be taken; throws only if the files cannot be reached. */
export async function check(receipt: ReceiptView, keys: HeadKeys, read: ReadFile): Promise<Verdict> {
  const { said, message, signature } = readEntry(receipt.entry);
  let head: OpenedHead | null = null;
  let published: OpenedHead | null = null;
  const leaf = await hashOfLeaf(new TextEncoder().encode(receipt.entry));
  const takers: Record<Step, () => Promise<void>> = {
    entry: () => checkDevice(said.device, message, signature),
    proof: async () => {
      if (!(await leadsToHead(receipt).catch(() => false))) throw new Fails("proofWrong");
    },
    head: async () => void (head = await opened(receipt.head, keys)),
    published: async () => {
      const note = await read("checkpoint");
      if (note === null) throw new Fails("noCheckpoint");
      published = await opened(new TextDecoder().decode(note), keys);
    },
    place: () => checkPlace(receipt.index, leaf, published, read),
    extends: () => checkExtends(head, published, read),
  };
  const outcomes: Outcome[] = [];
  for (const step of STEPS) outcomes.push(await outcomeOf(step, takers[step]));
  return { outcomes, holds: outcomes.every(({ state }) => state === "holds"), said, head, published };
}

/** What a step stands on did not hold. */
class Open extends Error {}

async function outcomeOf(step: Step, take: () => Promise<void>): Promise<Outcome> {
  try {
    await take();
    return { step, state: "holds" };
  } catch (error) {
    if (error instanceof Open) return { step, state: "open" };
    if (error instanceof MissingTile) return { step, state: "fails", why: "missingTile", what: error.message };
    if (error instanceof Fails) return { step, state: "fails", why: error.why, what: error.what };
    throw error;
  }
}

/** The entry's own words, and what its device signed: all but `sig`, which stands before `time` and `v` at the end. */
function readEntry(entry: string): { said: Said; message: string | null; signature: string } {
  let fields: Record<string, unknown> = {};
  try {
    fields = (JSON.parse(entry) ?? {}) as Record<string, unknown>;
  } catch {
    // No JSON: then it has no signature either.
  }
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
  const said = { kind: text("kind"), device: text("device"), time: text("time"), campaign: text("campaign") };
  const tail = `,"time":"${said.time}","v":1}`;
  const signed = `,"sig":"${text("sig")}"${tail}`;
  const message = entry.endsWith(signed) ? `sekong/entry/v1\n${entry.slice(0, -signed.length)}${tail}` : null;
  return { said, message, signature: text("sig") };
}

async function checkDevice(device: string, message: string | null, signature: string): Promise<void> {
  if (message === null || !HEX_64.test(device) || !/^[A-Za-z0-9+/]{86}==$/.test(signature)) throw new Fails("deviceSignature", device);
  const key = await publicKey(fromHex(device)).catch(() => null);
  const bytes = new TextEncoder().encode(message);
  const holds = key !== null && (await crypto.subtle.verify("Ed25519", key, Uint8Array.from(fromBase64(signature)), bytes));
  if (!holds) throw new Fails("deviceSignature", device);
}

async function opened(note: string, keys: HeadKeys): Promise<OpenedHead> {
  try {
    return await openHead(note, keys);
  } catch (error) {
    if (error instanceof Unopened) throw new Fails(error.why, error.who);
    throw new Fails("unsigned", keys.keys.find(({ isLog }) => isLog)?.name);
  }
}

async function checkPlace(index: number, leaf: Uint8Array, published: OpenedHead | null, read: ReadFile): Promise<void> {
  if (published === null) throw new Open();
  if (index >= published.size) throw new Fails("shorter", String(published.size));
  const tiles = new Tiles(read, published.size);
  if (toHex(await tiles.leaf(index)) !== toHex(leaf)) throw new Fails("otherEntry", String(index));
  const root = await rootOf(index, published.size, leaf, await tiles.inclusionProof(index));
  if (root === null || toHex(root) !== toHex(published.root)) throw new Fails("otherEntry", String(index));
}

async function checkExtends(head: OpenedHead | null, published: OpenedHead | null, read: ReadFile): Promise<void> {
  if (head === null || published === null) throw new Open();
  if (head.size > published.size) throw new Fails("shorter", String(published.size));
  if (head.size < 1) throw new Fails("otherHistory", String(head.size));
  const proof = await new Tiles(read, published.size).consistencyProof(head.size);
  if (!(await isConsistent(head.size, head.root, published.size, published.root, proof))) throw new Fails("otherHistory", String(head.size));
}
