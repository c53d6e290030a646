//! Calibration: the fit finds the machine that made the samples.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod clusters;
mod coverage;
mod random_runs;
mod round_trip;
mod runs;
mod stopped_cores;
mod strange_samples;
mod zeros;
