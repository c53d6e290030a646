//! A small cluster to be changed by each test, and runs of hand-written ops on it.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{
    CollectiveOverrides, Duplex, Forwarding, HostGroup, Kernel, Kernels, MachineModel, MessageTable, Nic, Noise,
    Segment, Switch, Topology, Uncertainty,
};
use dlpc_engine::platform::{HostId, NetworkKind, Platform};
use dlpc_engine::program::{Envelope, Op, Pattern, Program, RankId, Source, Tag};
use dlpc_engine::random::Streams;
use dlpc_engine::trace::{Recording, Trace};
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};
use dlpc_predict::scenario::{self, Scenario};
use dlpc_predict::workload::Workload;

pub(crate) fn us(micros: u64) -> SimDuration {
    SimDuration::from_micros(micros)
}

pub(crate) fn seconds(seconds: u64) -> SimDuration {
    SimDuration::from_seconds(seconds)
}

pub(crate) fn table(segment: Segment, eager_limit: Bytes) -> MessageTable {
    MessageTable { eager_limit, segments: vec![segment], calibrated_upto: Bytes(u64::MAX) }
}

/// Hosts of `cores` cores each on one 100 Mbit/s cut-through switch; nothing else costs time.
pub(crate) fn cluster(n_hosts: usize, cores: u32) -> MachineModel {
    MachineModel {
        name: "test".to_owned(),
        host_groups: vec![HostGroup {
            name: "pi".to_owned(),
            cores: NonZeroU32::new(cores).unwrap(),
            speeds: vec![1.0; n_hosts],
            slowdown: vec![1.0; cores as usize],
            nic: Nic { bandwidth: BytesPerSecond::from_mbit(100.0), latency: SimDuration::ZERO, duplex: Duplex::Full },
        }],
        switch: Switch {
            latency: SimDuration::ZERO,
            port_bandwidth: None,
            backplane_bandwidth: None,
            forwarding: Forwarding::CutThrough,
            topology: Topology::Star,
        },
        local: table(Segment::FREE, Bytes(u64::MAX)),
        remote: table(Segment::FREE, Bytes(u64::MAX)),
        collectives: CollectiveOverrides::default(),
        kernels: Kernels::default(),
        noise: Noise::NONE,
        uncertainty: Uncertainty::default(),
    }
}

/// A workload on `n_ranks` ranks, one to each host, once.
pub(crate) fn scenario(workload: Workload, n_ranks: u32) -> Scenario {
    Scenario {
        title: String::new(),
        run: scenario::Run {
            ranks: vec![NonZeroU32::new(n_ranks).unwrap()],
            slots: (0..n_ranks).map(HostId).collect(),
            bound: Vec::new(),
            replications: NonZeroU32::MIN,
            seed: 1,
            network: NetworkKind::Flow,
            order: None,
            may_oversubscribe: false,
        },
        workload,
    }
}

/// The ops of each rank; rank `i` runs on host `hosts[i]`.
pub(crate) struct Run {
    pub(crate) machine: MachineModel,
    pub(crate) network: NetworkKind,
    pub(crate) hosts: Vec<u32>,
    pub(crate) ops: Vec<Vec<Op>>,
}

impl Run {
    pub(crate) fn new(machine: MachineModel, hosts: &[u32]) -> Self {
        Self { machine, network: NetworkKind::Flow, hosts: hosts.to_vec(), ops: vec![Vec::new(); hosts.len()] }
    }

    pub(crate) fn rank(mut self, rank: usize, ops: &[Op]) -> Self {
        self.ops[rank].extend(ops);
        self
    }

    pub(crate) fn try_run(&self) -> Result<Trace, SimError> {
        self.simulate(Recording::On)
    }

    pub(crate) fn without_record(&self) -> Result<Trace, SimError> {
        self.simulate(Recording::Off)
    }

    fn simulate(&self, recording: Recording) -> Result<Trace, SimError> {
        let hosts: Vec<HostId> = self.hosts.iter().copied().map(HostId).collect();
        let setup = Setup {
            platform: &Platform::new(&self.machine),
            local: &self.machine.local,
            remote: &self.machine.remote,
            noise: &self.machine.noise,
            network: self.network,
            hosts_of_ranks: &hosts,
            bound: &[],
            streams: Streams::new(1, 0),
            production: None,
            recording,
        };
        let ops = self.ops.iter().map(|ops| VecDeque::from(ops.clone())).collect();
        engine::simulate(&setup, &mut Program::Fixed(ops))
    }

    pub(crate) fn finish_times(&self) -> Vec<SimDuration> {
        self.try_run().unwrap().finished_at.iter().map(|at| *at - SimTime::ZERO).collect()
    }

    pub(crate) fn makespan(&self) -> SimDuration {
        self.try_run().unwrap().makespan - SimTime::ZERO
    }
}

pub(crate) fn compute(work: SimDuration) -> Op {
    Op::Compute { kernel: Kernel::Custom, work }
}

pub(crate) fn envelope(to: u32, bytes: u64) -> Envelope {
    Envelope::new(RankId(to), Tag(0), Bytes(bytes))
}

pub(crate) fn from(rank: u32) -> Pattern {
    Pattern::new(Source::Rank(RankId(rank)), None)
}

pub(crate) fn send(to: u32, bytes: u64) -> Op {
    Op::Send(envelope(to, bytes))
}

pub(crate) fn recv(rank: u32) -> Op {
    Op::Recv(from(rank))
}
