//! Costs of messages and calculations on a machine model (docs/goal.md).

use super::{Medium, MessageCost};
use crate::machine::{MachineModel, MessageTable, Noise, Segment};
use crate::platform::{HostId, NetworkKind, Platform, Route};
use crate::units::{Bytes, SimDuration, significant};

/// A machine model with the host of each rank.
#[derive(Debug, Clone)]
pub struct MachineCosts {
    /// Hosts and links.
    pub platform: Platform,
    /// Network model.
    pub network: NetworkKind,
    name: String,
    local: MessageTable,
    remote: MessageTable,
    noise: Noise,
    hosts: Vec<HostId>,
}

impl MachineCosts {
    /// Places `n_ranks` ranks by slot: as many on each host as it has cores, in the order of the hosts. None if there are
    /// more ranks than cores.
    ///
    /// # Panics
    /// With 2^32 hosts or more.
    #[must_use]
    pub fn by_slot(machine: &MachineModel, network: NetworkKind, n_ranks: usize) -> Option<Self> {
        let platform = Platform::new(machine);
        let hosts = (0..u32::try_from(platform.n_hosts()).expect("invariant: hosts are a u32")).map(HostId);
        let slots = hosts.flat_map(|host| std::iter::repeat_n(host, platform.cores(host) as usize));
        let hosts: Vec<HostId> = slots.take(n_ranks).collect();
        (hosts.len() == n_ranks).then(|| Self {
            network,
            name: machine.name.clone(),
            local: machine.local.clone(),
            remote: machine.remote.clone(),
            noise: machine.noise.clone(),
            hosts,
            platform,
        })
    }

    /// Returns the name of the machine model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the host of a rank.
    #[must_use]
    pub fn host(&self, rank: u32) -> HostId {
        self.hosts[rank as usize]
    }

    /// Returns the route between the hosts of two ranks, and the most bytes per second of a message of `bytes`.
    ///
    /// # Panics
    /// If the ranks are on one host.
    #[must_use]
    pub fn route(&self, from: u32, to: u32, bytes: Bytes) -> (Route, f64) {
        let route = self.platform.route(self.host(from), self.host(to));
        (route, 1.0 / self.remote.segment(bytes).byte_gap.as_f64())
    }

    /// Returns what of the machine model a replay leaves out although it matters here, as sentences.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let slowdown = self.slowdown().map(|(factor, n_ranks)| {
            format!(
                "`slowdown` of `{}` is not simulated: {n_ranks} ranks of one host compute up to {} times as fast here as \
                 they would together",
                self.name,
                significant(factor, 3)
            )
        });
        let is_noisy = self.noise != Noise::NONE;
        let noise =
            is_noisy.then(|| format!("the noise of `{}` is not simulated: a replay is one run without it", self.name));
        slowdown.into_iter().chain(noise).collect()
    }

    /// Returns the largest factor by which ranks of one host would slow each other down, and how many they are.
    fn slowdown(&self) -> Option<(f64, usize)> {
        let by_host = self.hosts.chunk_by(|a, b| a == b);
        let factors = by_host.filter_map(|ranks| {
            let factor = *self.platform.slowdown(ranks[0]).get(..ranks.len())?.last()?;
            (factor > 1.0).then_some((factor, ranks.len()))
        });
        factors.max_by(|a, b| a.0.total_cmp(&b.0))
    }

    pub(super) fn calc(&self, rank: u32, work: SimDuration) -> SimDuration {
        let speed = self.platform.speed(self.host(rank));
        if (speed - 1.0).abs() < f64::EPSILON { work } else { work.scaled_by(1.0 / speed) }
    }

    pub(super) fn message(&self, from: u32, to: u32, bytes: Bytes) -> MessageCost {
        if self.host(from) == self.host(to) {
            return self.within_host(bytes);
        }
        let segment = self.remote.segment(bytes);
        let route = self.platform.route(self.host(from), self.host(to));
        let stored = SimDuration::from_seconds_ceil(self.platform.store_and_forward_s(&route, bytes));
        let latency = segment.latency + route.latency + stored;
        let is_eager = bytes <= self.remote.eager_limit;
        match self.network {
            NetworkKind::Flow => over_links(segment, latency, bytes, is_eager),
            NetworkKind::Loggops => {
                let links = route.links().iter().map(|link| 1.0 / self.platform.links()[link.0 as usize].as_f64());
                let byte_gap_s = links.fold(segment.byte_gap.as_f64(), f64::max);
                let further = Bytes(bytes.0.saturating_sub(1));
                let wire = SimDuration::from_seconds_ceil(byte_gap_s * further.as_f64());
                through_interfaces(segment, latency, further, wire, is_eager)
            }
        }
    }

    /// Shared memory: nothing is shared with others.
    fn within_host(&self, bytes: Bytes) -> MessageCost {
        let segment = self.local.segment(bytes);
        let wire = SimDuration::from_seconds_ceil(segment.byte_gap.seconds_for(bytes));
        let is_eager = bytes <= self.local.eager_limit;
        MessageCost { medium: Medium::Memory, ..over_links(segment, wire + segment.latency, bytes, is_eager) }
    }
}

/// Costs as docs/model.md eq. 3 and 4 have them; the bytes share links.
fn over_links(segment: &Segment, latency: SimDuration, bytes: Bytes, is_eager: bool) -> MessageCost {
    let send_cpu = segment.send_busy(bytes);
    MessageCost {
        send_cpu,
        send_nic: SimDuration::ZERO,
        first_byte: send_cpu + latency,
        recv_overhead: segment.recv_busy(bytes),
        recv_cpu: segment.recv_busy(bytes),
        recv_nic: SimDuration::ZERO,
        is_eager,
        medium: if bytes == Bytes(0) { Medium::Memory } else { Medium::Links },
    }
}

/// Costs as `LogGOPS` has them, by the segment of the size.
fn through_interfaces(
    segment: &Segment,
    latency: SimDuration,
    further: Bytes,
    wire: SimDuration,
    is_eager: bool,
) -> MessageCost {
    let copying = SimDuration::from_seconds_ceil(segment.byte_overhead.seconds_for(further));
    MessageCost {
        send_cpu: segment.send_overhead + copying,
        send_nic: segment.message_gap + wire,
        first_byte: segment.send_overhead + latency,
        recv_overhead: segment.recv_overhead + copying,
        recv_cpu: segment.recv_overhead + copying.max(wire),
        recv_nic: segment.message_gap + wire,
        is_eager,
        medium: Medium::Interfaces,
    }
}
