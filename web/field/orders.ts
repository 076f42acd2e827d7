// What opened boxes come to: the order that stands, and the duties that orders lead to.
import type { DutyView, Order, OrdersView } from "../shared/types";
import type { BoxFault } from "./box";
import type { OpenedBox } from "./device";
import type { Slot } from "./relay";

const HOUR_MS = 3_600_000;

/** The order that stands, told in clear or by a box. */
export interface Standing extends Slot {
  order: Order;
  index: number;
  commitment: string;
  /** By when the team is to be heard of, as far as a box told it. */
  checkInBy?: string;
  /** What does not hold of it; `undefined` until checked. */
  faults: BoxFault[] | undefined;
}

/** How hours are put in order. */
export function slotKey({ day, hour }: Slot): string {
  return `${day} ${String(hour).padStart(2, "0")}`;
}

/** The newest order of this hour or a later one. */
export function newestOrder(opened: OpenedBox[], now: Slot): Standing | null {
  const current = opened.filter((box) => box.message.opening && slotKey(box) >= slotKey(now));
  const newest = current.sort((a, b) => slotKey(a).localeCompare(slotKey(b))).at(-1);
  const opening = newest?.message.opening;
  if (!newest || !opening) return null;
  const { day, hour, index, commitment, faults, message } = newest;
  return { day, hour, order: opening.order, index, commitment: commitment ?? "", checkInBy: message.check_in_by, faults };
}

/** The order that the centre told in clear, to a device without a box key. */
export function clearOrder({ standing }: OrdersView, sealHolds: boolean | null): Standing | null {
  if (!standing) return null;
  const { day, hour, order, index, commitment } = standing;
  return { day, hour, order, index, commitment, faults: sealHolds === null ? undefined : sealHolds ? [] : ["commitment"] };
}

/** The rules that a duty's times follow. */
export interface Times {
  utcOffsetSeconds: number;
  missedMinutes: number;
}

/** The duties that the centre tells and those that only boxes told so far, the oldest first. */
export function allDuties(told: DutyView[], opened: OpenedBox[], times: Times): DutyView[] {
  const key = ({ unit, ...slot }: Pick<DutyView, "day" | "hour" | "unit">) => `${slotKey(slot)} ${unit}`;
  const known = new Set(told.map(key));
  const boxed = opened.flatMap((box) => dutyOf(box, times) ?? []).filter((duty) => !known.has(key(duty)));
  return [...told, ...boxed].sort((a, b) => key(a).localeCompare(key(b)));
}

/** The inspection that a box's order leads to, if a die was thrown for it; the others repeat what stands. */
function dutyOf({ province, commitment, message: { opening } }: OpenedBox, times: Times): DutyView | null {
  if (!opening?.thrown || !opening.next || !commitment) return null;
  const [post, hour] = opening.next;
  const beginsMs = Date.parse(`${opening.day}T00:00:00Z`) + hour * HOUR_MS - times.utcOffsetSeconds * 1_000;
  const [begins, deadline] = [beginsMs, beginsMs + times.missedMinutes * 60_000].map((ms) => new Date(ms).toISOString()) as [string, string];
  const { day, unit } = opening;
  return { province, unit, post, day, hour, begins, deadline, order: commitment, state: "ahead", report: null };
}
