//! Robust weighted least squares with coefficients that are not negative: weights and bounds are found here, equations are
//! solved by nalgebra.

use dlpc_engine::stats;
use nalgebra::{Cholesky, Const, SMatrix, SVector};

/// Huber's constant: 95 % efficient for normal residuals. Huber, "Robust Estimation of a Location Parameter" (1964).
const HUBER: f64 = 1.345;
/// Constant of Tukey's biweight, 95 % efficient too: residuals beyond it count nothing. Beaton and Tukey (1974).
const BIWEIGHT: f64 = 4.685;
/// Residuals, in standard deviations, beyond which one more is no worse.
const TRUNCATION: f64 = 3.0;
/// Least relative standard deviation: samples without noise must not divide by zero.
pub(in crate::fit) const SIGMA_MIN: f64 = 1e-5;

const HUBER_ROUNDS: usize = 6;
const BIWEIGHT_ROUNDS: usize = 8;

/// One equation: `offset + factors * x = value`, up to a relative error that equations of a series share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) struct Equation<const N: usize> {
    pub(in crate::fit) factors: [f64; N],
    /// Known part of the value.
    pub(in crate::fit) offset: f64,
    /// Measured, above zero.
    pub(in crate::fit) value: f64,
    /// Which series of measurements it belongs to; each has a scatter of its own.
    pub(in crate::fit) series: usize,
}

impl<const N: usize> Equation<N> {
    /// Returns what the coefficients predict.
    pub(in crate::fit) fn predicted(&self, x: &[f64; N]) -> f64 {
        self.offset + dot(&self.factors, x)
    }

    /// Returns (prediction - value) / value.
    pub(in crate::fit) fn relative_residual(&self, x: &[f64; N]) -> f64 {
        self.predicted(x) / self.value - 1.0
    }
}

/// Coefficients and how well they fit.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct Solution<const N: usize> {
    pub(in crate::fit) x: [f64; N],
    /// Normal matrix with the final weights: its inverse is the covariance of `x`.
    pub(in crate::fit) normal: [[f64; N]; N],
}

/// Returns the coefficients, none negative, that fit all equations best by their relative residuals.
///
/// Iteratively reweighted: Huber's weights to find the bulk, then Tukey's biweight, to which a residual of many standard
/// deviations is nothing. `sigmas` is the relative standard deviation of each series; without it, it is found from the
/// residuals (MAD), anew in each round.
pub(in crate::fit) fn solve<const N: usize>(equations: &[Equation<N>], sigmas: Option<&[f64]>) -> Solution<N> {
    let mut predicted: Vec<f64> = equations.iter().map(|equation| equation.value).collect();
    let mut robust = vec![1.0; equations.len()];
    let mut normal = [[0.0; N]; N];
    let mut x = [0.0; N];
    for round in 0..HUBER_ROUNDS + BIWEIGHT_ROUNDS {
        let scales = match sigmas {
            _ if round == 0 => Vec::new(),
            Some(sigmas) => sigmas.to_vec(),
            None => scales(equations, &x),
        };
        if round > 0 {
            for (weight, equation) in robust.iter_mut().zip(equations) {
                let score = residual_score(equation, &x, scales[equation.series]);
                *weight = if round <= HUBER_ROUNDS { huber(score) } else { biweight(score) };
            }
        }
        let scale_of = |series: usize| scales.get(series).copied().unwrap_or(1.0);
        let (matrix, right) =
            normal_equations(equations, &predicted, |i| robust[i] / scale_of(equations[i].series).powi(2));
        let next = non_negative(&matrix, &right);
        let is_settled = round > HUBER_ROUNDS && next.iter().zip(&x).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs());
        (x, normal) = (next, matrix);
        if is_settled {
            break;
        }
        for (predicted, equation) in predicted.iter_mut().zip(equations) {
            // A poor first fit may predict nothing at all.
            *predicted = equation.predicted(&x).clamp(equation.value / 5.0, equation.value * 5.0);
        }
    }
    Solution { x, normal }
}

/// Returns the sum of squared residuals in standard deviations, those beyond 3 counted as 3.
pub(in crate::fit) fn truncated_squares<const N: usize>(
    equations: &[Equation<N>],
    x: &[f64; N],
    sigmas: &[f64],
) -> f64 {
    let scores = equations.iter().map(|equation| residual_score(equation, x, sigmas[equation.series]));
    scores.map(|score| score.min(TRUNCATION).powi(2)).sum()
}

/// Returns the relative standard deviation of each series by the MAD of its residuals.
pub(in crate::fit) fn scales<const N: usize>(equations: &[Equation<N>], x: &[f64; N]) -> Vec<f64> {
    let n_series = equations.iter().map(|equation| equation.series + 1).max().unwrap_or(0);
    (0..n_series)
        .map(|series| {
            let of_series = equations.iter().filter(|equation| equation.series == series);
            let residuals: Vec<f64> = of_series.map(|equation| equation.relative_residual(x).abs()).collect();
            if residuals.is_empty() {
                SIGMA_MIN
            } else {
                (stats::MAD_TO_SIGMA * stats::median(&residuals)).max(SIGMA_MIN)
            }
        })
        .collect()
}

/// Returns the standard error of one coefficient, if the equations fix it.
pub(in crate::fit) fn standard_error<const N: usize>(solution: &Solution<N>, i: usize) -> Option<f64> {
    let mut unit = [0.0; N];
    unit[i] = 1.0;
    let used: Vec<usize> = (0..N).filter(|k| solution.x[*k] > 0.0).collect();
    let column = solve_subset(&solution.normal, &unit, &used)?;
    (column[i] > 0.0).then(|| column[i].sqrt())
}

/// Returns the relative residual in standard deviations, not negative.
fn residual_score<const N: usize>(equation: &Equation<N>, x: &[f64; N], sigma: f64) -> f64 {
    equation.relative_residual(x).abs() / sigma
}

fn huber(score: f64) -> f64 {
    if score <= HUBER { 1.0 } else { HUBER / score }
}

fn biweight(score: f64) -> f64 {
    if score >= BIWEIGHT { 0.0 } else { (1.0 - (score / BIWEIGHT).powi(2)).powi(2) }
}

fn normal_equations<const N: usize>(
    equations: &[Equation<N>],
    predicted: &[f64],
    weight: impl Fn(usize) -> f64,
) -> ([[f64; N]; N], [f64; N]) {
    let mut matrix = [[0.0; N]; N];
    let mut right = [0.0; N];
    for (i, (equation, predicted)) in equations.iter().zip(predicted).enumerate() {
        let weight = weight(i) / predicted.powi(2);
        for row in 0..N {
            let weighted = weight * equation.factors[row];
            right[row] += weighted * (equation.value - equation.offset);
            for (entry, factor) in matrix[row].iter_mut().zip(&equation.factors) {
                *entry += weighted * factor;
            }
        }
    }
    (matrix, right)
}

/// Minimises `x A x / 2 - b x` over x that are not negative.
///
/// Active sets: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23, on the normal equations.
fn non_negative<const N: usize>(a: &[[f64; N]; N], b: &[f64; N]) -> [f64; N] {
    let mut x = [0.0; N];
    let mut used: Vec<usize> = Vec::new();
    for _ in 0..10 * N {
        let gain = |i: usize| (b[i] - dot(&a[i], &x)) / a[i][i].sqrt();
        let scale = |i: usize| b[i].abs() / a[i][i].sqrt();
        let candidates = (0..N).filter(|i| a[*i][*i] > 0.0 && !used.contains(i) && gain(*i) > 1e-10 * scale(*i));
        let Some(best) = candidates.max_by(|i, j| gain(*i).total_cmp(&gain(*j))) else { return x };
        used.push(best);
        loop {
            let Some(next) = solve_subset(a, b, &used) else {
                // It depends on the others.
                used.retain(|i| *i != best);
                return x;
            };
            if used.iter().all(|i| next[*i] > 0.0) {
                x = next;
                break;
            }
            // As far towards `next` as all stay positive; the first that becomes zero leaves.
            let step = used.iter().filter(|i| next[**i] <= 0.0).map(|i| x[*i] / (x[*i] - next[*i])).fold(1.0, f64::min);
            for i in &used {
                x[*i] += step * (next[*i] - x[*i]);
            }
            let smallest = used.iter().filter(|i| next[**i] <= 0.0).map(|i| x[*i]).fold(f64::INFINITY, f64::min);
            used.retain(|i| next[*i] > 0.0 || x[*i] > smallest.max(0.0));
            for (i, x) in x.iter_mut().enumerate() {
                if !used.contains(&i) {
                    *x = 0.0;
                }
            }
            if used.is_empty() {
                return x;
            }
        }
    }
    x
}

/// Solves the rows and columns `used` of `matrix x = right` by Cholesky, scaled to a unit diagonal; all other unknowns are
/// zero. None if they are singular.
fn solve_subset<const N: usize>(matrix: &[[f64; N]; N], right: &[f64; N], used: &[usize]) -> Option<[f64; N]> {
    /// Least pivot of the scaled matrix: below it, a column is a combination of others but for rounding.
    const PIVOT_MIN: f64 = 1e-12;
    let is_used: [bool; N] = std::array::from_fn(|i| used.contains(&i));
    let scale: [f64; N] = std::array::from_fn(|i| if is_used[i] { matrix[i][i].sqrt() } else { 1.0 });
    let entry = |i: usize, j: usize| match (is_used[i] && is_used[j], i == j) {
        (true, _) => matrix[i][j] / (scale[i] * scale[j]),
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    let cholesky: Cholesky<f64, Const<N>> = SMatrix::<f64, N, N>::from_fn(entry).cholesky()?;
    let pivots = cholesky.l_dirty().diagonal();
    if pivots.iter().any(|pivot| pivot.powi(2) <= PIVOT_MIN) {
        return None;
    }
    let scaled = SVector::<f64, N>::from_fn(|i, _| if is_used[i] { right[i] / scale[i] } else { 0.0 });
    let solution = cholesky.solve(&scaled);
    Some(std::array::from_fn(|i| solution[i] / scale[i]))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Returns the location of values that are normal but for outliers: Tukey's biweight from the median, scale by MAD.
///
/// # Panics
/// If `values` is empty.
pub(in crate::fit) fn robust_mean(values: &[f64]) -> f64 {
    let mut center = stats::median(values);
    let scale = stats::mad(values);
    if scale <= 0.0 {
        return center;
    }
    for _ in 0..20 {
        let weights: Vec<f64> = values.iter().map(|value| biweight((value - center).abs() / scale)).collect();
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return center;
        }
        center = dot(&weights, values) / total;
    }
    center
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(f64, f64)]) -> Vec<Equation<2>> {
        points.iter().map(|(x, y)| Equation { factors: [1.0, *x], offset: 0.0, value: *y, series: 0 }).collect()
    }

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6 * expected.abs().max(1e-3), "found {found}, expected {expected}");
    }

    #[test]
    fn a_line_is_found_exactly() {
        let found = solve(&line(&[(1.0, 5.0), (2.0, 7.0), (10.0, 23.0)]), None);
        assert_near(found.x[0], 3.0);
        assert_near(found.x[1], 2.0);
    }

    #[test]
    fn outliers_count_nothing() {
        let points: Vec<(f64, f64)> = (1..=20)
            .map(|i| {
                let scatter = if i % 2 == 0 { 1.001 } else { 0.999 };
                (f64::from(i), (3.0 + 2.0 * f64::from(i)) * if i == 7 { 3.0 } else { scatter })
            })
            .collect();
        let found = solve(&line(&points), None);
        assert!((found.x[0] - 3.0).abs() < 0.01 && (found.x[1] - 2.0).abs() < 0.002, "{:?}", found.x);
    }

    #[test]
    fn no_coefficient_is_negative() {
        // Falls: the best slope is 0, and the weighted mean of the values is left.
        let found = solve(&line(&[(1.0, 5.0), (2.0, 4.9), (3.0, 4.8)]), None);
        assert_near(found.x[1], 0.0);
        assert!((4.8..=5.0).contains(&found.x[0]));
    }

    #[test]
    fn columns_that_no_equation_has_stay_zero() {
        let equations: Vec<Equation<3>> = [(1.0, 5.0), (2.0, 7.0)]
            .map(|(x, y)| Equation { factors: [1.0, x, 0.0], offset: 0.0, value: y, series: 0 })
            .to_vec();
        assert_near(solve(&equations, None).x[2], 0.0);
    }

    #[test]
    fn the_robust_mean_ignores_outliers() {
        assert!((robust_mean(&[1.0, 1.1, 0.9, 1.05, 0.95, 9.0]) - 1.0).abs() < 0.01);
        assert_near(robust_mean(&[4.0, 4.0, 4.0]), 4.0);
    }
}
