// What a slot shows: plan and fact in one cell.
import type { BoardLine, BoardView, CampaignView, InspectionView, PostView, ProvinceView, SlotView } from "../shared/types";

/** How a cell looks; each has its glyph, its colour and its words. */
export type CellState = "none" | "ahead" | "hidden" | "done" | "late" | "late_arrived" | "due" | "overdue" | "away" | "missed";

export const GLYPHS: Record<CellState, string> = {
  none: "", ahead: "", hidden: "·", done: "✓", late: "◷", late_arrived: "↧", due: "●", overdue: "!", away: "∅", missed: "✕",
};

/** From what needs nobody's attention to what needs it most. */
const BY_CONCERN: CellState[] = ["none", "ahead", "hidden", "away", "done", "late", "late_arrived", "due", "overdue", "missed"];

/** How far an hour is: ahead, begun, or so far on that whatever is not begun yet is late. */
export type Progress = "ahead" | "begun" | "late";

export function progress(day: string, hour: number, local: Date, lateMinutes: number): Progress {
  const since = local.getTime() - Date.parse(`${day}T${String(hour).padStart(2, "0")}:00:00Z`);
  return since < 0 ? "ahead" : since <= lateMinutes * 60_000 ? "begun" : "late";
}

/** The state that a cell shows: the one of its inspections that concerns most. */
export function cellState(slot: SlotView, progress: Progress): CellState {
  if (slot.inspections.length === 0) return slot.revealed ? "none" : progress === "ahead" ? "ahead" : "hidden";
  const states = slot.inspections.map((inspection) => inspectionState(inspection, progress));
  return states.reduce((worst, state) => (BY_CONCERN.indexOf(state) > BY_CONCERN.indexOf(worst) ? state : worst));
}

/** A team that is away misses its inspection, but for a reason that was declared before the lot. */
export function inspectionState(inspection: InspectionView, progress: Progress): CellState {
  if (inspection.away && inspection.report == null) return "away";
  return inspection.state === "due" && progress === "late" ? "overdue" : inspection.state;
}

/** Finds reported in a slot. */
export function finds(slot: SlotView): number {
  return slot.inspections.reduce((sum, inspection) => sum + (inspection.report?.found ?? 0), 0);
}

/** Figures of some lines. A team that is away counts by itself; the log's own figures count it as missed. */
export interface Sums {
  placed: number;
  away: number;
  /** Slots of hours that have begun, of which this role does not see yet what the lot placed. */
  hidden: number;
  done: number;
  late: number;
  late_arrived: number;
  missed: number;
  found: number;
}

export function sums(lines: BoardLine[], hoursBegun: number): Sums {
  const total: Sums = { placed: 0, away: 0, hidden: 0, done: 0, late: 0, late_arrived: 0, missed: 0, found: 0 };
  for (const { hours } of lines) {
    total.hidden += hours.slice(0, hoursBegun).filter((slot) => !slot.revealed).length;
    for (const slot of hours) {
      total.found += finds(slot);
      for (const inspection of slot.inspections) {
        total.placed += 1;
        const state = inspectionState(inspection, "begun");
        if (state === "done" || state === "late" || state === "late_arrived" || state === "missed" || state === "away") total[state] += 1;
      }
    }
  }
  return total;
}

/** An inspection that somebody may have to ask about. */
export interface Concern {
  day: string;
  post: string;
  hour: number;
  inspection: InspectionView;
}

/** What is due in this hour, then what was missed in the hours before it, the newest first, over midnight too. */
export function concerns(today: BoardView, yesterday: BoardView | null, hour: number, hoursBack: number): Concern[] {
  const at = (from: number, state: InspectionView["state"]) => {
    const [board, of] = from < 0 ? [yesterday, from + 24] : [today, from];
    return (board?.posts ?? []).flatMap(({ post, hours }) =>
      (hours[of]?.inspections ?? [])
        .filter((inspection) => inspection.state === state && !inspection.away)
        .map((inspection) => ({ day: board?.day ?? "", post, hour: of, inspection })),
    );
  };
  const back = Array.from({ length: hoursBack + 1 }, (_, i) => hour - i);
  return [...back.flatMap((from) => at(from, "due")), ...back.flatMap((from) => at(from, "missed"))];
}

/** A post with its line, in the order of the screen. */
export interface Row {
  post: PostView;
  line: BoardLine;
}

/** The rows of each province, in campaign order. */
export function rowsByProvince(campaign: CampaignView, board: BoardView): { province: ProvinceView; rows: Row[] }[] {
  const lines = new Map(board.posts.map((line) => [line.post, line]));
  return campaign.provinces.map((province) => {
    const posts = campaign.posts.filter((post) => post.province === province.id);
    const rows = posts.flatMap((post) => {
      const line = lines.get(post.id);
      return line ? [{ post, line }] : [];
    });
    return { province, rows };
  });
}

/** Where the focus goes: row and hour stay on the grid. */
export function move(
  at: { row: number; hour: number },
  key: string,
  rowCount: number,
  provinceStarts: number[],
): { row: number; hour: number } | null {
  const last = rowCount - 1;
  switch (key) {
    case "ArrowUp": return { ...at, row: Math.max(0, at.row - 1) };
    case "ArrowDown": return { ...at, row: Math.min(last, at.row + 1) };
    case "ArrowLeft": return { ...at, hour: Math.max(0, at.hour - 1) };
    case "ArrowRight": return { ...at, hour: Math.min(23, at.hour + 1) };
    case "Home": return { ...at, hour: 0 };
    case "End": return { ...at, hour: 23 };
    case "PageDown": return { ...at, row: provinceStarts.find((start) => start > at.row) ?? last };
    case "PageUp": return { ...at, row: provinceStarts.findLast((start) => start < at.row) ?? 0 };
    default: return null;
  }
}

/** `31 %`, `<1 %`. */
export function percent(probability: number): string {
  return probability > 0 && probability < 0.005 ? "<1 %" : `${Math.round(probability * 100)} %`;
}
