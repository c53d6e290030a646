//! The network against the slow and obvious one, on random topologies and arrivals.

use proptest::prelude::*;

use super::FlowNetwork;
use super::oracle::SlowNetwork;
use crate::engine::message::MessageId;
use crate::engine::network::Transfer;
use crate::platform::{LinkId, Route};
use crate::trace::{Part, TransferId};
use crate::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

#[derive(Debug, Clone)]
struct Arrival {
    at: SimTime,
    route: Vec<LinkId>,
    bytes: Bytes,
    cap: f64,
}

trait Network {
    fn start(&mut self, transfer: Transfer, route: &Route, bytes: Bytes, cap: f64);
    fn settle(&mut self, now: SimTime) -> Option<(SimTime, u64)>;
    fn collect_ended(&mut self, now: SimTime, generation: u64, ended: &mut Vec<Transfer>);
}

macro_rules! network {
    ($name:ty) => {
        impl Network for $name {
            fn start(&mut self, transfer: Transfer, route: &Route, bytes: Bytes, cap: f64) {
                <$name>::start(self, transfer, route, bytes, cap);
            }
            fn settle(&mut self, now: SimTime) -> Option<(SimTime, u64)> {
                <$name>::settle(self, now)
            }
            fn collect_ended(&mut self, now: SimTime, generation: u64, ended: &mut Vec<Transfer>) {
                <$name>::collect_ended(self, now, generation, ended);
            }
        }
    };
}
network!(FlowNetwork);
network!(SlowNetwork);

fn transfer(id: usize) -> Transfer {
    Transfer { message: MessageId::default(), part: Part::Envelope, latency: SimDuration::ZERO, id: TransferId(id) }
}

/// Runs all arrivals, which are in the order of time, and returns the end of each, in the order in which they end.
fn ends(
    network: &mut impl Network,
    arrivals: &[Arrival],
    mut at_each_instant: impl FnMut(&[usize]),
) -> Vec<(usize, SimTime)> {
    let mut ends = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let (mut next, mut wake) = (0, None);
    loop {
        let arrival = arrivals.get(next).map(|arrival| arrival.at);
        let Some(now) = [arrival, wake.map(|(at, _)| at)].into_iter().flatten().min() else { return ends };
        if let Some((at, generation)) = wake
            && at == now
        {
            let mut ended = Vec::new();
            network.collect_ended(now, generation, &mut ended);
            open.retain(|i| ended.iter().all(|transfer| transfer.id.0 != *i));
            ends.extend(ended.iter().map(|transfer| (transfer.id.0, now)));
        }
        while let Some(arrival) = arrivals.get(next)
            && arrival.at == now
        {
            network.start(transfer(next), &Route::over(&arrival.route), arrival.bytes, arrival.cap);
            open.push(next);
            next += 1;
        }
        wake = network.settle(now);
        at_each_instant(&open);
    }
}

fn by_flow(mut ends: Vec<(usize, SimTime)>) -> Vec<SimTime> {
    ends.sort_unstable();
    ends.into_iter().map(|(_, at)| at).collect()
}

/// Panics unless both networks agree on every end to 1 part in 10^9.
fn assert_agree(links: &[BytesPerSecond], arrivals: &[Arrival]) {
    let fast = by_flow(ends(&mut FlowNetwork::over(links), arrivals, |_| ()));
    let slow = by_flow(ends(&mut SlowNetwork::new(links), arrivals, |_| ()));
    assert_eq!((fast.len(), slow.len()), (arrivals.len(), arrivals.len()));
    for (i, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
        let difference = fast.as_picos().abs_diff(slow.as_picos());
        assert!(difference <= 4 + slow.as_picos() / 1_000_000_000, "flow {i} of {arrivals:?}: {fast:?}, not {slow:?}");
    }
}

fn bandwidth(bytes_per_s: f64) -> BytesPerSecond {
    BytesPerSecond::new(bytes_per_s).expect("positive")
}

/// A cluster: links up and down of each host, then links that some pairs of hosts cross in between.
#[derive(Debug, Clone)]
struct Cluster {
    links: Vec<BytesPerSecond>,
    n_hosts: u32,
    n_shared: u32,
    is_half_duplex: bool,
    salt: u32,
}

impl Cluster {
    /// The route of a pair; the links in between depend on the pair in a way that has no pattern.
    fn route(&self, from: u32, to: u32) -> Vec<LinkId> {
        let down = if self.is_half_duplex { 2 * to } else { 2 * to + 1 };
        let mut route = vec![LinkId(2 * from)];
        let chance = |link: u32| (from * 31 + to * 17 + link * 7 + self.salt).wrapping_mul(2_654_435_761) >> 29;
        let between = (0..self.n_shared).filter(|link| chance(*link) < 3).take(Route::MAX_LINKS - 2);
        route.extend(between.map(|link| LinkId(2 * self.n_hosts + link)));
        route.push(LinkId(down));
        route
    }
}

/// Bandwidths from a few round ones, so that there are ties, or any.
fn bandwidths() -> impl Strategy<Value = f64> {
    prop_oneof![Just(12.5e6), Just(25e6), Just(125e6), 1e5..2e8]
}

fn clusters() -> impl Strategy<Value = Cluster> {
    (2..9_u32, 0..5_u32, any::<bool>(), any::<u16>()).prop_flat_map(|(n_hosts, n_shared, is_half_duplex, salt)| {
        let n_links = (2 * n_hosts + n_shared) as usize;
        let cluster = move |links: Vec<f64>| Cluster {
            links: links.into_iter().map(bandwidth).collect(),
            n_hosts,
            n_shared,
            is_half_duplex,
            salt: salt.into(),
        };
        let alike = bandwidths().prop_map(move |one| vec![one; n_links]);
        prop_oneof![alike, prop::collection::vec(bandwidths(), n_links)].prop_map(cluster)
    })
}

fn cases() -> impl Strategy<Value = (Cluster, Vec<Arrival>)> {
    clusters().prop_flat_map(|cluster| {
        let n = cluster.n_hosts;
        let cap = prop_oneof![4 => Just(11e6), 2 => Just(1e12), 1 => 1e5..3e8];
        // Times in steps of 10 us, so that some flows start at one instant; at most 3 ms, when the first ones have ended.
        let at = prop_oneof![Just(0_u64), 0..300_u64];
        let bytes = prop_oneof![Just(1000_u64), Just(1500), 1..50_000_u64];
        let arrival = (at, 0..n, 1..n, bytes, cap);
        let arrivals = prop::collection::vec(arrival, 1..60).prop_map({
            let cluster = cluster.clone();
            move |mut drawn| {
                drawn.sort_by_key(|(at, ..)| *at);
                let arrival = |(at, from, step, bytes, cap): (u64, u32, u32, u64, f64)| Arrival {
                    at: SimTime::from_picos(at * 10_000_000),
                    route: cluster.route(from, (from + step) % n),
                    bytes: Bytes(bytes),
                    cap,
                };
                drawn.into_iter().map(arrival).collect::<Vec<_>>()
            }
        });
        (Just(cluster), arrivals)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn flows_end_when_the_slow_way_says((cluster, arrivals) in cases()) {
        assert_agree(&cluster.links, &arrivals);
    }

    /// Max-min fairness itself, after each instant: no link is overloaded, and each flow has its cap or a full link on
    /// which no flow is faster.
    #[test]
    fn every_flow_has_its_cap_or_a_bottleneck_at_each_instant((cluster, arrivals) in cases()) {
        let mut network = FlowNetwork::over(&cluster.links);
        let (mut next, mut wake) = (0, None);
        loop {
            let arrival = arrivals.get(next).map(|arrival| arrival.at);
            let Some(now) = [arrival, wake.map(|(at, _)| at)].into_iter().flatten().min() else { break };
            if let Some((at, generation)) = wake && at == now {
                network.collect_ended(now, generation, &mut Vec::new());
            }
            while arrivals.get(next).is_some_and(|arrival| arrival.at == now) {
                let arrival = &arrivals[next];
                network.start(transfer(next), &Route::over(&arrival.route), arrival.bytes, arrival.cap);
                next += 1;
            }
            wake = network.settle(now);
            assert_fair(&network);
        }
    }
}

fn assert_fair(network: &FlowNetwork) {
    let load = |link: u32| -> f64 {
        let members = network.links[link as usize].classes.iter();
        members.map(|class| network.rate(*class) * f64::from(network.classes.get(*class).n_flows)).sum()
    };
    for (link, state) in (0..).zip(&network.links) {
        assert!(load(link) <= state.capacity * (1.0 + 1e-8), "link {link} is overloaded: {}", load(link));
        for class in &state.classes {
            let class_rate = network.rate(*class);
            let is_bottleneck = |link: &u32| {
                let state = &network.links[*link as usize];
                load(*link) >= state.capacity * (1.0 - 1e-8)
                    && state.classes.iter().all(|other| network.rate(*other) <= class_rate * (1.0 + 1e-8))
            };
            let class = network.classes.get(*class);
            let has_cap = class_rate >= class.cap * (1.0 - 1e-8);
            assert!(has_cap || class.links().iter().any(is_bottleneck), "a class of rate {class_rate} could have more");
        }
    }
}

fn star(n_hosts: u32) -> Cluster {
    let links = vec![bandwidth(12.5e6); 2 * n_hosts as usize];
    Cluster { links, n_hosts, n_shared: 0, is_half_duplex: false, salt: 0 }
}

fn arrival(cluster: &Cluster, at_us: u64, (from, to): (u32, u32), bytes: u64) -> Arrival {
    let at = SimTime::from_picos(at_us * 1_000_000);
    Arrival { at, route: cluster.route(from, to), bytes: Bytes(bytes), cap: 1e12 }
}

#[test]
fn flows_that_share_a_port_end_one_by_one_as_their_sizes_say() {
    // 12.5 B/us for three flows of 1000, 2000 and 3000 B: all three until each has 1000 B, at 3000 / 12.5 = 240 us; two
    // until each has 1000 B more, at 240 + 2000 / 12.5 = 400 us; the last 1000 B alone, at 400 + 80 = 480 us.
    let cluster = star(4);
    let arrivals: Vec<Arrival> =
        [(1, 3000), (2, 1000), (3, 2000)].map(|(from, bytes)| arrival(&cluster, 0, (from, 0), bytes)).to_vec();
    let ends = ends(&mut FlowNetwork::over(&cluster.links), &arrivals, |_| ());
    assert_eq!(ends, [(1, 240), (2, 400), (0, 480)].map(|(i, us)| (i, SimTime::from_picos(us * 1_000_000))));
}

#[test]
fn a_late_flow_takes_its_share_from_those_under_way() {
    // Alone until 40 us: 500 of 2000 B. Then half of 12.5 B/us each: the late one has its 1000 B at 40 + 160 = 200 us,
    // when the first one has 500 + 1000 B; its last 500 B take 40 us more.
    let cluster = star(3);
    let arrivals = [arrival(&cluster, 0, (1, 0), 2000), arrival(&cluster, 40, (2, 0), 1000)];
    let ends = ends(&mut FlowNetwork::over(&cluster.links), &arrivals, |_| ());
    assert_eq!(ends, [(1, 200), (0, 240)].map(|(i, us)| (i, SimTime::from_picos(us * 1_000_000))));
}

#[test]
fn a_flow_that_ends_lets_a_neighbour_of_a_neighbour_slow_down() {
    // Links of 12.5 B/us. A: 1 -> 0, B: 2 -> 0 (port 0 is full: 6.25 each), C: 2 -> 3 has what B leaves: 6.25.
    // A's 500 B end at 80 us. Then port 0 is B's, but host 2 is full: B and C stay at 6.25: their 1000 B end at 160 us.
    let cluster = star(4);
    let arrivals =
        [((1, 0), 500), ((2, 0), 1000), ((2, 3), 1000)].map(|(pair, bytes)| arrival(&cluster, 0, pair, bytes));
    let ends = ends(&mut FlowNetwork::over(&cluster.links), &arrivals, |_| ());
    assert_eq!(ends, [(0, 80), (1, 160), (2, 160)].map(|(i, us)| (i, SimTime::from_picos(us * 1_000_000))));
}

#[test]
fn a_staggered_gather_is_one_change_for_each_flow() {
    // 200 hosts send to host 0, each 1 us after the previous one; all but the first few meet the same full port, so that
    // all changes but those of the first and the last are local: no trial is needed.
    let cluster = star(201);
    let arrivals: Vec<Arrival> = (1..201).map(|i| arrival(&cluster, i.into(), (i, 0), 1000 + u64::from(i))).collect();
    let mut network = FlowNetwork::over(&cluster.links);
    assert_eq!(ends(&mut network, &arrivals, |_| ()).len(), 200);
    assert!(network.filling.epoch <= 6, "{} trials", network.filling.epoch);
    assert_agree(&cluster.links, &arrivals);
}
