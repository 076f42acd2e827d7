import { describe, expect, it } from "vitest";
import type { DutyView } from "../shared/types";
import type { Find } from "../shared/finds";
import { body, chance, findsFit, misfit, newestWord } from "./report";

const begins = Date.parse("2017-01-01T00:00:00Z");
const duty: DutyView = {
  province: "p", unit: "u", post: "KH-LA-01", day: "2017-01-01", hour: 7, begins: "2017-01-01T00:00:00Z",
  deadline: "2017-01-01T01:00:00Z", order: "ab", state: "due", report: null,
};

describe("counts", () => {
  it("fit when each part is no larger than its whole", () => {
    expect(misfit({ passed: 5, inspected: 5, found: 0 })).toBeNull();
    expect(misfit({ passed: 2, inspected: 3, found: 0 })).toEqual({ field: "inspected", why: "inspected" });
    expect(misfit({ passed: 5, inspected: 3, found: 4 })).toEqual({ field: "found", why: "found" });
  });

  it("are whole and not negative", () => {
    expect(misfit({ passed: -1, inspected: 0, found: 0 })?.field).toBe("passed");
    expect(misfit({ passed: 1.5, inspected: 0, found: 0 })?.field).toBe("passed");
    expect(misfit({ passed: 1, inspected: Number.NaN, found: 0 })?.field).toBe("inspected");
  });
});

describe("finds", () => {
  const counts = { passed: 5, inspected: 3, found: 2 };

  it("are no more than were counted, and each line tells of whole vehicles", () => {
    const line = (vehicles: number) => ({ transport: "car", drug: "opioids", vehicles }) as const;
    expect(findsFit([], counts)).toBe(true);
    expect(findsFit([line(1), line(1)], counts)).toBe(true);
    expect(findsFit([line(3)], counts)).toBe(false);
    expect(findsFit([{ transport: "", drug: "opioids", vehicles: 1 }], counts), "nothing is reported because it stood there").toBe(false);
    for (const vehicles of [0, -1, 0.5, Number.NaN]) expect(findsFit([line(vehicles)], counts)).toBe(false);
  });

  it("stand in the report in the order of the lists, and not at all if nothing was told apart", () => {
    const finds: Find[] = [{ transport: "boat", drug: "cannabis", vehicles: 1 }, { transport: "car", drug: "opioids", vehicles: 1 }];
    expect(body(duty, begins, { counts, finds }, null)).toMatchObject({ finds: finds.toReversed() });
    expect(body(duty, begins, { counts, finds: [] }, null)).not.toHaveProperty("finds");
  });
});

describe("a duty", () => {
  it("is begun within its hour and at no other time", () => {
    expect(chance(duty, begins - 1, undefined)).toBe("ahead");
    expect(chance(duty, begins, undefined)).toBe("begin");
    expect(chance(duty, begins + 3_599_999, undefined)).toBe("begin");
    expect(chance(duty, begins + 3_600_000, undefined)).toBe("over");
  });

  it("that was begun can be reported hours later", () => {
    expect(chance(duty, begins + 9 * 3_600_000, begins + 60_000)).toBe("report");
  });

  it("quotes its order and says when it began", () => {
    expect(body(duty, begins + 61_500, { counts: { passed: 3, inspected: 2, found: 1 }, finds: [] }, null)).toEqual({
      province: "p", unit: "u", post: "KH-LA-01", day: "2017-01-01", hour: 7, order: "ab",
      started: "2017-01-01T00:01:01Z", counts: { passed: 3, inspected: 2, found: 1 },
    });
  });

  it("quotes the newest head if one was seen", () => {
    const seen = { size: 7, root: "ab".repeat(32) };
    expect(body(duty, begins, { counts: { passed: 0, inspected: 0, found: 0 }, finds: [] }, seen)).toMatchObject({ seen });
  });

  it("is corrected from its newest word on", () => {
    const report = { index: 7, started: "2017-01-01T00:01:00Z", passed: 3, inspected: 2, found: 1, finds: [], corrections: [] };
    expect(newestWord(report).index).toBe(7);
    const finds: Find[] = [{ transport: "car", drug: "opioids", vehicles: 1 }];
    const correction = { index: 9, reason: "mistyped", passed: 4, inspected: 2, found: 1, finds };
    const { reason: _, ...word } = correction;
    expect(newestWord({ ...report, corrections: [correction] })).toEqual(word);
  });
});
