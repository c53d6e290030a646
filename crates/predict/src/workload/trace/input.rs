//! `trace` as it stands in the file, and its way to the checked type.

use dlpc_engine::units::FlopsPerSecond;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Trace, TracedRun};
use crate::diagnostic::{Diagnostics, Problem};
use crate::workload::Source;
use crate::written::Spanned;
use crate::written::quantity::Quantified;

/// Most ranks of a trace.
const RANKS_MAX: u32 = 1 << 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawTrace {
    /// Floating point operations that a core of speed 1 does each second; traces count operations. For traces of SMPI the
    /// `smpi/host-speed` that they were taken with, if a core of speed 1 is one of the machine that took them.
    #[schemars(required, extend("examples" = ["1 Gflop/s"]))]
    core_speed: Option<Quantified<FlopsPerSecond>>,
    /// The trace of each rank count.
    #[schemars(required, length(min = 1))]
    runs: Option<Spanned<Vec<Spanned<RawTracedRun>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawTracedRun {
    /// Number of ranks of the run that was traced.
    #[schemars(required, range(min = 1, max = RANKS_MAX), extend("examples" = [4]))]
    ranks: Option<Spanned<u32>>,
    /// File with the lines of all ranks, or with the names of the files of rank 0, 1, 2, ..., seen from the folder of this
    /// file. May be compressed with gzip.
    #[schemars(required, extend("examples" = ["jacobi-4.txt"]))]
    file: Option<Spanned<String>>,
}

/// Returns the checked workload, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawTrace, source: Source<'_>, diagnostics: &mut Diagnostics) -> Option<Trace> {
    let runs: Vec<Option<TracedRun>> =
        raw.runs.as_ref()?.value.iter().map(|raw| run(&raw.value, source, diagnostics)).collect();
    let mut runs: Vec<TracedRun> = runs.into_iter().collect::<Option<_>>()?;
    runs.sort_by_key(TracedRun::n_ranks);
    if let Some(pair) = runs.windows(2).find(|pair| pair[0].n_ranks() == pair[1].n_ranks()) {
        let message = format!("there are two traces of {} ranks", pair[0].n_ranks());
        diagnostics.push(Problem::error("scenario::trace_twice", raw.runs.as_ref()?.span, message));
        return None;
    }
    Some(Trace { core_speed: raw.core_speed.as_ref()?.value, work_factor: 1.0, runs })
}

fn run(raw: &RawTracedRun, source: Source<'_>, diagnostics: &mut Diagnostics) -> Option<TracedRun> {
    let (ranks, file) = (raw.ranks.as_ref()?, raw.file.as_ref()?);
    let traced = (source.trace)(&file.value, file.span, diagnostics)?;
    if traced.n_ranks() != ranks.value {
        let message = format!("the trace has {} ranks, not {}", traced.n_ranks(), ranks.value);
        let problem = Problem::error("scenario::trace_ranks", ranks.span, message);
        diagnostics.push(problem.help("name the trace of the run on so many ranks"));
        return None;
    }
    Some(traced)
}
