// What is wrong on the centre's disk, as the lines of the board that say so.
import type { DiskView } from "../shared/types";
import type { MessageKey } from "./messages";

export interface Alarm {
  key: Extract<MessageKey, "diskFound" | "diskClosed" | "diskUnpublished">;
  what: string;
}

/** The alarms, the gravest first. */
export function alarmsOf(disk: DiskView | null): Alarm[] {
  const told: [Alarm["key"], string | null | undefined][] = [
    ["diskClosed", disk?.closed],
    ["diskFound", disk?.found],
    ["diskUnpublished", disk?.unpublished],
  ];
  return told.flatMap(([key, what]) => (what ? [{ key, what }] : []));
}
