//! `--key`: the keys that a reader of the log holds, from whomever he trusts.

use std::num::NonZeroUsize;
use std::path::Path;

use sekong_centre::{AuditFault, COSIGNATURES_WORD, KeyRing, Verdict, too_few_cosignatures};

use crate::data_folder::parse_keys;
use crate::failure::Failure;
use crate::files::read_text;

/// A verifier key; or a file with the log's key, its cosigners' below, and how many of them must sign.
pub(crate) struct GivenKeys {
    pub(crate) ring: KeyRing,
    /// Cosigners that must have signed a head, where the file says it.
    pub(crate) cosignatures: Option<NonZeroUsize>,
}

impl GivenKeys {
    pub(crate) fn read(given: &str) -> Result<GivenKeys, Failure> {
        if let Ok(log) = given.parse() {
            return Ok(GivenKeys { ring: KeyRing { log, cosigners: None }, cosignatures: None });
        }
        GivenKeys::parse(given, &read_text(Path::new(given))?)
    }

    fn parse(file: &str, text: &str) -> Result<GivenKeys, Failure> {
        let is_count = |line: &&str| line.split_whitespace().next() == Some(COSIGNATURES_WORD);
        let counts: Vec<&str> = text.lines().filter(is_count).collect();
        // An empty line in the place of each, so that the lines of keys keep their numbers.
        let keys: Vec<&str> = text.lines().map(|line| if is_count(&line) { "" } else { line }).collect();
        let mut keys = parse_keys(file, &keys.join("\n"))?.into_iter();
        let log = keys.next().ok_or_else(|| Failure::failed(format!("{file} holds no key")))?;
        let cosigners: Vec<_> = keys.collect();
        let cosignatures = count(file, &counts, cosigners.len())?;
        let cosigners = (!cosigners.is_empty()).then_some(cosigners);
        Ok(GivenKeys { ring: KeyRing { log, cosigners }, cosignatures })
    }

    /// Cosigners whose keys are given.
    pub(crate) fn cosigners(&self) -> usize {
        self.ring.cosigners.iter().flatten().count()
    }

    /// The file's own word on how many must have signed, whatever the log says of itself.
    pub(crate) fn check(&self, verdict: &Verdict) -> Option<AuditFault> {
        let (head, wanted) = (&verdict.log.as_ref()?.head, self.cosignatures?.get());
        let found = head.cosignatures.len();
        (found < wanted).then(|| too_few_cosignatures(found, wanted))
    }
}

/// What the lines `cosignatures N` say; at most one does.
fn count(file: &str, lines: &[&str], cosigners: usize) -> Result<Option<NonZeroUsize>, Failure> {
    let [line] = lines else {
        return match lines {
            [] => Ok(None),
            _ => Err(Failure::usage(format!("{file} says twice how many cosigners must sign"))
                .hint(format!("leave one line `{COSIGNATURES_WORD} N`"))),
        };
    };
    said(line).filter(|said| said.get() <= cosigners).map(Some).ok_or_else(|| {
        Failure::usage(format!("{file}: {line:?}, with the keys of {cosigners} cosigners")).hint(format!(
            "`{COSIGNATURES_WORD} N`, N from 1 to the number of cosigners whose keys are in the file"
        ))
    })
}

/// One space and up to three decimal digits, as every reader of such files takes it.
fn said(line: &str) -> Option<NonZeroUsize> {
    let number = line.trim().strip_prefix(COSIGNATURES_WORD)?.strip_prefix(' ')?;
    let is_plain = number.len() <= 3 && number.bytes().all(|digit| digit.is_ascii_digit());
    is_plain.then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use sekong_log::{KeyKind, SigningKey};

    use super::*;

    fn file(more: &str) -> String {
        let key = |name: &str, kind| SigningKey::from_seed(name, kind, &[1; 32]).unwrap().verifier().clone();
        let (log, one) = (key("log", KeyKind::Ed25519), key("one", KeyKind::CosignatureV1));
        format!("{log}\n{one}\n{}\n{more}", key("two", KeyKind::CosignatureV1))
    }

    #[test]
    fn a_file_says_how_many_must_sign_once_and_no_more_than_can() {
        let read = |more: &str| GivenKeys::parse("f", &file(more));
        assert_eq!(read("").unwrap().cosignatures, None);
        assert_eq!(read("cosignatures 2\n").unwrap().cosignatures, NonZeroUsize::new(2));
        for wrong in ["0", "3", "", "-1", "+1", "0001", " 1", "\t1", "1 2", "x", "1\ncosignatures 1"] {
            assert!(read(&format!("cosignatures {wrong}\n")).is_err(), "{wrong}");
        }
        let later = read("cosignatures 2\nno key\n").err().map(|failure| format!("{failure:?}"));
        assert!(later.as_deref().is_some_and(|said| said.contains("f, line 5")), "{later:?}");
    }
}
