//! Robust least squares around a point at which the makespans were simulated.
//!
//! No factor becomes negative: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23. Huber's weights,
//! iterated: Huber, "Robust Estimation of a Location Parameter" (1964).

use nalgebra::{DMatrix, DVector};

/// Huber's constant: 95 % efficient for normal residuals.
const HUBER: f64 = 1.345;
/// Rounds of reweighting, and the change of a weight at which they end.
const ROUNDS_MAX: usize = 50;
const WEIGHT_CHANGE_MAX: f64 = 1e-8;
/// Least descent, relative to the columns and what is fitted, for which a factor at zero is let go.
const DESCENT_MIN: f64 = 1e-12;
/// Most steps of the search for the factors that are above zero, per factor.
const STEPS_MAX: usize = 10;

/// Makespans as a linear function of the factors: `here_s + jacobian_s (x - x0)`.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    x0: Vec<f64>,
    /// Measured minus the constant part.
    target_s: DVector<f64>,
    jacobian_s: DMatrix<f64>,
}

/// Factors and what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    /// Factors, none negative.
    pub(super) x: Vec<f64>,
    /// Measured minus fitted, in seconds.
    pub(super) residuals_s: Vec<f64>,
    /// Huber's weight of each point: 1, or less.
    pub(super) weights: Vec<f64>,
    /// How much each point pulls its own fitted value: the diagonal of the hat matrix.
    pub(super) leverages: Vec<f64>,
    /// Derivative of each factor by each measured time, parameters by points, in 1/s.
    pub(super) gain: DMatrix<f64>,
}

impl Linear {
    /// Takes the makespans at the factors `x0`, their derivatives by each factor, and the measured times.
    pub(super) fn new(x0: Vec<f64>, here_s: Vec<f64>, columns: Vec<Vec<f64>>, measured_s: Vec<f64>) -> Self {
        let columns: Vec<DVector<f64>> = columns.into_iter().map(DVector::from_vec).collect();
        let jacobian_s = DMatrix::from_columns(&columns);
        let constant = DVector::from_vec(here_s) - &jacobian_s * DVector::from_vec(x0.clone());
        Self { x0, target_s: DVector::from_vec(measured_s) - constant, jacobian_s }
    }

    /// Returns the factors that fit the measured times best, if each has this standard deviation.
    pub(super) fn solve(&self, sigmas_s: &[f64]) -> Solution {
        let mut weights = vec![1.0; sigmas_s.len()];
        let mut x = DVector::zeros(self.x0.len());
        for _ in 0..ROUNDS_MAX {
            x = self.weighted(sigmas_s, &weights);
            let residuals_s = &self.target_s - &self.jacobian_s * &x;
            let weight = |(residual, sigma): (&f64, &f64)| (HUBER * sigma / residual.abs()).min(1.0);
            let next: Vec<f64> = residuals_s.iter().zip(sigmas_s).map(weight).collect();
            let change = next.iter().zip(&weights).map(|(new, old)| (new - old).abs()).fold(0.0, f64::max);
            weights = next;
            if change < WEIGHT_CHANGE_MAX {
                break;
            }
        }
        self.solution(&x, sigmas_s, weights)
    }

    fn weighted(&self, sigmas_s: &[f64], weights: &[f64]) -> DVector<f64> {
        let scale = DVector::from_iterator(
            weights.len(),
            weights.iter().zip(sigmas_s).map(|(weight, sigma)| weight.sqrt() / sigma),
        );
        let mut matrix = self.jacobian_s.clone();
        for mut column in matrix.column_iter_mut() {
            column.component_mul_assign(&scale);
        }
        not_negative(&matrix, &self.target_s.component_mul(&scale))
    }

    fn solution(&self, x: &DVector<f64>, sigmas_s: &[f64], weights: Vec<f64>) -> Solution {
        let precision = DVector::from_iterator(
            weights.len(),
            weights.iter().zip(sigmas_s).map(|(weight, sigma)| weight / sigma.powi(2)),
        );
        let weighted = DMatrix::from_diagonal(&precision) * &self.jacobian_s;
        let normal = self.jacobian_s.transpose() * &weighted;
        let inverse = normal.pseudo_inverse(f64::EPSILON).expect("invariant: the tolerance is not negative");
        let gain = inverse * weighted.transpose();
        let leverages = (0..weights.len()).map(|i| self.jacobian_s.row(i).transpose().dot(&gain.column(i))).collect();
        let residuals_s = (&self.target_s - &self.jacobian_s * x).iter().copied().collect();
        Solution { x: x.iter().copied().collect(), residuals_s, weights, leverages, gain }
    }
}

/// Returns the `x >= 0` for which `matrix x` is closest to `target`.
fn not_negative(matrix: &DMatrix<f64>, target: &DVector<f64>) -> DVector<f64> {
    let norms: Vec<f64> = matrix.column_iter().map(|column| column.norm().max(f64::MIN_POSITIVE)).collect();
    let mut matrix = matrix.clone();
    for (mut column, norm) in matrix.column_iter_mut().zip(&norms) {
        column /= *norm;
    }
    let (normal, right) = (matrix.transpose() * &matrix, matrix.transpose() * target);
    let n = norms.len();
    let mut x = DVector::zeros(n);
    let mut free: Vec<usize> = Vec::new();
    for _ in 0..STEPS_MAX * n {
        let descent = &right - &normal * &x;
        let held = (0..n).filter(|i| !free.contains(i) && descent[*i] > DESCENT_MIN * target.norm());
        let Some(next) = held.max_by(|a, b| descent[*a].total_cmp(&descent[*b])) else { break };
        free.push(next);
        while let Some(goal) = solved(&normal, &right, &free) {
            // The first factor that would become negative on the way to the goal, and how far it is to there.
            let step = |i: &usize| (x[*i] / (x[*i] - goal[*i]).max(f64::MIN_POSITIVE), *i);
            let first = free.iter().filter(|i| goal[**i] <= 0.0).map(step).min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((share, held)) = first else {
                x = goal;
                break;
            };
            x += share * (&goal - &x);
            x[held] = 0.0;
            free.retain(|i| *i != held);
        }
    }
    DVector::from_iterator(n, x.iter().zip(&norms).map(|(x, norm)| x / norm))
}

/// Returns the solution for the factors that are free, the others being zero; none if they cannot be told apart.
fn solved(normal: &DMatrix<f64>, right: &DVector<f64>, free: &[usize]) -> Option<DVector<f64>> {
    let part = DMatrix::from_fn(free.len(), free.len(), |i, j| normal[(free[i], free[j])]);
    let found = part.cholesky()?.solve(&DVector::from_fn(free.len(), |i, _| right[free[i]]));
    let mut all = DVector::zeros(right.len());
    for (i, value) in free.iter().zip(found.iter()) {
        all[*i] = *value;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y = x0 + x1 / ranks` at four rank counts.
    fn line(measured_s: [f64; 4]) -> Linear {
        let columns = vec![vec![1.0; 4], vec![1.0, 0.5, 0.25, 0.125]];
        Linear::new(vec![1.0, 1.0], vec![2.0, 1.5, 1.25, 1.125], columns, measured_s.to_vec())
    }

    #[test]
    fn exact_times_give_exact_costs() {
        // 0.5 + 8 / ranks
        let solution = line([8.5, 4.5, 2.5, 1.5]).solve(&[0.1; 4]);
        assert!((solution.x[0] - 0.5).abs() < 1e-9 && (solution.x[1] - 8.0).abs() < 1e-9, "{:?}", solution.x);
        assert!((solution.leverages.iter().sum::<f64>() - 2.0).abs() < 1e-9, "two unknowns");
    }

    #[test]
    fn no_cost_becomes_negative() {
        // 8 / ranks - 0.5: the best constant part that is not negative is zero.
        let solution = line([7.5, 3.5, 1.5, 0.5]).solve(&[0.1; 4]);
        assert!(solution.x[0].abs() < f64::EPSILON, "{:?}", solution.x);
    }

    #[test]
    fn a_run_that_lies_far_off_counts_little() {
        let solution = line([8.5, 4.5, 2.5, 9.0]).solve(&[0.01; 4]);
        assert!(solution.weights[3] < 0.01 && (solution.x[1] - 8.0).abs() < 0.1, "{solution:?}");
    }
}
