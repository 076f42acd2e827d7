import { describe, expect, it } from "vitest";
import type { FlowView } from "../shared/types";
import { byHour, eProcesses, ends, figure, lost, running, share, strongest } from "./estimates";

describe("figures", () => {
  it("keeps three digits, and says what has no end", () => {
    expect([0, 0.01234, 1.5, 12.34, 123.4, 1_234, 98_765].map(figure)).toEqual(["0", "0.0123", "1.5", "12.3", "123", "1 230", "98 800"]);
    expect([figure(null), ...[2.5e7, 1.2e12, 6.1e-8, 0.00012].map(figure)]).toEqual(["∞", "2.5 × 10⁷", "1.2 × 10¹²", "6.1 × 10⁻⁸", "0.00012"]);
    expect([0, 0.001, 0.2].map(share)).toEqual(["0 %", "< 1 %", "20 %"]);
    expect(ends({ low: 1.234, high: null })).toBe("1.23 – ∞");
    expect(ends({ low: 0.98765, high: 1.1 }, 2)).toBe("0.99 – 1.10");
  });
});

/** A flow of 100 with an interval from 50 to 200, but for what is told. */
function flow(of: Partial<FlowView>): FlowView {
  const rest = { lost: { low: 90, high: 300 }, visits: 20, visits_lost: 3, inspected: 50, found: 4, weight_share_max: 0.1, slots_unreachable: 2 };
  return { quantity: "loads", method: "difference", est: 100, interval95: { low: 50, high: 200 }, interval_by: "days", se: 20, df: 5, lag_days: 1, ...rest, ...of };
}

describe("visits lost", () => {
  it("are counted, of how many, and as a part", () => {
    expect([lost(flow({})), lost(flow({ visits_lost: 0 })), lost(flow({ visits: 0, visits_lost: 0 }))]).toEqual(["3 / 20 (15 %)", "0 / 20 (0 %)", "–"]);
  });
});

describe("hours of the day", () => {
  const whole = [flow({}), flow({ quantity: "passed" })];
  const of = (hour: number, loads: Partial<FlowView>) => [flow({ hour, quantity: "passed", est: 900 }), flow({ hour, ...loads })];

  it("has each hour once, with its loads and its vehicles, and nothing else", () => {
    const hours = byHour([...whole, ...of(0, {}), ...of(1, { est: 40 }), flow({ post: "PV-1" })]);
    expect(hours.map(({ hour, loads, passed }) => [hour, loads.est, passed.est])).toEqual([[0, 100, 900], [1, 40, 900]]);
    expect(byHour(whole)).toEqual([]);
  });

  it("draws bars along one length, and says that an end lies beyond it", () => {
    const endless = { low: 30, high: null };
    const bars = byHour([...of(0, { interval95: { low: 75, high: 150 } }), ...of(1, { est: 60, interval95: endless }), ...of(2, { est: 0, interval95: null })]).map(({ bar }) => bar);
    expect(bars).toEqual([{ est: 100 / 150, low: 0.5, high: 1, open: false }, { est: 0.4, low: 0.2, high: 1, open: true }, null]);
  });

  it("draws none where nothing was found at any hour", () => {
    expect(byHour(of(0, { est: 0, interval95: { low: 0, high: 12 }, interval_by: "model" })).map(({ bar }) => bar)).toEqual([null]);
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

  it("begins at one, and keeps a team's e-value over a week in which it was not dealt", () => {
    const team = (values: [number, number][]) => ({ team: "", expected: 0, counted: 0, strongest: [], e_values: values.map(([week, e]) => ({ week, e })) });
    expect(eProcesses([team([[0, 2], [2, 4]]), team([[1, 3]])])).toEqual([[0, 1, 2, 3], [1, 2, 2, 4], [1, 1, 3, 3]]);
    expect(eProcesses([])).toEqual([[]]);
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
