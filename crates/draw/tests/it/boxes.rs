//! Boxes: they open for whom they are, and look alike.

use proptest::prelude::*;
use sekong_draw::{
    BOX_BYTES, BoxContent, BoxFor, BoxSecret, MESSAGE_MAX_BYTES, OpenError, SealError, SealedBox, TableSerial,
};
use sekong_log::BoxKey;
use sekong_model::{CampaignId, Hour, Moment, ProvinceId, TeamId};

fn ids(team: &str) -> (CampaignId, ProvinceId, TeamId) {
    ("c".parse().unwrap(), "p".parse().unwrap(), team.parse().unwrap())
}

fn orders(hour: u8) -> BoxContent {
    let day = "2017-01-31".parse().unwrap();
    BoxContent::Orders(Moment::Hour { day, hour: Hour::try_from(hour).unwrap() })
}

proptest! {
    #[test]
    fn a_box_opens_for_its_key_team_and_hour_alone_and_all_have_one_size(
        message in prop::collection::vec(any::<u8>(), 0..=MESSAGE_MAX_BYTES),
        seed: [u8; 32],
        other: [u8; 32],
        random: [u8; 32],
        place in 0..BOX_BYTES,
        bit in 0u8..8,
    ) {
        prop_assume!(seed != other);
        let (campaign, province, team) = ids("A-01");
        let own = BoxFor { campaign: &campaign, province: &province, content: orders(5), team: &team };
        let secret = BoxSecret::from_seed(&seed);
        let sealed = own.seal(&secret.id(), &message, &random).unwrap();
        prop_assert_eq!(own.open(&secret, &sealed), Ok(message.clone()));
        prop_assert_eq!(own.seal(&secret.id(), &message, &random).unwrap(), sealed.clone());
        let (_, _, neighbour) = ids("A-02");
        let strangers = [
            BoxFor { team: &neighbour, ..own },
            BoxFor { content: orders(6), ..own },
            BoxFor { content: BoxContent::Table(TableSerial(5)), ..own },
        ];
        for stranger in strangers {
            prop_assert_eq!(stranger.open(&secret, &sealed), Err(OpenError));
        }
        prop_assert_eq!(own.open(&BoxSecret::from_seed(&other), &sealed), Err(OpenError));
        let mut text = hex::decode(sealed.to_string()).unwrap();
        prop_assert_eq!(text.len(), BOX_BYTES);
        text[place] ^= 1 << bit;
        let bent: SealedBox = hex::encode(text).parse().unwrap();
        // The top bit of a curve point does not count (RFC 7748, section 5), but the box is sealed over it.
        prop_assert_eq!(own.open(&secret, &bent), Err(OpenError));
        let blank = own.blank(&random);
        prop_assert_eq!(own.open(&secret, &blank), Err(OpenError));
        prop_assert_eq!(blank.as_bytes().len(), sealed.as_bytes().len());
    }
}

/// Nobody tells a drawn team from one at rest, or from one without a device, by any byte of its box.
#[test]
fn every_byte_of_boxes_and_blanks_is_spread_alike() {
    const ROUNDS: usize = 2_000;
    let (campaign, province, team) = ids("A-01");
    let own = BoxFor { campaign: &campaign, province: &province, content: orders(5), team: &team };
    let key = BoxSecret::from_seed(&[7; 32]).id();
    let mut set = [[0u32; BOX_BYTES]; 3];
    for round in 0..ROUNDS {
        let mut random = [0; 32];
        random[..8].copy_from_slice(&(round as u64).to_be_bytes());
        let long = "x".repeat(MESSAGE_MAX_BYTES);
        let boxes =
            [own.seal(&key, b"", &random), own.seal(&key, long.as_bytes(), &random), Ok(own.blank(&random))];
        for (set, sealed) in set.iter_mut().zip(boxes) {
            let sealed = sealed.unwrap();
            set.iter_mut().zip(sealed.as_bytes()).for_each(|(ones, byte)| *ones += byte.count_ones());
        }
    }
    // 8 fair bits a byte and round; byte 31 has 7. Six standard deviations, for 3 × 1,072 bytes.
    for ones in set {
        for (place, ones) in ones.into_iter().enumerate() {
            let bits = if place == 31 { 7.0 } else { 8.0 } * ROUNDS as f64;
            let off = (f64::from(ones) - bits / 2.0).abs() / (bits / 4.0).sqrt();
            assert!(off < 6.0, "byte {place}: {ones} of {bits}");
        }
    }
}

/// Half of all 32 bytes are no point of the curve, and most points are not in its prime-order group: public keys are.
#[test]
fn boxes_and_blanks_begin_with_a_public_key() {
    let (campaign, province, team) = ids("A-01");
    let own = BoxFor { campaign: &campaign, province: &province, content: orders(5), team: &team };
    let key = BoxSecret::from_seed(&[7; 32]).id();
    for round in 0..64 {
        for sealed in [own.seal(&key, b"", &[round; 32]).unwrap(), own.blank(&[round; 32])] {
            let begins = sealed.as_bytes()[..32].try_into().unwrap();
            let point = curve25519_dalek::MontgomeryPoint(begins).to_edwards(0);
            assert!(point.is_some_and(|point| point.is_torsion_free()), "round {round}");
        }
    }
}

#[test]
fn what_cannot_be_sealed_is_told() {
    let (campaign, province, team) = ids("A-01");
    let own = BoxFor { campaign: &campaign, province: &province, content: orders(5), team: &team };
    let key = BoxSecret::from_seed(&[7; 32]).id();
    let long = own.seal(&key, &[0; MESSAGE_MAX_BYTES + 1], &[1; 32]);
    assert_eq!(long, Err(SealError::TooLong { len_bytes: MESSAGE_MAX_BYTES + 1 }));
    let small = BoxKey::from_bytes([0; 32]);
    assert_eq!(own.seal(&small, b"", &[1; 32]), Err(SealError::Key { key: small }));
    assert!("zz".parse::<SealedBox>().is_err());
    assert_eq!(format!("{:?}", BoxSecret::from_seed(&[7; 32])), "BoxSecret(..)");
}

/// The parts in the form in which hashes and keys take them, written out here a second time.
fn prefixed(parts: &[&str]) -> Vec<u8> {
    let length = |part: &str| (part.len() as u64).to_be_bytes();
    parts.iter().flat_map(|part| [length(part).as_slice(), part.as_bytes()].concat()).collect()
}

/// One box of the golden file: what it was made of, and what another implementation must make of it.
fn golden_box(team: &str, content: (BoxContent, [&str; 2]), message: &[u8], random: u8) -> serde_json::Value {
    let (campaign, province) = ("northeast-2017".parse().unwrap(), "stung-treng".parse().unwrap());
    let id: TeamId = team.parse().unwrap();
    let own = BoxFor { campaign: &campaign, province: &province, content: content.0, team: &id };
    let secret = BoxSecret::from_seed(&[random; 32]);
    let sealed = own.seal(&secret.id(), message, &[random + 100; 32]).unwrap();
    let [date, hour] = content.1;
    serde_json::json!({
        "seed": hex::encode([random; 32]),
        "box_key": secret.id().to_string(),
        "campaign": campaign,
        "province": province,
        "date": date,
        "hour": hour,
        "team": team,
        "info": hex::encode(prefixed(&[
            "sekong/box/v1", campaign.as_str(), province.as_str(), date, hour, team,
        ])),
        "message": hex::encode(message),
        "sealed": sealed.to_string(),
        "blank": own.blank(&[random; 32]).to_string(),
    })
}

/// What a phone makes of a box is held to this file too.
#[test]
fn the_golden_boxes_are_the_ones_in_the_repository() {
    let opening = concat!(
        r#"{"check_in_by":"2017-01-31T22:20:00Z","opening":{"day":"2017-01-31","hour":5,"next":["KH-LA-01",5],"#,
        r#""order":{"do":"stay"},"salt":"0707070707070707070707070707070707070707070707070707070707070707","#,
        r#""team":"ST-A-01","thrown":true,"unit":"stung-treng/a/1"}}"#,
    );
    let at_rest = r#"{"check_in_by":"2017-01-31T22:20:00Z","opening":null}"#;
    let table = (BoxContent::Table(TableSerial(0)), ["table", "0"]);
    let next_table = (BoxContent::Table(TableSerial(7)), ["table", "7"]);
    let (five, early) = ((orders(5), ["2017-01-31", "05"]), (orders(0), ["2017-01-31", "00"]));
    let boxes = [
        golden_box("ST-A-01", five, opening.as_bytes(), 1),
        golden_box("ក្រុម/២", early, at_rest.as_bytes(), 2),
        golden_box("ST-A-01", table, &[9; 32], 3),
        golden_box("ST-A-01", five, &[b'x'; MESSAGE_MAX_BYTES], 4),
        golden_box("ST-A-01", five, b"", 5),
        golden_box("ST-A-01", next_table, &[8; 32], 6),
    ];
    let made = serde_json::to_string_pretty(&serde_json::json!({ "boxes": boxes })).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden/boxes.json");
    if std::env::var_os("SEKONG_UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "golden/boxes.json is old: run this test with SEKONG_UPDATE=1 and read the difference"
    );
}
