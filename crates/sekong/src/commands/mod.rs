//! One module a command.

pub(crate) mod campaign_check;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod game_solve;
pub(crate) mod init;
pub(crate) mod plan;
pub(crate) mod serve;
pub(crate) mod verify;

use std::future::Future;

use crate::failure::Failure;

/// Runs a future to its end on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::failed)?.block_on(future))
}
