//! Laws of the calendar, and of reading whatever text comes in.

use proptest::prelude::*;
use sekong_model::*;

use crate::{SHIPPED, TOML};

fn days() -> impl Strategy<Value = Day> {
    (-3_000_000i32..3_000_000).prop_filter_map("beyond the calendar", |n| SHIPPED.first_day().plus_days(n))
}

fn hours() -> impl Strategy<Value = Hour> {
    (0u8..24).prop_map(|h| Hour::try_from(h).unwrap())
}

/// Positions in the text that lie between characters.
fn cut(text: &str, at: prop::sample::Index) -> usize {
    let mut position = at.index(text.len() + 1);
    while !text.is_char_boundary(position) {
        position -= 1;
    }
    position
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn day_plus_days_since_is_the_other_day(a in days(), b in days()) {
        prop_assert_eq!(a.plus_days(b.days_since(a)), Some(b));
    }

    #[test]
    fn an_instant_leads_back_to_its_day_and_hour(day in days(), hour in hours(), second in 0i64..3600) {
        let instant = SHIPPED.instant(day, hour);
        prop_assume!(instant > jiff::Timestamp::MIN && instant < jiff::Timestamp::MAX);
        let within = instant.checked_add(jiff::SignedDuration::from_secs(second)).unwrap();
        prop_assert_eq!(SHIPPED.day_hour_of(within), (day, hour));
    }

    #[test]
    fn a_day_lies_in_the_week_that_lists_it(n in 0i32..181) {
        let day = SHIPPED.first_day().plus_days(n).unwrap();
        prop_assert!(SHIPPED.holds(day) && SHIPPED.week_days(SHIPPED.week_of(day)).contains(&day));
    }

    #[test]
    fn values_are_released_before_their_hour(day in days(), hour in hours()) {
        let moment = Moment::Hour { day, hour };
        prop_assert!(SHIPPED.release_at(moment) <= SHIPPED.instant(day, hour));
    }

    #[test]
    fn counts_are_what_was_given_or_refused(passed in 0..20_000u32, inspected in 0..20_000u32, found: u32) {
        match Counts::new(passed, inspected, found) {
            Ok(c) => prop_assert_eq!((c.passed(), c.inspected(), c.found()), (passed, inspected, found)),
            Err(_) => prop_assert!(passed > Counts::MAX || inspected > passed || found > inspected),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reading_a_damaged_campaign_never_panics_and_every_error_says_where_and_how(
        at: prop::sample::Index,
        to: prop::sample::Index,
        put in prop_oneof!["\\PC{0,12}", "-?[0-9]{1,20}", Just("nan".to_owned()), Just("\n[[post]]\n".to_owned())],
        length in 0usize..40,
    ) {
        let start = cut(TOML, at);
        let mut end = (start + length.min(to.index(41))).min(TOML.len());
        while !TOML.is_char_boundary(end) {
            end += 1;
        }
        let mut bundle = crate::bundle();
        bundle.files.insert(CAMPAIGN_FILE.into(), format!("{}{put}{}", &TOML[..start], &TOML[end..]));
        if let Err(errors) = Campaign::parse(&bundle) {
            prop_assert!(!errors.errors.is_empty() && errors.errors.len() <= ERRORS_MAX);
            for error in &errors.errors {
                let text = bundle.text(&error.file).unwrap_or_default();
                prop_assert!(error.span.clone().is_none_or(|span| text.get(span).is_some()));
                prop_assert!(!error.mend().is_empty());
            }
        }
    }

    #[test]
    fn reading_damaged_roads_never_panics(at: prop::sample::Index, put in "[\\PC\n]{0,12}", length in 0usize..40) {
        let name = "geo/roads.geojson";
        let mut bundle = crate::bundle();
        let text = bundle.files[name].clone();
        let start = cut(&text, at);
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        bundle.files.insert(name.into(), format!("{}{put}{}", &text[..start], &text[end..]));
        let _ = Campaign::parse(&bundle).map_err(|errors| errors.to_string());
    }

    #[test]
    fn a_campaign_cut_off_before_its_last_province_is_served_is_refused(at: prop::sample::Index) {
        let prefix = &TOML[..cut(TOML, at).min(TOML.find("pool = \"ratanakiri-town\"").unwrap())];
        let mut bundle = crate::bundle();
        bundle.files.insert(CAMPAIGN_FILE.into(), prefix.to_owned());
        prop_assert!(Campaign::parse(&bundle).is_err());
    }
}
