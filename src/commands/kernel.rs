//! `kernel`: what a launcher starts on the ranks of a cluster.

use std::io;

use dlpc_hardware::host_report::HostReport;
use dlpc_hardware::kernels::KernelError;
use dlpc_hardware::kernels::producer::{self, Schedule, Start};

use crate::cli::kernel::{Kernel, ProducerArgs};
use crate::failure::Failure;
use crate::files;

#[cfg(feature = "mpi")]
mod with_mpi;

pub(crate) fn run(kernel: &Kernel) -> Result<(), Failure> {
    match kernel {
        Kernel::Host => host(),
        Kernel::Producer(args) => produce(args),
        #[cfg(feature = "mpi")]
        Kernel::Calibration(args) => with_mpi::calibration(args),
        #[cfg(feature = "mpi")]
        Kernel::Workload(args) => with_mpi::workload(args),
        #[cfg(not(feature = "mpi"))]
        Kernel::Calibration(_) | Kernel::Workload(_) => Err(without_mpi()),
    }
}

fn host() -> Result<(), Failure> {
    let report = serde_json::to_string(&HostReport::of_this_host()).expect("invariant: a report can be written");
    files::print(&report)
}

fn produce(args: &ProducerArgs) -> Result<(), Failure> {
    let schedule = Schedule { items: args.items, interval_s: args.interval, first_s: args.first };
    let start = if args.on_cue { Start::OnCue } else { Start::Now };
    producer::run(&args.folder, schedule, start, &mut io::stdout()).map_err(|error| failure(&error))
}

/// Returns what the user is told of a kernel that failed.
pub(super) fn failure(error: &KernelError) -> Failure {
    let help = match error {
        KernelError::Ranks { found: 1, .. } => {
            "start it with the launcher of that MPI library; another one starts ranks that do not know of each other"
        }
        KernelError::Ranks { .. } => "`--expect-ranks` is the number of ranks that the launcher starts",
        _ => "`dlpc-sim doctor` looks at the hosts",
    };
    Failure::Measurement { message: error.to_string(), help: help.to_owned() }
}

#[cfg(not(feature = "mpi"))]
fn without_mpi() -> Failure {
    Failure::Measurement {
        message: "this dlpc-sim was built without MPI".to_owned(),
        help: "build it with `cargo build --release --features mpi` where an MPI library is installed".to_owned(),
    }
}
