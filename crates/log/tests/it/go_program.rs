//! The outside verifier, `reference/go-verify`, built with the machine's Go. The tests of the command use this file, too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where Debian puts the sources of Go libraries.
const GO_SOURCES: &str = "/usr/share/gocode";

static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let program = scratch().join(concat!("go-verify-", env!("CARGO_PKG_NAME")));
    run_go("go", &["vet", "."]);
    run_go("go", &["build", "-o", program.to_str().unwrap()]);
    let unformatted = run_go("gofmt", &["-l", "."]);
    assert!(unformatted.is_empty(), "gofmt -w reference/go-verify: {unformatted}");
    program
});

fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Runs a tool of Go where the sources are, without a network; gives what it printed.
fn run_go(tool: &str, args: &[&str]) -> String {
    let output = Command::new(tool)
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/go-verify"))
        .envs([("GO111MODULE", "off"), ("GOPATH", GO_SOURCES), ("GOFLAGS", "")])
        .env("GOCACHE", scratch().join("go-cache"))
        .output()
        .expect("Go is installed by `make test`; by hand: apt-get install golang-go golang-golang-x-mod-dev");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The program, ready to be given its arguments.
pub(crate) fn go_verify() -> Command {
    Command::new(&*BUILT)
}
