//! `dlpc-sim`: predicts the speedup curves of MPI programs on small clusters.

mod cli;
mod commands;
mod failure;
mod files;
mod progress;
mod signals;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    ExitCode::from(code_of(|| run(&cli.command)))
}

/// Exit code of a program with a bug.
const INTERNAL_ERROR: u8 = 1;

/// Runs a command, reports its failure and returns the documented exit code, also that of a panic.
fn code_of(run: impl FnOnce() -> Result<(), Failure>) -> u8 {
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => {
            failure.report();
            failure.code()
        }
        Err(_) => {
            anstream::eprintln!("error: this is a bug of dlpc-sim: please report it, with the lines above");
            INTERNAL_ERROR
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Predict(args) => commands::predict::run(args),
        Command::Run(args) => commands::run_program::run(args),
        Command::Compare(args) => commands::compare::run(args),
        Command::Explain(args) => commands::explain::run(args),
        #[cfg(feature = "explore")]
        Command::Explore(args) => commands::explore::run(args),
        Command::Replay(args) => commands::replay::run(args),
        Command::ExportGoal(args) => commands::export_goal::run(args),
        Command::Calibrate(args) => commands::calibrate::run(args),
        Command::Measure(args) => commands::measure::run(args),
        Command::Sweep(args) => commands::sweep::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::Check { files } => commands::check::run(files),
        Command::Schema { file } => commands::schema::run(*file),
        Command::Kernel(kernel) => commands::kernel::run(kernel),
        Command::Completions { shell } => commands::completions::run(*shell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_with_the_documented_exit_code_of_an_internal_error() {
        let points = Failure::Points { message: "none".to_owned() };
        assert_eq!((code_of(|| Ok(())), code_of(|| Err(points))), (0, 4));
        assert_eq!(code_of(|| panic!("on purpose")), 1);
    }
}
