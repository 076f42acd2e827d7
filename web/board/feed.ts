// Entries of the log in words.
import type { Say } from "../shared/i18n.svelte";
import type { EventView } from "../shared/types";
import type { MessageKey } from "./messages";

type Body = Record<string, unknown>;

/** Names that a line shows in place of ids. */
export interface Names {
  post(id: string): string;
  province(id: string): string;
}

/** One entry as one line. The compiler holds that every kind of the centre's API has words. */
export function inWords(event: EventView, say: Say<MessageKey>, names: Names): string {
  const found = places(event.body, say);
  if (typeof found["post"] === "string") found["post"] = names.post(found["post"]);
  if (typeof found["province"] === "string") found["province"] = names.province(found["province"]);
  return say(`feed_${event.kind}`, found);
}

function places(body: Body, say: Say<MessageKey>): Record<string, string | number> {
  const counts = body["counts"] as Body | undefined;
  const found: Record<string, unknown> = {
    ...body,
    ...counts,
    hour: typeof body["hour"] === "number" ? String(body["hour"]).padStart(2, "0") : undefined,
    count: [body["absent"], body["silent"]].find(Array.isArray)?.length,
    moment: moment((body["moment"] as Body | undefined) ?? body, say),
  };
  const shown = Object.entries(found).filter(([, value]) => typeof value === "string" || typeof value === "number");
  return Object.fromEntries(shown) as Record<string, string | number>;
}

function moment(of: Body, say: Say<MessageKey>): string {
  if (typeof of["week"] === "number") return say("week", { week: of["week"] });
  return typeof of["hour"] === "number" ? `${String(of["day"])} ${String(of["hour"]).padStart(2, "0")}:00` : "";
}
