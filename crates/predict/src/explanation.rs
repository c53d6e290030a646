//! Explanations: why the curve bends, what would help, how many ranks to use. To `explain` what prediction is to `predict`.

mod in_program;
mod stream;
mod what_if;

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{Kernel, MachineModel};
use dlpc_engine::platform::{Limit, Platform};
use dlpc_engine::stats;
use dlpc_engine::trace::{ActivityKind, Recording, Trace};
use dlpc_engine::units::{SimDuration, SimTime};
use rayon::prelude::*;

use crate::analysis::advice::{self, Recommendation, Rule};
use crate::analysis::bounds::{self, Bounds};
use crate::analysis::critical_path::{self, Origin};
use crate::analysis::sensitivity::{self, Parameter, STEP, Sensitivity};
use crate::analysis::{Curve, CurvePoint};
use crate::prediction::{self, Prediction};
use crate::scenario::Scenario;

pub use self::in_program::{InProgram, Part};
pub use self::stream::{InTheory, KeepUp, StreamAdvice, in_theory};
pub use self::what_if::WhatIf;

/// Most replications that a what-if is simulated for: both sides get the same random numbers, so that few are enough.
const REPLICATIONS_MAX: u32 = 16;

/// Most events that all what-ifs and sensitivities at one rank count may take together, as far as one replication allows.
const EVENTS_MAX: u64 = 20_000_000;

/// What to explain.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// When a rank count is worth its ranks.
    pub rule: Rule,
    /// Rank count for which alone what-ifs and sensitivities are simulated; none for all.
    pub ranks: Option<u32>,
}

/// Why a scenario takes as long as it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// One per point of the curve that is explained, ascending by rank count.
    pub details: Vec<Detail>,
    /// How many ranks to use.
    pub advice: Advice,
}

/// What one rank count spends its time on, and what would help.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Rank count.
    pub ranks: u32,
    /// Computing on the critical path by kernel, the longest first; without noise and without what other ranks cost.
    pub kernels: Vec<(Kernel, SimDuration)>,
    /// Where in the user's program the time of the critical path goes, the longest first; empty where that is not known.
    pub in_program: Vec<InProgram>,
    /// Where bytes on the critical path are held up, the longest first.
    pub bottlenecks: Vec<Bottleneck>,
    /// Lower bounds; none if the run has too many events to be traced.
    pub bounds: Option<Bounds>,
    /// Name of the busiest link, if bytes cross any.
    pub busiest_link: Option<String>,
    /// Mean over the ranks of their computing, over that of the rank with the most; none without computing.
    pub load_balance: Option<f64>,
    /// What a small change of each parameter does, the largest effect first.
    pub sensitivities: Vec<Sensitivity>,
    /// What other programs and machines would gain, the most first.
    pub what_ifs: Vec<Gain>,
}

/// Time of the critical path that goes to bytes held up at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// Where.
    pub name: String,
    /// How long.
    pub duration: SimDuration,
    /// How many transfers shared it, on average.
    pub n_sharing: f64,
}

/// What something else would gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// What is changed.
    pub what_if: WhatIf,
    /// Median makespan then, in seconds.
    pub makespan_s: f64,
    /// By how much that is shorter, in seconds; negative if it is longer.
    pub gain_s: f64,
}

/// How many ranks to use, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The rule.
    pub rule: Rule,
    /// For the scenario as it is.
    pub recommendation: Recommendation,
    /// The same with another placement or dispatch, where there is one.
    pub alternatives: Vec<Alternative>,
    /// About keeping up with the producer of a log stream.
    pub stream: Option<StreamAdvice>,
}

/// What would be recommended if the program ran in another way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative {
    /// What is changed.
    pub what_if: WhatIf,
    /// What is recommended then.
    pub recommendation: Recommendation,
}

/// Explains a prediction of `scenario` on `machine`, simulating what-ifs over all cores.
///
/// The result does not depend on the number of threads.
///
/// # Errors
/// [`SimError`] of the first what-if that fails.
///
/// # Panics
/// If the prediction is not one of this scenario.
pub fn explain(
    scenario: &Scenario,
    machine: &MachineModel,
    prediction: &Prediction,
    options: &Options,
) -> Result<Explanation, SimError> {
    let subject = Subject { scenario, machine, platform: Platform::new(machine) };
    let points: Vec<&CurvePoint> = prediction.curve.points.iter().collect();
    let is_wanted = |ranks: u32| options.ranks.is_none_or(|wanted| wanted == ranks);
    let details: Result<Vec<Detail>, SimError> =
        points.par_iter().filter(|point| is_wanted(point.ranks)).map(|point| subject.detail(point)).collect();
    Ok(Explanation { details: details?, advice: advise(scenario, machine, &prediction.curve, options.rule)? })
}

/// Recommends a rank count for the scenario as it is, and with other placements and dispatch.
///
/// # Errors
/// [`SimError`] of the first alternative that fails.
pub fn advise(scenario: &Scenario, machine: &MachineModel, curve: &Curve, rule: Rule) -> Result<Advice, SimError> {
    let alternatives = WhatIf::alternatives(scenario);
    let recommend = |what_if: &WhatIf| -> Result<Option<Alternative>, SimError> {
        let Some((mut changed, machine)) = what_if.apply(scenario, machine) else { return Ok(None) };
        changed.run.replications = changed.run.replications.min(few());
        let curve = prediction::predict(&changed, &machine, &|| ())?.curve;
        Ok(Some(Alternative { what_if: *what_if, recommendation: advice::recommend(&curve, rule) }))
    };
    let alternatives: Result<Vec<Option<Alternative>>, SimError> = alternatives.iter().map(recommend).collect();
    Ok(Advice {
        rule,
        recommendation: advice::recommend(curve, rule),
        alternatives: alternatives?.into_iter().flatten().collect(),
        stream: stream::advise(scenario, machine)?,
    })
}

fn few() -> std::num::NonZeroU32 {
    std::num::NonZeroU32::new(REPLICATIONS_MAX).expect("invariant: more than none")
}

struct Subject<'a> {
    scenario: &'a Scenario,
    machine: &'a MachineModel,
    platform: Platform,
}

impl Subject<'_> {
    fn detail(&self, point: &CurvePoint) -> Result<Detail, SimError> {
        let is_traced = critical_path::limiting(&point.breakdown) != crate::analysis::Cause::Untraced;
        let recording = if is_traced { Recording::On } else { Recording::Off };
        let trace = prediction::simulate_once(self.scenario, self.machine, point.ranks, point.traced, recording)?;
        let parameters = Parameter::of(self.scenario, self.machine);
        let what_ifs: Vec<_> = WhatIf::all(self.scenario)
            .into_iter()
            .filter_map(|what_if| what_if.apply(self.scenario, self.machine).map(|changed| (what_if, changed)))
            .collect();
        let n_variants = 1 + parameters.len() as u64 + what_ifs.len() as u64;
        let n_replications = self.n_replications(n_variants * trace.n_events.max(1));
        let base_s = makespans_s(self.scenario, self.machine, point.ranks, n_replications)?;
        let mut detail = self.traced(point, &trace);
        for parameter in parameters {
            detail.sensitivities.push(self.sensitivity(parameter, point.ranks, &base_s, &trace)?);
        }
        for (what_if, (scenario, machine)) in what_ifs {
            let changed_s = makespans_s(&scenario, &machine, point.ranks, n_replications)?;
            // The ratio of few replications with the same random numbers, applied to the median of all.
            let makespan_s =
                point.makespan_s * stats::median(&changed_s) / stats::median(&base_s).max(f64::MIN_POSITIVE);
            detail.what_ifs.push(Gain { what_if, makespan_s, gain_s: point.makespan_s - makespan_s });
        }
        detail.sensitivities.sort_by(|a, b| b.elasticity.abs().total_cmp(&a.elasticity.abs()));
        detail.what_ifs.sort_by(|a, b| b.gain_s.total_cmp(&a.gain_s));
        Ok(detail)
    }

    /// As many as are worth it: one, if the runs are large or all the same.
    fn n_replications(&self, n_events: u64) -> u32 {
        let affordable = u32::try_from((EVENTS_MAX / n_events).max(1)).unwrap_or(u32::MAX);
        prediction::n_replications(self.scenario, self.machine).min(REPLICATIONS_MAX).min(affordable)
    }

    fn sensitivity(
        &self,
        parameter: Parameter,
        n_ranks: u32,
        base_s: &[f64],
        trace: &Trace,
    ) -> Result<Sensitivity, SimError> {
        let (mut scenario, mut machine) = (self.scenario.clone(), self.machine.clone());
        parameter.scale(&mut scenario, &mut machine, 1.0 + STEP);
        let n_replications = u32::try_from(base_s.len()).expect("invariant: few replications");
        let changed_s = makespans_s(&scenario, &machine, n_ranks, n_replications)?;
        let path_share = trace.record.as_ref().and_then(|record| {
            let path = critical_path::path(trace);
            sensitivity::path_share(parameter, &path, record)
        });
        Ok(Sensitivity { parameter, elasticity: sensitivity::elasticity(base_s, &changed_s), path_share })
    }

    fn traced(&self, point: &CurvePoint, trace: &Trace) -> Detail {
        let mut detail = Detail {
            ranks: point.ranks,
            kernels: Vec::new(),
            in_program: Vec::new(),
            bottlenecks: Vec::new(),
            bounds: None,
            busiest_link: None,
            load_balance: None,
            sensitivities: Vec::new(),
            what_ifs: Vec::new(),
        };
        let Some(record) = &trace.record else { return detail };
        let path = critical_path::path(trace);
        let names = self.platform.link_names(&self.machine.host_names());
        let platform = prediction::platform_of(self.scenario, self.machine, point.traced);
        let hosts_of_ranks = prediction::hosts_of_ranks(self.scenario, point.ranks);
        let bounds = bounds::bounds(trace, &platform, self.scenario.run.network, &hosts_of_ranks);
        detail.kernels = kernels(&path);
        let phases = self.scenario.workload.facts().phases(point.ranks);
        detail.in_program = phases.map_or_else(Vec::new, |phases| in_program::parts(&path, record, &phases));
        detail.bottlenecks = critical_path::link_shares(&path, record)
            .into_iter()
            .map(|share| Bottleneck {
                name: match share.limit {
                    None => "memory within a host".to_owned(),
                    Some(Limit::EndPoints) => "end points of the message".to_owned(),
                    Some(Limit::Link(link)) => names[link.0 as usize].clone(),
                },
                duration: share.duration,
                n_sharing: share.n_sharing,
            })
            .collect();
        detail.busiest_link = bounds.busiest_link.map(|link| names[link.0 as usize].clone());
        detail.bounds = Some(bounds);
        detail.load_balance = bounds::load_balance(record);
        detail
    }
}

fn kernels(path: &[critical_path::Piece]) -> Vec<(Kernel, SimDuration)> {
    let mut sums = Kernel::ALL.map(|kernel| (kernel, SimDuration::ZERO));
    for piece in path {
        use crate::analysis::Cause::{Contention, Noise, Oversubscription};
        let is_lost = matches!(piece.cause, Contention | Noise | Oversubscription);
        if let (Origin::Activity(_, ActivityKind::Compute(kernel)), false) = (piece.origin, is_lost) {
            sums[kernel as usize].1 += piece.end - piece.start;
        }
    }
    let mut kernels: Vec<_> = sums.into_iter().filter(|(_, duration)| *duration != SimDuration::ZERO).collect();
    kernels.sort_by_key(|(_, duration)| std::cmp::Reverse(*duration));
    kernels
}

/// Returns the makespans of the first replications, in seconds.
fn makespans_s(
    scenario: &Scenario,
    machine: &MachineModel,
    n_ranks: u32,
    n_replications: u32,
) -> Result<Vec<f64>, SimError> {
    let run = |replication| prediction::simulate_once(scenario, machine, n_ranks, replication, Recording::Off);
    (0..n_replications).map(|i| run(i).map(|trace| (trace.makespan - SimTime::ZERO).as_seconds())).collect()
}
