//! What is estimated from: days as they were planned and met, and what earlier days made one expect.

use std::collections::{BTreeMap, BTreeSet};

use sekong_model::{Counts, Day, Find, Finds, HOURS_PER_DAY, Hour, PostId, ProvinceId, UnitId};

use super::{Domain, Kind, Quantity};

/// Weight of a broader expectation against one's own days.
const PRIOR_DAYS: f64 = 4.0;

const HOURS: usize = HOURS_PER_DAY as usize;

/// A visit that the draw placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The unit.
    pub unit: UnitId,
    /// What was counted; `None` if the visit was missed or late.
    pub counts: Option<Counts>,
    /// The finds among them, as far as they were told apart; a simulant is none of any kind.
    pub finds: Finds,
    /// Whether the unit had been elsewhere before, or had just begun.
    pub arrived: bool,
    /// What was planted there, and is among what was counted: it is no traffic.
    pub planted: Planted,
}

/// Simulants that a visit met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted {
    /// Vehicles that passed with one.
    pub passed: u32,
    /// Of these, inspected.
    pub inspected: u32,
    /// Of these, found.
    pub found: u32,
}

impl Visit {
    /// Vehicles inspected, and those with a find, but for what was planted.
    fn looked(&self) -> (u64, u64) {
        let less = |all: u32, planted: u32| u64::from(all.saturating_sub(planted));
        let of = |counts: Counts| {
            (less(counts.inspected(), self.planted.inspected), less(counts.found(), self.planted.found))
        };
        self.counts.map_or((0, 0), of)
    }

    /// What it says of all that passed; of what was let through without a look, nothing about loads.
    fn value(&self, quantity: Quantity) -> Option<f64> {
        let counts = self.counts?;
        match quantity {
            Quantity::Passed => Some(f64::from(counts.passed().saturating_sub(self.planted.passed))),
            Quantity::Loads if counts.passed() == 0 => Some(0.0),
            Quantity::Loads if counts.inspected() == 0 => None,
            Quantity::Loads => Some(self.looked().1 as f64 * self.stands_for()),
        }
    }

    /// How many of those that passed one that was inspected stands for: the lot within the post took from all of them, planted or not.
    fn stands_for(&self) -> f64 {
        let of = |counts: Counts| f64::from(counts.passed()) / f64::from(counts.inspected().max(1));
        self.counts.map_or(0.0, of)
    }
}

/// A post in an hour of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The post.
    pub post: PostId,
    /// The hour.
    pub hour: Hour,
    /// Probability that some unit is there: π.
    pub inclusion: f64,
    /// Expected visits: V = Σ_u x_u.
    pub visits_expected: f64,
    /// Of these, by units that arrive.
    pub arrivals_expected: f64,
    /// Those that the draw placed.
    pub visits: Vec<Visit>,
}

impl Slot {
    /// A slot as its plan has it, before anybody went.
    pub fn planned(
        post: PostId,
        hour: Hour,
        inclusion: f64,
        visits_expected: f64,
        arrivals_expected: f64,
    ) -> Slot {
        // Sums of the same numbers in another order may differ in their last bit.
        let arrivals_expected = arrivals_expected.min(visits_expected);
        Slot {
            post,
            hour,
            inclusion,
            visits_expected: visits_expected.max(inclusion),
            arrivals_expected,
            visits: Vec::new(),
        }
    }
}

/// A province on one day: every slot of its plan.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvinceDay {
    /// The province.
    pub province: ProvinceId,
    /// The day.
    pub day: Day,
    /// Days of one regime had the same rules; days of two are not compared.
    pub regime: u32,
    /// Each post in each hour once.
    pub slots: Vec<Slot>,
}

/// Why a record cannot be estimated from.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FlowError {
    /// Two records of one province and day.
    #[error("{province} on {day} is there twice")]
    DayTwice {
        /// The province.
        province: ProvinceId,
        /// The day.
        day: Day,
    },
    /// Two records of one slot.
    #[error("{place} is there twice")]
    SlotTwice {
        /// Day, post and hour.
        place: String,
    },
    /// One unit twice in one slot.
    #[error("{place}: unit {unit} visits it twice")]
    UnitTwice {
        /// Day, post and hour.
        place: String,
        /// The unit.
        unit: UnitId,
    },
    /// No probability, or one that does not go with the expected visits.
    #[error("{place}: {field} is {value}; it is to be {wanted}")]
    Chance {
        /// Day, post and hour.
        place: String,
        /// The field.
        field: &'static str,
        /// As given.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// A visit where the plan lets nobody go.
    #[error("{place} was visited, and the plan gives it no chance: a sample needs 0 < π ≤ 1")]
    Impossible {
        /// Day, post and hour.
        place: String,
    },
}

/// Days as they were planned and met, in numbers: indices, and predictions that are made once.
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) places: Vec<Place>,
    /// In order of the day, then of the province.
    pub(super) days: Vec<DayKey>,
    /// In order of their days.
    pub(super) cells: Vec<Cell>,
    /// Index of each cell that was visited.
    pub(super) visited: Vec<usize>,
    /// By index of a post, the most that was counted in one slot, a quantity each.
    pub(super) most: Vec<[f64; 2]>,
}

/// A post in an hour, whatever the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) province: ProvinceId,
    pub(super) post: PostId,
    pub(super) hour: Hour,
    /// Index of the post.
    pub(super) post_index: usize,
}

impl Place {
    fn is_in(&self, domain: &Domain) -> bool {
        domain.province.as_ref().is_none_or(|province| *province == self.province)
            && domain.post.as_ref().is_none_or(|post| *post == self.post)
            && domain.hour.is_none_or(|hour| hour == self.hour)
    }
}

/// A province-day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayKey {
    pub(super) day: Day,
    pub(super) province: ProvinceId,
    pub(super) regime: u32,
}

/// A slot with what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) place: usize,
    pub(super) day: usize,
    pub(super) inclusion: f64,
    pub(super) visits_expected: f64,
    pub(super) arrivals_expected: f64,
    pub(super) visits: Vec<Seen>,
    /// What earlier days predict, a quantity each.
    pub(super) predicted: [f64; 2],
    /// What stands for a visit that was lost: the same, and on a first day what the others met on it.
    pub(super) filled: [f64; 2],
}

/// A visit with what it stands for; `None` where it says nothing.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) unit: UnitId,
    pub(super) arrived: bool,
    /// Inspected and found.
    pub(super) looked: (u64, u64),
    finds: Finds,
    stands_for: f64,
    pub(super) values: [Option<f64>; 2],
}

impl Seen {
    /// Finds of one kind.
    fn of(&self, kind: Kind) -> u64 {
        let of = |is: &dyn Fn(&Find) -> bool| -> u64 {
            self.finds.iter().filter(|find| is(find)).map(|find| u64::from(find.vehicles)).sum()
        };
        match kind {
            Kind::Transport(transport) => of(&|find| find.transport == transport),
            Kind::Drug(drug) => of(&|find| find.drug == drug),
            Kind::Untold => self.looked.1.saturating_sub(self.finds.vehicles()),
        }
    }

    /// Forgets all finds but so many.
    fn keep(&mut self, found: u64) {
        self.looked.1 = found;
        let loads = &mut self.values[Quantity::Loads as usize];
        *loads = loads.map(|_| self.looked.1 as f64 * self.stands_for);
    }
}

impl Record {
    /// Checks the days and makes the predictions.
    ///
    /// # Errors
    /// [`FlowError`] with the place.
    pub fn new(mut days: Vec<ProvinceDay>) -> Result<Record, FlowError> {
        days.sort_by(|one, other| (one.day, &one.province).cmp(&(other.day, &other.province)));
        if let Some(twice) = days.windows(2).find(|pair| same_day(&pair[0], &pair[1])) {
            return Err(FlowError::DayTwice { province: twice[0].province.clone(), day: twice[0].day });
        }
        days.iter().try_for_each(check)?;
        let (places, place_of) = numbered(&days);
        let cells = days.iter().zip(place_of).enumerate().flat_map(|(number, (day, places))| {
            let cell = move |(slot, place)| Cell::of(slot, number, place);
            day.slots.iter().zip(places).map(cell)
        });
        let cells: Vec<Cell> = cells.collect();
        let visited = (0..cells.len()).filter(|at| !cells[*at].visits.is_empty()).collect();
        let key = |of: ProvinceDay| DayKey { day: of.day, province: of.province, regime: of.regime };
        let days = days.into_iter().map(key).collect();
        let mut record = Record { places, days, cells, visited, most: Vec::new() };
        record.predict();
        record.note_most();
        Ok(record)
    }

    /// The same days with the finds of one kind alone, and predictions made of these.
    pub fn of_kind(&self, kind: Kind) -> Record {
        self.with_finds(|seen| seen.of(kind))
    }

    /// The same, if all that nobody told apart were of this kind, too.
    pub(super) fn of_kind_at_most(&self, kind: Kind) -> Record {
        self.with_finds(|seen| seen.of(kind) + seen.of(Kind::Untold))
    }

    fn with_finds(&self, of: impl Fn(&Seen) -> u64) -> Record {
        let mut record = self.clone();
        for at in &self.visited {
            for seen in &mut record.cells[*at].visits {
                let found = of(seen);
                seen.keep(found);
            }
        }
        record.predict();
        record.note_most();
        record
    }

    /// The kinds of which there were finds.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        let visits = || self.visited.iter().flat_map(|at| &self.cells[*at].visits);
        let told = visits().flat_map(|seen| seen.finds.iter());
        let mut kinds: BTreeSet<Kind> =
            told.flat_map(|find| [Kind::Transport(find.transport), Kind::Drug(find.drug)]).collect();
        if visits().any(|seen| seen.of(Kind::Untold) > 0) {
            kinds.insert(Kind::Untold);
        }
        kinds
    }

    /// The posts of a domain.
    pub fn posts(&self, domain: &Domain) -> BTreeSet<&PostId> {
        self.places.iter().filter(|place| place.is_in(domain)).map(|place| &place.post).collect()
    }

    /// The provinces of a domain.
    pub fn provinces(&self, domain: &Domain) -> BTreeSet<&ProvinceId> {
        self.places.iter().filter(|place| place.is_in(domain)).map(|place| &place.province).collect()
    }

    /// What is in a domain.
    pub(super) fn within(&self, domain: &Domain) -> Within {
        let places = self.places.iter().map(|place| place.is_in(domain)).collect();
        let days = self.days.iter().map(|key| domain.from.is_none_or(|from| from <= key.day)).collect();
        Within { places, days }
    }

    /// The visited cells of a domain.
    pub(super) fn visited_in<'a>(&'a self, within: &'a Within) -> impl Iterator<Item = &'a Cell> {
        self.visited.iter().map(|at| &self.cells[*at]).filter(|cell| within.holds(cell))
    }

    fn posts_count(&self) -> usize {
        self.places.iter().map(|place| place.post_index + 1).max().unwrap_or(0)
    }

    /// Predicts each slot from the days before.
    fn predict(&mut self) {
        let mut known = Known::new(self.posts_count(), self.places.len());
        let (days, places) = (&self.days, &self.places);
        for of_day in self.cells.chunk_by_mut(|one, other| days[one.day].day == days[other.day].day) {
            for cell in of_day.iter_mut() {
                cell.predicted = known.predicts(cell.place, &places[cell.place]);
                cell.filled = cell.predicted;
            }
            if known.all[0].weight == 0.0 {
                fill_first(of_day);
            }
            known.learn(of_day, places);
        }
    }

    fn note_most(&mut self) {
        let mut most = vec![[0.0_f64; 2]; self.posts_count()];
        for cell in self.visited.iter().map(|at| &self.cells[*at]) {
            for seen in &cell.visits {
                for (most, value) in most[self.places[cell.place].post_index].iter_mut().zip(seen.values) {
                    *most = most.max(value.unwrap_or(0.0));
                }
            }
        }
        let mut in_province: BTreeMap<&ProvinceId, [f64; 2]> = BTreeMap::new();
        for place in &self.places {
            let all = in_province.entry(&place.province).or_default();
            (0..2).for_each(|at| all[at] = all[at].max(most[place.post_index][at]));
        }
        let mut counted = vec![false; most.len()];
        for cell in self.visited.iter().map(|at| &self.cells[*at]) {
            counted[self.places[cell.place].post_index] |= cell.value(Quantity::Loads as usize).is_some();
        }
        for place in self.places.iter().filter(|place| !counted[place.post_index]) {
            most[place.post_index] = in_province[&place.province];
        }
        self.most = most;
    }
}

/// On the first day nothing is predicted: what was lost is filled with the mean of what was met.
fn fill_first(of_day: &mut [Cell]) {
    for at in [0, 1] {
        let mut met = Mean::default();
        of_day.iter().filter_map(|cell| cell.value(at)).for_each(|value| met.add(value, 1.0));
        of_day.iter_mut().for_each(|cell| cell.filled[at] = met.mean());
    }
}

/// The places and the days of a domain.
#[derive(Debug, Clone)]
pub(super) struct Within {
    places: Vec<bool>,
    days: Vec<bool>,
}

impl Within {
    pub(super) fn holds(&self, cell: &Cell) -> bool {
        self.places[cell.place] && self.days[cell.day]
    }
}

impl Cell {
    fn of(slot: &Slot, day: usize, place: usize) -> Cell {
        let seen = |visit: &Visit| Seen {
            unit: visit.unit.clone(),
            arrived: visit.arrived,
            looked: visit.looked(),
            finds: visit.finds.clone(),
            stands_for: visit.stands_for(),
            values: [Quantity::Passed, Quantity::Loads].map(|quantity| visit.value(quantity)),
        };
        Cell {
            place,
            day,
            inclusion: slot.inclusion,
            visits_expected: slot.visits_expected,
            arrivals_expected: slot.arrivals_expected,
            visits: slot.visits.iter().map(seen).collect(),
            predicted: [0.0; 2],
            filled: [0.0; 2],
        }
    }

    /// Mean of what the visits say; `None` if none says anything.
    pub(super) fn value(&self, at: usize) -> Option<f64> {
        let values: Vec<f64> = self.visits.iter().filter_map(|seen| seen.values[at]).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// What earlier days tell: a slot is expected to have what its post has at any hour, times what the hour has at any post, and its own
/// days draw it away from that. Loads are expected at the hours at which vehicles pass, so that those of each kind add up to all.
struct Known {
    all: [Mean; 2],
    by_post: Vec<[Mean; 2]>,
    by_place: Vec<[Mean; 2]>,
    /// Vehicles, by what was expected without knowing the hour.
    by_hour: [Mean; HOURS],
}

impl Known {
    fn new(posts: usize, places: usize) -> Known {
        let none = [Mean::default(); 2];
        Known {
            all: none,
            by_post: vec![none; posts],
            by_place: vec![none; places],
            by_hour: [Mean::default(); HOURS],
        }
    }

    fn predicts(&self, at: usize, place: &Place) -> [f64; 2] {
        let factor = self.factor(place.hour);
        [0, 1].map(|quantity| {
            let broad = self.level(place.post_index, quantity) * factor;
            self.by_place[at][quantity].drawn_to(broad, PRIOR_DAYS)
        })
    }

    /// What a post has, whatever the hour.
    fn level(&self, post: usize, quantity: usize) -> f64 {
        self.by_post[post][quantity].drawn_to(self.all[quantity].mean(), PRIOR_DAYS)
    }

    /// How many times that an hour has.
    fn factor(&self, hour: Hour) -> f64 {
        let prior = PRIOR_DAYS * self.all[0].mean();
        if prior > 0.0 { self.by_hour[usize::from(hour.get())].drawn_to(1.0, prior) } else { 1.0 }
    }

    /// Takes what was met on a day.
    fn learn(&mut self, of_day: &[Cell], places: &[Place]) {
        let factors: Vec<f64> = Hour::all().map(|hour| self.factor(hour)).collect();
        for cell in of_day {
            let place = &places[cell.place];
            // A level is of any hour: what was met in a busy one counts as met in several, by what was known before that day.
            let factor = factors[usize::from(place.hour.get())];
            for quantity in [0, 1] {
                let Some(value) = cell.value(quantity) else { continue };
                self.all[quantity].add(value, factor);
                self.by_post[place.post_index][quantity].add(value, factor);
                self.by_place[cell.place][quantity].add(value, 1.0);
            }
        }
        for cell in of_day {
            let place = &places[cell.place];
            if let Some(value) = cell.value(0) {
                let level = self.level(place.post_index, 0);
                self.by_hour[usize::from(place.hour.get())].add(value, level);
            }
        }
    }
}

/// A mean by weight.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    weight: f64,
    sum: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.weight += weight;
        self.sum += value;
    }

    fn mean(&self) -> f64 {
        if self.weight == 0.0 { 0.0 } else { self.sum / self.weight }
    }

    fn drawn_to(&self, broad: f64, weight: f64) -> f64 {
        (self.sum + weight * broad) / (self.weight + weight)
    }
}

fn same_day(one: &ProvinceDay, other: &ProvinceDay) -> bool {
    (one.day, &one.province) == (other.day, &other.province)
}

/// Every place once, and for each day those of its slots by index.
fn numbered(days: &[ProvinceDay]) -> (Vec<Place>, Vec<Vec<usize>>) {
    // Most days have the slots of the one before.
    let mut before: BTreeMap<&ProvinceId, &ProvinceDay> = BTreeMap::new();
    let mut new = Vec::with_capacity(days.len());
    for day in days {
        new.push(before.insert(&day.province, day).is_none_or(|old| !same_slots(old, day)));
    }
    let name = |day: &ProvinceDay, slot: &Slot| (day.province.clone(), slot.post.clone(), slot.hour);
    let fresh = days.iter().zip(&new).filter(|(_, new)| **new);
    let names = fresh.flat_map(|(day, _)| day.slots.iter().map(move |slot| name(day, slot)));
    let names: BTreeSet<(ProvinceId, PostId, Hour)> = names.collect();
    let posts: BTreeSet<&PostId> = names.iter().map(|(_, post, _)| post).collect();
    let posts: BTreeMap<&PostId, usize> = posts.into_iter().zip(0..).collect();
    let place = |(province, post, hour): &(ProvinceId, PostId, Hour)| Place {
        province: province.clone(),
        post: post.clone(),
        hour: *hour,
        post_index: posts[post],
    };
    let places = names.iter().map(place).collect();
    let index: BTreeMap<_, usize> = names.iter().zip(0..).collect();
    let mut last: BTreeMap<&ProvinceId, Vec<usize>> = BTreeMap::new();
    let mut numbers = Vec::with_capacity(days.len());
    for (day, new) in days.iter().zip(new) {
        let own = last.entry(&day.province).or_default();
        if new {
            *own = day.slots.iter().map(|slot| index[&name(day, slot)]).collect();
        }
        numbers.push(own.clone());
    }
    (places, numbers)
}

fn same_slots(one: &ProvinceDay, other: &ProvinceDay) -> bool {
    let same = |(one, other): (&Slot, &Slot)| one.hour == other.hour && one.post == other.post;
    one.slots.len() == other.slots.len() && one.slots.iter().zip(&other.slots).all(same)
}

fn check(day: &ProvinceDay) -> Result<(), FlowError> {
    let mut slots = BTreeSet::new();
    for slot in &day.slots {
        let place = || format!("{}, {}, {}", day.day, slot.post, slot.hour);
        if !slots.insert((&slot.post, slot.hour)) {
            return Err(FlowError::SlotTwice { place: place() });
        }
        let chance = |field, value, wanted| FlowError::Chance { place: place(), field, value, wanted };
        if !(0.0..=1.0).contains(&slot.inclusion) {
            return Err(chance("inclusion", slot.inclusion, "a probability"));
        }
        if !(slot.visits_expected >= slot.inclusion && slot.visits_expected.is_finite()) {
            let wanted = "a finite number that is not below the inclusion probability";
            return Err(chance("visits_expected", slot.visits_expected, wanted));
        }
        if !(0.0..=slot.visits_expected).contains(&slot.arrivals_expected) {
            return Err(chance("arrivals_expected", slot.arrivals_expected, "between 0 and visits_expected"));
        }
        if slot.inclusion == 0.0 && !slot.visits.is_empty() {
            return Err(FlowError::Impossible { place: place() });
        }
        let mut units = BTreeSet::new();
        if let Some(visit) = slot.visits.iter().find(|visit| !units.insert(&visit.unit)) {
            return Err(FlowError::UnitTwice { place: place(), unit: visit.unit.clone() });
        }
    }
    Ok(())
}
