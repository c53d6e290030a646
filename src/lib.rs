//! Discrete-event simulation of small clusters that run MPI programs.

pub mod diagnostic;
pub mod input;
pub mod machine;
pub mod measurement;
pub mod platform;
pub mod scenario;
pub mod units;
