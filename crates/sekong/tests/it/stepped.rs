//! Processes on clocks that a test steps.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process on a clock that the test steps.
pub(crate) struct Stepped {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Stepped {
    /// Runs a command that says where it listens.
    pub(crate) fn run(mut command: Command) -> Stepped {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut stepped = Stepped { stdin, stdout, child, address: String::new() };
        stepped.address = stepped.heard(|line| {
            let told: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(told["listening"].as_str()?.to_owned())
        });
        stepped
    }

    /// Waits for a line; a rogue's test harness says things between.
    fn heard<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> T {
        let mut line = String::new();
        while self.stdout.read_line(&mut line).unwrap() > 0 {
            match read(line.trim()) {
                Some(told) => return told,
                None => line.clear(),
            }
        }
        panic!("it ended without a word: {:?}", self.child.wait());
    }

    pub(crate) fn step(&mut self, time: jiff::Timestamp) {
        writeln!(self.stdin, "{time}").unwrap();
        let told: jiff::Timestamp = self.heard(|line| line.parse().ok());
        assert_eq!(told, time);
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
