//! One run of the real binary.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with these arguments, in an environment that sends loopback nowhere else.
pub(crate) fn command(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekong"));
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command
}

/// Runs the binary to its end. No run may panic, and every run ends with one of the four exit codes.
pub(crate) fn sekong(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
    let Output { status, stdout, stderr } = command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (code, stdout, stderr) = (status.code().expect("it was not killed"), text(stdout), text(stderr));
    assert!((0..=3).contains(&code) && !stderr.contains("panicked"), "exit {code}\n{stdout}\n{stderr}");
    Run { code, stdout, stderr }
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Run {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr holds each of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Run {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in:\n{}", self.stderr);
        }
        self
    }

    /// Asserts that no result went to stdout: nothing at all or, with `--json`, the failure as one object.
    #[track_caller]
    pub(crate) fn prints_nothing(self) -> Run {
        if !self.stdout.is_empty() {
            let told = self.json();
            assert_eq!(
                (&told["exit"], told.as_object().map(serde_json::Map::len)),
                (&self.code.into(), Some(2))
            );
            let message = told["error"]["message"].as_str().unwrap();
            let first = message.lines().next().unwrap();
            assert!(self.stderr.contains(first), "{first:?} is not in:\n{}", self.stderr);
        }
        self
    }

    /// Stdout as the one JSON object on one line that it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.strip_suffix('\n').expect("stdout ends with a line");
        assert!(!line.contains('\n'), "more than one line:\n{line}");
        let value: Value = serde_json::from_str(line).unwrap();
        assert!(value.is_object(), "{value}");
        value
    }
}
