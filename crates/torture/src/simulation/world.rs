//! The small campaigns that are simulated: the shipped one cut down to two days and one or two provinces.

use std::path::Path;

use sekong_centre::{KeyRing, Secrets};
use sekong_log::{DeviceId, DeviceKey, Hash};
use sekong_model::{Campaign, OfficerId, SourceBundle, referenced_files};
use sekong_simulate::Seed;

/// The secrets of all simulated campaigns; what differs by seed is what befalls them.
const SECRETS: Seed = Seed(7);

/// Parts of the shipped file that name a province, a pool or a post, and stay only with it.
const OF_A_PROVINCE: [&str; 4] = ["[[province]]", "[[post]]", "[[pool]]", "[[unit]]"];

/// Six digits a day.
const DAILY_DIE: &str = "daily_die = true\ndaily_die_digits = 6\ndaily_die_source = \"lottery\"";

const LATER_PHASES: [&str; 2] = ["id = \"new-year-and-heat\"", "id = \"wet-season\""];

/// A campaign, ready to be founded any number of times.
pub struct World {
    pub(crate) files: SourceBundle,
    pub(crate) campaign: Campaign,
    pub(crate) secrets: Secrets,
    pub(crate) keys: KeyRing,
}

/// Which of all worlds each seed lives in, in turn. Two provinces, which cost twice as much, are in the last two.
const WORLDS: [usize; 6] = [0, 1, 2, 0, 1, 3];

/// The world of a seed, of all worlds.
pub fn world_of(worlds: &[World], seed: u64) -> &World {
    &worlds[WORLDS[(seed % WORLDS.len() as u64) as usize]]
}

impl World {
    /// One and two provinces, each without and with a daily die.
    pub fn all() -> Vec<World> {
        let provinces = [&["ratanakiri"][..], &["ratanakiri", "preah-vihear"]];
        let all = provinces.into_iter().flat_map(|provinces| [false, true].map(|die| (provinces, die)));
        all.map(|(provinces, die)| World::of(provinces, die)).collect()
    }

    fn of(provinces: &[&str], daily_die: bool) -> World {
        let files = files(provinces, daily_die);
        let campaign = Campaign::parse(&files).expect("the shipped campaign cut down is a campaign");
        let secrets = secrets(&campaign);
        let keys = secrets.key_ring(campaign.id()).expect("the campaign's name is a key's");
        World { files, campaign, secrets, keys }
    }

    /// The keys of the seats.
    pub(crate) fn officers(&self) -> Vec<(OfficerId, DeviceId)> {
        let seats = self.campaign.officers().iter();
        seats.map(|seat| (seat.id.clone(), officer_key(seat.id.as_str()).id())).collect()
    }

    /// The public dice of a seed.
    pub(crate) fn public_dice(seed: Seed) -> Hash {
        Hash(seed.bytes("public dice", ""))
    }
}

/// The key of a seat that throws dice.
pub(crate) fn officer_key(officer: &str) -> DeviceKey {
    DeviceKey::from_seed(&SECRETS.bytes("officer", officer))
}

fn secrets(campaign: &Campaign) -> Secrets {
    let secret = |name: &str| SECRETS.bytes("secret", name);
    let custodians = campaign.custodians().iter();
    Secrets {
        log: secret("log"),
        cosigners: [1, 2, 3].map(|number| secret(&format!("cosigner {number}"))).to_vec(),
        witnesses: Vec::new(),
        device: secret("centre"),
        salt: secret("salt"),
        custodians: custodians.map(|id| (id.clone(), secret(id.as_str()))).collect(),
    }
}

fn files(provinces: &[&str], daily_die: bool) -> SourceBundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns/northeast-2017");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).expect("the shipped campaign is there");
    let text = cut_down(&read("campaign.toml"), provinces)
        .replace("daily_die = false", if daily_die { DAILY_DIE } else { "daily_die = false" });
    let mut files = SourceBundle::new(text.clone());
    for name in referenced_files(&text).expect("it names its files") {
        let text = read(&name);
        files.files.insert(name, text);
    }
    files
}

fn cut_down(text: &str, provinces: &[&str]) -> String {
    let kept = |block: &&str| provinces.iter().any(|province| block.contains(province));
    let of_kind = |block: &str, kind: &str| block.lines().any(|line| line.starts_with(kind));
    let blocks: Vec<&str> = text.split("\n\n").collect();
    let posts = blocks.iter().filter(|block| of_kind(block, "[[post]]")).filter(|block| kept(block));
    let posts: Vec<&str> = posts.filter_map(|block| block.split("id = ").nth(1)?.lines().next()).collect();
    let stays = |block: &&&str| {
        if OF_A_PROVINCE.iter().any(|kind| of_kind(block, kind)) {
            return kept(block);
        }
        if ["[[value]]", "[[leg]]"].iter().any(|kind| of_kind(block, kind)) {
            return posts.iter().any(|post| block.contains(post));
        }
        let of_later = ["[[map]]", "[rules.wet_season]"].iter().any(|kind| of_kind(block, kind));
        !of_later && !LATER_PHASES.iter().any(|phase| block.contains(phase))
    };
    let two_days = blocks.iter().filter(stays).copied().collect::<Vec<_>>().join("\n\n");
    let two_days = two_days.replacen("last_day = 2017-06-30", "last_day = 2017-01-02", 1);
    two_days.replace("last_day = 2017-04-12", "last_day = 2017-01-02")
}
