//! What touches hardware: launchers, what hosts say of themselves, the kernels that run under real MPI, and
//! programs whose ranks are virtual.

#![expect(clippy::disallowed_types, reason = "the only library with a clock")]

pub mod allocation;
mod core_count;
pub mod diagnosis;
pub mod host_report;
pub mod kernels;
pub mod launcher;
pub mod virtual_ranks;
pub mod workload;
