//! Integration tests: physics with expected values derived by hand, and the binary from end to end.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod calibrated_range;
mod closed_form;
mod critical_path;
mod dlpc;
mod explanation;
mod export;
mod log_stream;
mod random_programs;
mod replay;
mod sensitivity;
mod support;
mod whatif;
