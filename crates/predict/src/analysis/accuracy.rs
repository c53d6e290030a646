//! How good a prediction is: errors, outliers and noise floor against measured runs (docs/model.md eq. 19 to 23).
//!
//! *Outliers.* With eᵢ the signed relative error at rank count i, mᵢ the measured time and rᵢ its reading error, the
//! score of a point is `|eᵢ - median(e)| / sqrt(MAD(e)² + (rᵢ / (√3 mᵢ))²)`, with the median absolute deviation scaled
//! to a standard deviation and the reading error uniform in ±rᵢ. A score above 3.5 makes an outlier: Iglewicz & Hoaglin,
//! "How to Detect and Handle Outliers" (1993). The denominator is at least 0.5 %, so that a curve that agrees to the
//! last digit has no outliers by rounding; fewer than 4 points have none. Because the median is taken off, a model that is
//! wrong by the same factor everywhere does not turn its points into outliers; and if more than one point, and more than
//! one in five, score above the limit, the model has missed a part of the curve: none of them is an outlier.
//!
//! *Noise floor.* The mean absolute relative error that a perfect model would show against these measurements:
//! * Repeats at a rank count: the median of n runs scatters by `sqrt(π/2) σ / sqrt(n)`, and the mean absolute value of
//!   a normal deviate is `sqrt(2/π)` of its standard deviation; together `σ / sqrt(n)` with σ the scaled MAD of the
//!   runs over their median.
//! * One run at a rank count: `sqrt(2/π) σ` with σ from the successive differences of the errors of neighbouring rank
//!   counts, `median |eᵢ₊₁ - eᵢ| / (0.6745 √2)`, in which a smooth bias of the model cancels: von Neumann, "Distribution
//!   of the Ratio of the Mean Square Successive Difference to the Variance" (1941); Rice, "Bandwidth Choice for
//!   Nonparametric Regression" (1984). Fewer than 3 differences tell nothing and count as zero.
//! * In any case at least the mean of `rᵢ / (2 mᵢ)`, what a uniform reading error alone gives.

use dlpc_engine::maths;
use dlpc_engine::stats;

use crate::analysis::{Curve, CurvePoint};
use crate::measurement::{MeasuredRun, Measurement};

/// Score above which a point is an outlier: Iglewicz & Hoaglin (1993).
const OUTLIER_SCORE: f64 = 3.5;
/// Fewest points that can tell an outlier from a trend.
const OUTLIER_POINTS_MIN: usize = 4;
/// One point in so many may be an outlier; more of them are the fault of the model.
const OUTLIERS_ONE_IN: usize = 5;
/// Smallest scale of the relative errors that scores are taken against.
const ERROR_SCALE_MIN: f64 = 0.005;
/// Fewest successive differences that give a scatter.
const DIFFERENCES_MIN: usize = 3;
/// Median of the absolute value of a standard normal deviate.
const NORMAL_QUARTILE: f64 = 0.6745;

/// Prediction against measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Summary over all points that are compared, outliers left out.
    pub accuracy: Accuracy,
    /// One entry per measured rank count that was predicted, ascending.
    pub points: Vec<ComparedPoint>,
}

/// Summary of the errors, as ratios (0.05 is 5 %); all zero if `n_points` is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Mean absolute relative error.
    pub mape: f64,
    /// Median absolute relative error.
    pub median: f64,
    /// 90 % quantile of the absolute relative error.
    pub p90: f64,
    /// Largest absolute relative error.
    pub max: f64,
    /// Mean signed relative error.
    pub bias: f64,
    /// Share of points inside the band, reading error allowed for.
    pub band_coverage: f64,
    /// Mean absolute relative error that a perfect model would show.
    pub noise_floor: f64,
    /// Points in the summary.
    pub n_points: u32,
    /// Points left out as outliers.
    pub n_outliers: u32,
}

/// Which points the summary is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Only points that the machine model was not fitted to.
    HeldOut,
    /// All points.
    All,
}

/// Prediction against measurement at one rank count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComparedPoint {
    /// Rank count.
    pub ranks: u32,
    /// Median of the measured runs.
    pub measured_s: f64,
    /// Half-width of the interval of the measured value.
    pub reading_error_s: f64,
    /// Measured runs.
    pub n_runs: u32,
    /// Shortest of them, less its reading error.
    pub measured_low_s: f64,
    /// Longest of them, and its reading error.
    pub measured_high_s: f64,
    /// Median of the predicted makespan.
    pub predicted_s: f64,
    /// 5 % quantile of the predicted makespan.
    pub predicted_p05_s: f64,
    /// 95 % quantile of the predicted makespan.
    pub predicted_p95_s: f64,
    /// Signed: (prediction - measurement) / measurement.
    pub relative_error: f64,
    /// Whether the measured interval touches the 5-95 % band.
    pub inside_band: bool,
    /// Whether the point is left out of the summary.
    pub is_outlier: bool,
    /// Whether the machine model was fitted to this point.
    pub used_for_fit: bool,
}

/// Compares a prediction with measured runs at the rank counts that both have.
///
/// The measured value of a rank count is the median of its runs, its reading error the largest of theirs.
/// `was_fitted` tells whether the machine model was fitted to a rank count. All points take part in finding outliers;
/// the summary is over the points of `scope` that are no outliers.
#[must_use]
pub fn compare(curve: &Curve, measurement: &Measurement, was_fitted: &dyn Fn(u32) -> bool, scope: Scope) -> Comparison {
    let samples: Vec<Sample> = measurement
        .by_ranks()
        .into_iter()
        .filter_map(|(ranks, runs)| {
            let predicted = curve.points.iter().find(|point| point.ranks == ranks)?;
            Some(Sample::new(predicted, &runs, was_fitted(ranks)))
        })
        .collect();
    let samples = mark_outliers(samples);
    let accuracy = summarize(&samples, scope);
    Comparison { accuracy, points: samples.into_iter().map(|sample| sample.point).collect() }
}

/// A compared point and how much its own repeats scatter.
struct Sample {
    point: ComparedPoint,
    /// Mean absolute relative error of the median of the repeats; none without repeats.
    repeat_scatter: Option<f64>,
}

impl Sample {
    fn new(predicted: &CurvePoint, runs: &[MeasuredRun], used_for_fit: bool) -> Self {
        let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        let measured_s = stats::median(&seconds);
        let reading_error_s = runs.iter().fold(0.0, |widest: f64, run| widest.max(run.reading_error_s));
        let touches_band = measured_s - reading_error_s <= predicted.makespan_p95_s
            && predicted.makespan_p05_s <= measured_s + reading_error_s;
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 runs")]
        let repeat_scatter =
            (runs.len() > 1).then(|| stats::mad(&seconds) / measured_s / (seconds.len() as f64).sqrt());
        let point = ComparedPoint {
            ranks: predicted.ranks,
            measured_s,
            reading_error_s,
            n_runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
            measured_low_s: runs.iter().map(|run| run.seconds - run.reading_error_s).fold(f64::INFINITY, f64::min),
            measured_high_s: runs.iter().map(|run| run.seconds + run.reading_error_s).fold(0.0, f64::max),
            predicted_s: predicted.makespan_s,
            predicted_p05_s: predicted.makespan_p05_s,
            predicted_p95_s: predicted.makespan_p95_s,
            relative_error: (predicted.makespan_s - measured_s) / measured_s,
            inside_band: touches_band,
            is_outlier: false,
            used_for_fit,
        };
        Self { point, repeat_scatter }
    }

    /// Returns the reading error as a share of the measured value.
    fn reading_error(&self) -> f64 {
        self.point.reading_error_s / self.point.measured_s
    }
}

fn mark_outliers(mut samples: Vec<Sample>) -> Vec<Sample> {
    if samples.len() < OUTLIER_POINTS_MIN {
        return samples;
    }
    let errors: Vec<f64> = samples.iter().map(|sample| sample.point.relative_error).collect();
    let (middle, scatter) = (stats::median(&errors), stats::mad(&errors));
    let stands_out = |sample: &Sample| {
        // The standard deviation of a uniform distribution is its half-width over the square root of 3.
        let scale = maths::hypot(scatter, sample.reading_error() / 3f64.sqrt()).max(ERROR_SCALE_MIN);
        OUTLIER_SCORE < (sample.point.relative_error - middle).abs() / scale
    };
    let n_limit = (samples.len() / OUTLIERS_ONE_IN).max(1);
    if samples.iter().filter(|sample| stands_out(sample)).count() <= n_limit {
        for sample in &mut samples {
            sample.point.is_outlier = stands_out(sample);
        }
    }
    samples
}

fn summarize(samples: &[Sample], scope: Scope) -> Accuracy {
    let in_scope = |sample: &&Sample| match scope {
        Scope::HeldOut => !sample.point.used_for_fit,
        Scope::All => true,
    };
    let (outliers, kept): (Vec<&Sample>, Vec<&Sample>) =
        samples.iter().filter(in_scope).partition(|sample| sample.point.is_outlier);
    let n_outliers = u32::try_from(outliers.len()).expect("invariant: at most one point per u32 rank count");
    if kept.is_empty() {
        return Accuracy { n_outliers, ..NO_POINTS };
    }
    let errors: Vec<f64> = kept.iter().map(|sample| sample.point.relative_error).collect();
    let absolute: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    let inside: Vec<f64> = kept.iter().map(|sample| f64::from(u8::from(sample.point.inside_band))).collect();
    Accuracy {
        mape: stats::mean(&absolute),
        median: stats::median(&absolute),
        p90: stats::quantile(&absolute, 0.9),
        max: stats::quantile(&absolute, 1.0),
        bias: stats::mean(&errors),
        band_coverage: stats::mean(&inside),
        noise_floor: noise_floor(samples, &kept),
        n_points: u32::try_from(kept.len()).expect("invariant: at most one point per u32 rank count"),
        n_outliers,
    }
}

/// Summary of nothing.
const NO_POINTS: Accuracy = Accuracy {
    mape: 0.0,
    median: 0.0,
    p90: 0.0,
    max: 0.0,
    bias: 0.0,
    band_coverage: 0.0,
    noise_floor: 0.0,
    n_points: 0,
    n_outliers: 0,
};

/// Returns the noise floor of the `kept` points; neighbours are looked for in `all` of them that are no outliers.
fn noise_floor(all: &[Sample], kept: &[&Sample]) -> f64 {
    let single_scatter = (2.0 / std::f64::consts::PI).sqrt() * successive_sigma(all);
    let scatter: Vec<f64> = kept.iter().map(|sample| sample.repeat_scatter.unwrap_or(single_scatter)).collect();
    let reading: Vec<f64> = kept.iter().map(|sample| sample.reading_error() / 2.0).collect();
    stats::mean(&scatter).max(stats::mean(&reading))
}

/// Returns the standard deviation of the relative errors about a smooth curve, from their successive differences.
fn successive_sigma(samples: &[Sample]) -> f64 {
    let errors: Vec<f64> =
        samples.iter().filter(|sample| !sample.point.is_outlier).map(|sample| sample.point.relative_error).collect();
    let differences: Vec<f64> = errors.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    if differences.len() < DIFFERENCES_MIN {
        return 0.0;
    }
    stats::median(&differences) / (NORMAL_QUARTILE * 2f64.sqrt())
}

#[cfg(test)]
mod tests;
