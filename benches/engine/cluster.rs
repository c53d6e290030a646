//! Clusters for benches: a shipped one, enlarged, and one whose messages cost what the literature's examples cost.

use std::num::NonZeroU32;
use std::path::Path;

use dlpc_engine::machine::{Noise, Topology};
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::program::phase::Phase;
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::workload::Workload;

/// Latency, overhead and gap in picoseconds.
pub(crate) const L: u64 = 2_500_000;
pub(crate) const O: u64 = 1_500_000;
pub(crate) const GAP: u64 = 1_000_000;

pub(crate) fn load(name: &str) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    input::load_experiment(&path, &|path| std::fs::read(path)).expect("a shipped scenario is right")
}

/// The DLPC's hosts on one switch, as many as `n_ranks` need, without noise.
pub(crate) fn pi3(n_ranks: u32, phase: Phase, network: NetworkKind) -> Experiment {
    let mut experiment = load("pi3-64-hosts.toml");
    experiment.machine.host_groups[0].speeds = vec![1.0; n_ranks.div_ceil(4) as usize];
    experiment.machine.noise = Noise::NONE;
    experiment.machine.switch.topology = Topology::Star;
    experiment.scenario.run.slots = (0..n_ranks).map(|rank| HostId(rank / 4)).collect();
    experiment.scenario.run.ranks = vec![NonZeroU32::new(n_ranks).expect("ranks")];
    experiment.scenario.run.network = network;
    experiment.scenario.workload = Workload::Custom(vec![phase].into());
    experiment
}

/// One rank per host; a message costs o at either end and L on the way, its bytes nothing.
pub(crate) fn logp(n_ranks: u32, workload: Workload) -> Experiment {
    let mut experiment = pi3(n_ranks, Phase::Barrier, NetworkKind::Loggops);
    experiment.scenario.workload = workload;
    experiment.scenario.run.slots = (0..n_ranks).map(HostId).collect();
    let machine = &mut experiment.machine;
    machine.host_groups[0].speeds = vec![1.0; n_ranks as usize];
    machine.host_groups[0].nic.latency = SimDuration::ZERO;
    machine.host_groups[0].nic.bandwidth = BytesPerSecond::from_mbit(1e9);
    machine.switch.port_bandwidth = None;
    machine.switch.latency = SimDuration::ZERO;
    machine.switch.forwarding = dlpc_engine::machine::Forwarding::CutThrough;
    let mut segment = machine.remote.segments[0];
    segment.upto = Bytes(u64::MAX);
    (segment.send_overhead, segment.recv_overhead) = (SimDuration::from_picos(O), SimDuration::from_picos(O));
    (segment.latency, segment.message_gap) = (SimDuration::from_picos(L), SimDuration::from_picos(GAP));
    (segment.byte_overhead, segment.byte_gap) = (SecondsPerByte::ZERO, SecondsPerByte::ZERO);
    machine.remote.segments = vec![segment];
    machine.remote.eager_limit = Bytes(u64::MAX);
    experiment
}
