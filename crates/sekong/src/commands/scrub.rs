//! `sekong scrub`: everything in a data folder read again and held against what it should be.

use sekong_centre::{Damage, Folder, Scrub, Scrubbed};
use sekong_store::Store;
use serde_json::json;

use crate::cli::ScrubArgs;
use crate::data_folder::{DataFolder, store_failed};
use crate::failure::Failure;
use crate::output::print_line;

pub(crate) fn run(args: &ScrubArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(&args.data)?;
    let scrubbed = super::block_on(scrub(&folder))??;
    folder.tell_of_leftovers();
    if args.json {
        print_line(as_json(&scrubbed))?;
    } else {
        print_words(&scrubbed)?;
    }
    outcome(&scrubbed).map_err(Failure::told)
}

async fn scrub(folder: &DataFolder) -> Result<Scrubbed, Failure> {
    folder.holds_a_store()?;
    let (keys, published) = (folder.keys()?, Folder::new(folder.root()));
    let mut store = folder.read_store().await?;
    let scrubbed = Scrub { store: &mut store, folder: &published, keys: &keys }.run().await;
    let scrubbed = scrubbed.map_err(|error| {
        Failure::failed(error).hint(
            "what cannot be read is as good as lost: put a sound copy of sekong.db in its place, without -wal and -shm beside it, and \
             bring it up with sekong restore",
        )
    })?;
    store.close().await.map_err(store_failed)?;
    Ok(scrubbed)
}

fn as_json(scrubbed: &Scrubbed) -> serde_json::Value {
    let Scrubbed { entries, heads, bodies, files, damages, .. } = scrubbed;
    let damages = damages
        .iter()
        .map(|damage| json!({ "in_store": damage.is_in_store(), "detail": damage.to_string() }));
    json!({
        "clean": scrubbed.damages.is_empty(),
        "entries": entries,
        "heads": heads,
        "bodies": bodies,
        "files": files,
        "damages": damages.collect::<Vec<_>>(),
    })
}

fn print_words(scrubbed: &Scrubbed) -> Result<(), Failure> {
    let Scrubbed { entries, heads, bodies, files, damages, .. } = scrubbed;
    print_line(format_args!(
        "read {entries} entries under {heads} heads, {bodies} bodies, {files} published files"
    ))?;
    damages.iter().try_for_each(print_line)
}

fn outcome(scrubbed: &Scrubbed) -> Result<(), Failure> {
    let Some(first) = scrubbed.damages.first() else { return Ok(()) };
    let hint = if scrubbed.damages.iter().any(Damage::is_in_store) {
        "the store is damaged: stop the centre, keep the folder as it is, and put a sound copy of sekong.db in its place \
         (without -wal and -shm beside it); sekong restore brings that up to the published head"
    } else if scrubbed.damages.iter().any(Damage::shows_an_older_store) {
        "the store is an older copy, and what is named here is what it lacks: remove nothing, and bring it up to the published head with \
         `sekong restore --data DIR --from DIR/log`"
    } else if scrubbed.damages.iter().any(Damage::is_unreadable) {
        "the store is sound: give the centre the rights to what cannot be read, or move it out of the data folder; the centre writes these \
         files anew when it starts"
    } else {
        "the store is sound: the centre writes these files anew when it starts, and every night"
    };
    Err(Failure::not_verified(format!(
        "{} things are not as they should be; first {first}",
        scrubbed.damages.len()
    ))
    .hint(hint))
}
