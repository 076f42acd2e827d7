//! Bodies of requests, read as far as their sender hears the answer.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;

/// What is read of a body that is too large, so that its sender hears why.
const THROWN_MAX_BYTES: usize = 16 << 20;

/// The body's bytes; `None` if it is too large. Then it is read on and thrown away, up to a bound: a caller who is still
/// sending would see a broken connection, not the answer.
pub(crate) async fn read_whole(body: Body, max_bytes: usize) -> Result<Option<Bytes>, axum::Error> {
    let (mut frames, mut read, mut thrown) = (body.into_data_stream(), Vec::new(), 0);
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        if read.len() + frame.len() <= max_bytes && thrown == 0 {
            read.extend_from_slice(&frame);
            continue;
        }
        thrown += frame.len();
        if thrown > THROWN_MAX_BYTES {
            break;
        }
    }
    Ok((thrown == 0).then(|| read.into()))
}
