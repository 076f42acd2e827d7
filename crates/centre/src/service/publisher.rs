//! Has publications written beside the writer: what came meanwhile goes into the next one, and no answer waits for either.

use jiff::Timestamp;
use sekong_store::Store;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::centre::Centre;
use crate::publication::Published;

/// At most one publication that is being written.
#[derive(Default)]
pub(super) struct Publisher {
    under_way: Option<JoinHandle<Published>>,
}

impl Publisher {
    /// Begins what is due, unless one is under way: that one's end is to begin the next.
    pub(super) fn begin<S: Store>(&mut self, centre: &mut Centre<S>, now: Timestamp) {
        if self.under_way.is_none() {
            let due = centre.publication(now);
            self.under_way = due.map(|publication| spawn_blocking(|| publication.write()));
        }
    }

    /// The end of the one that is under way; never if there is none. Whoever waits may stop waiting.
    pub(super) async fn written(&mut self) -> Published {
        let Some(under_way) = &mut self.under_way else { return std::future::pending().await };
        let published =
            under_way.await.expect("the writing of files gives errors, does not panic, and is never aborted");
        self.under_way = None;
        published
    }

    /// Waits until all that is due is there, or has failed; what failed before is tried again.
    pub(super) async fn finish<S: Store>(&mut self, centre: &mut Centre<S>, now: Timestamp) {
        if self.under_way.is_some() {
            centre.note_published(self.written().await);
        }
        centre.publish_again();
        self.begin(centre, now);
        if self.under_way.is_some() {
            centre.note_published(self.written().await);
        }
    }
}
