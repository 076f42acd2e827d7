//! The program of a custodian that breaks its word: this test binary again, told its role, so that a rogue is a process
//! like any other custodian and nothing of it can ship.

use std::env;
use std::process::{Command, Stdio};

use sekong_torture::Role;

/// Holds the role, as JSON.
const ROLE: &str = "SEKONG_ROGUE";

/// The process that plays a role.
pub(crate) fn command(role: &Role) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "rogue::a_rogue_plays_the_role_that_it_is_told"]);
    command.env(ROLE, serde_json::to_string(role).unwrap());
    command
}

#[test]
fn a_rogue_plays_the_role_that_it_is_told() {
    if let Ok(role) = env::var(ROLE) {
        return serde_json::from_str::<Role>(&role).unwrap().play().unwrap();
    }
    let nowhere = Role {
        folder: "/nowhere".into(),
        centre: "/nowhere/centre.json".into(),
        listen: "127.0.0.1:0".parse().unwrap(),
        vice: sekong_torture::Vice::Repeats,
        from: jiff::Timestamp::UNIX_EPOCH,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let told = command(&nowhere).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(!told.status.success() && said.contains("/nowhere/secret.json"), "{said}");
}
