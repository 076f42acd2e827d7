import { describe, expect, it } from "vitest";
import { eProcesses, ends, figure, running, share, strongest } from "./estimates";

describe("figures", () => {
  it("keeps three digits, and says what has no end", () => {
    expect([0, 0.01234, 1.5, 12.34, 123.4, 1_234, 98_765].map(figure)).toEqual(["0", "0.0123", "1.5", "12.3", "123", "1 230", "98 800"]);
    expect([figure(null), figure(2.5e7)]).toEqual(["∞", "2.5e+7"]);
    expect([0, 0.001, 0.2].map(share)).toEqual(["0 %", "< 1 %", "20 %"]);
    expect(ends({ low: 1.234, high: null })).toBe("1.23 – ∞");
    expect(ends({ low: 0.98765, high: 1.1 }, 2)).toBe("0.99 – 1.10");
  });
});

describe("charts", () => {
  it("draws a day without an interval without a band", () => {
    const days = [
      { day: "2017-01-01", passed: 5, loads: 1, loads_so_far: 1, loads_so_far95: null },
      { day: "2017-01-02", passed: 5, loads: 2, loads_so_far: 3, loads_so_far95: { low: 1, high: 5 } },
      { day: "2017-01-03", passed: 5, loads: 2, loads_so_far: 5, loads_so_far95: { low: -1, high: 9 } },
    ];
    expect(running(days)).toEqual([[1_483_228_800, 1_483_315_200, 1_483_401_600], [null, 1, 0], [null, 5, 9], [1, 3, 5]]);
  });

  it("keeps a team's e-value over a week in which it was not dealt", () => {
    const team = (values: [number, number][]) => ({ team: "", expected: 0, counted: 0, strongest: [], e_values: values.map(([week, e]) => ({ week, e })) });
    expect(eProcesses([team([[0, 2], [2, 4]]), team([[1, 3]])])).toEqual([[1, 2, 3], [2, 2, 4], [1, 3, 3]]);
  });
});

describe("tests of teams", () => {
  it("shows what told most, for whichever test flagged a team", () => {
    const telling = (day: string) => ({ week: 0, day, shift: "00-08", unit: "PV-1", expected: 1, counted: 4 });
    const test = (day: string, flag_week: number | null) => ({ team: "", expected: 0, counted: 0, e_values: [], flag_week, strongest: [telling(day)] });
    expect(strongest([test("a", null), test("b", 1)], test("c", 2))).toEqual([["strongest", telling("b")], ["strongestMissed", telling("c")]]);
    expect(strongest([test("a", null), undefined], undefined)).toEqual([]);
  });
});
