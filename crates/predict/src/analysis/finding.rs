//! What is odd about measured runs, as far as they can tell: a slow run, a host that is slow, a step in the errors.

use std::collections::BTreeMap;

use dlpc_engine::stats;

use super::accuracy::Comparison;
use crate::measurement::{MeasuredRun, Measurement};

/// Score above which something stands out, as for outliers ([`super::accuracy`]).
const SCORE: f64 = 3.5;
/// Smallest relative scale that scores are taken against.
const SCALE_MIN: f64 = 0.005;
/// A run that takes so much longer than the others at its rank count is slow.
const SLOW_RATIO: f64 = 1.2;
/// Fewest points on each side of a step.
const SIDE_POINTS_MIN: usize = 3;
/// Smallest step that is worth a word, as a ratio.
const STEP_MIN: f64 = 0.03;
/// Fewest runs that tell of a host.
const HOST_RUNS_MIN: usize = 3;
/// Smallest slowness of a host that is worth a word, as a ratio.
const HOST_MIN: f64 = 0.03;

/// Something odd.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// An outlier of a single run: it cannot be told from bad luck.
    SingleRun {
        /// Rank count.
        ranks: u32,
    },
    /// One run took much longer than the others at its rank count.
    SlowRun {
        /// Rank count.
        ranks: u32,
        /// Its time.
        seconds: f64,
        /// Median of the others.
        others_s: f64,
        /// Its host, if the file names it.
        host: Option<String>,
    },
    /// All runs of an outlier agree: it is no accident, and the model misses something there.
    RunsAgree {
        /// Rank count.
        ranks: u32,
        /// Runs.
        n_runs: usize,
    },
    /// From a rank count on the error is another one.
    Step {
        /// First rank count behind the step.
        from_ranks: u32,
        /// Median relative error before it.
        before: f64,
        /// Median relative error from there on.
        after: f64,
    },
    /// Runs on one host take longer, or less long, than those on others.
    Host {
        /// Its name.
        host: String,
        /// Median of its runs over the median at their rank counts, less 1.
        slower: f64,
        /// Its runs.
        n_runs: usize,
    },
}

/// Returns what stands out: outliers by rank count, then a step, then hosts.
#[must_use]
pub fn findings(comparison: &Comparison, measurement: &Measurement) -> Vec<Finding> {
    let runs = measurement.by_ranks();
    let is_outlier = |ranks| comparison.points.iter().any(|point| point.ranks == ranks && point.is_outlier);
    let of_ranks = |(ranks, runs): (&u32, &Vec<MeasuredRun>)| at_ranks(*ranks, runs, is_outlier(*ranks), measurement);
    let mut findings: Vec<Finding> = runs.iter().filter_map(of_ranks).collect();
    findings.extend(step(comparison));
    findings.extend(hosts(&runs, measurement));
    findings
}

fn at_ranks(ranks: u32, runs: &[MeasuredRun], is_outlier: bool, measurement: &Measurement) -> Option<Finding> {
    let slowest = runs.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))?;
    let mut others: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    others.sort_by(f64::total_cmp);
    others.pop();
    if others.is_empty() {
        return is_outlier.then_some(Finding::SingleRun { ranks });
    }
    let others_s = stats::median(&others);
    if slowest.seconds > SLOW_RATIO * others_s {
        let host = slowest.host.and_then(|host| measurement.hosts.get(host.0)).cloned();
        return Some(Finding::SlowRun { ranks, seconds: slowest.seconds, others_s, host });
    }
    is_outlier.then_some(Finding::RunsAgree { ranks, n_runs: runs.len() })
}

/// Finds the split of the rank counts that leaves the least absolute errors about the medians of its two sides, if they
/// are far apart beside what scatters about them.
fn step(comparison: &Comparison) -> Option<Finding> {
    let points: Vec<(u32, f64)> = comparison
        .points
        .iter()
        .filter(|point| !point.is_outlier)
        .map(|point| (point.ranks, point.relative_error))
        .collect();
    let errors: Vec<f64> = points.iter().map(|(_, error)| *error).collect();
    let last = errors.len().checked_sub(SIDE_POINTS_MIN)?;
    let split = |at: usize| {
        let (before, after) = (stats::median(&errors[..at]), stats::median(&errors[at..]));
        let left = errors[..at].iter().map(move |error| (error - before).abs());
        let rest: Vec<f64> = left.chain(errors[at..].iter().map(|error| (error - after).abs())).collect();
        (rest, before, after)
    };
    let cost = |at: &usize| split(*at).0.iter().sum::<f64>();
    let at = (SIDE_POINTS_MIN..=last).min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
    let (rest, before, after) = split(at);
    let scale = (stats::MAD_TO_SIGMA * stats::median(&rest)).max(SCALE_MIN);
    let size = (after - before).abs();
    (size > STEP_MIN && size > SCORE * scale).then(|| Finding::Step { from_ranks: points[at].0, before, after })
}

fn hosts(runs: &BTreeMap<u32, Vec<MeasuredRun>>, measurement: &Measurement) -> Vec<Finding> {
    // How much each run takes longer than the median at its rank count.
    let mut of_host: Vec<Vec<f64>> = vec![Vec::new(); measurement.hosts.len()];
    for runs in runs.values().filter(|runs| runs.len() > 1) {
        let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        let middle = stats::median(&seconds);
        for run in runs {
            if let Some(host) = run.host {
                of_host[host.0].push(run.seconds / middle - 1.0);
            }
        }
    }
    let all: Vec<f64> = of_host.iter().flatten().copied().collect();
    if all.is_empty() {
        return Vec::new();
    }
    let scale = stats::mad(&all).max(SCALE_MIN);
    let finding = |(host, ratios): (&String, &Vec<f64>)| {
        let slower = (ratios.len() >= HOST_RUNS_MIN).then(|| stats::median(ratios))?;
        let n_runs = ratios.len();
        // The median of n runs scatters less than one of them.
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 runs")]
        let stands_out = slower.abs() > SCORE * scale / (n_runs as f64).sqrt();
        (stands_out && slower.abs() > HOST_MIN).then(|| Finding::Host { host: host.clone(), slower, n_runs })
    };
    measurement.hosts.iter().zip(&of_host).filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Curve;
    use crate::analysis::accuracy::{Scope, compare};
    use crate::analysis::amdahl;
    use crate::measurement::HostName;

    /// Runs of `8 / ranks + 2` seconds times a factor, on a host.
    fn measured(runs: &[(u32, f64, usize)]) -> Measurement {
        let row = |&(ranks, factor, host): &(u32, f64, usize)| MeasuredRun {
            ranks,
            seconds: (8.0 / f64::from(ranks) + 2.0) * factor,
            reading_error_s: 0.0,
            host: Some(HostName(host)),
        };
        let hosts = ["pi0", "pi1", "pi2"].map(str::to_owned).to_vec();
        Measurement { rows: runs.iter().map(row).collect(), hosts }
    }

    fn found(runs: &[(u32, f64, usize)]) -> Vec<Finding> {
        let curve: Curve = amdahl::curve(8.0, 2.0, 1..=12);
        let measurement = measured(runs);
        findings(&compare(&curve, &measurement, &|_| false, Scope::All), &measurement)
    }

    /// One run at each of 12 rank counts, with a scatter of 1 %.
    fn ordinary() -> Vec<(u32, f64, usize)> {
        (1..=12).map(|ranks| (ranks, if ranks % 2 == 0 { 1.01 } else { 0.99 }, 0)).collect()
    }

    #[test]
    fn ordinary_runs_have_nothing_odd() {
        assert_eq!(found(&ordinary()), []);
    }

    #[test]
    fn an_outlier_of_one_run_says_that_it_is_one() {
        let mut runs = ordinary();
        runs[6].1 = 1.5;
        assert_eq!(found(&runs), [Finding::SingleRun { ranks: 7 }]);
    }

    #[test]
    fn a_slow_run_is_named_with_its_host_whether_or_not_its_median_is_an_outlier() {
        let mut runs = ordinary();
        runs.extend([(7, 1.0, 1), (7, 2.0, 2)]);
        let middle = 8.0 / 7.0 + 2.0;
        // The others are 0.99 and 1 of it, the median of which is 0.995.
        let others_s = f64::midpoint(0.99 * middle, middle);
        let expected = Finding::SlowRun { ranks: 7, seconds: 2.0 * middle, others_s, host: Some("pi2".to_owned()) };
        assert_eq!(found(&runs), [expected]);
    }

    #[test]
    fn an_outlier_whose_runs_agree_is_no_accident() {
        let mut runs = ordinary();
        runs[6].1 = 1.5;
        runs.extend([(7, 1.51, 1), (7, 1.49, 2)]);
        assert_eq!(found(&runs), [Finding::RunsAgree { ranks: 7, n_runs: 3 }]);
    }

    #[test]
    fn a_step_is_found_where_it_is_and_a_slope_is_none() {
        // Measured 10 % longer from 5 ranks on: errors 0 before, 1 / 1.1 - 1 = -9.1 % after.
        let stepped: Vec<_> = (1..=12).map(|ranks| (ranks, if ranks < 5 { 1.0 } else { 1.1 }, 0)).collect();
        match &found(&stepped)[..] {
            [Finding::Step { from_ranks: 5, before, after }] => {
                assert!(before.abs() < 1e-9 && (after + 1.0 - 1.0 / 1.1).abs() < 1e-9);
            }
            other => panic!("{other:?}"),
        }
        let sloping: Vec<_> = (1..=12).map(|ranks| (ranks, 1.0 + 0.01 * f64::from(ranks), 0)).collect();
        assert_eq!(found(&sloping), []);
    }

    #[test]
    fn a_slow_host_is_named() {
        // Each rank count on three hosts, of which pi1 takes 8 % longer: 8 % over the median of the three.
        let factor = |host| if host == 1 { 1.08 } else { 1.0 };
        let runs: Vec<_> = (1..=12).flat_map(|ranks| (0..3).map(move |host| (ranks, factor(host), host))).collect();
        match &found(&runs)[..] {
            [Finding::Host { host, slower, n_runs: 12 }] => {
                assert!(host == "pi1" && (slower - 0.08).abs() < 1e-9);
            }
            other => panic!("{other:?}"),
        }
    }
}
