//! The clocks that a centre is given: the machine's, or one that a demo sets or lets run.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use sekong_centre::Clock;
use sekong_model::Campaign;
use tokio::sync::watch;

use crate::output::{complain, print_line};

/// Longest single sleep: a clock that was set meanwhile is looked at again.
const SLEEP_MAX: Duration = Duration::from_secs(60);

type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The machine's time.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Says from now on whether so much time is over; `None` is never.
pub(crate) fn over_after(limit: Option<Duration>) -> impl Fn() -> bool + Sync {
    let started = instant();
    move || limit.is_some_and(|limit| limit <= started.elapsed())
}

/// The machine's clock; when that is set back, this one stands until it has come up again.
#[derive(Default)]
pub(crate) struct SystemClock {
    /// The latest second that it told, since 1970.
    latest_s: AtomicI64,
}

impl SystemClock {
    /// What it tells when the machine says `now`: never less than before, to the second in which entries are timed.
    fn after(&self, now: Timestamp) -> Timestamp {
        let before = self.latest_s.fetch_max(now.as_second(), Ordering::SeqCst);
        if before <= now.as_second() { now } else { Timestamp::from_second(before).unwrap_or(now) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.after(now())
    }

    fn speed(&self) -> f64 {
        1.0
    }

    fn wait_until(&self, time: Timestamp) -> Waiting<'_> {
        Box::pin(async move {
            loop {
                let ahead = now().duration_until(time);
                if ahead <= SignedDuration::ZERO {
                    return;
                }
                tokio::time::sleep(ahead.unsigned_abs().min(SLEEP_MAX)).await;
            }
        })
    }
}

/// How a demo's time passes.
#[derive(Debug, Clone, Copy)]
enum Pace {
    Standing(Timestamp),
    Running { from: Timestamp, since: Instant, speed: Speed },
}

/// A demo's clock: it stands until it is set forward, or runs.
pub(crate) struct DemoClock(watch::Sender<Pace>);

impl DemoClock {
    /// A clock that stands at `time`.
    pub(crate) fn standing_at(time: Timestamp) -> DemoClock {
        DemoClock(watch::channel(Pace::Standing(time)).0)
    }

    /// A clock that runs from `start` on, and with `steps` is set to each time that is read from standard input.
    pub(crate) fn started(start: Timestamp, speed: Speed, steps: bool) -> Arc<DemoClock> {
        let clock = Arc::new(DemoClock::standing_at(start));
        clock.run(speed);
        if steps {
            let stepping = clock.clone();
            std::thread::spawn(move || stepping.step_as_told());
        }
        clock
    }

    /// Each step is said back, so that whoever steps several clocks knows that this one has come. What is no time is told
    /// and passed over; at the end of input the clock stays as it is.
    fn step_as_told(&self) {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            match line.trim().parse() {
                Ok(time) => {
                    self.step_to(time);
                    // A reader who went away needs no answer.
                    let _ = print_line(self.now());
                }
                Err(error) => complain(format_args!(
                    "a step is a time like 2017-01-08T00:00:00Z, not {line:?}: {error}"
                )),
            }
        }
    }

    /// Sets it forward; it never runs backwards.
    pub(crate) fn step_to(&self, time: Timestamp) {
        let time = time.max(self.now());
        self.0.send_replace(Pace::Standing(time));
    }

    /// Lets it run from where it is.
    pub(crate) fn run(&self, speed: Speed) {
        self.0.send_replace(Pace::Running { from: self.now(), since: instant(), speed });
    }

    /// Whether it runs by itself.
    pub(crate) fn runs(&self) -> bool {
        matches!(*self.0.borrow(), Pace::Running { .. })
    }
}

impl Pace {
    fn now(self) -> Timestamp {
        match self {
            Pace::Standing(time) => time,
            Pace::Running { from, since, speed } => {
                let passed = Duration::try_from_secs_f64(since.elapsed().as_secs_f64() * speed.0);
                let passed = passed.unwrap_or(Duration::MAX);
                let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
                from.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// How long until `time`, on the machine's clock; `None` if it has come.
    fn sleep_until(self, time: Timestamp) -> Option<Duration> {
        let ahead = self.now().duration_until(time);
        if ahead <= SignedDuration::ZERO {
            return None;
        }
        match self {
            Pace::Running { speed, .. } if 0.0 < speed.0 => {
                let sleep = Duration::try_from_secs_f64(ahead.as_secs_f64() / speed.0);
                Some(sleep.unwrap_or(SLEEP_MAX).min(SLEEP_MAX))
            }
            Pace::Running { .. } | Pace::Standing(_) => Some(SLEEP_MAX),
        }
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().now()
    }

    fn speed(&self) -> f64 {
        match *self.0.borrow() {
            Pace::Standing(_) => 0.0,
            Pace::Running { speed, .. } => speed.0,
        }
    }

    fn wait_until(&self, time: Timestamp) -> Waiting<'_> {
        Box::pin(async move {
            let mut pace = self.0.subscribe();
            loop {
                let Some(sleep) = pace.borrow_and_update().sleep_until(time) else { return };
                // Either the time has come or the clock was set: both are seen by looking again.
                let _ = tokio::time::timeout(sleep, pace.changed()).await;
            }
        })
    }
}

/// Campaign seconds that pass in a second, 0 to 3600.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed(f64);

impl Speed {
    /// A minute in a second: an hour of the campaign takes a minute.
    pub(crate) const DEMO: Speed = Speed(60.0);

    const MAX: f64 = 3_600.0;
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Speed {
    type Err = String;
    fn from_str(text: &str) -> Result<Speed, String> {
        let speed = text.parse().ok().filter(|speed| (0.0..=Speed::MAX).contains(speed));
        speed.map(Speed).ok_or_else(|| format!("a speed is a number from 0 to {}, not {text:?}", Speed::MAX))
    }
}

/// When a demo's clock starts: an instant, or local time of the campaign.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    Instant(Timestamp),
    Local(DateTime),
}

/// `START,SPEED`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DemoStart {
    start: Start,
    /// How fast it runs.
    pub(crate) speed: Speed,
}

impl DemoStart {
    /// The same for who knows no campaign; `None` if it starts at a local time.
    pub(crate) fn instant_alone(&self) -> Option<Timestamp> {
        match self.start {
            Start::Instant(time) => Some(time),
            Start::Local(_) => None,
        }
    }

    /// The instant at which it starts.
    pub(crate) fn instant(&self, campaign: &Campaign) -> Timestamp {
        match self.start {
            Start::Instant(time) => time,
            Start::Local(local) => campaign.instant_of(local),
        }
    }
}

impl FromStr for DemoStart {
    type Err = String;
    fn from_str(text: &str) -> Result<DemoStart, String> {
        let (start, speed) = text
            .split_once(',')
            .ok_or_else(|| format!("START,SPEED is wanted, e.g. 2017-01-08T07:00,60, not {text:?}"))?;
        Ok(DemoStart { start: start.parse()?, speed: speed.parse()? })
    }
}

impl FromStr for Start {
    type Err = String;
    fn from_str(text: &str) -> Result<Start, String> {
        let instant = text.parse().map(Start::Instant);
        instant.or_else(|_| text.parse().map(Start::Local)).map_err(|_| {
            format!("a start is written 2017-01-08T00:00:00Z, or 2017-01-08T07:00 in the campaign's time, not {text:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_start_is_an_instant_or_local_and_a_speed_is_bounded() {
        let instant: DemoStart = "2017-01-08T00:00:00Z,60".parse().unwrap();
        assert_eq!(instant.start, Start::Instant(time("2017-01-08T00:00:00Z")));
        assert_eq!(instant.speed, Speed(60.0));
        let local: DemoStart = "2017-01-08T07:00,0.5".parse().unwrap();
        assert!(matches!(local.start, Start::Local(_)));
        for wrong in ["", "2017-01-08T00:00:00Z", "x,1", "2017-01-08T00:00:00Z,", "2017-01-08T07:00,-1"] {
            assert!(wrong.parse::<DemoStart>().is_err(), "{wrong}");
        }
        for wrong in ["NaN", "inf", "3601", "-0.1", "1e9", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_machines_clock_stands_while_the_machine_is_set_back() {
        let clock = SystemClock::default();
        let told = ["10:00:05", "10:00:00", "10:00:04", "10:00:06"].map(|text| {
            let told = clock.after(time(&format!("2017-01-01T{text}Z")));
            told.to_string()
        });
        let wanted = ["10:00:05", "10:00:05", "10:00:05", "10:00:06"];
        assert_eq!(told, wanted.map(|text| format!("2017-01-01T{text}Z")));
    }

    #[tokio::test]
    async fn a_standing_clock_wakes_whoever_waits_when_it_is_set() {
        let clock = DemoClock::standing_at(time("2017-01-01T00:00:00Z"));
        let noon = time("2017-01-01T12:00:00Z");
        let waiting = clock.wait_until(noon);
        let setting = async {
            clock.step_to(time("2017-01-01T11:00:00Z"));
            tokio::task::yield_now().await;
            clock.step_to(noon);
        };
        tokio::join!(waiting, setting);
        clock.step_to(time("2016-01-01T00:00:00Z"));
        assert_eq!(clock.now(), noon, "it never runs backwards");
    }

    #[tokio::test]
    async fn a_running_clock_goes_on_from_where_it_stood() {
        let start = time("2017-01-01T00:00:00Z");
        let clock = DemoClock::standing_at(start);
        clock.run("3600".parse().unwrap());
        clock.wait_until(start + SignedDuration::from_mins(3)).await;
        assert!(start + SignedDuration::from_mins(3) <= clock.now());
        clock.run("0".parse().unwrap());
        let stood = clock.now();
        assert_eq!(clock.now(), stood, "at speed 0 it stands");
    }
}
