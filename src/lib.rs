//! Discrete-event simulation of small clusters that run MPI programs.

pub mod analysis;
pub mod diagnostic;
pub mod input;
pub mod machine;
pub mod measurement;
pub mod platform;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod units;
