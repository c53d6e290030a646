//! `kernel`: what a launcher starts on the ranks of a cluster.

use crate::cli::{CalibrationKernelArgs, Kernel};
use crate::failure::Failure;

pub(crate) fn run(kernel: &Kernel) -> Result<(), Failure> {
    match kernel {
        Kernel::Calibration(args) => calibration(args),
    }
}

#[cfg(feature = "mpi")]
fn calibration(args: &CalibrationKernelArgs) -> Result<(), Failure> {
    use dlpc_sim::measurement::kernels::{calibration, session};
    use std::io;

    session::run(args.ranks.expect_ranks.get(), args.ranks.host.as_deref(), |session| {
        calibration::run(session, args.launch, &mut io::stdin().lock(), &mut io::stdout().lock())
    })
    .map_err(|error| failure(&error))
}

#[cfg(feature = "mpi")]
fn failure(error: &dlpc_sim::measurement::kernels::KernelError) -> Failure {
    use dlpc_sim::measurement::kernels::KernelError;

    let help = match error {
        KernelError::Ranks { found: 1, .. } => {
            "start it with the launcher of that MPI library; another one starts ranks that do not know of each other"
        }
        KernelError::Ranks { .. } => "`--expect-ranks` is the number of ranks that the launcher starts",
        _ => "see what the kernels print on standard error",
    };
    Failure::Measurement { message: error.to_string(), help: help.to_owned() }
}

#[cfg(not(feature = "mpi"))]
fn calibration(_: &CalibrationKernelArgs) -> Result<(), Failure> {
    Err(without_mpi())
}

#[cfg(not(feature = "mpi"))]
fn without_mpi() -> Failure {
    Failure::Measurement {
        message: "this dlpc-sim was built without MPI".to_owned(),
        help: "build it with `cargo build --release --features mpi` on a machine that has an MPI library".to_owned(),
    }
}
