//! The machine model: one cluster, as calibrated or as taken from literature.
//!
//! A [`MachineModel`] that exists is valid. It comes from a machine file, which the crate `dlpc-predict` checks, or from
//! [`Star`], which can only make valid ones.

mod collectives;
mod kernel;
mod messages;
mod star;
mod uncertainty;

use std::num::NonZeroU32;

use crate::named;
use crate::units::{Bytes, BytesPerSecond, SimDuration};

pub use self::collectives::{
    AllgatherAlgorithm, AllgathervAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm,
    CollectiveLibrary, CollectiveOverrides, GatherAlgorithm, ReduceAlgorithm, ReduceScatterAlgorithm,
    ReduceScatterBlockAlgorithm, ScatterAlgorithm,
};
pub use self::kernel::{COSTED, Costed, Kernel, Kernels, RecordCosts};
pub use self::messages::{MessageTable, Segment, TableError};
pub use self::star::Star;
pub use self::uncertainty::{SegmentUncertainty, Uncertainty};

/// One cluster: hosts, network, message costs, kernel costs and noise.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineModel {
    /// Short name, for instance `dlpc-2020`.
    pub name: String,
    /// Host groups in the order of the file; hosts are numbered through all groups. At least one.
    pub host_groups: Vec<HostGroup>,
    /// Switches between the hosts.
    pub switch: Switch,
    /// Costs of messages between two ranks of one host (shared memory).
    pub local: MessageTable,
    /// Costs of messages between ranks of different hosts.
    pub remote: MessageTable,
    /// Collective algorithms that override the selection rules.
    pub collectives: CollectiveOverrides,
    /// Costs of the workloads' kernels.
    pub kernels: Kernels,
    /// Noise of cores and jitter of the network.
    pub noise: Noise,
    /// How well hosts, ports and messages are known.
    pub uncertainty: Uncertainty,
}

/// A number of hosts with the same cores and network interface.
#[derive(Debug, Clone, PartialEq)]
pub struct HostGroup {
    /// Name of the group; its hosts are called `name0`, `name1`, ...; a group of one host has the bare name.
    pub name: String,
    /// Cores of each host.
    pub cores: NonZeroU32,
    /// Relative speed of each host of the group, positive; kernel costs hold for speed 1. Its length is the number of
    /// hosts.
    pub speeds: Vec<f64>,
    /// Factor by which work takes longer with 1, 2, ... busy cores; `cores` entries, each at least 1, not decreasing.
    pub slowdown: Vec<f64>,
    /// Network interface of each host.
    pub nic: Nic,
}

/// Network interface of a host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nic {
    /// Payload bandwidth in each direction (full duplex) or in total (half duplex).
    pub bandwidth: BytesPerSecond,
    /// Latency of the cable and interface, per traversal.
    pub latency: SimDuration,
    /// Whether both directions share the bandwidth.
    pub duplex: Duplex,
}

named! {
    /// Whether the two directions of a cable share its bandwidth.
    pub enum Duplex as "Duplex" {
        Full = "full" => "Each direction has the full bandwidth.",
        Half = "half" => "Both directions share it.",
    }
}

/// The switch, or the tree of switches, between the hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Latency of one switch traversal.
    pub latency: SimDuration,
    /// Bandwidth of one port and direction, if it can be lower than that of the hosts.
    pub port_bandwidth: Option<BytesPerSecond>,
    /// Total bandwidth of one switch, if it can be lower than that of its ports.
    pub backplane_bandwidth: Option<BytesPerSecond>,
    /// When a frame leaves the switch.
    pub forwarding: Forwarding,
    /// Star or tree.
    pub topology: Topology,
}

/// When a switch passes a frame on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarding {
    /// After the whole frame of at most `frame` bytes has arrived.
    StoreAndForward {
        /// Payload of a full frame.
        frame: Bytes,
    },
    /// As soon as the address is known; the delay is part of the switch latency.
    CutThrough,
}

/// How the switches are connected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Topology {
    /// All hosts on one switch.
    Star,
    /// Leaf switches, filled one after the other, below one root switch.
    Tree {
        /// Hosts on each leaf switch.
        hosts_per_leaf: NonZeroU32,
        /// Bandwidth of the cable from a leaf to the root, per direction.
        uplink_bandwidth: BytesPerSecond,
        /// Latency of that cable.
        uplink_latency: SimDuration,
    },
}

/// Random delays of cores and network. All zero: the simulation is deterministic.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// Sigma of the lognormal factor (median 1) on each compute op, by kernel ([`Kernel::ALL`] order).
    pub compute_sigma: [f64; Kernel::ALL.len()],
    /// Sigma of the lognormal factor (median 1) on all compute ops of one run, by kernel: how well its cost is known.
    pub cost_sigma: [f64; Kernel::ALL.len()],
    /// Sigma of the lognormal factor (median 1) on all compute ops of one run: how runs differ as a whole.
    pub run_sigma: f64,
    /// Interruptions by the operating system, if any.
    pub interruptions: Option<Interruptions>,
    /// Sigma of the lognormal factor (median 1) on the latency of each remote message.
    pub latency_sigma: f64,
}

/// Interruptions of a computing core by the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruptions {
    /// Mean time between two, exponentially distributed.
    pub interval: SimDuration,
    /// Length of each.
    pub duration: SimDuration,
}

impl Noise {
    /// Noise that is always zero.
    pub const NONE: Self = Self {
        compute_sigma: [0.0; Kernel::ALL.len()],
        cost_sigma: [0.0; Kernel::ALL.len()],
        run_sigma: 0.0,
        interruptions: None,
        latency_sigma: 0.0,
    };

    /// Returns the sigma of a kernel's ops.
    #[must_use]
    pub fn sigma(&self, kernel: Kernel) -> f64 {
        self.compute_sigma[kernel as usize]
    }

    /// Returns whether every replication would be the same.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::NONE
    }
}

impl MachineModel {
    /// Returns the number of hosts.
    #[must_use]
    pub fn n_hosts(&self) -> usize {
        self.host_groups.iter().map(|group| group.speeds.len()).sum()
    }

    /// Returns the number of cores of all hosts.
    #[must_use]
    pub fn n_cores(&self) -> usize {
        self.host_groups.iter().map(|group| group.speeds.len() * group.cores.get() as usize).sum()
    }

    /// Returns whether replications differ, whatever the workload.
    #[must_use]
    pub fn is_random(&self) -> bool {
        !self.noise.is_zero() || !self.uncertainty.is_zero()
    }

    /// Returns the names of all hosts, in the order of their numbers.
    #[must_use]
    pub fn host_names(&self) -> Vec<String> {
        self.host_groups.iter().flat_map(HostGroup::host_names).collect()
    }
}

impl HostGroup {
    /// Returns the names of the hosts of the group.
    #[must_use]
    pub fn host_names(&self) -> Vec<String> {
        match self.speeds.len() {
            1 => vec![self.name.clone()],
            n => (0..n).map(|i| format!("{}{i}", self.name)).collect(),
        }
    }
}
