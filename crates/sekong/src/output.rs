//! Standard output: what was asked for, and nothing else; standard error: what went wrong, for whoever listens.

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

/// Writes one line to standard error. Whoever closed it does not want to hear, which is no reason to fail.
pub fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
