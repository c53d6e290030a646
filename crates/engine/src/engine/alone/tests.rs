//! Random programs, with ties and noise: a run that is not given up has the result of the engine.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::super::simulate_in_order;
use super::*;
use crate::machine::{
    CollectiveOverrides, Duplex, Forwarding, HostGroup, Interruptions, Kernel, Kernels, MachineModel, MessageTable,
    Nic, Noise, ReduceAlgorithm, Segment, Switch, Topology, Uncertainty,
};
use crate::program::phase::{Phase, Share};
use crate::program::{SleepReason, Source, Tag};
use crate::random::Streams;
use crate::units::{BytesPerSecond, SecondsPerByte, SimDuration};

/// Steps in which times are drawn: coarse ones make ties.
#[derive(Clone, Copy)]
struct Grain(u64);

impl Grain {
    fn short(self, rng: &mut ChaCha8Rng) -> SimDuration {
        SimDuration::from_picos(rng.random_range(0..4_000_000 / self.0) * self.0)
    }
}

fn segment(rng: &mut ChaCha8Rng, grain: Grain, upto: u64) -> Segment {
    Segment {
        upto: Bytes(upto),
        send_overhead: grain.short(rng),
        recv_overhead: grain.short(rng),
        byte_overhead: SecondsPerByte::new(f64::from(rng.random_range(0..2_u32)) * 1e-9).expect("a rate"),
        latency: grain.short(rng),
        byte_gap: SecondsPerByte::new(f64::from(rng.random_range(0..3_u32)) * 1e-9).expect("a rate"),
        message_gap: grain.short(rng),
    }
}

fn machine(rng: &mut ChaCha8Rng, grain: Grain, n_hosts: usize) -> MachineModel {
    let eager_limit = Bytes(if rng.random_bool(0.9) { u64::MAX } else { 100 });
    let segments = vec![segment(rng, grain, 50), segment(rng, grain, u64::MAX)];
    let messages = MessageTable { eager_limit, segments, calibrated_upto: Bytes(u64::MAX) };
    let bandwidth = BytesPerSecond::from_mbit(100.0);
    MachineModel {
        name: String::new(),
        host_groups: vec![HostGroup {
            name: String::new(),
            cores: NonZeroU32::MIN,
            speeds: (0..n_hosts).map(|_| if rng.random_bool(0.2) { 0.5 } else { 1.0 }).collect(),
            slowdown: vec![1.0],
            nic: Nic { bandwidth, latency: SimDuration::ZERO, duplex: Duplex::Full },
        }],
        switch: Switch {
            latency: grain.short(rng),
            port_bandwidth: None,
            backplane_bandwidth: None,
            forwarding: Forwarding::StoreAndForward { frame: Bytes(1500) },
            topology: Topology::Star,
        },
        local: messages.clone(),
        remote: messages,
        collectives: CollectiveOverrides::default(),
        kernels: Kernels::default(),
        noise: noise(rng),
        uncertainty: Uncertainty::default(),
    }
}

fn noise(rng: &mut ChaCha8Rng) -> Noise {
    let interval = SimDuration::from_micros(5);
    let interruptions = Some(Interruptions { interval, duration: SimDuration::from_micros(1) });
    match rng.random_range(0..4) {
        0 => Noise { latency_sigma: 0.3, ..Noise::NONE },
        1 => Noise { compute_sigma: [0.2; Kernel::ALL.len()], run_sigma: 0.1, interruptions, ..Noise::NONE },
        _ => Noise::NONE,
    }
}

/// Ops of random messages, in an order in which they could happen one after the other.
fn ops(rng: &mut ChaCha8Rng, grain: Grain, n_ranks: u32) -> Vec<VecDeque<Op>> {
    let mut ops = vec![VecDeque::new(); n_ranks as usize];
    let mut is_open = vec![false; n_ranks as usize];
    for _ in 0..rng.random_range(1..60) {
        let from = rng.random_range(0..n_ranks);
        let to = (from + rng.random_range(1..n_ranks)) % n_ranks;
        if is_open[to as usize] && rng.random_bool(0.99) {
            ops[to as usize].push_back(Op::WaitAll);
            is_open[to as usize] = false;
        }
        let tag = Tag(rng.random_range(0..2));
        let bytes = Bytes([0, 1, 8, 50, 51, 100, 1000, 20_000][rng.random_range(0..8)]);
        let envelope = Envelope::new(RankId(to), tag, bytes);
        let source = if rng.random_bool(0.3) { Source::Any } else { Source::Rank(RankId(from)) };
        let pattern = Pattern::new(source, rng.random_bool(0.7).then_some(tag));
        ops[from as usize].push_back(if rng.random_bool(0.5) { Op::Send(envelope) } else { Op::Isend(envelope) });
        is_open[to as usize] |= rng.random_bool(0.5);
        ops[to as usize].push_back(if is_open[to as usize] { Op::Irecv(pattern) } else { Op::Recv(pattern) });
        for rank in [from, to] {
            let duration = grain.short(rng);
            match rng.random_range(0..8) {
                0 | 1 => ops[rank as usize].push_back(Op::Compute { kernel: Kernel::Custom, work: duration }),
                2 => ops[rank as usize].push_back(Op::Sleep { duration, reason: SleepReason::Program }),
                3 => {
                    ops[rank as usize].push_back(Op::WaitAll);
                    is_open[rank as usize] = false;
                }
                _ => {}
            }
        }
    }
    for ops in &mut ops {
        ops.push_back(Op::WaitAll);
    }
    ops
}

/// Compares both on one rank per host and returns whether the run was given up.
fn is_given_up(machine: &MachineModel, seed: u64, program: &Program, events_max: u64) -> bool {
    let hosts_of_ranks: Vec<HostId> = (0..).map(HostId).take(machine.n_hosts()).collect();
    let setup = Setup {
        platform: &Platform::new(machine),
        local: &machine.local,
        remote: &machine.remote,
        noise: &machine.noise,
        network: NetworkKind::Loggops,
        hosts_of_ranks: &hosts_of_ranks,
        bound: &[],
        streams: Streams::new(seed, 0),
        production: None,
        recording: Recording::Off,
    };
    let Some(result) = simulate(&setup, program, events_max) else { return true };
    assert_eq!(result, simulate_in_order(&setup, &mut program.clone(), events_max), "seed {seed}");
    false
}

fn n_given_up(grain: Grain) -> usize {
    let random_run = |seed: &u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(*seed);
        let n_ranks = rng.random_range(2..9_u32);
        let machine = machine(&mut rng, grain, n_ranks as usize);
        let program = Program::Fixed(ops(&mut rng, grain, n_ranks));
        let events_max = if rng.random_bool(0.1) { rng.random_range(0..100) } else { u64::MAX };
        is_given_up(&machine, *seed, &program, events_max)
    };
    (0..1000).filter(random_run).count()
}

#[test]
fn results_are_those_of_the_engine() {
    let (with_ties, without) = (n_given_up(Grain(1_000_000)), n_given_up(Grain(1)));
    assert!(with_ties < 900, "{with_ties} of 1000 given up");
    assert!(without < 700, "{without} of 1000 given up");
}

#[test]
fn collectives_of_ranks_that_are_out_of_step_are_not_given_up() {
    let bytes = Bytes(8);
    let phases = [
        Phase::Barrier,
        Phase::Bcast(bytes),
        Phase::Scatter(bytes),
        Phase::Gather(bytes),
        Phase::Reduce(bytes),
        Phase::Allreduce(bytes),
        Phase::Allgather(bytes),
        Phase::Ring(bytes),
    ];
    for (phase, n_ranks) in phases.iter().flat_map(|phase| (1..=17_u32).map(move |n_ranks| (phase, n_ranks))) {
        let mut machine = machine(&mut ChaCha8Rng::seed_from_u64(n_ranks.into()), Grain(1), n_ranks as usize);
        machine.noise = Noise { compute_sigma: [0.2; Kernel::ALL.len()], latency_sigma: 0.2, ..Noise::NONE };
        let work = Phase::Compute { work: SimDuration::from_micros(10), share: Share::EachRank };
        let phases = vec![Phase::Repeat { times: 3, phases: vec![work, phase.clone()] }];
        // A reduce along a tree in which a rank has two children has two receives under way, which only the engine does.
        let overrides = CollectiveOverrides { reduce: Some(ReduceAlgorithm::Chain), ..CollectiveOverrides::default() };
        let program = Program::of_phases(&phases, n_ranks, overrides);
        assert!(!is_given_up(&machine, 1, &program, u64::MAX), "{phase:?} on {n_ranks} ranks");
    }
}
