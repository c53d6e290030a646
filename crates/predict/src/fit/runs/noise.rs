//! From the scatter of whole runs to the noise of single kernels.

use dlpc_engine::machine::Noise;

use super::costs::FITTED;
use super::{Point, Scatter};
use crate::fit::model::ratio_of;

/// Digits of a sigma.
const SIGMA_DIGITS: usize = 3;

/// Returns the sigma of the ops of each kernel, in the order of [`FITTED`]; none for kernels that no run depends on.
///
/// The scatter of a measurement, less `run_sigma`, by which all runs on that machine differ, is given to the kernels that
/// it is the first to have: programs with few kernels come before those with more, and what their kernels explain is
/// subtracted. Kernels that come together share one sigma, such that their ops, drawn independently, scatter the makespan as
/// much as was measured. `scatters` is what one sigma of each kernel does to each point.
pub(super) fn sigmas(
    scatters: &[Vec<f64>],
    effects: &[Vec<f64>],
    points: &[Point],
    scatter: &Scatter,
    run_sigma: f64,
) -> [Option<f64>; FITTED.len()] {
    let has = |program: usize, kernel: usize| {
        (0..points.len()).any(|i| points[i].program == program && effects[kernel][i].abs() > f64::EPSILON)
    };
    let mut sets: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for program in 0..scatter.relative.len() {
        let kernels: Vec<usize> = (0..FITTED.len()).filter(|kernel| has(program, *kernel)).collect();
        match sets.iter_mut().find(|(of_set, _)| *of_set == kernels) {
            Some((_, programs)) => programs.push(program),
            None => sets.push((kernels, vec![program])),
        }
    }
    sets.sort_by_key(|(kernels, _)| kernels.len());
    let mut sigmas = [None; FITTED.len()];
    for (kernels, programs) in sets {
        let of_set: Vec<usize> = (0..points.len()).filter(|i| programs.contains(&points[*i].program)).collect();
        let (mut left, mut squares) = (0.0, 0.0);
        for i in of_set {
            left += scatter.relative[points[i].program].powi(2) - run_sigma.powi(2);
            for kernel in &kernels {
                match sigmas[*kernel] {
                    Some(sigma) => left -= f64::powi(sigma * scatters[*kernel][i], 2),
                    None => squares += scatters[*kernel][i].powi(2),
                }
            }
        }
        let sigma = if squares > 0.0 { (left.max(0.0) / squares).sqrt() } else { 0.0 };
        for kernel in kernels {
            sigmas[kernel].get_or_insert(sigma);
        }
    }
    sigmas
}

/// Returns the noise of a machine with these sigmas, and without any doubt about the costs of their kernels.
pub(super) fn with(noise: &Noise, sigmas: &[Option<f64>; FITTED.len()]) -> Noise {
    let mut noise = noise.clone();
    for ((kernel, _), sigma) in FITTED.into_iter().zip(sigmas) {
        if let Some(sigma) = sigma {
            noise.compute_sigma[kernel as usize] = ratio_of(*sigma, SIGMA_DIGITS);
            noise.cost_sigma[kernel as usize] = 0.0;
        }
    }
    noise
}
