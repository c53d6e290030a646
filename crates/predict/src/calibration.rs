//! Calibration: which experiments are run on a cluster, in which order, what comes back, and the same on the simulator.
//! Pure: nothing here starts a process or reads a clock.

pub mod campaign;
pub mod experiment;
pub mod plan;
pub mod sample;
pub mod simulated;
pub mod work;
