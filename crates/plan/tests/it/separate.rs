//! The checker shares no code with the solver.

#[test]
fn the_checker_imports_nothing_of_the_solver() {
    let sources = [
        include_str!("../../src/check.rs"),
        include_str!("../../src/check/claims.rs"),
        include_str!("../../src/check/fault.rs"),
        include_str!("../../src/check/flow.rs"),
        include_str!("../../src/check/prices.rs"),
        include_str!("../../src/check/rules.rs"),
    ];
    let shared = ["chain", "document", "game", "game_error", "game_json", "plan_json", "check"];
    for source in sources {
        for path in source.split("crate::").skip(1) {
            let module = path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            assert!(shared.contains(&module), "check imports crate::{module}");
        }
    }
}
