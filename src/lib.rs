//! Discrete-event simulation of small clusters that run MPI programs.

pub mod analysis;
pub mod calls;
pub mod diagnostic;
pub mod engine;
pub mod explanation;
pub mod fit;
pub mod input;
pub mod machine;
pub mod measurement;
pub mod plain_text;
pub mod platform;
pub mod prediction;
pub mod program;
pub mod random;
pub mod report;
pub mod scenario;
pub mod schedule;
pub mod stats;
pub mod sweep;
pub mod trace;
pub mod units;
pub mod whatif;
