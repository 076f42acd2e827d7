//! Seeds: from the custodians' values to one stream of words per die, byte for byte.
//!
//! 1. *Key of a moment.* `SHA-256( lp("sekong/values/v1") ‖ lp(public dice) ‖ lp(id₁) ‖ lp(value₁) ‖ lp(id₂)
//!    ‖ … )`, with the public dice (32 bytes) and, for each custodian in campaign order, its id and its value
//!    (32 bytes). A custodian in a planned outage is left out; where one was silent all that is silent is replaced by the
//!    throw (module `throw`). With a daily die, `SHA-256( lp("sekong/daily/v1") ‖ lp(public dice) ‖ lp(its digits) )`
//!    stands in the place of the public dice.
//! 2. *Stream of a subject.* Block `b` (from 0) is `HMAC-SHA-256(key, lp("sekong/die/v1") ‖ lp(campaign) ‖
//!    lp(province) ‖ lp(date) ‖ lp(hour) ‖ lp(unit) ‖ lp(purpose) ‖ b)` with `b` as a big-endian u64 without
//!    a prefix. For a province-hour, date is `2017-01-31` and hour `00` to `23`; for a province-week, date is
//!    `week 0`, `week 1` … and hour the empty text. Purpose is one of [`Purpose::text`].
//! 3. *Words.* Each block is four big-endian u64, in order; the words of block `b + 1` follow those of block
//!    `b`.
//! 4. *Numbers.* `below(n)` takes words until one is less than `2^64 − (2^64 mod n)`; its remainder by `n` is
//!    uniform.

use std::fmt;
use std::num::NonZeroU64;

use hmac::{Hmac, KeyInit, Mac};
use sekong_model::{CampaignId, CustodianId, Moment, ProvinceId};
use sha2::{Digest, Sha256};

/// Words in one block of a stream.
const WORDS_PER_BLOCK: usize = 4;

/// The parts one after the other, each preceded by its length in bytes as a big-endian u64.
pub(crate) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let len_bytes = parts.iter().map(|part| 8 + part.len()).sum();
    let mut bytes = Vec::with_capacity(len_bytes);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// HMAC-SHA-256 (RFC 2104) with a 32-byte key, before any message.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// A moment as the two texts that enter seeds and values: date or week, and hour or the empty text.
pub(crate) fn moment_texts(moment: Moment) -> (String, String) {
    match moment {
        Moment::Week { week } => (format!("week {week}"), String::new()),
        Moment::Hour { day, hour } => (day.to_string(), hour.to_string()),
    }
}

/// The public dice of a day or week whose daily die showed `digits`.
pub fn with_daily_die(public_dice: &[u8; 32], digits: &str) -> [u8; 32] {
    Sha256::digest(length_prefixed(&[b"sekong/daily/v1", public_dice, digits.as_bytes()])).into()
}

/// What a die or a deal is thrown for; a new use never shifts the stream of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The post at which a unit begins.
    Enter,
    /// A unit's next step.
    Step,
    /// The teams of a pool to shifts, for a week.
    DealWeek,
    /// The teams of a shift to units.
    DealShift,
}

impl Purpose {
    /// The text that enters the seed.
    pub fn text(self) -> &'static str {
        match self {
            Purpose::Enter => "enter",
            Purpose::Step => "step",
            Purpose::DealWeek => "deal-week",
            Purpose::DealShift => "deal-shift",
        }
    }
}

/// Whom one stream is for: no two dice and no two deals of a campaign share a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// The province.
    pub province: &'a ProvinceId,
    /// The moment whose values are used.
    pub moment: Moment,
    /// The unit's id, or the pool's id for a deal.
    pub unit: &'a str,
    /// What is thrown.
    pub purpose: Purpose,
}

/// The key of a moment: all that the custodians released for it, together with the public dice.
#[derive(Clone)]
pub struct DrawKey {
    bytes: [u8; 32],
    mac: Hmac<Sha256>,
}

impl DrawKey {
    /// Joins the values released for one province and moment, in campaign order of the custodians.
    pub fn new(public_dice: &[u8; 32], values: &[(CustodianId, [u8; 32])]) -> DrawKey {
        let mut parts: Vec<&[u8]> = vec![b"sekong/values/v1", public_dice];
        for (custodian, value) in values {
            parts.push(custodian.as_str().as_bytes());
            parts.push(value);
        }
        let bytes = Sha256::digest(length_prefixed(&parts)).into();
        DrawKey { bytes, mac: keyed(&bytes) }
    }

    /// The key itself; it is as secret as the values until they are published.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// The stream of one die or deal.
    pub fn stream(&self, subject: &Subject<'_>) -> Stream {
        let (date, hour) = moment_texts(subject.moment);
        let subject: [&[u8]; 7] = [
            b"sekong/die/v1",
            subject.campaign.as_str().as_bytes(),
            subject.province.as_str().as_bytes(),
            date.as_bytes(),
            hour.as_bytes(),
            subject.unit.as_bytes(),
            subject.purpose.text().as_bytes(),
        ];
        Stream::new(&self.mac, &subject)
    }
}

impl fmt::Debug for DrawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawKey(..)")
    }
}

/// Uniform words for one subject, without end.
#[derive(Clone)]
pub struct Stream {
    mac: Hmac<Sha256>,
    next_block: u64,
    words: [u64; WORDS_PER_BLOCK],
    used: usize,
}

impl Stream {
    /// The stream under a key of a subject's parts.
    pub(crate) fn new(key: &Hmac<Sha256>, subject: &[&[u8]]) -> Stream {
        let mac = key.clone().chain_update(length_prefixed(subject));
        Stream { mac, next_block: 0, words: [0; WORDS_PER_BLOCK], used: WORDS_PER_BLOCK }
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        if self.used == WORDS_PER_BLOCK {
            self.refill();
        }
        let word = self.words[self.used];
        self.used += 1;
        word
    }

    /// A uniform integer in `0..n`, by rejection.
    pub fn below(&mut self, n: NonZeroU64) -> u64 {
        // 2^64 mod n, in 64 bits: −n is 2^64 − n.
        let excess = n.get().wrapping_neg() % n;
        let largest = u64::MAX - excess;
        loop {
            let word = self.word();
            if word <= largest {
                return word % n;
            }
        }
    }

    fn refill(&mut self) {
        let block = self.mac.clone().chain_update(self.next_block.to_be_bytes()).finalize().into_bytes();
        let (chunks, _) = block.as_chunks::<8>();
        for (word, bytes) in self.words.iter_mut().zip(chunks) {
            *word = u64::from_be_bytes(*bytes);
        }
        self.next_block += 1;
        self.used = 0;
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream(block {}, ..)", self.next_block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(seed: u8, unit: &str) -> Stream {
        let campaign: CampaignId = "c".parse().unwrap();
        let province: ProvinceId = "p".parse().unwrap();
        let subject = Subject {
            campaign: &campaign,
            province: &province,
            moment: Moment::Week { week: 0 },
            unit,
            purpose: Purpose::Step,
        };
        DrawKey::new(&[seed; 32], &[]).stream(&subject)
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(length_prefixed(&[b"ab", b"c"]), length_prefixed(&[b"a", b"bc"]));
        assert_ne!(length_prefixed(&[b"ab"]), length_prefixed(&[b"ab", b""]));
    }

    #[test]
    fn every_purpose_has_its_own_stream() {
        let campaign: CampaignId = "c".parse().unwrap();
        let province: ProvinceId = "p".parse().unwrap();
        let key = DrawKey::new(&[7; 32], &[]);
        let words: std::collections::BTreeSet<u64> =
            [Purpose::Enter, Purpose::Step, Purpose::DealWeek, Purpose::DealShift]
                .map(|purpose| {
                    let moment = Moment::Week { week: 0 };
                    let subject =
                        Subject { campaign: &campaign, province: &province, moment, unit: "u", purpose };
                    key.stream(&subject).word()
                })
                .into();
        assert_eq!(words.len(), 4);
    }

    #[test]
    fn values_count_in_their_order_and_under_their_names() {
        let named = |names: [&str; 2]| {
            let values = names.map(|name| (name.parse().unwrap(), [1; 32]));
            DrawKey::new(&[0; 32], &values).to_bytes()
        };
        assert_ne!(named(["court", "customs"]), named(["customs", "court"]));
        assert_ne!(named(["court", "customs"]), named(["court", "customsx"]));
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", DrawKey::new(&[0; 32], &[])), "DrawKey(..)");
    }

    #[test]
    fn below_accepts_every_word_when_n_divides_two_to_the_64() {
        let n = NonZeroU64::new(1 << 20).unwrap();
        let (mut words, mut numbers) = (stream(1, "u"), stream(1, "u"));
        for _ in 0..100 {
            assert_eq!(numbers.below(n), words.word() % n);
        }
    }

    #[test]
    fn below_skips_words_of_the_incomplete_last_round() {
        // With n = 2^63 + 1 nearly half of all words are rejected.
        let n = NonZeroU64::new((1 << 63) + 1).unwrap();
        let (mut words, mut numbers) = (stream(2, "u"), stream(2, "u"));
        let kept: Vec<u64> = (0..200).map(|_| words.word()).filter(|word| *word < n.get()).collect();
        assert!(kept.len() < 150);
        for word in kept {
            assert_eq!(numbers.below(n), word);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn below_n_is_less_than_n(seed: u8, n in 1u64..) {
            let n = NonZeroU64::new(n).unwrap();
            let mut stream = stream(seed, "u");
            for _ in 0..8 {
                prop_assert!(stream.below(n) < n.get());
            }
        }

        #[test]
        fn another_unit_has_another_stream(seed: u8, a in "[a-z]{1,8}", b in "[a-z]{1,8}") {
            prop_assume!(a != b);
            prop_assert_ne!(stream(seed, &a).word(), stream(seed, &b).word());
        }
    }
}
