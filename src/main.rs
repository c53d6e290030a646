//! `dlpc-sim`: predicts the speedup curves of MPI programs on small clusters.

mod cli;
mod commands;
mod failure;
mod files;
mod progress;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Predict(args) => commands::predict::run(args),
        Command::Compare(args) => commands::compare::run(args),
        Command::Explain(args) => commands::explain::run(args),
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
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
