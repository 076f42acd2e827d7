import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { speaker } from "../shared/i18n.svelte";
import type { EventView, Kind } from "../shared/types";
import { inWords } from "./feed";
import { catalogue } from "./messages";

const say = speaker(catalogue, "en", false);
const names = { post: (id: string) => `post ${id}`, province: (id: string) => `province ${id}` };

function line(kind: Kind, body: Record<string, unknown>): string {
  const event: EventView = { index: 1, time: "2017-01-01T00:00:00Z", device: "d", kind, body };
  return inWords(event, say, names);
}

describe("the feed", () => {
  it("tells entries in words, with names", () => {
    const counts = { passed: 9, inspected: 5, found: 1 };
    expect(line("inspection", { post: "KH-LA-01", hour: 7, counts })).toBe("post KH-LA-01 at 07:00: 5 inspected of 9, 1 with a find");
    expect(line("close", { hour: 6, reported: 10 })).toBe("06:00 closed: 10 reported in time");
    expect(line("orders", { province: "stung-treng", day: "2017-01-01", hour: 7 })).toBe("Orders sealed, province stung-treng, 2017-01-01 07:00");
    expect(line("release", { province: "x", moment: { week: 3 } })).toBe("Values released, province x, week 3");
    expect(line("absences", { province: "x", absent: [{}, {}] })).toBe("Absences frozen, province x: 2 away");
    expect(line("double", { unit: "u/1", hour: 7, vehicles: 4, first: 2, second: 3, both: 1 })).toBe(
      "u/1 at 07:00, searched again: 4 vehicles, 2 with a find by its team, 3 by the second, 1 by both",
    );
  });

  it("tells what became of orders and of their dice", () => {
    const of = { province: "x", day: "2017-01-02", hour: 7, team: "ST-A-01" };
    expect(line("opened", of)).toBe("A team opened its order, province x, 2017-01-02 07:00");
    expect(line("relayed", { ...of, channel: "voice", table: 0 })).toBe("ST-A-01 is told its order of 2017-01-02 07:00 by a code");
    expect(line("table", { team: "ST-A-01", serial: 1, reason: "lost" })).toBe("ST-A-01 has a new table of codes, number 1");
    expect(line("silence", { province: "x", moment: { week: 3 }, silent: [{}, {}] })).toBe(
      "2 custodians silent, province x, week 3: dice are thrown for them",
    );
    expect(line("daily_die", { period: { day: "2017-01-02" }, number: "4711", source: "the lottery" })).toBe("Number of the day 4711, announced by the lottery");
  });

  it("has words in every language for every kind of statement, and fills their places", () => {
    const source = readFileSync(new URL("../../crates/log/src/statement.rs", import.meta.url), "utf8");
    const variants = /pub enum Statement \{([^}]*)\}/.exec(source)?.[1] ?? "";
    const kinds = [...variants.matchAll(/^ {4}(\w+)\(/gm)].map(([, name = ""]) => name.replace(/(?!^)[A-Z]/g, "_$&").toLowerCase());
    expect(kinds.length).toBeGreaterThan(15);
    for (const kind of kinds) {
      for (const language of ["en", "km", "lo"] as const) expect(catalogue[language], `${language} ${kind}`).toHaveProperty(`feed_${kind}`);
    }
  });
});
