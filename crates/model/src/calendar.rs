//! Days, weeks and the moments at which custodians release their values.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use crate::{Campaign, Day, HOURS_PER_DAY, Hour, Moment};

/// Days in a week of the campaign; week 0 begins on its first day.
pub const DAYS_PER_WEEK: u32 = 7;

/// A stretch of the campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// First day.
    pub first_day: Day,
    /// Last day.
    pub last_day: Day,
}

impl Campaign {
    /// First day.
    pub fn first_day(&self) -> Day {
        self.first_day
    }

    /// Last day.
    pub fn last_day(&self) -> Day {
        self.nth_day(self.day_count.saturating_sub(1)).unwrap_or(self.first_day)
    }

    /// All days in order.
    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let first = self.first_day;
        (0..self.day_count).filter_map(move |n| first.plus_days(i32::try_from(n).ok()?))
    }

    fn nth_day(&self, n: u32) -> Option<Day> {
        self.first_day.plus_days(i32::try_from(n).ok()?)
    }

    /// First instant after the campaign: the midnight at which its last day ends.
    pub fn ends_at(&self) -> Timestamp {
        self.instant(self.last_day(), Hour::MIDNIGHT) + SignedDuration::from_hours(i64::from(HOURS_PER_DAY))
    }

    /// Whether a day belongs to the campaign.
    pub fn holds(&self, day: Day) -> bool {
        self.first_day <= day && day <= self.last_day()
    }

    /// The week of a day; days before the first count to week 0.
    pub fn week_of(&self, day: Day) -> u32 {
        u32::try_from(day.days_since(self.first_day)).unwrap_or(0) / DAYS_PER_WEEK
    }

    /// The days of a week, fewer than seven in a short last one, none beyond it.
    pub fn week_days(&self, week: u32) -> Vec<Day> {
        let first = week.saturating_mul(DAYS_PER_WEEK);
        let end = first.saturating_add(DAYS_PER_WEEK).min(self.day_count);
        (first..end).filter_map(|n| self.nth_day(n)).collect()
    }

    /// Seconds east of UTC, the same on all its days.
    pub fn utc_offset_seconds(&self) -> i32 {
        self.offset.seconds()
    }

    /// The instant of a local time; the ends of time beyond the calendar.
    pub fn instant_of(&self, local: DateTime) -> Timestamp {
        let beyond = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.offset.to_timestamp(local).unwrap_or(beyond)
    }

    /// When an hour of a day begins; the ends of time for days beyond the calendar.
    pub fn instant(&self, day: Day, hour: Hour) -> Timestamp {
        self.instant_of(Date::from(day).at(hour.get() as i8, 0, 0, 0))
    }

    /// The day and hour, local time, that hold an instant.
    pub fn day_hour_of(&self, instant: Timestamp) -> (Day, Hour) {
        let local = self.offset.to_datetime(instant);
        let hour = u8::try_from(local.hour()).ok().and_then(|h| Hour::try_from(h).ok());
        (Day::nearest(local.date()), hour.expect("a civil time's hour is 0 to 23"))
    }

    /// All moments a custodian holds a value for in each province: weeks in order, then hours in order.
    pub fn moments_of_campaign(&self) -> impl Iterator<Item = Moment> + use<> {
        let hours = self.days().flat_map(|day| Hour::all().map(move |hour| Moment::Hour { day, hour }));
        self.weeks().map(|week| Moment::Week { week }).chain(hours)
    }

    /// Number of [`Campaign::moments_of_campaign`].
    pub fn moment_count(&self) -> u64 {
        u64::from(self.weeks().end) + u64::from(self.day_count) * u64::from(HOURS_PER_DAY)
    }

    /// When the values of a moment may be released: a shift's first hour early enough to drive out, any other hour
    /// by the lead, a week by the deal's lead before its first hour.
    pub fn release_at(&self, moment: Moment) -> Timestamp {
        match moment {
            Moment::Week { week } => {
                let first = self.nth_day(week.saturating_mul(DAYS_PER_WEEK)).unwrap_or(self.last_day());
                self.before(first, Hour::MIDNIGHT, self.rules.deal_lead_hours.saturating_mul(60))
            }
            Moment::Hour { day, hour } => self.before(day, hour, self.lead_minutes_of(hour)),
        }
    }

    /// When the plan of a day must be frozen.
    pub fn plan_frozen_at(&self, day: Day) -> Timestamp {
        self.before(day, Hour::MIDNIGHT, self.rules.plan_at_hours.saturating_mul(60))
    }

    /// When the absences of a day must be frozen.
    pub fn absences_frozen_at(&self, day: Day) -> Timestamp {
        self.before(day, Hour::MIDNIGHT, self.rules.absences_at_hours.saturating_mul(60))
    }

    /// Minutes before an hour at which its values are released.
    pub fn lead_minutes_of(&self, hour: Hour) -> u32 {
        let enters = self.shifts.iter().any(|shift| shift.start == hour);
        if enters { self.rules.enter_lead_minutes } else { self.rules.lead_minutes }
    }

    fn before(&self, day: Day, hour: Hour, minutes: u32) -> Timestamp {
        let lead = SignedDuration::from_mins(i64::from(minutes));
        self.instant(day, hour).checked_sub(lead).unwrap_or(Timestamp::MIN)
    }
}
