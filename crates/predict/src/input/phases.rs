//! From the raw phases of a custom workload to the checked ones.

use dlpc_engine::units::Bytes;
use dlpc_engine::workload::{Phase, Share};

use super::raw_scenario::{RawBytes, RawBytesShare, RawPhase, RawRepeat, RawShare};
use super::spanned::Spanned;
use crate::diagnostic::{Diagnostics, Problem};

/// `repeat` tables within each other.
const DEPTH_MAX: usize = 8;

/// Returns the checked phases, or none if there is a problem.
pub(super) fn validate(raw: &Spanned<Vec<Spanned<RawPhase>>>, diagnostics: &mut Diagnostics) -> Option<Vec<Phase>> {
    all(&raw.value, 0, diagnostics)
}

fn all(raw: &[Spanned<RawPhase>], depth: usize, diagnostics: &mut Diagnostics) -> Option<Vec<Phase>> {
    let phases: Vec<_> = raw.iter().map(|raw| phase(&raw.value, depth, diagnostics)).collect();
    phases.into_iter().collect()
}

/// Returns the phase of the one key that is there.
fn phase(raw: &RawPhase, depth: usize, diagnostics: &mut Diagnostics) -> Option<Phase> {
    let sized = [
        (&raw.bcast, Phase::Bcast as fn(Bytes) -> Phase),
        (&raw.scatter, Phase::Scatter),
        (&raw.gather, Phase::Gather),
        (&raw.gatherv, Phase::Gatherv),
        (&raw.scatterv, Phase::Scatterv),
        (&raw.reduce, Phase::Reduce),
        (&raw.allreduce, Phase::Allreduce),
        (&raw.allgather, Phase::Allgather),
        (&raw.alltoall, Phase::Alltoall),
        (&raw.ring, Phase::Ring),
        (&raw.halo, Phase::Halo),
    ];
    if let Some((Spanned { value: RawBytes { bytes, share }, .. }, phase)) =
        sized.into_iter().find_map(|(raw, phase)| Some((raw.as_ref()?, phase)))
    {
        let phase = phase(bytes.as_ref()?.value);
        return Some(match share.as_ref()?.value {
            RawBytesShare::EachRank => phase,
            RawBytesShare::Divided => Phase::Divided(Box::new(phase)),
        });
    }
    if let Some(raw) = &raw.compute {
        let share = match raw.value.share?.value {
            RawShare::EachRank => Share::EachRank,
            RawShare::Divided => Share::Divided,
            RawShare::RankZero => Share::RankZero,
        };
        return Some(Phase::Compute { work: raw.value.work?.value, share });
    }
    if let Some(duration) = raw.sleep {
        return Some(Phase::Sleep(duration.value));
    }
    if raw.barrier.is_some() {
        return Some(Phase::Barrier);
    }
    repeat(raw.repeat.as_ref()?, depth, diagnostics)
}

fn repeat(raw: &Spanned<RawRepeat>, depth: usize, diagnostics: &mut Diagnostics) -> Option<Phase> {
    if depth == DEPTH_MAX {
        let message = format!("more than {DEPTH_MAX} `repeat` within each other");
        diagnostics.push(Problem::error("scenario::too_deep", raw.span, message));
        return None;
    }
    let phases = all(&raw.value.phases.as_ref()?.value, depth + 1, diagnostics)?;
    Some(Phase::Repeat { times: raw.value.times?.value, phases })
}
