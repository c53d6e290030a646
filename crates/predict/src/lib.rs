//! From files to predictions, explanations, fits and reports, over the engine.

pub mod analysis;
pub mod calibration;
mod cause;
pub mod explanation;
pub mod fit;
pub mod input;
mod knob;
pub mod measurement;
pub mod prediction;
pub mod report;
pub mod scenario;
pub mod sweep;
pub mod whatif;
pub mod workload;
mod written;

pub use dlpc_formats::{diagnostic, plain_text};
