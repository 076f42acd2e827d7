//! Relayed orders: how an order reaches a team without a data network, as nine digits by voice or SMS.
//!
//! 1. *Key of a table.* `HMAC-SHA-256(secret, lp("sekong/table-key/v1") ‖ lp(campaign) ‖ lp(team) ‖ lp(serial))`,
//!    with a secret of 32 bytes and the table's serial number in decimal. The log can hold its commitment,
//!    `SHA-256( lp("sekong/table/v1") ‖ lp(key) )`.
//! 2. *Number of an instruction.* `000` is stay, `001` to `997` the post at that place of the campaign's list (its
//!    first is 1), `999` is stand down; `998` means nothing.
//! 3. *Spoken number*, the first three digits: (number + shift) modulo 1,000, with `shift = below(1000)` from the
//!    stream of `lp("sekong/relay-shift/v1") ‖ lp(date) ‖ lp(hour)` under the key of the table.
//! 4. *Authenticator*, the other six: `below(1000000)` from the stream of `lp("sekong/relay/v1") ‖ lp(date) ‖
//!    lp(hour) ‖ lp(number)` under the same key, with the number (not the spoken one) as three digits.
//!
//! Streams, `below`, dates and hours are those of module `seed`: a stream's block `b` is the HMAC of its subject and `b`.
//!
//! The shift is used for one order: whoever listens to the channel, or reads the code out, does not learn the post.
//! Nine digits by guess are one of the 999 right codes of an hour with a chance of 999 / 10^9, just under 1 in 10^6; a
//! right code heard for one instruction does not better the chance of another. A [`Listener`] refuses twice for an hour,
//! and twice within [`LOCK`] whatever hours the codes are for, so that an hour is forged with less than 1 in 500,000, and
//! so is a team within an hour's calls.
//!
//! What a code does not do. It proves nothing against the team itself, which holds the table: what was ordered is in
//! the log. And whoever calls first with two wrong codes locks an hour, and the team for as long as [`LOCK`]: it stays,
//! and the slot drawn for it is non-response.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use sekong_log::Hash;
use sekong_model::{CampaignId, Day, Hour, TeamId};
use sha2::{Digest, Sha256};

use crate::Stream;
use crate::seed::{keyed, length_prefixed};

/// Digits of a code as they are spoken.
pub const CODE_DIGITS: usize = 9;
/// Codes that are refused for an hour before it is locked, and within [`LOCK`] before none is taken at all.
pub const TRIES_MAX: u8 = 2;
/// How long a listener remembers a wrong code against every hour.
pub const LOCK: SignedDuration = SignedDuration::from_mins(60);
/// Posts of a campaign that can be told apart in three digits.
pub const POST_NUMBER_MAX: u16 = 997;
/// Longest line of a printed codebook, in characters.
pub const PAGE_COLUMNS: usize = 100;

const NUMBER_DIGITS: usize = 3;
const NUMBERS: u16 = 1_000;
const AUTHENTICATORS: u32 = 1_000_000;
const STAY: u16 = 0;
const STAND_DOWN: u16 = 999;

/// Zeros of the scripts that people here type digits in; the other nine digits follow each.
const ZEROS: [char; 7] = [
    '0', '\u{17e0}', // Khmer
    '\u{0ed0}', // Lao
    '\u{0e50}', // Thai
    '\u{0660}', // Arabic-Indic
    '\u{06f0}', // Arabic-Indic, extended
    '\u{ff10}', // fullwidth
];

/// A text that is not so many digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigitsError {
    /// Too few or too many.
    #[error("{expected} digits are needed, not {found}")]
    Count {
        /// Digits needed.
        expected: usize,
        /// Digits in the text.
        found: usize,
    },
    /// Neither a digit nor a mark between digits.
    #[error(
        "{found:?} is no digit: give {expected} digits, with spaces, dots or dashes between them as you like"
    )]
    Character {
        /// Digits needed.
        expected: usize,
        /// The first such character.
        found: char,
    },
}

fn digit(c: char) -> Option<u32> {
    ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))
}

/// What people, keyboards and messaging programs put between digits: spaces, dots, dashes, marks of no width.
fn is_between_digits(c: char) -> bool {
    let is_mark = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{2060}' | '\u{feff}');
    is_mark || c.is_whitespace() || ".,-_/·\u{2212}".contains(c)
}

/// The number written in exactly `expected` digits (at most nine) of any script.
fn read_digits(text: &str, expected: usize) -> Result<u32, DigitsError> {
    let written = || text.chars().filter(|c| !is_between_digits(*c));
    if let Some(found) = written().find(|c| digit(*c).is_none()) {
        return Err(DigitsError::Character { expected, found });
    }
    let found = written().count();
    if found != expected {
        return Err(DigitsError::Count { expected, found });
    }
    Ok(written().filter_map(digit).fold(0, |number, digit| 10 * number + digit))
}

/// A post's place in the campaign's list, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostNumber(u16);

/// A number that no post can be relayed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a relayed post has a number from 1 to {POST_NUMBER_MAX}, not {number}")]
pub struct PostNumberError {
    /// The number.
    pub number: usize,
}

impl PostNumber {
    /// The number of the post at an index, from 0, of the campaign's list.
    pub fn of_index(index: usize) -> Result<PostNumber, PostNumberError> {
        let number = index.saturating_add(1);
        let small = u16::try_from(number).map_err(|_| PostNumberError { number })?;
        PostNumber::try_from(small)
    }

    /// The post's index, from 0, in the campaign's list.
    pub fn index(self) -> usize {
        usize::from(self.0 - 1)
    }
}

impl TryFrom<u16> for PostNumber {
    type Error = PostNumberError;
    fn try_from(number: u16) -> Result<PostNumber, PostNumberError> {
        let is_post = (1..=POST_NUMBER_MAX).contains(&number);
        is_post.then_some(PostNumber(number)).ok_or(PostNumberError { number: number.into() })
    }
}

impl fmt::Display for PostNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// An order in the form in which it is relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instruction {
    /// Inspect where you are.
    Stay,
    /// Leave for a post.
    Go(PostNumber),
    /// Duty ends here.
    StandDown,
}

/// Three digits that are no instruction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// Not three digits.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// No instruction has that number.
    #[error("{number} means nothing: 000 is stay, 001 to {POST_NUMBER_MAX} a post, 999 stand down")]
    Meaningless {
        /// The number.
        number: u16,
    },
}

impl Instruction {
    /// Its number, 0 to 999, never 998.
    pub fn number(self) -> u16 {
        match self {
            Instruction::Stay => STAY,
            Instruction::Go(PostNumber(number)) => number,
            Instruction::StandDown => STAND_DOWN,
        }
    }

    /// Its number in three digits.
    pub fn digits(self) -> String {
        format!("{:03}", self.number())
    }
}

impl TryFrom<u16> for Instruction {
    type Error = InstructionError;
    fn try_from(number: u16) -> Result<Instruction, InstructionError> {
        match number {
            STAY => Ok(Instruction::Stay),
            STAND_DOWN => Ok(Instruction::StandDown),
            number => PostNumber::try_from(number)
                .map(Instruction::Go)
                .map_err(|_| InstructionError::Meaningless { number }),
        }
    }
}

impl FromStr for Instruction {
    type Err = InstructionError;
    fn from_str(text: &str) -> Result<Instruction, InstructionError> {
        Instruction::try_from(read_digits(text, NUMBER_DIGITS)? as u16)
    }
}

/// The nine digits that are spoken: the shifted number of an instruction and its authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayCode(u32);

impl RelayCode {
    fn new(spoken: u16, authenticator: u32) -> RelayCode {
        RelayCode(u32::from(spoken) * AUTHENTICATORS + authenticator)
    }

    /// The first three digits, 0 to 999.
    fn spoken(self) -> u16 {
        (self.0 / AUTHENTICATORS) as u16
    }
}

impl FromStr for RelayCode {
    type Err = DigitsError;
    fn from_str(text: &str) -> Result<RelayCode, DigitsError> {
        read_digits(text, CODE_DIGITS).map(RelayCode)
    }
}

impl fmt::Display for RelayCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {:03} {:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000)
    }
}

/// Number of a team's table; a lost one is replaced by the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableSerial(pub u32);

impl fmt::Display for TableSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId {
    /// The campaign.
    pub campaign: CampaignId,
    /// The team whose device or codebook it is.
    pub team: TeamId,
    /// Which of the team's tables.
    pub serial: TableSerial,
}

impl TableId {
    /// The table's key, from the secret of all tables.
    pub fn key(&self, secret: &[u8; 32]) -> TableKey {
        let serial = self.serial.to_string();
        let parts: [&[u8]; 4] = [
            b"sekong/table-key/v1",
            self.campaign.as_str().as_bytes(),
            self.team.as_str().as_bytes(),
            serial.as_bytes(),
        ];
        TableKey(keyed(secret).chain_update(length_prefixed(&parts)).finalize().into_bytes().into())
    }
}

/// The secret of one table, shared by the centre and one team.
#[derive(Clone, PartialEq, Eq)]
pub struct TableKey([u8; 32]);

impl TableKey {
    /// The key that a device holds.
    pub fn from_bytes(bytes: [u8; 32]) -> TableKey {
        TableKey(bytes)
    }

    /// The key itself, for the device whose table it is.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// What the log can hold of the key before it is used.
    pub fn commitment(&self) -> Hash {
        Hash(Sha256::digest(length_prefixed(&[b"sekong/table/v1", &self.0])).into())
    }
}

impl fmt::Debug for TableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableKey(..)")
    }
}

/// A one-time table: one code for each hour and instruction.
#[derive(Clone)]
pub struct Table {
    mac: Hmac<Sha256>,
}

impl Table {
    /// The table that a key gives.
    pub fn new(key: &TableKey) -> Table {
        Table { mac: keyed(&key.0) }
    }

    /// The code that tells a team what to do for an hour.
    pub fn code(&self, day: Day, hour: Hour, instruction: Instruction) -> RelayCode {
        let spoken = (instruction.number() + self.shift(day, hour)) % NUMBERS;
        RelayCode::new(spoken, self.authenticator(day, hour, instruction))
    }

    /// The instruction that a code gives for an hour, if it is a code of the table.
    pub fn instruction(&self, day: Day, hour: Hour, code: RelayCode) -> Option<Instruction> {
        let number = (code.spoken() + NUMBERS - self.shift(day, hour)) % NUMBERS;
        let instruction = Instruction::try_from(number).ok()?;
        (self.code(day, hour, instruction) == code).then_some(instruction)
    }

    /// What is added to the number of the hour's instruction, so that nobody on the channel learns it.
    fn shift(&self, day: Day, hour: Hour) -> u16 {
        let (date, hour) = (day.to_string(), hour.to_string());
        self.below(&[b"sekong/relay-shift/v1", date.as_bytes(), hour.as_bytes()], NUMBERS.into()) as u16
    }

    fn authenticator(&self, day: Day, hour: Hour, instruction: Instruction) -> u32 {
        let (date, hour, number) = (day.to_string(), hour.to_string(), instruction.digits());
        let subject = [b"sekong/relay/v1", date.as_bytes(), hour.as_bytes(), number.as_bytes()];
        self.below(&subject, AUTHENTICATORS)
    }

    fn below(&self, subject: &[&[u8]], n: u32) -> u32 {
        let n = NonZeroU64::new(n.into()).expect("both counts are above zero");
        // The number is below `n`, which is an u32.
        Stream::new(&self.mac, subject).below(n) as u32
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table(..)")
    }
}

/// Why a code is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayRefused {
    /// Not a code of this table and hour.
    #[error("not the code of this team and hour; {tries_left} of {TRIES_MAX} tries left")]
    Wrong {
        /// Codes that may still be tried for the hour now.
        tries_left: u8,
    },
    /// [`TRIES_MAX`] codes were wrong within [`LOCK`], for whatever hours.
    #[error("{TRIES_MAX} wrong codes within an hour: take none before {until}, and stay where you are")]
    Deaf {
        /// First instant at which a code may be taken again.
        until: Timestamp,
    },
    /// [`TRIES_MAX`] codes were wrong: nothing is taken for the hour any more.
    #[error("{TRIES_MAX} wrong codes for this hour: take no further one, and stay where you are")]
    Locked,
    /// Another code was taken for the hour before.
    #[error("the order for this hour was taken before and stands")]
    Decided {
        /// The instruction that stands.
        stands: Instruction,
    },
}

/// What a team has heard for one hour.
#[derive(Debug, Clone, Copy)]
enum Heard {
    Refused { codes: u8 },
    Decided { code: RelayCode, instruction: Instruction },
}

/// The team's side: takes one order an hour and refuses what is not of its table.
///
/// Which hour a code is for is the caller's to say, never the code's. A wrong one counts against its hour for ever, and
/// for a while against all, so that a forger gains nothing by naming one hour after the other. What it knows follows from
/// the codes it heard, when and in which order: a device that keeps those gives them again after a restart and stands
/// where it stood.
#[derive(Debug, Clone)]
pub struct Listener {
    table: Table,
    hours: BTreeMap<(Day, Hour), Heard>,
    /// When the latest wrong codes were heard, at most [`TRIES_MAX`] of them.
    wrong: VecDeque<Timestamp>,
}

impl Listener {
    /// A listener that has heard nothing.
    pub fn new(table: Table) -> Listener {
        Listener { table, hours: BTreeMap::new(), wrong: VecDeque::new() }
    }

    /// Goes by another table from now on; what was taken stands, and what was wrong was wrong.
    pub fn replace(&mut self, table: Table) {
        self.table = table;
    }

    /// Hears a code for an hour; the code that was taken is taken again alike.
    pub fn hear(
        &mut self,
        day: Day,
        hour: Hour,
        code: RelayCode,
        now: Timestamp,
    ) -> Result<Instruction, RelayRefused> {
        let codes = match self.hours.get(&(day, hour)) {
            Some(Heard::Decided { code: taken, instruction }) if *taken == code => return Ok(*instruction),
            // Whether it would have been right is not said: the order of an hour is one.
            Some(Heard::Decided { instruction, .. }) => {
                return Err(RelayRefused::Decided { stands: *instruction });
            }
            Some(Heard::Refused { codes: TRIES_MAX.. }) => return Err(RelayRefused::Locked),
            Some(Heard::Refused { codes }) => *codes,
            None => 0,
        };
        if let Some(until) = self.deaf_until(now) {
            return Err(RelayRefused::Deaf { until });
        }
        let Some(instruction) = self.table.instruction(day, hour, code) else {
            return Err(self.refuse(day, hour, codes + 1, now));
        };
        self.hours.insert((day, hour), Heard::Decided { code, instruction });
        Ok(instruction)
    }

    fn refuse(&mut self, day: Day, hour: Hour, codes: u8, now: Timestamp) -> RelayRefused {
        self.hours.insert((day, hour), Heard::Refused { codes });
        self.wrong.push_back(now);
        if usize::from(TRIES_MAX) < self.wrong.len() {
            self.wrong.pop_front();
        }
        let latest = self.wrong.iter().filter(|heard| now < **heard + LOCK).count();
        let tries_left = TRIES_MAX.saturating_sub(codes.max(latest as u8));
        RelayRefused::Wrong { tries_left }
    }

    /// Until when no code is taken for any hour; a clock that was set back frees nobody.
    fn deaf_until(&self, now: Timestamp) -> Option<Timestamp> {
        let first = self.wrong.front().filter(|_| usize::from(TRIES_MAX) <= self.wrong.len())?;
        let until = *first + LOCK;
        (now < until).then_some(until)
    }

    /// The order taken for an hour; `None`: none was, and the team stays without one.
    pub fn taken(&self, day: Day, hour: Hour) -> Option<Instruction> {
        match self.hours.get(&(day, hour))? {
            Heard::Decided { instruction, .. } => Some(*instruction),
            Heard::Refused { .. } => None,
        }
    }
}

/// Characters of an hour at the left of a printed row.
const HOUR_COLUMNS: usize = 5;
/// Characters of a printed code and of the space before it.
const CELL_COLUMNS: usize = 13;
/// Codes side by side.
const CELLS_PER_BLOCK: usize = (PAGE_COLUMNS - HOUR_COLUMNS) / CELL_COLUMNS;
/// Characters before what a line at the top of the page says.
const LABEL_COLUMNS: usize = 10;

/// A table of one day on paper, for a team without a device: whoever hears nine digits looks for them in the row of
/// the hour; the head of their column is the order. It is as secret as the key until the day is over.
#[derive(Clone, PartialEq, Eq)]
pub struct Codebook {
    id: TableId,
    day: Day,
    instructions: Vec<Instruction>,
    rows: Vec<(Hour, Vec<RelayCode>)>,
}

impl Codebook {
    /// The codes of some hours of a day, from the secret of all tables: stay, stand down, and the posts that the team
    /// can be sent to.
    pub fn new(
        id: TableId,
        secret: &[u8; 32],
        day: Day,
        hours: &BTreeSet<Hour>,
        posts: &BTreeSet<PostNumber>,
    ) -> Codebook {
        let table = Table::new(&id.key(secret));
        let always = [Instruction::Stay, Instruction::StandDown];
        let instructions: Vec<Instruction> =
            always.into_iter().chain(posts.iter().copied().map(Instruction::Go)).collect();
        let codes = |hour: Hour| instructions.iter().map(|of| table.code(day, hour, *of)).collect();
        let rows = hours.iter().map(|hour| (*hour, codes(*hour))).collect();
        Codebook { id, day, instructions, rows }
    }

    /// What the columns tell, from left to right.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The hours in order, each with one code a column.
    pub fn rows(&self) -> &[(Hour, Vec<RelayCode>)] {
        &self.rows
    }

    /// The page in plain text of fixed width, [`PAGE_COLUMNS`] at most; wide tables are split into blocks of columns.
    pub fn page(&self) -> String {
        let mut page = self.top();
        for (block, heads) in self.instructions.chunks(CELLS_PER_BLOCK).enumerate() {
            let first = block * CELLS_PER_BLOCK;
            page += "\n";
            page += &line("", heads.iter().map(|of| head(*of)));
            for (hour, codes) in &self.rows {
                let codes = &codes[first..first + heads.len()];
                page += &line(&format!("{hour}:00"), codes.iter().map(RelayCode::to_string));
            }
        }
        page
    }

    fn top(&self) -> String {
        let lines = [
            ("Campaign", self.id.campaign.to_string()),
            ("Team", self.id.team.to_string()),
            ("Table", self.id.serial.to_string()),
            ("Day", self.day.to_string()),
        ];
        lines.iter().map(|(label, text)| wrapped(label, text)).collect()
    }
}

impl fmt::Debug for Codebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codebook({:?}, {}, ..)", self.id, self.day)
    }
}

fn head(of: Instruction) -> String {
    match of {
        Instruction::Stay => "stay".to_owned(),
        Instruction::StandDown => "stand down".to_owned(),
        Instruction::Go(post) => format!("post {post}"),
    }
}

fn line(hour: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:>CELL_COLUMNS$}")).collect();
    format!("{hour:HOUR_COLUMNS$}{cells}\n")
}

/// A label and a text, which an identifier of many characters carries over to further lines.
fn wrapped(label: &str, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let parts = characters.chunks(PAGE_COLUMNS - LABEL_COLUMNS).enumerate();
    let label = |part| if part == 0 { label } else { "" };
    parts.map(|(part, text)| format!("{:LABEL_COLUMNS$}{}\n", label(part), String::from_iter(text))).collect()
}
