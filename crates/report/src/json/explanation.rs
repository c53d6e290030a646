//! `explain.json` and its JSON Schema.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{FORMAT, PointDto, schema, text};
use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::advice::Recommendation;
use dlpc_predict::analysis::bounds::Bounds;
use dlpc_predict::explanation::{Advice, Detail, Explanation, InProgram, KeepUp, Part};

/// What goes into `explain.json`.
#[derive(Debug, Clone, Copy)]
pub struct ExplanationDocument<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// The scenario as it was used, with every default filled in.
    pub scenario: &'a Value,
    /// The machine model as it was used.
    pub machine: &'a Value,
    /// Reasons to doubt the result, one sentence each.
    pub warnings: &'a [String],
    /// What a person would say, one sentence each.
    pub summary: &'a [String],
    /// The prediction.
    pub curve: &'a Curve,
    /// What explains it.
    pub explanation: &'a Explanation,
}

/// Returns the text of `explain.json`.
#[must_use]
pub fn explanation(document: &ExplanationDocument) -> String {
    text(&ExplanationDto {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        title: document.title,
        scenario: document.scenario,
        machine: document.machine,
        warnings: document.warnings,
        summary: document.summary,
        points: document.curve.points.iter().map(PointDto::from).collect(),
        details: document.explanation.details.iter().map(DetailDto::from).collect(),
        advice: AdviceDto::from(&document.explanation.advice),
    })
}

/// Returns the JSON Schema of `explain.json`.
#[must_use]
pub fn explanation_schema() -> Value {
    schema::<ExplanationDto>()
}

/// Why a scenario takes as long as it does, what would help, and how many ranks to use.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "dlpc-sim explanation")]
struct ExplanationDto<'a> {
    /// Version of this file format.
    format: u32,
    /// Version of dlpc-sim that made the explanation.
    tool_version: &'a str,
    /// Title of the scenario.
    title: &'a str,
    /// The scenario as it was used, with every default filled in.
    scenario: &'a Value,
    /// The machine model as it was used.
    machine: &'a Value,
    /// Reasons to doubt the result.
    warnings: &'a [String],
    /// What a person would say.
    summary: &'a [String],
    /// One point per rank count, ascending, with its breakdown.
    points: Vec<PointDto>,
    /// What explains each of the points that was asked for.
    details: Vec<DetailDto>,
    /// How many ranks to use.
    advice: AdviceDto,
}

/// What one rank count spends its time on, and what would help.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Detail")]
struct DetailDto {
    /// Rank count.
    ranks: u32,
    /// Computing on the critical path by kernel, the longest first.
    kernels: Vec<KernelDto>,
    /// Where in the user's program the time of the critical path goes, the longest first; empty where that is not known.
    in_program: Vec<InProgramDto>,
    /// Where bytes on the critical path are held up, the longest first.
    bottlenecks: Vec<BottleneckDto>,
    /// Lower bounds of the makespan; null if the run was not traced.
    bounds: Option<BoundsDto>,
    /// Mean over the ranks of their computing, over that of the rank with the most; null without computing.
    load_balance: Option<f64>,
    /// What a small change of each parameter does, the largest effect first.
    sensitivities: Vec<SensitivityDto>,
    /// What other programs and machines would gain, the most first.
    what_ifs: Vec<GainDto>,
}

/// A kernel's time on the critical path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KernelTime")]
struct KernelDto {
    /// Name of the kernel.
    kernel: &'static str,
    /// Seconds.
    seconds: f64,
}

/// Time of the critical path in one part of the user's program. Places are `file:line`, as in the recording.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InProgram")]
struct InProgramDto {
    /// `computing`, from one call to the next, or `call`.
    kind: &'static str,
    /// Of computing, the place of the call before; null at the start.
    after: Option<String>,
    /// Of computing, the place of the call after, null at the end; of a call, its place, null where it is not known.
    at: Option<String>,
    /// Ranks that it is on the critical path of.
    ranks: Vec<u32>,
    /// Seconds.
    seconds: f64,
}

impl From<&InProgram> for InProgramDto {
    fn from(part: &InProgram) -> Self {
        let (kind, after, at) = match &part.part {
            Part::Computing(phase) => ("computing", phase.after.clone(), phase.upto.clone()),
            Part::Call(site) => ("call", None, site.clone()),
        };
        Self { kind, after, at, ranks: part.ranks.clone(), seconds: part.duration.as_seconds() }
    }
}

/// Time of the critical path that goes to bytes held up at one place.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Bottleneck")]
struct BottleneckDto {
    /// Where.
    name: String,
    /// Seconds.
    seconds: f64,
    /// How many transfers shared it, on average.
    n_sharing: f64,
}

/// Lower bounds of the makespan, in seconds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Bounds")]
struct BoundsDto {
    /// The largest of them.
    largest_s: f64,
    /// All computing, spread evenly over the cores.
    work_s: f64,
    /// The longest chain of computing.
    span_s: f64,
    /// All bytes through the busiest link.
    port_s: f64,
    /// That link; null if no bytes cross any.
    busiest_link: Option<String>,
    /// Completion of the last file and the shortest analysis; zero without a producer.
    producer_s: f64,
}

/// What a small change of a parameter does to the makespan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Sensitivity")]
struct SensitivityDto {
    /// Key of the parameter in the machine model or the scenario.
    parameter: String,
    /// Relative change of the makespan per relative change of the parameter, for 1 %.
    elasticity: f64,
    /// What the critical path alone says; null where it cannot tell.
    critical_path: Option<f64>,
}

/// What something else would gain.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WhatIf")]
struct GainDto {
    /// Key.
    key: &'static str,
    /// In words.
    name: &'static str,
    /// Median makespan then, in seconds.
    makespan_s: f64,
    /// By how much that is shorter, in seconds; negative if it is longer.
    gain_s: f64,
}

/// How many ranks to use.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Advice")]
struct AdviceDto {
    /// How much longer than the best one a run may take, as a ratio.
    within: f64,
    /// Least parallel efficiency.
    efficiency: f64,
    /// For the scenario as it is.
    recommendation: RecommendationDto,
    /// With another placement or dispatch.
    alternatives: Vec<AlternativeDto>,
    /// About keeping up with the producer; null without one.
    stream: Option<StreamDto>,
}

/// A recommended rank count.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Recommendation")]
struct RecommendationDto {
    /// Rank count.
    ranks: u32,
    /// Its median makespan, in seconds.
    makespan_s: f64,
    /// Its speedup; null if the program takes no time.
    speedup: Option<f64>,
    /// Its parallel efficiency; null without a speedup.
    parallel_efficiency: Option<f64>,
    /// Rank count with the shortest median makespan.
    best_ranks: u32,
    /// That makespan, in seconds.
    best_s: f64,
    /// Smallest rank count that is fast enough, whatever its efficiency.
    fast_enough_ranks: u32,
    /// Whether running in parallel pays at all.
    pays: bool,
}

/// A recommendation for another way to run the program.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Alternative")]
struct AlternativeDto {
    /// Key.
    key: &'static str,
    /// In words.
    name: &'static str,
    /// What is recommended then.
    recommendation: RecommendationDto,
}

/// Least rank counts that keep up with the producer in the long run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stream")]
struct StreamDto {
    /// `rounds` or `first-free`, as the scenario has it.
    dispatch: &'static str,
    /// In rounds.
    rounds: KeepUpDto,
    /// By the first free worker.
    first_free: KeepUpDto,
}

/// Least rank count that keeps up; null if all ranks of the scenario are too few.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeepUp")]
struct KeepUpDto {
    /// By simulating a long stream.
    simulated: Option<u32>,
    /// By queueing theory.
    theory: Option<u32>,
}

impl From<&Detail> for DetailDto {
    fn from(detail: &Detail) -> Self {
        let kernels = detail.kernels.iter();
        let bottlenecks = detail.bottlenecks.iter();
        let sensitivities = detail.sensitivities.iter();
        Self {
            ranks: detail.ranks,
            kernels: kernels.map(|(of, time)| KernelDto { kernel: of.name(), seconds: time.as_seconds() }).collect(),
            in_program: detail.in_program.iter().map(InProgramDto::from).collect(),
            bottlenecks: bottlenecks
                .map(|at| BottleneckDto {
                    name: at.name.clone(),
                    seconds: at.duration.as_seconds(),
                    n_sharing: at.n_sharing,
                })
                .collect(),
            bounds: detail.bounds.as_ref().map(|bounds| BoundsDto::new(bounds, detail.busiest_link.clone())),
            load_balance: detail.load_balance,
            sensitivities: sensitivities
                .map(|sensitivity| SensitivityDto {
                    parameter: sensitivity.parameter.key(),
                    elasticity: sensitivity.elasticity,
                    critical_path: sensitivity.path_share,
                })
                .collect(),
            what_ifs: detail
                .what_ifs
                .iter()
                .map(|gain| GainDto {
                    key: gain.what_if.key(),
                    name: gain.what_if.name(),
                    makespan_s: gain.makespan_s,
                    gain_s: gain.gain_s,
                })
                .collect(),
        }
    }
}

impl BoundsDto {
    fn new(bounds: &Bounds, busiest_link: Option<String>) -> Self {
        Self {
            largest_s: bounds.largest_s(),
            work_s: bounds.work_s,
            span_s: bounds.span_s,
            port_s: bounds.port_s,
            busiest_link,
            producer_s: bounds.producer_s,
        }
    }
}

impl From<&Advice> for AdviceDto {
    fn from(advice: &Advice) -> Self {
        let keep_up = |of: KeepUp| KeepUpDto { simulated: of.simulated, theory: of.theory };
        Self {
            within: advice.rule.within,
            efficiency: advice.rule.efficiency,
            recommendation: RecommendationDto::from(&advice.recommendation),
            alternatives: advice
                .alternatives
                .iter()
                .map(|alternative| AlternativeDto {
                    key: alternative.what_if.key(),
                    name: alternative.what_if.name(),
                    recommendation: RecommendationDto::from(&alternative.recommendation),
                })
                .collect(),
            stream: advice.stream.as_ref().map(|stream| StreamDto {
                dispatch: stream.dispatch.name(),
                rounds: keep_up(stream.rounds),
                first_free: keep_up(stream.first_free),
            }),
        }
    }
}

impl From<&Recommendation> for RecommendationDto {
    fn from(recommendation: &Recommendation) -> Self {
        Self {
            ranks: recommendation.ranks,
            makespan_s: recommendation.makespan_s,
            speedup: super::number(recommendation.speedup),
            parallel_efficiency: super::number(recommendation.parallel_efficiency),
            best_ranks: recommendation.best_ranks,
            best_s: recommendation.best_s,
            fast_enough_ranks: recommendation.fast_enough_ranks,
            pays: recommendation.pays,
        }
    }
}
