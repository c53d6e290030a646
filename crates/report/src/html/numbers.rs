//! The numbers that the charts of a page draw.

use serde::Serialize;

use super::{Report, Subject, explained};
use crate::number::TimeUnit;
use crate::plot::cause_color;
use crate::plot::mark::{self, Kind, Mark};
use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::bounds::Bounds;
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::explanation::Explanation;
use dlpc_predict::measurement::Measurement;

/// Everything that is drawn.
#[derive(Debug, Serialize)]
pub(super) struct Numbers {
    /// Unit of the axes of time.
    unit: Unit,
    /// Predicted time on one rank; 0 if no time was predicted.
    alone_s: f64,
    /// Measured time on one rank, if it was measured.
    measured_alone_s: Option<f64>,
    /// One per rank count, ascending.
    points: Vec<Point>,
    /// One per measured rank count, ascending.
    measured: Vec<Run>,
    /// Causes that take any time, with their seconds at each point.
    causes: Vec<CauseSeconds>,
    /// Errors, if the prediction is compared.
    comparison: Option<Errors>,
    /// Lower bounds, if the prediction is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<LowerBounds>,
}

#[derive(Debug, Serialize)]
pub(super) struct Unit {
    symbol: &'static str,
    seconds: f64,
}

/// Lower bounds at the rank counts that are explained and traced.
#[derive(Debug, Serialize)]
struct LowerBounds {
    ranks: Vec<u32>,
    makespan_s: Vec<f64>,
    lines: Vec<BoundSeconds>,
}

#[derive(Debug, Serialize)]
struct BoundSeconds {
    name: &'static str,
    color: String,
    seconds: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Point {
    ranks: u32,
    makespan_s: f64,
    p05_s: f64,
    p95_s: f64,
    speedup: f64,
    speedup_p05: f64,
    speedup_p95: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Run {
    ranks: u32,
    seconds: f64,
    low_s: f64,
    high_s: f64,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct CauseSeconds {
    key: &'static str,
    name: &'static str,
    color: String,
    seconds: Vec<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Errors {
    noise_floor: f64,
    points: Vec<ErrorPoint>,
}

#[derive(Debug, Serialize)]
struct ErrorPoint {
    ranks: u32,
    relative_error: f64,
    kind: &'static str,
}

/// Returns the numbers of a report.
pub(super) fn of(report: &Report<'_>) -> Numbers {
    let bounds = match report.subject {
        Subject::Explanation(explanation) => lower_bounds(report.curve, explanation),
        Subject::Prediction | Subject::Comparison(_) => None,
    };
    Numbers { bounds, ..of_curve(report.curve, report.measured, report.comparison) }
}

/// Returns the bounds that hold somewhere; none if no run was traced.
fn lower_bounds(curve: &Curve, explanation: &Explanation) -> Option<LowerBounds> {
    let traced: Vec<(&CurvePoint, &Bounds)> = explained::bounded(curve, explanation)
        .into_iter()
        .filter_map(|(point, detail)| Some((point, detail.bounds.as_ref()?)))
        .collect();
    let line = |(name, cause, of): (&'static str, Cause, fn(&Bounds) -> f64)| BoundSeconds {
        name,
        color: cause_color(cause),
        seconds: traced.iter().map(|(_, bounds)| of(bounds)).collect(),
    };
    let lines = explained::BOUNDS.into_iter().map(line);
    (!traced.is_empty()).then(|| LowerBounds {
        ranks: traced.iter().map(|(point, _)| point.ranks).collect(),
        makespan_s: traced.iter().map(|(point, _)| point.makespan_s).collect(),
        lines: lines.filter(|line| line.seconds.iter().any(|seconds| 0.0 < *seconds)).collect(),
    })
}

/// Returns the numbers of a curve with its measured points.
pub(super) fn of_curve(curve: &Curve, measured: Option<&Measurement>, comparison: Option<&Comparison>) -> Numbers {
    let marks = mark::in_seconds(measured, comparison);
    let longest = curve.points.iter().map(|point| point.makespan_s).chain(marks.iter().map(|mark| mark.value));
    Numbers {
        unit: Unit::for_longest(longest),
        alone_s: alone_s(curve),
        measured_alone_s: marks.iter().find(|mark| mark.ranks == 1).map(|mark| mark.value),
        points: curve.points.iter().map(Point::from).collect(),
        measured: marks.into_iter().map(Run::from).collect(),
        causes: visible_causes(&curve.points),
        comparison: comparison.map(Errors::from),
        bounds: None,
    }
}

/// Returns the time on one rank: it follows from any point, as its speedup is that over its makespan.
fn alone_s(curve: &Curve) -> f64 {
    let alone_s = curve.points.first().map_or(0.0, |point| point.makespan_s * point.speedup);
    if alone_s.is_finite() { alone_s } else { 0.0 }
}

fn visible_causes(points: &[CurvePoint]) -> Vec<CauseSeconds> {
    let all = Cause::ALL.into_iter().map(|cause| CauseSeconds {
        key: cause.key(),
        name: cause.name(),
        color: cause_color(cause),
        seconds: points.iter().map(|point| point.seconds(cause)).collect(),
    });
    all.filter(|cause| cause.seconds.iter().any(|seconds| 0.0 < *seconds)).collect()
}

const fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::HeldOut => "held_out",
        Kind::Fitted => "fitted",
        Kind::Outlier => "outlier",
    }
}

impl Unit {
    /// Returns the unit for the longest of some times, in seconds.
    pub(super) fn for_longest(seconds: impl Iterator<Item = f64>) -> Self {
        let unit = TimeUnit::for_longest(seconds.fold(0.0, f64::max));
        Self { symbol: unit.symbol, seconds: unit.seconds }
    }
}

impl From<&CurvePoint> for Point {
    fn from(point: &CurvePoint) -> Self {
        Self {
            ranks: point.ranks,
            makespan_s: point.makespan_s,
            p05_s: point.makespan_p05_s,
            p95_s: point.makespan_p95_s,
            speedup: point.speedup,
            speedup_p05: point.speedup_p05,
            speedup_p95: point.speedup_p95,
        }
    }
}

impl From<Mark> for Run {
    fn from(mark: Mark) -> Self {
        Self { ranks: mark.ranks, seconds: mark.value, low_s: mark.low, high_s: mark.high, kind: key(mark.kind) }
    }
}

impl From<&Comparison> for Errors {
    fn from(comparison: &Comparison) -> Self {
        let points = comparison.points.iter().map(|point| ErrorPoint {
            ranks: point.ranks,
            relative_error: point.relative_error,
            kind: key(Kind::of(point)),
        });
        Self { noise_floor: comparison.accuracy.noise_floor, points: points.collect() }
    }
}
