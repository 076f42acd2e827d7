import { describe, expect, it } from "vitest";
import type { BoardView, InspectionView, SlotView } from "../shared/types";
import { cellState, concerns, finds, GLYPHS, move, percent, progress, sums } from "./cells";

function inspection(state: InspectionView["state"], more: Partial<InspectionView> = {}): InspectionView {
  return { unit: "u", team: "ST-A-01", away: false, state, report: null, ...more };
}

function slot(inspections: InspectionView[], revealed = true): SlotView {
  return { probability: 0.3, revealed, inspections };
}

const report = { index: 9, started: "2017-01-01T00:04:00Z", passed: 9, inspected: 5, found: 2, finds: [], corrections: [] };

describe("a cell", () => {
  it("shows what concerns most", () => {
    expect(cellState(slot([inspection("done"), inspection("missed")]), "late")).toBe("missed");
    expect(cellState(slot([inspection("done"), inspection("due")]), "begun")).toBe("due");
    expect(cellState(slot([inspection("done"), inspection("due")]), "late")).toBe("overdue");
    expect(cellState(slot([inspection("done"), inspection("missed", { away: true })]), "late")).toBe("done");
    expect(cellState(slot([inspection("done"), inspection("late")]), "late")).toBe("late");
  });

  it("tells apart what is ahead, what is hidden and what is empty", () => {
    expect(cellState(slot([], false), "ahead")).toBe("ahead");
    expect(cellState(slot([], false), "late")).toBe("hidden");
    expect(cellState(slot([]), "begun")).toBe("none");
  });

  it("says that a missed team was away, and counts it by itself", () => {
    const away = slot([inspection("missed", { away: true })]);
    expect(cellState(away, "late")).toBe("away");
    expect(sums([{ post: "p", hours: [away] }], 1)).toMatchObject({ placed: 1, missed: 0, away: 1, hidden: 0 });
  });

  it("is not counted as nothing where this role may not see it yet", () => {
    const unseen = slot([], false);
    expect(sums([{ post: "p", hours: [unseen, unseen, unseen] }], 2).hidden).toBe(2);
  });

  it("concerns somebody while it is due, and some hours after it was missed", () => {
    const hours = [
      slot([inspection("missed", { unit: "old" })]),
      slot([inspection("missed", { unit: "older" }), inspection("missed", { unit: "away", away: true })]),
      slot([inspection("missed", { unit: "newer" }), inspection("done")]),
      slot([inspection("due", { unit: "now" })]),
    ];
    const board = (day: string, of: SlotView[]): BoardView => ({ day, now: "", log_size: 0, head_at: null, posts: [{ post: "p", hours: of }] });
    const told = (today: BoardView, yesterday: BoardView | null, hour: number) =>
      concerns(today, yesterday, hour, 2).map((concern) => `${concern.day} ${concern.hour} ${concern.inspection.unit}`);
    expect(told(board("2", hours), null, 3)).toEqual(["2 3 now", "2 2 newer", "2 1 older"]);
    expect(told(board("2", hours), null, 0)).toEqual(["2 0 old"]);
    const before = board("1", [...Array.from({ length: 23 }, () => slot([])), slot([inspection("missed", { unit: "last" })])]);
    expect(told(board("2", [slot([])]), before, 0)).toEqual(["1 23 last"]);
  });

  it("has a glyph of its own for each state that colour marks", () => {
    const marked = [GLYPHS.done, GLYPHS.late, GLYPHS.late_arrived, GLYPHS.due, GLYPHS.overdue, GLYPHS.away, GLYPHS.missed, GLYPHS.hidden];
    expect(new Set(marked).size).toBe(marked.length);
    expect(marked.every((glyph) => glyph.length > 0)).toBe(true);
  });

  it("adds up finds, and shows small chances as small", () => {
    expect(finds(slot([inspection("done", { report }), inspection("late", { report })]))).toBe(4);
    expect([percent(0), percent(0.001), percent(0.314)]).toEqual(["0 %", "<1 %", "31 %"]);
  });
});

describe("the focus", () => {
  const starts = [0, 7, 13];
  const from = { row: 8, hour: 12 };

  it("moves by slot, hour's end and province, and stays on the grid", () => {
    expect(move(from, "ArrowUp", 20, starts)).toEqual({ row: 7, hour: 12 });
    expect(move({ row: 0, hour: 0 }, "ArrowUp", 20, starts)).toEqual({ row: 0, hour: 0 });
    expect(move({ row: 19, hour: 23 }, "ArrowRight", 20, starts)).toEqual({ row: 19, hour: 23 });
    expect(move(from, "End", 20, starts)).toEqual({ row: 8, hour: 23 });
    expect(move(from, "PageDown", 20, starts)).toEqual({ row: 13, hour: 12 });
    expect(move(from, "PageUp", 20, starts)).toEqual({ row: 7, hour: 12 });
    expect(move({ row: 14, hour: 0 }, "PageDown", 20, starts)).toEqual({ row: 19, hour: 0 });
    expect(move(from, "x", 20, starts)).toBeNull();
  });
});

describe("an hour", () => {
  it("has begun from its first second on, in the campaign's time, and is late after its minutes", () => {
    const local = new Date("2017-01-08T07:00:00Z");
    const of = (day: string, hour: number) => progress(day, hour, local, 15);
    expect([of("2017-01-08", 7), of("2017-01-08", 8), of("2017-01-07", 23)]).toEqual(["begun", "ahead", "late"]);
    const later = (time: string) => progress("2017-01-08", 7, new Date(`2017-01-08T${time}Z`), 15);
    expect([later("07:15:00"), later("07:15:01")]).toEqual(["begun", "late"]);
  });
});
