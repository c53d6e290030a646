//! From files to predictions, explanations and fits, over the engine.

pub mod analysis;
pub mod calibration;
mod cause;
pub mod explanation;
pub mod fit;
pub mod input;
mod knob;
pub mod measurement;
pub mod prediction;
pub mod scenario;
pub mod sweep;
pub mod whatif;
pub mod workload;
mod written;

pub use dlpc_formats::{diagnostic, plain_text};
