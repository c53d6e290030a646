//! Simulate the experiments of a known machine, fit, compare.

use std::path::Path;

use dlpc_sim::fit::{FileProvenance, Fit, to_toml, values};
use dlpc_sim::input;
use dlpc_sim::machine::MachineModel;

use crate::clusters::{USUAL, calibrated, variant};

const LAUNCHES: u32 = 5;

/// Panics unless the fit finds the value within `tolerance` or inside its own 95 % interval.
fn assert_found(seed: u64, key: &str, truth: &MachineModel, fit: &Fit, tolerance: f64) {
    let (expected, found) = (values(truth)[key], values(&fit.machine)[key]);
    let is_inside = fit.intervals.get(key).is_some_and(|(low, high)| (*low..=*high).contains(&expected));
    let is_near = (found / expected - 1.0).abs() <= tolerance;
    assert!(
        is_near || is_inside,
        "cluster {seed}: {key} is {expected}, found {found}, interval {:?}",
        fit.intervals.get(key)
    );
}

#[test]
fn bandwidth_eager_limits_and_kernel_costs_of_seven_clusters_are_found() {
    // Plain, half duplex, unequal hosts, slowdown, messages slower than the port, a narrow switch, interruptions.
    for seed in 0..7 {
        let truth = variant(seed);
        let fit = calibrated(&truth, LAUNCHES, &USUAL, seed).unwrap();
        let keys: Vec<String> = values(&truth).into_keys().collect();
        for key in keys.iter().filter(|key| key.ends_with("nic.bandwidth") || key.starts_with("kernels.")) {
            if fit.intervals.contains_key(key) {
                assert_found(seed, key, &truth, &fit, 0.03);
            }
        }
        assert_eq!(fit.machine.remote.eager_limit, truth.remote.eager_limit, "cluster {seed}");
        assert_eq!(fit.machine.local.eager_limit, truth.local.eager_limit, "cluster {seed}");
        let duplex = |machine: &MachineModel| machine.host_groups[0].nic.duplex;
        assert_eq!(duplex(&fit.machine), duplex(&truth), "cluster {seed}");
    }
}

#[test]
fn the_file_of_a_fit_is_read_back_as_the_same_machine() {
    let fit = calibrated(&variant(1), LAUNCHES, &USUAL, 1).unwrap();
    let text = to_toml(&fit, &FileProvenance::default());
    let read = input::load_machine(Path::new("mine.toml"), &|_| Ok(text.clone().into_bytes()));
    let read = read.unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(false)));
    assert_eq!(read.model, fit.machine);
}
