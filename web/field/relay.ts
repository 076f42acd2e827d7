// Relayed orders: nine digits by voice or SMS, checked against the table that the centre sealed to this device, and what
// a listener makes of them. Module `relay` of crates/draw says why; its golden codes hold this to the same digits.
import { hourText, lengthPrefixed } from "./box";

export const CODE_DIGITS = 9;
/** Codes that are refused for an hour before it is locked, and within LOCK_MS before none is taken at all. */
export const TRIES_MAX = 2;
/** How long a wrong code counts against every hour. */
export const LOCK_MS = 3_600_000;

const NUMBERS = 1_000;
const AUTHENTICATORS = 1_000_000;
const STAY = 0;
const MEANINGLESS = 998;
const STAND_DOWN = 999;
const WORD_BYTES = 8;

/** Zeros of the scripts that people here type digits in: Latin, Khmer, Lao, Thai, Arabic-Indic twice, fullwidth. */
const ZEROS = [0x30, 0x17e0, 0x0ed0, 0x0e50, 0x0660, 0x06f0, 0xff10];

/** What people and messaging programs put between digits. */
const BETWEEN = /[\s\u200b-\u200f\u2010-\u2015\u2060\ufeff.,\-_/·\u2212]/u;

/** An hour of a day. */
export interface Slot {
  day: string;
  hour: number;
}

export type Instruction = { do: "stay" } | { do: "stand-down" } | { do: "go"; post: number };

/** What a number tells; posts are numbered from 1 in the campaign's order. */
export function instructionOf(number: number): Instruction | null {
  if (number === STAY) return { do: "stay" };
  if (number === STAND_DOWN) return { do: "stand-down" };
  return number === MEANINGLESS ? null : { do: "go", post: number };
}

/** A typed code, or what is wrong with it. */
export type Typed = { code: number } | { count: number } | { character: string };

/** Reads nine digits of any script, with spaces, dots or dashes between them. */
export function readCode(text: string): Typed {
  const written = [...text].filter((character) => !BETWEEN.test(character));
  const digits = written.map(digitOf);
  const wrong = digits.findIndex((digit) => digit === undefined);
  if (wrong >= 0) return { character: written[wrong] ?? "" };
  if (digits.length !== CODE_DIGITS) return { count: digits.length };
  return { code: digits.reduce<number>((number, digit) => 10 * number + (digit ?? 0), 0) };
}

function digitOf(character: string): number | undefined {
  const point = character.codePointAt(0) ?? 0;
  return ZEROS.map((zero) => point - zero).find((digit) => 0 <= digit && digit <= 9);
}

/** `160 363 474`. */
export function codeText(code: number): string {
  return String(code).padStart(CODE_DIGITS, "0").replace(/(...)(?=.)/g, "$1 ");
}

/** A team's one-time table. */
export class Table {
  private constructor(private readonly key: CryptoKey) {}

  /** The table's key from its bytes; once here it cannot be taken out any more. */
  static keyOf(bytes: Uint8Array): Promise<CryptoKey> {
    return crypto.subtle.importKey("raw", bytes as BufferSource, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  }

  static of(key: CryptoKey): Table {
    return new Table(key);
  }

  /** The code that tells the number of an instruction for an hour. */
  async code(slot: Slot, number: number): Promise<number> {
    return ((number + (await this.#shift(slot))) % NUMBERS) * AUTHENTICATORS + (await this.#authenticator(slot, number));
  }

  /** The number that a code tells for an hour; `null` if it is not one of the table. */
  async number(slot: Slot, code: number): Promise<number | null> {
    const spoken = Math.floor(code / AUTHENTICATORS);
    const number = (spoken + NUMBERS - (await this.#shift(slot))) % NUMBERS;
    return instructionOf(number) && (await this.code(slot, number)) === code ? number : null;
  }

  #shift({ day, hour }: Slot): Promise<number> {
    return this.#below(lengthPrefixed("sekong/relay-shift/v1", day, hourText(hour)), NUMBERS);
  }

  #authenticator({ day, hour }: Slot, number: number): Promise<number> {
    const digits = String(number).padStart(3, "0");
    return this.#below(lengthPrefixed("sekong/relay/v1", day, hourText(hour), digits), AUTHENTICATORS);
  }

  /** A uniform number below `n` from the subject's stream, by rejection. */
  async #below(subject: Uint8Array, n: number): Promise<number> {
    const wide = BigInt(n);
    const limit = 2n ** 64n - (2n ** 64n % wide);
    for (let block = 0n; ; block++) {
      const words = new DataView(await this.#block(subject, block));
      for (let at = 0; at < words.byteLength; at += WORD_BYTES) {
        const word = words.getBigUint64(at);
        if (word < limit) return Number(word % wide);
      }
    }
  }

  #block(subject: Uint8Array, block: bigint): Promise<ArrayBuffer> {
    const message = new Uint8Array(subject.length + WORD_BYTES);
    message.set(subject);
    new DataView(message.buffer).setBigUint64(subject.length, block);
    return crypto.subtle.sign("HMAC", this.key, message);
  }
}

/** What was heard for one hour: codes refused, or the one that was taken. */
export type Heard = { refused: number } | { code: number; number: number };

export const NOTHING_HEARD: Heard = { refused: 0 };

/** What became of a code. */
export type Answer = "taken" | "wrong" | "locked" | "deaf" | "decided";

/** What a team's listener remembers of an hour, and when its latest wrong codes were heard, whatever hours they were for. */
export interface Memory {
  heard: Heard;
  wrong: number[];
}

/** Until when no code is taken for any hour; `null` if one may be. A clock that was set back frees nobody. */
export function deafUntil(wrong: number[], nowMs: number): number | null {
  const [first] = wrong.slice(-TRIES_MAX);
  const until = wrong.length < TRIES_MAX || first === undefined ? 0 : first + LOCK_MS;
  return nowMs < until ? until : null;
}

/**
 * Hears a code for an hour: the one that was taken is taken again alike. After two wrong ones none is taken for the hour
 * any more, nor for a while for any other: two hours are offered at any time, and a forger may name both.
 */
export async function hear(table: Table, memory: Memory, slot: Slot, code: number, nowMs: number): Promise<Memory & { answer: Answer }> {
  const { heard, wrong } = memory;
  // Whether another code would have been right is not said: the order of an hour is one.
  if ("code" in heard) return { ...memory, answer: heard.code === code ? "taken" : "decided" };
  if (heard.refused >= TRIES_MAX) return { ...memory, answer: "locked" };
  if (deafUntil(wrong, nowMs) !== null) return { ...memory, answer: "deaf" };
  const number = await table.number(slot, code);
  if (number !== null) return { heard: { code, number }, wrong, answer: "taken" };
  return { heard: { refused: heard.refused + 1 }, wrong: [...wrong, nowMs].slice(-TRIES_MAX), answer: "wrong" };
}
