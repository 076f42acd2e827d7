//! No order that breaks a rule of the campaign can be drawn: crew, night, rest, wet season, access, jurisdiction. Borders
//! made by chance are planned, and some lived through; what is lawful on them is told by code that shares nothing with
//! what plans and deals. And what a centre forges is named by the rule that it breaks.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sekong_centre::{Bodies, Body, OrderOpening};
use sekong_log::{Dealt, Hash, OrdersSealed, Statement, body_hash};
use sekong_model::{Hour, Moment, Order, SourceBundle};
use serde_json::{Value, json};

use crate::forgeries::Forger;
use crate::founded::{Founded, files};
use sekong_torture::{Looked, border_of};

/// Borders whose plans are followed along every step that has a chance, and those of them that are lived through.
const PLANNED: u64 = 120;
const LIVED: u64 = 24;

fn check_eventful(looked: &[Looked], least: u64) {
    let sum = |figure: fn(&Looked) -> u64| looked.iter().map(figure).sum::<u64>();
    let (sent, drives, duties) =
        (sum(|looked| looked.sent), sum(|looked| looked.drives), sum(|looked| looked.duties));
    println!("{} borders: {sent} sent, {drives} drives, {duties} duties", looked.len());
    assert!(least < sent && least / 10 < drives, "{sent} sent, {drives} drives");
}

#[test]
fn no_step_of_a_plan_sends_any_team_of_its_pool_where_a_rule_forbids_it() {
    let mut forbidden: BTreeMap<&str, u64> = BTreeMap::new();
    let mut looked = Vec::new();
    for seed in 0..PLANNED {
        let made = border_of(seed).unwrap_or_else(|| panic!("seed {seed}: no border"));
        looked.push(made.check_plans().unwrap_or_else(|broken| panic!("seed {seed}: {broken}")));
        for (rule, count) in made.border.forbids() {
            *forbidden.entry(rule).or_default() += count;
        }
    }
    check_eventful(&looked, 10_000);
    // Rules are held easily where they forbid nothing.
    assert_eq!(forbidden.len(), 6, "{forbidden:?}");
    assert!(forbidden.values().all(|count| PLANNED < *count), "{forbidden:?}");
}

#[test]
fn no_draw_gives_a_team_an_order_or_a_duty_that_a_rule_forbids() {
    let lived = |seed| {
        let made = border_of(seed).unwrap_or_else(|| panic!("seed {seed}: no border"));
        made.live(seed).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"))
    };
    let looked: Vec<Looked> = (0..LIVED).map(lived).collect();
    check_eventful(&looked, 1_000);
    assert!(looked.iter().all(|looked| looked.duties > 0), "{looked:?}");
}

/// Each post of Stung Treng but two is closed by a rule of its own on the first night.
const CLOSED: [(&str, &str); 5] = [
    ("KH-LA-03", "rules.jurisdiction"),
    ("VIL-1822216", "rules.access"),
    ("DER-01", "rules.wet-season"),
    ("KH-LA-04", "rules.night"),
    ("KH-LA-02", "rules.crew"),
];

fn closed_files() -> SourceBundle {
    let mut files = files();
    let toml = files.files.get_mut("campaign.toml").unwrap();
    let mut change = |from: &str, to: &str| {
        assert!(toml.contains(from), "{from:?}");
        *toml = toml.replacen(from, to, 1);
    };
    let post = |id: &str, field: &str| format!("id = \"{id}\"\nprovince = \"stung-treng\"\n{field}");
    change("first_day = 2017-05-15\nlast_day = 2017-10-31", "first_day = 2017-01-01\nlast_day = 2017-10-31");
    change(&post("KH-LA-03", "min"), &post("KH-LA-03", "agencies = [\"customs\"]\nmin"));
    change(&post("KH-LA-02", "min_crew = 3"), &post("KH-LA-02", "min_crew = 5"));
    let open = |id: &str| {
        let rest = "min_crew = 3\nnight_ok = true\nwet_season_travel = ";
        post(id, rest)
    };
    change(&(open("DER-01") + "\"open\""), &(open("DER-01") + "\"closed\""));
    let way = |cleared| format!("{}\"slow\"\ncleared_access = {cleared}", open("VIL-1822216"));
    change(&way(true), &way(false));
    files
}

/// The log of the first hours, with the second shift dealt.
async fn closed() -> Forger {
    let mut founded = Founded::of(closed_files()).await;
    let five = founded.instant(Hour::try_from(5).unwrap());
    founded.run_until(five).await;
    Forger::of(founded)
}

impl Forger {
    /// A body of the log as JSON.
    fn body(&self, hash: &Hash) -> Value {
        let Body::Here(bytes) = self.bodies(Vec::new()).get(hash) else { panic!("{hash} is not there") };
        serde_json::from_slice(&bytes).unwrap()
    }

    fn orders_of_midnight(&self) -> OrdersSealed {
        self.said(|said| match said {
            Statement::Orders(said) if said.province.as_str() == "stung-treng" => Some(said),
            _ => None,
        })
    }

    fn deal_at(&self, hour: u8) -> Dealt {
        let moment = Moment::Hour { day: self.founded.day(), hour: Hour::try_from(hour).unwrap() };
        self.said(|said| match said {
            Statement::Deal(said) if said.moment == moment && said.province.as_str() == "stung-treng" => {
                Some(said)
            }
            _ => None,
        })
    }
}

fn canonical(body: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(body).unwrap()
}

#[tokio::test]
async fn a_forged_order_is_named_by_the_rule_that_it_breaks() {
    let forger = closed().await;
    let orders = forger.orders_of_midnight();
    let before = |said: &Statement| *said != Statement::Orders(orders.clone());
    let time = forger.founded.campaign.release_at(forger.founded.moment()) + SignedDuration::from_mins(1);
    for (post, rule) in CLOSED {
        let mut openings: Vec<OrderOpening> =
            serde_json::from_value(forger.body(&orders.body)["orders"].clone()).unwrap();
        let sent = openings.iter_mut().find(|opening| opening.thrown).unwrap();
        sent.order = Order::Drive { post: post.parse().unwrap() };
        sent.next = Some((post.parse().unwrap(), Hour::MIDNIGHT));
        let commitments = openings.iter().map(OrderOpening::commitment).collect();
        let body = canonical(&json!({ "orders": openings }));
        let forged = OrdersSealed { orders: commitments, body: body_hash(&body), ..orders.clone() };
        let fault = forger.fault_with(before, Statement::Orders(forged), time, body);
        assert_eq!(fault.rule(), rule, "{fault}");
        assert!(fault.to_string().contains(post), "{fault}");
    }
}

#[tokio::test]
async fn a_forged_deal_is_named_by_the_rule_that_it_breaks() {
    let forger = closed().await;
    let (first, second) = (forger.deal_at(0), forger.deal_at(8));
    let of_pool = |deal: &Dealt, pool: &str| {
        let units = forger.body(&deal.deal)["units"].clone();
        let units = units.as_object().unwrap().clone();
        units.into_iter().find(|(_, team)| team.as_str().unwrap().starts_with(pool)).unwrap()
    };
    let time = forger.founded.campaign.release_at(second.moment) + SignedDuration::from_mins(1);
    let before = |said: &Statement| *said != Statement::Deal(second.clone());
    let (_, tired) = of_pool(&first, "ST-A");
    let (unit, _) = of_pool(&second, "ST-A");
    // Of another province: it has no jurisdiction at any post of the unit.
    for (team, rule) in [(tired, "rules.rest"), (json!("PV-A-01"), "rules.jurisdiction")] {
        let mut body = forger.body(&second.deal);
        body["units"][&unit] = team.clone();
        let body = canonical(&body);
        let forged = Dealt { deal: body_hash(&body), ..second.clone() };
        let fault = forger.fault_with(before, Statement::Deal(forged), time, body);
        assert_eq!(fault.rule(), rule, "{team}: {fault}");
        assert!(fault.to_string().contains(team.as_str().unwrap()), "{fault}");
    }
}
