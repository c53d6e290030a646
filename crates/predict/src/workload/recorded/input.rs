//! `recorded` as it stands in the file, and its way to the checked type.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Recorded, Recording};
use crate::written::Spanned;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawRecorded {
    /// Recording that `dlpc-sim run` has written, seen from the folder of this file.
    #[schemars(required, extend("examples" = ["recording.jsonl.gz"]))]
    pub(in crate::workload) file: Option<Spanned<String>>,
    /// Seconds on a core of speed 1 for each CPU second of the computer that recorded.
    #[schemars(required, range(min = 1e-6, max = 1e6), extend("examples" = [2.5]))]
    scale: Option<Spanned<f64>>,
}

/// Returns the checked workload, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawRecorded, recording: Option<Arc<Recording>>) -> Option<Recorded> {
    Some(Recorded { recording: recording?, scale: raw.scale.as_ref()?.value })
}
