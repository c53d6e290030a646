//! Parameters of machine and workload, what a small change of them does, and what the critical path says about it.

mod parameter;
mod path_share;

pub use self::parameter::{MessageClass, MessageCost, Parameter};
pub use self::path_share::path_share;

/// By how much a parameter is raised: 0.01 is 1 %.
pub const STEP: f64 = 0.01;

/// What a small change of a parameter does to the makespan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// What is changed.
    pub parameter: Parameter,
    /// Relative change of the makespan per relative change of the parameter, by simulating both with the same random
    /// numbers: 0.5 means that 1 % more of the parameter makes the run 0.5 % longer.
    pub elasticity: f64,
    /// What the critical path alone says: the share of the makespan that grows with the parameter. None where the path
    /// cannot tell. Far from `elasticity`, the small change leads to another path.
    pub path_share: Option<f64>,
}

/// Returns the relative change of the median per relative change of a parameter that was raised by [`STEP`]
/// (docs/model.md eq. 47); `base_s` and `changed_s` are makespans of the same replications.
///
/// ```
/// // 10 s become 10.05 s: 0.5 % for 1 %
/// let elasticity = dlpc_predict::analysis::sensitivity::elasticity(&[10.0], &[10.05]);
/// assert!((elasticity - 0.5).abs() < 1e-9);
/// ```
#[must_use]
pub fn elasticity(base_s: &[f64], changed_s: &[f64]) -> f64 {
    let base_s = dlpc_engine::stats::median(base_s);
    if base_s <= 0.0 {
        return 0.0;
    }
    (dlpc_engine::stats::median(changed_s) / base_s - 1.0) / STEP
}
