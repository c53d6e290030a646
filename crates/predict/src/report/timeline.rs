//! Time lines of one run: Chrome trace events, Paje, and a Gantt chart as SVG, all from the same [`Timeline`].
//!
//! [`Timeline`]: crate::analysis::timeline::Timeline

mod chrome;
mod gantt;
mod paje;

use dlpc_engine::machine::Kernel;

use crate::analysis::Cause;
use crate::analysis::timeline::Doing;
use crate::report::plot::cause_color;

pub use self::chrome::chrome;
pub use self::gantt::{GANTT_RANKS_MAX, gantt};
pub use self::paje::paje;

/// Returns the colour of what a rank does, the same as that of its cause in other plots.
fn color(doing: Doing) -> String {
    match doing {
        Doing::Compute(Kernel::Setup) => cause_color(Cause::Setup),
        Doing::Compute(Kernel::PackRecord) => cause_color(Cause::Pack),
        Doing::Compute(Kernel::UnpackRecord | Kernel::CollectRecord) => cause_color(Cause::SerialTail),
        Doing::Compute(Kernel::ThrowDart | Kernel::StoreRecord | Kernel::Analyse | Kernel::Custom) => {
            cause_color(Cause::Compute)
        }
        Doing::Message { .. } => cause_color(Cause::Overhead),
        Doing::Sleep(_) => cause_color(Cause::Producer),
        Doing::Blocked => "#f0f0f0".to_owned(),
    }
}

/// Returns the group of what a rank does, for legends and filters.
const fn group(doing: Doing) -> &'static str {
    match doing {
        Doing::Compute(Kernel::Setup) => "set-up",
        Doing::Compute(Kernel::PackRecord) => "packing",
        Doing::Compute(Kernel::UnpackRecord | Kernel::CollectRecord) => "serial tail on rank 0",
        Doing::Compute(Kernel::ThrowDart | Kernel::StoreRecord | Kernel::Analyse | Kernel::Custom) => "computing",
        Doing::Message { .. } => "sending and receiving",
        Doing::Sleep(_) => "waiting for the producer",
        Doing::Blocked => "blocked",
    }
}
