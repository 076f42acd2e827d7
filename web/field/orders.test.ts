import { describe, expect, it } from "vitest";
import type { DutyView } from "../shared/types";
import type { OpenedBox } from "./device";
import { allDuties, clearOrder, newestOrder } from "./orders";

const day = "2017-01-02";
const times = { utcOffsetSeconds: 25_200, missedMinutes: 120 };

function box(hour: number, next: [string, number] | null, thrown = true, onDuty = true): OpenedBox {
  const opening = { salt: "", unit: "u", team: "t", day, hour, order: { do: "stay" as const }, next, thrown };
  return {
    id: `d ${hour}`, device: "d", province: "p", day, hour, index: hour, commitment: onDuty ? `c${hour}` : null, faults: [],
    message: { opening: onDuty ? opening : null, check_in_by: "2017-01-01T17:20:00Z" },
  };
}

describe("the order that stands", () => {
  it("is the newest one of this hour or a later one; a box without an order changes nothing", () => {
    const opened = [box(6, null), box(7, null), box(8, null, true, false)];
    expect(newestOrder(opened, { day, hour: 6 })).toMatchObject({ hour: 7, commitment: "c7", checkInBy: "2017-01-01T17:20:00Z", faults: [] });
    expect(newestOrder(opened, { day, hour: 8 })).toBeNull();
    expect(newestOrder([box(23, null)], { day: "2017-01-03", hour: 0 })).toBeNull();
  });

  it("may have been told in clear", () => {
    const standing = { province: "p", unit: "u", day, hour: 7, order: { do: "stay" as const }, thrown: true, commitment: "c", opening: "", index: 3 };
    const orders = { now: "", team: "t", table: 0, boxes: [], duties: [], standing };
    expect(clearOrder(orders, null)?.faults).toBeUndefined();
    expect(clearOrder(orders, true)?.faults).toEqual([]);
    expect(clearOrder(orders, false)?.faults).toEqual(["commitment"]);
    expect(clearOrder({ ...orders, standing: null }, null)).toBeNull();
  });
});

describe("duties", () => {
  it("ahead are those that thrown orders lead to, at the campaign's local hours", () => {
    const duties = allDuties([], [box(6, ["KH-LA-01", 8]), box(7, ["KH-LA-01", 8], false), box(5, null), box(9, null, true, false)], times);
    expect(duties).toEqual([
      {
        province: "p", unit: "u", post: "KH-LA-01", day, hour: 8, begins: "2017-01-02T01:00:00.000Z", deadline: "2017-01-02T03:00:00.000Z",
        order: "c6", state: "ahead", report: null,
      },
    ]);
  });

  it("that the centre tells go before those of boxes, and all stand in order of time", () => {
    const boxed = [box(9, ["b", 10]), box(7, ["a", 8])];
    const told = { ...(allDuties([], [box(7, ["a", 8])], times)[0] as DutyView), state: "done" as const };
    expect(allDuties([told], boxed, times).map(({ hour, state }) => [hour, state])).toEqual([[8, "done"], [10, "ahead"]]);
  });
});
