//! Days, hours and moments in the campaign's local time.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Hours in a campaign day. Zones that change their offset during a campaign are refused by the loader.
pub const HOURS_PER_DAY: u8 = 24;

/// Years in which days lie: far enough from the calendar's ends for every sum of times to stay within it.
const YEARS: RangeInclusive<i16> = 1900..=8999;

/// A calendar day in the campaign's local time, written `2017-01-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Date", into = "Date")]
pub struct Day(Date);

/// Why something is no day.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DayError {
    /// It is not written as one.
    #[error(transparent)]
    Text(#[from] jiff::Error),
    /// It lies beyond all campaigns.
    #[error("a day lies between the years {} and {}, not {day}", YEARS.start(), YEARS.end())]
    Far {
        /// As given.
        day: Date,
    },
}

impl TryFrom<Date> for Day {
    type Error = DayError;
    fn try_from(day: Date) -> Result<Day, DayError> {
        if YEARS.contains(&day.year()) { Ok(Day(day)) } else { Err(DayError::Far { day }) }
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Date {
        day.0
    }
}

impl Day {
    /// The day of a date; for one beyond all campaigns the nearest that could be of one.
    pub(crate) fn nearest(date: Date) -> Day {
        let (first, last) = (Date::constant(*YEARS.start(), 1, 1), Date::constant(*YEARS.end(), 12, 31));
        Day(date.clamp(first, last))
    }

    /// The day `days` later (earlier if negative); `None` beyond the calendar's range.
    pub fn plus_days(self, days: i32) -> Option<Day> {
        Day::try_from(self.0.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?).ok()
    }

    /// Whole days from `earlier` to this day, negative if this day comes first.
    pub fn days_since(self, earlier: Day) -> i32 {
        // Dates span ±9,999 years: at most 7.3 million days either way, which an i32 holds.
        self.0.duration_since(earlier.0).as_hours() as i32 / i32::from(HOURS_PER_DAY)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        text.parse::<Date>()?.try_into()
    }
}

/// An hour of a day, 0 to 23, local time; it names the hour that begins then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Hour(u8);

/// The number is not an hour of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an hour is 0 to 23, not {0}")]
pub struct HourError(pub u8);

impl Hour {
    /// The first hour of a day.
    pub const MIDNIGHT: Hour = Hour(0);

    /// The hour, 0 to 23.
    pub fn get(self) -> u8 {
        self.0
    }

    /// All 24 hours in order.
    pub fn all() -> impl Iterator<Item = Hour> {
        (0..HOURS_PER_DAY).map(Hour)
    }
}

impl TryFrom<u8> for Hour {
    type Error = HourError;
    fn try_from(hour: u8) -> Result<Self, HourError> {
        if hour < HOURS_PER_DAY { Ok(Hour(hour)) } else { Err(HourError(hour)) }
    }
}

impl From<Hour> for u8 {
    fn from(hour: Hour) -> u8 {
        hour.0
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// What one set of custodian values is for: a province-hour, or a province-week (the deal of teams to shifts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged, try_from = "MomentParts")]
pub enum Moment {
    /// The `week`-th week of the campaign, from 0; a week is seven days from the first day.
    Week {
        /// Weeks since the campaign began.
        week: u32,
    },
    /// One hour of one day.
    Hour {
        /// The day.
        day: Day,
        /// The hour.
        hour: Hour,
    },
}

/// What a moment is read from, so that what is no moment is told from what it lacks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MomentParts {
    week: Option<u32>,
    day: Option<Day>,
    hour: Option<Hour>,
}

impl TryFrom<MomentParts> for Moment {
    type Error = &'static str;
    fn try_from(parts: MomentParts) -> Result<Moment, &'static str> {
        match (parts.week, parts.day, parts.hour) {
            (Some(week), None, None) => Ok(Moment::Week { week }),
            (None, Some(day), Some(hour)) => Ok(Moment::Hour { day, hour }),
            _ => Err("a moment is {\"week\": 3} or {\"day\": \"2017-01-31\", \"hour\": 5}"),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Week { week } => write!(f, "week {week}"),
            Moment::Hour { day, hour } => write!(f, "{day} {hour}:00"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_that_a_campaign_can_have() {
        for (text, sane) in [
            ("1900-01-01", true),
            ("8999-12-31", true),
            ("9000-01-01", false),
            ("1899-12-31", false),
            ("-009999-01-01", false),
        ] {
            assert_eq!(text.parse::<Day>().is_ok(), sane, "{text}");
            assert_eq!(serde_json::from_str::<Day>(&format!("\"{text}\"")).is_ok(), sane, "{text}");
        }
        let last: Day = "8999-12-31".parse().unwrap();
        assert_eq!(last.plus_days(1), None);
    }
}
