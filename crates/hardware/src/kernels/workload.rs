//! Whole workloads, really run: rank 0 reads what to run and prints how long it took.

use std::io::{Read, Write};
use std::path::Path;

use dlpc_predict::calibration::work::Record;

use super::outcome::{Run, print};
use super::session::Session;
use super::{KernelError, control, log_stream, pi};
use crate::workload::{RealWorkload, WorkloadResult};

/// What a workload leaves behind on rank 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The line that was printed.
    pub result: WorkloadResult,
    /// The darts, if rank 0 got their coordinates.
    pub records: Vec<Record>,
}

/// Reads a [`RealWorkload`] on rank 0, runs it with all ranks and prints on rank 0 its [`WorkloadResult`]; returns it
/// there, and nothing on the others.
///
/// While a log stream runs, a line `{"analysed": 3, "items": 20}` tells after each analysis that it is alive. `program` is
/// this program, to start the producer of a log stream.
///
/// # Errors
/// [`KernelError`] if the workload cannot be read or run.
///
/// # Panics
/// Never: a workload that was read can be written.
pub fn run(
    session: &Session,
    program: &Path,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<Option<Outcome>, KernelError> {
    let workload = share_workload(session, input)?;
    let run = match workload {
        RealWorkload::Pi { darts, returns_coordinates, seed } => pi::run(session, darts, returns_coordinates, seed)?,
        RealWorkload::LogStream(stream) => log_stream::run(session, &stream, program, output)?,
    };
    let Some(Run { seconds, result, records }) = run else { return Ok(None) };
    let hosts = session.hosts.iter().map(|host| host.name.clone()).collect();
    let result = WorkloadResult { seconds, ranks: session.n_ranks, hosts, mpi: session.mpi.clone(), result };
    let line = serde_json::to_string(&result).expect("invariant: a result can be written");
    print(output, &line)?;
    Ok(Some(Outcome { result, records }))
}

fn share_workload(session: &Session, input: &mut dyn Read) -> Result<RealWorkload, KernelError> {
    let mut text = None;
    if session.rank == 0 {
        let mut read = Vec::new();
        let done = input.read_to_end(&mut read);
        done.map_err(|source| KernelError::Io { what: "read the workload", source })?;
        text = Some(read);
    }
    let text = control::share(session, text);
    let workload: RealWorkload =
        serde_json::from_slice(&text).map_err(|source| KernelError::Input { line: source.line(), source })?;
    workload.check(session.n_ranks).map_err(KernelError::Workload)?;
    Ok(workload)
}
