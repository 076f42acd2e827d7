//! Any single flipped byte under `log/` is found, by an audit in this process over a day's real log.

use std::path::Path;

use sekong_centre::{Bodies, Body, Evidence, KeyRing, audit};
use sekong_log::{Hash, LogFiles, Statement};
use sekong_simulate::Seed;

use crate::data::statements;
use crate::week;

/// Places flipped; each costs one audit of the whole log.
const FLIPS: u32 = 600;

struct NoBodies;

impl Bodies for NoBodies {
    fn get(&self, _: &Hash) -> Body {
        Body::Sealed
    }
}

pub(crate) fn read_all(root: &Path, folder: &Path, files: &mut LogFiles) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
}

pub(crate) fn keys(data: &Path) -> KeyRing {
    let read = |name: &str| std::fs::read_to_string(data.join("keys").join(name)).unwrap();
    let cosigners = read("cosigners.vkey").lines().map(|line| line.parse().unwrap()).collect();
    KeyRing { log: read("log.vkey").trim_end().parse().unwrap(), cosigners: Some(cosigners) }
}

fn holds_by_itself(files: &LogFiles, keys: &KeyRing) -> bool {
    let (bodies, since, store_head, now) = (&NoBodies, None, None, jiff::Timestamp::UNIX_EPOCH);
    audit(&Evidence { files, keys, bodies, store_head, now, since, known: None }, &mut |_| ()).log.is_some()
}

/// Publishes the campaign's files and its plans; the rest is sealed, as on the day itself.
struct PlansAlone<'a>(&'a Path, Vec<Hash>);

impl Bodies for PlansAlone<'_> {
    fn get(&self, hash: &Hash) -> Body {
        if !self.1.contains(hash) {
            return Body::Sealed;
        }
        std::fs::read(self.0.join("bodies").join(hash.to_string())).map_or(Body::Missing, Body::Here)
    }
}

#[test]
fn sealed_bodies_break_nothing_while_they_may_be_sealed() {
    let data = week::shared_day();
    let (keys, mut files) = (keys(data), LogFiles::new());
    read_all(&data.join("log"), &data.join("log"), &mut files);
    let public = statements(data).into_iter().filter_map(|said| match said {
        Statement::Campaign(said) => Some(said.bundle),
        Statement::Plan(said) => Some(said.plan),
        _ => None,
    });
    let bodies = &PlansAlone(data, public.collect());
    let judged = |now: &str| {
        let (now, store_head, since) = (now.parse().unwrap(), None, None);
        let (files, keys) = (&files, &keys);
        audit(&Evidence { files, keys, bodies, store_head, now, since, known: None }, &mut |_| ())
    };
    let in_time = judged("2017-01-03T00:00:00Z");
    assert!(in_time.holds(), "{:?}", in_time.faults.first());
    assert!(in_time.sealed > 100);
    let too_early = judged("2017-01-01T00:00:00Z");
    assert!(too_early.faults.iter().any(|fault| fault.rule == "head.time"), "a head from the future is none");
    let too_late = judged("2017-03-01T00:00:00Z");
    assert!(too_late.faults.iter().all(|fault| fault.rule == "body.overdue") && !too_late.holds());
}

#[test]
fn any_flipped_byte_of_the_log_is_found() {
    let data = week::shared_day();
    let (keys, mut files) = (keys(data), LogFiles::new());
    read_all(&data.join("log"), &data.join("log"), &mut files);
    assert!(holds_by_itself(&files, &keys));
    let names: Vec<String> = files.keys().cloned().collect();
    let mut chance = Seed(1).stream("flips", "");
    for number in 0..FLIPS {
        // Every file in turn, the small ones as often as the large.
        let name = &names[number as usize % names.len()];
        let bytes = files.get_mut(name).unwrap();
        let place = chance.between(0, bytes.len() as u32 - 1) as usize;
        let bit = 1u8 << chance.between(0, 7);
        bytes[place] ^= bit;
        assert!(!holds_by_itself(&files, &keys), "{name}, byte {place}, bit {bit:#04x}");
        files.get_mut(name).unwrap()[place] ^= bit;
    }
    assert!(holds_by_itself(&files, &keys));
}
