//! What touches hardware: launchers, what hosts say of themselves, and the kernels that run under real MPI.

#![expect(clippy::disallowed_types, reason = "the only library with a clock")]

pub mod allocation;
mod core_count;
pub mod diagnosis;
pub mod host_report;
pub mod kernels;
pub mod launcher;
pub mod workload;
