//! A border as chance makes it.

use sekong_simulate::Chance;

pub(super) const AGENCIES: [&str; 4] = ["police", "customs", "border-guard", "military-police"];

/// Lengths of the shifts of a day.
const DAYS_OF_SHIFTS: [&[u32]; 5] = [&[8, 8, 8], &[12, 12], &[6, 6, 6, 6], &[10, 14], &[4, 8, 12]];

/// First and last hour of the night.
const NIGHTS: [(u32, u32); 3] = [(18, 6), (20, 4), (22, 2)];

/// What happens to the way to a post in the wet season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wet {
    Open,
    Slow,
    Closed,
}

#[derive(Debug, Clone)]
pub(super) struct MadePost {
    pub(super) id: String,
    pub(super) province: usize,
    pub(super) min_crew: u32,
    pub(super) night_ok: bool,
    pub(super) wet: Wet,
    pub(super) cleared: bool,
    pub(super) boat: bool,
    /// Which of [`AGENCIES`] have jurisdiction.
    pub(super) agencies: [bool; 4],
}

/// A way between two posts of a province, by their places.
#[derive(Debug, Clone, Copy)]
pub(super) struct MadeRoad {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) minutes: u32,
    pub(super) wet_closed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct MadeTeam {
    pub(super) id: String,
    /// Which of [`AGENCIES`].
    pub(super) agency: usize,
    pub(super) crew: u32,
}

#[derive(Debug, Clone)]
pub(super) struct MadePool {
    pub(super) id: String,
    pub(super) province: usize,
    /// The post that it starts from, by its place.
    pub(super) base: usize,
    pub(super) boat: bool,
    pub(super) sentinel: bool,
    pub(super) units: u32,
    /// The shifts that it serves, by their places.
    pub(super) shifts: Vec<usize>,
    pub(super) teams: Vec<MadeTeam>,
}

/// A border: what its campaign says, in plain figures.
#[derive(Debug, Clone)]
pub struct Border {
    pub(super) provinces: usize,
    pub(super) days: u32,
    /// Days before the wet season; none is wet if there are as many as days.
    pub(super) dry_days: u32,
    pub(super) shifts: Vec<u32>,
    pub(super) night: (u32, u32),
    pub(super) rest_hours: u32,
    pub(super) posts: Vec<MadePost>,
    pub(super) roads: Vec<MadeRoad>,
    pub(super) pools: Vec<MadePool>,
}

impl Border {
    pub(super) fn made(chance: &mut Chance) -> Border {
        let shifts = DAYS_OF_SHIFTS[chance.between(0, 4) as usize].to_vec();
        let days = chance.between(8, 15);
        let longest = shifts.iter().copied().max().unwrap_or(24);
        let rest_hours = if chance.happens(0.6) { 24 - longest } else { chance.between(0, 24 - longest) };
        let mut border = Border {
            provinces: 1 + usize::from(chance.happens(0.3)),
            days,
            dry_days: chance.between(1, days),
            shifts,
            night: NIGHTS[chance.between(0, 2) as usize],
            rest_hours,
            posts: Vec::new(),
            roads: Vec::new(),
            pools: Vec::new(),
        };
        for province in 0..border.provinces {
            border.make_province(province, chance);
        }
        border
    }

    /// A small place with far more teams than units: its games are solved at once, and many devices have much to say.
    pub(crate) fn crowded(teams: usize) -> Border {
        let post = |place: usize| MadePost {
            id: format!("post-{place:02}"),
            province: 0,
            min_crew: 1,
            night_ok: true,
            wet: Wet::Open,
            cleared: true,
            boat: false,
            agencies: [true; 4],
        };
        let road = |to| MadeRoad { from: 0, to, minutes: 10, wet_closed: false };
        let id = "pool-0";
        let team = |number| MadeTeam { id: format!("{id}-{number:02}"), agency: 0, crew: 3 };
        let pool = MadePool {
            id: id.to_owned(),
            province: 0,
            base: 0,
            boat: false,
            sentinel: false,
            units: 2,
            shifts: vec![0, 1, 2],
            teams: (0..teams).map(team).collect(),
        };
        Border {
            provinces: 1,
            days: 4,
            dry_days: 4,
            shifts: DAYS_OF_SHIFTS[0].to_vec(),
            night: NIGHTS[0],
            rest_hours: 0,
            posts: (0..3).map(post).collect(),
            roads: vec![road(1), road(2)],
            pools: vec![pool],
        }
    }

    fn make_province(&mut self, province: usize, chance: &mut Chance) {
        let first = self.posts.len();
        for number in 0..chance.between(3, 6) as usize {
            let place = first + number;
            self.posts.push(made_post(place, province, chance));
            if number > 0 {
                let to = first + chance.between(0, number as u32 - 1) as usize;
                self.roads.push(made_road(place, to, chance));
            }
        }
        let last = self.posts.len() as u32 - 1;
        for _ in 0..chance.between(0, 2) {
            let (from, to) = (chance.between(first as u32, last), chance.between(first as u32, last));
            if from != to {
                self.roads.push(made_road(from as usize, to as usize, chance));
            }
        }
        for number in 0..chance.between(1, 3) {
            let base = chance.between(first as u32, last) as usize;
            self.make_pool(province, number == 0, base, chance);
        }
    }

    /// The first pool of a province serves every shift.
    fn make_pool(&mut self, province: usize, first: bool, base: usize, chance: &mut Chance) {
        let mut shifts: Vec<usize> = (0..self.shifts.len()).collect();
        shifts.retain(|_| first || chance.happens(0.5));
        if shifts.is_empty() {
            return;
        }
        let sentinel = chance.happens(0.3);
        let units = chance.between(1, 2);
        let on_duty = units * if sentinel { 2 } else { 1 } * shifts.len() as u32;
        let id = format!("pool-{}", self.pools.len());
        let crew = chance.between(2, 5);
        let agencies = chance.between(1, 4);
        let teams = (0..on_duty + chance.between(0, on_duty)).map(|number| MadeTeam {
            id: format!("{id}-{number:02}"),
            agency: chance.between(0, agencies - 1) as usize,
            crew: crew + chance.between(0, 2),
        });
        let teams = teams.collect();
        let boat = chance.happens(0.5);
        self.pools.push(MadePool { id, province, base, boat, sentinel, units, shifts, teams });
    }
}

fn made_post(place: usize, province: usize, chance: &mut Chance) -> MadePost {
    let wet = match chance.between(0, 3) {
        0 => Wet::Closed,
        1 => Wet::Slow,
        _ => Wet::Open,
    };
    let all = chance.happens(0.6);
    MadePost {
        id: format!("post-{place:02}"),
        province,
        min_crew: chance.between(1, 5),
        night_ok: chance.happens(0.6),
        wet,
        cleared: chance.happens(0.8),
        boat: chance.happens(0.2),
        agencies: [0, 1, 2, 3].map(|agency| all || agency == 0 || chance.happens(0.6)),
    }
}

fn made_road(from: usize, to: usize, chance: &mut Chance) -> MadeRoad {
    MadeRoad { from, to, minutes: chance.between(1, 80), wet_closed: chance.happens(0.2) }
}
