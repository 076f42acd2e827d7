import { describe, expect, it } from "vitest";
import { carriedOn, dayOf, localDate, offsetText, shiftDay, timeOf, until } from "./clock.svelte";

describe("the clock", () => {
  it("carries the centre's time on at the demo's speed", () => {
    const told = { now: "2017-01-07T17:00:00Z", speed: 60 };
    expect(carriedOn(told, 1_000)).toBe(Date.parse("2017-01-07T17:01:00Z"));
    expect(carriedOn({ ...told, speed: 0 }, 9_000)).toBe(Date.parse(told.now));
  });

  it("shows the campaign's local time whatever the browser's zone", () => {
    const local = localDate(Date.parse("2017-01-07T17:30:05Z"), 7 * 3_600);
    expect([dayOf(local), timeOf(local), timeOf(local, true)]).toEqual(["2017-01-08", "00:30", "00:30:05"]);
  });

  it("moves days within the campaign", () => {
    const move = (day: string, by: number) => shiftDay(day, by, "2017-01-01", "2017-06-30");
    expect(move("2017-02-28", 1)).toBe("2017-03-01");
    expect(move("2017-01-01", -1)).toBe("2017-01-01");
    expect(move("2017-06-30", 1)).toBe("2017-06-30");
  });

  it("says how long there is to wait", () => {
    expect([offsetText(25_200), offsetText(19_800), offsetText(-10_800)]).toEqual(["UTC+7", "UTC+5:30", "UTC−3"]);
    expect(until(0)).toBe("");
    expect(until(40_000)).toBe("40 s");
    expect(until(61_000)).toBe("2 min");
    expect(until(65 * 60_000)).toBe("1 h 05 min");
    expect(until(61_000, "km")).toBe("2 នាទី");
  });
});
