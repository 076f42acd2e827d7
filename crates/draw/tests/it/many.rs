//! Ten thousand draws of each kind, against the SHA-256 of what `reference/draw.py` made of the same inputs.

use std::collections::BTreeSet;

use sekong_draw::{
    DrawKey, Duty, ProvinceDay, Purpose, RestRule, Stream, Subject, UnitPath, deal_shift, deal_week,
    draw_day, throw,
};
use sekong_log::Hash;
use sekong_model::{CampaignId, Hour, Moment, ProvinceId, TeamId, UnitId};
use sekong_plan::{Chain, Node};
use serde::Deserialize;
use sha2::Digest as _;

use crate::golden::{DayFile, DealsFile, DiceFile, chain};

/// Draws of each kind.
pub const MANY: usize = 10_000;

/// What is too long to stand in a file in full.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Digest {
    characters: usize,
    sha256: Hash,
}

impl Digest {
    pub fn of(text: &str) -> Digest {
        Digest { characters: text.len(), sha256: Hash(pick(text)) }
    }
}

pub fn path_text(unit: &UnitPath) -> String {
    let text = |node: &Node| format!("{}/{}", node.post, node.position);
    unit.path.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Inputs are hashes of short texts, as in the reference.
fn pick(words: &str) -> [u8; 32] {
    sha2::Sha256::digest(words).into()
}

const CUSTODIANS: [&str; 5] = ["court", "ombudsman", "customs", "university", "press-council"];

/// The key of public dice and of what so many custodians released.
fn key(dice: &str, values: &str, custodians: usize) -> DrawKey {
    let value = |name: &&str| (name.parse().unwrap(), pick(&format!("{values}/{name}")));
    DrawKey::new(&pick(dice), &CUSTODIANS[..custodians].iter().map(value).collect::<Vec<_>>())
}

fn on(hour: usize) -> Moment {
    let hour = Hour::try_from(u8::try_from(hour).unwrap()).unwrap();
    Moment::Hour { day: "2017-03-09".parse().unwrap(), hour }
}

fn stream(key: &DrawKey, moment: Moment, unit: &str, purpose: Purpose) -> Stream {
    let (campaign, province): (CampaignId, ProvinceId) =
        ("river-2017".parse().unwrap(), "upper-bend".parse().unwrap());
    key.stream(&Subject { campaign: &campaign, province: &province, moment, unit, purpose })
}

#[test]
fn ten_thousand_throws_fall_as_in_the_reference() {
    let file: DiceFile = serde_json::from_str(include_str!("golden/dice.json")).unwrap();
    let chain = chain("plain", &file.dice.arcs);
    let nodes: Vec<Option<Node>> =
        chain.arcs().iter().map(|arc| arc.from).collect::<BTreeSet<_>>().into_iter().collect();
    let fallen = |number: usize| {
        let (at, words) = (nodes[number % nodes.len()], format!("many throws/{number}"));
        let purpose = if at.is_some() { Purpose::Step } else { Purpose::Enter };
        let (key, unit) = (key(&words, &words, number % 6), format!("plain-{}", number % 7));
        let to = throw(&chain, at, &mut stream(&key, on(number % 24), &unit, purpose)).unwrap();
        chain.steps(at).iter().position(|arc| arc.to == to).unwrap().to_string()
    };
    assert_eq!(Digest::of(&(0..MANY).map(fallen).collect::<String>()), file.dice.many);
}

#[test]
fn ten_thousand_walks_of_days_are_drawn_as_in_the_reference() {
    let file: DayFile = serde_json::from_str(include_str!("golden/day.json")).unwrap();
    let vectors = file.day;
    let chains = vectors.chains();
    let units: Vec<(&Chain, Duty)> = chains.iter().zip(vectors.duties()).collect();
    let of = ProvinceDay { campaign: &vectors.campaign, province: &vectors.province, day: vectors.day };
    let line = |number: usize| {
        let dice = format!("many days/{number}");
        let keys = (0..24).map(|hour| (on(hour), key(&dice, &format!("{dice}/{hour}"), 5))).collect();
        let drawn = draw_day(&of, &units, &keys).unwrap();
        drawn.units.iter().map(path_text).collect::<Vec<_>>().join(",") + "\n"
    };
    assert_eq!(Digest::of(&(0..MANY / units.len()).map(line).collect::<String>()), vectors.many);
}

fn teams(count: usize) -> Vec<TeamId> {
    (0..count).map(|team| format!("team-{team:02}").parse().unwrap()).collect()
}

fn joined(teams: &[TeamId]) -> String {
    teams.iter().map(TeamId::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn ten_thousand_weeks_are_dealt_as_in_the_reference() {
    let file: DealsFile = serde_json::from_str(include_str!("golden/deals.json")).unwrap();
    let line = |number: usize| {
        let (teams, units) = (teams(6 + number % 10), [number % 3, 1 + number % 2, number % 4 / 2]);
        let last = |team: &TeamId| usize::from(pick(&format!("worked/{number}/{team}"))[0] % 3);
        let worked = teams.iter().step_by(3).map(|team| (team.clone(), last(team))).collect();
        let rest = RestRule { worked, too_close: BTreeSet::from([(2, 0)]) };
        let (key, week) = (key(&format!("many weeks/{number}"), "", 0), u32::try_from(number % 26).unwrap());
        let mut stream = stream(&key, Moment::Week { week }, "pool", Purpose::DealWeek);
        let deal = deal_week(&teams, &units, &rest, &mut stream).unwrap();
        deal.groups.iter().map(|group| joined(&group.teams)).collect::<Vec<_>>().join(",") + "\n"
    };
    assert_eq!(Digest::of(&(0..MANY).map(line).collect::<String>()), file.deals.many_weeks);
}

#[test]
fn ten_thousand_shifts_are_dealt_as_in_the_reference() {
    let file: DealsFile = serde_json::from_str(include_str!("golden/deals.json")).unwrap();
    let line = |number: usize| {
        let teams = teams(number % 13);
        let units: Vec<UnitId> =
            (0..teams.len()).map(|unit| format!("unit-{unit}").parse().unwrap()).collect();
        let key = key(&format!("many shifts/{number}"), "", 0);
        let mut stream = stream(&key, on(8 * (number % 3)), "pool", Purpose::DealShift);
        let deal = deal_shift(&teams, &units, &mut stream).unwrap();
        joined(&deal.units.into_iter().map(|(_, team)| team).collect::<Vec<_>>()) + "\n"
    };
    assert_eq!(Digest::of(&(0..MANY).map(line).collect::<String>()), file.deals.many_shifts);
}
