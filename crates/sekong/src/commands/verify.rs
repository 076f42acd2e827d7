//! `sekong verify`: a data folder or a centre's address, checked from the bytes up.

use std::path::Path;

use jiff::Timestamp;
use sekong_centre::{Degraded, Evidence, KeyRing, Progress, Verdict, Watch, audit};
use sekong_log::{Fetched, Known};
use serde_json::{Value, json};

use crate::cli::VerifyArgs;
use crate::clocks::now;
use crate::data_folder::{DataFolder, parse_keys};
use crate::evidence::{FolderBodies, Listing, Site, SiteBodies, store_head};
use crate::failure::Failure;
use crate::files::read_text;
use crate::output::print_line;
use crate::progress::bar;
use crate::resume::Resume;

/// Faults printed in words; JSON holds all.
const FAULTS_PRINTED: usize = 20;

/// What a record is held against.
pub(crate) struct Question<'a> {
    /// The keys, as the command line takes them; without them a folder's own.
    pub(crate) key: Option<&'a str>,
    /// An older head, of which the log must be a continuation.
    pub(crate) since: Option<&'a str>,
    /// The time to judge by.
    pub(crate) now: Timestamp,
    /// What was verified before.
    pub(crate) known: Option<Known>,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let since = args.since.as_deref().map(read_text).transpose()?;
    let mut resume = args.resume.as_deref().map(Resume::open).transpose()?;
    let known = resume.as_ref().and_then(Resume::known);
    let mut show = bar("verifying");
    let mut watch = |progress: &Progress<'_>| {
        show(progress.done, progress.of);
        if let Some(resume) = &mut resume {
            resume.note(progress);
        }
    };
    let scheme = args.source.split("://").next().unwrap_or_default().to_ascii_lowercase();
    let key = args.key.as_deref();
    let question = Question { key, since: since.as_deref(), now: args.now.unwrap_or_else(now), known };
    let verdict = if args.source.contains("://") && ["http", "https"].contains(&scheme.as_str()) {
        verify_address(&args.source, &question, &mut watch)?
    } else {
        verify_folder(Path::new(&args.source), &question, &mut watch)?
    };
    if let Some(resume) = resume {
        resume.close()?;
    }
    if args.json {
        print_line(as_json(&verdict))?;
    } else {
        print_words(&verdict)?;
        print_trust(args)?;
    }
    outcome(&verdict).map_err(Failure::told)
}

/// The failure of a verdict that does not hold.
pub(crate) fn outcome(verdict: &Verdict) -> Result<(), Failure> {
    let Some(first) = verdict.faults.first() else { return Ok(()) };
    let count = verdict.faults.len();
    let place =
        first.entry.map_or_else(|| first.file.clone().unwrap_or_default(), |entry| format!("entry {entry}"));
    Err(Failure::not_verified(format!(
        "{count} things do not hold; first, {place}: {} ({})",
        first.detail, first.rule
    ))
    .hint("keep this copy as evidence and compare it with another copy or an older head"))
}

/// Verifies a data folder.
pub(crate) fn verify_folder(
    root: &Path,
    question: &Question<'_>,
    watch: &mut Watch<'_>,
) -> Result<Verdict, Failure> {
    let folder = DataFolder::open(root)?;
    let keys = question.key.map_or_else(|| folder.keys(), given_keys)?;
    let log = Listing::of(&folder.log())?;
    let bodies = [("bodies/", Listing::of(&folder.bodies())?), ("sealed/", Listing::of(&folder.sealed())?)];
    let store_head = super::block_on(store_head(&folder))??;
    let held = FolderBodies::new(&folder);
    let evidence = Evidence {
        files: &log,
        keys: &keys,
        bodies: &held,
        store_head: store_head.as_deref(),
        now: question.now,
        since: question.since,
        known: question.known,
    };
    let mut verdict = audit(&evidence, watch);
    verdict.faults.extend(log.foreign("", "log.unknown"));
    let seen = held.seen();
    for (name, listing) in bodies {
        verdict.faults.extend(listing.foreign(name, "body.name"));
        verdict.faults.extend(listing.misnamed(name, &seen));
        listing.all_read()?;
    }
    log.all_read()?;
    Ok(verdict)
}

fn verify_address(address: &str, question: &Question<'_>, watch: &mut Watch<'_>) -> Result<Verdict, Failure> {
    let key = question.key.ok_or_else(|| {
        Failure::usage("an address is verified with a key that did not come from it")
            .hint("give --key VKEY, or --key FILE with the log's key and its cosigners' keys below")
    })?;
    let keys = given_keys(key)?;
    let site = Site::new(address);
    let evidence = Evidence {
        files: &Fetched(&site.log_files(&keys)?),
        keys: &keys,
        bodies: &SiteBodies::new(&site),
        store_head: None,
        now: question.now,
        since: question.since,
        known: question.known,
    };
    Ok(audit(&evidence, watch))
}

/// A verifier key, or a file with the log's key first and cosigners' keys below.
fn given_keys(given: &str) -> Result<KeyRing, Failure> {
    if let Ok(log) = given.parse() {
        return Ok(KeyRing { log, cosigners: None });
    }
    let text = read_text(Path::new(given))?;
    let mut keys = parse_keys(given, &text)?.into_iter();
    let log = keys.next().ok_or_else(|| Failure::failed(format!("{given} holds no key")))?;
    let cosigners: Vec<_> = keys.collect();
    Ok(KeyRing { log, cosigners: (!cosigners.is_empty()).then_some(cosigners) })
}

fn as_json(verdict: &Verdict) -> Value {
    let head = verdict.log.as_ref().map(|log| &log.head);
    let cosignatures = head.into_iter().flat_map(|head| &head.cosignatures);
    let faults = verdict.faults.iter().map(|fault| {
        json!({ "entry": fault.entry, "file": fault.file, "rule": fault.rule, "detail": fault.detail })
    });
    let degraded = verdict.state.as_ref().map(Degraded::of);
    json!({
        "verified": verdict.holds(),
        "size": head.map(|head| head.checkpoint.size),
        "root": verdict.root(),
        "cosignatures": cosignatures
            .map(|one| json!({ "name": one.name, "time": one.time }))
            .collect::<Vec<_>>(),
        "unchecked": head.map_or(&[][..], |head| &head.unchecked),
        "planned_until": verdict.state.as_ref().and_then(sekong_centre::State::planned_until),
        "degraded_hours": degraded.as_ref().map(|degraded| degraded.province_hours),
        "degraded": degraded.as_ref().map(Degraded::hours),
        "degraded_weeks": degraded.as_ref().map(|degraded| degraded.province_weeks),
        "degraded_deals": degraded.as_ref().map(Degraded::weeks),
        "sealed": verdict.sealed,
        "faults": faults.collect::<Vec<_>>(),
    })
}

/// What the verdict rests on, so that nobody takes it for more.
fn print_trust(args: &VerifyArgs) -> Result<(), Failure> {
    if args.key.is_none() {
        print_line(
            "keys were taken from the folder itself: this shows that it agrees with itself, not whose it is (--key)",
        )?;
    }
    if args.since.is_none() {
        print_line(
            "no older head was given: a history that was rewritten as a whole would not show (--since)",
        )?;
    }
    Ok(())
}

fn print_words(verdict: &Verdict) -> Result<(), Failure> {
    if let Some(log) = &verdict.log {
        print_line(format_args!("{} entries under root {}", log.tree.size(), log.tree.root()))?;
        for cosignature in &log.head.cosignatures {
            print_line(format_args!("cosigned by {} at {}", cosignature.name, cosignature.time))?;
        }
        for line in &log.head.unchecked {
            print_line(format_args!("unchecked: {line}"))?;
        }
    }
    if let Some(day) = verdict.state.as_ref().and_then(sekong_centre::State::planned_until) {
        print_line(format_args!(
            "planned up to {day}; whether the campaign should have gone on is not judged"
        ))?;
    }
    if verdict.sealed > 0 {
        print_line(format_args!(
            "{} entries wait for bodies that are still sealed; what needs none of them was checked",
            verdict.sealed
        ))?;
    }
    for fault in verdict.faults.iter().take(FAULTS_PRINTED) {
        let place = fault.entry.map_or_else(String::new, |entry| format!("entry {entry} "));
        print_line(format_args!(
            "{place}{} breaks {}: {}",
            fault.file.as_deref().unwrap_or(""),
            fault.rule,
            fault.detail
        ))?;
    }
    if verdict.faults.len() > FAULTS_PRINTED {
        print_line(format_args!("and {} more; --json lists all", verdict.faults.len() - FAULTS_PRINTED))?;
    }
    if verdict.holds() {
        print_line("everything holds: heads, entries, plans, releases, deals, dice, orders and reports")?;
    }
    Ok(())
}
