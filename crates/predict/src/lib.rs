//! From files to predictions, explanations, fits and reports, over the engine.

pub mod analysis;
pub mod calibration;
mod cause;
pub mod diagnostic;
pub mod explanation;
pub mod fit;
pub mod input;
mod knob;
pub mod measurement;
pub mod plain_text;
pub mod prediction;
pub mod report;
pub mod scenario;
pub mod sweep;
pub mod whatif;
pub mod workload;
mod written;
