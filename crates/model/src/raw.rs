//! The shape of `campaign.toml`, before anything is known to make sense. A key that is not listed here is refused.

use serde::Deserialize;
use toml::value::Datetime;

use crate::PlanObjective;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCampaign {
    pub(crate) campaign: RawHead,
    pub(crate) files: RawFiles,
    pub(crate) rules: RawRules,
    #[serde(default)]
    pub(crate) map: Vec<RawMap>,
    #[serde(default)]
    pub(crate) phase: Vec<RawPhase>,
    #[serde(default)]
    pub(crate) custodian: Vec<RawCustodian>,
    #[serde(default)]
    pub(crate) officer: Vec<RawOfficer>,
    #[serde(default)]
    pub(crate) declarer: Vec<RawDeclarer>,
    #[serde(default)]
    pub(crate) anchor: Vec<RawAnchor>,
    #[serde(default)]
    pub(crate) shift: Vec<RawShift>,
    #[serde(default)]
    pub(crate) class: Vec<RawClass>,
    #[serde(default)]
    pub(crate) province: Vec<RawProvince>,
    #[serde(default)]
    pub(crate) post: Vec<RawPost>,
    #[serde(default)]
    pub(crate) leg: Vec<RawLeg>,
    #[serde(default)]
    pub(crate) value: Vec<RawValue>,
    #[serde(default)]
    pub(crate) pool: Vec<RawPool>,
    #[serde(default)]
    pub(crate) unit: Vec<RawUnit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHead {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) time_zone: String,
    pub(crate) first_day: Datetime,
    pub(crate) last_day: Datetime,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFiles {
    pub(crate) roads: String,
    pub(crate) crossings: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMap {
    pub(crate) layer: String,
    pub(crate) file: String,
    pub(crate) credit: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRules {
    pub(crate) lead_minutes: u32,
    pub(crate) late_minutes: u32,
    pub(crate) missed_minutes: u32,
    pub(crate) check_in_minutes: u32,
    pub(crate) same_hour_minutes: u32,
    pub(crate) silence_minutes: u32,
    pub(crate) enter_lead_minutes: u32,
    pub(crate) deal_lead_hours: u32,
    pub(crate) plan_at_hours: u32,
    pub(crate) absences_at_hours: u32,
    pub(crate) floor: f64,
    pub(crate) bribed_teams: u32,
    #[serde(default)]
    pub(crate) objective: PlanObjective,
    pub(crate) rest_hours: u32,
    pub(crate) cosigners: u32,
    pub(crate) cosignatures: u32,
    pub(crate) auditors_after_hours: u32,
    pub(crate) public_after_days: u32,
    pub(crate) night: [u8; 2],
    pub(crate) wet_season: Option<RawWetSeason>,
    pub(crate) sentinel_required: bool,
    pub(crate) daily_die: bool,
    pub(crate) daily_die_digits: Option<u32>,
    pub(crate) daily_die_source: Option<String>,
    pub(crate) plants: Option<RawPlants>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPlants {
    pub(crate) holder: String,
    pub(crate) key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWetSeason {
    pub(crate) first_day: Datetime,
    pub(crate) last_day: Datetime,
    pub(crate) slow_factor: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPhase {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) first_day: Datetime,
    pub(crate) last_day: Datetime,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCustodian {
    pub(crate) id: String,
    pub(crate) title: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAnchor {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDeclarer {
    pub(crate) id: String,
    pub(crate) title: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOfficer {
    pub(crate) id: String,
    pub(crate) body: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawShift {
    pub(crate) id: String,
    pub(crate) start: u8,
    pub(crate) length_hours: u8,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEstimate {
    pub(crate) best: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClass {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) detect: RawEstimate,
    pub(crate) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProvince {
    pub(crate) id: String,
    pub(crate) name_en: String,
    pub(crate) name_km: Option<String>,
    pub(crate) name_lo: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPost {
    pub(crate) id: String,
    pub(crate) province: String,
    pub(crate) min_crew: u32,
    pub(crate) night_ok: bool,
    pub(crate) wet_season_travel: RawWetTravel,
    pub(crate) cleared_access: bool,
    #[serde(default)]
    pub(crate) boat: bool,
    pub(crate) agencies: Option<Vec<RawAgency>>,
    pub(crate) placed: Option<RawPlaced>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawWetTravel {
    Open,
    Slow,
    Closed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPlaced {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLeg {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) minutes: f64,
    pub(crate) mode: RawMode,
    #[serde(default)]
    pub(crate) wet_season_closed: bool,
    pub(crate) source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawMode {
    Road,
    Water,
    Track,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawValue {
    pub(crate) posts: Vec<String>,
    pub(crate) hours: [u8; 2],
    pub(crate) value: RawEstimate,
    pub(crate) capture: RawEstimate,
    pub(crate) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPool {
    pub(crate) id: String,
    pub(crate) province: String,
    pub(crate) base: RawBase,
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) boat: bool,
    #[serde(default)]
    pub(crate) teams: Vec<RawTeam>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBase {
    pub(crate) name: String,
    pub(crate) node: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTeam {
    pub(crate) id: String,
    pub(crate) agency: RawAgency,
    pub(crate) crew: u32,
    pub(crate) weekly_hours: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawAgency {
    Police,
    Customs,
    BorderGuard,
    MilitaryPolice,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUnit {
    pub(crate) pool: String,
    pub(crate) kind: RawKind,
    #[serde(default = "one")]
    pub(crate) count: u32,
    pub(crate) shifts: Option<Vec<String>>,
    pub(crate) posts: Option<Vec<String>>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawKind {
    Plain,
    Sentinel,
}
