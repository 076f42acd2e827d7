//! A thousand changed plans, every one rejected.

use sekong_plan::{Game, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::{Numbers, provincial, tiny};

fn solved(game: &Value) -> Value {
    let options = SolveOptions { rounds: 100, work: 50_000_000, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap();
    serde_json::from_slice(&plan.to_json()).unwrap()
}

/// Plans with a floor, bribes, absences, two provinces, sentinels and unreachable slots.
fn plans() -> Vec<Value> {
    let mut absent = provincial(5, 1, 0.0, 2);
    absent["absent"] = json!({"province-0/car": 2});
    let mut leximin = provincial(7, 1, 0.05, 0);
    leximin["objective"] = json!("leximin");
    let cut_off = tiny(9);
    [provincial(1, 1, 0.05, 1), provincial(2, 2, 0.03, 0), absent, leximin, cut_off]
        .iter()
        .map(solved)
        .collect()
}

struct Mutator(Numbers);

impl Mutator {
    fn pick(&mut self, count: usize) -> usize {
        self.0.below(count as u64) as usize
    }

    /// Changes a number by at least a millionth of it and by more than the checker's tolerance.
    fn nudge(&mut self, number: &mut Value) {
        let old = number.as_f64().unwrap();
        let change = ([1e-6, 1e-3, 0.3, 2.0][self.pick(4)] * old.abs()).max(1e-8);
        *number = json!(if self.pick(2) == 0 { old + change } else { old - change });
    }

    fn flow(&mut self, plan: &mut Value) {
        let unit = self.pick(plan["units"].as_array().unwrap().len());
        let arcs = plan["units"][unit]["arcs"].as_array_mut().unwrap();
        let (one, other) = (self.pick(arcs.len()), self.pick(arcs.len()));
        match self.pick(6) {
            0 => arcs[one]["flow"] = json!(arcs[one]["flow"].as_i64().unwrap() + 1 + self.pick(1000) as i64),
            1 => arcs[one]["flow"] = json!(arcs[one]["flow"].as_i64().unwrap() - 1 - self.pick(1000) as i64),
            2 => drop(arcs.remove(one)),
            3 => arcs.push(arcs[one].clone()),
            4 => arcs[one]["to"] = arcs[other]["to"].clone(),
            _ => {
                let flow = arcs[one]["flow"].clone();
                arcs[one]["flow"] = arcs[other]["flow"].clone();
                arcs[other]["flow"] = flow;
            }
        }
    }

    fn units(&mut self, plan: &mut Value) {
        let games = plan["game"]["units"].clone();
        let units = plan["units"].as_array_mut().unwrap();
        let (one, other) = (self.pick(units.len()), self.pick(units.len()));
        match self.pick(4) {
            0 => units.swap(one, other),
            1 => drop(units.remove(one)),
            // Two units that move alike may change chains, and all that is claimed may still be true.
            3 if games[one]["sentinel"] != games[other]["sentinel"] => {
                let arcs = units[one]["arcs"].clone();
                units[one]["arcs"] = units[other]["arcs"].clone();
                units[other]["arcs"] = arcs;
            }
            _ => units[one]["id"] = json!("nobody"),
        }
    }

    /// Changes an entry of some weight: one of next to none may be another without the bound's being wrong.
    fn mix(&mut self, plan: &mut Value) {
        let hours = plan["game"]["slots"].as_u64().unwrap();
        let mix = plan["adversary"].as_array_mut().unwrap();
        let weighty = |at: &usize| mix[*at]["weight"].as_f64().unwrap() > 1e-4;
        let heavy: Vec<usize> = (0..mix.len()).filter(weighty).collect();
        let one = heavy[self.pick(heavy.len())];
        match self.pick(5) {
            0 => self.nudge(&mut mix[one]["weight"]),
            1 => drop(mix.remove(one)),
            2 => mix.push(mix[one].clone()),
            3 => mix[one]["hour"] = json!(hours + self.0.below(2)),
            _ => mix[one]["removed"] = json!(["nobody"]),
        }
    }

    fn claims(&mut self, plan: &mut Value) {
        let province = self.pick(plan["value"]["provinces"].as_object().unwrap().len());
        let name = plan["value"]["provinces"].as_object().unwrap().keys().nth(province).unwrap().clone();
        let figure = ["upper", "lower", "gap"][self.pick(3)];
        match self.pick(6) {
            0 => self.nudge(&mut plan["value"][figure]),
            1 => self.nudge(&mut plan["value"]["provinces"][&name][figure]),
            2 => drop(plan["value"]["provinces"].as_object_mut().unwrap().remove(&name)),
            3 => plan["kind"] = json!("plan"),
            4 => self.nudge(&mut plan["scale"]),
            _ => {
                let first = json!([plan["game"]["posts"][0], 0]);
                let listed = plan["unreachable"].as_array_mut().unwrap();
                if listed.pop().is_none() {
                    listed.push(first);
                }
            }
        }
    }

    fn prices(&mut self, plan: &mut Value) {
        let prices = plan["prices"].as_object_mut().unwrap();
        if let Some(pools) = prices.get_mut("absent").filter(|_| self.pick(2) == 0) {
            let uppers = pools.as_object_mut().unwrap().values_mut().next().unwrap();
            let count = self.pick(uppers.as_array().unwrap().len());
            return self.nudge(&mut uppers[count]);
        }
        let known: Vec<String> =
            prices.keys().filter(|name| !["floor", "absent"].contains(&name.as_str())).cloned().collect();
        let name = &known[self.pick(known.len())];
        self.nudge(&mut prices[name]);
    }

    fn game(&mut self, plan: &mut Value) {
        let game = &mut plan["game"];
        let (post, unit) = (
            self.pick(game["value"].as_array().unwrap().len()),
            self.pick(game["units"].as_array().unwrap().len()),
        );
        match self.pick(7) {
            0 => self.nudge(&mut game["value"][post][0]),
            1 => game["capture"] = json!(0.123),
            2 => game["floor"] = json!(0.0123),
            3 => game["bribed"] = json!(game["bribed"].as_u64().unwrap() + 1),
            4 => game["units"][unit]["detect"] = json!(0.987),
            5 => drop(game["travel_hours"].as_array_mut().unwrap().pop()),
            _ => plan["game_sha256"] = json!("00".repeat(32)),
        }
    }

    fn mutate(&mut self, plan: &mut Value) {
        match self.pick(6) {
            0 => self.flow(plan),
            1 => self.units(plan),
            2 => self.mix(plan),
            3 => self.claims(plan),
            4 => self.prices(plan),
            _ => self.game(plan),
        }
    }
}

/// What a plan says, whatever the order and the zeros of its entries.
fn meaning(plan: &Value) -> Value {
    let mut plan = plan.clone();
    plan["adversary"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    plan
}

#[test]
fn a_thousand_changed_plans_are_rejected() {
    let (plans, mut mutator, mut rejected) = (plans(), Mutator(Numbers(17)), 0);
    assert!(plans.iter().all(|plan| check(&plan.to_string(), None).is_ok()));
    while rejected < 1000 {
        let plan = &plans[rejected % plans.len()];
        let mut changed = plan.clone();
        mutator.mutate(&mut changed);
        if meaning(&changed) != meaning(plan) {
            assert!(check(&changed.to_string(), None).is_err(), "accepted:\n{changed}");
            rejected += 1;
        }
    }
}
