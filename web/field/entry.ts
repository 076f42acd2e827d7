// Entries: what a device says, in the canonical form of RFC 8785, signed with its Ed25519 key. The same bytes as the
// centre makes of it: the golden entries of crates/log hold both to that.
import { canonical, type Json } from "../shared/canonical";
import { fromHex, sha256, toBase64, toHex } from "../shared/receipt";

/** `prev` of a device's first entry. */
export const NO_PREVIOUS = "0".repeat(64);

/** A device's place in its own chain of entries. */
export interface Place {
  sequence: number;
  previous: string;
}

export interface Draft extends Place {
  campaign: string;
  device: string;
  /** When the device says it is; whole seconds are written. */
  timeMs: number;
  kind: string;
  body: Json;
}

/** `2017-01-01T00:00:00Z`. */
export function timeText(ms: number): string {
  return `${new Date(Math.floor(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** Signs a draft; gives the exact bytes to send, as text. */
export async function sign(draft: Draft, key: CryptoKey): Promise<string> {
  const envelope = {
    v: 1,
    campaign: draft.campaign,
    device: draft.device,
    seq: draft.sequence,
    prev: draft.previous,
    time: timeText(draft.timeMs),
    kind: draft.kind,
    body: draft.body,
  };
  const message = new TextEncoder().encode(`sekong/entry/v1\n${canonical(envelope)}`);
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key, message));
  return canonical({ ...envelope, sig: toBase64(signature) });
}

/** The place after an entry. */
export async function placeAfter(sequence: number, entry: string): Promise<Place> {
  return { sequence: sequence + 1, previous: toHex(await sha256(new TextEncoder().encode(entry))) };
}

/** What an opening's commitment is: SHA-256(length ‖ tag ‖ salt ‖ opening). */
export async function commitmentOf(opening: string): Promise<string | null> {
  const salt = (JSON.parse(opening) as { salt?: unknown }).salt;
  if (typeof salt !== "string" || !/^[0-9a-f]{64}$/.test(salt)) return null;
  const tag = new TextEncoder().encode("sekong/order/v1");
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(tag.length));
  return toHex(await sha256(length, tag, fromHex(salt), new TextEncoder().encode(opening)));
}

/** Whether an opening is what a commitment was made of. */
export async function opens(commitment: string, opening: string): Promise<boolean> {
  return (await commitmentOf(opening)) === commitment;
}
