//! `sekong verify`: a data folder or a centre's address, checked from the bytes up.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sekong_centre::{
    Amended, Anchors, AuditFault, Bodies, CUSTODIANS_MIN, Degraded, Dispute, Doubles, Evidence, KeyRing,
    Late, OldHeads, Plants, Progress, Shown, State, Verdict, Watch, audit,
};
use sekong_draw::ThrownDice;
use sekong_log::{Fetched, Known, LogSource, SignedNote};
use serde_json::{Value, json};

use crate::cli::VerifyArgs;
use crate::clocks::now;
use crate::data_folder::DataFolder;
use crate::evidence::{EMPTY_FOLDER, FolderBodies, Listing, Site, SiteBodies, UnderHead, store_head};
use crate::failure::Failure;
use crate::files::read_text;
use crate::given_keys::GivenKeys;
use crate::output::print_line;
use crate::pins::{Pins, read_shown};
use crate::progress::bar;
use crate::resume::Resume;

mod people;

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
    /// What custodians show for themselves.
    pub(crate) shown: &'a [(PathBuf, Shown)],
    /// Whether this process serves the folder, and writes nothing meanwhile.
    pub(crate) own: bool,
}

impl Question<'_> {
    /// What the folder says of itself, judged at a time.
    pub(crate) fn at(now: Timestamp) -> Question<'static> {
        Question { key: None, since: None, now, known: None, shown: &[], own: false }
    }
}

/// What came of it.
pub(crate) struct Verified {
    pub(crate) verdict: Verdict,
    /// Where custodians' words and the log part; no part of the verdict.
    disputes: Vec<Dispute>,
    /// Whether a centre held the folder meanwhile: files that its head does not cover yet were not looked into.
    served: bool,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let since = args.since.as_deref().map(read_head).transpose()?;
    let (pins, shown) = (Pins::read(&args.custodian)?, read_shown(&args.released)?);
    let mut resume = args.resume.as_deref().map(Resume::open).transpose()?;
    let known = resume.as_ref().and_then(Resume::known);
    let mut show = bar("verifying");
    let mut watch = |progress: &Progress<'_>| {
        show(progress.done, progress.of);
        if let Some(resume) = &mut resume {
            resume.note(progress);
        }
    };
    let key = args.key.as_deref();
    let since = since.as_deref();
    let now = args.now.unwrap_or_else(now);
    let question = Question { key, since, now, known, shown: &shown, own: false };
    let Verified { mut verdict, disputes, served } = verify_source(&args.source, &question, &mut watch)?;
    if let Some(resume) = resume {
        resume.close()?;
    }
    if let Some(state) = &verdict.state {
        let faults = pins.check(state).into_iter().chain(check_dice(args.public_dice.as_ref(), state));
        verdict.faults.extend(faults.collect::<Vec<_>>());
    }
    if args.json {
        let mut printed = as_json(&verdict, &disputes, &pins);
        printed["rests_on"] = rests_on(args, &verdict, &shown);
        printed["served"] = served.into();
        print_line(printed)?;
    } else {
        print_words(&verdict, &disputes, &pins)?;
        if served {
            print_line(
                "a centre holds this folder: of its log only what the published head needs was looked into",
            )?;
        }
        print_trust(args, &verdict, &pins, &shown)?;
    }
    let outcome = outcome(&verdict).map_err(Failure::told);
    // The program ends here, and with it all that an audit remembers: to give that back piece by piece takes longer.
    std::mem::forget(verdict);
    outcome
}

/// Verifies a data folder, or a centre behind an address.
pub(crate) fn verify_source(
    source: &str,
    question: &Question<'_>,
    watch: &mut Watch<'_>,
) -> Result<Verified, Failure> {
    let scheme = source.split("://").next().unwrap_or_default().to_ascii_lowercase();
    if source.contains("://") && ["http", "https"].contains(&scheme.as_str()) {
        verify_address(source, question, watch)
    } else {
        verify_folder(Path::new(source), question, watch)
    }
}

/// An older head; what is no signed note at all says nothing about the log.
fn read_head(path: &Path) -> Result<String, Failure> {
    let text = read_text(path)?;
    text.parse::<SignedNote>().map_err(|error| {
        Failure::usage(format!("--since: {} is no signed head: {error}", path.display()))
            .hint("name a file with a whole head, as it lies at log/checkpoint")
    })?;
    Ok(text)
}

/// The failure of a verdict that does not hold.
pub(crate) fn outcome(verdict: &Verdict) -> Result<(), Failure> {
    let Some(first) = verdict.faults.first() else { return Ok(()) };
    let count = verdict.faults.len();
    let entry = first.entry.map(|entry| format!("entry {entry}"));
    let file = first.file.as_ref().map(|file| file.escape_debug().to_string());
    let place = entry.or(file).unwrap_or_else(|| "the record".to_owned());
    let what =
        if count == 1 { "1 thing does not hold:" } else { &format!("{count} things do not hold; first,") };
    Err(Failure::not_verified(format!("{what} {place}: {} ({})", first.detail, first.rule))
        .hint("keep this copy as evidence and compare it with another copy or an older head"))
}

/// Verifies a data folder.
pub(crate) fn verify_folder(
    root: &Path,
    question: &Question<'_>,
    watch: &mut Watch<'_>,
) -> Result<Verified, Failure> {
    let folder = DataFolder::open(root)?;
    let given = question.key.map(GivenKeys::read).transpose()?;
    let keys = given.as_ref().map_or_else(|| folder.keys(), |given| Ok(given.ring.clone()))?;
    // A running centre writes the folder after the store: of its log is read what the newest published head covers.
    let served = !question.own && folder.store().is_file() && folder.is_served();
    let newest = super::block_on(store_head(&folder))??;
    let stored = newest.as_ref().map_or(0, |head| head.size);
    let under_head = served.then(|| UnderHead::up_to(&folder.log(), stored)).transpose()?;
    let open = || Listing::of(&folder.bodies());
    let (open, (sealed, log)) =
        rayon::join(open, || (Listing::of(&folder.sealed()), Listing::of(&folder.log())));
    let (bodies, log) = ([("bodies/", open?), ("sealed/", sealed?)], log?);
    let held = FolderBodies::new(&folder);
    let evidence = Evidence {
        files: under_head.as_ref().map_or(&log as &dyn LogSource, |under_head| under_head),
        keys: &keys,
        bodies: &held,
        store_head: newest.as_ref().map(|head| head.note.as_str()),
        now: question.now,
        since: question.since,
        known: question.known,
    };
    let mut verdict = audit(&evidence, watch);
    verdict.faults.extend(given.and_then(|given| given.check(&verdict)));
    let disputes = compare(question.shown, &mut verdict, &keys, &held)?;
    // A centre makes a folder, and then the first file in it.
    let foreign = log.foreign("", "log.unknown").filter(|fault| !served || fault.detail != EMPTY_FOLDER);
    verdict.faults.extend(foreign);
    if served && let Some(newest) = super::block_on(store_head(&folder))?? {
        verdict.faults.extend(log.not_of(newest.size));
    }
    for ((name, listing), seen) in bodies.into_iter().zip(held.seen()) {
        verdict.faults.extend(listing.foreign(name, "body.name"));
        verdict.faults.extend(listing.misnamed(name, &seen));
        unread(&mut verdict, listing.all_read())?;
    }
    unread(&mut verdict, log.all_read())?;
    unread(&mut verdict, under_head.map_or(Ok(()), UnderHead::all_read))?;
    Ok(Verified { verdict, disputes, served })
}

/// Where a file could not be read nothing holds for sure; what does not hold is told all the same.
fn unread(verdict: &mut Verdict, all_read: Result<(), Failure>) -> Result<(), Failure> {
    let Err(failure) = all_read else { return Ok(()) };
    if verdict.holds() {
        return Err(failure);
    }
    let (rule, detail) = ("file.read".to_owned(), failure.to_string());
    verdict.faults.push(AuditFault { entry: None, file: None, rule, detail });
    Ok(())
}

/// What could not be fetched may well be there: nobody is told that it is missing.
fn unfetched(verdict: &mut Verdict, all_fetched: Result<(), Failure>) -> Result<(), Failure> {
    let no_more = verdict.faults.iter().all(|fault| fault.rule == "body.present");
    if no_more { all_fetched } else { unread(verdict, all_fetched) }
}

/// Holds what custodians show against the log, once that is one.
fn compare(
    shown: &[(PathBuf, Shown)],
    verdict: &mut Verdict,
    keys: &KeyRing,
    bodies: &dyn Bodies,
) -> Result<Vec<Dispute>, Failure> {
    let (Some(state), Some(log)) = (&verdict.state, &verdict.log) else { return Ok(Vec::new()) };
    let mut disputes = Vec::new();
    for (path, shown) in shown {
        let compared = shown.compare(state, log, keys, bodies).map_err(|error| {
            Failure::usage(format!("--released: {} proves nothing: {error}", path.display()))
                .hint("ask the custodian for another `sekong custodian export` of this campaign")
        })?;
        verdict.faults.extend(compared.faults);
        disputes.extend(compared.disputes);
    }
    Ok(disputes)
}

fn verify_address(
    address: &str,
    question: &Question<'_>,
    watch: &mut Watch<'_>,
) -> Result<Verified, Failure> {
    let key = question.key.ok_or_else(|| {
        Failure::usage("an address is verified with a key that did not come from it")
            .hint("give --key VKEY, or --key FILE with the log's key and its cosigners' keys below")
    })?;
    let given = GivenKeys::read(key)?;
    let keys = &given.ring;
    let site = Site::new(address);
    let held = SiteBodies::new(&site);
    let evidence = Evidence {
        files: &Fetched(&site.log_files(keys)?),
        keys,
        bodies: &held,
        store_head: None,
        now: question.now,
        since: question.since,
        known: question.known,
    };
    let mut verdict = audit(&evidence, watch);
    verdict.faults.extend(given.check(&verdict));
    let disputes = compare(question.shown, &mut verdict, keys, &held)?;
    unfetched(&mut verdict, held.all_fetched())?;
    Ok(Verified { verdict, disputes, served: false })
}

fn as_json(verdict: &Verdict, disputes: &[Dispute], pins: &Pins) -> Value {
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
        "public_dice": verdict.state.as_ref().and_then(State::public_dice)
            .map(|(dice, method)| json!({ "dice": dice, "method": method })),
        "custodians": verdict.state.as_ref().map(|state| people::custodians(state, pins)),
        "seat_keys": verdict.state.iter().flat_map(people::seat_keys).collect::<Vec<_>>(),
        "devices": verdict.state.as_ref().map(people::devices),
        "daily_dice": verdict.state.as_ref().and_then(people::daily_dice),
        "disputes": disputes.iter().map(dispute_json).collect::<Vec<_>>(),
        "late_releases": verdict.state.as_ref().map(|state| late_json(&Late::of(state))),
        "old_heads": verdict.state.as_ref().map(|state| old_heads_json(&OldHeads::of(state))),
        "degraded_hours": degraded.as_ref().map(|degraded| degraded.province_hours),
        "degraded": degraded.as_ref().map(Degraded::hours),
        "degraded_weeks": degraded.as_ref().map(|degraded| degraded.province_weeks),
        "degraded_deals": degraded.as_ref().map(Degraded::weeks),
        "degraded_weak": degraded.as_ref().map(|degraded| degraded.weak),
        "amended": verdict.state.as_ref().map(|state| amended_json(&Amended::of(state))),
        "anchors": verdict.state.as_ref().map(anchors_json),
        "plants": verdict.state.as_ref().and_then(plants_json),
        "doubles": verdict.state.as_ref().and_then(doubles_json),
        "sealed": verdict.sealed,
        "unjudged": verdict.unjudged,
        "faults": faults.collect::<Vec<_>>(),
    })
}

fn dispute_json(dispute: &Dispute) -> Value {
    let of = dispute.of();
    json!({
        "what": dispute.name(),
        "custodian": of.custodian,
        "province": of.province,
        "moment": of.moment,
        "detail": dispute.to_string(),
    })
}

/// The figures of late releases, as `demo` and `verify` print them.
pub(crate) fn late_json(late: &Late) -> Value {
    json!({
        "province_hours": late.province_hours,
        "province_weeks": late.province_weeks,
        "unexplained": late.unexplained,
        "longest_s": late.longest.as_secs(),
    })
}

fn old_heads_json(heads: &OldHeads) -> Value {
    json!({
        "closed": heads.closed,
        "old": heads.old,
        "late_arrived": heads.late_arrived,
        "longest_s": heads.longest.as_secs(),
    })
}

fn amended_json(amended: &Amended) -> Value {
    let shown = amended.two_faces.iter().map(|(device, seq, shown)| {
        json!({ "device": device, "sequence": seq, "logged": shown.logged, "shown": shown.index, "other": shown.other })
    });
    json!({
        "corrections": amended.corrections,
        "corrections_late": amended.corrections_late,
        "persons": amended.persons,
        "persons_erased": amended.persons_erased,
        "looks": amended.looks,
        "two_faces": shown.collect::<Vec<_>>(),
    })
}

fn anchors_json(state: &State) -> Value {
    let anchors = Anchors::of(state).into_iter().map(|of| {
        let last = of.last.map(|(day, hour)| json!({ "day": day, "hour": hour }));
        json!({ "anchor": of.anchor, "hours": of.hours, "last": last, "longest_gap_hours": of.longest_gap_hours })
    });
    anchors.collect()
}

/// Nothing where nobody may plant.
fn plants_json(state: &State) -> Option<Value> {
    state.campaign().rules().plants.as_ref()?;
    let Plants { opened, opened_late, waiting, overdue } = Plants::of(state);
    Some(json!({ "opened": opened, "opened_late": opened_late, "waiting": waiting, "overdue": overdue }))
}

/// Nothing where nobody may inspect twice.
fn doubles_json(state: &State) -> Option<Value> {
    state.campaign().rules().plants.as_ref()?;
    let Doubles { in_time, late, unread } = Doubles::of(state);
    Some(json!({ "in_time": in_time, "late": late, "not_readable_yet": unread }))
}

/// What became of commitments to simulants.
fn print_plants(state: &State) -> Result<(), Failure> {
    let Some(rule) = &state.campaign().rules().plants else { return Ok(()) };
    let Plants { opened, opened_late, waiting, overdue } = Plants::of(state);
    print_line(format_args!(
        "commitments to simulants by {}: {opened} opened in time, {opened_late} late, {waiting} closed and not due yet, {overdue} closed though \
         due: these may hide what was found",
        rule.holder
    ))
}

fn print_doubles(state: &State) -> Result<(), Failure> {
    let Some(rule) = &state.campaign().rules().plants else { return Ok(()) };
    let Doubles { in_time, late, unread } = Doubles::of(state);
    let unread = match unread {
        0 => String::new(),
        unread => format!("; {unread} of visits that cannot be judged yet, for their draws are sealed"),
    };
    print_line(format_args!(
        "double inspections by {}: {in_time} logged in time, {late} late or of late visits, which tell nothing of detection{unread}",
        rule.holder
    ))
}

/// How logs of others were anchored.
fn print_anchors(state: &State) -> Result<(), Failure> {
    Anchors::of(state).iter().try_for_each(|of| match of.last {
        None => print_line(format_args!("{} was never anchored", of.anchor)),
        Some((day, hour)) => print_line(format_args!(
            "{} was anchored for {} hours, last {day} {hour}:00; most hours between two: {}",
            of.anchor, of.hours, of.longest_gap_hours
        )),
    })
}

/// What was said about earlier entries.
fn print_amended(amended: &Amended) -> Result<(), Failure> {
    if 0 < amended.corrections {
        print_line(format_args!(
            "{} reports were corrected, {} of them after their hour was closed; the first words stay",
            amended.corrections, amended.corrections_late
        ))?;
    }
    if 0 < amended.persons {
        print_line(format_args!(
            "{} records of persons are committed to, {} of them erased; {} looks at them",
            amended.persons, amended.persons_erased, amended.looks
        ))?;
    }
    amended.two_faces.iter().try_for_each(|(device, seq, shown)| {
        print_line(format_args!(
            "entry {}: device {}… signed two entries as its number {seq}, entry {} and the body {}",
            shown.index,
            people::short(*device),
            shown.logged,
            shown.other
        ))
    })
}

/// What was drawn otherwise than it should have been, or later.
fn print_figures(state: &State) -> Result<(), Failure> {
    let (degraded, late) = (Degraded::of(state), Late::of(state));
    if 0 < degraded.province_hours + degraded.province_weeks {
        let by = degraded.by_custodian.iter().filter(|(_, reasons)| !reasons.is_empty());
        let by = by.map(|(custodian, reasons)| {
            let reasons = reasons.iter().map(|(reason, count)| format!("{reason} {count}"));
            format!("{custodian} ({})", reasons.collect::<Vec<_>>().join(", "))
        });
        print_line(format_args!(
            "degraded: {} province-hours and {} province-weeks drawn with dice for silent custodians; by hours: {}",
            degraded.province_hours,
            degraded.province_weeks,
            by.collect::<Vec<_>>().join(", ")
        ))?;
    }
    if 0 < degraded.weak {
        print_line(format_args!(
            "WEAK: {} of these were drawn with values of fewer than {CUSTODIANS_MIN} custodians; the two officers who threw could have \
             chosen their draws",
            degraded.weak
        ))?;
    }
    if 0 < late.province_hours + late.province_weeks {
        print_line(format_args!(
            "late: {} province-hours and {} province-weeks released, dealt or ordered after their time, {} of them without a silence; \
             the latest by {} minutes",
            late.province_hours,
            late.province_weeks,
            late.unexplained,
            late.longest.as_mins()
        ))?;
    }
    print_old_heads(&OldHeads::of(state))
}

fn print_old_heads(heads: &OldHeads) -> Result<(), Failure> {
    if heads.old == 0 {
        return Ok(());
    }
    print_line(format_args!(
        "held back: {} of {} hours were closed over a head that was too old, by up to {} minutes; the {} reports that arrived late \
         in them say nothing of their teams",
        heads.old,
        heads.closed,
        heads.longest.as_mins(),
        heads.late_arrived
    ))
}

/// What the verdict rests on: what was given by whoever asks, and what was taken as it is.
fn rests_on(args: &VerifyArgs, verdict: &Verdict, shown: &[(PathBuf, Shown)]) -> Value {
    let released = shown.iter().map(|(_, shown)| {
        json!({ "custodian": shown.custodian, "releases": shown.releases.len(), "second_freezes": shown.second_freezes.len() })
    });
    json!({
        "released": released.collect::<Vec<_>>(),
        "key_given": args.key.is_some(),
        "since_given": args.since.is_some(),
        "public_dice_given": args.public_dice.is_some(),
        "signatures_known_before": verdict.signatures_known,
    })
}

/// The public dice must be those that were seen.
fn check_dice(seen: Option<&ThrownDice>, state: &State) -> Option<AuditFault> {
    let seen = seen?.value();
    let detail = match state.public_dice() {
        None => "the log has no public dice".to_owned(),
        Some((logged, _)) if *logged != seen => {
            format!("the log has the public dice {logged}, those seen are {seen}")
        }
        Some(_) => return None,
    };
    Some(AuditFault { entry: None, file: None, rule: "dice.pinned".to_owned(), detail })
}

/// What the verdict rests on, so that nobody takes it for more.
fn print_trust(
    args: &VerifyArgs,
    verdict: &Verdict,
    pins: &Pins,
    shown: &[(PathBuf, Shown)],
) -> Result<(), Failure> {
    for (path, shown) in shown {
        print_line(format_args!(
            "{} releases that {} shows in {} were held against the log; what it does not show was not",
            shown.releases.len(),
            shown.custodian,
            path.display()
        ))?;
    }
    if let (1.., Some(file)) = (verdict.signatures_known, &args.resume) {
        print_line(format_args!(
            "signatures in the first {} entries were not checked again: {} says that they were; whoever can write it decides that",
            verdict.signatures_known,
            file.display()
        ))?;
    }
    let commitments = verdict.state.iter().flat_map(State::commitments).map(|(_, said)| &said.custodian);
    let unpinned: Vec<&str> = commitments.filter(|id| !pins.holds(id)).map(|id| id.as_str()).collect();
    if !unpinned.is_empty() {
        print_line(format_args!(
            "custodians were taken from the log itself: this shows that somebody committed as {}, not who (--custodian)",
            unpinned.join(", ")
        ))?;
    }
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

fn print_words(verdict: &Verdict, disputes: &[Dispute], pins: &Pins) -> Result<(), Failure> {
    if let Some(log) = &verdict.log {
        print_line(format_args!("{} entries under root {}", log.tree.size(), log.tree.root()))?;
        for cosignature in &log.head.cosignatures {
            print_line(format_args!("cosigned by {} at {}", cosignature.name, cosignature.time))?;
        }
        for line in &log.head.unchecked {
            print_line(format_args!("unchecked: {line}"))?;
        }
    }
    if let Some(day) = verdict.state.as_ref().and_then(State::planned_until) {
        print_line(format_args!(
            "planned up to {day}; whether the campaign should have gone on is not judged"
        ))?;
    }
    if let Some(state) = &verdict.state {
        people::print(state, pins)?;
        print_figures(state)?;
        print_amended(&Amended::of(state))?;
        print_anchors(state)?;
        print_plants(state)?;
        print_doubles(state)?;
    }
    if verdict.sealed > 0 {
        print_line(format_args!(
            "{} entries wait for bodies that are still sealed; what needs none of them was checked",
            verdict.sealed
        ))?;
    }
    if verdict.unjudged > 0 {
        print_line(format_args!(
            "{} entries stand on what a fault leaves open and were not judged in full",
            verdict.unjudged
        ))?;
    }
    for dispute in disputes.iter().take(FAULTS_PRINTED) {
        print_line(format_args!("in dispute: {dispute}"))?;
    }
    if disputes.len() > FAULTS_PRINTED {
        print_line(format_args!("and {} more; --json lists all", disputes.len() - FAULTS_PRINTED))?;
    }
    for fault in verdict.faults.iter().take(FAULTS_PRINTED) {
        let place = fault.entry.map_or_else(String::new, |entry| format!("entry {entry} "));
        print_line(format_args!(
            "{place}{} breaks {}: {}",
            fault.file.as_deref().unwrap_or("").escape_debug(),
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
