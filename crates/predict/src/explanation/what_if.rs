//! What-ifs: other programs and other machines, each one change away from the scenario.

use dlpc_engine::machine::{Duplex, Forwarding, MachineModel, Noise, Segment, Topology};
use dlpc_engine::platform::HostId;
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};

use crate::scenario::Scenario;
use crate::workload::{Edit, Scope};

/// One change of a scenario or its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhatIf {
    /// Ten times the bandwidth of ports, uplinks, backplane and end points.
    BandwidthTimesTen,
    /// A tenth of the latency of software stack, interfaces, cables and switches.
    LatencyOverTen,
    /// A tenth of the core time per message.
    OverheadOverTen,
    /// All cores twice as fast.
    CoresTwiceAsFast,
    /// A change of the workload.
    Program(Edit),
    /// Ranks fill one host after the other.
    BySlot,
    /// Ranks go to the hosts in turn.
    ByNode,
    /// No message waits for its receiver.
    AllEager,
    /// Both directions of a cable at once.
    FullDuplex,
    /// Switches forward at once.
    CutThrough,
    /// Busy cores do not slow each other down.
    NoContention,
    /// Neither noise nor jitter.
    NoNoise,
}

impl WhatIf {
    /// Returns all what-ifs of a scenario, in the order of tables where they gain the same.
    #[must_use]
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let edits = scenario.workload.facts().edits().iter().copied();
        let (settings, programs): (Vec<Edit>, Vec<Edit>) = edits.partition(|edit| edit.scope == Scope::Setting);
        let mut all =
            vec![Self::BandwidthTimesTen, Self::LatencyOverTen, Self::OverheadOverTen, Self::CoresTwiceAsFast];
        all.extend(programs.into_iter().map(Self::Program));
        all.extend([Self::BySlot, Self::ByNode]);
        all.extend(settings.into_iter().map(Self::Program));
        all.extend([Self::AllEager, Self::FullDuplex, Self::CutThrough, Self::NoContention, Self::NoNoise]);
        all
    }

    /// Returns the other placements and dispatches: with them, another number of ranks may be the best.
    #[must_use]
    pub fn alternatives(scenario: &Scenario) -> Vec<Self> {
        let edits = scenario.workload.facts().edits().iter().filter(|edit| edit.scope == Scope::Dispatch);
        [Self::BySlot, Self::ByNode].into_iter().chain(edits.copied().map(Self::Program)).collect()
    }

    /// Returns the key in JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::BandwidthTimesTen => "bandwidth_times_ten",
            Self::LatencyOverTen => "latency_over_ten",
            Self::OverheadOverTen => "overhead_over_ten",
            Self::CoresTwiceAsFast => "cores_twice_as_fast",
            Self::Program(edit) => edit.key,
            Self::BySlot => "by_slot",
            Self::ByNode => "by_node",
            Self::AllEager => "all_eager",
            Self::FullDuplex => "full_duplex",
            Self::CutThrough => "cut_through",
            Self::NoContention => "no_contention",
            Self::NoNoise => "no_noise",
        }
    }

    /// Returns the name in sentences, as something one could do.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BandwidthTimesTen => "10x the bandwidth",
            Self::LatencyOverTen => "a tenth of the latency",
            Self::OverheadOverTen => "a tenth of the overhead per message",
            Self::CoresTwiceAsFast => "cores twice as fast",
            Self::Program(edit) => edit.name,
            Self::BySlot => "placement by-slot",
            Self::ByNode => "placement by-node",
            Self::AllEager => "sending all messages eagerly",
            Self::FullDuplex => "full duplex",
            Self::CutThrough => "switches that forward at once",
            Self::NoContention => "cores that do not slow each other down",
            Self::NoNoise => "no noise",
        }
    }

    /// Returns scenario and machine with the change; none if it changes nothing.
    #[must_use]
    pub fn apply(self, scenario: &Scenario, machine: &MachineModel) -> Option<(Scenario, MachineModel)> {
        let (mut changed, mut changed_machine) = (scenario.clone(), machine.clone());
        self.change_program(&mut changed, machine);
        self.change_machine(&mut changed_machine);
        (changed != *scenario || changed_machine != *machine).then_some((changed, changed_machine))
    }

    fn change_program(self, scenario: &mut Scenario, machine: &MachineModel) {
        let n_slots = scenario.run.slots.len();
        let slots = match self {
            Self::Program(edit) => return scenario.workload.facts_mut().edit(edit),
            Self::BySlot => by_slot(machine, n_slots),
            Self::ByNode => by_node(machine, n_slots),
            _ => return,
        };
        scenario.run.bound.clear();
        scenario.run.slots = slots;
    }

    fn change_machine(self, machine: &mut MachineModel) {
        let groups = &mut machine.host_groups;
        match self {
            Self::BandwidthTimesTen => widen(machine),
            Self::LatencyOverTen => hurry(machine),
            Self::OverheadOverTen => segments(machine).for_each(|segment| {
                segment.send_overhead = segment.send_overhead.scaled_by(0.1);
                segment.recv_overhead = segment.recv_overhead.scaled_by(0.1);
                segment.byte_overhead = over_ten(segment.byte_overhead);
            }),
            Self::CoresTwiceAsFast => groups.iter_mut().flat_map(|g| &mut g.speeds).for_each(|speed| *speed *= 2.0),
            Self::AllEager => {
                machine.local.eager_limit = Bytes(u64::MAX);
                machine.remote.eager_limit = Bytes(u64::MAX);
            }
            Self::FullDuplex => groups.iter_mut().for_each(|group| group.nic.duplex = Duplex::Full),
            Self::CutThrough => machine.switch.forwarding = Forwarding::CutThrough,
            Self::NoContention => groups.iter_mut().for_each(|group| group.slowdown.fill(1.0)),
            Self::NoNoise => {
                // What is not known about the costs stays: it is no noise.
                machine.noise = Noise { cost_sigma: machine.noise.cost_sigma, ..Noise::NONE };
            }
            _ => {}
        }
    }
}

fn segments(machine: &mut MachineModel) -> impl Iterator<Item = &mut Segment> {
    machine.local.segments.iter_mut().chain(&mut machine.remote.segments)
}

fn over_ten(gap: SecondsPerByte) -> SecondsPerByte {
    SecondsPerByte::new(gap.as_f64() / 10.0).unwrap_or(gap)
}

fn times_ten(rate: &mut BytesPerSecond) {
    *rate = BytesPerSecond::new(rate.as_f64() * 10.0).unwrap_or(*rate);
}

fn widen(machine: &mut MachineModel) {
    machine.host_groups.iter_mut().for_each(|group| times_ten(&mut group.nic.bandwidth));
    machine.switch.port_bandwidth.iter_mut().for_each(times_ten);
    machine.switch.backplane_bandwidth.iter_mut().for_each(times_ten);
    if let Topology::Tree { uplink_bandwidth, .. } = &mut machine.switch.topology {
        times_ten(uplink_bandwidth);
    }
    for segment in &mut machine.remote.segments {
        segment.byte_gap = over_ten(segment.byte_gap);
    }
}

fn hurry(machine: &mut MachineModel) {
    let over_ten = |latency: &mut SimDuration| *latency = latency.scaled_by(0.1);
    machine.host_groups.iter_mut().for_each(|group| over_ten(&mut group.nic.latency));
    over_ten(&mut machine.switch.latency);
    if let Topology::Tree { uplink_latency, .. } = &mut machine.switch.topology {
        over_ten(uplink_latency);
    }
    segments(machine).for_each(|segment| over_ten(&mut segment.latency));
}

/// Hosts with their numbers of cores.
fn cores(machine: &MachineModel) -> impl Iterator<Item = (HostId, u32)> + Clone {
    let groups = machine.host_groups.iter();
    let cores = groups.flat_map(|group| group.speeds.iter().map(|_| group.cores.get()));
    (0..).map(HostId).zip(cores)
}

/// Returns the first `n_slots` slots, one host after the other, as often as needed.
fn by_slot(machine: &MachineModel, n_slots: usize) -> Vec<HostId> {
    cores(machine).flat_map(|(host, n)| std::iter::repeat_n(host, n as usize)).cycle().take(n_slots).collect()
}

/// Returns the first `n_slots` slots, one of each host in turn; hosts whose slots are all used are passed over.
fn by_node(machine: &MachineModel, n_slots: usize) -> Vec<HostId> {
    let most = cores(machine).map(|(_, n)| n).max().unwrap_or(0);
    let turn = |i: u32| cores(machine).filter(move |(_, n)| i < *n).map(|(host, _)| host);
    let once: Vec<HostId> = (0..most).flat_map(turn).collect();
    once.into_iter().cycle().take(n_slots).collect()
}
