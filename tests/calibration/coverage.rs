//! Whether 95 % intervals hold the truth in 95 of 100 cases: random clusters, calibrated and fitted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dlpc_engine::machine::MachineModel;
use dlpc_predict::calibration::plan::Suite;
use dlpc_predict::fit::{Fit, FitOptions, fit, values};
use rayon::prelude::*;

use crate::clusters::{USUAL, options, samples, variant};

/// Random clusters; `DLPC_SIM_CLUSTERS` says how many others. `make fits` takes 200.
const DRAWS: u32 = 80;
/// Launches of each: as many as a quick calibration should have.
const LAUNCHES: u32 = 5;
/// Resamples of each fit: a calibration takes more, but all 126 of five launches give the same coverage.
pub(crate) const RESAMPLES: u32 = 24;
/// Fewest values of a class, per cluster, whose coverage is looked at alone.
const CLASS_MIN: f64 = 0.5;

/// Cases of one class of values.
#[derive(Debug, Clone, Copy, Default)]
struct Cases {
    n: u32,
    /// Intervals that hold the truth.
    n_covered: u32,
    /// Values within 3 % of the truth, or whose interval holds it.
    n_found: u32,
}

impl Cases {
    fn coverage(self) -> f64 {
        f64::from(self.n_covered) / f64::from(self.n)
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.n_covered += other.n_covered;
        self.n_found += other.n_found;
    }
}

/// The key path without numbers, so that all segments and hosts are one class.
fn class(key: &str) -> String {
    key.replace("hosts.pi.", "").chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Returns the cases of one cluster; none of a table whose segments were not found as they are: its numbers mean others.
fn cases(truth: &MachineModel, fit: &Fit) -> Vec<(String, Cases)> {
    let (expected, found) = (values(truth), values(&fit.machine));
    let is_same = |key: &str| {
        let n_segments = |machine: &MachineModel| (machine.local.segments.len(), machine.remote.segments.len());
        !key.contains("segments") || n_segments(truth) == n_segments(&fit.machine)
    };
    let case = |(key, (low, high)): (&String, &(f64, f64))| {
        let truth = *expected.get(key).filter(|_| is_same(key))?;
        let is_covered = (*low..=*high).contains(&truth);
        let is_found = is_covered || (found[key] / truth - 1.0).abs() <= 0.03;
        Some((class(key), Cases { n: 1, n_covered: is_covered.into(), n_found: is_found.into() }))
    };
    fit.intervals.iter().filter_map(case).collect()
}

fn table(classes: &BTreeMap<String, Cases>) -> String {
    let mut table = String::new();
    for (class, cases) in classes {
        writeln!(table, "{class:45} {:5} values, {:5.1} % covered", cases.n, 100.0 * cases.coverage()).unwrap();
    }
    table
}

#[test]
fn intervals_hold_the_truth_of_random_clusters_as_often_as_they_say() {
    let n_draws = std::env::var("DLPC_SIM_CLUSTERS").map_or(DRAWS, |text| text.parse().expect("a number of clusters"));
    let draws: Vec<Vec<(String, Cases)>> = (0..u64::from(n_draws))
        .into_par_iter()
        .map(|seed| {
            let truth = variant(seed);
            let samples = samples(&truth, (Suite::Quick, LAUNCHES), &USUAL, seed);
            let options = FitOptions { bootstrap: RESAMPLES, ..options(&truth) };
            cases(&truth, &fit(&samples, &options).unwrap())
        })
        .collect();
    let n_other_shape = draws.iter().filter(|cases| cases.iter().all(|(class, _)| !class.contains("segments"))).count();
    let mut classes: BTreeMap<String, Cases> = BTreeMap::new();
    let mut all = Cases::default();
    for (class, case) in draws.into_iter().flatten() {
        classes.entry(class).or_default().add(case);
        all.add(case);
    }
    let table = table(&classes);
    assert!((0.90..=0.99).contains(&all.coverage()), "{:.3} of all\n{table}", all.coverage());
    let share_found = f64::from(all.n_found) / f64::from(all.n);
    assert!(share_found > 0.97, "{share_found:.3} within 3 % or their interval\n{table}");
    // Of 200 intervals that hold the truth with 95 %, 190 +- 3 do; four standard deviations are 6 %. Of fewer, more.
    let least = |n: u32| (0.95 - 4.0 * (0.95 * 0.05 / f64::from(n)).sqrt()).min(0.89);
    for (class, cases) in classes.iter().filter(|(_, cases)| f64::from(cases.n) >= CLASS_MIN * f64::from(n_draws)) {
        assert!(cases.coverage() >= least(cases.n), "{class}\n{table}");
    }
    assert!(
        20 * n_other_shape <= n_draws as usize,
        "{n_other_shape} clusters with other segments than they have\n{table}"
    );
}
