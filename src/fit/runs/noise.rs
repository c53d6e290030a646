//! From the scatter of whole runs to the noise of single kernels.

use super::costs::{Costs, FITTED};
use super::{Point, Scatter};

/// Returns the sigma of the ops of each kernel, in the order of [`FITTED`]; none for kernels that no run depends on.
///
/// The scatter of a measurement is given to the kernels that it is the first to have: programs with few kernels come
/// before those with more, and what their kernels explain is subtracted. Kernels that come together share one sigma, such
/// that their ops, drawn independently, scatter the makespan as much as was measured.
pub(super) fn sigmas(
    effects: &[Vec<f64>],
    costs: &Costs,
    points: &[Point],
    scatter: &Scatter,
) -> [Option<f64>; FITTED.len()] {
    let share = |kernel: usize, i: usize| effects[kernel][i] * costs.seconds[kernel] / points[i].measured_s;
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
            left += scatter.relative[points[i].program].powi(2);
            for kernel in &kernels {
                match sigmas[*kernel] {
                    Some(sigma) => left -= f64::powi(sigma * share(*kernel, i), 2),
                    None => squares += share(*kernel, i).powi(2),
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
