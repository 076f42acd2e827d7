//! Standard output: what was asked for, and nothing else; standard error: what went wrong, for whoever listens.

use std::fmt::Display;
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
pub(crate) fn print_line(line: impl Display) -> Result<(), Failure> {
    print(&(shown(line) + "\n"))
}

/// Writes one line to standard error. Whoever closed it does not want to hear, which is no reason to fail.
pub fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{}", shown(line));
}

/// A text as it may stand on a terminal: names of files and words of others are in it, and none of them moves the cursor.
pub(crate) fn shown(text: impl ToString) -> String {
    let is_plain = |c: char| !c.is_control() || "\n\t".contains(c);
    let show = |c: char| if is_plain(c) { c.to_string() } else { c.escape_default().to_string() };
    text.to_string().chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_would_move_the_cursor_is_spelled_out_and_all_else_stays() {
        let text = "log/a\u{1b}[2J\r\u{9b}H ກ ខ \u{202e}\n\tend";
        assert_eq!(super::shown(text), "log/a\\u{1b}[2J\\r\\u{9b}H ກ ខ \u{202e}\n\tend");
    }
}
