//! Speed of the engine on typical patterns of messages, and of a whole prediction. `make bench`; ratios within one run
//! mean something, single times only on a quiet machine.

use std::num::NonZeroU32;
use std::path::Path;

use divan::Bencher;
use divan::counter::ItemsCount;
use dlpc_sim::input::{self, Experiment};
use dlpc_sim::prediction;
use dlpc_sim::scenario::{NetworkKind, Phase, Workload};
use dlpc_sim::trace::Recording;
use dlpc_sim::units::Bytes;

fn main() {
    divan::main();
}

fn load(name: &str) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    input::load_experiment(&path, &|path| std::fs::read(path)).expect("a shipped scenario is right")
}

/// The DLPC's hosts, as many as `n_ranks` need, without noise.
fn cluster(n_ranks: u32, phase: Phase, network: NetworkKind) -> Experiment {
    let mut experiment = load("pi3-64-hosts.toml");
    let group = &mut experiment.machine.host_groups[0];
    group.speeds = vec![1.0; n_ranks.div_ceil(4) as usize];
    experiment.machine.noise = dlpc_sim::machine::Noise::NONE;
    experiment.machine.switch.topology = dlpc_sim::machine::Topology::Star;
    experiment.scenario.run.slots = (0..n_ranks).map(|rank| dlpc_sim::platform::HostId(rank / 4)).collect();
    experiment.scenario.run.ranks = vec![NonZeroU32::new(n_ranks).expect("ranks")];
    experiment.scenario.run.network = network;
    experiment.scenario.workload = Workload::Custom(vec![phase]);
    experiment
}

fn bench_phase(bencher: Bencher<'_, '_>, n_ranks: u32, phase: Phase, network: NetworkKind) {
    let Experiment { scenario, machine, .. } = cluster(n_ranks, phase, network);
    let run = || prediction::simulate_once(&scenario, &machine, n_ranks, 0, Recording::Off).expect("no deadlock");
    bencher.counter(ItemsCount::new(run().n_messages)).bench(run);
}

#[divan::bench(args = [64, 256, 1024, 4096])]
fn gather_flow(bencher: Bencher<'_, '_>, n_ranks: u32) {
    bench_phase(bencher, n_ranks, Phase::Gatherv(Bytes(1000)), NetworkKind::Flow);
}

#[divan::bench(args = [64, 1024, 16384])]
fn barrier_flow(bencher: Bencher<'_, '_>, n_ranks: u32) {
    bench_phase(bencher, n_ranks, Phase::Barrier, NetworkKind::Flow);
}

#[divan::bench(args = [64, 1024, 16384, 65536])]
fn barrier_loggops(bencher: Bencher<'_, '_>, n_ranks: u32) {
    bench_phase(bencher, n_ranks, Phase::Barrier, NetworkKind::Loggops);
}

#[divan::bench(args = [64, 1024])]
fn ring_flow(bencher: Bencher<'_, '_>, n_ranks: u32) {
    bench_phase(bencher, n_ranks, Phase::Ring(Bytes(100_000)), NetworkKind::Flow);
}

#[divan::bench]
fn predict_pi_count(bencher: Bencher<'_, '_>) {
    let Experiment { scenario, machine, .. } = load("dlpc-pi-count.toml");
    bencher.bench(|| prediction::predict(&scenario, &machine, &|| ()).expect("no deadlock"));
}
