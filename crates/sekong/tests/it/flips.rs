//! Any single flipped byte under `log/` is found, by an audit in this process over a day's real log.

use std::path::Path;

use sekong_centre::{Bodies, Body, Evidence, KeyRing, audit};
use sekong_log::{Hash, LogFiles};
use sekong_simulate::Seed;

use crate::week;

/// Places flipped; each costs one audit of the whole log.
const FLIPS: u32 = 600;

struct NoBodies;

impl Bodies for NoBodies {
    fn get(&self, _: &Hash) -> Body {
        Body::Sealed
    }
}

fn read_all(root: &Path, folder: &Path, files: &mut LogFiles) {
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

fn keys(data: &Path) -> KeyRing {
    let read = |name: &str| std::fs::read_to_string(data.join("keys").join(name)).unwrap();
    let cosigners = read("cosigners.vkey").lines().map(|line| line.parse().unwrap()).collect();
    KeyRing { log: read("log.vkey").trim_end().parse().unwrap(), cosigners: Some(cosigners) }
}

fn holds_by_itself(files: &LogFiles, keys: &KeyRing) -> bool {
    let (bodies, since, store_size) = (&NoBodies, None, None);
    audit(&Evidence { files, listed: true, keys, bodies, store_size, since }, &mut |_, _| ()).log.is_some()
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
