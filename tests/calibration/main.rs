//! Calibration: the fit finds the machine that made the samples.

mod clusters;
mod coverage;
mod round_trip;
