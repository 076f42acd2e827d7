//! Every night all that lies on disk is read again; the alarm stays until a night finds nothing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_model::{Campaign, Hour};
use sekong_store::Store;
use tokio::sync::{mpsc, oneshot, watch};

use super::writer::Wish;
use crate::centre::Centre;
use crate::clock::Clock;
use crate::folder::Folder;
use crate::scrub::{Scrub, ScrubError, Scrubbed};
use crate::state::KeyRing;

/// When, by the campaign's own time: 03:30.
const AFTER_MIDNIGHT: SignedDuration = SignedDuration::from_mins(210);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the last scrub came to, for whoever watches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastScrub {
    /// When it ended; `None` before the first night.
    pub ended: Option<Timestamp>,
    /// What is wrong, if anything is.
    pub alarm: Option<String>,
}

/// The scrubbing side of a running centre.
pub(super) struct Night<R> {
    store: R,
    folder: Folder,
    keys: KeyRing,
    campaign: Arc<Campaign>,
    clock: Arc<dyn Clock>,
    wishes: mpsc::Sender<Wish>,
    last: watch::Sender<LastScrub>,
    /// Told of a damaged store: nothing is written on it.
    damaged: watch::Sender<Option<String>>,
}

impl<R: Store> Night<R> {
    /// The nights of a centre, whose store it reads by a connection of its own.
    pub(super) fn new<S: Store>(
        store: R,
        centre: &Centre<S>,
        clock: Arc<dyn Clock>,
        wishes: mpsc::Sender<Wish>,
        last: watch::Sender<LastScrub>,
        damaged: watch::Sender<Option<String>>,
    ) -> Night<R> {
        let (folder, keys) = (centre.ledger().folder().clone(), centre.keys().clone());
        let campaign = centre.state().campaign().clone();
        Night { store, folder, keys, campaign, clock, wishes, last, damaged }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.clock.wait_until(next_after(&self.campaign, self.clock.now())).await;
            let told = match self.scrub().await {
                Ok((scrubbed, mended)) => alarm(&scrubbed, &mended),
                Err(error) => Some(format!("the nightly scrub could not be made: {error}")),
            };
            let ended = Some(self.clock.now());
            // Who waits for an alarm is not woken by every sound night.
            self.last.send_if_modified(|before| {
                let changed = before.alarm != told;
                *before = LastScrub { ended, alarm: told };
                changed
            });
        }
    }

    /// What was found, and what was done about it.
    async fn scrub(&mut self) -> Result<(Scrubbed, Mended), ScrubError> {
        let mut scrub = Scrub { store: &mut self.store, folder: &self.folder, keys: &self.keys };
        let scrubbed = scrub.run().await?;
        if let Some(worst) = scrubbed.damages.iter().find(|damage| damage.is_in_store()) {
            self.damaged.send_replace(Some(worst.to_string()));
            return Ok((scrubbed, Mended::Files(0)));
        }
        if scrubbed.damages.is_empty() {
            return Ok((scrubbed, Mended::Files(0)));
        }
        let mended = match scrub.mend(&scrubbed).await {
            Err(error) => Mended::Not(error.to_string()),
            Ok(files) => match self.publish_head().await {
                Some(why) => Mended::Not(why),
                None => Mended::Files(files + heads_published(&scrubbed)),
            },
        };
        Ok((scrubbed, mended))
    }

    /// The head is the writer's to publish: another one may have been made meanwhile.
    async fn publish_head(&self) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        // A writer that ended publishes nothing more; the next start does.
        self.wishes.send(Wish::Publish(answer)).await.ok()?;
        answered.await.ok().flatten()
    }
}

/// What a night did about what it found.
enum Mended {
    /// So many files were written anew.
    Files(usize),
    /// Why not all could be.
    Not(String),
}

fn heads_published(scrubbed: &Scrubbed) -> usize {
    scrubbed.damages.iter().filter(|damage| damage.is_of_the_head() && damage.can_be_mended()).count()
}

fn alarm(scrubbed: &Scrubbed, mended: &Mended) -> Option<String> {
    let first = scrubbed.damages.first()?;
    let found = scrubbed.damages.len();
    let mended = match mended {
        Mended::Not(why) => format!(", and not written anew ({why})"),
        Mended::Files(0) => String::new(),
        Mended::Files(written) if *written == found => ", written anew".to_owned(),
        Mended::Files(written) => format!(", {written} of them written anew"),
    };
    Some(format!("the nightly scrub found {found} things wrong{mended}; first {first}"))
}

/// The first 03:30 after a time.
fn next_after(campaign: &Campaign, now: Timestamp) -> Timestamp {
    let (today, _) = campaign.day_hour_of(now);
    let at = campaign.instant(today, Hour::MIDNIGHT).checked_add(AFTER_MIDNIGHT).unwrap_or(Timestamp::MAX);
    if now < at { at } else { at.checked_add(DAY).unwrap_or(Timestamp::MAX) }
}
