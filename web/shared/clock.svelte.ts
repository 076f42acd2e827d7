// The one clock of a screen: the centre's time, carried on between two looks at it, and how old that look is.
import { api } from "./api";
import { language, type Language } from "./i18n.svelte";
import type { ClockView } from "./types";

const ASK_EVERY_MS = 5_000;
const TICK_EVERY_MS = 250;

/** After so many seconds without news a screen says that it is stale. */
export const STALE_AFTER_S = 12;

export class Clock {
  /** The centre's last answer. */
  told = $state<ClockView | null>(null);
  /** The centre's time now, in milliseconds since 1970; `null` before the first answer. */
  nowMs = $state<number | null>(null);
  /** Seconds since the centre last answered anything. */
  ageS = $state(0);
  #toldAt = 0;
  #heardAt = performance.now();

  /** Asks and ticks until the returned function is called. */
  start(): () => void {
    void this.#ask();
    const asking = setInterval(() => void this.#ask(), ASK_EVERY_MS);
    const ticking = setInterval(() => this.#tick(), TICK_EVERY_MS);
    return () => {
      clearInterval(asking);
      clearInterval(ticking);
    };
  }

  /** The centre was heard: by an answer, or by its event stream. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  get stale(): boolean {
    return this.ageS > STALE_AFTER_S;
  }

  /** The campaign's local time as if it were UTC, for formatting without the browser's own zone. */
  get local(): Date | null {
    return this.nowMs === null || this.told === null ? null : localDate(this.nowMs, this.told.utc_offset_seconds);
  }

  async #ask(): Promise<void> {
    try {
      const told = await api.clock();
      [this.told, this.#toldAt] = [told, performance.now()];
      this.heard();
      this.#tick();
    } catch {
      // Staleness shows it.
    }
  }

  #tick(): void {
    const now = performance.now();
    this.ageS = Math.floor((now - this.#heardAt) / 1_000);
    if (this.told) this.nowMs = carriedOn(this.told, now - this.#toldAt);
  }
}

/** The centre's time so many milliseconds after it was told. */
export function carriedOn(told: Pick<ClockView, "now" | "speed">, passedMs: number): number {
  return Date.parse(told.now) + passedMs * told.speed;
}

/** A local time whose UTC fields are the campaign's. */
export function localDate(ms: number, offsetSeconds: number): Date {
  return new Date(ms + offsetSeconds * 1_000);
}

/** `2017-01-08` of such a date. */
export function dayOf(local: Date): string {
  return local.toISOString().slice(0, 10);
}

/** `07:05` of such a date, or with seconds. */
export function timeOf(local: Date, seconds = false): string {
  return local.toISOString().slice(11, seconds ? 19 : 16);
}

/** `UTC+7`, `UTC+5:30`. */
export function offsetText(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const rest = minutes % 60 === 0 ? "" : `:${String(minutes % 60).padStart(2, "0")}`;
  return `UTC${seconds < 0 ? "−" : "+"}${Math.floor(minutes / 60)}${rest}`;
}

/** A day so many days later, within the campaign. */
export function shiftDay(day: string, days: number, first: string, last: string): string {
  const moved = new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
  return moved < first ? first : moved > last ? last : moved;
}

const UNITS: Record<Language, { h: string; min: string; s: string }> = {
  en: { h: "h", min: "min", s: "s" },
  km: { h: "ម៉ោង", min: "នាទី", s: "វិនាទី" },
  lo: { h: "ຊມ", min: "ນາທີ", s: "ວິນາທີ" },
};

/** `1 h 05 min`, `12 min`, `40 s` until a time; empty once it has come. */
export function until(ms: number, into: Language = language): string {
  if (ms <= 0) return "";
  const { h, min, s } = UNITS[into];
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} ${s}`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} ${min}` : `${Math.floor(minutes / 60)} ${h} ${String(minutes % 60).padStart(2, "0")} ${min}`;
}
