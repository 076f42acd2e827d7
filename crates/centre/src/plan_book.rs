//! Plans by game: days with the same game have the same plan, so each game is solved once.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use rayon::prelude::*;
use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, Day, ProvinceId};
use sekong_plan::{Game, Plan, SolveError, SolveOptions, solve};

use crate::fault::Fault;

/// A solved game, with the bytes that are logged. It is made by solving alone, so whoever is handed one takes nobody's
/// word for the plan.
#[derive(Debug, Clone)]
pub struct SolvedPlan {
    /// SHA-256 of the game's canonical form.
    pub(crate) game: Hash,
    /// SHA-256 of `bytes`.
    pub(crate) hash: Hash,
    /// The plan's canonical form.
    pub(crate) bytes: Arc<Vec<u8>>,
    /// The plan.
    pub(crate) plan: Arc<Plan>,
}

impl SolvedPlan {
    /// Solves a game, which takes seconds of processor time, unless this process has done so before; waits for one who is at it.
    pub fn of(game: &Game) -> Result<SolvedPlan, SolveError> {
        let hash = Hash(game.sha256());
        answer(hash).get_or_init(|| SolvedPlan::solve(game, hash)).clone()
    }

    fn solve(game: &Game, hash: Hash) -> Result<SolvedPlan, SolveError> {
        let plan = solve(game, &SolveOptions::default())?;
        let bytes = Arc::new(plan.to_json());
        Ok(SolvedPlan { game: hash, hash: body_hash(&bytes), bytes, plan: Arc::new(plan) })
    }

    /// The plan.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.clone()
    }
}

/// What came of a game, once it is solved. The solver asks nothing of the pool of threads, so who waits for it cannot block it.
type Answer = Arc<OnceLock<Result<SolvedPlan, SolveError>>>;

/// What this process has solved. A plan is a function of its game, whoever asks and for whichever campaign.
static SOLVED: Mutex<BTreeMap<Hash, Answer>> = Mutex::new(BTreeMap::new());

fn answer(game: Hash) -> Answer {
    SOLVED.lock().unwrap_or_else(PoisonError::into_inner).entry(game).or_default().clone()
}

/// The plan of a province-day: a deterministic function of the campaign.
pub(crate) fn plan(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<SolvedPlan, Fault> {
    let wanted = game(campaign, province, day)?;
    let no_plan = |source| Fault::NoPlan { province: province.clone(), day, source };
    if let Some(known) = answer(Hash(wanted.sha256())).get() {
        return known.clone().map_err(no_plan);
    }
    // The day's other plans are wanted next: all cores solve. One that has none is told of when it is asked for.
    let games = unsolved(campaign, day).unwrap_or_default();
    games.par_iter().for_each(|game| drop(SolvedPlan::of(game)));
    SolvedPlan::of(&wanted).map_err(no_plan)
}

/// The games of a day that are not solved yet.
pub(crate) fn unsolved(campaign: &Campaign, day: Day) -> Result<Vec<Game>, Fault> {
    let games = campaign.provinces().iter().map(|province| game(campaign, &province.id, day));
    let mut games = games.collect::<Result<Vec<_>, _>>()?;
    games.retain(|game| answer(Hash(game.sha256())).get().is_none());
    Ok(games)
}

/// Solves the games of coming days on a thread of its own while a log is judged. It only spares others a wait: what it finds they
/// would find, too.
pub(crate) struct SolvingAhead {
    days: Sender<Day>,
}

impl SolvingAhead {
    /// Begins with the campaign's first day once it is told how far to go.
    pub(crate) fn new(campaign: Arc<Campaign>) -> SolvingAhead {
        let (days, told) = channel();
        // Without a thread nobody hears, and every game is solved when it is needed.
        let _ = thread::Builder::new().spawn(move || solve_days(&campaign, &told));
        SolvingAhead { days }
    }

    /// The log has come to this day: as many days again are looked ahead, so that a short log costs little more than its own games.
    pub(crate) fn has_come_to(&self, day: Day) {
        // Who solved all days has gone and hears nothing.
        let _ = self.days.send(day);
    }
}

/// Ends with the last day, or when nobody is left who judges: at the latest a day's games later.
fn solve_days(campaign: &Campaign, told: &Receiver<Day>) {
    let mut until: Option<Day> = None;
    // A game that lasts less than a week is left to those who need it: to make one a day takes longer.
    for day in campaign.days().step_by(7) {
        loop {
            let is_told = until.is_some_and(|until| day <= until);
            match if is_told { told.try_recv() } else { told.recv().map_err(TryRecvError::from) } {
                Ok(come) => until = come.plus_days(come.days_since(campaign.first_day()) + 1),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        // From the other end than those who cannot wait, so that both have something to do.
        unsolved(campaign, day).unwrap_or_default().iter().rev().for_each(|game| drop(SolvedPlan::of(game)));
    }
}

fn game(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<Game, Fault> {
    Game::of(campaign, province, day).map_err(|source| Fault::Game {
        province: province.clone(),
        day,
        source,
    })
}
