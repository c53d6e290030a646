//! Calibration samples to a machine model: pure.
