//! Games for the tests: provinces like the campaign's, and tiny random ones.

use serde_json::{Value, json};

/// A stream of whole numbers that is the same everywhere (Steele, Lea, Flood 2014: splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// `provinces` provinces of seven posts on 24 hours, each with a sentinel pair and two plain units a shift.
pub(crate) fn provincial(seed: u64, provinces: usize, floor: f64, bribed: u64) -> Value {
    let mut numbers = Numbers(seed);
    let (mut posts, mut names, mut value) = (Vec::new(), serde_json::Map::new(), Vec::new());
    let (mut travel, mut units) = (Vec::new(), Vec::new());
    for province in 0..provinces {
        let name = format!("province-{province}");
        let own: Vec<String> = (0..7).map(|post| format!("P{province}{post}")).collect();
        let places: Vec<(f64, f64)> = own.iter().map(|_| (numbers.unit(), numbers.unit())).collect();
        for post in &own {
            let (base, night) = (20.0 + 80.0 * numbers.unit(), 0.6 + 0.8 * numbers.unit());
            let row: Vec<f64> =
                (0..24).map(|hour| if (6..18).contains(&hour) { base } else { base * night }).collect();
            value.push(json!(row));
            posts.push(json!(post));
        }
        for one in 0..7 {
            for other in 0..one {
                let (dx, dy) = (places[one].0 - places[other].0, places[one].1 - places[other].1);
                let hours = (3.0 * (dx * dx + dy * dy).sqrt()).floor() as u64;
                travel.push(json!([own[one], own[other], hours]));
            }
        }
        units.extend(shifts(&name, &own));
        names.insert(name, json!(own));
    }
    json!({
        "slots": 24, "posts": posts, "provinces": names, "value": value, "capture": 60,
        "travel_hours": travel, "units": units, "floor": floor, "bribed": bribed,
    })
}

fn shifts(province: &str, posts: &[String]) -> Vec<Value> {
    let mut units = Vec::new();
    for start in [0, 8, 16] {
        for (name, sentinel, offset) in [
            ("sentinel-even", true, 0),
            ("sentinel-odd", true, 1),
            ("plain-1", false, 0),
            ("plain-2", false, 0),
        ] {
            units.push(json!({
                "id": format!("{province}/{start}/{name}"), "province": province, "pool": format!("{province}/car"),
                "detect": if sentinel { 0.6 } else { 0.8 }, "start": start + offset, "length": 8 - offset,
                "every": if sentinel { 2 } else { 1 }, "sentinel": sentinel,
                "enter": posts, "leave": posts, "reach": posts,
            }));
        }
    }
    units
}

/// A game of at most three posts, four hours and three units, with every kind of rule.
pub(crate) fn tiny(seed: u64) -> Value {
    let mut numbers = Numbers(seed.wrapping_mul(7919));
    let (hours, count) = (2 + numbers.below(3), 1 + numbers.below(3));
    let posts: Vec<String> = (0..count).map(|post| format!("P{post}")).collect();
    let row =
        |numbers: &mut Numbers| (0..hours).map(|_| json!(numbers.below(20) as f64 / 2.0)).collect::<Vec<_>>();
    let value: Vec<_> = posts.iter().map(|_| row(&mut numbers)).collect();
    let capture = if numbers.below(2) == 0 { json!(numbers.below(5)) } else { json!(value) };
    let mut travel = Vec::new();
    for one in 0..posts.len() {
        for other in 0..one {
            if numbers.below(5) > 0 {
                travel.push(json!([posts[one], posts[other], numbers.below(2)]));
            }
        }
    }
    let units: Vec<Value> =
        (0..1 + numbers.below(3)).map(|unit| tiny_unit(&mut numbers, unit, hours, &posts)).collect();
    let floor = [0.0, 0.1, 0.3, 0.8][numbers.below(4) as usize];
    let bribed = [0, 0, 1, 2][numbers.below(4) as usize];
    json!({
        "slots": hours, "posts": posts, "provinces": {"all": posts}, "value": value, "capture": capture,
        "travel_hours": travel, "units": units, "floor": floor, "bribed": bribed,
    })
}

fn tiny_unit(numbers: &mut Numbers, unit: u64, hours: u64, posts: &[String]) -> Value {
    let sentinel = numbers.below(3) == 0;
    let detect = [0.5, 0.8, 1.0][numbers.below(3) as usize];
    let reach: Vec<&String> = posts.iter().filter(|_| numbers.below(4) > 0).collect();
    let reach = if reach.is_empty() { vec![&posts[0]] } else { reach };
    let enter: Vec<&String> = reach.iter().copied().filter(|_| numbers.below(3) > 0).collect();
    json!({
        "id": format!("u{unit}"), "province": "all", "pool": "pool", "detect": detect,
        "start": numbers.below(hours), "length": 1 + numbers.below(hours), "every": if sentinel { 2 } else { 1 },
        "sentinel": sentinel, "enter": if enter.is_empty() { reach.clone() } else { enter }, "leave": reach, "reach": reach,
    })
}
