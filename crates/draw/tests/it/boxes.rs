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
