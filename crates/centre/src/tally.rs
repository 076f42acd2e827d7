//! The figures of a stretch of days, counted from the state.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sekong_log::{DeviceId, SilenceReason};
use sekong_model::{AnchorId, CustodianId, Day, Hour, Moment, Order};

use crate::state::{CLOCK_TOLERANCE, DoubleStanding, Outcome, State, TwoFaces};

/// What was drawn and what became of it; every inspection that the draw placed is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Provinces × hours.
    pub province_hours: u64,
    /// Posts × hours.
    pub post_hours: u64,
    /// Province-hours in which the draw placed at least one inspection, done or not.
    pub province_hours_covered: u64,
    /// Orders that a die decided.
    pub orders: u64,
    /// Of these, orders to leave for a post.
    pub orders_driving: u64,
    /// Begun and reported in time.
    pub done: u64,
    /// Begun late by the team's own word.
    pub late: u64,
    /// Reported too late.
    pub late_arrived: u64,
    /// Not reported.
    pub missed: u64,
    /// Of these, dealt to teams that were away.
    pub missed_away: u64,
    /// Boxes that teams on duty said they opened.
    pub boxes_opened: u64,
    /// Orders that were read out or sent as codes.
    pub orders_relayed: u64,
}

impl Tally {
    /// Counts the campaign's first `days` days.
    pub fn of(state: &State, days: u32) -> Tally {
        let campaign = state.campaign();
        let days: BTreeSet<Day> = campaign.days().take(days as usize).collect();
        let hours = (days.len() * Hour::all().count()) as u64;
        let mut tally = Tally {
            province_hours: hours * campaign.provinces().len() as u64,
            post_hours: hours * campaign.posts().len() as u64,
            ..Tally::default()
        };
        tally.count_orders(state, &days);
        tally.count_outcomes(state, &days);
        (tally.boxes_opened, tally.orders_relayed) = state.told_figures(&days);
        tally
    }

    /// Inspections made, in time or not.
    pub fn inspections(&self) -> u64 {
        self.done + self.late + self.late_arrived
    }

    fn count_orders(&mut self, state: &State, days: &BTreeSet<Day>) {
        for (_, moment, drawn) in state.draws() {
            let Moment::Hour { day, .. } = moment else { continue };
            if !days.contains(&day) {
                continue;
            }
            let thrown = drawn.orders.iter().filter(|order| order.thrown);
            for order in thrown {
                self.orders += 1;
                self.orders_driving += u64::from(matches!(order.order, Order::Drive { .. }));
            }
        }
    }

    fn count_outcomes(&mut self, state: &State, days: &BTreeSet<Day>) {
        let mut covered = BTreeSet::new();
        for (day, hour, _, due) in state.dues().filter(|(day, ..)| days.contains(day)) {
            covered.insert((&due.province, day, hour));
            match state.outcome(day, hour, due) {
                Outcome::Done => self.done += 1,
                Outcome::Late => self.late += 1,
                Outcome::LateArrived => self.late_arrived += 1,
                Outcome::Missed => {
                    self.missed += 1;
                    self.missed_away += u64::from(due.away);
                }
            }
        }
        self.province_hours_covered = covered.len() as u64;
    }
}

/// What was drawn with dice in the stead of custodians that were silent, as the log notes it. A planned outage is none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Degraded {
    /// Provinces × hours in which some custodian was silent.
    pub province_hours: u64,
    /// Provinces × weeks whose deal some custodian was silent for.
    pub province_weeks: u64,
    /// Of the province-hours, those of each custodian of the campaign, by what its answer lacked.
    pub by_custodian: BTreeMap<CustodianId, BTreeMap<SilenceReason, u64>>,
    /// Of the province-weeks, likewise.
    pub weeks_by_custodian: BTreeMap<CustodianId, BTreeMap<SilenceReason, u64>>,
    /// Of both, those for which fewer custodians than [`CUSTODIANS_MIN`] gave a value: then two officers alone could choose.
    pub weak: u64,
}

/// Fewest custodians whose values make a draw that is not in the hands of two officers (DESIGN 6).
pub const CUSTODIANS_MIN: usize = 3;

impl Degraded {
    /// Counts every silence noted so far; a custodian without one has its place, too.
    pub fn of(state: &State) -> Degraded {
        let custodians = state.campaign().custodians().iter();
        let by_custodian: BTreeMap<_, _> =
            custodians.map(|custodian| (custodian.clone(), BTreeMap::new())).collect();
        let weeks_by_custodian = by_custodian.clone();
        let mut degraded = Degraded { by_custodian, weeks_by_custodian, ..Degraded::default() };
        for (province, moment, noted) in state.silences() {
            let answered = state.custodians_of(province, moment).len().saturating_sub(noted.silent.len());
            degraded.weak += u64::from(answered < CUSTODIANS_MIN);
            let (count, by_custodian) = match moment {
                Moment::Hour { .. } => (&mut degraded.province_hours, &mut degraded.by_custodian),
                Moment::Week { .. } => (&mut degraded.province_weeks, &mut degraded.weeks_by_custodian),
            };
            *count += 1;
            for silent in &noted.silent {
                let reasons = by_custodian.entry(silent.custodian.clone()).or_default();
                *reasons.entry(silent.reason).or_default() += 1;
            }
        }
        degraded
    }

    /// Province-hours in which each custodian was silent.
    pub fn hours(&self) -> BTreeMap<&CustodianId, u64> {
        sums(&self.by_custodian)
    }

    /// Province-weeks for whose deal each custodian was silent.
    pub fn weeks(&self) -> BTreeMap<&CustodianId, u64> {
        sums(&self.weeks_by_custodian)
    }
}

fn sums(of: &BTreeMap<CustodianId, BTreeMap<SilenceReason, u64>>) -> BTreeMap<&CustodianId, u64> {
    of.iter().map(|(custodian, reasons)| (custodian, reasons.values().sum())).collect()
}

/// What was released, dealt or ordered later than the schedule says, by more than clocks may be apart. A centre that has seen the values and
/// waits with the log cannot hide that, unless it sets the times of all that it writes meanwhile back as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Late {
    /// Provinces × hours.
    pub province_hours: u64,
    /// Provinces × weeks.
    pub province_weeks: u64,
    /// Of both, those without a silence that would explain it.
    pub unexplained: u64,
    /// The latest of them all.
    pub longest: SignedDuration,
}

impl Late {
    /// Counts every release so far.
    pub fn of(state: &State) -> Late {
        let mut late = Late::default();
        for (province, moment, by) in state.late_releases() {
            match moment {
                Moment::Hour { .. } => late.province_hours += 1,
                Moment::Week { .. } => late.province_weeks += 1,
            }
            late.unexplained += u64::from(state.silence(province, moment).is_none());
            late.longest = late.longest.max(by);
        }
        late
    }
}

/// Hours that were closed over a head older than one that follows the schedule. While a centre holds its heads back, every
/// report arrives late, whatever its team did: then that is the centre's lateness.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OldHeads {
    /// Hours closed.
    pub closed: u64,
    /// Of these, those closed over such a head.
    pub old: u64,
    /// Reports that arrived late in these hours.
    pub late_arrived: u64,
    /// By how much the oldest of these heads was too old.
    pub longest: SignedDuration,
}

impl OldHeads {
    /// Looks at every hour that was closed so far.
    pub fn of(state: &State) -> OldHeads {
        let mut heads = OldHeads::default();
        for (day, hour, cosigned) in state.closed_over() {
            heads.closed += 1;
            let by = oldest_at(state, day, hour).duration_since(cosigned);
            if by.is_positive() {
                heads.old += 1;
                heads.longest = heads.longest.max(by);
                let dues = state.dues_of(day, hour);
                let late = dues.filter(|(_, due)| state.outcome(day, hour, due) == Outcome::LateArrived);
                heads.late_arrived += late.count() as u64;
            }
        }
        heads
    }
}

/// The oldest head over which an hour is closed if the schedule is kept: the last draw that was due before the deadline made one,
/// or the note that a custodian was silent.
fn oldest_at(state: &State, day: Day, hour: Hour) -> Timestamp {
    let (campaign, deadline) = (state.campaign(), state.report_deadline(day, hour));
    let around = [-1, 0, 1].into_iter().filter_map(|days| day.plus_days(days));
    let hours =
        around.filter(|day| campaign.holds(*day)).flat_map(|day| Hour::all().map(move |hour| (day, hour)));
    let draws = hours.map(|(day, hour)| campaign.release_at(Moment::Hour { day, hour }));
    let last_draw = draws.filter(|due| *due <= deadline).max().unwrap_or(Timestamp::MIN);
    let silence = SignedDuration::from_mins(i64::from(campaign.rules().silence_minutes));
    last_draw.saturating_sub(silence + CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN)
}

/// What was said about earlier entries. No other figure changes by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amended {
    /// Corrections of reports.
    pub corrections: u64,
    /// Of these, those logged after their hour was closed.
    pub corrections_late: u64,
    /// Records of persons that were committed to.
    pub persons: u64,
    /// Of these, erased.
    pub persons_erased: u64,
    /// Looks at records of persons.
    pub looks: u64,
    /// Devices that signed two entries with one sequence number.
    pub two_faces: Vec<(DeviceId, u64, TwoFaces)>,
}

impl Amended {
    /// Counts everything so far.
    pub fn of(state: &State) -> Amended {
        let erased = state.persons().filter(|(_, place)| place.erased.is_some());
        let mut amended = Amended {
            persons: state.persons().count() as u64,
            persons_erased: erased.count() as u64,
            looks: state.looks(),
            two_faces: state.two_faces().map(|(device, seq, shown)| (*device, seq, shown)).collect(),
            ..Amended::default()
        };
        for (day, hour, _, due) in state.dues() {
            let closed = state.closed_under(day, hour);
            for correction in due.report.iter().flat_map(|report| &report.corrections) {
                amended.corrections += 1;
                amended.corrections_late += u64::from(closed.is_some_and(|size| size <= correction.index));
            }
        }
        amended
    }
}

/// Commitments to simulants: one that stays closed may hide a result that somebody did not like, so that each is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plants {
    /// Opened by their deadline.
    pub opened: u64,
    /// Opened later.
    pub opened_late: u64,
    /// Closed, and not due yet.
    pub waiting: u64,
    /// Closed, though their deadline is over by the newest time of the log.
    pub overdue: u64,
}

impl Plants {
    /// Counts every commitment.
    pub fn of(state: &State) -> Plants {
        let (now, mut plants) = (state.centre_time(), Plants::default());
        for (_, plant) in state.plants() {
            let count = match (&plant.opened, plant.in_time()) {
                (_, Some(_)) => &mut plants.opened,
                (Some(_), None) => &mut plants.opened_late,
                (None, _) if now <= plant.deadline => &mut plants.waiting,
                (None, _) => &mut plants.overdue,
            };
            *count += 1;
        }
        plants
    }
}

/// Double inspections, each of which is counted whatever it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubles {
    /// Within a week, of visits that were made and reported in time.
    pub in_time: u64,
    /// Later, or of visits that were: they tell nothing of detection.
    pub late: u64,
    /// Within a week, of visits that this reader cannot judge yet.
    pub unread: u64,
}

impl Doubles {
    /// Counts every double inspection.
    pub fn of(state: &State) -> Doubles {
        let mut doubles = Doubles::default();
        for double in state.doubles() {
            *match double.standing {
                DoubleStanding::InTime => &mut doubles.in_time,
                DoubleStanding::Late => &mut doubles.late,
                DoubleStanding::Unread => &mut doubles.unread,
            } += 1;
        }
        doubles
    }
}

/// How a log of others was anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchors {
    /// Its name.
    pub anchor: AnchorId,
    /// Hours that it was anchored for.
    pub hours: u64,
    /// The last of them.
    pub last: Option<(Day, Hour)>,
    /// Most hours from one anchor to the next.
    pub longest_gap_hours: u64,
}

impl Anchors {
    /// Counts every log that the campaign names.
    pub fn of(state: &State) -> Vec<Anchors> {
        let anchors = state.campaign().anchors().iter().map(|anchor| {
            let hours = state.anchored(&anchor.id);
            Anchors {
                anchor: anchor.id.clone(),
                hours: hours.map_or(0, |hours| hours.len() as u64),
                last: hours.and_then(|hours| hours.keys().next_back().copied()),
                longest_gap_hours: hours.map_or(0, |hours| state.longest_gap_hours(hours)),
            }
        });
        anchors.collect()
    }
}
