// The API's types under short names; they are made from crates/centre/openapi.json.
import type { components } from "./api-types.gen";

type Schemas = components["schemas"];
export type AnchorView = Schemas["AnchorView"];
export type BoardView = Schemas["BoardView"];
export type BoardLine = Schemas["BoardLine"];
export type BoxView = Schemas["BoxView"];
export type CampaignView = Schemas["CampaignView"];
export type ClockView = Schemas["ClockView"];
export type DiskView = Schemas["DiskView"];
export type DutyView = Schemas["DutyView"];
export type EndsView = Schemas["EndsView"];
export type EnrolledView = Schemas["EnrolledView"];
export type EstimatesView = Schemas["EstimatesView"];
export type FindView = Schemas["FindView"];
export type FlowView = Schemas["FlowView"];
/** What entries say, by kind. */
export type Kind = Schemas["KindView"];
/** What an entry says is plain JSON here; its shape depends on its kind. */
export type EventView = Omit<Schemas["EventView"], "body"> & { body: Record<string, unknown> };
export type InspectionDetail = Schemas["InspectionDetail"];
export type InspectionState = Schemas["InspectionState"];
export type InspectionView = Schemas["InspectionView"];
export type JobView = Schemas["JobView"];
export type MissingView = Schemas["MissingView"];
export type NewDevice = Schemas["NewDevice"];
export type Order = { do: "stay" } | { do: "drive"; post: string } | { do: "stand-down" };
export type OrderView = Omit<Schemas["OrderView"], "order"> & { order: Order };
export type OrdersView = Omit<Schemas["OrdersView"], "standing"> & { standing?: OrderView | null };
export type PostView = Schemas["PostView"];
export type ProblemView = Schemas["ProblemView"];
export type ProvinceView = Schemas["ProvinceView"];
export type ReceiptView = Schemas["ReceiptView"];
export type ReportView = Schemas["ReportView"];
export type SessionView = Schemas["SessionView"];
export type SlotView = Schemas["SlotView"];
export type TableView = Schemas["TableView"];
export type TeamsView = Schemas["TeamsView"];
