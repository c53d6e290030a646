//! `custom` as it stands in the file, and its way to the checked phases.

use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::units::{Bytes, SimDuration};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Diagnostics, Problem};
use crate::written::Spanned;
use crate::written::quantity::Quantified;
use crate::written::word::Word;

/// `repeat` tables within each other.
const DEPTH_MAX: usize = 8;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawCustom {
    /// What each rank does, in this order; exactly one key in each.
    #[schemars(required, length(min = 1))]
    pub(super) phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawPhase {
    /// Work on a core.
    compute: Option<Spanned<RawCompute>>,
    /// The core is idle for this time.
    sleep: Option<Quantified<SimDuration>>,
    /// All ranks wait for each other; write `barrier = {}`.
    barrier: Option<Spanned<RawBarrier>>,
    /// Rank 0 sends the same bytes to all.
    bcast: Option<Spanned<RawBytes>>,
    /// Rank 0 sends each rank its own bytes.
    scatter: Option<Spanned<RawBytes>>,
    /// Rank 0 receives bytes of each rank, of a number that it knows.
    gather: Option<Spanned<RawBytes>>,
    /// Rank 0 receives bytes of each rank, always one after the other.
    gatherv: Option<Spanned<RawBytes>>,
    /// Rank 0 sends each rank its own bytes, always one after the other.
    scatterv: Option<Spanned<RawBytes>>,
    /// A vector is summed up on rank 0.
    reduce: Option<Spanned<RawBytes>>,
    /// A vector is summed up on all ranks.
    allreduce: Option<Spanned<RawBytes>>,
    /// Every rank gets the bytes of every rank.
    allgather: Option<Spanned<RawBytes>>,
    /// Each rank sends bytes to every other rank, of a number for each of them.
    alltoall: Option<Spanned<RawBytes>>,
    /// Each rank sends to the next one and receives from the previous one, at once.
    ring: Option<Spanned<RawBytes>>,
    /// Each rank swaps bytes with the previous rank and the next one, at once; the first and the last one have one
    /// neighbour.
    halo: Option<Spanned<RawBytes>>,
    /// Phases that are repeated.
    repeat: Option<Spanned<RawRepeat>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCompute {
    /// Work on a core of speed 1, of each rank or of all together.
    #[schemars(required, extend("examples" = ["10 ms"]))]
    work: Option<Quantified<SimDuration>>,
    /// Who does it.
    #[schemars(extend("default" = "each-rank"))]
    share: Option<Spanned<Word<Share>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawBarrier {}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawBytes {
    /// Bytes of each rank, or of all together.
    #[schemars(required, extend("examples" = ["1 MiB"]))]
    bytes: Option<Quantified<Bytes>>,
    /// Whose bytes they are.
    #[schemars(extend("default" = "each-rank"))]
    share: Option<Spanned<RawBytesShare>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawBytesShare {
    /// Each rank has all of them.
    EachRank,
    /// The ranks divide them evenly.
    Divided,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRepeat {
    /// How often.
    #[schemars(required, range(min = 1, max = 1_000_000_000), extend("examples" = [10]))]
    times: Option<Spanned<u32>>,
    /// What; phases as above, at most 8 `repeat` within each other.
    #[schemars(required, length(min = 1))]
    phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}

/// Returns the checked phases, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawCustom, diagnostics: &mut Diagnostics) -> Option<Vec<Phase>> {
    all(&raw.phases.as_ref()?.value, 0, diagnostics)
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
        return Some(Phase::Compute { work: raw.value.work?.value, share: raw.value.share?.value.0 });
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
