// A report on a duty: counts that fit each other, and what may be done about a duty now.
import { DRUGS, isChosen, ordered, TRANSPORTS, vehiclesIn, type Find, type Line } from "../shared/finds";
import type { DutyView, FindView, ReportView } from "../shared/types";
import type { Json } from "../shared/canonical";
import { timeText } from "./entry";

export interface Counts {
  passed: number;
  inspected: number;
  found: number;
}

/** The largest count of one slot, as the centre's rules have it. */
const COUNT_MAX = 9_999;

export type CountField = keyof Counts;

/** The first count that cannot be, and why; `null` if all fit. */
export function misfit(counts: Counts): { field: CountField; why: "whole" | "inspected" | "found" } | null {
  for (const field of ["passed", "inspected", "found"] as const) {
    if (!Number.isInteger(counts[field]) || counts[field] < 0 || counts[field] > COUNT_MAX) return { field, why: "whole" };
  }
  if (counts.inspected > counts.passed) return { field: "inspected", why: "inspected" };
  if (counts.found > counts.inspected) return { field: "found", why: "found" };
  return null;
}

/** Whether the finds that are told apart go with the counts: chosen lines of whole vehicles, no more of them than were found. */
export function findsFit(lines: Line[], counts: Counts): boolean {
  const isWhole = ({ vehicles }: Line) => Number.isInteger(vehicles) && vehicles > 0;
  return lines.every((line) => isChosen(line) && isWhole(line)) && vehiclesIn(lines) <= counts.found;
}

/** What a team can do about a duty. */
export type Chance = "reported" | "ahead" | "begin" | "report" | "over";

/** `startedMs` is when the team began, if it did. */
export function chance(duty: DutyView, nowMs: number, startedMs: number | undefined): Chance {
  if (duty.report != null) return "reported";
  if (startedMs !== undefined) return "report";
  const begins = Date.parse(duty.begins);
  if (nowMs < begins) return "ahead";
  return nowMs < begins + 3_600_000 ? "begin" : "over";
}

/** What was met. */
export interface Met {
  counts: Counts;
  /** The finds, as far as they are told apart. */
  finds: Find[];
}

/** A head of the log, as a report quotes it. */
export interface Seen {
  size: number;
  /** In hexadecimal. */
  root: string;
}

/** The body of the report's entry. A head that was seen shows that the report was not written before it. */
export function body(duty: DutyView, startedMs: number, { counts, finds }: Met, seen: Seen | null): Json {
  return {
    province: duty.province,
    unit: duty.unit,
    post: duty.post,
    day: duty.day,
    hour: duty.hour,
    order: duty.order,
    started: timeText(startedMs),
    counts: { ...counts },
    ...told(finds),
    ...(seen && { seen: { ...seen } }),
  };
}

/** A list that is empty is left out, as the centre writes it. */
export function told(finds: Find[]): { finds?: Json } {
  const lines = ordered(finds).map((find) => ({ ...find }));
  return lines.length > 0 ? { finds: lines } : {};
}

/** Why a report is corrected. */
export const REASONS = ["miscounted", "mistyped", "rechecked"] as const;
export type Reason = (typeof REASONS)[number];

/** What a correction says. */
export interface Correction extends Met {
  /** Index of the newest word on the slot. */
  of: number;
  reason: Reason;
}

/** What the team said last: the report, or its last correction. */
export function newestWord(report: ReportView): Counts & { index: number; finds: Find[] } {
  const { index, passed, inspected, found, finds } = report.corrections.at(-1) ?? report;
  return { index, passed, inspected, found, finds: finds.flatMap(known) };
}

/** A line with words that this page does not know comes from a newer centre, and is left to it. */
function known(of: FindView): Find[] {
  const [transport, drug] = [TRANSPORTS.find((one) => one === of.transport), DRUGS.find((one) => one === of.drug)];
  return transport && drug ? [{ transport, drug, vehicles: of.vehicles }] : [];
}
