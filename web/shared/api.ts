// Asking the centre: JSON in, JSON out, and every refusal as the problem it is.
import type { FeatureCollection } from "geojson";
import type {
  BoardView, CampaignView, ClockView, DiskView, EnrolledView, EstimatesView, InspectionDetail, NewDevice, OrdersView, ProblemView, ReceiptView, SessionView, TableView, TeamsView,
} from "./types";

/** Longest wait for an answer, in milliseconds. */
const ANSWER_LIMIT_MS = 15_000;

/** The centre refused, and said why. */
export class Refused extends Error {
  constructor(readonly problem: ProblemView) {
    super(problem.detail);
  }

  /** The problem's name, e.g. `signed-out`. */
  get name(): string {
    return this.problem.type.replace("urn:sekong:problem:", "");
  }
}

/** The centre could not be reached. */
export class OutOfReach extends Error {}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  } catch (cause) {
    throw new OutOfReach(String(cause));
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  throw new Refused(isProblem(body) ? body : unnamed(response));
}

function isProblem(body: unknown): body is ProblemView {
  return typeof body === "object" && body !== null && "type" in body && "detail" in body;
}

function unnamed(response: Response): ProblemView {
  return { type: "about:blank", title: response.statusText, status: response.status, detail: `HTTP ${response.status}` };
}

const part = encodeURIComponent;

export const api = {
  clock: () => ask<ClockView>("/api/clock"),
  campaign: () => ask<CampaignView>("/api/campaign"),
  map: () => ask<FeatureCollection & { attribution: string[] }>("/api/map"),
  /** `undefined` when nobody is signed in. */
  session: () => ask<SessionView | undefined>("/api/session"),
  signOut: () => ask<void>("/api/session", { method: "DELETE" }),
  board: (day: string | null) => ask<BoardView>(day === null ? "/api/board" : `/api/board?day=${part(day)}`),
  inspection: (day: string, hour: number, unit: string) =>
    ask<InspectionDetail>(`/api/inspections/${part(day)}/${hour}/${part(unit)}`),
  /** For the duty officer and the commander alone. */
  disk: () => ask<DiskView>("/api/disk"),
  estimates: () => ask<EstimatesView>("/api/estimates"),
  /** For the inspectorate alone. */
  teamTests: () => ask<TeamsView>("/api/estimates/teams"),
  receipt: (index: number) => ask<ReceiptView>(`/api/receipts/${index}`),
  /** With the boxes of so many hours back. */
  orders: (back?: number) => ask<OrdersView>(back === undefined ? "/api/orders" : `/api/orders?back=${back}`),
  table: () => ask<TableView>("/api/table"),
  enrol: (device: NewDevice) => post<EnrolledView>("/api/devices", JSON.stringify(device)),
  sendEntry: (bytes: string) => post<ReceiptView>("/api/entries", bytes),
};

function post<T>(path: string, body: string): Promise<T> {
  return ask<T>(path, { method: "POST", body, headers: { "content-type": "application/json" } });
}
