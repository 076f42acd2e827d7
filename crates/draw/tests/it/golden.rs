//! Vectors made by `reference/draw.py`; each must come out to the last bit.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use sekong_draw::{
    Custodian, CustodianTerms, DrawKey, Duty, DutyHour, FreezeKeys, Instruction, LocalCustodian, ProvinceDay,
    Purpose, Release, RestRule, SimulationKey, Stream, Subject, Table, TableId, TableSerial, Throw,
    ThrownDice, commitment_message, deal_shift, deal_week, draw_day, outage_message, seat_key_message,
    simulate, throw, with_daily_die,
};
use sekong_log::{DeviceKey, Hash, KeyKind, OutagePlanned, SigningKey, Tree, leaf_hash};
use sekong_model::{CampaignId, CustodianId, Day, Hour, Moment, ProvinceId, TeamId, UnitId};
use sekong_plan::{Arc, Chain, Node};
use serde::Deserialize;
use sha2::Digest as _;

use crate::many::{Digest, MANY, path_text};

#[derive(Deserialize)]
struct SubjectVector {
    campaign: CampaignId,
    province: ProvinceId,
    moment: Moment,
    unit: String,
    purpose: String,
}

impl SubjectVector {
    fn stream(&self, key: &DrawKey) -> Stream {
        let purposes = [Purpose::Enter, Purpose::Step, Purpose::DealWeek, Purpose::DealShift];
        let purpose = purposes.into_iter().find(|purpose| purpose.text() == self.purpose).unwrap();
        key.stream(&Subject {
            campaign: &self.campaign,
            province: &self.province,
            moment: self.moment,
            unit: &self.unit,
            purpose,
        })
    }
}

#[derive(Deserialize)]
pub struct ArcVector {
    from: Option<(u16, u8)>,
    to: Option<(u16, u8)>,
    flow: u32,
}

pub fn node((post, position): (u16, u8)) -> Node {
    Node { post, position }
}

pub fn chain(unit: &str, arcs: &[ArcVector]) -> Chain {
    let arcs = arcs.iter().map(|arc| Arc { from: arc.from.map(node), to: arc.to.map(node), flow: arc.flow });
    Chain::new(unit.parse().unwrap(), arcs.collect())
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap()
}

fn bytes(values: &[(CustodianId, Hash)]) -> Vec<(CustodianId, [u8; 32])> {
    values.iter().map(|(custodian, value)| (custodian.clone(), value.0)).collect()
}

#[derive(Deserialize)]
struct SeedsFile {
    seeds: Vec<SeedVector>,
}

#[derive(Deserialize)]
struct SeedVector {
    public_dice: Hash,
    values: Vec<(CustodianId, Hash)>,
    subject: SubjectVector,
    key: Hash,
    words: Vec<String>,
    below: Vec<(String, String)>,
}

#[test]
fn seeds_words_and_numbers_are_those_of_the_reference() {
    let file: SeedsFile = serde_json::from_str(include_str!("golden/seeds.json")).unwrap();
    assert_eq!(file.seeds.len(), 16);
    for vector in file.seeds {
        let key = DrawKey::new(&vector.public_dice.0, &bytes(&vector.values));
        assert_eq!(Hash(key.to_bytes()), vector.key);
        let mut words = vector.subject.stream(&key);
        vector.words.iter().for_each(|word| assert_eq!(words.word(), number(word)));
        let mut numbers = vector.subject.stream(&key);
        for (n, expected) in &vector.below {
            assert_eq!(numbers.below(NonZeroU64::new(number(n)).unwrap()), number(expected));
        }
    }
}

#[derive(Deserialize)]
pub struct DiceFile {
    pub dice: DiceVectors,
}

#[derive(Deserialize)]
pub struct DiceVectors {
    pub arcs: Vec<ArcVector>,
    throws: Vec<ThrowVector>,
    pub many: Digest,
}

#[derive(Deserialize)]
struct ThrowVector {
    public_dice: Hash,
    subject: SubjectVector,
    from: Option<(u16, u8)>,
    to: Option<(u16, u8)>,
}

#[test]
fn dice_fall_as_in_the_reference() {
    let file: DiceFile = serde_json::from_str(include_str!("golden/dice.json")).unwrap();
    let chain = chain("plain", &file.dice.arcs);
    assert_eq!(file.dice.throws.len(), 60);
    for vector in &file.dice.throws {
        let mut stream = vector.subject.stream(&DrawKey::new(&vector.public_dice.0, &[]));
        let fallen = throw(&chain, vector.from.map(node), &mut stream).unwrap();
        assert_eq!(fallen, vector.to.map(node));
    }
}

#[derive(Deserialize)]
pub struct DayFile {
    pub day: DayVectors,
}

#[derive(Deserialize)]
pub struct DayVectors {
    pub campaign: CampaignId,
    pub province: ProvinceId,
    pub day: Day,
    units: Vec<UnitVector>,
    draws: Vec<DrawVector>,
    pub many: Digest,
}

impl DayVectors {
    pub fn chains(&self) -> Vec<Chain> {
        self.units.iter().map(|unit| chain(&unit.id, &unit.arcs)).collect()
    }

    pub fn duties(&self) -> impl Iterator<Item = Duty> {
        let duty = |unit: &UnitVector| {
            Duty::new(DutyHour(unit.entry_hour), DutyHour(unit.start_hour), unit.length_hours).unwrap()
        };
        self.units.iter().map(duty)
    }
}

#[derive(Deserialize)]
struct UnitVector {
    id: String,
    entry_hour: u32,
    start_hour: u32,
    length_hours: u8,
    arcs: Vec<ArcVector>,
}

#[derive(Deserialize)]
struct DrawVector {
    public_dice: Hash,
    values: Vec<Vec<(CustodianId, Hash)>>,
    paths: Vec<Vec<(u16, u8)>>,
}

#[test]
fn days_are_drawn_as_in_the_reference() {
    let file: DayFile = serde_json::from_str(include_str!("golden/day.json")).unwrap();
    let vectors = file.day;
    let chains = vectors.chains();
    let units: Vec<(&Chain, Duty)> = chains.iter().zip(vectors.duties()).collect();
    let of = ProvinceDay { campaign: &vectors.campaign, province: &vectors.province, day: vectors.day };
    assert_eq!(vectors.draws.len(), 12);
    for draw in &vectors.draws {
        let hours = Hour::all().map(|hour| Moment::Hour { day: vectors.day, hour });
        let keys = draw.values.iter().map(|values| DrawKey::new(&draw.public_dice.0, &bytes(values)));
        let keys: BTreeMap<Moment, DrawKey> = hours.zip(keys).collect();
        let drawn = draw_day(&of, &units, &keys).unwrap();
        let paths: Vec<Vec<Node>> = drawn.units.into_iter().map(|unit| unit.path).collect();
        let expected: Vec<Vec<Node>> =
            draw.paths.iter().map(|path| path.iter().copied().map(node).collect()).collect();
        assert_eq!(paths, expected);
    }
}

#[derive(Deserialize)]
struct SimulationFile {
    simulation: SimulationVectors,
}

#[derive(Deserialize)]
struct SimulationVectors {
    draws: Vec<SimulatedVector>,
    seed_of_many: Hash,
    many: Digest,
}

#[derive(Deserialize)]
struct SimulatedVector {
    seed: Hash,
    draw: u64,
    paths: Vec<String>,
}

#[test]
fn simulated_draws_are_those_of_the_reference() {
    let day: DayFile = serde_json::from_str(include_str!("golden/day.json")).unwrap();
    let chains = day.day.chains();
    let file: SimulationFile = serde_json::from_str(include_str!("golden/simulation.json")).unwrap();
    assert_eq!(file.simulation.draws.len(), 60);
    let paths = |seed: &Hash, draw: u64| {
        let drawn = simulate(&chains, &SimulationKey::new(&seed.0), draw).unwrap();
        drawn.units.iter().map(path_text).collect::<Vec<_>>()
    };
    for vector in &file.simulation.draws {
        assert_eq!(paths(&vector.seed, vector.draw), vector.paths);
    }
    let seed = &file.simulation.seed_of_many;
    let lines: String = (0..2 * MANY as u64).map(|draw| paths(seed, draw).join(",") + "\n").collect();
    assert_eq!(Digest::of(&lines), file.simulation.many);
}

#[derive(Deserialize)]
pub struct DealsFile {
    pub deals: DealVectors,
}

#[derive(Deserialize)]
pub struct DealVectors {
    weeks: Vec<WeekVector>,
    shifts: Vec<ShiftVector>,
    pub many_weeks: Digest,
    pub many_shifts: Digest,
}

#[derive(Deserialize)]
struct WeekVector {
    public_dice: Hash,
    subject: SubjectVector,
    teams: Vec<TeamId>,
    units: Vec<usize>,
    worked: BTreeMap<TeamId, usize>,
    too_close: BTreeSet<(usize, usize)>,
    groups: Vec<Vec<TeamId>>,
    tries: u32,
    on_duty: Vec<Vec<Vec<TeamId>>>,
}

#[test]
fn weeks_are_dealt_as_in_the_reference() {
    let file: DealsFile = serde_json::from_str(include_str!("golden/deals.json")).unwrap();
    assert!(file.deals.weeks.iter().any(|vector| vector.tries > 1), "no vector meets the rest rule");
    for vector in file.deals.weeks {
        let mut stream = vector.subject.stream(&DrawKey::new(&vector.public_dice.0, &[]));
        let rest = RestRule { worked: vector.worked, too_close: vector.too_close };
        let deal = deal_week(&vector.teams, &vector.units, &rest, &mut stream).unwrap();
        let groups: Vec<Vec<TeamId>> = deal.groups.iter().map(|group| group.teams.clone()).collect();
        assert_eq!(groups, vector.groups);
        for (day, expected) in (0..).zip(vector.on_duty) {
            let on_duty = deal.groups.iter().map(|group| group.on_duty(day).cloned().collect::<Vec<_>>());
            assert_eq!(on_duty.collect::<Vec<_>>(), expected);
        }
    }
}

#[derive(Deserialize)]
struct ShiftVector {
    public_dice: Hash,
    subject: SubjectVector,
    teams: Vec<TeamId>,
    dealt: Vec<TeamId>,
}

#[test]
fn shifts_are_dealt_as_in_the_reference() {
    let file: DealsFile = serde_json::from_str(include_str!("golden/deals.json")).unwrap();
    assert_eq!(file.deals.shifts.len(), 5);
    for vector in file.deals.shifts {
        let units: Vec<UnitId> =
            (0..vector.teams.len()).map(|unit| format!("unit-{unit}").parse().unwrap()).collect();
        let mut stream = vector.subject.stream(&DrawKey::new(&vector.public_dice.0, &[]));
        let deal = deal_shift(&vector.teams, &units, &mut stream).unwrap();
        assert_eq!(deal.units, units.into_iter().zip(vector.dealt).collect::<Vec<_>>());
    }
}

#[derive(Deserialize)]
struct CustodianFile {
    custodian: CustodianVector,
}

#[derive(Deserialize)]
struct CustodianVector {
    campaign: CampaignId,
    provinces: Vec<ProvinceId>,
    moments: Vec<Moment>,
    secret: Hash,
    signing_seed: Hash,
    root: Hash,
    values: Vec<ValueVector>,
    paths: Vec<PathVector>,
    commitment_message: String,
    release_message: String,
    release_message_with_die: String,
    seat_key_message: String,
    outage_message: String,
    daily_die: Hash,
    throw_value: Hash,
    throw_message: String,
}

#[derive(Deserialize)]
struct ValueVector {
    province: ProvinceId,
    moment: Moment,
    value: Hash,
    leaf: Hash,
}

#[derive(Deserialize)]
struct PathVector {
    index: u64,
    path: Vec<Hash>,
}

fn custodian_vector() -> CustodianVector {
    let file: CustodianFile = serde_json::from_str(include_str!("golden/custodian.json")).unwrap();
    file.custodian
}

fn terms(vector: &CustodianVector) -> CustodianTerms {
    let log = SigningKey::from_seed("sekong.example/log", KeyKind::Ed25519, &[1; 32]).unwrap();
    CustodianTerms {
        campaign: vector.campaign.clone(),
        provinces: vector.provinces.clone(),
        schedule: vector.moments.iter().map(|moment| (*moment, jiff::Timestamp::UNIX_EPOCH)).collect(),
        daily_die: false,
        keys: FreezeKeys { log: log.verifier().clone(), cosigners: Vec::new(), cosignatures_needed: 0 },
    }
}

#[test]
fn values_are_committed_as_in_the_reference() {
    let vector = custodian_vector();
    let terms = terms(&vector);
    let list = terms.value_list();
    let mut tree = Tree::new();
    for (place, (value, listed)) in vector.values.iter().zip(list.iter()).enumerate() {
        assert_eq!(listed, (&value.province, value.moment));
        assert_eq!(list.index(&value.province, value.moment), Some(place as u64));
        assert_eq!(list.leaf(&value.province, value.moment, &value.value), value.leaf);
        tree.push(value.leaf);
    }
    for path in &vector.paths {
        assert_eq!(tree.inclusion_proof(path.index, tree.size()).unwrap(), path.path);
    }
    let commitment = LocalCustodian::new("court".parse().unwrap(), vector.secret.0, terms).commitment();
    assert_eq!((commitment.root, commitment.values), (vector.root, 100));
    assert_eq!(commitment.key, DeviceKey::from_seed(&vector.signing_seed.0).id());
}

#[test]
fn signed_messages_are_those_of_the_reference() {
    let vector = custodian_vector();
    let court: CustodianId = "court".parse().unwrap();
    let message = commitment_message(&vector.campaign, &court, &vector.root, 100);
    assert_eq!(hex::encode(message), vector.commitment_message);
    let last = vector.values.last().unwrap();
    let sha256 = |text: &str| Hash(sha2::Sha256::digest(text).into());
    let release = Release {
        custodian: court,
        province: last.province.clone(),
        moment: last.moment,
        basis: sha256("basis"),
        absences: sha256("absences"),
        die: None,
        value: last.value,
        time: RELEASED.parse().unwrap(),
        index: 99,
        proof: vec![leaf_hash(b"not signed")],
        signature: String::new(),
    };
    assert_eq!(hex::encode(release.message(&vector.campaign)), vector.release_message);
    let release = Release { die: Some(sha256("die")), ..release };
    assert_eq!(hex::encode(release.message(&vector.campaign)), vector.release_message_with_die);
}

const RELEASED: &str = "2017-03-10T15:50:00Z";

#[test]
fn what_stands_in_for_a_custodian_is_as_in_the_reference() {
    let vector = custodian_vector();
    let sha256 = |text: &str| Hash(sha2::Sha256::digest(text).into());
    let outage = OutagePlanned {
        custodian: "court".parse().unwrap(),
        from: RELEASED.parse().unwrap(),
        until: "2017-03-10T16:50:00Z".parse().unwrap(),
        signature: String::new(),
    };
    assert_eq!(hex::encode(outage_message(&vector.campaign, &outage)), vector.outage_message);
    assert_eq!(Hash(with_daily_die(sha256("dice").as_bytes(), "0451")), vector.daily_die);
    let throw = Throw {
        moment: vector.values.last().unwrap().moment,
        silences: vec![sha256("silence"), sha256("other silence")],
        dice: ThrownDice::try_from("1234561524".repeat(5)).unwrap(),
        throwers: Vec::new(),
    };
    assert_eq!(throw.dice.value(), vector.throw_value);
    assert_eq!(hex::encode(throw.message(&vector.campaign)), vector.throw_message);
    let [key, before] = [1, 2].map(|seed| DeviceKey::from_seed(&[seed; 32]).id());
    let message = seat_key_message(&vector.campaign, &"police".parse().unwrap(), &key, Some(&before));
    assert_eq!(hex::encode(message), vector.seat_key_message);
}

#[derive(Deserialize)]
struct RelayFile {
    relay: RelayVectors,
}

#[derive(Deserialize)]
struct RelayVectors {
    campaign: CampaignId,
    secret: Hash,
    tables: Vec<TableVector>,
    days: Vec<Day>,
    hours: Vec<Hour>,
    numbers: Vec<u16>,
    codes: usize,
    sha256: Hash,
    some: Vec<String>,
}

#[derive(Deserialize)]
struct TableVector {
    team: TeamId,
    serial: u32,
    key: Hash,
    commitment: Hash,
}

fn relay_tables(vectors: &RelayVectors) -> Vec<Table> {
    let table = |vector: &TableVector| {
        let (campaign, team) = (vectors.campaign.clone(), vector.team.clone());
        let key = TableId { campaign, team, serial: TableSerial(vector.serial) }.key(&vectors.secret.0);
        assert_eq!((Hash(key.to_bytes()), key.commitment()), (vector.key, vector.commitment));
        Table::new(&key)
    };
    vectors.tables.iter().map(table).collect()
}

/// `table day hour number code`, after checking that the table reads its own code.
fn relay_line(place: usize, table: &Table, day: Day, hour: Hour, number: u16) -> String {
    let instruction = Instruction::try_from(number).unwrap();
    let code = table.code(day, hour, instruction);
    assert_eq!(table.instruction(day, hour, code), Some(instruction));
    format!("{place} {day} {hour} {} {code}", instruction.digits())
}

#[test]
fn relayed_orders_are_those_of_the_reference() {
    let file: RelayFile = serde_json::from_str(include_str!("golden/relay.json")).unwrap();
    let vectors = file.relay;
    let tables = relay_tables(&vectors);
    let mut lines = Vec::new();
    for number in &vectors.numbers {
        for hour in &vectors.hours {
            for day in &vectors.days {
                let places = tables.iter().enumerate();
                lines.extend(places.map(|(place, table)| relay_line(place, table, *day, *hour, *number)));
            }
        }
    }
    assert_eq!((lines.len(), vectors.codes), (1_092, 1_092));
    assert_eq!(lines.iter().step_by(19).collect::<Vec<_>>(), vectors.some.iter().collect::<Vec<_>>());
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    assert_eq!(Hash(sha2::Sha256::digest(text).into()), vectors.sha256);
}
