//! `recorded` as it stands in the file, and its way to the checked type.

use std::sync::Arc;

use dlpc_engine::units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Factor, Recorded, Recording};
use crate::diagnostic::{Diagnostics, Problem};
use crate::written::Spanned;
use crate::written::quantity::Quantified;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawRecorded {
    /// Recording that `dlpc-sim run` has written, seen from the folder of this file.
    #[schemars(required, extend("examples" = ["recording.jsonl.gz"]))]
    pub(in crate::workload) file: Option<Spanned<String>>,
    /// Seconds on a core of speed 1 for each CPU second of the computer that recorded.
    #[schemars(required, range(min = 1e-6, max = 1e6), extend("examples" = [2.5]))]
    scale: Option<Spanned<f64>>,
    /// 95 % interval of `scale`, its lower and its upper bound; predictions draw from it.
    #[schemars(length(min = 2, max = 2), extend("examples" = [[2.0, 3.1]]))]
    scale_interval: Option<Spanned<Vec<Spanned<f64>>>>,
    /// Where `scale` and `setup` come from, as words after "by": results say it.
    #[schemars(length(min = 1, max = 500))]
    scale_source: Option<Spanned<String>>,
    /// What each rank computes on a core of speed 1 before what was recorded.
    #[schemars(extend("default" = "0 s"))]
    setup: Option<Quantified<SimDuration>>,
}

/// Returns the checked workload, or none if there is a problem.
pub(in crate::workload) fn read(
    raw: &RawRecorded,
    recording: Option<Arc<Recording>>,
    diagnostics: &mut Diagnostics,
) -> Option<Recorded> {
    let scale = raw.scale.as_ref()?.value;
    let interval = match &raw.scale_interval {
        Some(bounds) => Some(interval(bounds, scale, diagnostics)?),
        None => None,
    };
    let source = raw.scale_source.as_ref().map(|source| source.value.clone());
    let factor = Factor { scale, interval, setup: raw.setup.as_ref()?.value, source };
    Some(Recorded { recording: recording?, factor })
}

/// Widest interval of a scale, as a ratio of its bounds.
const RATIO_MAX: f64 = 1e3;

fn interval(bounds: &Spanned<Vec<Spanned<f64>>>, scale: f64, diagnostics: &mut Diagnostics) -> Option<(f64, f64)> {
    let [low, high] = bounds.value.as_slice() else { return None };
    let (low, high) = (low.value, high.value);
    if 0.0 < low && low <= scale && scale <= high && high <= RATIO_MAX * low {
        return Some((low, high));
    }
    let message = format!("`workload.recorded.scale_interval` is {low} to {high}, and the scale is {scale}");
    let help = format!(
        "write the lower bound, above zero, then the upper one, at most {RATIO_MAX} times it, around the scale"
    );
    diagnostics.push(Problem::error("scenario::out_of_range", bounds.span, message).help(help));
    None
}
