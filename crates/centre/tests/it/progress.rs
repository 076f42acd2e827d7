//! Whoever watches an audit sees how far it is, and may keep that.

use crate::amend::watched;
use crate::api::reporting;
use crate::forgeries::FolderBodies;

#[test]
fn an_audit_tells_of_every_entry_once_and_ends_at_the_last() {
    let site = reporting();
    let mut seen = Vec::new();
    let bodies = FolderBodies::of(site.folder.path(), Vec::new());
    let verdict = watched(&site, &bodies, &mut |progress| {
        seen.push((progress.done, progress.of, progress.known().map(|known| known.size)));
    });
    let size = verdict.log.as_ref().unwrap().tree.size();
    assert_eq!(seen.iter().map(|(done, ..)| *done).collect::<Vec<_>>(), (1..=size).collect::<Vec<_>>());
    assert!(seen.iter().all(|(_, of, _)| *of == size), "how long the log is was known from the start");
    let known: Vec<u64> = seen.iter().map(|(.., known)| known.unwrap()).collect();
    assert!(known.is_sorted() && known[0] == 1, "what is known only grows");
    assert_eq!(known.last(), Some(&size), "all of a record that holds is known");
}
