//! `prediction.json` and `comparison.json`, and their JSON Schemas.
//!
//! Keys are a contract: more may be added, none renamed. Same input, same bytes.

pub mod explanation;
pub mod fit;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::finding;
use dlpc_predict::analysis::accuracy::{Accuracy, ComparedPoint, Comparison};
use dlpc_predict::analysis::finding::Finding;
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::measurement::{MeasuredRun, Measurement};

/// Version of both files.
pub(super) const FORMAT: u32 = 1;

/// What goes into `prediction.json`.
#[derive(Debug, Clone, Copy)]
pub struct PredictionDocument<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// The scenario as it was used, with every default filled in.
    pub scenario: &'a Value,
    /// The machine model as it was used.
    pub machine: &'a Value,
    /// Reasons to doubt the result, one sentence each.
    pub warnings: &'a [String],
    /// The prediction.
    pub curve: &'a Curve,
    /// Measured runs of the same scenario, if there are any.
    pub measured: Option<&'a Measurement>,
}

/// Returns the text of `prediction.json`.
#[must_use]
pub fn prediction(document: &PredictionDocument) -> String {
    text(&PredictionDto {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        title: document.title,
        scenario: document.scenario,
        machine: document.machine,
        warnings: document.warnings,
        points: document.curve.points.iter().map(PointDto::from).collect(),
        measured: document.measured.map_or(&[][..], |measurement| &measurement.rows).iter().map(RunDto::from).collect(),
    })
}

/// Returns the text of `comparison.json`.
#[must_use]
pub fn comparison(title: &str, comparison: &Comparison, findings: &[Finding]) -> String {
    text(&ComparisonDto {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        title,
        accuracy: AccuracyDto::from(&comparison.accuracy),
        points: comparison.points.iter().map(ComparedPointDto::from).collect(),
        findings: findings.iter().map(finding::sentence).collect(),
    })
}

/// Returns the JSON Schema of `prediction.json`.
#[must_use]
pub fn prediction_schema() -> Value {
    schema::<PredictionDto>()
}

/// Returns the JSON Schema of `comparison.json`.
#[must_use]
pub fn comparison_schema() -> Value {
    schema::<ComparisonDto>()
}

pub(super) fn text(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).expect("invariant: keys are strings and nothing fails to serialize") + "\n"
}

pub(super) fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// A prediction of `dlpc-sim`: speedup curve with an uncertainty band.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "dlpc-sim prediction")]
struct PredictionDto<'a> {
    /// Version of this file format.
    format: u32,
    /// Version of dlpc-sim that made the prediction.
    tool_version: &'a str,
    /// Title of the scenario.
    title: &'a str,
    /// The scenario as it was used, with every default filled in.
    scenario: &'a Value,
    /// The machine model as it was used.
    machine: &'a Value,
    /// Reasons to doubt the result.
    warnings: &'a [String],
    /// One point per rank count, ascending.
    points: Vec<PointDto>,
    /// Measured runs, by ascending rank count; empty if there are none.
    measured: Vec<RunDto>,
}

/// Prediction at one rank count.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Point")]
struct PointDto {
    /// Rank count.
    ranks: u32,
    /// Median makespan of the replications, in seconds.
    makespan_s: f64,
    /// 5 % quantile of the makespan, in seconds.
    makespan_p05_s: f64,
    /// 95 % quantile of the makespan, in seconds.
    makespan_p95_s: f64,
    /// Median makespan on 1 rank over `makespan_s`; null if the program takes no time.
    speedup: Option<f64>,
    /// Median makespan on 1 rank over `makespan_p95_s`; null if that is 0.
    speedup_p05: Option<f64>,
    /// Median makespan on 1 rank over `makespan_p05_s`; null if that is 0.
    speedup_p95: Option<f64>,
    /// `speedup / ranks`; null without a speedup.
    parallel_efficiency: Option<f64>,
    /// Experimentally determined serial fraction; null on 1 rank and without a speedup.
    karp_flatt: Option<f64>,
    /// The cause with the largest share of the critical path.
    limited_by: CauseDto,
    /// Seconds of the critical path by cause; they add up to the makespan of one typical replication.
    breakdown: BreakdownDto,
}

/// What a piece of the critical path is spent on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
#[serde(rename_all = "snake_case")]
enum CauseDto {
    Compute,
    Setup,
    Pack,
    SerialTail,
    Overhead,
    Latency,
    Bandwidth,
    Rendezvous,
    Producer,
    Round,
    Sleep,
    Contention,
    Oversubscription,
    Noise,
    Untraced,
}

/// Seconds of the critical path by cause.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "Breakdown")]
struct BreakdownDto {
    /// Computing that the ranks share.
    compute: f64,
    /// Fixed work of each rank, the same at any rank count.
    setup: f64,
    /// Packing records for sending.
    pack: f64,
    /// Work that only rank 0 does: unpacking and reducing.
    serial_tail: f64,
    /// Cores busy with sending and receiving messages.
    overhead: f64,
    /// Latency of cables, switches and software stack.
    latency: f64,
    /// Bytes on the way, at the bandwidth that the transfer got.
    bandwidth: f64,
    /// Request and answer of a rendezvous on the way: the data is held back until the receiver is ready.
    rendezvous: f64,
    /// Waiting for the producer of log files.
    producer: f64,
    /// Waiting for the slowest of the round: a log file is complete and a rank is free, but the round is not over.
    round: f64,
    /// Sleeping between two looks although a log file is complete, or because the program says so.
    sleep: f64,
    /// Busy cores of a host that slow each other down.
    contention: f64,
    /// More ranks at work than cores.
    oversubscription: f64,
    /// Noise of cores and jitter of the network: by how much a step was longer than without.
    noise: f64,
    /// Not known: the run has too many events to be traced.
    untraced: f64,
}

/// One measured run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Run")]
struct RunDto {
    /// Rank count.
    ranks: u32,
    /// Run time in seconds.
    seconds: f64,
    /// Half-width of the interval in which the true run time lies, in seconds.
    reading_error_s: f64,
}

/// A prediction of `dlpc-sim` against measured runs.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "dlpc-sim comparison")]
struct ComparisonDto<'a> {
    /// Version of this file format.
    format: u32,
    /// Version of dlpc-sim that made the prediction.
    tool_version: &'a str,
    /// Title of the scenario.
    title: &'a str,
    /// Summary of the errors, outliers left out.
    accuracy: AccuracyDto,
    /// One point per rank count that was both measured and predicted, ascending.
    points: Vec<ComparedPointDto>,
    /// What is odd about the measured runs, one sentence each.
    findings: Vec<String>,
}

/// Summary of the relative errors, as ratios: 0.05 is 5 %.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Accuracy")]
struct AccuracyDto {
    /// Mean absolute relative error.
    mape: f64,
    /// Median absolute relative error.
    median: f64,
    /// 90 % quantile of the absolute relative error.
    p90: f64,
    /// Largest absolute relative error.
    max: f64,
    /// Mean signed relative error.
    bias: f64,
    /// Share of points inside the 5-95 % band, reading error allowed for.
    band_coverage: f64,
    /// Mean absolute relative error that a perfect model would show.
    noise_floor: f64,
    /// Points in the summary; if zero, so is all the rest.
    n_points: u32,
    /// Points left out as outliers.
    n_outliers: u32,
}

/// Prediction against measurement at one rank count.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ComparedPoint")]
struct ComparedPointDto {
    /// Rank count.
    ranks: u32,
    /// Median of the measured runs, in seconds.
    measured_s: f64,
    /// Half-width of the interval of the measured value, in seconds.
    reading_error_s: f64,
    /// Median of the predicted makespan, in seconds.
    predicted_s: f64,
    /// (prediction - measurement) / measurement.
    relative_error: f64,
    /// Whether the measured interval touches the 5-95 % band.
    inside_band: bool,
    /// Whether the point is left out of the summary as an outlier.
    is_outlier: bool,
    /// Whether the machine model was fitted to this point.
    used_for_fit: bool,
    /// Measured runs.
    n_runs: u32,
    /// Shortest of the measured runs less its reading error, in seconds.
    measured_low_s: f64,
    /// Longest of the measured runs and its reading error, in seconds.
    measured_high_s: f64,
    /// 5 % quantile of the predicted makespan, in seconds.
    predicted_p05_s: f64,
    /// 95 % quantile of the predicted makespan, in seconds.
    predicted_p95_s: f64,
}

/// Returns a number, or none: JSON has no NaN.
pub(super) fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl From<&CurvePoint> for PointDto {
    fn from(point: &CurvePoint) -> Self {
        Self {
            ranks: point.ranks,
            makespan_s: point.makespan_s,
            makespan_p05_s: point.makespan_p05_s,
            makespan_p95_s: point.makespan_p95_s,
            speedup: number(point.speedup),
            speedup_p05: number(point.speedup_p05),
            speedup_p95: number(point.speedup_p95),
            parallel_efficiency: number(point.parallel_efficiency),
            karp_flatt: point.karp_flatt,
            limited_by: CauseDto::from(point.limited_by),
            breakdown: BreakdownDto::from(point),
        }
    }
}

impl From<Cause> for CauseDto {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Compute => Self::Compute,
            Cause::Setup => Self::Setup,
            Cause::Pack => Self::Pack,
            Cause::SerialTail => Self::SerialTail,
            Cause::Overhead => Self::Overhead,
            Cause::Latency => Self::Latency,
            Cause::Bandwidth => Self::Bandwidth,
            Cause::Rendezvous => Self::Rendezvous,
            Cause::Producer => Self::Producer,
            Cause::Round => Self::Round,
            Cause::Sleep => Self::Sleep,
            Cause::Contention => Self::Contention,
            Cause::Oversubscription => Self::Oversubscription,
            Cause::Noise => Self::Noise,
            Cause::Untraced => Self::Untraced,
        }
    }
}

impl From<&CurvePoint> for BreakdownDto {
    fn from(point: &CurvePoint) -> Self {
        let mut breakdown = Self::default();
        for (cause, duration) in &point.breakdown {
            let seconds = match cause {
                Cause::Compute => &mut breakdown.compute,
                Cause::Setup => &mut breakdown.setup,
                Cause::Pack => &mut breakdown.pack,
                Cause::SerialTail => &mut breakdown.serial_tail,
                Cause::Overhead => &mut breakdown.overhead,
                Cause::Latency => &mut breakdown.latency,
                Cause::Bandwidth => &mut breakdown.bandwidth,
                Cause::Rendezvous => &mut breakdown.rendezvous,
                Cause::Producer => &mut breakdown.producer,
                Cause::Round => &mut breakdown.round,
                Cause::Sleep => &mut breakdown.sleep,
                Cause::Contention => &mut breakdown.contention,
                Cause::Oversubscription => &mut breakdown.oversubscription,
                Cause::Noise => &mut breakdown.noise,
                Cause::Untraced => &mut breakdown.untraced,
            };
            *seconds += duration.as_seconds();
        }
        breakdown
    }
}

impl From<&MeasuredRun> for RunDto {
    fn from(run: &MeasuredRun) -> Self {
        Self { ranks: run.ranks, seconds: run.seconds, reading_error_s: run.reading_error_s }
    }
}

impl From<&Accuracy> for AccuracyDto {
    fn from(accuracy: &Accuracy) -> Self {
        Self {
            mape: accuracy.mape,
            median: accuracy.median,
            p90: accuracy.p90,
            max: accuracy.max,
            bias: accuracy.bias,
            band_coverage: accuracy.band_coverage,
            noise_floor: accuracy.noise_floor,
            n_points: accuracy.n_points,
            n_outliers: accuracy.n_outliers,
        }
    }
}

impl From<&ComparedPoint> for ComparedPointDto {
    fn from(point: &ComparedPoint) -> Self {
        Self {
            ranks: point.ranks,
            measured_s: point.measured_s,
            reading_error_s: point.reading_error_s,
            predicted_s: point.predicted_s,
            relative_error: point.relative_error,
            inside_band: point.inside_band,
            is_outlier: point.is_outlier,
            used_for_fit: point.used_for_fit,
            n_runs: point.n_runs,
            measured_low_s: point.measured_low_s,
            measured_high_s: point.measured_high_s,
            predicted_p05_s: point.predicted_p05_s,
            predicted_p95_s: point.predicted_p95_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use dlpc_predict::analysis::amdahl;
    use dlpc_predict::analysis::finding::findings;

    fn without_version(text: &str) -> String {
        text.replace(env!("CARGO_PKG_VERSION"), "[version]")
    }

    #[test]
    fn prediction_holds_everything_that_it_was_made_of() {
        let curve = amdahl::curve(8.0, 2.0, [1, 4]);
        let measured = amdahl::measured(&[(4, 4.25)]);
        insta::assert_snapshot!(without_version(&prediction(&PredictionDocument {
            title: "Darts \"thrown\"",
            scenario: &json!({ "ranks": [1, 4] }),
            machine: &json!({ "name": "dlpc" }),
            warnings: &["8 MB lies above the calibrated range".to_owned()],
            curve: &curve,
            measured: Some(&measured),
        })));
    }

    #[test]
    fn comparison_names_each_point_and_the_summary() {
        let (_, measured, compared) = amdahl::small();
        insta::assert_snapshot!(without_version(&comparison("Darts", &compared, &findings(&compared, &measured))));
    }

    #[test]
    fn every_cause_has_the_same_key_in_csv_and_json() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(CauseDto::from(cause)).ok(), Some(json!(cause.key())));
            assert!(serde_json::to_value(BreakdownDto::default()).expect("an object").get(cause.key()).is_some());
        }
    }

    #[test]
    fn schemas_require_every_key_of_the_contract() {
        let required = |schema: &Value| schema["required"].as_array().expect("required keys").clone();
        assert!(required(&prediction_schema()).contains(&json!("points")));
        let accuracy = &comparison_schema()["$defs"]["Accuracy"];
        assert_eq!(required(accuracy).len(), 9, "{accuracy}");
    }
}
