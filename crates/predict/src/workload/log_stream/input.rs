//! `log_stream` as it stands in the file, and its way to the checked type.

use dlpc_engine::units::{Bytes, SimDuration};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Dispatch, LogStream};
use crate::diagnostic::{Diagnostics, Problem};
use crate::workload::service::{self, RawDistribution};
use crate::written::Spanned;
use crate::written::quantity::Quantified;
use crate::written::word::Word;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawLogStream {
    /// Log files in all.
    #[schemars(required, range(min = 1, max = 100_000_000), extend("examples" = [20]))]
    pub(super) items: Option<Spanned<u32>>,
    /// Time between two log files; zero: all are there at once.
    #[schemars(required, extend("examples" = ["5 s"]))]
    interval: Option<Quantified<SimDuration>>,
    /// Service time of one log file on a core of speed 1: a time, or exactly one of the keys below.
    #[schemars(required, extend("examples" = ["60 s"]))]
    analysis: Option<Spanned<RawDistribution>>,
    /// When the first log file is complete.
    #[schemars(extend("default" = "0 s"))]
    first: Option<Quantified<SimDuration>>,
    /// Mean of a random addition to each interval, exponentially distributed.
    #[schemars(extend("default" = "0 s"))]
    jitter: Option<Quantified<SimDuration>>,
    /// How often rank 0 looks for new log files; above zero.
    #[schemars(extend("default" = "1 s"))]
    pub(super) poll: Option<Quantified<SimDuration>>,
    /// Size of the message that names a log file.
    #[schemars(extend("default" = "64 B"))]
    item_bytes: Option<Quantified<Bytes>>,
    /// Size of the message with the result of one analysis.
    #[schemars(extend("default" = "64 B"))]
    result_bytes: Option<Quantified<Bytes>>,
    /// Who takes the next log file.
    #[schemars(extend("default" = "rounds"))]
    dispatch: Option<Spanned<Word<Dispatch>>>,
}

/// Returns the checked workload, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawLogStream, diagnostics: &mut Diagnostics) -> Option<LogStream> {
    let analysis =
        raw.analysis.as_ref().and_then(|raw| service::read(&raw.value, "workload.log_stream.analysis", diagnostics));
    if let (Some(items), Some(interval), Some(first)) = (raw.items, raw.interval, raw.first)
        && interval.value.checked_mul(items.value.into()).and_then(|last| last.checked_add(first.value)).is_none()
    {
        let message = "the last log file comes later than 213 days after the start";
        let problem = Problem::error("scenario::out_of_range", interval.span, message);
        diagnostics.push(problem.label(format!("times {} items", items.value)));
        return None;
    }
    if let Some(poll) = raw.poll.filter(|poll| poll.value == SimDuration::ZERO) {
        let message = "`workload.log_stream.poll` is zero";
        let problem = Problem::error("scenario::out_of_range", poll.span, message);
        diagnostics.push(problem.label("expected above zero").help("rank 0 sleeps this long between two looks"));
        return None;
    }
    Some(LogStream {
        items: raw.items?.value,
        interval: raw.interval?.value,
        first: raw.first?.value,
        jitter: raw.jitter?.value,
        analysis: analysis?,
        poll: raw.poll?.value,
        item_bytes: raw.item_bytes?.value,
        result_bytes: raw.result_bytes?.value,
        dispatch: raw.dispatch?.value.0,
    })
}
