//! The `sekong` command: arguments in, one command, one exit code out.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use sekong::cli::Cli;
use sekong::{Failure, arguments_shown, report, tell};

/// An audit reads millions of small texts on all cores: a fifth of it went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Unwrapped, so that a file's name stays one word; the terminal wraps what is long. Set once, so it cannot fail.
    let _ =
        miette::set_hook(Box::new(|_| Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).build())));
    match Cli::try_parse() {
        Ok(cli) => match sekong::run(cli) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let code = failure.kind.exit_code();
                tell(&failure);
                report(failure);
                ExitCode::from(code)
            }
        },
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => help.exit(),
        Err(usage) => {
            let usage = Cli::try_parse_from(arguments_shown()).err().unwrap_or(usage);
            tell(&Failure::usage(usage.to_string().trim_end()));
            usage.exit()
        }
    }
}
