//! The platform: hosts, links and routes, made from the machine model.

pub mod core_set;

use crate::machine::{Duplex, Forwarding, MachineModel, Switch, Topology};
use crate::named;
use crate::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};

named! {
    /// How the network is modelled.
    pub enum NetworkKind as "Network" {
        Flow = "flow" => "Concurrent transfers share links max-min fairly.",
        Loggops = "loggops" => "No sharing inside the network, only gaps between messages at each host.",
    }
}

/// Index of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

/// Index of a link: one direction of a cable, or a backplane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// What limits the rate of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Its own end points (`byte_gap`).
    EndPoints,
    /// A link of its route.
    Link(LinkId),
}

/// Hosts, links and what is needed to find the route between two hosts.
#[derive(Debug, Clone)]
pub struct Platform {
    n_hosts: u32,
    groups: Vec<Group>,
    /// Speed of each host; empty if it is 1 for all.
    speeds: Vec<f64>,
    links: Vec<BytesPerSecond>,
    switch_latency: SimDuration,
    forwarding: Forwarding,
    topology: Topology,
    /// First link of the leaf switches: for each leaf an uplink and a downlink.
    first_uplink: u32,
    /// First backplane: one per leaf (or the one star switch), then the root's.
    first_backplane: Option<u32>,
}

/// Hosts that differ in nothing but their numbers and speeds, so that a million of them need no memory each.
#[derive(Debug, Clone)]
struct Group {
    first_host: u32,
    cores: u32,
    slowdown: Vec<f64>,
    latency: SimDuration,
    /// Links of the first host, one after the other; those of the next host follow.
    first_link: u32,
    links_per_host: u32,
}

/// Ordered links between two different hosts, and the latency of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    links: [LinkId; Route::MAX_LINKS],
    n_links: u8,
    n_switches: u8,
    /// Latency of cables and switches.
    pub latency: SimDuration,
}

impl Route {
    /// Host up, leaf backplane, uplink, root backplane, downlink, leaf backplane, host down.
    pub(crate) const MAX_LINKS: usize = 7;

    /// Returns the links in the order in which a transfer crosses them.
    #[must_use]
    pub fn links(&self) -> &[LinkId] {
        &self.links[..usize::from(self.n_links)]
    }

    /// Returns the number of switches on the way.
    #[must_use]
    pub fn n_switches(&self) -> u8 {
        self.n_switches
    }

    /// Returns a route over `links` without latency.
    #[cfg(test)]
    pub(crate) fn over(links: &[LinkId]) -> Self {
        let mut route =
            Self { links: [LinkId(0); Self::MAX_LINKS], n_links: 0, n_switches: 1, latency: SimDuration::ZERO };
        for link in links {
            route.push(*link);
        }
        route
    }

    fn push(&mut self, link: LinkId) {
        self.links[usize::from(self.n_links)] = link;
        self.n_links += 1;
    }
}

impl Platform {
    /// Builds hosts and links of `machine`.
    ///
    /// # Panics
    /// If the machine has more than 2^30 hosts; input is limited to fewer.
    #[must_use]
    pub fn new(machine: &MachineModel) -> Self {
        let mut platform = Self {
            n_hosts: 0,
            groups: Vec::new(),
            speeds: machine.host_groups.iter().flat_map(|group| &group.speeds).copied().collect(),
            links: Vec::new(),
            switch_latency: machine.switch.latency,
            forwarding: machine.switch.forwarding,
            topology: machine.switch.topology,
            first_uplink: 0,
            first_backplane: None,
        };
        if platform.speeds.iter().all(|speed| speed.to_bits() == 1.0_f64.to_bits()) {
            platform.speeds = Vec::new();
        }
        platform.add_hosts(machine);
        platform.add_switches(&machine.switch);
        platform
    }

    fn add_hosts(&mut self, machine: &MachineModel) {
        for group in &machine.host_groups {
            let bandwidth = match machine.switch.port_bandwidth {
                Some(port) if port < group.nic.bandwidth => port,
                Some(_) | None => group.nic.bandwidth,
            };
            let links_per_host = match group.nic.duplex {
                Duplex::Full => 2,
                Duplex::Half => 1,
            };
            self.groups.push(Group {
                first_host: self.n_hosts,
                cores: group.cores.get(),
                slowdown: group.slowdown.clone(),
                latency: group.nic.latency,
                first_link: u32::try_from(self.links.len()).expect("invariant: fewer than 2^32 links"),
                links_per_host,
            });
            let n_links = group.speeds.len() * links_per_host as usize;
            self.links.resize(self.links.len() + n_links, bandwidth);
            self.n_hosts += u32::try_from(group.speeds.len()).expect("invariant: fewer than 2^30 hosts");
        }
    }

    fn add_switches(&mut self, switch: &Switch) {
        self.first_uplink = u32::try_from(self.links.len()).expect("invariant: fewer than 2^32 links");
        let n_leaves = match switch.topology {
            Topology::Star => 0,
            Topology::Tree { hosts_per_leaf, uplink_bandwidth, .. } => {
                let n_leaves = self.n_hosts.div_ceil(hosts_per_leaf.get());
                for _ in 0..2 * n_leaves {
                    self.add_link(uplink_bandwidth);
                }
                n_leaves
            }
        };
        if let Some(backplane) = switch.backplane_bandwidth {
            self.first_backplane = Some(self.add_link(backplane).0);
            for _ in 0..n_leaves {
                self.add_link(backplane);
            }
        }
    }

    fn add_link(&mut self, bandwidth: BytesPerSecond) -> LinkId {
        self.links.push(bandwidth);
        LinkId(u32::try_from(self.links.len() - 1).expect("invariant: fewer than 2^32 links"))
    }

    /// Returns the number of hosts.
    #[must_use]
    pub fn n_hosts(&self) -> usize {
        self.n_hosts as usize
    }

    /// Returns the bandwidth of every link, by [`LinkId`].
    #[must_use]
    pub fn links(&self) -> &[BytesPerSecond] {
        &self.links
    }

    /// Returns what limits a single transfer over `route` whose end points need `byte_gap` for each byte: they, or the
    /// narrowest link, the first of equals.
    #[must_use]
    pub fn narrowest(&self, route: &Route, byte_gap: SecondsPerByte) -> Limit {
        let gap = |link: &LinkId| 1.0 / self.links[link.0 as usize].as_f64();
        let slowest = route.links().iter().rev().max_by(|a, b| gap(a).total_cmp(&gap(b)));
        slowest.filter(|link| byte_gap.as_f64() < gap(link)).map_or(Limit::EndPoints, |link| Limit::Link(*link))
    }

    /// Returns the name of every link, by [`LinkId`], in a sentence such as "the bottleneck is ...".
    ///
    /// `host_names` are those of the machine model, by [`HostId`].
    #[must_use]
    pub fn link_names(&self, host_names: &[String]) -> Vec<String> {
        let mut names = vec![String::new(); self.links.len()];
        for (host, name) in (0..self.n_hosts).map(HostId).zip(host_names) {
            let (up, down) = self.ports(host);
            if up == down {
                names[up.0 as usize] = format!("port of {name}");
            } else {
                names[up.0 as usize] = format!("sending port of {name}");
                names[down.0 as usize] = format!("receiving port of {name}");
            }
        }
        let first = self.first_uplink as usize;
        let end = self.first_backplane.map_or(names.len(), |backplane| backplane as usize);
        for (i, name) in names[first..end].iter_mut().enumerate() {
            *name = format!("{} of leaf switch {}", if i % 2 == 0 { "uplink" } else { "downlink" }, i / 2);
        }
        for (i, name) in names[end..].iter_mut().enumerate() {
            *name = if i == 0 {
                "backplane of the switch".to_owned()
            } else {
                format!("backplane of leaf switch {}", i - 1)
            };
        }
        names
    }

    /// Returns the bandwidth of a link.
    #[must_use]
    pub fn bandwidth(&self, link: LinkId) -> BytesPerSecond {
        self.links[link.0 as usize]
    }

    /// Returns a number that is the same for routes of the same latency and bandwidths.
    ///
    /// # Panics
    /// If there are more than 30,000 groups of hosts; input is limited to fewer.
    #[must_use]
    #[inline]
    pub fn route_kind(&self, from: HostId, to: HostId) -> u32 {
        let is_far = match self.topology {
            Topology::Star => false,
            Topology::Tree { hosts_per_leaf, .. } => from.0 / hosts_per_leaf != to.0 / hosts_per_leaf,
        };
        let groups = self.group_number(from) * self.groups.len() + self.group_number(to);
        u32::try_from(2 * groups + usize::from(is_far)).expect("invariant: few host groups")
    }

    #[inline]
    fn group_number(&self, host: HostId) -> usize {
        if self.groups.len() == 1 {
            return 0;
        }
        self.groups.partition_point(|group| group.first_host <= host.0) - 1
    }

    fn group(&self, host: HostId) -> &Group {
        &self.groups[self.group_number(host)]
    }

    /// Returns the link from a host, and the one to it: the same if they share the bandwidth.
    fn ports(&self, host: HostId) -> (LinkId, LinkId) {
        let group = self.group(host);
        let up = group.first_link + (host.0 - group.first_host) * group.links_per_host;
        (LinkId(up), LinkId(up + group.links_per_host - 1))
    }

    /// Returns the cores of a host.
    #[must_use]
    pub fn cores(&self, host: HostId) -> u32 {
        self.group(host).cores
    }

    /// Returns the speed of a host relative to speed 1.
    #[must_use]
    #[inline]
    pub fn speed(&self, host: HostId) -> f64 {
        self.speeds.get(host.0 as usize).copied().unwrap_or(1.0)
    }

    /// Returns whether all hosts are alike, and all routes between two of them.
    #[must_use]
    pub fn is_uniform(&self) -> bool {
        let is_star = matches!(self.topology, Topology::Star);
        is_star && self.groups.len() == 1 && self.speeds.iter().all(|speed| speed.to_bits() == self.speeds[0].to_bits())
    }

    /// Returns the factors by which work takes longer with 1, 2, ... busy cores of a host.
    #[must_use]
    pub fn slowdown(&self, host: HostId) -> &[f64] {
        &self.group(host).slowdown
    }

    /// Returns the route between two different hosts, with the latency of its cables and switches (docs/model.md eq. 15).
    ///
    /// # Panics
    /// If both hosts are the same: messages within a host do not use the network.
    #[must_use]
    pub fn route(&self, from: HostId, to: HostId) -> Route {
        assert_ne!(from, to, "bug: a message within a host has no route");
        let (sender, receiver) = (self.group(from), self.group(to));
        let mut route = Route {
            links: [LinkId(0); Route::MAX_LINKS],
            n_links: 0,
            n_switches: 1,
            latency: sender.latency + receiver.latency,
        };
        route.push(self.ports(from).0);
        match self.topology {
            Topology::Star => self.push_backplane(&mut route, 0),
            Topology::Tree { hosts_per_leaf, uplink_latency, .. } => {
                let (from_leaf, to_leaf) = (from.0 / hosts_per_leaf, to.0 / hosts_per_leaf);
                self.push_backplane(&mut route, 1 + from_leaf);
                if from_leaf != to_leaf {
                    route.push(LinkId(self.first_uplink + 2 * from_leaf));
                    self.push_backplane(&mut route, 0);
                    route.push(LinkId(self.first_uplink + 2 * to_leaf + 1));
                    self.push_backplane(&mut route, 1 + to_leaf);
                    route.n_switches = 3;
                    route.latency += uplink_latency.saturating_mul(2);
                }
            }
        }
        route.push(self.ports(to).1);
        route.latency += self.switch_latency.saturating_mul(u64::from(route.n_switches));
        route
    }

    fn push_backplane(&self, route: &mut Route, offset: u32) {
        if let Some(first) = self.first_backplane {
            route.push(LinkId(first + offset));
        }
    }

    /// Returns the extra time of a transfer of `bytes` because each switch first stores a frame, in seconds.
    ///
    /// `sum over all cables of f / b - f / b_min` with `f = min(s, frame)` (docs/model.md eq. 7): the first frame
    /// crosses the cables one after the other, and the slowest cable is already paid for by the bandwidth. Backplanes
    /// store nothing.
    #[must_use]
    pub fn store_and_forward_s(&self, route: &Route, bytes: Bytes) -> f64 {
        let Forwarding::StoreAndForward { frame } = self.forwarding else { return 0.0 };
        let first_frame = bytes.min(frame);
        let cables = route.links().iter().filter(|link| self.first_backplane.is_none_or(|first| link.0 < first));
        let times = cables.map(|link| self.links[link.0 as usize].seconds_for(first_frame));
        let (sum, slowest) = times.fold((0.0, 0.0_f64), |(sum, slowest), time| (sum + time, slowest.max(time)));
        sum - slowest
    }
}
