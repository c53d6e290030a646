//! The scatter of each measurement beyond its reading error.
//!
//! The smallest relative scatter at which the residuals are as large as they should be: their squares, in variances, add
//! up to the degrees of freedom (Mandel and Paule, "Interlaboratory Evaluation of a Material with Unequal Numbers of
//! Replicates", 1970). Runs that lie far off do not count for it; of few runs, only one that lies very far off is told
//! from the others.

use dlpc_engine::maths;
use dlpc_engine::stats::{MAD_TO_SIGMA, median};

use super::linear::{Linear, Solution};
use super::{Point, largest_change};
use crate::fit::statistics::intervals::t_outlier;

/// How far off, in standard deviations that are known, a run is an outlier: as in docs/model.md eq. 20.
const OUTLIER_SCORE: f64 = 3.5;
/// Largest relative scatter that is looked for.
const SCATTER_MAX: f64 = 0.5;
/// Least relative standard deviation of a run.
const SIGMA_MIN: f64 = 1e-4;
/// Halvings of an interval in which a scatter lies: to 1e-6.
const HALVINGS: usize = 19;
/// Rounds over all measurements, and of finding outliers.
const ROUNDS_MAX: usize = 8;

/// Relative scatter of each measurement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scatter {
    pub(super) relative: Vec<f64>,
    /// For each point, whether it lies far off.
    pub(super) is_outlier: Vec<bool>,
}

impl Scatter {
    /// Returns no scatter of `n_programs` measurements.
    pub(super) fn none(n_programs: usize) -> Self {
        Self { relative: vec![0.0; n_programs], is_outlier: Vec::new() }
    }

    /// Returns the standard deviation of each point: a reading error is uniform, so its is the half-width over sqrt 3.
    pub(super) fn sigmas_s(&self, points: &[Point]) -> Vec<f64> {
        let sigma = |point: &Point| {
            let scatter = self.relative[point.program].max(SIGMA_MIN);
            maths::hypot(point.reading_error_s / 3_f64.sqrt(), scatter * point.measured_s)
        };
        points.iter().map(sigma).collect()
    }

    /// Returns the scatter that the residuals show, found for one measurement after the other.
    pub(super) fn found(mut self, linear: &Linear, points: &[Point]) -> Self {
        self.is_outlier = vec![false; points.len()];
        for _ in 0..ROUNDS_MAX {
            let before = self.relative.clone();
            for program in 0..self.relative.len() {
                self.find(program, linear, points);
            }
            if largest_change(&self.relative, &before) < 1e-5 {
                break;
            }
        }
        self
    }

    fn find(&mut self, program: usize, linear: &Linear, points: &[Point]) {
        let of_program: Vec<usize> = (0..points.len()).filter(|i| points[*i].program == program).collect();
        // Outliers hardly move the median, so they are found by it; the others then give the scatter.
        self.relative[program] = self.least(program, linear, points, |scores, _| {
            let absolute: Vec<f64> = of_program.iter().map(|i| scores[*i].abs()).collect();
            MAD_TO_SIGMA * median(&absolute) <= 1.0
        });
        for _ in 0..ROUNDS_MAX {
            let (scores, solution) = self.scores(linear, points);
            let freedom = self.freedom(program, &solution, points);
            let is_beyond = |i: &usize| self.threshold(&points[*i], freedom) < scores[*i].abs();
            let is_far: Vec<bool> = of_program.iter().map(is_beyond).collect();
            let inside: Vec<usize> =
                of_program.iter().zip(&is_far).filter(|(_, is_far)| !**is_far).map(|(i, _)| *i).collect();
            self.relative[program] = self.least(program, linear, points, |scores, solution| {
                let squares: f64 = inside.iter().map(|i| scores[*i].powi(2)).sum();
                squares <= inside.iter().map(|i| 1.0 - solution.leverages[*i]).sum()
            });
            let is_same = of_program.iter().zip(&is_far).all(|(i, is_far)| self.is_outlier[*i] == *is_far);
            for (i, is_far) in of_program.iter().zip(is_far) {
                self.is_outlier[*i] = is_far;
            }
            if is_same {
                break;
            }
        }
    }

    /// Returns the degrees of freedom of a measurement's scatter: its runs that count, less what the fit takes of them.
    pub(super) fn freedom(&self, program: usize, solution: &Solution, points: &[Point]) -> f64 {
        let counts = |i: &usize| points[*i].program == program && !self.is_outlier[*i];
        let freedom: f64 = (0..points.len()).filter(counts).map(|i| 1.0 - solution.leverages[i]).sum();
        freedom.max(1.0)
    }

    /// Returns the score from which on a run is an outlier: as rare as the usual score is if the scatter is known. A
    /// scatter that few runs determine may be far too small, the reading error is known (Satterthwaite).
    fn threshold(&self, point: &Point, freedom: f64) -> f64 {
        let scatter = (self.relative[point.program] * point.measured_s).powi(2);
        let variance = point.reading_error_s.powi(2) / 3.0 + scatter;
        if scatter <= 0.0 {
            return OUTLIER_SCORE;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 1000")]
        let freedom = (freedom * (variance / scatter).powi(2)).clamp(1.0, 1e3).floor() as usize;
        t_outlier(freedom)
    }

    /// Returns the least scatter of one measurement that is enough, by halving.
    fn least(
        &self,
        program: usize,
        linear: &Linear,
        points: &[Point],
        is_enough: impl Fn(&[f64], &Solution) -> bool,
    ) -> f64 {
        let is_enough_at = |scatter: f64| {
            let mut candidate = self.clone();
            candidate.relative[program] = scatter;
            let (scores, solution) = candidate.scores(linear, points);
            is_enough(&scores, &solution)
        };
        if is_enough_at(0.0) {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, SCATTER_MAX);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if is_enough_at(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// Returns the residuals in standard deviations, and the fit that they are of.
    fn scores(&self, linear: &Linear, points: &[Point]) -> (Vec<f64>, Solution) {
        let sigmas_s = self.sigmas_s(points);
        let solution = linear.solve(&sigmas_s);
        let scores = solution.residuals_s.iter().zip(&sigmas_s).map(|(residual, sigma)| residual / sigma).collect();
        (scores, solution)
    }
}
