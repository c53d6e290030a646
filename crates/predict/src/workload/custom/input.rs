//! `custom` as it stands in the file, and its way to the checked phases.

use std::collections::BTreeMap;

use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::units::{Bytes, SimDuration};
use schemars::JsonSchema;
use serde::Deserialize;

use super::described::{Custom, Described, RANKS};
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::written::Spanned;
use crate::written::expression::{Expression, Measure, Units};
use crate::written::formula::{Count, Formula, NumberOrText};
use crate::written::keyed::Keyed;
use crate::written::word::Word;

/// `repeat` tables within each other.
const DEPTH_MAX: usize = 8;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawCustom {
    /// Numbers and quantities that expressions of the phases use by these names.
    parameters: Option<Spanned<Keyed<Spanned<NumberOrText>>>>,
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
    sleep: Option<Formula<SimDuration>>,
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
    work: Option<Formula<SimDuration>>,
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
    bytes: Option<Formula<Bytes>>,
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
    #[schemars(required, extend("examples" = [10]))]
    times: Option<Formula<Count>>,
    /// What; phases as above, at most 8 `repeat` within each other.
    #[schemars(required, length(min = 1))]
    phases: Option<Spanned<Vec<Spanned<RawPhase>>>>,
}

/// Returns the checked program, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawCustom, diagnostics: &mut Diagnostics) -> Option<Custom> {
    let phases = all(&raw.phases.as_ref()?.value, 0, diagnostics);
    let written = raw.parameters.as_ref().map_or(&[][..], |raw| &raw.value.0);
    let parameters: Vec<_> = written.iter().map(|(name, raw)| parameter(name, raw, diagnostics)).collect();
    let parameters = parameters.into_iter().collect::<Option<BTreeMap<String, Measure>>>();
    let custom = Custom { phases: phases?, parameters: parameters?, pace: 1.0 };
    check_names(&custom, written, diagnostics)?;
    Some(custom)
}

/// Returns a parameter, or none if there is a problem.
fn parameter(
    name: &Spanned<String>,
    raw: &Spanned<NumberOrText>,
    diagnostics: &mut Diagnostics,
) -> Option<(String, Measure)> {
    let mut fault = |span, message: String, help: &str| {
        diagnostics.push(Problem::error("scenario::parameter", span, message).help(help));
        None
    };
    let is_name = Expression::parse(&name.value).is_ok_and(|of| of.names().len() == 1 && of.names()[0].0 == name.value);
    if !is_name || name.value == RANKS {
        let message = format!("`{}` cannot be the name of a parameter", name.value);
        return fault(
            name.span,
            message,
            "write letters, digits and `_`, first a letter; `ranks` is the number of ranks",
        );
    }
    let measure = match &raw.value {
        NumberOrText::Number(value) => Measure { value: *value, units: Units::NONE },
        NumberOrText::Text(text) => match Expression::parse(text).and_then(|of| of.value(&|_| None)) {
            Ok(measure) => measure,
            Err(wrong) => {
                let message = format!("`{text}` is no number or quantity: {}", wrong.message);
                return fault(
                    raw.span,
                    message,
                    "write for instance 8192 or \"1.5 ns\"; parameters do not use each other",
                );
            }
        },
    };
    Some((name.value.clone(), measure))
}

/// Reports names in expressions that stand for nothing, and parameters that none uses.
fn check_names(
    custom: &Custom,
    written: &[(Spanned<String>, Spanned<NumberOrText>)],
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let known: Vec<&str> = custom.parameters.keys().map(String::as_str).chain([RANKS]).collect();
    let used: Vec<(&str, Span)> = custom
        .expressions()
        .into_iter()
        .flat_map(|(of, span)| of.names().into_iter().map(move |(name, _)| (name, span)))
        .collect();
    let unknown: Vec<_> = used.iter().filter(|(name, _)| !known.contains(name)).collect();
    for (name, span) in &unknown {
        let near = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 1 + name.len() / 4);
        let help = near.map_or_else(
            || format!("known are {}; others stand in `workload.custom.parameters`", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        diagnostics
            .push(Problem::error("scenario::unknown_name", *span, format!("`{name}` stands for nothing")).help(help));
    }
    for (name, _) in written.iter().filter(|(name, _)| used.iter().all(|(used, _)| *used != name.value)) {
        let message = format!("no expression uses the parameter `{}`", name.value);
        diagnostics.push(Problem::warning("scenario::unused_parameter", name.span, message));
    }
    unknown.is_empty().then_some(())
}

fn all(raw: &[Spanned<RawPhase>], depth: usize, diagnostics: &mut Diagnostics) -> Option<Vec<Described>> {
    let phases: Vec<_> = raw.iter().map(|raw| phase(&raw.value, depth, diagnostics)).collect();
    phases.into_iter().collect()
}

/// Returns the phase of the one key that is there.
fn phase(raw: &RawPhase, depth: usize, diagnostics: &mut Diagnostics) -> Option<Described> {
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
        let phase = match share.as_ref()?.value {
            RawBytesShare::EachRank => phase(Bytes(0)),
            RawBytesShare::Divided => Phase::Divided(Box::new(phase(Bytes(0)))),
        };
        return Some(Described::sized(phase, bytes.as_ref()?));
    }
    if let Some(raw) = &raw.compute {
        let phase = Phase::Compute { work: SimDuration::ZERO, share: raw.value.share?.value.0 };
        return Some(Described::timed(phase, raw.value.work.as_ref()?));
    }
    if let Some(time) = &raw.sleep {
        return Some(Described::timed(Phase::Sleep(SimDuration::ZERO), time));
    }
    if raw.barrier.is_some() {
        return Some(Described::Fixed(Phase::Barrier));
    }
    repeat(raw.repeat.as_ref()?, depth, diagnostics)
}

fn repeat(raw: &Spanned<RawRepeat>, depth: usize, diagnostics: &mut Diagnostics) -> Option<Described> {
    if depth == DEPTH_MAX {
        let message = format!("more than {DEPTH_MAX} `repeat` within each other");
        diagnostics.push(Problem::error("scenario::too_deep", raw.span, message));
        return None;
    }
    let phases = all(&raw.value.phases.as_ref()?.value, depth + 1, diagnostics)?;
    Some(Described::repeat(raw.value.times.as_ref()?, phases))
}
