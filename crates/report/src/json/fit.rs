//! `fit.json`: everything that a script needs to judge a calibration, and its JSON Schema.

use std::collections::BTreeMap;

use dlpc_engine::units::Unit;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{FORMAT, schema, text};
use crate::fit::{FitDocument, Method, origin_reason};
use dlpc_predict::fit::evidence::{Over, Point, Series};
use dlpc_predict::fit::origin::{Origin, Parameter};
use dlpc_predict::fit::{Residual, SegmentReport, origin};

/// Returns the text of `fit.json`.
#[must_use]
pub fn fit(document: &FitDocument<'_>) -> String {
    let fit = document.fit;
    text(&FitDto {
        format: FORMAT,
        tool_version: env!("CARGO_PKG_VERSION"),
        name: &fit.machine.name,
        title: &fit.title,
        method: MethodDto::from(document.method),
        source: document.source,
        command: document.command,
        n_launches: fit.n_launches,
        n_samples: fit.n_samples,
        n_outliers: document.n_outliers(),
        calibrated_range: ranges(document),
        warnings: &fit.warnings,
        not_fitted: origin::not_fitted(fit),
        parameters: document.parameters.iter().map(ParameterDto::from).collect(),
        residuals: fit.residuals.iter().map(|(kind, residual)| (kind.as_str(), residual.into())).collect(),
        segments: fit
            .segments
            .iter()
            .map(|(class, segments)| (class.as_str(), segments.iter().map(SegmentDto::from).collect()))
            .collect(),
        series: document.series.iter().map(SeriesDto::from).collect(),
    })
}

/// Returns the JSON Schema of `fit.json`.
#[must_use]
pub fn fit_schema() -> Value {
    schema::<FitDto>()
}

fn ranges(document: &FitDocument<'_>) -> BTreeMap<&'static str, RangeDto> {
    let range = |(class, from_bytes, upto_bytes)| (class, RangeDto { from_bytes, upto_bytes });
    document.calibrated_bytes().into_iter().map(range).collect()
}

/// A machine model that `dlpc-sim calibrate` fitted, and all that it takes to judge it.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "dlpc-sim fit")]
struct FitDto<'a> {
    /// Version of this file format.
    format: u32,
    /// Version of dlpc-sim that made the fit.
    tool_version: &'a str,
    /// Name of the machine model.
    name: &'a str,
    /// What the cluster is, in one line.
    title: &'a str,
    /// What the model was fitted to.
    method: MethodDto,
    /// The file of samples, or the measured runs.
    source: &'a str,
    /// The command that fits again.
    command: &'a str,
    /// Starts of the launcher; 0 if whole programs were fitted.
    n_launches: usize,
    /// Samples, or runs.
    n_samples: usize,
    /// Samples or runs that lie too far off to count.
    n_outliers: usize,
    /// Sizes of the messages that were measured, by class of pairs: `local`, `remote`.
    calibrated_range: BTreeMap<&'a str, RangeDto>,
    /// Reasons to doubt the model.
    warnings: &'a [String],
    /// Tables and values that no sample determines, by key path, and why they are what they are.
    not_fitted: BTreeMap<&'a str, &'a str>,
    /// Every value of the model, by key path.
    parameters: Vec<ParameterDto<'a>>,
    /// Relative errors of the fitted model against what was measured, by kind of experiment or file of runs.
    residuals: BTreeMap<&'a str, ResidualDto>,
    /// Segments of the message tables that were fitted, by class of pairs: `local`, `remote`.
    segments: BTreeMap<&'a str, Vec<SegmentDto>>,
    /// Every sample beside what the fitted model makes of it, by kind of experiment.
    series: Vec<SeriesDto<'a>>,
}

/// What a model was fitted to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Method")]
#[serde(rename_all = "snake_case")]
enum MethodDto {
    /// Samples of calibration experiments.
    Samples,
    /// Times of whole programs.
    Runs,
}

/// Sizes of messages.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Range")]
struct RangeDto {
    /// Smallest message that was measured.
    from_bytes: u64,
    /// Largest message that was measured; larger ones are extrapolated.
    upto_bytes: u64,
}

/// A value of the machine model.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Parameter")]
struct ParameterDto<'a> {
    /// Key path in the model's file.
    key: &'a str,
    /// Value, in its unit.
    value: f64,
    /// Unit: `s`, `B`, `B/s`, `s/B`, or `1` for a ratio.
    unit: &'a str,
    /// Lower end of the 95 % interval; null if nothing determines it.
    low: Option<f64>,
    /// Upper end of the 95 % interval; null if nothing determines it.
    high: Option<f64>,
    /// Standard error, where the interval is not 1.96 of them; else null.
    standard_error: Option<f64>,
    /// How the value was got.
    origin: OriginDto,
    /// The experiments or runs that determine the value, or why it is what it is.
    from: &'a str,
}

/// How a value was got.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Origin")]
#[serde(rename_all = "snake_case")]
enum OriginDto {
    /// The samples determine it.
    Fitted,
    /// It is the prior model's.
    Prior,
    /// No sample determines it.
    Assumed,
}

/// Relative errors, as ratios: 0.05 is 5 %.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Residual")]
struct ResidualDto {
    /// Samples.
    n_samples: usize,
    /// Mean of the absolute value, as in comparisons.
    mean_absolute: f64,
    /// Median of the absolute value, as in comparisons.
    median_absolute: f64,
    /// Median, signed: what the model gets wrong in all of them.
    median: f64,
    /// Robust standard deviation: the scatter of the samples.
    scatter: f64,
    /// 90 % quantile of the absolute value.
    p90: f64,
    /// Samples more than 5 standard deviations off the median.
    n_outliers: usize,
}

/// One segment of a message table.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Segment")]
struct SegmentDto {
    /// Largest message of the segment, in bytes; null for the last.
    upto_bytes: Option<u64>,
    /// Whether its messages go eagerly.
    is_eager: bool,
    /// Ping-pongs that lie in it.
    n_samples: usize,
}

/// One kind of experiment, or one measured program.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Series")]
struct SeriesDto<'a> {
    /// Kind of experiment as in `residuals`, or the file of runs.
    kind: &'a str,
    /// Which of its kind, for instance `7 senders` or the kernel; empty if there is but one.
    variant: &'a str,
    /// Messages, senders, pairs or busy cores; 1 otherwise.
    count: u32,
    /// What `x` is.
    over: OverDto,
    /// The samples.
    points: Vec<PointDto<'a>>,
    /// The fitted model on hosts of speed 1: pairs of `x` and seconds, ascending.
    line: Vec<[f64; 2]>,
}

/// What times depend on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Over")]
#[serde(rename_all = "snake_case")]
enum OverDto {
    /// Size of the message in bytes.
    Bytes,
    /// Number of the host, from 0; times are per unit of work.
    Host,
    /// Rank count.
    Ranks,
}

/// One sample beside what the fitted model makes of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SamplePoint")]
struct PointDto<'a> {
    /// Bytes, number of the host, or ranks.
    x: f64,
    /// Measured, in seconds.
    measured_s: f64,
    /// Of the fitted model on the same hosts, in seconds.
    fitted_s: f64,
    /// (fitted - measured) / measured.
    relative_error: f64,
    /// Half-width of the interval of the measured time, in seconds.
    reading_error_s: f64,
    /// Launch; null for runs.
    launch: Option<u32>,
    /// Host of the rank that took the time; null for runs.
    host: Option<&'a str>,
    /// Whether it lies too far off to count.
    is_outlier: bool,
}

impl From<Method> for MethodDto {
    fn from(method: Method) -> Self {
        match method {
            Method::Samples => Self::Samples,
            Method::Runs => Self::Runs,
        }
    }
}

impl<'a> From<&'a Parameter> for ParameterDto<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        Self {
            key: &parameter.key,
            value: parameter.value,
            unit: match parameter.unit {
                Unit::One => "1",
                Unit::Seconds => "s",
                Unit::Bytes => "B",
                Unit::BytesPerSecond => "B/s",
                Unit::SecondsPerByte => "s/B",
                Unit::FlopsPerSecond => "flop/s",
            },
            low: parameter.interval.map(|(low, _)| low),
            high: parameter.interval.map(|(_, high)| high),
            standard_error: parameter.standard_error,
            origin: match parameter.origin {
                Origin::Fitted(_) => OriginDto::Fitted,
                Origin::Assumed(_) => OriginDto::Assumed,
                Origin::Prior => OriginDto::Prior,
            },
            from: origin_reason(&parameter.origin),
        }
    }
}

impl From<&Residual> for ResidualDto {
    fn from(residual: &Residual) -> Self {
        let Residual { n_samples, mean_absolute, median_absolute, median, scatter, p90, n_outliers } = *residual;
        Self { n_samples, mean_absolute, median_absolute, median, scatter, p90, n_outliers }
    }
}

impl From<&SegmentReport> for SegmentDto {
    fn from(segment: &SegmentReport) -> Self {
        Self { upto_bytes: segment.upto, is_eager: segment.is_eager, n_samples: segment.n_samples }
    }
}

impl<'a> From<&'a Series> for SeriesDto<'a> {
    fn from(series: &'a Series) -> Self {
        Self {
            kind: &series.kind,
            variant: &series.variant,
            count: series.count,
            over: match series.over {
                Over::Bytes => OverDto::Bytes,
                Over::Host => OverDto::Host,
                Over::Ranks => OverDto::Ranks,
            },
            points: series.points.iter().map(PointDto::from).collect(),
            line: series.line.iter().map(|(x, seconds)| [*x, *seconds]).collect(),
        }
    }
}

impl<'a> From<&'a Point> for PointDto<'a> {
    fn from(point: &'a Point) -> Self {
        Self {
            x: point.x,
            measured_s: point.measured_s,
            fitted_s: point.fitted_s,
            relative_error: point.relative_error,
            reading_error_s: point.reading_error_s,
            launch: point.launch,
            host: point.host.as_deref(),
            is_outlier: point.is_outlier,
        }
    }
}
