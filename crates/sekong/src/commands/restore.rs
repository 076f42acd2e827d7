//! `sekong restore`: an older copy of a store brought up to the head that was published.

use std::path::{Path, PathBuf};

use sekong_centre::{
    Bodies, Body, CentreError, Evidence, RestoreError, Restored, logged_files, published_files, restore,
};
use sekong_log::{CHECKPOINT_FILE, Hash};
use sekong_model::Campaign;
use sekong_store::Store;
use serde_json::json;

use super::serve;
use crate::cli::RestoreArgs;
use crate::clocks::now;
use crate::data_folder::{DataFolder, store_failed};
use crate::evidence::{FolderBodies, Listing, UnderHead};
use crate::failure::Failure;
use crate::output::{complain, print_line};

const OTHER_COPY: &str =
    "this copy of sekong.db is of no use: keep it aside, and try an older one, or none at all";

/// Bodies that are named in words; the others are counted.
const NAMED_MAX: usize = 20;

pub(crate) fn run(args: &RestoreArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let _lock = folder.lock()?;
    let restored = super::block_on(bring_up(&folder, &args.from)).and_then(|restored| restored);
    if restored.is_err() {
        // A new store that is left is removed before the next one is made, too.
        drop(folder.drop_new_store());
    }
    folder.tell_of_leftovers();
    let restored = restored?;
    let Restored { before, size, bodies, persons_lost, warnings } = restored;
    let nothing = before == size && bodies == 0;
    match nothing_beyond(&args.from, size) {
        Err(beyond) if !nothing => complain(format_args!("warning: {beyond}")),
        checked => checked?,
    }
    if args.json {
        let warnings = warnings.iter().map(|fault| json!({ "rule": fault.rule, "detail": fault.detail }));
        let warnings: Vec<_> = warnings.collect();
        return print_line(json!({
            "before": before, "size": size, "bodies": bodies, "persons_lost": persons_lost, "warnings": warnings,
        }));
    }
    for fault in &warnings {
        complain(format_args!("warning: {} ({})", fault.detail, fault.rule));
    }
    if 0 < persons_lost {
        complain(format_args!(
            "warning: {persons_lost} records of persons are not in this copy; they are published nowhere: look for a newer one"
        ));
    }
    if nothing {
        return print_line(format_args!(
            "the store holds {size} entries, the published log no more: nothing to restore"
        ));
    }
    print_line(format_args!(
        "restored {} entries and {bodies} bodies: the store holds {size} entries",
        size - before
    ))?;
    print_line("next: sekong serve goes on from there, under the same head")
}

/// Tiles with more than the store holds, where the head covers no more, are no way on, and nothing to be silent about.
fn nothing_beyond(from: &Path, size: u64) -> Result<(), Failure> {
    let log = log_in(from)?;
    let listing = Listing::of(&log)?;
    let beyond = listing.beyond(size);
    if beyond.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the store holds {size} entries, the published head covers no more, and {} files in {} do:\n  {}",
        beyond.len(),
        log.display(),
        beyond.join("\n  ")
    ))
    .hint(
        "what no head covers is not taken. Ask mirrors and witnesses for a newer head, and look for a newer sekong.db. If there is \
         neither, keep these files where they are safe: they may show what was lost; without them in the folder the centre starts",
    ))
}

async fn bring_up(folder: &DataFolder, from: &Path) -> Result<Restored, Failure> {
    let (log, copy) = published(from)?;
    let bodies = Anywhere([FolderBodies::new(&copy), FolderBodies::new(folder)]);
    let lost = folder.has_lost_its_store();
    let (mut store, files) = if lost {
        let files = match published_files(&log, &bodies) {
            Ok(files) => files,
            Err(error) => {
                log.all_read()?;
                return Err(nameless(&error));
            }
        };
        (folder.new_store().await?, files)
    } else {
        folder.holds_a_store()?;
        folder.settle_leftovers().await?;
        let mut store = folder.open_store().await?;
        let files = logged_files(&mut store).await.map_err(|error| match error {
            CentreError::Store(_) => store_failed(error),
            _ => Failure::failed(error).hint(OTHER_COPY),
        })?;
        (store, files)
    };
    let campaign = Campaign::parse(&files).map_err(Failure::failed)?;
    let keys = serve::own_keys(folder, &campaign)?;
    let evidence = Evidence {
        files: &log,
        keys: &keys,
        bodies: &bodies,
        store_head: None,
        now: now(),
        since: None,
        known: None,
    };
    let restored = restore(&mut store, &campaign, &evidence).await;
    log.all_read()?;
    let restored = restored.map_err(|error| refused(&error))?;
    store.close().await.map_err(store_failed)?;
    if lost {
        folder.put_new_store()?;
    }
    Ok(restored)
}

fn nameless(error: &CentreError) -> Failure {
    Failure::failed(format!("what was published does not tell the campaign: {error}"))
        .hint("give the log of another mirror with --from, with bodies/ beside it; nothing was changed")
}

/// A published log as far as its head covers it, for a crash may have left more, and the folder whose log it is: bodies lie beside it.
fn published(from: &Path) -> Result<(UnderHead, DataFolder), Failure> {
    let log = log_in(from)?;
    let beside = log.canonicalize().ok().and_then(|log| log.parent().map(Path::to_owned));
    let copy = DataFolder::open(&beside.unwrap_or_else(|| from.to_owned()))?;
    let under_head = UnderHead::of(&log)?;
    if under_head.has_a_head() { Ok((under_head, copy)) } else { Err(headless(&log)) }
}

fn log_in(from: &Path) -> Result<PathBuf, Failure> {
    let places = || [from.join("log"), from.to_owned()].into_iter();
    if let Some(log) = places().find(|log| log.join(CHECKPOINT_FILE).is_file()) {
        return Ok(log);
    }
    Err(match places().find(|log| log.join("tile").is_dir()) {
        Some(log) => headless(&log),
        None => Failure::usage(format!("--from: {} holds no published log", from.display()))
            .hint("name a folder with a checkpoint and tiles, such as log/ of a data folder or of a mirror"),
    })
}

/// Tiles alone prove nothing: a head says how many entries there are, and which.
fn headless(log: &Path) -> Failure {
    Failure::failed(format!("{} has tiles, and no head that can be read", log.display())).hint(
        "put the newest head of a mirror, a witness or an auditor there as `checkpoint`, and try again; remove no tile",
    )
}

/// Bodies of the published copy and of the folder itself.
struct Anywhere([FolderBodies; 2]);

impl Bodies for Anywhere {
    fn get(&self, hash: &Hash) -> Body {
        let mut found = self.0.iter().map(|bodies| bodies.get(hash));
        found.find(|body| matches!(body, Body::Here(_))).unwrap_or(Body::Missing)
    }
}

fn refused(error: &RestoreError) -> Failure {
    match error {
        RestoreError::Bodies(lost) => {
            let names =
                lost.iter().take(NAMED_MAX).map(|body| format!("\n  {} (entry {})", body.hash, body.entry));
            let more = lost.len().saturating_sub(NAMED_MAX);
            let more = if more == 0 { String::new() } else { format!("\n  and {more} more") };
            Failure::failed(format!("{error}:{}{more}", names.collect::<String>()))
                .hint("put them into sealed/ of the data folder, each under its name, and try again; the store is as it was")
        }
        RestoreError::Store(_) => Failure::failed(error),
        _ => Failure::not_verified(error)
            .hint("keep both as evidence and look for a sound copy; the store is as it was"),
    }
}
