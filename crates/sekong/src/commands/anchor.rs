//! `sekong anchor`: a log that somebody else keeps, its heads committed to in a campaign's log.

use std::path::Path;

use jiff::SignedDuration;
use jiff::tz::Offset;
use sekong_centre::api::views::ClockView;
use sekong_centre::{AnchorCompared, AnchorShown};
use sekong_log::{
    AnchorOpening, CHECKPOINT_FILE, Hash, Head, HeadAnchored, HeadKeys, Statement, audit_hashes,
};
use sekong_model::{Day, Hour};
use serde_json::json;

use super::line::Line;
use super::pinned::Centre;
use super::verify::{Question, outcome, verify_source};
use super::witness::given_log;
use crate::anchor_folder::AnchorFolder;
use crate::cli::{AnchorCheckArgs, AnchorExportArgs, AnchorInitArgs, AnchorPostArgs};
use crate::clocks::now;
use crate::data_folder::{new_folder, whole, write_new};
use crate::evidence::Listing;
use crate::failure::Failure;
use crate::files::read_text;
use crate::lines;
use crate::output::print_line;
use crate::progress::shown;
use crate::randomness::random;

pub(crate) fn init(args: &AnchorInitArgs) -> Result<(), Failure> {
    let log = given_log(&args.log)?;
    // Its text stands in campaign.toml as it is.
    if args.title.contains(|c: char| c.is_control() || "\"\\".contains(c)) {
        return Err(Failure::usage("--title holds a quotation mark, a backslash or a control character")
            .hint("say whose log it is, and of what, in plain words"));
    }
    new_folder(&args.data)?;
    let of = (&args.campaign, &args.id);
    whole(&args.data, || AnchorFolder::create(&args.data, of, log, random()?))?;
    let folder = AnchorFolder::open(&args.data)?;
    print_line("[[anchor]]")?;
    print_line(format_args!("id = \"{}\"", folder.anchor))?;
    print_line(format_args!("title = \"{}\"", args.title))?;
    print_line(format_args!("key = \"{}\"", folder.key.id()))
}

/// How far the centre's clock may be from this machine's.
const APART_MAX: SignedDuration = SignedDuration::from_mins(10);

/// The hour by the centre's clock. What is signed ahead of its time could be logged when the log has another head.
fn hour(args: &AnchorPostArgs, line: &Line<'_>) -> Result<(Day, Hour), Failure> {
    let told: ClockView = line.get("/api/clock")?;
    let apart = told.now.duration_since(now()).abs();
    let local = Offset::from_seconds(told.utc_offset_seconds).map(|offset| offset.to_datetime(told.now));
    let hour = local.ok().map(|local| (local.date(), u8::try_from(local.hour()).unwrap_or_default()));
    if hour != Some((told.day.into(), told.hour.get())) || !args.demo_clock && APART_MAX < apart {
        return Err(Failure::failed(format!(
            "the centre says that it is {} ({} {}:00 there); this machine says {}",
            told.now,
            told.day,
            told.hour,
            now()
        ))
        .hint(
            "nothing was signed: set the clock that is wrong; --demo-clock is for a centre on a demo's clock",
        ));
    }
    Ok((told.day, told.hour))
}

pub(crate) fn post(args: &AnchorPostArgs) -> Result<(), Failure> {
    let folder = AnchorFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let note = head(&folder, &args.log)?;
    let centre = Centre::of(&args.at, &folder.campaign)?;
    let (day, hour) = hour(args, &centre.line)?;
    let opening = match folder.opening(day, hour)? {
        Some(kept) => kept,
        None => {
            let opening = AnchorOpening { day, hour, salt: Hash(random()?), note };
            folder.keep(&opening)?;
            opening
        }
    };
    let said = HeadAnchored::sign(&folder.campaign, folder.anchor.clone(), &opening, &folder.key);
    let hint = "keep what the centre shows as evidence; the opening is kept, post again within the hour";
    let (index, word) =
        centre.log("/api/anchors", &said, &Statement::Anchor(said.clone()), ("the anchor", hint))?;
    print_line(format_args!(
        "{} is anchored for {day} {hour}:00 under {}: {word} entry {index}",
        folder.anchor, said.commitment
    ))
}

/// The newest head of the log that is anchored, as it signed it.
fn head(folder: &AnchorFolder, log: &Path) -> Result<String, Failure> {
    let path = log.join(CHECKPOINT_FILE);
    let note = read_text(&path)?;
    match Head::open_unchecked_cosignatures(&note, &folder.log) {
        Ok(_) => Ok(note),
        Err(error) => Err(Failure::failed(format!("{}: {error}", path.display()))
            .hint(format!("name the folder of the log whose key is {}", folder.log))),
    }
}

pub(crate) fn export(args: &AnchorExportArgs) -> Result<(), Failure> {
    let folder = AnchorFolder::open(&args.data)?;
    let openings = folder.openings()?;
    let count = openings.len();
    let AnchorFolder { campaign, anchor, log, .. } = folder;
    let shown = AnchorShown { campaign, anchor, log, openings };
    write_new(&args.out, lines::text(&shown)?.as_bytes(), 0o600)?;
    print_line(format_args!("what opens {count} anchors; it tells how long the log was in each hour"))
}

pub(crate) fn check(args: &AnchorCheckArgs) -> Result<(), Failure> {
    let anchors: AnchorShown = lines::read(&args.shown, "sekong anchor export")?;
    let listing = Listing::of(&args.log)?;
    let log = audit_hashes(&listing, HeadKeys { log: &anchors.log, cosigners: None });
    let log = log.map_err(|fault| {
        Failure::not_verified(format!("--log: {fault}"))
            .hint("keep this copy as evidence, and ask the keeper for the whole log")
    })?;
    listing.all_read()?;
    let question = Question { key: args.key.as_deref(), ..Question::at(args.now.unwrap_or_else(now)) };
    let verdict = verify_source(&args.source, &question, &mut shown("verifying"))?.verdict;
    outcome(&verdict)?;
    let state = verdict.state.ok_or_else(|| Failure::failed("the log opens no campaign"))?;
    let compared = anchors.compare(&state, &log).map_err(|error| {
        Failure::usage(format!("--shown: {error}")).hint("name what this campaign's keeper exported")
    })?;
    print(args, &anchors, &compared, log.tree.size())?;
    match compared.faults.first() {
        None => Ok(()),
        Some(first) => Err(Failure::not_verified(format!(
            "{} anchors do not hold; first {} ({})",
            compared.faults.len(),
            first.detail,
            first.rule
        ))
        .hint("the log was rewritten since it was anchored, or not all is shown: keep both as evidence")
        .told()),
    }
}

fn print(
    args: &AnchorCheckArgs,
    shown: &AnchorShown,
    compared: &AnchorCompared,
    now_size: u64,
) -> Result<(), Failure> {
    let AnchorCompared { anchored, held, size, longest_gap_hours, standing_hours, dropped, faults } =
        compared;
    let beyond = now_size.saturating_sub(*size);
    if args.json {
        let faults = faults.iter();
        let faults =
            faults.map(|fault| json!({ "entry": fault.entry, "rule": fault.rule, "detail": fault.detail }));
        return print_line(json!({
            "anchor": shown.anchor, "anchored": anchored, "held": held, "size": size,
            "faults": faults.collect::<Vec<_>>(),
            "under_no_anchor": beyond, "longest_gap_hours": longest_gap_hours, "standing_hours": standing_hours,
            "not_logged": dropped.iter().map(|(day, hour)| json!({ "day": day, "hour": hour })).collect::<Vec<_>>(),
        }));
    }
    faults.iter().try_for_each(|fault| {
        print_line(format_args!(
            "entry {}: {} ({})",
            fault.entry.unwrap_or_default(),
            fault.detail,
            fault.rule
        ))
    })?;
    print_line(format_args!(
        "{held} of {anchored} anchors of {} are heads of the log as it is now, the newest of {size} entries",
        shown.anchor
    ))?;
    print_line(format_args!(
        "{beyond} entries of that log are under no anchor; most hours between two anchors: {longest_gap_hours}, most with one head: \
         {standing_hours}"
    ))?;
    dropped.iter().try_for_each(|(day, hour)| {
        print_line(format_args!(
            "{day} {hour}:00 was signed and is in no entry: it did not arrive, or the centre left it out"
        ))
    })
}
