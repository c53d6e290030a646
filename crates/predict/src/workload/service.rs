//! Service times as they stand in the file: a time, or a distribution.

use dlpc_engine::random::Distribution;
use dlpc_engine::units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Diagnostics, Problem};
use crate::written::Spanned;
use crate::written::quantity::Quantified;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-short-for" = "constant", "minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawDistribution {
    /// Always the same.
    constant: Option<Quantified<SimDuration>>,
    /// Uniform between two times.
    uniform: Option<Spanned<RawUniform>>,
    /// Exponential.
    exponential: Option<Spanned<RawExponential>>,
    /// Lognormal.
    lognormal: Option<Spanned<RawLognormal>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawUniform {
    /// Shortest time.
    #[schemars(required)]
    low: Option<Quantified<SimDuration>>,
    /// Longest time, not below `low`.
    #[schemars(required)]
    high: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawExponential {
    /// Mean time.
    #[schemars(required)]
    mean: Option<Quantified<SimDuration>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLognormal {
    /// Median time.
    #[schemars(required)]
    median: Option<Quantified<SimDuration>>,
    /// Standard deviation of the logarithm of the time.
    #[schemars(required, range(min = 0, max = 5), extend("examples" = [0.2]))]
    sigma: Option<Spanned<f64>>,
}

/// Returns the distribution, or none if there is a problem; `key` is its table in messages.
pub(super) fn read(raw: &RawDistribution, key: &str, diagnostics: &mut Diagnostics) -> Option<Distribution> {
    if let Some(constant) = raw.constant {
        return Some(Distribution::Constant(constant.value));
    }
    if let Some(raw) = &raw.uniform {
        return uniform(&raw.value, key, diagnostics);
    }
    if let Some(raw) = &raw.exponential {
        return Some(Distribution::Exponential { mean: raw.value.mean?.value });
    }
    let raw = &raw.lognormal.as_ref()?.value;
    Some(Distribution::Lognormal { median: raw.median?.value, sigma: raw.sigma?.value })
}

fn uniform(raw: &RawUniform, key: &str, diagnostics: &mut Diagnostics) -> Option<Distribution> {
    let (low, high) = (raw.low?, raw.high?);
    if high.value < low.value {
        let table = format!("{key}.uniform");
        let message = format!("`{table}.high` is {}, below `{table}.low`, which is {}", high.value, low.value);
        let problem = Problem::error("scenario::out_of_range", high.span, message);
        diagnostics.push(problem.label(format!("expected at least {}", low.value)));
        return None;
    }
    Some(Distribution::Uniform { low: low.value, high: high.value })
}
