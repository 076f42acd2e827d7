// What the page of estimates draws and writes: numbers short enough to read, and columns for charts.
import type { EndsView, EstimatesView, FlowView, TeamsView } from "../shared/types";

/** Columns of a chart: the first is along the bottom. */
export type Columns = [number[], ...(number | null)[][]];

/** Three digits are as much as an estimate ever knows. */
export function figure(value: number | null | undefined): string {
  if (value == null) return "∞";
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size >= 6 || size < -4) return powerOfTen(value);
  const rounded = size >= 3 ? Math.round(value / 10 ** (size - 2)) * 10 ** (size - 2) : Number(value.toPrecision(3));
  return rounded.toLocaleString("en", { maximumFractionDigits: Math.max(0, 2 - size), useGrouping: true }).replaceAll(",", " ");
}

/** What is too large or too small to be written out: 2.5 × 10⁷. */
function powerOfTen(value: number): string {
  const [digits = "", power = ""] = value.toExponential(1).split("e");
  return `${digits} × 10${power.replace("+", "").replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit)}`;
}

export function ends(of: EndsView, digits?: number): string {
  const end = (value: number | null | undefined) => (digits !== undefined && value != null ? value.toFixed(digits) : figure(value));
  return `${end(of.low)} – ${end(of.high)}`;
}

/** A part as a percentage; what is little is not nothing. */
export function share(part: number): string {
  const percent = Math.round(part * 100);
  return percent === 0 && part > 0 ? "< 1 %" : `${percent} %`;
}

/** The ends of an interval of a part; an end that is not known is that of all parts. */
export function shares(of: EndsView): string {
  return `${share(of.low ?? 0)} – ${share(of.high ?? 1)}`;
}

/** Visits lost, of all that the draw placed, and what part they are. */
export function lost({ visits_lost, visits }: FlowView): string {
  return visits === 0 ? "–" : `${visits_lost} / ${visits} (${share(visits_lost / visits)})`;
}

export interface Hour {
  hour: number;
  loads: FlowView;
  passed: FlowView;
  /** Along a bar's length: the estimate, the interval's ends, and whether its upper end lies beyond. */
  bar: { est: number; low: number; high: number; open: boolean } | null;
}

/** The flows of each hour of the day. A bar is half as long again as the largest estimate: few days give upper ends that nothing else would show beside. */
export function byHour(flows: FlowView[]): Hour[] {
  const of = (quantity: string) => flows.filter((flow) => flow.hour != null && flow.quantity === quantity);
  const [loads, passed] = [of("loads"), of("passed")];
  const length = 1.5 * Math.max(0, ...loads.map((flow) => flow.est));
  const along = (value: number) => Math.min(1, Math.max(0, value / length));
  const bar = ({ est, interval95: ends }: FlowView) => ({
    est: along(est),
    low: along(ends?.low ?? 0),
    high: along(ends?.high ?? Infinity),
    open: (ends?.high ?? Infinity) > length,
  });
  return loads.flatMap((flow) => {
    const vehicles = passed.find(({ hour }) => hour === flow.hour);
    return vehicles ? [{ hour: flow.hour ?? 0, loads: flow, passed: vehicles, bar: length > 0 && flow.interval95 ? bar(flow) : null }] : [];
  });
}

/** By day in seconds, the ends of the interval of the loads so far, then these. Loads are never below none. */
export function running(days: EstimatesView["days"]): Columns {
  return [
    days.map((day) => Date.parse(`${day.day}T00:00:00Z`) / 1_000),
    days.map((day) => (day.loads_so_far95?.low == null ? null : Math.max(0, day.loads_so_far95.low))),
    days.map((day) => day.loads_so_far95?.high ?? null),
    days.map((day) => day.loads_so_far),
  ];
}

/** Each team's e-values by week, after the one that all begin with; a week in which it was not dealt has none of its own and keeps the last. */
export function eProcesses(teams: TeamsView["finds"]): Columns {
  const weeks = [...new Set(teams.flatMap((team) => team.e_values.map((value) => value.week)))].sort((one, other) => one - other);
  const series = teams.map((team) => {
    let last = 1;
    return weeks.map((week) => (last = team.e_values.find((value) => value.week === week)?.e ?? last));
  });
  const [first] = weeks;
  if (first === undefined) return [[]];
  return [[first, ...weeks.map((week) => week + 1)], ...series.map((values) => [1, ...values])];
}

type TeamTest = TeamsView["finds"][number];
type Telling = TeamTest["strongest"][number];

/** What told most against a team, test by test, of those that flagged it. */
export function strongest(finds: (TeamTest | undefined)[], missed: TeamTest | undefined): ["strongest" | "strongestMissed", Telling][] {
  const flagged = (test: TeamTest | undefined) => (test?.flag_week != null ? test.strongest : []);
  return [
    ...finds.flatMap(flagged).map((of): ["strongest", Telling] => ["strongest", of]),
    ...flagged(missed).map((of): ["strongestMissed", Telling] => ["strongestMissed", of]),
  ];
}
