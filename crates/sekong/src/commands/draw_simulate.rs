//! `sekong draw simulate`: draws of a plan by itself.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sekong_draw::{Roster, SimulationKey, UnitPath, simulate};
use sekong_plan::{Game, Plan, check};
use serde_json::{Value, json};

use super::read_document;
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
    drawn.finish(&args.out)?;
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
    let file = fs::File::create(&to.0).map_err(|error| cannot_write(&to.0, &error))?;
    let mut lines = BufWriter::new(file);
    for draw in 0..count {
        let roster = simulate(plan.chains(), key, draw).map_err(Failure::failed)?;
        writeln!(lines, "{}", line(plan.game(), &roster)).map_err(|error| cannot_write(&to.0, &error))?;
    }
    lines.flush().map_err(|error| cannot_write(&to.0, &error))
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
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(out: &Path) -> Result<Unfinished, Failure> {
        let name = out.file_name().filter(|_| !out.is_dir()).ok_or_else(|| {
            Failure::usage(format!("{} is no file to write to", out.display())).hint("--out takes a file")
        })?;
        let mut part = name.to_owned();
        part.push(format!(".part-{}", std::process::id()));
        Ok(Unfinished(out.with_file_name(part)))
    }

    fn finish(self, out: &Path) -> Result<(), Failure> {
        fs::rename(&self.0, out).map_err(|error| cannot_write(out, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove; else what is there is of no use.
        let _ = fs::remove_file(&self.0);
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
        .hint("check that the folder exists and has room")
}
