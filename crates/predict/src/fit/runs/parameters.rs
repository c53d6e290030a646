//! Which costs the runs can tell apart: those that they cannot are fitted as one, at the ratio of the prior.

use dlpc_engine::machine::COSTED;
use nalgebra::{DMatrix, DVector};

use super::Point;
use super::costs::KernelCosts;
use super::simulated::scale;

/// Cosine of two columns of relative effects from which on they count as proportional: with noise of a per cent, a
/// difference of that size is not found.
const PROPORTIONAL: f64 = 0.9995;
/// Least ratio of the singular values of all columns: below it, some sum of costs is as good as another.
const SINGULAR_RATIO_MIN: f64 = 1e-3;

/// Costs that are fitted as one: their factor over the prior's costs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    /// Kernels, as in [`COSTED`], and their costs at the factor 1.
    pub(super) kernels: Vec<(usize, f64)>,
    /// Relative effect on each point.
    column: DVector<f64>,
}

/// Returns the parameters of the fit; kernels that no run depends on are in none.
pub(super) fn parameters(effects: &[Vec<f64>], points: &[Point], prior: &KernelCosts) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = (0..COSTED.len())
        .filter(|kernel| effects[*kernel].iter().any(|effect| effect.abs() > f64::EPSILON))
        .map(|kernel| {
            let base = scale(prior, kernel);
            let relative = effects[kernel].iter().zip(points).map(|(effect, point)| base * effect / point.measured_s);
            let column = DVector::from_iterator(points.len(), relative);
            Parameter { kernels: vec![(kernel, base)], column }
        })
        .collect();
    while let Some((i, j, cosine)) = closest(&parameters) {
        if cosine < PROPORTIONAL && singular_ratio(&parameters) > SINGULAR_RATIO_MIN {
            break;
        }
        let joined = parameters.remove(j);
        parameters[i].join(joined);
    }
    parameters
}

/// Returns one parameter for all costs that the prior has, at its ratios.
pub(super) fn all_as_one(parameters: &[Parameter], prior: &KernelCosts) -> Parameter {
    let mut all = parameters.iter().cloned().reduce(|mut all, other| {
        all.join(other);
        all
    });
    if let Some(all) = &mut all {
        all.kernels.retain(|(kernel, _)| 0.0 < prior.seconds[*kernel]);
    }
    all.expect("invariant: runs without a cost that matters are refused")
}

impl Parameter {
    /// Takes the kernels of another parameter in; a kernel whose prior is zero stays at zero then.
    fn join(&mut self, other: Self) {
        self.kernels.extend(other.kernels);
        self.kernels.sort_by_key(|(kernel, _)| *kernel);
        self.column += other.column;
    }
}

/// Returns the two parameters whose effects are closest to proportional.
fn closest(parameters: &[Parameter]) -> Option<(usize, usize, f64)> {
    let pairs = (0..parameters.len()).flat_map(|i| (i + 1..parameters.len()).map(move |j| (i, j)));
    let cosine = |(i, j): (usize, usize)| {
        let (a, b): (&DVector<f64>, &DVector<f64>) = (&parameters[i].column, &parameters[j].column);
        (i, j, a.dot(b) / (a.norm() * b.norm()))
    };
    pairs.map(cosine).max_by(|a, b| a.2.total_cmp(&b.2))
}

fn singular_ratio(parameters: &[Parameter]) -> f64 {
    let columns: Vec<DVector<f64>> = parameters.iter().map(|parameter| parameter.column.normalize()).collect();
    let singular = DMatrix::from_columns(&columns).singular_values();
    singular.min() / singular.max()
}

/// Returns the costs at the factors `x` of the parameters; kernels in no parameter keep their prior cost.
pub(super) fn costs(parameters: &[Parameter], prior: &KernelCosts, x: &[f64]) -> KernelCosts {
    let mut costs = *prior;
    for (parameter, factor) in parameters.iter().zip(x) {
        for (kernel, base) in &parameter.kernels {
            costs.seconds[*kernel] = factor * base;
        }
    }
    costs
}
