//! Laws of relayed orders, and what a forger can reach.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sekong_draw::{
    Codebook, DigitsError, Instruction, InstructionError, LOCK, Listener, PAGE_COLUMNS, POST_NUMBER_MAX,
    PostNumber, PostNumberError, RelayCode, RelayRefused, TRIES_MAX, Table, TableId, TableKey, TableSerial,
};
use sekong_model::{Day, Hour};

const SECRET: [u8; 32] = [7; 32];

fn id(campaign: &str, team: &str, serial: u32) -> TableId {
    let (campaign, team) = (campaign.parse().unwrap(), team.parse().unwrap());
    TableId { campaign, team, serial: TableSerial(serial) }
}

fn table(number: u32) -> Table {
    Table::new(&id("c", "team", number).key(&SECRET))
}

fn day(number: i32) -> Day {
    "2017-01-01".parse::<Day>().unwrap().plus_days(number).unwrap()
}

fn hour(number: u8) -> Hour {
    Hour::try_from(number).unwrap()
}

fn go(number: u16) -> Instruction {
    Instruction::Go(PostNumber::try_from(number).unwrap())
}

/// The code as a number below 10^9.
fn value(code: RelayCode) -> u32 {
    code.to_string().replace(' ', "").parse().unwrap()
}

fn code(value: u32) -> RelayCode {
    format!("{value:09}").parse().unwrap()
}

/// The code with its last six digits turned on by `turn`, from 1 to 999,999: never a code of the same hour.
fn turned(right: RelayCode, turn: u32) -> RelayCode {
    let value = value(right);
    code(value / 1_000_000 * 1_000_000 + (value + turn) % 1_000_000)
}

fn instructions() -> impl Strategy<Value = Instruction> {
    prop_oneof![Just(Instruction::Stay), Just(Instruction::StandDown), (1..=POST_NUMBER_MAX).prop_map(go)]
}

fn in_script(text: &str, zero: char) -> String {
    let digit = |c: char| c.to_digit(10).map_or(c, |digit| char::from_u32(u32::from(zero) + digit).unwrap());
    text.chars().map(digit).collect()
}

const SCRIPTS: [char; 7] = ['0', '០', '໐', '๐', '٠', '۰', '０'];

#[test]
fn every_number_but_998_is_one_instruction() {
    let known = (0..=u16::MAX).filter_map(|number| Instruction::try_from(number).ok());
    let numbers: Vec<u16> = known.map(Instruction::number).collect();
    assert_eq!(numbers, (0..1_000).filter(|number| *number != 998).collect::<Vec<_>>());
    for number in numbers {
        let instruction = Instruction::try_from(number).unwrap();
        assert_eq!(instruction.digits().parse(), Ok(instruction));
    }
}

#[test]
fn what_is_no_instruction_says_why() {
    let error = |text: &str| text.parse::<Instruction>().unwrap_err();
    assert_eq!(error("998"), InstructionError::Meaningless { number: 998 });
    assert_eq!(error("998").to_string(), "998 means nothing: 000 is stay, 001 to 997 a post, 999 stand down");
    assert_eq!(error("17"), InstructionError::Digits(DigitsError::Count { expected: 3, found: 2 }));
    assert_eq!(error("1x7"), InstructionError::Digits(DigitsError::Character { expected: 3, found: 'x' }));
}

#[test]
fn posts_are_numbered_from_one_in_the_order_of_the_list() {
    for index in 0..997 {
        let number = PostNumber::of_index(index).unwrap();
        assert_eq!((number.index(), Instruction::Go(number).number()), (index, index as u16 + 1));
    }
    assert_eq!(PostNumber::of_index(997), Err(PostNumberError { number: 998 }));
    assert_eq!(PostNumber::of_index(usize::MAX), Err(PostNumberError { number: usize::MAX }));
    assert_eq!(PostNumber::try_from(0), Err(PostNumberError { number: 0 }));
}

#[test]
fn what_is_no_code_says_what_is_wrong() {
    let error = |text: &str| text.parse::<RelayCode>().unwrap_err().to_string();
    assert_eq!(error("017 482 91"), "9 digits are needed, not 8");
    assert_eq!(error("017 482 9134"), "9 digits are needed, not 10");
    assert_eq!(error(" "), "9 digits are needed, not 0");
    assert_eq!(
        error("O17 482 913"),
        "'O' is no digit: give 9 digits, with spaces, dots or dashes between them as you like"
    );
    // A digit above nine of one script, and a number that is no digit, are characters like others.
    for text in ["017 482 91\u{17ea}", "017 482 91½", "+17482913", "017:482:913"] {
        assert!(matches!(text.parse::<RelayCode>(), Err(DigitsError::Character { .. })), "{text}");
    }
}

#[test]
fn a_code_is_nine_digits_in_threes() {
    let shown: BTreeSet<usize> =
        (0..200).map(|number| table(number).code(day(0), hour(8), go(17)).to_string().len()).collect();
    assert_eq!(shown, BTreeSet::from([11]));
    assert_eq!(code(17_482_913).to_string(), "017 482 913");
}

#[test]
fn nothing_secret_is_printed_for_debugging() {
    let key = id("c", "t", 0).key(&SECRET);
    assert_eq!(format!("{key:?}"), "TableKey(..)");
    assert_eq!(format!("{:?}", Table::new(&key)), "Table(..)");
    let book = Codebook::new(id("c", "t", 0), &SECRET, day(0), &BTreeSet::from([hour(8)]), &BTreeSet::new());
    assert!(format!("{book:?}").ends_with("2017-01-01, ..)"));
}

#[test]
fn a_key_is_that_of_one_campaign_team_and_serial_and_the_commitment_is_to_it() {
    let ids = [id("c", "t", 0), id("c", "t", 1), id("c", "t0", 1), id("ct", "t", 0), id("c", "t", 10)];
    let keys = ids.each_ref().map(|id| id.key(&SECRET));
    assert_eq!(keys.each_ref().map(TableKey::to_bytes).into_iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(keys.each_ref().map(TableKey::commitment).into_iter().collect::<BTreeSet<_>>().len(), 5);
    assert_ne!(keys[0], ids[0].key(&[8; 32]));
    assert_eq!(TableKey::from_bytes(keys[0].to_bytes()), keys[0]);
}

#[test]
fn of_the_codes_of_an_hour_each_instruction_has_one_and_no_two_begin_alike() {
    for number in 0..20 {
        let table = table(number);
        let all = (0..1_000).filter_map(|number| Instruction::try_from(number).ok());
        let codes: Vec<(Instruction, RelayCode)> =
            all.map(|of| (of, table.code(day(1), hour(3), of))).collect();
        let spoken: BTreeSet<u32> = codes.iter().map(|(_, code)| value(*code) / 1_000_000).collect();
        assert_eq!(spoken.len(), 999);
        for (of, code) in codes {
            assert_eq!(table.instruction(day(1), hour(3), code), Some(of));
            assert_eq!(table.instruction(day(1), hour(3), turned(code, number + 1)), None);
        }
    }
}

#[test]
fn a_million_guesses_pass_about_once() {
    let (table, mut random) = (table(0), ChaCha20Rng::seed_from_u64(1));
    let mut guess = || code((random.next_u64() % 1_000_000_000) as u32);
    let passed = (0..1_000_000).filter(|_| table.instruction(day(0), hour(8), guess()).is_some()).count();
    // Poisson with mean 0.999: one, and six standard deviations of one.
    assert!(passed <= 7, "{passed}");
}

#[test]
fn with_the_shift_known_every_authenticator_but_one_is_refused() {
    // Who sees where a team drives and heard the call knows the hour's shift; that leaves the authenticator.
    let (table, right) = (table(0), table(0).code(day(0), hour(8), go(17)));
    for last in 0..1_000_000 {
        let guess = code(value(right) / 1_000_000 * 1_000_000 + last);
        assert_eq!(table.instruction(day(0), hour(8), guess).is_some(), guess == right);
    }
}

/// How often, of 100,000 codes, one is taken elsewhere than where it belongs. Each has 1 in 10^6: 0.1 expected, and more
/// than four has a chance below 10^-7.
fn taken_elsewhere(elsewhere: impl Fn(u32, RelayCode) -> bool) -> usize {
    let code = |number: u32| table(number).code(day(0), hour(8), go(17));
    (0..100_000).filter(|number| elsewhere(*number, code(*number))).count()
}

#[test]
fn a_code_of_another_hour_day_team_serial_or_campaign_is_refused() {
    let other = |campaign: &str, team: &str, serial: u32, code| {
        let table = Table::new(&id(campaign, team, serial).key(&SECRET));
        table.instruction(day(0), hour(8), code).is_some()
    };
    assert!(taken_elsewhere(|n, code| table(n).instruction(day(0), hour(9), code).is_some()) <= 4);
    assert!(taken_elsewhere(|n, code| table(n).instruction(day(1), hour(8), code).is_some()) <= 4);
    assert!(taken_elsewhere(|n, code| other("c", "team-2", n, code)) <= 4);
    assert!(taken_elsewhere(|n, code| other("c", "team", n + 1, code)) <= 4);
    assert!(taken_elsewhere(|n, code| other("d", "team", n, code)) <= 4);
}

#[test]
fn a_code_bent_to_another_post_is_refused() {
    let bent = |n: u32, right: RelayCode| {
        let other = code((value(right) + (1 + n % 999) * 1_000_000) % 1_000_000_000);
        table(n).instruction(day(0), hour(8), other).is_some()
    };
    assert!(taken_elsewhere(bent) <= 4);
}

/// Upper bound of a chi-square variable, exceeded with probability at most e^-x: `d + 2√(d·x) + 2x`
/// (Laurent and Massart 2000, lemma 1).
fn chi_square_bound(degrees: f64, x: f64) -> f64 {
    degrees + 2.0 * (degrees * x).sqrt() + 2.0 * x
}

/// Asserts that values are uniform on `0..cells`; a uniform source fails once in 10^6 seeds, and the seeds are fixed.
fn assert_uniform(name: &str, values: impl Iterator<Item = u32>, cells: usize) {
    let mut counts = vec![0_u32; cells];
    values.for_each(|value| counts[value as usize] += 1);
    let expected = f64::from(counts.iter().sum::<u32>()) / cells as f64;
    assert!(expected >= 20.0, "{name}: too few values for {cells} cells");
    let statistic: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    assert!(statistic < chi_square_bound(cells as f64 - 1.0, 13.8), "{name}: {statistic}");
}

#[test]
fn spoken_numbers_and_authenticators_are_uniform_over_keys() {
    let of = |instruction| (0..100_000).map(move |n| value(table(n).code(day(0), hour(8), instruction)));
    // The spoken number of any instruction is uniform: it says nothing about which one it is.
    for instruction in [Instruction::Stay, go(17), Instruction::StandDown] {
        let codes: Vec<u32> = of(instruction).collect();
        assert_uniform("spoken", codes.iter().map(|code| code / 1_000_000), 1_000);
        assert_uniform("leading", codes.iter().map(|code| code % 1_000_000 / 1_000), 1_000);
        assert_uniform("trailing", codes.iter().map(|code| code % 1_000), 1_000);
        let both = codes.iter().map(|code| code / 10_000_000 * 10 + code % 1_000_000 / 100_000);
        assert_uniform("spoken and authenticator", both, 1_000);
    }
}

#[test]
fn authenticators_of_two_posts_of_an_hour_are_independent() {
    let leading = |n, post| value(table(n).code(day(0), hour(8), go(post))) % 1_000_000 / 20_000;
    assert_uniform("two posts", (0..100_000).map(|n| leading(n, 17) * 50 + leading(n, 18)), 2_500);
    let hours = |n, at| value(table(n).code(day(0), hour(at), go(17))) % 1_000_000 / 20_000;
    assert_uniform("two hours", (0..100_000).map(|n| hours(n, 8) * 50 + hours(n, 9)), 2_500);
}

#[test]
fn spoken_numbers_of_two_hours_are_independent() {
    let spoken = |n, at| value(table(n).code(day(0), hour(at), go(17))) / 20_000_000;
    assert_uniform("two hours", (0..100_000).map(|n| spoken(n, 8) * 50 + spoken(n, 9)), 2_500);
}

fn at(minute: u32) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::from(minute))
}

#[test]
fn two_wrong_codes_lock_their_hour_for_ever_and_every_other_for_a_while() {
    let table = table(0);
    let right = table.code(day(0), hour(8), go(17));
    let mut listener = Listener::new(table.clone());
    for turn in 1..=u32::from(TRIES_MAX) {
        let tries_left = TRIES_MAX - turn as u8;
        let heard = listener.hear(day(0), hour(8), turned(right, turn), at(turn));
        assert_eq!(heard, Err(RelayRefused::Wrong { tries_left }));
    }
    let others = [(day(0), hour(9)), (day(1), hour(8))];
    let stay = |(day, hour)| table.code(day, hour, Instruction::Stay);
    let deaf = Err(RelayRefused::Deaf { until: at(1) + LOCK });
    for now in [0, 3, 60] {
        assert_eq!(listener.hear(day(0), hour(8), right, at(now)), Err(RelayRefused::Locked));
        for other in others {
            assert_eq!(listener.hear(other.0, other.1, stay(other), at(now)), deaf, "a clock set back, too");
        }
    }
    for other in others {
        assert_eq!(listener.hear(other.0, other.1, stay(other), at(61)), Ok(Instruction::Stay));
    }
    assert_eq!(listener.hear(day(0), hour(8), right, at(9_999)), Err(RelayRefused::Locked));
    assert_eq!(listener.taken(day(0), hour(8)), None);
}

#[test]
fn naming_one_hour_after_the_other_gives_a_forger_no_more_tries() {
    let table = table(0);
    let mut listener = Listener::new(table.clone());
    // Two hours are offered at any time; before, each had two tries of its own.
    let wrong = [8, 9, 8, 9].map(|of| (hour(of), turned(table.code(day(0), hour(of), go(1)), 7)));
    let heard = wrong.map(|(of, code)| listener.hear(day(0), of, code, at(1)));
    let tried = heard.iter().filter(|heard| matches!(heard, Err(RelayRefused::Wrong { .. }))).count();
    assert_eq!(tried, usize::from(TRIES_MAX), "{heard:?}");
    assert_eq!(heard[3], Err(RelayRefused::Deaf { until: at(1) + LOCK }));
}

#[test]
fn with_a_new_table_the_codes_of_the_lost_one_are_wrong_and_what_was_taken_stands() {
    let (lost, new) = (table(0), table(1));
    let mut listener = Listener::new(lost.clone());
    let taken = lost.code(day(0), hour(8), go(17));
    assert_eq!(listener.hear(day(0), hour(8), taken, at(0)), Ok(go(17)));
    listener.replace(new.clone());
    assert_eq!(listener.hear(day(0), hour(8), taken, at(1)), Ok(go(17)));
    let old = lost.code(day(0), hour(9), go(17));
    assert_eq!(listener.hear(day(0), hour(9), old, at(2)), Err(RelayRefused::Wrong { tries_left: 1 }));
    let code = new.code(day(0), hour(9), go(3));
    assert_eq!(listener.hear(day(0), hour(9), code, at(3)), Ok(go(3)));
}

#[test]
fn an_order_taken_stands_whatever_is_heard_after() {
    let table = table(0);
    let right = table.code(day(0), hour(8), go(17));
    let mut listener = Listener::new(table.clone());
    assert!(listener.hear(day(0), hour(8), turned(right, 5), at(0)).is_err());
    assert_eq!(listener.hear(day(0), hour(8), right, at(1)), Ok(go(17)));
    let decided = Err(RelayRefused::Decided { stands: go(17) });
    for turn in 1..20 {
        let other = table.code(day(0), hour(8), go(17 + turn as u16));
        for code in [turned(right, turn), other] {
            assert_eq!(listener.hear(day(0), hour(8), code, at(turn)), decided);
        }
    }
    assert_eq!(listener.hear(day(0), hour(8), right, at(99)), Ok(go(17)));
    assert_eq!(listener.taken(day(0), hour(8)), Some(go(17)));
}

/// What was heard before: for which hour, what, when, and what was answered.
type Before = (u8, RelayCode, Timestamp, Result<Instruction, RelayRefused>);

/// What a listener must say, from all that it answered before: the definition, without state of its own.
fn law(
    before: &[Before],
    (of, code, now): (u8, RelayCode, Timestamp),
    valid: &BTreeMap<RelayCode, Instruction>,
) -> Result<Instruction, RelayRefused> {
    let taken = before.iter().find(|(hour, _, _, answer)| *hour == of && answer.is_ok());
    if let Some((_, first, _, Ok(stands))) = taken {
        return if code == *first { Ok(*stands) } else { Err(RelayRefused::Decided { stands: *stands }) };
    }
    let wrong = before.iter().filter(|(.., answer)| matches!(answer, Err(RelayRefused::Wrong { .. })));
    let of_hour = wrong.clone().filter(|(hour, ..)| *hour == of).count();
    let within: Vec<Timestamp> = wrong.map(|(_, _, at, _)| *at).filter(|at| now < *at + LOCK).collect();
    let most = usize::from(TRIES_MAX);
    if of_hour == most {
        return Err(RelayRefused::Locked);
    }
    if within.len() == most {
        return Err(RelayRefused::Deaf { until: within[0] + LOCK });
    }
    let tries_left = (most - 1 - of_hour.max(within.len())) as u8;
    valid.get(&code).copied().ok_or(RelayRefused::Wrong { tries_left })
}

#[derive(Debug, Clone)]
struct Call {
    hour: u8,
    instruction: Instruction,
    turn: u32,
    /// Minutes since the call before.
    later: u32,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let instruction = prop_oneof![Just(Instruction::Stay), Just(go(1)), Just(Instruction::StandDown)];
    let turn = prop_oneof![Just(0_u32), 1..1_000_000_u32];
    let later = prop_oneof![0..10_u32, 30..70_u32];
    let call = (0..3_u8, instruction, turn, later);
    let call = call.prop_map(|(hour, instruction, turn, later)| Call { hour, instruction, turn, later });
    proptest::collection::vec(call, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_code_is_read_back_in_every_script_with_marks_between(
        number: u32,
        instruction in instructions(),
        days in 0..200_i32,
        at in 0..24_u8,
        script in 0..SCRIPTS.len(),
        marks in proptest::collection::vec("[ .,\u{2013}\u{200b}\u{a0}_/-]{0,2}", 10),
    ) {
        let table = table(number);
        let code = table.code(day(days), hour(at), instruction);
        prop_assert_eq!(in_script(&code.to_string(), SCRIPTS[script]).parse(), Ok(code));
        let digits = in_script(&code.to_string().replace(' ', ""), SCRIPTS[script]);
        let mut typed = marks[9].clone();
        for (digit, mark) in digits.chars().zip(&marks) {
            typed.push(digit);
            typed += mark;
        }
        prop_assert_eq!(typed.parse(), Ok(code));
        prop_assert_eq!(table.instruction(day(days), hour(at), code), Some(instruction));
    }

    #[test]
    fn no_text_upsets_the_reader(text in "\\PC{0,20}") {
        match text.parse::<RelayCode>() {
            Ok(code) => prop_assert_eq!(code.to_string().parse(), Ok(code)),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_wrong_digit_of_the_authenticator_is_refused(
        number: u32,
        instruction in instructions(),
        place in 3..9_u32,
        turn in 1..10_u32,
    ) {
        let table = table(number);
        let right = table.code(day(0), hour(8), instruction);
        let step = 10_u32.pow(8 - place) * turn;
        prop_assert_eq!(table.instruction(day(0), hour(8), turned(right, step)), None);
    }

    #[test]
    fn a_listener_keeps_the_law_of_each_hour(number: u32, calls in calls()) {
        let table = table(number);
        let all = [Instruction::Stay, go(1), Instruction::StandDown];
        let valid = |at| all.map(|of| (table.code(day(0), hour(at), of), of)).into();
        let mut listener = Listener::new(table.clone());
        let mut before: Vec<Before> = Vec::new();
        let mut now = at(0);
        for Call { hour: of, instruction, turn, later } in calls {
            now += SignedDuration::from_mins(i64::from(later));
            let code = turned(table.code(day(0), hour(of), instruction), turn);
            let answer = listener.hear(day(0), hour(of), code, now);
            prop_assert_eq!(answer, law(&before, (of, code, now), &valid(of)));
            before.push((of, code, now, answer));
        }
        // After a restart the codes heard, given again, leave the listener where it stood.
        let mut again = Listener::new(table.clone());
        for (of, code, at, answer) in &before {
            prop_assert_eq!(again.hear(day(0), hour(*of), *code, *at), *answer);
        }
        for of in 0..3 {
            prop_assert_eq!(again.taken(day(0), hour(of)), listener.taken(day(0), hour(of)));
            let next = table.code(day(0), hour(of), go(1));
            let [again, listener] = [&mut again, &mut listener].map(|of_two| of_two.hear(day(0), hour(of), next, now));
            prop_assert_eq!(again, listener);
        }
    }

    #[test]
    fn a_page_fits_and_holds_the_codes_of_the_table(
        campaign in "[a-zក-អ]{1,42}",
        team in "[a-z]{1,128}",
        hours in proptest::collection::btree_set(0..24_u8, 1..24),
        posts in proptest::collection::btree_set(1..=POST_NUMBER_MAX, 0..40),
    ) {
        let hours: BTreeSet<Hour> = hours.into_iter().map(hour).collect();
        let posts: BTreeSet<PostNumber> = posts.iter().map(|post| PostNumber::try_from(*post).unwrap()).collect();
        let id = id(&campaign, &team, 3);
        let table = Table::new(&id.key(&SECRET));
        let book = Codebook::new(id, &SECRET, day(0), &hours, &posts);
        prop_assert_eq!(book.instructions().len(), posts.len() + 2);
        let page = book.page();
        prop_assert!(page.lines().all(|line| line.chars().count() <= PAGE_COLUMNS && line.trim_end() == line));
        for (hour, codes) in book.rows() {
            let row = format!("{hour}:00  ");
            let printed = page.lines().filter_map(|line| line.strip_prefix(&row)).flat_map(|line| line.split("  "));
            let printed: Result<Vec<RelayCode>, DigitsError> = printed.map(str::parse).collect();
            prop_assert_eq!(&printed, &Ok(codes.clone()));
            let expected = book.instructions().iter().map(|of| table.code(day(0), *hour, *of));
            prop_assert_eq!(codes, &expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_page_looks_like_this() {
    let posts: BTreeSet<PostNumber> =
        [1, 2, 17, 40, 41, 42, 99].map(|n| PostNumber::try_from(n).unwrap()).into();
    let book = Codebook::new(
        id("river-2017", "ក្រុម-១", 3),
        &SECRET,
        day(0),
        &BTreeSet::from([hour(0), hour(8)]),
        &posts,
    );
    assert_eq!(book.page(), PAGE);
}

const PAGE: &str = "\
Campaign  river-2017
Team      ក្រុម-១
Table     3
Day       2017-01-01

              stay   stand down     post 001     post 002     post 017     post 040     post 041
00:00  062 132 912  061 520 865  063 287 894  064 751 402  079 633 660  102 590 968  103 640 028
08:00  207 454 554  206 077 163  208 415 788  209 509 658  224 610 287  247 712 374  248 533 632

          post 042     post 099
00:00  104 713 516  161 730 950
08:00  249 487 812  306 517 491
";
