//! Time lines of one run: Chrome trace events, Paje, and a Gantt chart as SVG, all from the same [`Timeline`].
//!
//! [`Timeline`]: dlpc_predict::analysis::timeline::Timeline

mod chrome;
mod gantt;
mod paje;

use crate::plot::cause_color;
use dlpc_predict::analysis::Cause;
use dlpc_predict::analysis::timeline::Doing;
use dlpc_predict::workload;

pub use self::chrome::chrome;
pub use self::gantt::{GANTT_RANKS_MAX, gantt};
pub use self::paje::paje;

/// Returns the colour of what a rank does, the same as that of its cause in other plots.
fn color(doing: Doing) -> String {
    match doing {
        Doing::Compute(kernel) => cause_color(workload::facts_of(kernel).cause),
        Doing::Message { .. } => cause_color(Cause::Overhead),
        Doing::Sleep(_) => cause_color(Cause::Producer),
        Doing::Blocked => "#f0f0f0".to_owned(),
    }
}

/// Returns the group of what a rank does, for legends and filters.
const fn group(doing: Doing) -> &'static str {
    match doing {
        Doing::Compute(kernel) => match workload::facts_of(kernel).cause {
            Cause::Setup => "set-up",
            Cause::Pack => "packing",
            Cause::SerialTail => "serial tail on rank 0",
            _ => "computing",
        },
        Doing::Message { .. } => "sending and receiving",
        Doing::Sleep(_) => "waiting for the producer",
        Doing::Blocked => "blocked",
    }
}
