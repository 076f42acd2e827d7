//! `sekong double`: what a second team of the inspectorate found where a visit's team had searched.

use sekong_log::{InspectedTwice, Statement, TwiceError};

use super::pinned::Centre;
use crate::cli::DoubleArgs;
use crate::failure::Failure;
use crate::output::print_line;
use crate::plant_folder::PlantFolder;

/// What helps where the centre cannot prove its word.
const SEND_AGAIN: &str = "keep what the centre shows as evidence, and send it again";

pub(crate) fn run(args: &DoubleArgs) -> Result<(), Failure> {
    let folder = PlantFolder::open(&args.data)?;
    let said = said(args);
    said.check_counts().map_err(impossible)?;
    let said = said.sign(&folder.campaign, &folder.key);
    let centre = Centre::of(&args.at, &folder.campaign)?;
    let statement = Statement::Double(said.clone());
    let (index, word) =
        centre.log("/api/doubles", &said, &statement, ("the double inspection", SEND_AGAIN))?;
    let DoubleArgs { unit, day, hour, .. } = args;
    print_line(format_args!("{unit} was inspected twice in {day} {hour}:00: {word} entry {index}"))
}

fn said(args: &DoubleArgs) -> InspectedTwice {
    let DoubleArgs { province, day, hour, unit, vehicles, first, second, both, .. } = args;
    InspectedTwice {
        province: province.clone(),
        day: *day,
        hour: *hour,
        unit: unit.clone(),
        vehicles: *vehicles,
        first: *first,
        second: *second,
        both: *both,
        signature: String::new(),
    }
}

fn impossible(error: TwiceError) -> Failure {
    Failure::usage(format!("--{}: {error}", error.field())).hint(
        "nothing was sent: count vehicles, one at least, --both among those of --first and of --second, and all of them among --vehicles",
    )
}
