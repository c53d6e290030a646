//! Reasons to doubt a fit, as warnings.

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;

use crate::calibration::plan::LAUNCHES_MIN;
use crate::fit::FitOptions;
use crate::fit::trust::identified::Identified;
use crate::fit::trust::residuals::Residual;

/// Median residual of an experiment above which the fit is called poor.
const POOR_MEDIAN: f64 = 0.05;
/// Speed below which a host is called slow.
const SLOW: f64 = 0.95;

/// Returns a warning for each table that is the prior's because nothing of it was measured.
pub(in crate::fit) fn of_kept(identified: &Identified, options: &FitOptions<'_>) -> Vec<String> {
    let prior = options.prior.map_or("", |prior| prior.name.as_str());
    let tables = [
        ("messages.remote", "messages between hosts", "their ports and costs", "two hosts"),
        ("messages.local", "messages within a host", "their costs", "a host with two slots"),
    ];
    let is_kept = |key: &str| identified.kept.iter().any(|kept| kept == key);
    let doubt = |(_, what, values, needed): (&str, &str, &str, &str)| {
        format!(
            "no sample determines {what}, which takes {needed}: {values} are those of `{prior}`, and as good as those"
        )
    };
    tables.into_iter().filter(|(key, ..)| is_kept(key)).map(doubt).collect()
}

/// Returns reasons to doubt the result.
pub(in crate::fit) fn of_fit(
    machine: &MachineModel,
    residuals: &BTreeMap<String, Residual>,
    intervals: &BTreeMap<String, (f64, f64)>,
    n_launches: usize,
) -> Vec<String> {
    let mut doubts = Vec::new();
    if n_launches < LAUNCHES_MIN as usize {
        doubts.push(format!(
            "{n_launches} launches do not show how far launches differ: run at least {LAUNCHES_MIN} for intervals"
        ));
    }
    for (kind, residual) in residuals {
        if residual.median.abs() > POOR_MEDIAN {
            doubts.push(format!(
                "poor fit: the model's times of `{kind}` differ by {:+.1} % in the median: look at the plots, and whether \
                 the cluster was idle",
                100.0 * residual.median
            ));
        }
    }
    for group in &machine.host_groups {
        for (i, (name, speed)) in group.host_names().iter().zip(&group.speeds).enumerate() {
            let is_sure = |interval: &(f64, f64)| interval.1 < 1.0;
            if *speed < SLOW && intervals.get(&format!("hosts.{}.speed[{i}]", group.name)).is_some_and(is_sure) {
                doubts.push(format!(
                    "host `{name}` is {:.0} % slower than the median host: look for throttling, or other work on it",
                    100.0 * (1.0 - speed)
                ));
            }
        }
    }
    doubts
}
