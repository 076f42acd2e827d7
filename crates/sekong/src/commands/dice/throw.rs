//! `sekong dice throw`: two officers look at what is noted in the log, and sign dice for that and nothing else.

use std::collections::BTreeMap;

use sekong_centre::api::views::{SilenceView, SilencesView};
use sekong_draw::THROWERS;
use sekong_log::{DeviceKey, Hash, SilenceNoted, Statement};
use sekong_model::{CampaignId, Moment, OfficerId, ProvinceId};
use serde_json::{Value, json};

use super::book::{Book, Signed};
use super::officer_key;
use crate::cli::{DiceThrowArgs, OfficerKey, check_seats};
use crate::commands::line::Line;
use crate::commands::pinned::{FEWER_ARE_ENOUGH, Pinned, Unproven};
use crate::failure::Failure;
use crate::output::print_line;

/// An officer at this machine.
struct Seat {
    officer: OfficerId,
    key: DeviceKey,
    book: Book,
}

/// A silence whose entry was proven to be in the log.
struct Noted {
    campaign: CampaignId,
    leaf: Hash,
    said: SilenceNoted,
    waits: bool,
}

/// The silences of a moment, one a province.
type OfMoment = BTreeMap<ProvinceId, Noted>;

pub(crate) fn throw(args: &DiceThrowArgs) -> Result<(), Failure> {
    check_seats(args.officer.iter().map(|seat| &seat.officer))?;
    if args.officer.len() != THROWERS {
        return Err(Failure::usage(format!(
            "--officer: {} given, {THROWERS} throw together",
            args.officer.len()
        ))
        .hint("two officers of different bodies"));
    }
    let pinned = Pinned::read(&args.key, args.cosignatures)?;
    let mut seats = args.officer.iter().map(Seat::open).collect::<Result<Vec<_>, _>>()?;
    let line = Line::to(&args.centre);
    let noted = noted(&line, &pinned)?;
    if noted.is_empty() {
        return Err(Failure::failed("no silence waits for dice").hint("see GET /api/silences"));
    }
    let mut sent = Vec::new();
    for (moment, silences) in &noted {
        let throw = agreed(args, *moment, silences, &seats)?;
        if !args.json {
            show(&throw, silences)?;
        }
        for seat in &mut seats {
            seat.book.keep(&throw)?;
        }
        let signed = seats.iter().fold(throw.unsigned(), |signed, seat| {
            signed.signed_by(seat.officer.clone(), &seat.key, &throw.campaign)
        });
        line.post("/api/throws", &serde_json::to_string(&signed).map_err(Failure::failed)?)?;
        sent.push(throw);
    }
    if args.json {
        return print_line(as_json(&sent, &noted));
    }
    sent.iter().try_for_each(|throw| print_line(format_args!("dice sent for {}", throw.moment)))
}

/// Every silence of the moments that wait for dice, each proven to be in the log.
fn noted(line: &Line<'_>, keys: &Pinned) -> Result<BTreeMap<Moment, OfMoment>, Failure> {
    let listed: SilencesView = line.get("/api/silences")?;
    let waits = |moment: Moment| listed.silences.iter().any(|one| one.waits && one.moment == moment);
    let mut noted: BTreeMap<Moment, OfMoment> = BTreeMap::new();
    let mut campaigns = Vec::new();
    for view in listed.silences.iter().filter(|view| waits(view.moment)) {
        let proven = proven(line, keys, view)?;
        campaigns.push(proven.campaign.clone());
        if noted.entry(view.moment).or_default().insert(view.province.clone(), proven).is_some() {
            return Err(two_faced(format!(
                "two silences are shown for {} at {}: one of them is not the campaign's",
                view.province, view.moment
            )));
        }
    }
    match campaigns.iter().find(|campaign| **campaign != campaigns[0]) {
        None => Ok(noted),
        Some(other) => Err(two_faced(format!("silences of two campaigns, {} and {other}", campaigns[0]))),
    }
}

/// Looks up the entry of a silence, proven to be in the log.
fn proven(line: &Line<'_>, pinned: &Pinned, view: &SilenceView) -> Result<Noted, Failure> {
    let of = |why: String| format!("the silence of {} at {}: {why}", view.province, view.moment);
    let wrong = |why: String| two_faced(of(why));
    let entry = pinned.entry(line, view.index)?.map_err(|error| match error {
        Unproven::Wrong(why) => wrong(why),
        Unproven::TooFew(why) => {
            Failure::not_verified(of(why)).hint(format!("nothing was signed; {FEWER_ARE_ENOUGH}"))
        }
    })?;
    let said = match Statement::from_parts(entry.kind(), entry.body()) {
        Ok(Statement::Silence(said)) if said.province == view.province && said.moment == view.moment => said,
        _ => return Err(wrong(format!("entry {} does not say it", view.index))),
    };
    let (campaign, leaf) = (entry.campaign().clone(), entry.leaf_hash());
    Ok(Noted { campaign, leaf, said, waits: view.waits })
}

fn two_faced(what: String) -> Failure {
    Failure::not_verified(what)
        .hint("nothing was signed; keep what the centre shows as evidence and tell the custodians")
}

/// The throw for a moment that every officer here may sign: the one that was signed before, or a new one for all that
/// waits.
fn agreed(args: &DiceThrowArgs, moment: Moment, noted: &OfMoment, seats: &[Seat]) -> Result<Signed, Failure> {
    let waiting = noted.iter().filter(|(_, noted)| noted.waits);
    let new = Signed {
        campaign: noted.values().next().map(|noted| noted.campaign.clone()).ok_or_else(nothing)?,
        moment,
        dice: args.digits.clone(),
        silences: waiting.map(|(province, noted)| (province.clone(), noted.leaf)).collect(),
    };
    let before = seats.iter().find_map(|seat| seat.book.before(&new));
    let throw = before.filter(|before| before.dice == new.dice).unwrap_or(&new).clone();
    let other = throw
        .silences
        .iter()
        .find(|(province, leaf)| noted.get(*province).is_none_or(|noted| noted.leaf != **leaf));
    if let Some((province, _)) = other {
        return Err(two_faced(format!(
            "another silence of {province} at {moment} was signed for than the log shows now"
        )));
    }
    seats.iter().try_for_each(|seat| seat.book.check(&throw))?;
    Ok(throw)
}

fn nothing() -> Failure {
    Failure::failed("no silence waits for dice")
}

/// What the officers put their names to.
fn show(throw: &Signed, noted: &OfMoment) -> Result<(), Failure> {
    for province in throw.silences.keys() {
        let silent = noted.get(province).map_or(&[][..], |noted| &noted.said.silent[..]);
        let silent: Vec<String> =
            silent.iter().map(|silent| format!("{} ({})", silent.custodian, silent.reason)).collect();
        print_line(format_args!("{province}, {}: these dice stand for {}", throw.moment, silent.join(", ")))?;
    }
    Ok(())
}

fn as_json(sent: &[Signed], noted: &BTreeMap<Moment, OfMoment>) -> Value {
    let silence = |throw: &Signed, province: &ProvinceId| {
        let silent = noted.get(&throw.moment).and_then(|of_moment| of_moment.get(province));
        json!({ "province": province, "silent": silent.map(|noted| &noted.said.silent) })
    };
    let thrown = |throw: &Signed| {
        let silences: Vec<Value> = throw.silences.keys().map(|province| silence(throw, province)).collect();
        json!({ "moment": throw.moment.to_string(), "silences": silences })
    };
    json!({ "thrown_for": sent.iter().map(thrown).collect::<Vec<_>>() })
}

impl Seat {
    fn open(given: &OfficerKey) -> Result<Seat, Failure> {
        let (key, book) = (officer_key(&given.file)?, Book::beside(&given.file)?);
        Ok(Seat { officer: given.officer.clone(), key, book })
    }
}
