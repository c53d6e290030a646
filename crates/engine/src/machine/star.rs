//! A cluster of equal hosts on one switch, built in code instead of read from a machine file.

use std::num::NonZeroU32;

use super::{
    CollectiveOverrides, Duplex, Forwarding, HostGroup, Kernels, MachineModel, MessageTable, Nic, Noise, Segment,
    Switch, Topology, Uncertainty,
};
use crate::units::{Bytes, BytesPerSecond, SimDuration};

/// Builds the machine model of equal hosts on one switch.
///
/// What is not said costs nothing: cut-through switch, full duplex, no latency, no message overheads, no noise.
///
/// ```
/// use std::num::NonZeroU32;
///
/// use dlpc_engine::machine::Star;
/// use dlpc_engine::units::{BytesPerSecond, SimDuration};
///
/// let hosts = NonZeroU32::new(8).unwrap();
/// let cores = NonZeroU32::new(4).unwrap();
/// let pis = Star::new(hosts, cores, BytesPerSecond::from_mbit(94.0)).latency(SimDuration::from_micros(30)).build();
/// assert_eq!((pis.n_hosts(), pis.n_cores()), (8, 32));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Star {
    hosts: NonZeroU32,
    cores: NonZeroU32,
    nic: Nic,
    local: MessageTable,
    remote: MessageTable,
}

impl Star {
    /// Starts with `hosts` hosts of `cores` cores of speed 1, each with a full-duplex port of `bandwidth` per direction.
    #[must_use]
    pub fn new(hosts: NonZeroU32, cores: NonZeroU32, bandwidth: BytesPerSecond) -> Self {
        Self {
            hosts,
            cores,
            nic: Nic { bandwidth, latency: SimDuration::ZERO, duplex: Duplex::Full },
            local: MessageTable::uniform(Segment::FREE, Bytes(u64::MAX)),
            remote: MessageTable::uniform(Segment::FREE, Bytes(u64::MAX)),
        }
    }

    /// Sets the latency of a host's cable, which a message passes twice: once up, once down.
    #[must_use]
    pub const fn latency(mut self, latency: SimDuration) -> Self {
        self.nic.latency = latency;
        self
    }

    /// Lets both directions of each cable share its bandwidth.
    #[must_use]
    pub const fn half_duplex(mut self) -> Self {
        self.nic.duplex = Duplex::Half;
        self
    }

    /// Sets what a message within a host costs.
    #[must_use]
    pub fn local(mut self, table: MessageTable) -> Self {
        self.local = table;
        self
    }

    /// Sets what a message between two hosts costs beyond cables and switch.
    #[must_use]
    pub fn remote(mut self, table: MessageTable) -> Self {
        self.remote = table;
        self
    }

    /// Returns the machine model.
    #[must_use]
    pub fn build(self) -> MachineModel {
        MachineModel {
            name: "star".to_owned(),
            host_groups: vec![HostGroup {
                name: "host".to_owned(),
                cores: self.cores,
                speeds: vec![1.0; self.hosts.get() as usize],
                slowdown: vec![1.0; self.cores.get() as usize],
                nic: self.nic,
            }],
            switch: Switch {
                latency: SimDuration::ZERO,
                port_bandwidth: None,
                backplane_bandwidth: None,
                forwarding: Forwarding::CutThrough,
                topology: Topology::Star,
            },
            local: self.local,
            remote: self.remote,
            collectives: CollectiveOverrides::default(),
            kernels: Kernels::default(),
            noise: Noise::NONE,
            uncertainty: Uncertainty::default(),
        }
    }
}
