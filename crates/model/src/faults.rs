//! Everything that can be wrong with a campaign: where it is, what it is, how to mend it.

use std::fmt;
use std::ops::Range;

use crate::source::{CAMPAIGN_FILE, FILE_MAX_BYTES};
use crate::{Day, IdError, Season, locate};

/// Most errors reported at once.
pub const ERRORS_MAX: usize = 20;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}: {problem}", self.place())]
pub struct CampaignError {
    /// File of the campaign, relative to its folder.
    pub file: String,
    /// Bytes in that file, where the place is known.
    pub span: Option<Range<usize>>,
    /// Path of the field, e.g. `post[3].min_crew`; empty when the whole file is meant.
    pub field: String,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

impl CampaignError {
    fn place(&self) -> String {
        if self.field.is_empty() { self.file.clone() } else { format!("{}, {}", self.file, self.field) }
    }

    /// How to mend it, in a sentence.
    pub fn mend(&self) -> String {
        self.problem.mend()
    }

    /// Line of the file, from 1, where the place is known; `text` is the file's content.
    pub fn line(&self, text: &str) -> Option<usize> {
        let start = self.span.as_ref()?.start.min(text.len());
        Some(text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1)
    }
}

/// All that is wrong with a campaign, at most [`ERRORS_MAX`] of it, in the order of the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct CampaignErrors {
    /// What is wrong; never empty.
    pub errors: Vec<CampaignError>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for CampaignErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(f, "{error} ({})", error.mend())?;
        }
        if self.more > 0 { writeln!(f, "and {} more", self.more) } else { Ok(()) }
    }
}

/// Kinds of thing that are named in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[[phase]]`.
    Phase,
    /// `[[custodian]]`.
    Custodian,
    /// `[[officer]]`.
    Officer,
    /// `[[declarer]]`.
    Declarer,
    /// `[[anchor]]`.
    Anchor,
    /// `body` of an officer.
    OfficersBody,
    /// `[[shift]]`.
    Shift,
    /// `[[class]]`.
    Class,
    /// `[[province]]`.
    Province,
    /// `[[post]]`.
    Post,
    /// `[[pool]]`.
    Pool,
    /// `teams` of a pool.
    Team,
    /// `agencies` of a post.
    Agency,
    /// A point of the crossings file.
    Crossing,
    /// A junction of the roads file.
    Node,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Phase => "phase",
            Kind::Custodian => "custodian",
            Kind::Anchor => "anchor",
            Kind::Officer => "officer",
            Kind::Declarer => "declarer",
            Kind::OfficersBody => "officers' body",
            Kind::Shift => "shift",
            Kind::Class => "class",
            Kind::Province => "province",
            Kind::Post => "post",
            Kind::Pool => "pool",
            Kind::Team => "team",
            Kind::Agency => "agency",
            Kind::Crossing => "crossing",
            Kind::Node => "junction",
        })
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The text is not TOML of the campaign's shape.
    #[error("not a campaign file: {message}")]
    Toml {
        /// What the reader said.
        message: String,
    },
    /// The text is not GeoJSON of the shape that is needed.
    #[error("not the geography that is needed: {message}")]
    Json {
        /// What the reader said.
        message: String,
    },
    /// The file is larger than a campaign's file can be.
    #[error("the file has {bytes} bytes; at most {FILE_MAX_BYTES} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A named file is not in the bundle.
    #[error("the file {name:?} is not there")]
    FileMissing {
        /// Its name.
        name: String,
    },
    /// A file name leads out of the campaign's folder.
    #[error("the file name {name:?} leads out of the campaign's folder")]
    FileOutside {
        /// Its name.
        name: String,
    },
    /// A name that is not an identifier at all.
    #[error("not a name: {0}")]
    Id(#[source] IdError),
    /// A name with characters that file names and web addresses cannot hold.
    #[error("the name {text:?} holds more than plain letters, digits, `-`, `_` and `.`, or over 40 of them")]
    IdNotPlain {
        /// The name.
        text: String,
    },
    /// A daily die without its number of digits or its source, or one of these without a die.
    #[error("{}", if *wanted { "rules.daily_die is true, and this is missing" } else { "rules.daily_die is false" })]
    DailyDie {
        /// Whether the campaign has a daily die.
        wanted: bool,
    },
    /// One name in two spellings.
    #[error("{found:?} stands above as {before:?}")]
    SpelledTwoWays {
        /// The name here.
        found: String,
        /// The name above.
        before: String,
    },
    /// Deals that keep the rest between weeks are so rare that a week may have none that is found.
    #[error("only one in {:.0} deals of a week keeps the rest after the week before", 1.0 / share)]
    SeldomLegal {
        /// Share of all deals.
        share: f64,
    },
    /// A text that is no public key.
    #[error("a key is 64 hexadecimal digits in small letters, not {text:?}")]
    Key {
        /// The text, or its beginning.
        text: String,
    },
    /// Two things of a kind have one name.
    #[error("{kind} {id:?} is there twice")]
    Duplicate {
        /// Of which kind.
        kind: Kind,
        /// The name.
        id: String,
    },
    /// A name that nothing has.
    #[error("there is no {kind} {id:?}{}", near.as_ref().map_or_else(String::new, |n| format!("; did you mean {n:?}?")))]
    Unknown {
        /// Of which kind it should be.
        kind: Kind,
        /// The name.
        id: String,
        /// The most similar name that exists.
        near: Option<String>,
    },
    /// Nothing of a kind is there, or a list is empty.
    #[error("{}, at least {least} must be given", given(*kind, *count))]
    TooFew {
        /// Of which kind.
        kind: Kind,
        /// How many are there.
        count: usize,
        /// How many are needed.
        least: usize,
    },
    /// A title or source without text, or with control characters.
    #[error("a text is needed here, of 1 to 500 characters without control characters")]
    Text,
    /// A number outside its limits, or not a number.
    #[error("{value} is not between {low} and {high} ({unit})")]
    OutOfRange {
        /// The number as given.
        value: f64,
        /// Smallest that is allowed.
        low: f64,
        /// Largest that is allowed.
        high: f64,
        /// What it counts.
        unit: &'static str,
    },
    /// A chance outside (0, 1].
    #[error("{value} is not a chance above 0 and at most 1")]
    NotAChance {
        /// The number as given.
        value: f64,
    },
    /// A range that does not hold its best value.
    #[error("the range {low} to {high} does not hold the best value {best}")]
    RangeWithoutBest {
        /// Lowest credible value.
        low: f64,
        /// Best value.
        best: f64,
        /// Highest credible value.
        high: f64,
    },
    /// A date with a time, an offset, or without a day.
    #[error("{text} is not a date without a time")]
    NotADate {
        /// What was given.
        text: String,
    },
    /// The last day comes before the first.
    #[error("the last day {last} comes before the first day {first}")]
    DatesReversed {
        /// First day.
        first: Day,
        /// Last day.
        last: Day,
    },
    /// More days than a campaign can have.
    #[error("{days} days; a campaign has at most {most}")]
    TooLong {
        /// How many.
        days: i32,
        /// How many are allowed.
        most: i32,
    },
    /// Days that lie outside the campaign.
    #[error("{day} is not a day of the campaign")]
    DayOutside {
        /// The day.
        day: Day,
    },
    /// Phases that leave a gap, overlap, or do not reach the end.
    #[error("a phase must begin on {expected}, not on {found}")]
    PhaseGap {
        /// The first day not yet in a phase.
        expected: Day,
        /// Where the phase begins.
        found: Day,
    },
    /// The last phase does not end with the campaign.
    #[error("the last phase ends on {found}, the campaign on {expected}")]
    PhaseEnd {
        /// The campaign's last day.
        expected: Day,
        /// The phase's last day.
        found: Day,
    },
    /// No time zone of that name.
    #[error("{name:?} is not a time zone of the IANA database")]
    UnknownTimeZone {
        /// The name.
        name: String,
    },
    /// The clocks of the zone change during the campaign.
    #[error("in {name} the clocks change at {at}, within the campaign")]
    TimeZoneChanges {
        /// The zone.
        name: String,
        /// When.
        at: jiff::Timestamp,
    },
    /// A shift begins before the one above it ends.
    #[error("the shift begins at {start}:00, before the one above it ends at {previous_end}:00")]
    ShiftsOverlap {
        /// Its first hour.
        start: u8,
        /// When the one above ends.
        previous_end: u8,
    },
    /// Hours of the day that belong to no shift.
    #[error("the hours from {from}:00 to {to}:00 belong to no shift")]
    ShiftGap {
        /// First hour that is missing.
        from: u8,
        /// Hour at which shifts go on.
        to: u8,
    },
    /// A shift of no length, or one that crosses midnight.
    #[error("a shift from {start}:00 for {length_hours} hours does not lie within one day")]
    ShiftLength {
        /// Its first hour.
        start: u8,
        /// Its length.
        length_hours: u8,
    },
    /// A sentinel pair needs two hours at least to take turns.
    #[error("shift {shift:?} has {length_hours} hour; a sentinel pair takes turns and needs 2")]
    ShiftTooShortForSentinel {
        /// The shift.
        shift: String,
        /// Its length.
        length_hours: u8,
    },
    /// Hours from and to are the same or no hours.
    #[error("{from} to {to} are not hours of a day")]
    NotHours {
        /// From.
        from: u8,
        /// To.
        to: u8,
    },
    /// The value bands of a post do not cover each hour once.
    #[error("the values of post {post:?} cover the hour {hour}:00 {times} times")]
    HourCoverage {
        /// The post.
        post: String,
        /// The first hour that is not covered once.
        hour: u8,
        /// How often it is covered.
        times: usize,
    },
    /// A rule that contradicts another.
    #[error("{field} = {value} must be {relation} {other} ({limit})")]
    RulesDisagree {
        /// The rule.
        field: &'static str,
        /// Its value.
        value: u32,
        /// How the two must relate.
        relation: Relation,
        /// The other rule, by name.
        other: &'static str,
        /// What the other rule amounts to, in the same unit.
        limit: u32,
    },
    /// The entry lead is not the lead and whole hours.
    #[error("enter_lead_minutes = {enter_lead_minutes} is not lead_minutes = {lead_minutes} and whole hours")]
    EnterLead {
        /// The entry lead.
        enter_lead_minutes: u32,
        /// The lead.
        lead_minutes: u32,
    },
    /// A point without coordinates that the campaign does not place.
    #[error("crossing {id:?} has no coordinates, and the post does not say where it is drawn")]
    NotPlaced {
        /// The crossing.
        id: String,
    },
    /// A point with coordinates that is placed a second time.
    #[error("crossing {id:?} has coordinates; it cannot be placed again")]
    PlacedTwice {
        /// The crossing.
        id: String,
    },
    /// Where a crossing's coordinates come from is not one of the known ways.
    #[error("coord_status {status:?} is not known")]
    UnknownCoordStatus {
        /// As given.
        status: String,
    },
    /// A layer that no map draws.
    #[error("no map draws a layer {layer:?}")]
    UnknownLayer {
        /// As given.
        layer: String,
    },
    /// A way from a place to itself.
    #[error("the way leads from {id:?} to itself")]
    LegToItself {
        /// The place.
        id: String,
    },
    /// A province in which no unit serves.
    #[error("province {province:?} has no unit in shift {shift:?}")]
    ProvinceWithoutUnit {
        /// The province.
        province: String,
        /// The first shift that nobody serves.
        shift: String,
    },
    /// A province without a sentinel pair although the rules ask for one.
    #[error("province {province:?} has no sentinel pair in shift {shift:?}, and sentinel_required is set")]
    ProvinceWithoutSentinel {
        /// The province.
        province: String,
        /// The first shift without one.
        shift: String,
    },
    /// A post of a unit lies in another province than its pool.
    #[error("post {post:?} is not in province {province:?}")]
    PostElsewhere {
        /// The post.
        post: String,
        /// The pool's province.
        province: String,
    },
    /// A unit has no post it could begin at.
    #[error(
        "in the {season} season, in shift {shift:?}, the unit can begin nowhere: {}",
        nearest_minutes.map_or_else(|| "none of its posts is open to it".to_owned(),
            |m| format!("its nearest post is {m} minutes from the base, and the entry lead is {enter_lead_minutes}"))
    )]
    UnitCannotEnter {
        /// The season.
        season: Season,
        /// The shift.
        shift: String,
        /// Minutes from the base to the nearest post that is open to it, if any is.
        nearest_minutes: Option<u32>,
        /// The rule.
        enter_lead_minutes: u32,
        /// The rule.
        lead_minutes: u32,
    },
    /// A pool has teams but no unit, or units but no team.
    #[error("pool {pool:?} has {teams} teams and serves {units} units a day")]
    PoolUnused {
        /// The pool.
        pool: String,
        /// Its teams.
        teams: usize,
        /// Its units, over all shifts.
        units: usize,
    },
    /// Too few teams for the units of a shift.
    #[error("shift {shift:?} needs {units} teams of the pool a day, and the deal gives it {teams}")]
    TooFewTeams {
        /// The shift.
        shift: String,
        /// Units a day.
        units: u32,
        /// Teams the deal gives it.
        teams: u32,
    },
    /// The rotation makes a team work longer than it may.
    #[error("in shift {shift:?} a team works up to {hours} hours a week, and may work {weekly_hours}")]
    TooManyHours {
        /// The shift.
        shift: String,
        /// Hours of the team that works most.
        hours: u32,
        /// What it may work.
        weekly_hours: u32,
    },
    /// Too few teams are rested when a new week begins.
    #[error("on a week's first day {rested} teams are rested for shift {shift:?}, which needs {units}")]
    TooFewRested {
        /// The shift.
        shift: String,
        /// Teams that had their rest.
        rested: u32,
        /// Units of the shift.
        units: u32,
    },
}

/// How two rules must relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Larger.
    Above,
    /// At least.
    AtLeast,
    /// Smaller or equal.
    AtMost,
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Relation::Above => "above",
            Relation::AtLeast => "at least",
            Relation::AtMost => "at most",
        })
    }
}

impl Problem {
    /// How to mend it, in a sentence.
    pub fn mend(&self) -> String {
        self.mend_text().or_else(|| self.mend_dates()).unwrap_or_else(|| self.mend_staff())
    }

    fn mend_text(&self) -> Option<String> {
        Some(match self {
            Problem::Toml { .. } => {
                "write the field as in campaigns/northeast-2017/campaign.toml, which explains each".into()
            }
            Problem::Json { .. } => {
                "make it a GeoJSON FeatureCollection with the fields named in campaign.toml's [files]".into()
            }
            Problem::TooLarge { .. } => "cut the file down to the area of the campaign".into(),
            Problem::FileMissing { name } => {
                format!("put {name} into the campaign's folder, or name another file")
            }
            Problem::FileOutside { .. } => {
                "name a file below the folder of campaign.toml, with forward slashes".into()
            }
            Problem::Id(_) | Problem::IdNotPlain { .. } => {
                "choose a short name such as `stung-treng` or `KH-LA-01`".into()
            }
            Problem::DailyDie { wanted: true } => {
                "say how many digits the public number has and who announces it, e.g. daily_die_digits = 6 and \
                 daily_die_source = \"national lottery, first prize\""
                    .into()
            }
            Problem::DailyDie { wanted: false } => "remove it, or set daily_die = true".into(),
            Problem::SpelledTwoWays { before, .. } => {
                format!("write {before:?} in both places, or choose names that differ in more than capitals")
            }
            Problem::SeldomLegal { .. } => {
                "add teams to the pool, put up fewer units, or lower rules.rest_hours".into()
            }
            Problem::Key { .. } => {
                "copy the line that `sekong anchor init`, or `sekong plant init`, printed".into()
            }
            Problem::Duplicate { kind, .. } => {
                format!("rename or remove one of the two; each {kind} needs its own")
            }
            Problem::Unknown { kind, near: Some(near), .. } => format!("write {near:?}, or add the {kind}"),
            Problem::Unknown { kind, id, near: None } => {
                format!("add a {kind} {id:?}, or name one that is there")
            }
            Problem::TooFew { kind, count, least } => format!("add at least {} {kind} here", least - count),
            Problem::Text => "write a sentence that says where the figure or the name comes from".into(),
            Problem::OutOfRange { low, high, unit, .. } => {
                format!("write a number from {low} to {high} ({unit})")
            }
            Problem::NotAChance { .. } => "write a chance such as 0.6".into(),
            Problem::RangeWithoutBest { .. } => "order the three as low ≤ best ≤ high".into(),
            Problem::NotPlaced { .. } => "add placed = { lon = …, lat = …, why = \"…\" } to the post".into(),
            Problem::PlacedTwice { .. } => {
                "remove `placed`, or remove the coordinates from the crossing".into()
            }
            Problem::UnknownCoordStatus { .. } => {
                "write one of osm, survey, village proxy, village, derived, none".into()
            }
            Problem::UnknownLayer { .. } => "write one of provinces, border, rivers, roads, places".into(),
            Problem::LegToItself { .. } => "name two different places".into(),
            _ => return None,
        })
    }

    fn mend_dates(&self) -> Option<String> {
        Some(match self {
            Problem::NotADate { .. } => "write the date as 2017-01-01, without quotes or a time".into(),
            Problem::DatesReversed { .. } => "swap the two dates, or correct one".into(),
            Problem::TooLong { most, .. } => {
                format!("end the campaign within {most} days and open another after it")
            }
            Problem::DayOutside { .. } => "choose a day between the campaign's first_day and last_day".into(),
            Problem::PhaseGap { expected, .. } => {
                format!("set first_day = {expected}: phases follow each other day by day")
            }
            Problem::PhaseEnd { expected, .. } => format!("set last_day = {expected}"),
            Problem::UnknownTimeZone { .. } => "write a name such as Asia/Phnom_Penh".into(),
            Problem::TimeZoneChanges { .. } => {
                "use a zone with one offset for all the days, or end the campaign before the clocks change"
                    .into()
            }
            Problem::ShiftsOverlap { previous_end, .. } => format!("let the shift start at {previous_end}"),
            Problem::ShiftGap { from, to } => {
                format!("add a shift that starts at {from} and lasts {} hours", to - from)
            }
            Problem::ShiftLength { .. } => {
                "write a shift that crosses midnight as two shifts, each within its day".into()
            }
            Problem::ShiftTooShortForSentinel { .. } => "make the shift 2 hours long or more".into(),
            Problem::NotHours { .. } => {
                "write hours = [from, to] with from 0 to 23 and to 1 to 24, e.g. [18, 6]".into()
            }
            Problem::HourCoverage { times: 0, hour, .. } => {
                format!("add a [[value]] for the post whose hours hold {hour}")
            }
            Problem::HourCoverage { hour, .. } => {
                format!("let only one [[value]] of the post hold the hour {hour}")
            }
            Problem::RulesDisagree { field, relation, limit, .. } => {
                format!("set {field} {relation} {limit}")
            }
            Problem::EnterLead { enter_lead_minutes, lead_minutes } => {
                let next = whole_hours_above(*enter_lead_minutes, *lead_minutes);
                format!(
                    "set enter_lead_minutes = {next}, so that entry values are released with an hour's others"
                )
            }
            _ => return None,
        })
    }

    fn mend_staff(&self) -> String {
        match self {
            Problem::ProvinceWithoutUnit { province, .. } => {
                format!("add a [[unit]] of a pool of {province} for it")
            }
            Problem::ProvinceWithoutSentinel { .. } => {
                "add a [[unit]] with kind = \"sentinel\" that serves the shift".into()
            }
            Problem::PostElsewhere { province, .. } => {
                format!("name posts of {province} only, or use another pool")
            }
            Problem::UnitCannotEnter { nearest_minutes: Some(minutes), lead_minutes, .. } => {
                let next = whole_hours_above(*minutes, *lead_minutes);
                format!("set enter_lead_minutes = {next} or more, or give the pool a nearer base")
            }
            Problem::UnitCannotEnter { nearest_minutes: None, .. } => {
                "give the unit a post that is open to its crew in that shift and season".into()
            }
            Problem::PoolUnused { .. } => "give the pool teams and a [[unit]], or remove it".into(),
            Problem::TooFewTeams { .. } => "add teams to the pool, or take units from it".into(),
            Problem::TooManyHours { .. } => "add teams to the pool, so that each rests more days".into(),
            Problem::TooFewRested { .. } => {
                "add teams to the pool, or lower rest_hours if the law allows it".into()
            }
            other => format!("correct it: {other}"),
        }
    }
}

/// The smallest `lead + 60·n` that is not below `minutes`.
fn whole_hours_above(minutes: u32, lead_minutes: u32) -> u32 {
    lead_minutes.saturating_add(minutes.saturating_sub(lead_minutes).div_ceil(60).saturating_mul(60))
}

/// Collects problems; their places in `campaign.toml` are looked up once, when all are known.
#[derive(Default)]
pub(crate) struct Faults {
    found: Vec<CampaignError>,
    more: usize,
}

impl Faults {
    /// Notes a problem of a field of `campaign.toml`.
    pub(crate) fn report(&mut self, field: impl Into<String>, problem: Problem) {
        self.report_at(CAMPAIGN_FILE, None, field.into(), problem);
    }

    pub(crate) fn report_at(
        &mut self,
        file: &str,
        span: Option<Range<usize>>,
        field: String,
        problem: Problem,
    ) {
        if self.found.len() == ERRORS_MAX {
            self.more += 1;
        } else {
            self.found.push(CampaignError { file: file.to_owned(), span, field, problem });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The value, if nothing was found wrong with it.
    pub(crate) fn into_result<T>(mut self, toml: &str, value: Option<T>) -> Result<T, CampaignErrors> {
        if let (Some(value), true) = (value, self.found.is_empty()) {
            return Ok(value);
        }
        for error in self.found.iter_mut().filter(|e| e.span.is_none() && e.file == CAMPAIGN_FILE) {
            error.span = locate::span_of(toml, &error.field);
        }
        Err(CampaignErrors { errors: self.found, more: self.more })
    }
}

fn given(kind: Kind, count: usize) -> String {
    if count == 0 { format!("there is no {kind}") } else { format!("kind {kind}: only {count}") }
}
