//! `cargo xtask TASK`: see `USAGE`.

use std::process::ExitCode;

use xtask::{bench, doctor, tasks, torture};

const USAGE: &str = "usage: cargo xtask TASK

  doctor          look for what the build and the tests need; install it, or say how
  build           the web pages, and the release binary that holds them
  demo -- ARGS    build, then run `sekong demo ARGS`
  test            doctor, format, lints, the pages in a browser, every test of the workspace
  torture PART    break the running system on purpose: log, centre, estimate, field or all
  bench PART [POSTS…]  estimate: domains beside R's survey; log: reports beside fdatasync, the audit beside its least work; plan: the solver beside HiGHS; all
  arch            the arrows between the crates and the dependency policy

example: cargo xtask demo -- --days 1 --no-serve --json";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match (task.as_str(), rest.as_slice()) {
        ("doctor", []) => doctor::for_tests(),
        ("build", []) => tasks::build(),
        ("demo", args) => tasks::demo(args),
        ("test", []) => tasks::test(),
        ("torture", [part]) => torture::torture(part),
        ("bench", [part, sizes @ ..]) => bench::bench(part, sizes),
        ("arch", []) => tasks::arch(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask {task}: {failure}");
            ExitCode::FAILURE
        }
    }
}
