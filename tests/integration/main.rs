//! Integration tests: physics with expected values derived by hand, and the binary from end to end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../benches/peers/agreement.rs"]
mod agreement;
mod bound;
mod calibrated_range;
mod closed_form;
mod collective_rules;
mod critical_path;
mod custom_heat;
mod dlpc;
mod explanation;
mod export;
mod language;
mod late_ranks;
mod log_stream;
mod mpich_trees;
mod random_programs;
mod replay;
mod results;
mod sensitivity;
mod simgrid;
mod support;
mod traced_workload;
mod traces;
mod whatif;
