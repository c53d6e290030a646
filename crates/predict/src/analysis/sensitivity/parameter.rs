//! Parameters that can be changed by a factor.

use dlpc_engine::machine::{Kernel, MachineModel, MessageTable, Segment, Topology};
use dlpc_engine::units::{BytesPerSecond, SecondsPerByte, SimDuration};

use crate::scenario::Scenario;
use crate::workload;

/// A parameter of the machine or the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Speed of all cores.
    CoreSpeed,
    /// Cost of a kernel.
    Kernel(Kernel),
    /// Bandwidth of all ports of hosts.
    PortBandwidth,
    /// Bandwidth between leaf switches and root.
    UplinkBandwidth,
    /// Total bandwidth of each switch.
    BackplaneBandwidth,
    /// Latency of all network interfaces.
    NicLatency,
    /// Latency of the switches.
    SwitchLatency,
    /// Latency of the cables between leaf switches and root.
    UplinkLatency,
    /// Cost of messages.
    Message(MessageClass, MessageCost),
    /// A time of the workload that is no cost of a kernel, by its key path.
    Time(&'static str),
}

/// Which messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageClass {
    /// Within a host.
    Local,
    /// Between hosts.
    Remote,
}

/// Which cost of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageCost {
    /// CPU time to send.
    SendOverhead,
    /// CPU time to receive.
    RecvOverhead,
    /// CPU time per byte.
    ByteOverhead,
    /// Latency of the software stack.
    Latency,
    /// Least time per byte at the end points.
    ByteGap,
    /// Least time between two messages.
    MessageGap,
}

impl MessageCost {
    const ALL: [Self; 6] =
        [Self::SendOverhead, Self::RecvOverhead, Self::ByteOverhead, Self::Latency, Self::ByteGap, Self::MessageGap];

    const fn key(self) -> &'static str {
        match self {
            Self::SendOverhead => "send_overhead",
            Self::RecvOverhead => "recv_overhead",
            Self::ByteOverhead => "byte_overhead",
            Self::Latency => "latency",
            Self::ByteGap => "byte_gap",
            Self::MessageGap => "message_gap",
        }
    }

    fn scale(self, segment: &mut Segment, factor: f64) {
        let gap = |gap: SecondsPerByte| SecondsPerByte::new(gap.as_f64() * factor).unwrap_or(gap);
        match self {
            Self::SendOverhead => segment.send_overhead = segment.send_overhead.scaled_by(factor),
            Self::RecvOverhead => segment.recv_overhead = segment.recv_overhead.scaled_by(factor),
            Self::ByteOverhead => segment.byte_overhead = gap(segment.byte_overhead),
            Self::Latency => segment.latency = segment.latency.scaled_by(factor),
            Self::ByteGap => segment.byte_gap = gap(segment.byte_gap),
            Self::MessageGap => segment.message_gap = segment.message_gap.scaled_by(factor),
        }
    }
}

impl Parameter {
    /// Returns every parameter that is not zero and belongs to the workload.
    #[must_use]
    pub fn of(scenario: &Scenario, machine: &MachineModel) -> Vec<Self> {
        let classes = [MessageClass::Local, MessageClass::Remote];
        let messages = classes.into_iter().flat_map(|class| MessageCost::ALL.map(|cost| Self::Message(class, cost)));
        let fixed = [
            Self::CoreSpeed,
            Self::PortBandwidth,
            Self::UplinkBandwidth,
            Self::BackplaneBandwidth,
            Self::NicLatency,
            Self::SwitchLatency,
            Self::UplinkLatency,
        ];
        let mut workload = scenario.workload.clone();
        let times = workload.facts_mut().times().into_iter().map(|(key, _)| Self::Time(key));
        let all = Kernel::ALL.map(Self::Kernel).into_iter().chain(fixed).chain(times).chain(messages);
        all.filter(|parameter| parameter.is_there(scenario, machine)).collect()
    }

    /// Whether doubling it changes anything in scenario or machine.
    fn is_there(self, scenario: &Scenario, machine: &MachineModel) -> bool {
        let (mut changed, mut changed_machine) = (scenario.clone(), machine.clone());
        self.scale(&mut changed, &mut changed_machine, 2.0);
        changed != *scenario || changed_machine != *machine
    }

    /// Returns its name: its key in the machine model or the scenario.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::CoreSpeed => "hosts.speed".to_owned(),
            Self::Kernel(kernel) => workload::cost_key(kernel).to_owned(),
            Self::PortBandwidth => "hosts.nic.bandwidth".to_owned(),
            Self::UplinkBandwidth => "switch.tree.uplink_bandwidth".to_owned(),
            Self::BackplaneBandwidth => "switch.backplane_bandwidth".to_owned(),
            Self::NicLatency => "hosts.nic.latency".to_owned(),
            Self::SwitchLatency => "switch.latency".to_owned(),
            Self::UplinkLatency => "switch.tree.uplink_latency".to_owned(),
            Self::Message(MessageClass::Local, cost) => format!("messages.local.{}", cost.key()),
            Self::Message(MessageClass::Remote, cost) => format!("messages.remote.{}", cost.key()),
            Self::Time(key) => key.to_owned(),
        }
    }

    /// Changes the parameter by a positive factor, wherever it occurs.
    pub fn scale(self, scenario: &mut Scenario, machine: &mut MachineModel, factor: f64) {
        let switch = &mut machine.switch;
        let groups = &mut machine.host_groups;
        match self {
            Self::CoreSpeed => groups.iter_mut().flat_map(|group| &mut group.speeds).for_each(|speed| *speed *= factor),
            Self::Kernel(kernel) => scenario.workload.facts_mut().scale_kernel(kernel, factor),
            Self::PortBandwidth => {
                for group in groups {
                    scale_rate(&mut group.nic.bandwidth, factor);
                }
                switch.port_bandwidth.iter_mut().for_each(|port| scale_rate(port, factor));
            }
            Self::BackplaneBandwidth => switch.backplane_bandwidth.iter_mut().for_each(|rate| scale_rate(rate, factor)),
            Self::UplinkBandwidth => {
                if let Topology::Tree { uplink_bandwidth, .. } = &mut switch.topology {
                    scale_rate(uplink_bandwidth, factor);
                }
            }
            Self::NicLatency => groups.iter_mut().for_each(|group| scale_time(&mut group.nic.latency, factor)),
            Self::SwitchLatency => scale_time(&mut switch.latency, factor),
            Self::UplinkLatency => {
                if let Topology::Tree { uplink_latency, .. } = &mut switch.topology {
                    scale_time(uplink_latency, factor);
                }
            }
            Self::Message(class, cost) => {
                let table: &mut MessageTable = match class {
                    MessageClass::Local => &mut machine.local,
                    MessageClass::Remote => &mut machine.remote,
                };
                table.segments.iter_mut().for_each(|segment| cost.scale(segment, factor));
            }
            Self::Time(key) => {
                let times = scenario.workload.facts_mut().times();
                times.into_iter().filter(|(of, _)| *of == key).for_each(|(_, time)| scale_time(time, factor));
            }
        }
    }
}

fn scale_time(time: &mut SimDuration, factor: f64) {
    *time = time.scaled_by(factor);
}

fn scale_rate(rate: &mut BytesPerSecond, factor: f64) {
    *rate = BytesPerSecond::new(rate.as_f64() * factor).unwrap_or(*rate);
}
