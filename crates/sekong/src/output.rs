//! Standard output: what was asked for, and nothing else.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Writes text to standard output. A reader who went away (`| head`) is no failure: the exit code still tells the
/// verdict; a full disk is one.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes one line to standard output.
pub(crate) fn print_line(line: impl std::fmt::Display) -> Result<(), Failure> {
    print(&format!("{line}\n"))
}
