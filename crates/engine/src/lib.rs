//! Discrete-event engine: how long an MPI program takes on a small cluster.

pub mod calls;
pub mod engine;
pub mod machine;
pub mod platform;
pub mod program;
pub mod random;
pub mod schedule;
pub mod stats;
pub mod trace;
pub mod units;
pub mod workload;
