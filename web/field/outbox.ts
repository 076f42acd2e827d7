// The outbox: what was signed stays until the centre has acknowledged or refused it. Entries go in sequence, each with
// the bytes it was stored with, so that a reload or a crash between loses nothing and doubles nothing.
import { OutOfReach, Refused } from "../shared/api";
import type { ReceiptView } from "../shared/types";
import type { Json } from "../shared/canonical";
import { placeAfter, type Place } from "./entry";

/** What a device says. */
export type Kind = "inspection" | "correction" | "opened";

/** An entry on its way. */
export interface Waiting {
  id?: number;
  /** Which device signed it: team and key. */
  device: string;
  /** What it is about: the duty that it reports, or the box that it says was opened. */
  duty: string;
  /** What it says; a report if nothing is kept here. */
  kind?: Kind;
  body: Json;
  timeMs: number;
  sequence: number;
  bytes: string;
  state: "waiting" | "acknowledged" | "refused";
  /** Its index, once acknowledged. */
  index?: number;
  /** Why it was refused. */
  problem?: { detail: string; hint: string };
}

/** Where entries are kept. */
export interface Box {
  waiting(): Promise<Waiting[]>;
  change(entry: Waiting, to: Partial<Waiting>): Promise<void>;
  /** The place of the device after its last acknowledged entry. */
  place(): Promise<Place>;
  advance(sequence: number, bytes: string): Promise<void>;
}

export type Signer = (place: Place, entry: Waiting) => Promise<string>;
export type Sender = (bytes: string) => Promise<ReceiptView>;

/** What became of a delivery. */
export type Delivery = "empty" | "out of reach";

/** Sends what waits, in order; ends when nothing waits or the centre cannot be reached. */
export async function deliver(box: Box, send: Sender, sign: Signer): Promise<Delivery> {
  for (let [entry] = await box.waiting(); entry; [entry] = await box.waiting()) {
    try {
      const receipt = await send(entry.bytes);
      await box.advance(entry.sequence, entry.bytes);
      await box.change(entry, { state: "acknowledged", index: receipt.index });
    } catch (error) {
      if (!isFinal(error)) return "out of reach";
      const { detail, hint } = error.problem;
      await box.change(entry, { state: "refused", problem: { detail, hint: hint ?? "" } });
      await signAnew(box, sign);
    }
  }
  return "empty";
}

/** A refusal that the same bytes would meet again; a centre that is slow, busy or stopped may take them later. */
export function isFinal(error: unknown): error is Refused {
  if (error instanceof OutOfReach) return false;
  if (!(error instanceof Refused)) throw error;
  const { status } = error.problem;
  return status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429;
}

/** A refused entry has no place in the chain: those behind it move up by one, which needs a new signature each. */
async function signAnew(box: Box, sign: Signer): Promise<void> {
  let place = await box.place();
  for (const entry of await box.waiting()) {
    const bytes = await sign(place, entry);
    await box.change(entry, { sequence: place.sequence, bytes });
    place = await placeAfter(place.sequence, bytes);
  }
}

/** The place for the next entry: after everything that waits. */
export async function nextPlace(box: Box): Promise<Place> {
  const last = (await box.waiting()).at(-1);
  return last ? placeAfter(last.sequence, last.bytes) : box.place();
}

