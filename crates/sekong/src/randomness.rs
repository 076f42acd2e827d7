//! The operating system's randomness: the one place where it is read.

use crate::failure::Failure;

/// Thirty-two bytes that nobody can guess.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary is where the operating system's randomness is read"
)]
pub(crate) fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("the operating system gave no randomness: {error}")))?;
    Ok(bytes)
}
