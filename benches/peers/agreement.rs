//! Flows over which `SimGrid` and this simulator have to agree (agreement.txt), and when they end here.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use dlpc_engine::engine::{self, Setup};
use dlpc_engine::machine::{Duplex, HostGroup, MachineModel, Nic, Star, Switch, Topology};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::{Envelope, Op, Pattern, Program, RankId, SleepReason, Source, Tag};
use dlpc_engine::trace::Trace;
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

/// Hosts, links and flows.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    pub(crate) name: String,
    /// Ports of each host, in Mbit/s.
    ports: Vec<f64>,
    /// One way, of each host's half of a route, in microseconds; the last one holds for all further hosts.
    latencies: Vec<f64>,
    is_half_duplex: bool,
    /// In Mbit/s.
    backplane: Option<f64>,
    /// Hosts of a leaf switch, and its uplink in Mbit/s.
    leaves: Option<(u32, f64)>,
    pub(crate) flows: Vec<Flow>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    from: u32,
    to: u32,
    bytes: u64,
    start: SimDuration,
}

/// Runs a program on the `flow` network of a machine.
pub(crate) fn simulate(machine: &MachineModel, hosts_of_ranks: &[HostId], program: &mut Program) -> Trace {
    let platform = Platform::new(machine);
    let setup = Setup::new(machine, &platform, hosts_of_ranks);
    engine::simulate(&setup, program).expect("no deadlock")
}

/// Reads configurations.
pub(crate) fn read(text: &str) -> Vec<Configuration> {
    let mut configurations: Vec<Configuration> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("configuration ") {
            configurations.push(Configuration { name: name.to_owned(), ..Configuration::default() });
        } else {
            configurations.last_mut().expect("a configuration").add_line(line);
        }
    }
    configurations
}

/// Reads `"configuration",flow,finish_s` lines; returns the times of the flows of one configuration.
pub(crate) fn finish_of_simgrid(csv: &str, name: &str) -> Vec<f64> {
    let start = format!("\"{name}\",");
    let rows = csv.lines().filter_map(|line| line.strip_prefix(&start));
    rows.map(|row| row.split_once(',').expect("two columns").1.parse().expect("a time")).collect()
}

/// Returns the largest relative difference between times here and there.
pub(crate) fn largest_difference(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len(), "a time is missing");
    ours.iter().zip(theirs).map(|(ours, theirs)| (ours / theirs - 1.0).abs()).fold(0.0, f64::max)
}

impl Configuration {
    fn add_line(&mut self, line: &str) {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        let numbers: Vec<f64> = rest.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        match (key, numbers.as_slice()) {
            ("hosts", ports) => self.ports = ports.to_vec(),
            ("latency", latencies) => self.latencies = latencies.to_vec(),
            ("half_duplex", []) => self.is_half_duplex = true,
            ("backplane", [bandwidth]) => self.backplane = Some(*bandwidth),
            ("leaves", [hosts, bandwidth]) => self.leaves = Some((whole(*hosts), *bandwidth)),
            ("flow", [from, to, bytes, start_us]) => self.flows.push(Flow {
                from: whole(*from),
                to: whole(*to),
                bytes: whole(*bytes).into(),
                start: SimDuration::from_micros(whole(*start_us).into()),
            }),
            _ => panic!("no such line: {line}"),
        }
    }

    /// Returns when each flow ends, in seconds. A flow is a message between two ranks of its own.
    pub(crate) fn finish_s(&self) -> Vec<f64> {
        let hosts: Vec<HostId> = self.flows.iter().flat_map(|flow| [HostId(flow.from), HostId(flow.to)]).collect();
        let ops = (0..).zip(&self.flows).flat_map(|(i, flow)| [sender(flow, 2 * i + 1), receiver(2 * i)]).collect();
        let trace = simulate(&self.machine(), &hosts, &mut Program::Fixed(ops));
        trace.finished_at.iter().skip(1).step_by(2).map(|at| (*at - SimTime::ZERO).as_seconds()).collect()
    }

    fn machine(&self) -> MachineModel {
        let one = NonZeroU32::MIN;
        let star = Star::new(one, one, BytesPerSecond::from_mbit(1.0)).build();
        MachineModel {
            name: self.name.clone(),
            host_groups: (0..self.ports.len()).map(|host| self.host(host)).collect(),
            switch: Switch {
                backplane_bandwidth: self.backplane.map(BytesPerSecond::from_mbit),
                topology: self.leaves.map_or(Topology::Star, |(hosts, uplink)| Topology::Tree {
                    hosts_per_leaf: NonZeroU32::new(hosts).expect("hosts"),
                    uplink_bandwidth: BytesPerSecond::from_mbit(uplink),
                    uplink_latency: SimDuration::ZERO,
                }),
                ..star.switch
            },
            ..star
        }
    }

    fn host(&self, host: usize) -> HostGroup {
        // As many cores as there can be ranks.
        let cores = u32::try_from(2 * self.flows.len()).expect("few flows");
        let latency_us = self.latencies.get(host).or(self.latencies.last()).expect("a latency");
        HostGroup {
            name: format!("host-{host}"),
            cores: NonZeroU32::new(cores).expect("flows"),
            speeds: vec![1.0],
            slowdown: vec![1.0; cores as usize],
            nic: Nic {
                bandwidth: BytesPerSecond::from_mbit(self.ports[host]),
                latency: SimDuration::from_seconds_ceil(latency_us / 2.0 * 1e-6),
                duplex: if self.is_half_duplex { Duplex::Half } else { Duplex::Full },
            },
        }
    }
}

fn sender(flow: &Flow, to: u32) -> VecDeque<Op> {
    let sleep = Op::Sleep { duration: flow.start, reason: SleepReason::Program };
    let send = Op::Send(Envelope::new(RankId(to), Tag(0), Bytes(flow.bytes)));
    VecDeque::from([sleep, send])
}

fn receiver(from: u32) -> VecDeque<Op> {
    VecDeque::from([Op::Recv(Pattern::new(Source::Rank(RankId(from)), None))])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers of a file of ours")]
fn whole(number: f64) -> u32 {
    assert!(number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0, "not a whole number: {number}");
    number as u32
}
