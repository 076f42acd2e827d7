import { describe, expect, it } from "vitest";
import { speaker } from "../shared/i18n.svelte";
import type { EventView } from "../shared/types";
import { inWords } from "./feed";
import { catalogue } from "./messages";

const say = speaker(catalogue, "en", false);
const names = { post: (id: string) => `post ${id}`, province: (id: string) => `province ${id}` };

function line(kind: string, body: Record<string, unknown>): string {
  const event: EventView = { index: 1, time: "2017-01-01T00:00:00Z", device: "d", kind, body };
  return inWords(event, say, names);
}

describe("the feed", () => {
  it("tells entries in words, with names", () => {
    const counts = { passed: 9, inspected: 5, found: 1 };
    expect(line("inspection", { post: "KH-LA-01", hour: 7, counts })).toBe("post KH-LA-01 at 07:00: 5 inspected of 9, 1 with a find");
    expect(line("close", { hour: 6, due: 11, reported: 10 })).toBe("06:00 closed: 10 of 11 reported in time");
    expect(line("orders", { province: "stung-treng", day: "2017-01-01", hour: 7 })).toBe("Orders sealed, province stung-treng, 2017-01-01 07:00");
    expect(line("release", { province: "x", moment: { week: 3 } })).toBe("Values released, province x, week 3");
    expect(line("absences", { province: "x", absent: [{}, {}] })).toBe("Absences frozen, province x: 2 away");
  });

  it("names a kind that it does not know", () => {
    expect(line("erasure", {})).toBe("Entry of kind erasure");
  });
});
