//! Kernels that run on real hardware: the only code that calls MPI, and whose results depend on the clock.
//!
//! A launcher (`mpirun`) starts them on all ranks of a cluster: `calibration` for the experiments of a plan,
//! `workload` for whole programs. Ranks that have nothing to do wait without keeping a core busy, because on emulated
//! clusters, and on small ones, that core is somebody else's.

pub mod casting;
pub mod log_file;
pub mod producer;

#[cfg(feature = "mpi")]
pub mod calibration;
#[cfg(feature = "mpi")]
mod compute;
#[cfg(feature = "mpi")]
mod control;
#[cfg(feature = "mpi")]
pub mod hand_out;
#[cfg(feature = "mpi")]
mod log_stream;
#[cfg(feature = "mpi")]
mod outcome;
#[cfg(feature = "mpi")]
mod payload;
#[cfg(feature = "mpi")]
mod pi;
#[cfg(feature = "mpi")]
mod point_to_point;
#[cfg(feature = "mpi")]
pub mod session;
#[cfg(feature = "mpi")]
mod stopwatch;
#[cfg(feature = "mpi")]
pub mod workload;

use std::io;

use thiserror::Error;

/// Why the kernels could not do their work.
#[derive(Debug, Error)]
pub enum KernelError {
    /// Another number of ranks was started, or none of them knows of the others.
    #[error("{expected} ranks should have been started, but MPI ({mpi}) knows of {found}")]
    Ranks {
        /// Ranks that should be there.
        expected: u32,
        /// Ranks that are there.
        found: u32,
        /// MPI library that this program was built with.
        mpi: String,
    },
    /// What was handed over on standard input cannot be read.
    #[error("line {line} of standard input: {source}")]
    Input {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Standard input or output failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// What should have been done.
        what: &'static str,
        /// What went wrong.
        source: io::Error,
    },
    /// A message did not hold what was sent.
    #[error("a message of {bytes} bytes from rank {from} arrived with a wrong byte at {at}")]
    WrongByte {
        /// Sender.
        from: u32,
        /// Size of the message.
        bytes: usize,
        /// Place of the byte.
        at: usize,
    },
    /// The workload cannot be run.
    #[error("{0}")]
    Workload(String),
    /// Something has not arrived.
    #[error("{what} did not arrive at rank 0")]
    Lost {
        /// What.
        what: &'static str,
    },
    /// A log file came back for the second time.
    #[error("log file {item} has been analysed already, or never existed")]
    AnalysedTwice {
        /// Its number.
        item: u32,
    },
    /// The producer ended before all log files were there.
    #[error("the producer of the log files has ended too early")]
    ProducerEnded,
}
