//! What limits each flow, and among how many flows that is shared: only for runs that are recorded.

use std::collections::BTreeMap;

use super::network::UnderWay;
use crate::platform::{Limit, LinkId, Platform};
use crate::trace::{LinkLoad, TransferId};
use crate::units::SimTime;

/// Rates and loads that differ by less than this ratio are the same.
const TOLERANCE: f64 = 1e-9;

/// What limits each flow under way, and since when.
#[derive(Debug)]
pub(super) struct Limits {
    /// Capacity of each link in bytes per second.
    capacity: Vec<f64>,
    since: SimTime,
    /// By the number of the transfer.
    present: BTreeMap<usize, Share>,
    /// Seconds, and flows times seconds, that each flow spent at each limit.
    spent: BTreeMap<usize, Vec<Spent>>,
    /// Load of each link now, in bytes per second.
    rates: BTreeMap<u32, u64>,
    /// Its changes so far.
    changes: Vec<LinkLoad>,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    limit: Limit,
    n_sharing: u32,
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    limit: Limit,
    seconds: f64,
    flow_seconds: f64,
}

/// What flows ask of one link.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    rate: f64,
    fastest: f64,
    n_flows: u32,
}

impl Limits {
    pub(super) fn new(platform: &Platform) -> Self {
        let capacity = platform.links().iter().map(|link| link.as_f64()).collect();
        Self {
            capacity,
            since: SimTime::ZERO,
            present: BTreeMap::new(),
            spent: BTreeMap::new(),
            rates: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Returns how the load of each link changed, in time order.
    pub(super) fn into_loads(self) -> Vec<LinkLoad> {
        self.changes
    }

    fn note_rates(&mut self, now: SimTime, loads: &BTreeMap<u32, Load>) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates of links, rounded")]
        let rates: BTreeMap<u32, u64> = loads.iter().map(|(link, load)| (*link, load.rate.round() as u64)).collect();
        let idle = self.rates.keys().filter(|link| !rates.contains_key(link)).map(|link| (*link, 0));
        let busy = rates.iter().filter(|(link, rate)| self.rates.get(link) != Some(rate)).map(|(l, r)| (*l, *r));
        let load = |(link, bytes_per_s)| LinkLoad { at: now, link: LinkId(link), bytes_per_s };
        self.changes.extend(idle.chain(busy).map(load));
        self.rates = rates;
    }

    /// Notes the flows and their rates from now on.
    pub(super) fn observe<'a>(&mut self, now: SimTime, flows: impl Iterator<Item = UnderWay<'a>>) {
        let ids: Vec<usize> = self.present.keys().copied().collect();
        for id in ids {
            self.credit(now, id);
        }
        self.since = now;
        let flows: Vec<UnderWay<'_>> = flows.collect();
        let loads = loads(&flows);
        self.note_rates(now, &loads);
        self.present = flows.iter().map(|flow| (flow.id.0, self.share(flow, &loads))).collect();
    }

    /// Returns what limited a flow that ends now for most of its time, and the mean number of flows that shared it;
    /// none if the transfer was no flow.
    pub(super) fn finish(&mut self, now: SimTime, id: TransferId) -> Option<(Limit, u32)> {
        self.credit(now, id.0);
        let share = self.present.remove(&id.0);
        let Some(spent) = self.spent.remove(&id.0) else { return share.map(|share| (share.limit, share.n_sharing)) };
        let longest = spent.into_iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of counts")]
        let n_sharing = (longest.flow_seconds / longest.seconds).round() as u32;
        Some((longest.limit, n_sharing.max(1)))
    }

    fn credit(&mut self, now: SimTime, id: usize) {
        let Some(share) = self.present.get(&id).copied().filter(|_| self.since < now) else { return };
        let seconds = (now - self.since).as_seconds();
        let spent = self.spent.entry(id).or_default();
        let flow_seconds = f64::from(share.n_sharing) * seconds;
        match spent.iter_mut().find(|spent| spent.limit == share.limit) {
            Some(spent) => {
                spent.seconds += seconds;
                spent.flow_seconds += flow_seconds;
            }
            None => spent.push(Spent { limit: share.limit, seconds, flow_seconds }),
        }
    }

    /// A flow below its own cap has a full link on which no flow is faster (docs/model.md eq. 8).
    fn share(&self, flow: &UnderWay<'_>, loads: &BTreeMap<u32, Load>) -> Share {
        let at_end_points = Share { limit: Limit::EndPoints, n_sharing: 1 };
        if flow.rate >= flow.cap * (1.0 - TOLERANCE) {
            return at_end_points;
        }
        let is_bottleneck = |link: &&u32| {
            let load = loads[*link];
            load.rate >= self.capacity[**link as usize] * (1.0 - TOLERANCE)
                && load.fastest <= flow.rate * (1.0 + TOLERANCE)
        };
        let link = flow.links.iter().filter(is_bottleneck).max_by_key(|link| loads[*link].n_flows);
        link.map_or(at_end_points, |link| Share { limit: Limit::Link(LinkId(*link)), n_sharing: loads[link].n_flows })
    }
}

fn loads(flows: &[UnderWay<'_>]) -> BTreeMap<u32, Load> {
    let mut loads = BTreeMap::<u32, Load>::new();
    for (flow, link) in flows.iter().flat_map(|flow| flow.links.iter().map(move |link| (flow, *link))) {
        let load = loads.entry(link).or_default();
        load.rate += flow.rate;
        load.fastest = load.fastest.max(flow.rate);
        load.n_flows += 1;
    }
    loads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(capacity: &[f64]) -> Limits {
        Limits {
            capacity: capacity.to_vec(),
            since: SimTime::ZERO,
            present: BTreeMap::new(),
            spent: BTreeMap::new(),
            rates: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    fn flow(id: usize, links: &'static [u32], cap: f64, rate: f64) -> UnderWay<'static> {
        UnderWay { id: TransferId(id), links, cap, rate }
    }

    #[test]
    fn a_flow_is_limited_by_the_full_link_on_which_none_is_faster() {
        // Link 0 (10) carries flow 0 at 7 and flow 1 at 3, which link 1 (3) holds back.
        let mut limits = limits(&[10.0, 3.0]);
        let flows = [flow(0, &[0], f64::INFINITY, 7.0), flow(1, &[0, 1], f64::INFINITY, 3.0)];
        limits.observe(SimTime::ZERO, flows.into_iter());
        let now = SimTime::from_picos(1_000);
        assert_eq!(limits.finish(now, TransferId(0)), Some((Limit::Link(LinkId(0)), 2)));
        assert_eq!(limits.finish(now, TransferId(1)), Some((Limit::Link(LinkId(1)), 1)));
    }

    #[test]
    fn loads_of_links_are_noted_when_they_change() {
        let mut limits = limits(&[10.0, 3.0]);
        let (one, two) = (SimTime::from_picos(1), SimTime::from_picos(2));
        limits.observe(SimTime::ZERO, [flow(0, &[0], 9.0, 7.0), flow(1, &[0, 1], 9.0, 3.0)].into_iter());
        limits.observe(one, [flow(1, &[0, 1], 9.0, 3.0)].into_iter());
        limits.observe(two, std::iter::empty());
        let loads: Vec<_> = limits.into_loads().iter().map(|load| (load.at, load.link.0, load.bytes_per_s)).collect();
        let zero = SimTime::ZERO;
        assert_eq!(loads, [(zero, 0, 10), (zero, 1, 3), (one, 0, 3), (two, 0, 0), (two, 1, 0)]);
    }

    #[test]
    fn the_number_of_sharing_flows_is_the_mean_over_time() {
        // Alone for 1 ns, then with three others for 3 ns: (1 + 3 * 4) / 4 = 3.25
        let mut limits = limits(&[12.0]);
        limits.observe(SimTime::ZERO, [flow(0, &[0], f64::INFINITY, 12.0)].into_iter());
        limits.observe(SimTime::from_picos(1_000), (0..4).map(|i| flow(i, &[0], f64::INFINITY, 3.0)));
        assert_eq!(limits.finish(SimTime::from_picos(4_000), TransferId(0)), Some((Limit::Link(LinkId(0)), 3)));
    }

    #[test]
    fn a_flow_at_its_cap_is_limited_by_its_end_points() {
        let mut limits = limits(&[12.0]);
        limits.observe(SimTime::ZERO, [flow(0, &[0], 5.0, 5.0)].into_iter());
        assert_eq!(limits.finish(SimTime::from_picos(10), TransferId(0)), Some((Limit::EndPoints, 1)));
    }

    #[test]
    fn a_transfer_that_was_no_flow_has_no_limit() {
        assert_eq!(limits(&[12.0]).finish(SimTime::from_picos(10), TransferId(0)), None);
    }
}
