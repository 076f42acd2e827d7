//! `sekong plant`: simulants of the inspectorate, committed to before the draw and opened when the hour is over.

use sekong_centre::PLANT_AHEAD_DAYS;
use sekong_centre::api::views::{ClockView, JobView};
use sekong_log::{Hash, Plant, PlantCommitted, PlantRevealed, PlantVisit, Statement};
use sekong_model::Day;

use super::pinned::Centre;
use crate::cli::{MetVisit, PlantCommitArgs, PlantInitArgs, PlantRevealArgs};
use crate::data_folder::{new_folder, whole};
use crate::failure::Failure;
use crate::output::print_line;
use crate::plant_folder::{KeptPlant, PlantFolder};
use crate::randomness::random;

pub(crate) fn init(args: &PlantInitArgs) -> Result<(), Failure> {
    // Its text stands in campaign.toml as it is.
    if args.holder.contains(|c: char| c.is_control() || "\"\\".contains(c)) {
        return Err(Failure::usage("--holder holds a quotation mark, a backslash or a control character")
            .hint("say who holds the simulants in plain words"));
    }
    new_folder(&args.data)?;
    whole(&args.data, || PlantFolder::create(&args.data, &args.campaign, random()?))?;
    let folder = PlantFolder::open(&args.data)?;
    print_line("[rules.plants]")?;
    print_line(format_args!("holder = \"{}\"", args.holder))?;
    print_line(format_args!("key = \"{}\"", folder.key.id()))
}

/// What helps where the centre cannot prove its word.
const SEND_AGAIN: &str =
    "keep what the centre shows as evidence; what opens the plant is kept, send it again";

/// Refuses what could never be opened: whoever commits too late or too early has planted for nothing.
fn check_day(centre: &Centre<'_>, day: Day) -> Result<(), Failure> {
    let told: ClockView = centre.line.get("/api/clock")?;
    let is_frozen = told.schedule.next.as_ref().is_some_and(|next| is_past_freeze(next, day));
    if is_frozen || PLANT_AHEAD_DAYS < i64::from(day.days_since(told.day)) {
        let why = if is_frozen { "its absences are frozen" } else { "that is too far ahead" };
        return Err(Failure::usage(format!("--day {day}: it is {} at the centre, and {why}", told.day)).hint(format!(
            "nothing was sent: a plant is committed to before the absences of its day are frozen, and at most {PLANT_AHEAD_DAYS} days ahead"
        )));
    }
    Ok(())
}

/// Whether a job comes only after a day's absences are frozen.
fn is_past_freeze(next: &JobView, day: Day) -> bool {
    match next.kind.as_str() {
        "draw" | "close" => next.day.is_some_and(|of| day <= of),
        "freeze" => next.day.is_some_and(|of| day < of),
        _ => false,
    }
}

pub(crate) fn commit(args: &PlantCommitArgs) -> Result<(), Failure> {
    let place = &args.place;
    let folder = PlantFolder::open(&place.data)?;
    let _lock = folder.lock()?;
    let centre = Centre::of(&place.at, &folder.campaign)?;
    let plant = match folder.kept(&place.post, place.day, place.hour)? {
        Some(KeptPlant { plant, .. }) if plant.planted == args.planted && plant.province == args.province => {
            plant
        }
        Some(_) => {
            return Err(Failure::usage("another plant at this post in this hour is kept in this folder")
                .hint("nobody plants twice there; choose another post or hour"));
        }
        None => {
            check_day(&centre, place.day)?;
            let (province, post, salt) = (args.province.clone(), place.post.clone(), Hash(random()?));
            let (day, hour, planted) = (place.day, place.hour, args.planted);
            let plant = Plant { province, post, day, hour, planted, salt };
            folder.keep(&KeptPlant { plant: plant.clone(), of: None })?;
            plant
        }
    };
    let said = PlantCommitted::sign(&folder.campaign, &plant, &folder.key);
    let (index, word) =
        centre.log("/api/plants", &said, &Statement::Plant(said.clone()), ("the plant", SEND_AGAIN))?;
    folder.keep(&KeptPlant { plant, of: Some(index) })?;
    print_line(format_args!("committed under {}: {word} entry {index}", said.commitment))?;
    print_line(format_args!(
        "it counts if that is before the entry that freezes the absences of {}",
        place.day
    ))
}

pub(crate) fn reveal(args: &PlantRevealArgs) -> Result<(), Failure> {
    let place = &args.place;
    let folder = PlantFolder::open(&place.data)?;
    let _lock = folder.lock()?;
    let centre = Centre::of(&place.at, &folder.campaign)?;
    let kept = folder.kept(&place.post, place.day, place.hour)?;
    let Some(KeptPlant { plant, of: Some(of) }) = kept else {
        return Err(Failure::usage(
            "nothing is committed to at this post in this hour, as this folder knows",
        )
        .hint("`sekong plant commit` comes first, before the draw; sent again it tells its entry"));
    };
    let visit = |MetVisit { unit, inspected, found }: &MetVisit| PlantVisit {
        unit: unit.clone(),
        inspected: *inspected,
        found: *found,
    };
    let visits = args.visit.iter().map(visit).collect();
    let said = PlantRevealed::sign(&folder.campaign, of, plant, visits, &folder.key);
    let statement = Statement::PlantRevealed(said.clone());
    let (index, word) = centre.log("/api/plants/reveals", &said, &statement, ("the opening", SEND_AGAIN))?;
    print_line(format_args!("entry {of} is opened: {word} entry {index}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(kind: &str, day: &str) -> JobView {
        let (week, hour, due) = (None, None, jiff::Timestamp::UNIX_EPOCH);
        JobView { kind: kind.to_owned(), week, day: Some(day.parse().unwrap()), hour, due }
    }

    #[test]
    fn it_is_too_late_once_the_absences_of_the_day_are_frozen() {
        let day: Day = "2017-01-09".parse().unwrap();
        for (kind, of, past) in [
            ("freeze", "2017-01-09", false),
            ("freeze", "2017-01-10", true),
            ("draw", "2017-01-08", false),
            ("draw", "2017-01-09", true),
            ("close", "2017-01-09", true),
            ("plan", "2017-01-12", false),
        ] {
            assert_eq!(is_past_freeze(&next(kind, of), day), past, "{kind} {of}");
        }
    }
}
