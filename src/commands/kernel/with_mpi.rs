//! The kernels that need MPI.

use std::env;
use std::io;

use dlpc_hardware::kernels::{calibration, session, workload};
use dlpc_report::plot::dart_board;

use super::failure;
use crate::cli::kernel::{CalibrationArgs, RanksArgs, WorkloadArgs};
use crate::failure::Failure;
use crate::files;

pub(super) fn calibration(args: &CalibrationArgs) -> Result<(), Failure> {
    let RanksArgs { expect_ranks, host } = &args.ranks;
    session::run(expect_ranks.get(), host.as_deref(), |session| {
        calibration::run(session, args.launch, &mut io::stdin().lock(), &mut io::stdout().lock())
    })
    .map_err(|error| failure(&error))
}

pub(super) fn workload(args: &WorkloadArgs) -> Result<(), Failure> {
    let RanksArgs { expect_ranks, host } = &args.ranks;
    let program = env::current_exe().map_err(|error| Failure::Measurement {
        message: format!("cannot find the path of this program: {error}"),
        help: "start it by its full path".to_owned(),
    })?;
    let outcome = session::run(expect_ranks.get(), host.as_deref(), |session| {
        workload::run(session, &program, &mut io::stdin().lock(), &mut io::stdout().lock())
    });
    let Some(outcome) = outcome.map_err(|error| failure(&error))? else { return Ok(()) };
    if outcome.records.is_empty() && (args.picture.is_some() || args.points.is_some()) {
        return Err(Failure::Usage {
            message: "rank 0 has no coordinates of darts".to_owned(),
            help: "--picture and --points are for the workload pi with returns = \"coordinates\"".to_owned(),
        });
    }
    if let Some(path) = &args.picture {
        files::write(path, &dart_board::png(&outcome.records))?;
    }
    if let Some(path) = &args.points {
        files::write(path, dart_board::csv(&outcome.records).as_bytes())?;
    }
    Ok(())
}
