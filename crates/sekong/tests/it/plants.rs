//! `sekong plant`: a key for campaign.toml, a commitment that is kept before it is sent, and what opens it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::data::{arg, copy, shipped};
use crate::run::{Run, command, sekong};
use crate::stepped::Stepped;

/// The shipped campaign, whose inspectorate may plant, in `campaign` of this folder, and the inspectorate's folder in `plants`.
pub(crate) fn planting_campaign(root: &Path) -> PathBuf {
    let [campaign, plants] = ["campaign", "plants"].map(|name| root.join(name));
    let of = ["--campaign", "northeast-2017", "--holder", "Inspectorate", "--data", arg(&plants)];
    let made = sekong(["plant", "init"].iter().chain(&of)).exits(0);
    copy(&shipped(), &campaign);
    let toml = campaign.join("campaign.toml");
    fs::write(&toml, fs::read_to_string(&toml).unwrap() + "\n" + &made.stdout).unwrap();
    campaign
}

/// A campaign whose inspectorate plants, its centre, and the inspectorate's folder.
struct Planting {
    kept: tempfile::TempDir,
    centre: Stepped,
    now: Timestamp,
}

impl Planting {
    fn new() -> Planting {
        let kept = tempfile::tempdir().unwrap();
        let (campaign, data) = (planting_campaign(kept.path()), kept.path().join("data"));
        sekong(["init", arg(&campaign), "--data", arg(&data)]).exits(0);
        let founded = sekong(["verify", arg(&data), "--json"]).exits(0).json();
        assert_eq!(founded["plants"]["waiting"], 0, "the campaign turned it on");
        let founded: Timestamp = founded["cosignatures"][0]["time"].as_str().unwrap().parse().unwrap();
        let now = founded + SignedDuration::from_hours(1);
        let clock = format!("{now},0");
        let served =
            ["serve", "--json", "--listen", "127.0.0.1:0", "--demo-clock", &clock, "--steps", "--data"];
        let centre = Stepped::run(command(served.into_iter().chain([arg(&data)])));
        Planting { kept, centre, now }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    fn plant(&self, what: &str, hour: &str, more: &[&str]) -> Run {
        let (data, centre) = (self.at("plants"), &self.centre.address);
        let of = ["--data", arg(&data), "--post", "KH-LA-01", "--day", "2017-01-09", "--hour", hour];
        sekong(["plant", what].iter().chain(&of).chain(&["--centre", centre]).chain(more))
    }
}

#[test]
fn a_plant_is_kept_committed_to_once_and_opened_when_its_hour_is_closed() {
    let planting = Planting::new();
    let two = ["--province", "stung-treng", "--planted", "2"];
    let first = planting.plant("commit", "7", &two).exits(0).stdout;
    assert!(first.contains("committed under") && first.contains("by the centre's word entry"), "{first}");
    assert_eq!(planting.plant("commit", "7", &two).exits(0).stdout, first, "sent again it is the same one");
    let three = ["--province", "stung-treng", "--planted", "3"];
    planting.plant("commit", "7", &three).exits(2).says(&["another plant at this post in this hour"]);
    let blank =
        planting.plant("commit", "8", &["--province", "stung-treng", "--planted", "0"]).exits(0).stdout;
    assert_eq!(blank.len(), first.len(), "a blank looks like any other: {blank}");
    planting.plant("commit", "24", &two).exits(2).says(&["an hour from 0 to 23"]);

    let visit = ["--visit", "stung-treng/00-08/plain-1:2:1"];
    planting.plant("reveal", "9", &visit).exits(2).says(&["nothing is committed to"]);
    planting.plant("reveal", "7", &["--visit", "plain-1"]).exits(2).says(&["a unit and two numbers"]);
    planting
        .plant("reveal", "7", &visit)
        .exits(1)
        .says(&["the time for reports on 2017-01-09 07:00 is not over"]);

    let (data, now) = (planting.at("data"), planting.now.to_string());
    let told = sekong(["verify", arg(&data), "--now", &now]).exits(0).stdout;
    assert!(
        told.contains("simulants by Inspectorate: 0 opened in time, 0 late, 2 closed and not due yet"),
        "{told}"
    );
    let plants = &sekong(["verify", arg(&data), "--now", &now, "--json"]).exits(0).json()["plants"];
    assert_eq!((&plants["waiting"], &plants["overdue"]), (&2.into(), &0.into()));
}

#[test]
fn a_campaign_that_says_nothing_of_simulants_tells_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sekong(["init", arg(&shipped()), "--data", arg(&data)]).exits(0);
    assert!(sekong(["verify", arg(&data), "--json"]).exits(0).json()["plants"].is_null());
    assert!(!sekong(["verify", arg(&data)]).exits(0).stdout.contains("simulants"));
}
