//! Experiments on a simulated cluster, with times derived by hand.

use std::num::NonZeroU32;

use dlpc_engine::machine::{
    CollectiveOverrides, Duplex, Forwarding, HostGroup, Kernels, MessageTable, Nic, Segment, Switch, Topology,
    Uncertainty,
};
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte};

use super::*;

fn micros(micros: u64) -> SimDuration {
    SimDuration::from_micros(micros)
}

/// `o_s` 10 us, `o_r` 12 us, O 1 ns/B, L 50 us; eager to 1000 B.
fn table() -> MessageTable {
    let segment = Segment {
        upto: Bytes(u64::MAX),
        send_overhead: micros(10),
        recv_overhead: micros(12),
        byte_overhead: SecondsPerByte::new(1e-9).expect("a gap"),
        latency: micros(50),
        byte_gap: SecondsPerByte::new(10e-9).expect("a gap"),
        message_gap: SimDuration::ZERO,
    };
    MessageTable { eager_limit: Bytes(1000), segments: vec![segment], calibrated_upto: Bytes(1 << 22) }
}

/// Four hosts of two cores at 12.5 B/us.
fn machine() -> MachineModel {
    let nic = Nic { bandwidth: BytesPerSecond::from_mbit(100.0), latency: SimDuration::ZERO, duplex: Duplex::Full };
    MachineModel {
        name: "test".to_owned(),
        host_groups: vec![HostGroup {
            name: "pi".to_owned(),
            cores: NonZeroU32::new(2).expect("two"),
            speeds: vec![1.0, 1.0, 1.0, 0.5],
            slowdown: vec![1.0, 1.2],
            nic,
        }],
        switch: Switch {
            latency: SimDuration::ZERO,
            port_bandwidth: None,
            backplane_bandwidth: None,
            forwarding: Forwarding::CutThrough,
            topology: Topology::Star,
        },
        local: table(),
        remote: table(),
        collectives: CollectiveOverrides::default(),
        kernels: Kernels { throw_dart: Some(micros(3)), ..Kernels::default() },
        noise: Noise::NONE,
        uncertainty: Uncertainty::default(),
    }
}

fn observed_us(experiment: &Experiment, lead: u32) -> f64 {
    let bench = Bench::new(&machine(), NetworkKind::Flow);
    let hosts = bench.hosts_for(experiment, HostId(lead)).expect("enough hosts");
    bench.observe(experiment, &hosts, Streams::new(1, 0)).expect("a time").seconds * 1e6
}

fn assert_near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "found {found}, expected {expected}");
}

#[test]
fn half_an_eager_round_trip_is_overheads_wire_and_latency() {
    let found = observed_us(&Experiment::PingPong { class: PairClass::Remote, bytes: 1000 }, 0);
    // (10 + 1) + 1000/12.5 + 50 + (12 + 1) = 154 us
    assert_near(found, 154.0);
    let found = observed_us(&Experiment::PingPong { class: PairClass::Local, bytes: 1000 }, 0);
    // (10 + 1) + 1000 * 10 ns + 50 + (12 + 1) = 84 us
    assert_near(found, 84.0);
}

#[test]
fn half_a_rendezvous_round_trip_holds_two_empty_messages() {
    let found = observed_us(&Experiment::PingPong { class: PairClass::Remote, bytes: 2000 }, 0);
    // 2 (10 + 50 + 12) + (10 + 2) + 2000/12.5 + 50 + (12 + 2) = 380 us
    assert_near(found, 380.0);
}

#[test]
fn an_eager_send_takes_the_senders_overhead_and_a_late_receive_the_receivers() {
    let send = Experiment::Send { class: PairClass::Remote, bytes: 1000, recv_delay_s: 0.01 };
    assert_near(observed_us(&send, 0), 11.0);
    assert_near(observed_us(&Experiment::Recv { class: PairClass::Remote, bytes: 1000 }, 0), 13.0);
    assert_near(observed_us(&Experiment::Recv { class: PairClass::Local, bytes: 0 }, 0), 12.0);
    // At half the speed of the core: 2 * 13 us.
    assert_near(observed_us(&Experiment::Recv { class: PairClass::Local, bytes: 1000 }, 3), 26.0);
}

#[test]
fn a_rendezvous_send_takes_at_least_the_delay_of_the_receive() {
    let send = Experiment::Send { class: PairClass::Remote, bytes: 2000, recv_delay_s: 0.01 };
    // 10,000 + (12 + 10) + 50 + (12 + 10 + 2) + 2000/12.5 = 10,256 us
    assert_near(observed_us(&send, 0), 10_256.0);
}

#[test]
fn a_train_with_pauses_takes_overhead_and_pause_of_each_message_but_the_last() {
    let train = Experiment::Train { class: PairClass::Remote, bytes: 1000, n: 4, delay_s: 1e-3 };
    // 3 (11 + 1000) + 154 there + (10 + 50 + 12) back = 3259 us
    assert_near(observed_us(&train, 0), 3259.0);
}

#[test]
fn senders_share_the_port_of_the_receiver() {
    let found = observed_us(&Experiment::FanIn { senders: 3, bytes: 1_000_000 }, 0);
    // The port alone takes 3 * 80,000 us. The sender's overhead, 1000 us, comes before; of the receiver's, 3 * 1000 us,
    // that of the last message comes after, and some of the others if their messages end while the last is under way.
    assert!((242_000.0..244_500.0).contains(&found), "{found}");
}

#[test]
fn pairs_on_hosts_of_their_own_do_not_disturb_each_other() {
    let pairs = observed_us(&Experiment::Pairs { pairs: 2, bytes: 100_000 }, 0);
    assert_near(pairs, observed_us(&Experiment::PingPong { class: PairClass::Remote, bytes: 100_000 }, 0));
}

#[test]
fn both_directions_share_a_half_duplex_port() {
    let exchange = Experiment::Exchange { class: PairClass::Remote, bytes: 1_000_000 };
    let full = observed_us(&exchange, 0);
    let mut machine = machine();
    machine.host_groups[0].nic.duplex = Duplex::Half;
    let bench = Bench::new(&machine, NetworkKind::Flow);
    let half = bench.observe(&exchange, &[HostId(0), HostId(1)], Streams::new(1, 0)).expect("a time").seconds * 1e6;
    // One more time on the wire: 80,000 us.
    assert!((half - full - 80_000.0).abs() < 1.0, "{full} and {half}");
}

#[test]
fn busy_cores_slow_each_other_down_and_slow_hosts_take_longer() {
    let compute = |busy| Experiment::Compute { kernel: WorkKernel::ThrowDart, busy, units: 1000 };
    assert_near(observed_us(&compute(1), 0), 3000.0);
    assert_near(observed_us(&compute(2), 0), 3600.0);
    assert_near(observed_us(&compute(1), 3), 6000.0);
}

#[test]
fn the_plan_is_run_on_each_host_that_has_the_cores_and_samples_are_repeatable() {
    let bench = Bench::new(&machine(), NetworkKind::Flow);
    let line = |id, experiment| PlanLine { id, experiment, repeats: 3 };
    let plan = vec![vec![
        line(1, Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 2, units: 10 }),
        line(2, Experiment::PingPong { class: PairClass::Remote, bytes: 8 }),
    ]];
    let disturbance = Disturbance { sample_sigma: 0.1, ..Disturbance::NONE };
    let samples = run(&bench, &plan, &disturbance, 5).expect("samples");
    let hosts: Vec<&str> = samples.iter().map(|sample| sample.host.as_str()).collect();
    assert_eq!(hosts, ["pi0", "pi1", "pi2", "pi3", "pi0"]);
    assert_eq!(samples[4].peers, ["pi1"]);
    assert_eq!(samples, run(&bench, &plan, &disturbance, 5).expect("samples"));
    assert!(samples != run(&bench, &plan, &disturbance, 6).expect("samples"));
}

#[test]
fn an_experiment_without_enough_hosts_says_so() {
    let bench = Bench::new(&machine(), NetworkKind::Flow);
    let found = bench.hosts_for(&Experiment::FanIn { senders: 4, bytes: 1 }, HostId(0));
    assert_eq!(found, Err(SimulatedError::TooFewHosts { experiment: "fan_in", needed: 5, found: 4 }));
}
