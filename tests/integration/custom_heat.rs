//! `scenarios/custom-heat.toml`: its times on one rank and on 32, derived by hand.

use std::path::Path;

use dlpc_engine::machine::Noise;
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;

/// Returns the scenario without noise.
fn heat() -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/custom-heat.toml");
    let mut experiment = input::load_experiment(&path, &|path| std::fs::read(path)).expect("a valid scenario");
    experiment.machine.noise = Noise::NONE;
    experiment
}

fn seconds(experiment: &Experiment, ranks: u32) -> f64 {
    let result = prediction::predict_at(&experiment.scenario, &experiment.machine, ranks).expect("a prediction");
    result.replications.band().0
}

/// 100 steps of 80 ms, nobody to talk to: 8 s.
#[test]
fn one_rank_has_all_of_the_plate() {
    assert!((seconds(&heat(), 1) - 8.0).abs() < 1e-9);
}

/// One row for each rank, four ranks on each of eight hosts; 94.4 Mbit/s = 11.8 B/us.
///
/// A step:
/// * compute: 80 ms / 32 = 2500 us.
/// * halo: hosts in the middle send two rows and receive two. Two flows share a port: 2 * 8192 B / 11.8 B/us = 1388 us.
///   Around that two calls of the core, 2 * 30 us to start both sends and 30 us to take a row, and the latency: 100 us, the
///   switch 5 us and its first frame 1500 B / 11.8 B/us = 127 us: about 1388 + 60 + 30 + 232 = 1710 us.
/// * allreduce of 8 B by recursive doubling: five rounds, two of them within a host, 5 + 2 + 5 = 12 us, and three between
///   hosts, 30 + 105 + 30 = 165 us and four messages of 8 B on each port (3 us): 2 * 12 + 3 * 168 = 528 us.
///
/// 100 steps: 473.8 ms. The plate at the end: 28 rows come from other hosts through the port of rank 0: 28 * 8192 B /
/// 11.8 B/us = 19.4 ms. The first bcast of 1 KiB goes down five levels, three of them between hosts: 3 * (165 + 87 us) and
/// 2 * 13 us: 0.8 ms. Together 494 ms, 16.2 times as fast as one rank.
///
/// Ranks wait for each other in the halo where their neighbours are on the same host, which is above the eager limit there,
/// so that some of it adds up; the derivation leaves that out. 3 % are allowed for it.
#[test]
fn thirty_two_ranks_have_a_row_each() {
    let time = seconds(&heat(), 32);
    assert!((time / 0.494 - 1.0).abs() < 0.03, "{time} s");
}

/// Twice as many ranks have strips half as long: the plate that is gathered is the same, 256 KiB.
#[test]
fn the_plate_does_not_grow_with_the_ranks() {
    use dlpc_engine::program::phase::Phase;
    use dlpc_engine::units::Bytes;
    use dlpc_predict::workload::Workload;
    let Workload::Custom(custom) = heat().scenario.workload else { panic!("not custom") };
    let phases = custom.phases_on(1).expect("the same phases on all ranks");
    let Some(Phase::Divided(gather)) = phases.last() else { panic!("the last phase is not divided") };
    for (ranks, strip) in [(1, 256 << 10), (2, 128 << 10), (3, 87_382), (32, 8 << 10)] {
        assert_eq!(gather.part_of_each(ranks), Phase::Gatherv(Bytes(strip)));
    }
}
