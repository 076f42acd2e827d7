//! One module a command.

pub(crate) mod anchor;
pub(crate) mod auditor;
pub(crate) mod campaign_check;
pub(crate) mod check;
pub(crate) mod codebook;
pub(crate) mod custodian;
pub(crate) mod declarers;
pub(crate) mod demo;
pub(crate) mod dice;
pub(crate) mod double;
pub(crate) mod draw_simulate;
pub(crate) mod erase;
pub(crate) mod estimate;
pub(crate) mod game_solve;
pub(crate) mod init;
pub(crate) mod line;
mod pinned;
pub(crate) mod plan;
pub(crate) mod plant;
pub(crate) mod restore;
pub(crate) mod scrub;
pub(crate) mod serve;
pub(crate) mod verify;
pub(crate) mod witness;

use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::path::Path;

use crate::failure::Failure;
use crate::files::{GAME_MAX_BYTES, read_at_most};

/// Reads a game or plan file.
fn read_document(path: &Path, hint: &str) -> Result<String, Failure> {
    String::from_utf8(read_at_most(path, GAME_MAX_BYTES).map_err(|failure| failure.hint(hint))?)
        .map_err(|_| Failure::failed(format!("{} is not UTF-8 text", path.display())).hint(hint))
}

/// Tells that a file cannot be written there before the work whose result it is for.
fn ensure_writable(out: &Path) -> Result<(), Failure> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tried = match fs::metadata(out) {
        // What is no regular file, such as a device, is left alone until there is something to write.
        Ok(there) if there.is_dir() || there.is_file() => File::options().append(true).open(out).map(drop),
        Ok(_) => Ok(()),
        Err(_) => tempfile::tempfile_in(folder).map(drop),
    };
    tried.map_err(|error| cannot_write(out, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
        .hint("check that it is a file, not a folder, and that its folder exists and has room")
}

/// Runs a future to its end on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::failed)?.block_on(future))
}
