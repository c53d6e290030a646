//! Intervals as a reader of the model takes them: rates above zero, and none that is far wider than its value.
//!
//! Few launches, Student's t and one launch that was disturbed make intervals that reach to zero and below. A bandwidth of
//! zero is none, so its interval then reaches as many times below the value as above it. A kernel's cost whose interval is
//! wider than that is not known at all: the interval is as wide as a reader takes it, and a warning says so.

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;

use crate::fit::values::values;

/// Largest half-width of a kernel's interval over its cost: a reader takes 2 standard errors of 1.96 half-widths.
const HALF_WIDTH_MAX: f64 = 3.5;

/// Limits the intervals; returns what is to be said of them.
pub(in crate::fit) fn limit(intervals: &mut BTreeMap<String, (f64, f64)>, machine: &MachineModel) -> Vec<String> {
    let all = values(machine);
    let mut warnings = Vec::new();
    for (key, (low, high)) in intervals {
        let Some(value) = all.get(key).copied().filter(|value| *value > 0.0) else { continue };
        if is_rate(key) && *low <= 0.0 {
            *low = value.powi(2) / *high;
        }
        if key.starts_with("kernels.") && (*high - *low) / 2.0 > HALF_WIDTH_MAX * value {
            (*low, *high) = (0.0, (1.0 + HALF_WIDTH_MAX) * value);
            warnings.push(format!("the samples hardly determine `{key}`: its launches differ by more than its value"));
        }
    }
    warnings
}

/// Returns whether a value cannot be zero.
fn is_rate(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    ["bandwidth", "backplane_bandwidth", "speed", "slowdown"].contains(&name.split('[').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_whose_interval_reaches_zero_is_as_many_times_below_as_above() {
        assert!(is_rate("hosts.pi0.nic.bandwidth") && is_rate("hosts.pi0.speed[3]") && !is_rate("kernels.throw_dart"));
    }
}
