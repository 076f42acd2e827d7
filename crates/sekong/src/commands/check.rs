//! `sekong check`: a plan file against its own game.

use serde_json::json;

use super::read_document;
use crate::cli::CheckArgs;
use crate::failure::Failure;
use crate::output::print_line;

pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let plan = read_document(&args.plan, "name a plan file")?;
    let game = |path| read_document(path, "--game takes a game file");
    let game = args.game.as_deref().map(game).transpose()?;
    let checked = sekong_plan::check(&plan, game.as_deref());
    if args.json {
        let faults = checked.as_ref().err().into_iter().flat_map(|error| &error.faults);
        let faults: Vec<String> = faults.map(ToString::to_string).collect();
        let bounds = checked.as_ref().ok();
        print_line(json!({
            "valid": checked.is_ok(),
            "upper": bounds.map(|checked| checked.upper),
            "lower": bounds.map(|checked| checked.lower),
            "gap": bounds.map(|checked| checked.gap),
            "unchecked": ["prices.floor"],
            "faults": faults,
        }))?;
        return checked.map(drop).map_err(|error| Failure::not_verified(error).told());
    }
    let checked = checked.map_err(Failure::not_verified)?;
    let (upper, lower, gap) = (checked.upper, checked.lower, 100.0 * checked.gap);
    print_line(format_args!("the plan holds: upper {upper:.6}, lower {lower:.6}, gap {gap:.2} %"))?;
    print_line("the price of its floor is a claim: it compares with a plan that is not in the file")
}
