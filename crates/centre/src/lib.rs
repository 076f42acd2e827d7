//! The operations centre: it plans, freezes, draws, records and closes hours; and it audits such a record.
//!
//! Time is an argument everywhere; the only files it touches are the published folder, which is derived.

mod ahead;
mod anchored;
pub mod api;
mod audit;
mod beyond;
mod bodies;
mod boxes;
mod centre;
mod clock;
mod custody;
mod diary;
mod estimates;
mod fault;
mod folder;
mod gate;
mod keys;
mod ledger;
mod met;
mod named;
pub mod pictures;
mod plan_book;
mod publication;
mod receipt;
mod restore;
mod schedule;
mod scrub;
mod service;
mod shown;
mod sms;
mod state;
mod tally;
mod witness;

pub use anchored::{AnchorCompared, AnchorShown, AnchorShownError};
pub use audit::{AuditFault, Evidence, Progress, Verdict, Watch, audit, too_few_cosignatures};
pub use bodies::{BoxMessage, OrderOpening, canonical_files};
pub use boxes::{Boxes, ProvenBox};
pub use centre::{Centre, CentreError, Founding, Refusal, Relayed, logged_files};
pub use clock::Clock;
pub use custody::{
    Answers, Ask, AskError, Asked, CustodianLink, InProcess, LineKey, Office, OfficeError, OfficeOptions,
    OfficeStatus, Released, Remote, Window, terms, value_list,
};
pub use estimates::{
    CorrectedView, DoubleView, EndsView, EstimatesAsked, EstimatesError, EstimatesView, FlowView,
    PlantedView, PlantsView, PowerView, TeamTestView, TeamTestsError, TeamsView,
};
pub use fault::{
    AmendFault, AnchorFault, CloseFault, DoubleFault, Fault, OutageFault, PLANT_AHEAD_DAYS, PlantFault, Taken,
};
pub use folder::{Folder, FolderError};
pub use gate::{Closed, Reserve, Space};
pub use keys::{COSIGNATURES_WORD, Secrets, cosignatures_line};
pub use ledger::LedgerError;
pub use met::{DoublesMet, Met, PlantsMet};
pub use plan_book::SolvedPlan;
pub use publication::{Publication, Published};
pub use receipt::{Receipt, ReceiptError};
pub use restore::{LostBody, RestoreError, Restored, published_files, restore};
pub use schedule::{Job, jobs};
pub use scrub::{Damage, Scrub, ScrubError, Scrubbed, Wrong};
pub use service::{Away, LastScrub, Page, Pages, Service, ServiceOptions, Stopped};
pub use shown::{Claimed, Compared, Dispute, SecondFreeze, Shown, ShownError, ShownFreeze};
pub use sms::{SmsGateway, SmsGatewayError};
pub use state::{
    Admitted, Anchored, AnchoredHours, Bodies, Body, Correction, DayPlan, DealtShift, DoubleInLog,
    DoubleStanding, Drawn, DrawnOrder, Due, KeyRing, NotedSilence, OpenedPlant, Outcome, Overdue,
    PersonPlace, PlantInLog, Report, SeatKey, Simulants, State, TeamDevice, TwoFaces,
};
pub use tally::{Amended, Anchors, CUSTODIANS_MIN, Degraded, Doubles, Late, OldHeads, Plants, Tally};
pub use witness::{
    Cosigning, MemoryLost, Missing, MissingKind, Submission, Witness, WitnessAt, WitnessError, WitnessMemory,
    WitnessOffice, WitnessUrl, WitnessUrlError,
};
