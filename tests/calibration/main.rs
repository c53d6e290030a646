//! Calibration: the fit finds the machine that made the samples.

mod clusters;
mod round_trip;
