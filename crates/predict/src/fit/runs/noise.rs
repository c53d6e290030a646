//! Noise from runs: of single ranks from runs repeated at one rank count, of whole runs from the scatter about the fit.
//!
//! A factor on a whole run scatters all rank counts alike. Noise of single ranks scatters the makespan of many ranks less
//! than that of one, because it only ever ends with the slowest, and it bends the curve. The scatter about a fit has both,
//! and what the model gets wrong, in it: taken for noise of ranks, it would bend the curve, which makes the residuals
//! larger, and so on. So only runs at the same rank count determine noise of ranks, and only if a factor common to the run does
//! not explain them.

use std::collections::BTreeMap;

use dlpc_engine::machine::{COSTED, Costed, MachineModel, Noise};
use dlpc_engine::maths;
use dlpc_engine::stats::mean;

use super::linear::Solution;
use super::parameters::Parameter;
use super::{Point, Scatter};
use crate::fit::values::ratio_of;

/// Digits of a sigma.
const SIGMA_DIGITS: usize = 3;
/// How much more likely repeated runs must be with another noise of ranks than with the prior's: twice the logarithm of
/// the ratio, which chance exceeds one time in twenty (chi-square with one degree of freedom; Wilks, 1938).
const EVIDENCE_MIN: f64 = 3.841;
/// Steps of a golden-section search: to 1e-6 of its interval.
const SECTIONS: usize = 30;

/// Runs of one program at one rank count.
struct Repeats {
    /// One of them.
    point: usize,
    /// Runs, less one.
    freedom: f64,
    /// Variance of the logarithms of their times.
    variance: f64,
    /// The part of it that the reading errors explain.
    of_reading: f64,
}

/// Returns the prior's noise, without any doubt about the costs that are fitted.
pub(super) fn of_prior(prior: &MachineModel, parameters: &[Parameter]) -> Noise {
    let mut noise = prior.noise.clone();
    for (kernel, _) in parameters.iter().flat_map(|parameter| &parameter.kernels) {
        noise.cost_sigma[COSTED[*kernel].kernel as usize] = 0.0;
    }
    noise
}

/// Returns noise with other sigmas of the ops of some kernels.
pub(super) fn with(noise: &Noise, sigmas: &[Option<f64>; COSTED.len()]) -> Noise {
    let mut noise = noise.clone();
    for (Costed { kernel, .. }, sigma) in COSTED.into_iter().zip(sigmas) {
        if let Some(sigma) = sigma {
            noise.compute_sigma[kernel as usize] = *sigma;
        }
    }
    noise
}

/// Returns whether a program has more than one run at a rank count.
pub(super) fn has_repeats(points: &[Point]) -> bool {
    points.windows(2).any(|pair| (pair[0].program, pair[0].ranks) == (pair[1].program, pair[1].ranks))
}

/// Returns the sigma of the ops of each kernel, in the order of [`COSTED`]; none where the runs do not contradict the prior.
///
/// Programs with few kernels come before those with more, which take over what is found. Kernels that come together share
/// one sigma. `scatters` is what one sigma of each kernel does to each point.
pub(super) fn told_by_repeats(
    scatters: &[Vec<f64>],
    effects: &[Vec<f64>],
    points: &[Point],
    scatter: &Scatter,
    prior: &MachineModel,
) -> [Option<f64>; COSTED.len()] {
    let all = repeats(points, scatter);
    let mut told: [Option<f64>; COSTED.len()] = [None; COSTED.len()];
    let mut is_settled = [false; COSTED.len()];
    for (kernels, programs) in sets(effects, points, scatter.relative.len()) {
        let sigma_of_prior = |kernel: usize| prior.noise.sigma(COSTED[kernel].kernel);
        let of_set = all.iter().filter(|repeats| programs.contains(&points[repeats.point].program));
        let square = |kernel: usize, point: usize, sigma: f64| f64::powi(sigma * scatters[kernel][point], 2);
        let spread = |repeats: &Repeats| {
            let (known, open): (Vec<usize>, Vec<usize>) = kernels.iter().partition(|kernel| is_settled[**kernel]);
            let known = known.iter().map(|k| square(*k, repeats.point, told[*k].unwrap_or_else(|| sigma_of_prior(*k))));
            Spread {
                freedom: repeats.freedom,
                variance: repeats.variance,
                fixed: repeats.of_reading + known.sum::<f64>(),
                of_prior: open.iter().map(|k| square(*k, repeats.point, sigma_of_prior(*k))).sum(),
                per_square: open.iter().map(|k| square(*k, repeats.point, 1.0)).sum(),
            }
        };
        let spreads: Vec<Spread> = of_set.map(spread).collect();
        let sigma = sigma_of_ranks(&spreads, prior.noise.run_sigma);
        for kernel in kernels {
            if !is_settled[kernel] {
                told[kernel] = sigma.map(|sigma| ratio_of(sigma, SIGMA_DIGITS));
                is_settled[kernel] = true;
            }
        }
    }
    told
}

/// Returns the sets of kernels that programs have, and the programs of each, sets of few kernels first.
fn sets(effects: &[Vec<f64>], points: &[Point], n_programs: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
    let has = |program: usize, kernel: usize| {
        (0..points.len()).any(|i| points[i].program == program && effects[kernel][i].abs() > f64::EPSILON)
    };
    let mut sets: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for program in 0..n_programs {
        let kernels: Vec<usize> = (0..COSTED.len()).filter(|kernel| has(program, *kernel)).collect();
        match sets.iter_mut().find(|(of_set, _)| *of_set == kernels) {
            Some((_, programs)) => programs.push(program),
            None => sets.push((kernels, vec![program])),
        }
    }
    sets.sort_by_key(|(kernels, _)| kernels.len());
    sets
}

/// Returns the runs that were repeated; those that lie far off are none of them.
fn repeats(points: &[Point], scatter: &Scatter) -> Vec<Repeats> {
    let mut runs: BTreeMap<(usize, u32), Vec<usize>> = BTreeMap::new();
    for (i, point) in points.iter().enumerate().filter(|(i, _)| !scatter.is_outlier[*i]) {
        runs.entry((point.program, point.ranks)).or_default().push(i);
    }
    let of_runs = |runs: Vec<usize>| {
        let logs: Vec<f64> = runs.iter().map(|i| maths::ln(points[*i].measured_s)).collect();
        let squares: f64 = logs.iter().map(|log| (log - mean(&logs)).powi(2)).sum();
        let reading = |i: &usize| (points[*i].reading_error_s / points[*i].measured_s).powi(2) / 3.0;
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 runs")]
        let freedom = (runs.len() - 1) as f64;
        let of_reading = mean(&runs.iter().map(reading).collect::<Vec<_>>());
        Repeats { point: runs[0], freedom, variance: squares / freedom, of_reading }
    };
    runs.into_values().filter(|runs| runs.len() > 1).map(of_runs).collect()
}

/// Variance of repeated runs, and what it may consist of.
#[derive(Debug, Clone, Copy)]
struct Spread {
    freedom: f64,
    variance: f64,
    /// Part that is known.
    fixed: f64,
    /// Part that the prior's noise of ranks explains.
    of_prior: f64,
    /// What noise of ranks adds, per square of its sigma.
    per_square: f64,
}

/// Returns the sigma of single ranks that explains repeated runs best, if the prior's and a factor common to the run do not.
fn sigma_of_ranks(spreads: &[Spread], run_sigma: f64) -> Option<f64> {
    let largest = spreads.iter().map(|spread| spread.variance).fold(0.0, f64::max).sqrt();
    let of_run = |of_ranks: &dyn Fn(&Spread) -> f64| {
        // A run differs by `run_sigma` on that machine anyway.
        let surprise_at = |sigma: f64| surprise(spreads, &|spread| of_ranks(spread) + sigma.powi(2));
        minimum(run_sigma, run_sigma.max(2.0 * largest), &surprise_at).1
    };
    let least = spreads.iter().map(|spread| spread.per_square).filter(|square| *square > 0.0).fold(1.0, f64::min);
    let at = |sigma: f64| of_run(&|spread| spread.per_square * sigma.powi(2));
    let (sigma, best) = minimum(0.0, 2.0 * largest / least.sqrt(), &at);
    let of_prior = of_run(&|spread| spread.of_prior);
    (of_prior - best > EVIDENCE_MIN).then_some(sigma)
}

/// Returns -2 times the logarithm of the likelihood of the variances, if `of_noise` besides what is known explains them.
fn surprise(spreads: &[Spread], of_noise: &dyn Fn(&Spread) -> f64) -> f64 {
    /// Least variance: times are not known better than to 1e-6.
    const VARIANCE_MIN: f64 = 1e-12;
    let of_spread = |spread: &Spread| {
        let expected = (spread.fixed + of_noise(spread)).max(VARIANCE_MIN);
        spread.freedom * (maths::ln(expected) + spread.variance / expected)
    };
    spreads.iter().map(of_spread).sum()
}

/// Returns where a function with one minimum has it, and its value there: golden-section search (Kiefer, 1953).
fn minimum(low: f64, high: f64, function: &dyn Fn(f64) -> f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let (mut low, mut high) = (low, high);
    let at_end = (low, function(low));
    for _ in 0..SECTIONS {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if function(left) <= function(right) {
            high = right;
        } else {
            low = left;
        }
    }
    let middle = f64::midpoint(low, high);
    let inside = (middle, function(middle));
    if at_end.1 <= inside.1 { at_end } else { inside }
}

/// Returns the sigma of a factor on whole runs: the scatter about the fit of all programs together, less what noise of
/// ranks explains, and at least that of the prior.
pub(super) fn run_sigma(scatter: &Scatter, solution: &Solution, points: &[Point], of_ranks: &[f64], prior: f64) -> f64 {
    let (mut squares, mut freedoms) = (0.0, 0.0);
    for (program, relative) in scatter.relative.iter().enumerate() {
        let own = (0..points.len()).filter(|i| points[*i].program == program);
        let of_ranks = mean(&own.map(|i| of_ranks[i].powi(2)).collect::<Vec<_>>());
        let freedom = scatter.freedom(program, solution, points);
        squares += freedom * (relative.powi(2) - of_ranks);
        freedoms += freedom;
    }
    ratio_of((squares / freedoms).max(0.0).sqrt(), SIGMA_DIGITS).max(prior)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(ranks: f64, variance: f64) -> Spread {
        Spread { freedom: 19.0, variance, fixed: 0.0, of_prior: 0.0, per_square: 1.0 / ranks }
    }

    #[test]
    fn scatter_that_is_the_same_at_all_rank_counts_is_no_noise_of_ranks() {
        let spreads = [1.0, 2.0, 4.0, 8.0, 16.0].map(|ranks| spread(ranks, 9e-4));
        assert_eq!(sigma_of_ranks(&spreads, 0.0), None);
    }

    #[test]
    fn scatter_that_falls_as_that_of_the_slowest_rank_is() {
        let spreads = [1.0, 2.0, 4.0, 8.0, 16.0].map(|ranks| spread(ranks, 9e-4 / ranks));
        assert!(sigma_of_ranks(&spreads, 0.0).is_some_and(|sigma| (sigma / 0.03 - 1.0).abs() < 1e-3));
    }

    #[test]
    fn one_rank_count_does_not_tell_noise_of_ranks_from_a_factor_on_the_run() {
        assert_eq!(sigma_of_ranks(&[spread(1.0, 9e-4)], 0.0), None);
    }

    #[test]
    fn runs_that_scatter_less_than_the_prior_says_tell_so() {
        let of_prior = |ranks: f64| Spread { of_prior: 0.01 / ranks, ..spread(ranks, 1e-4 / ranks) };
        let found = sigma_of_ranks(&[1.0, 2.0, 4.0, 8.0].map(of_prior), 0.0);
        assert!(found.is_some_and(|sigma| (sigma / 0.01 - 1.0).abs() < 0.02), "{found:?}");
    }

    #[test]
    fn no_repeats_tell_nothing() {
        assert_eq!(sigma_of_ranks(&[], 0.0), None);
    }
}
