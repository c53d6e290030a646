//! Random clusters, the samples that they give, and fits of these.

use std::num::NonZeroU32;

use dlpc_engine::machine::{
    CollectiveOverrides, Duplex, Forwarding, HostGroup, Interruptions, Kernel, Kernels, MachineModel, MessageTable,
    Nic, Noise, RecordCosts, Segment, Switch, Topology, Uncertainty,
};
use dlpc_engine::maths;
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};
use dlpc_predict::calibration::plan::{HostInfo, Suite, plan};
use dlpc_predict::calibration::sample::Sample;
use dlpc_predict::calibration::simulated::{self, Bench, Disturbance};
use dlpc_predict::fit::{Fit, FitError, FitOptions, fit};
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

/// Largest message of the plans.
pub(crate) const LARGEST: u64 = 4 << 20;

/// Scatter of an idle cluster: 1.5 % of a sample, 0.5 % of a launch, one sample in twenty three times too long.
pub(crate) const USUAL: Disturbance =
    Disturbance { sample_sigma: 0.015, launch_sigma: 0.005, outlier_share: 0.05, outlier_factor: 3.0 };

/// Draws log-uniform numbers.
struct Dice(ChaCha8Rng);

impl Dice {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low * maths::powf(high / low, self.0.random::<f64>())
    }

    fn micros(&mut self, low: f64, high: f64) -> SimDuration {
        SimDuration::from_seconds_ceil(self.between(low, high) * 1e-6)
    }

    fn gap_ns(&mut self, low: f64, high: f64) -> SecondsPerByte {
        SecondsPerByte::new(self.between(low, high) * 1e-9).unwrap()
    }
}

/// A cluster of `n_hosts` hosts, with parameters of the size that small clusters have.
///
/// Costs of messages rise from segment to segment, so that there are borders to be found; rendezvous messages have the
/// overheads of the largest eager ones, because no experiment could tell.
pub(crate) fn cluster(seed: u64, n_hosts: usize) -> MachineModel {
    let mut dice = Dice(Streams::new(seed, 0).stream(Purpose::Plan, 7));
    let port = BytesPerSecond::from_mbit(dice.between(80.0, 1000.0));
    let nic = Nic { bandwidth: port, latency: SimDuration::ZERO, duplex: Duplex::Full };
    MachineModel {
        name: "truth".to_owned(),
        host_groups: vec![HostGroup {
            name: "pi".to_owned(),
            cores: NonZeroU32::new(4).unwrap(),
            speeds: vec![1.0; n_hosts],
            slowdown: vec![1.0; 4],
            nic,
        }],
        switch: Switch {
            latency: SimDuration::ZERO,
            port_bandwidth: None,
            backplane_bandwidth: None,
            forwarding: Forwarding::CutThrough,
            topology: Topology::Star,
        },
        local: local(&mut dice),
        remote: remote(&mut dice),
        collectives: CollectiveOverrides::default(),
        kernels: Kernels {
            setup: SimDuration::ZERO,
            throw_dart: Some(dice.micros(0.01, 3.0)),
            records: Some(RecordCosts {
                store: dice.micros(0.01, 3.0),
                pack: dice.micros(0.01, 3.0),
                unpack: dice.micros(0.01, 3.0),
                collect: dice.micros(0.01, 3.0),
                bytes: Bytes(30),
            }),
        },
        noise: Noise { compute_sigma: [0.01; Kernel::ALL.len()], ..Noise::NONE },
        uncertainty: Uncertainty::default(),
    }
}

/// A random cluster of 4 to 8 hosts; in turn plain, half duplex, with unequal hosts, with slowdown, with messages slower
/// than the port, with a narrow switch and with interruptions.
pub(crate) fn variant(seed: u64) -> MachineModel {
    let n_hosts = 4 + 2 * usize::try_from(seed % 3).unwrap();
    let mut machine = cluster(seed, n_hosts);
    let mut dice = Dice(Streams::new(seed, 1).stream(Purpose::Plan, 7));
    match seed % 7 {
        1 => machine.host_groups[0].nic.duplex = Duplex::Half,
        2 => machine.host_groups[0].speeds[n_hosts - 1] = dice.between(0.5, 0.9),
        3 => {
            let steps = [dice.between(0.01, 0.1), dice.between(0.01, 0.1), dice.between(0.01, 0.2)];
            let mut factor = 1.0;
            machine.host_groups[0].slowdown = [0.0, steps[0], steps[1], steps[2]]
                .map(|step| {
                    factor += step;
                    factor
                })
                .to_vec();
        }
        4 => {
            let gap = dice.between(1.2, 1.8) / machine.host_groups[0].nic.bandwidth.as_f64();
            for segment in &mut machine.remote.segments[1..] {
                segment.byte_gap = SecondsPerByte::new(gap).unwrap();
            }
        }
        5 => {
            let factor = dice.between(1.1, 1.6);
            machine.switch.backplane_bandwidth =
                BytesPerSecond::new(factor * machine.host_groups[0].nic.bandwidth.as_f64());
        }
        6 => {
            let quantum = machine.kernels.throw_dart.unwrap().saturating_mul(2000);
            machine.noise.interruptions =
                Some(Interruptions { interval: quantum.saturating_mul(20), duration: quantum.scaled_by(0.3) });
        }
        _ => {}
    }
    machine
}

fn local(dice: &mut Dice) -> MessageTable {
    let first = Segment {
        upto: Bytes(4096),
        send_overhead: dice.micros(0.5, 5.0),
        recv_overhead: dice.micros(0.5, 5.0),
        byte_overhead: dice.gap_ns(0.1, 1.0),
        latency: dice.micros(0.5, 3.0),
        byte_gap: dice.gap_ns(0.1, 1.0),
        message_gap: SimDuration::ZERO,
    };
    let second = Segment { upto: Bytes(u64::MAX), latency: dice.micros(3.0, 10.0), ..first };
    MessageTable { eager_limit: Bytes(4096), segments: vec![first, second], calibrated_upto: Bytes(LARGEST) }
}

fn remote(dice: &mut Dice) -> MessageTable {
    let first = Segment {
        upto: Bytes(1448),
        send_overhead: dice.micros(5.0, 30.0),
        recv_overhead: dice.micros(5.0, 30.0),
        byte_overhead: dice.gap_ns(1.0, 4.0),
        latency: dice.micros(20.0, 100.0),
        byte_gap: SecondsPerByte::ZERO,
        message_gap: SimDuration::ZERO,
    };
    let factor = dice.between(1.5, 2.5);
    let second = Segment {
        upto: Bytes(65_536),
        send_overhead: first.send_overhead.scaled_by(factor),
        recv_overhead: first.recv_overhead.scaled_by(factor),
        byte_overhead: dice.gap_ns(1.0, 4.0),
        latency: first.latency.scaled_by(factor),
        ..first
    };
    let third = Segment { upto: Bytes(u64::MAX), latency: second.latency.scaled_by(factor), ..second };
    MessageTable { eager_limit: Bytes(65_536), segments: vec![first, second, third], calibrated_upto: Bytes(LARGEST) }
}

/// The hosts of a machine, as a launcher would name them.
pub(crate) fn hosts(machine: &MachineModel) -> Vec<HostInfo> {
    let of_group = |group: &HostGroup| {
        let cores = group.cores.get();
        group.host_names().into_iter().map(move |name| HostInfo { name, cores }).collect::<Vec<_>>()
    };
    machine.host_groups.iter().flat_map(of_group).collect()
}

/// The samples of a whole calibration.
pub(crate) fn samples(
    machine: &MachineModel,
    (suite, launches): (Suite, u32),
    disturbance: &Disturbance,
    seed: u64,
) -> Vec<Sample> {
    let plan = plan(suite, &hosts(machine), LARGEST, launches, seed);
    let bench = Bench::new(machine, NetworkKind::Flow);
    simulated::run(&bench, &plan, disturbance, seed).unwrap()
}

pub(crate) fn options(machine: &MachineModel) -> FitOptions<'static> {
    FitOptions {
        name: "fitted".to_owned(),
        title: "Fitted to simulated samples".to_owned(),
        prior: None,
        hosts: hosts(machine),
        seed: 1,
        bootstrap: 200,
    }
}

pub(crate) fn calibrated(
    machine: &MachineModel,
    launches: u32,
    disturbance: &Disturbance,
    seed: u64,
) -> Result<Fit, FitError> {
    fit(&samples(machine, (Suite::Quick, launches), disturbance, seed), &options(machine))
}
