//! The `sekong` command: arguments in, one command, one exit code out.

use std::process::ExitCode;

use clap::Parser;
use sekong::cli::Cli;

fn main() -> ExitCode {
    match sekong::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.kind.exit_code();
            eprintln!("{:?}", miette::Report::new(failure));
            ExitCode::from(code)
        }
    }
}
