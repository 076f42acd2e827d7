//! The part `log`: each kind of rounds, one after the other, and its figures.

use std::fmt::Display;
use std::time::Instant;

use sekong_torture::{
    Backlog, Binary, Cutting, Fill, Inflicting, Killing, Moment, Promise, Trouble, cut_under, fill,
};

use crate::Tally;

/// Rounds of SIGKILL.
const KILLS: u64 = 1_000;

/// Power cuts.
const CUTS: u64 = 200;

/// Power cuts under plain writers.
const WRITERS: u64 = 10;

/// Faults at calls at most; there are as many as the server has calls on its write path.
const CALLS_MAX: u64 = 400;

/// Full disks: half of them down to the reserve, half to the last block.
const FULL_DISKS: u64 = 10;

/// Rounds that fail in a row before a kind is given up: what fails always would only take time.
const FAILURES_MAX: u32 = 5;

/// A kind of rounds.
struct Kind {
    name: &'static str,
    rounds: u64,
    torture: fn(&Binary, &Backlog, u64) -> Tally,
}

const KINDS: [Kind; 5] = [
    Kind { name: "kill", rounds: KILLS, torture: kill },
    Kind { name: "power", rounds: CUTS, torture: power },
    Kind { name: "call", rounds: CALLS_MAX, torture: call },
    Kind { name: "full", rounds: FULL_DISKS, torture: full },
    Kind { name: "writer", rounds: WRITERS, torture: writer },
];

/// Every kind, or so many rounds of one.
pub(crate) fn torture(binary: &Binary, only: Option<&str>) -> Tally {
    let mut total = Tally::default();
    let backlog = match Backlog::make(binary) {
        Ok(backlog) => backlog,
        Err(trouble) => {
            println!("no backlog: {trouble}");
            total.count(false);
            return total;
        }
    };
    println!("{} signed entries wait", backlog.entries());
    for kind in KINDS {
        let rounds = only.map_or(Some(kind.rounds), |only| rounds_of(only, kind.name));
        let Some(rounds) = rounds else { continue };
        let started = now();
        let tally = (kind.torture)(binary, &backlog, rounds);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{}: {} passed, {} failed in {seconds:.0} s, {:.2} s a round",
            kind.name,
            tally.passed,
            tally.failed,
            seconds / rounds.max(1) as f64
        );
        total.add(tally);
    }
    total
}

/// Reads `KIND=ROUNDS`, if it is this kind.
fn rounds_of(only: &str, name: &str) -> Option<u64> {
    only.strip_prefix(name)?.strip_prefix('=')?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "how long a kind of rounds takes is a figure of the machine")]
fn now() -> Instant {
    Instant::now()
}

/// Runs rounds and says what each came to, until too many fail in a row. Rounds that were not run have failed.
fn rounds<T: Display>(
    kind: &str,
    count: u64,
    mut round: impl FnMut(u64) -> Result<T, Trouble>,
    mut held: impl FnMut(&T),
) -> Tally {
    let (mut tally, mut in_a_row) = (Tally::default(), 0);
    for number in 1..=count {
        if in_a_row == FAILURES_MAX {
            println!("{kind}: given up");
            tally.failed += count + 1 - number;
            break;
        }
        let outcome = round(number);
        tally.count(outcome.is_ok());
        match outcome {
            Ok(done) => {
                println!("{kind} {number}: {done}");
                held(&done);
                in_a_row = 0;
            }
            Err(trouble) => {
                println!("{kind} {number}: {trouble}");
                in_a_row += 1;
            }
        }
    }
    tally
}

/// Whether a figure is as large as it must be for the rounds to prove anything; counts as a round.
fn check(tally: &mut Tally, what: &str, found: u64, wanted: u64) {
    let enough = wanted <= found;
    println!("{what}: {found}{}", if enough { String::new() } else { format!(", {wanted} are wanted") });
    tally.count(enough);
}

fn kill(binary: &Binary, backlog: &Backlog, count: u64) -> Tally {
    let mut killing = Killing::new(binary, backlog);
    let (mut middle, mut of) = ([0; 3], [0; 3]);
    let mut tally = rounds(
        "kill",
        count,
        |round| killing.round(round),
        |killed| {
            let place = match killed.moment {
                Moment::Sending => 0,
                Moment::Starting => 1,
                Moment::Ending => 2,
            };
            of[place] += 1;
            middle[place] += u64::from(killed.in_the_middle);
        },
    );
    let ended = killing.end();
    if let Err(trouble) = &ended {
        println!("kill, at the end: {trouble}");
    }
    tally.count(ended.is_ok());
    check(&mut tally, &format!("kills between acknowledgements, of {}", of[0]), middle[0], of[0] / 2);
    check(&mut tally, &format!("kills before it said where it listens, of {}", of[1]), middle[1], of[1] / 4);
    check(
        &mut tally,
        &format!("kills before the write-ahead log was gone, of {}", of[2]),
        middle[2],
        of[2] / 4,
    );
    tally
}

/// Half of the cuts on a disk as it is, half on one whose flushes begin late: there most fall between write and flush.
fn power(binary: &Binary, backlog: &Backlog, count: u64) -> Tally {
    let (plain, slow) = (count - count / 2, count / 2);
    let (mut tally, middle, _) = cuts("power", Cutting::new(binary, backlog), plain);
    check(&mut tally, &format!("cuts between acknowledgements, of {plain}"), middle, plain / 2);
    let (late, _, took) = cuts("power, late flushes", Cutting::new(binary, backlog).slowly(), slow);
    tally.add(late);
    check(&mut tally, &format!("cuts that took bytes nobody was promised, of {slow}"), took, slow / 4);
    tally
}

/// How many of the cuts fell between acknowledgements, and how many took bytes.
fn cuts(kind: &str, mut cutting: Cutting<'_>, count: u64) -> (Tally, u64, u64) {
    let (mut middle, mut took) = (0, 0);
    let tally = rounds(
        kind,
        count,
        |round| cutting.round(round),
        |cut| {
            middle += u64::from(cut.in_the_middle);
            took += u64::from(cut.took);
        },
    );
    (tally, middle, took)
}

/// The proof that a cut takes what is not flushed: a writer that promises before it flushes must be found out, one that
/// flushes first must lose nothing.
fn writer(_: &Binary, _: &Backlog, count: u64) -> Tally {
    let mut tally = rounds("honest writer", count - count / 2, |_| found(Promise::Flushed), |_| {});
    tally.add(rounds("lying writer", count / 2, |_| found(Promise::Written), |_| {}));
    tally
}

fn found(promise: Promise) -> Result<String, Trouble> {
    let (promised, there) = cut_under(promise)?;
    let as_it_must = match promise {
        Promise::Flushed => promised == there,
        Promise::Written => there < promised,
    };
    let what = format!("{promised} lines promised, {} lost", promised - there);
    if as_it_must { Ok(format!("{what}, as it must be")) } else { Err(Trouble::Broken { what }) }
}

/// So many faults at calls, evenly from all that there are.
fn call(binary: &Binary, backlog: &Backlog, count: u64) -> Tally {
    let inflicting = match Inflicting::watch(binary, backlog) {
        Ok(inflicting) => inflicting,
        Err(trouble) => {
            println!("call: {trouble}");
            return Tally { passed: 0, failed: count };
        }
    };
    let (all, mut hit) = (inflicting.cases() as u64, 0);
    let count = count.min(all);
    println!("call: {all} faults, {count} of them now");
    let nth = |number: u64| usize::try_from((number - 1) * all / count).unwrap_or(usize::MAX);
    let mut tally =
        rounds("call", count, |number| inflicting.round(nth(number)), |done| hit += u64::from(done.hit));
    check(&mut tally, "faults that the server came to", hit, count * 9 / 10);
    tally
}

fn full(binary: &Binary, backlog: &Backlog, count: u64) -> Tally {
    let how = |number: u64| if number.is_multiple_of(2) { Fill::ToTheEnd } else { Fill::ToTheReserve };
    rounds("full", count, |number| fill(binary, backlog, how(number)), |_| {})
}
