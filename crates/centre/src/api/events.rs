//! The log as it grows, as server-sent events: the id is the index, so a reader goes on where it stopped.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use sekong_log::{Entry, Statement};
use sekong_store::StoredLeaf;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::extract::InQuery;
use super::problem::Problem;
use super::views::{EventView, KindView, ProblemView};
use crate::service::Service;

/// Entries read at a time.
const BATCH: u64 = 256;

/// How often a stream without news shows that it is alive.
const ALIVE_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    from: Option<String>,
}

/// Entries as they are committed, each an event `entry` whose data is an `EventView`.
#[utoipa::path(get, path = "/events", operation_id = "stream_events", tag = "log", params(
    ("from" = Option<u64>, Query, description = "index of the first entry wanted; by default the next one"),
    ("Last-Event-ID" = Option<u64>, Header, description = "index of the last entry that was read; goes before `from`"),
), responses(
    (status = 200, body = EventView, content_type = "text/event-stream"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn stream(
    State(service): State<Service>,
    headers: HeaderMap,
    InQuery(asked): InQuery<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let size = service.log_size().await;
    let first = first_wanted(&headers, &asked, size)?;
    let place = service.stream_place().ok_or_else(no_place)?;
    let reader = Reader { service, next: first, read: VecDeque::new(), _place: place };
    let events =
        unfold(reader, |mut reader| async move { reader.next().await.map(|event| (Ok(event), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)))
}

fn no_place() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too-many-streams",
        "Too many read along",
        "every place for a stream of events is taken",
    )
    .hint("come back in a minute; the log itself is under /log/")
}

fn first_wanted(headers: &HeaderMap, asked: &Asked, size: u64) -> Result<u64, Problem> {
    let last =
        headers.get("last-event-id").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let first = match (&last, &asked.from) {
        (Some(last), _) => read_index("Last-Event-ID", last)?.saturating_add(1),
        (None, Some(from)) => read_index("from", from)?,
        (None, None) => size,
    };
    if first <= size {
        return Ok(first);
    }
    let detail = format!("the log has {size} entries, entry {} was asked for", first - 1);
    Err(Problem::new(StatusCode::CONFLICT, "beyond-the-log", "Not in this log", detail)
        .field(if last.is_some() { "Last-Event-ID" } else { "from" })
        .hint("this is another log, or an older state of it: read it anew from 0 and compare its heads"))
}

fn read_index(field: &str, text: &str) -> Result<u64, Problem> {
    text.trim().parse().map_err(|_| {
        Problem::unreadable(field, format!("{text:?} is no index")).hint("an index is a number from 0")
    })
}

/// Somebody who reads along.
struct Reader {
    service: Service,
    next: u64,
    read: VecDeque<StoredLeaf>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event; `None` once the centre ends or the store cannot be read: the reader comes back.
    async fn next(&mut self) -> Option<Event> {
        if self.read.is_empty() {
            if !self.service.committed_beyond(self.next).await {
                return None;
            }
            self.read = self.service.shelf().leaves(self.next, BATCH).await.ok()?.into();
        }
        let stored = self.read.pop_front()?;
        self.next = stored.index + 1;
        event(&stored)
    }
}

fn event(stored: &StoredLeaf) -> Option<Event> {
    let entry = Entry::parse(&stored.leaf).ok()?;
    let said = Statement::from_parts(entry.kind(), entry.body()).ok()?;
    let view = EventView {
        index: stored.index,
        time: entry.time(),
        device: entry.device(),
        kind: KindView::from(&said),
        body: entry.body().clone(),
    };
    Event::default().id(stored.index.to_string()).event("entry").json_data(view).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: Option<&str>, last: Option<&str>) -> Result<u64, Problem> {
        let mut headers = HeaderMap::new();
        if let Some(last) = last {
            headers.insert("last-event-id", last.parse().unwrap());
        }
        first_wanted(&headers, &Asked { from: from.map(str::to_owned) }, 10)
    }

    #[test]
    fn a_reader_goes_on_after_the_last_event_it_has() {
        assert_eq!(asked(None, None).unwrap(), 10);
        assert_eq!(asked(Some("0"), None).unwrap(), 0);
        assert_eq!(asked(Some("10"), None).unwrap(), 10);
        assert_eq!(asked(Some("3"), Some("7")).unwrap(), 8);
        assert_eq!(asked(None, Some("9")).unwrap(), 10);
    }

    #[test]
    fn an_event_of_another_log_is_a_conflict_and_noise_is_unreadable() {
        assert!(asked(None, Some("10")).is_err());
        assert!(asked(Some("11"), None).is_err());
        assert!(asked(None, Some("18446744073709551615")).is_err());
        assert!(asked(Some("-1"), None).is_err());
        assert!(asked(None, Some("x")).is_err());
    }
}
