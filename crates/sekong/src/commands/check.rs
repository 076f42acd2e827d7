//! `sekong check`: a plan file against its own game.

use serde_json::json;

use crate::cli::CheckArgs;
use crate::failure::Failure;
use crate::files::read_at_most;

/// Largest plan or game file read, in bytes (1 GiB).
const FILE_MAX_BYTES: usize = 1 << 30;

pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let plan = text(&args.plan)?;
    let game = args.game.as_deref().map(text).transpose()?;
    let checked = sekong_plan::check(&plan, game.as_deref());
    if args.json {
        let faults: Vec<String> = checked.as_ref().err().map(|error| error.to_string()).into_iter().collect();
        println!("{}", json!({ "valid": checked.is_ok(), "faults": faults }));
    }
    let checked = checked.map_err(Failure::not_verified)?;
    if !args.json {
        println!(
            "the plan holds: upper {:.6}, lower {:.6}, gap {:.2} %",
            checked.upper,
            checked.lower,
            100.0 * checked.gap
        );
    }
    Ok(())
}

fn text(path: &std::path::Path) -> Result<String, Failure> {
    String::from_utf8(read_at_most(path, FILE_MAX_BYTES)?).map_err(|_| {
        Failure::not_verified(format!("{} is not UTF-8 text", path.display())).hint("name a plan file")
    })
}
