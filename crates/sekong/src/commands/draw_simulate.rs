//! `sekong draw simulate`: draws of a plan by itself.

use std::fs::{self, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sekong_draw::{Roster, SimulationKey, UnitPath, simulate};
use sekong_plan::{Game, Plan, check};
use serde_json::{Value, json};
use tempfile::{Builder, NamedTempFile};

use super::{cannot_write, read_document};
use crate::cli::DrawSimulateArgs;
use crate::failure::Failure;
use crate::output::print_line;

pub(crate) fn run(args: &DrawSimulateArgs) -> Result<(), Failure> {
    let text = read_document(&args.plan, "name a plan file")?;
    check(&text, None).map_err(Failure::not_verified)?;
    let plan = Plan::from_json(&text).map_err(Failure::not_verified)?;
    let key = SimulationKey::new(&args.seed_hex);
    let drawn = Unfinished::beside(&args.out)?;
    write_all(&drawn, &plan, &key, args.count)?;
    drawn.finish()?;
    if args.json {
        return print_line(json!({"out": args.out, "draws": args.count, "units": plan.chains().len()}));
    }
    print_line(format_args!(
        "{} draws of {} units written to {}",
        args.count,
        plan.chains().len(),
        args.out.display()
    ))
}

fn write_all(to: &Unfinished, plan: &Plan, key: &SimulationKey, count: u64) -> Result<(), Failure> {
    let mut lines = BufWriter::new(to.file.as_file());
    for draw in 0..count {
        let roster = simulate(plan.chains(), key, draw).map_err(Failure::failed)?;
        writeln!(lines, "{}", line(plan.game(), &roster)).map_err(|error| cannot_write(&to.goal, &error))?;
    }
    lines.flush().map_err(|error| cannot_write(&to.goal, &error))
}

fn line(game: &Game, roster: &Roster) -> Value {
    let unit = |(at, unit): (usize, &UnitPath)| {
        let turns = unit.path.iter();
        let path: Vec<(&str, u8)> = turns
            .map(|node| (game.posts()[usize::from(node.post)].as_str(), game.hour_of(at, node.position)))
            .collect();
        json!({"unit": unit.unit, "path": path})
    };
    json!({"units": roster.units.iter().enumerate().map(unit).collect::<Vec<_>>()})
}

/// A file beside the one that is asked for: what stands under the asked name is always whole.
struct Unfinished {
    file: NamedTempFile,
    goal: PathBuf,
}

impl Unfinished {
    fn beside(out: &Path) -> Result<Unfinished, Failure> {
        // A link stays a link: what it leads to is replaced.
        let goal = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
        let is_other = fs::metadata(&goal).is_ok_and(|at| !at.is_file());
        let folder = goal.parent().filter(|_| goal.file_name().is_some() && !is_other).ok_or_else(|| {
            Failure::usage(format!("{} is no file to write to", out.display()))
                .hint("--out takes a regular file, there or not; it is replaced")
        })?;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let file = Builder::new()
            .prefix(".rosters-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| cannot_write(out, &error))?;
        Ok(Unfinished { file, goal })
    }

    fn finish(self) -> Result<(), Failure> {
        self.file.as_file().sync_all().map_err(|error| cannot_write(&self.goal, &error))?;
        self.file.persist(&self.goal).map(drop).map_err(|error| cannot_write(&self.goal, &error.error))
    }
}
