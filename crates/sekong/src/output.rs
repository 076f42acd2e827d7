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
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{}", shown(line));
}

/// Writes a failure to standard error, with colours where there is a terminal: its words are shown already.
pub fn report(failure: Failure) {
    let _ = writeln!(std::io::stderr().lock(), "{:?}", miette::Report::new(failure));
}

/// A text as it may stand on a terminal: names of files and words of others are in it, and none of them moves the cursor or turns the
/// line around. Spelled as JSON spells them, these signs mean in JSON what they meant.
pub(crate) fn shown(text: impl ToString) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_plain = |c: char| "\n\t".contains(c) || !c.is_control() && !turns(c);
    let show = |c: char| if is_plain(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    text.to_string().chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_would_move_the_cursor_is_spelled_out_and_all_else_stays() {
        let text = "log/a\u{1b}[2J\r\u{9b}H ກ ខ\u{200b} \u{202e}\n\tend";
        assert_eq!(super::shown(text), "log/a\\u001b[2J\\u000d\\u009bH ກ ខ\u{200b} \\u202e\n\tend");
        let json = serde_json::json!({ "file": "a\u{7f}\u{9b}\u{202e}\u{1b}" });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&super::shown(&json)).unwrap(), json);
    }
}
