//! The outside verifier, `reference/go-verify`, built with the machine's Go. The tests of the command use this file, too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where Debian puts the sources of Go libraries.
const GO_SOURCES: &str = "/usr/share/gocode";

static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = scratch.join(concat!("go-verify-", env!("CARGO_PKG_NAME")));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/go-verify");
    let output = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .current_dir(sources)
        .envs([("GO111MODULE", "off"), ("GOPATH", GO_SOURCES), ("GOFLAGS", "")])
        .env("GOCACHE", scratch.join("go-cache"))
        .output()
        .expect("Go is installed by `make test`; by hand: apt-get install golang-go golang-golang-x-mod-dev");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
});

/// The program, ready to be given its arguments.
pub(crate) fn go_verify() -> Command {
    Command::new(&*BUILT)
}
