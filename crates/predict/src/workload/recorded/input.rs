//! `recorded` as it stands in the file, and its way to the checked type.

use std::sync::Arc;

use dlpc_engine::units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Factor, Phase, PhaseScale, Recorded, Recording, Timed};
use crate::diagnostic::{Diagnostics, Problem};
use crate::written::Spanned;
use crate::written::quantity::Quantified;
use crate::written::word::Word;

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
    /// Which part of a run its time is.
    #[schemars(extend("default" = "run"))]
    timed: Option<Spanned<Word<Timed>>>,
    /// Phases of the program, from one call of MPI to the next, that have a scale of their own.
    phases: Option<Spanned<Vec<Spanned<RawPhaseScale>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPhaseScale {
    /// Place of the call before, as the recording has it (`file:line`); without it, the start.
    #[schemars(extend("examples" = ["calculate_pi.py:24"]))]
    after: Option<Spanned<String>>,
    /// Place of the call after; without it, the end.
    #[schemars(extend("examples" = ["calculate_pi.py:25"]))]
    upto: Option<Spanned<String>>,
    /// Seconds on a core of speed 1 for each CPU second of this phase.
    #[schemars(required, range(min = 1e-6, max = 1e6), extend("examples" = [16.2]))]
    scale: Option<Spanned<f64>>,
    /// 95 % interval of `scale`, its lower and its upper bound; predictions draw from it.
    #[schemars(length(min = 2, max = 2), extend("examples" = [[15.8, 16.6]]))]
    scale_interval: Option<Spanned<Vec<Spanned<f64>>>>,
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
    let recording = recording?;
    let timed = raw.timed.as_ref()?;
    check_clock(timed, &recording, diagnostics)?;
    let phases = phases(raw.phases.as_ref(), &recording, diagnostics)?;
    let factor = Factor { scale, interval, setup: raw.setup.as_ref()?.value, source, phases };
    Some(Recorded { recording, factor, timed: timed.value.0 })
}

/// Runs whose time is that between two looks at a clock have these.
fn check_clock(timed: &Spanned<Word<Timed>>, recording: &Recording, diagnostics: &mut Diagnostics) -> Option<()> {
    let without = recording.runs.iter().find(|run| run.timed_between().is_none());
    let Some(run) = without.filter(|_| timed.value.0 == Timed::Program) else { return Some(()) };
    let message = format!(
        "`workload.recorded.timed` is \"program\", but in the recorded run of {} ranks, rank 0 does not look at a clock twice",
        run.n_ranks()
    );
    let help = "write \"run\", or have rank 0 call MPI_Wtime before and after what is to be timed, and record again";
    diagnostics.push(Problem::error("scenario::no_clock", timed.span, message).help(help));
    None
}

/// Returns the phases, which the recording has.
fn phases(
    raw: Option<&Spanned<Vec<Spanned<RawPhaseScale>>>>,
    recording: &Recording,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<PhaseScale>> {
    let mut phases: Vec<PhaseScale> = Vec::new();
    for raw in raw.map_or(&[][..], |raw| &raw.value) {
        let name = |site: &Option<Spanned<String>>| site.as_ref().map(|site| site.value.clone());
        let phase = Phase { after: name(&raw.value.after), upto: name(&raw.value.upto) };
        let problem = if phases.iter().any(|other| other.phase == phase) {
            Some("has a scale already")
        } else if !recording.runs.iter().any(|run| run.phases().contains_key(&phase)) {
            Some("is not in the recording")
        } else {
            None
        };
        if let Some(problem) = problem {
            let message = format!("the phase `{phase}` {problem}");
            let help = "write each phase once, its places as `explain` lists them";
            diagnostics.push(Problem::error("scenario::phase", raw.span, message).help(help));
            return None;
        }
        let scale = raw.value.scale.as_ref()?.value;
        let interval = match &raw.value.scale_interval {
            Some(bounds) => Some(interval(bounds, scale, diagnostics)?),
            None => None,
        };
        phases.push(PhaseScale { phase, scale, interval });
    }
    Some(phases)
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
