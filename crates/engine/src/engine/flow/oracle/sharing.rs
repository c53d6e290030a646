//! Max-min fair sharing of links among flows.

/// What one flow asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    /// Links that it crosses, as indices; a link counts once.
    pub(super) links: &'a [u32],
    /// The most it can take, in bytes per second; may be infinite.
    pub(super) cap: f64,
}

/// Links with their capacities, and scratch memory that grows with the links in use, not with all links.
#[derive(Debug)]
pub(super) struct Sharing {
    capacity: Vec<f64>,
    /// For each link its place in `active`, or `NOT_ACTIVE`.
    place: Vec<u32>,
    active: Vec<ActiveLink>,
}

#[derive(Debug, Clone, Copy)]
struct ActiveLink {
    link: u32,
    /// Capacity that frozen flows have left over.
    left: f64,
    /// Flows whose rate is still open.
    n_open: u32,
}

const NOT_ACTIVE: u32 = u32::MAX;

/// Shares that differ by less than this ratio are the same bottleneck.
const TOLERANCE: f64 = 1e-12;

impl Sharing {
    /// Takes the capacity of each link in bytes per second, positive and finite.
    pub(super) fn new(capacity: Vec<f64>) -> Self {
        Self { place: vec![NOT_ACTIVE; capacity.len()], capacity, active: Vec::new() }
    }

    /// Writes the max-min fair rate of each flow to `rates`, in bytes per second (docs/model.md eq. 8).
    ///
    /// Progressive filling: the link with the least capacity per open flow fixes the rate of its flows, unless flows
    /// with a lower cap of their own come first; what is left over is shared by the rest. Bertsekas and Gallager,
    /// Data Networks (1992), section 6.5.2.
    pub(super) fn rates(&mut self, demands: &[Demand<'_>], rates: &mut Vec<f64>) {
        rates.clear();
        rates.resize(demands.len(), f64::NAN);
        self.activate(demands);
        let mut n_open = demands.len();
        while n_open > 0 {
            let share =
                self.active.iter().filter(|link| link.n_open > 0).map(ActiveLink::share).fold(f64::INFINITY, f64::min);
            let n_before = n_open;
            let limit = share * (1.0 + TOLERANCE);
            let open_capped = |rate: &f64, demand: &Demand<'_>| rate.is_nan() && demand.cap <= limit;
            if rates.iter().zip(demands).any(|(rate, demand)| open_capped(rate, demand)) {
                for (rate, demand) in rates.iter_mut().zip(demands) {
                    if open_capped(rate, demand) {
                        *rate = demand.cap;
                        self.freeze(*demand, demand.cap);
                        n_open -= 1;
                    }
                }
            } else {
                let bottlenecks: Vec<bool> =
                    self.active.iter().map(|link| link.n_open > 0 && link.share() <= limit).collect();
                for (rate, demand) in rates.iter_mut().zip(demands) {
                    let is_stopped = demand.links.iter().any(|l| bottlenecks[self.place[*l as usize] as usize]);
                    if rate.is_nan() && is_stopped {
                        *rate = share;
                        self.freeze(*demand, share);
                        n_open -= 1;
                    }
                }
            }
            assert!(n_open < n_before, "bug: a flow without links or cap has no rate");
        }
        self.deactivate();
    }

    fn activate(&mut self, demands: &[Demand<'_>]) {
        for link in demands.iter().flat_map(|demand| demand.links) {
            let place = &mut self.place[*link as usize];
            if *place == NOT_ACTIVE {
                *place = u32::try_from(self.active.len()).expect("invariant: fewer than 2^32 links");
                self.active.push(ActiveLink { link: *link, left: self.capacity[*link as usize], n_open: 0 });
            }
            self.active[*place as usize].n_open += 1;
        }
    }

    fn freeze(&mut self, demand: Demand<'_>, rate: f64) {
        for link in demand.links {
            let active = &mut self.active[self.place[*link as usize] as usize];
            active.left = (active.left - rate).max(0.0);
            active.n_open -= 1;
        }
    }

    fn deactivate(&mut self) {
        for active in self.active.drain(..) {
            self.place[active.link as usize] = NOT_ACTIVE;
        }
    }
}

impl ActiveLink {
    fn share(&self) -> f64 {
        self.left / f64::from(self.n_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates(capacity: &[f64], flows: &[(Vec<u32>, f64)]) -> Vec<f64> {
        let demands: Vec<Demand<'_>> = flows.iter().map(|(links, cap)| Demand { links, cap: *cap }).collect();
        let mut rates = Vec::new();
        Sharing::new(capacity.to_vec()).rates(&demands, &mut rates);
        rates
    }

    /// The slow and obvious way: pour a little into every flow that still has room, until none has.
    fn poured(capacity: &[f64], flows: &[(Vec<u32>, f64)], drop: f64) -> Vec<f64> {
        let mut rates = vec![0.0; flows.len()];
        loop {
            let used = |link: u32, rates: &[f64]| -> f64 {
                flows.iter().zip(rates).filter(|(flow, _)| flow.0.contains(&link)).map(|(_, rate)| rate).sum()
            };
            let has_room = |i: usize, rates: &[f64]| {
                let n_sharing =
                    |link: u32| flows.iter().filter(|flow| flow.0.contains(&link)).map(|_| 1.0).sum::<f64>();
                rates[i] + drop <= flows[i].1
                    && flows[i].0.iter().all(|&l| used(l, rates) + drop * n_sharing(l) <= capacity[l as usize])
            };
            let open: Vec<usize> = (0..flows.len()).filter(|&i| has_room(i, &rates)).collect();
            if open.is_empty() {
                return rates;
            }
            for i in open {
                rates[i] += drop;
            }
        }
    }

    #[test]
    fn flows_through_one_link_share_it_evenly() {
        let flows = vec![(vec![0], f64::INFINITY); 4];
        assert_eq!(rates(&[100.0], &flows), [25.0; 4]);
    }

    #[test]
    fn what_a_slow_flow_leaves_goes_to_the_others() {
        // Link 0 (10) is shared by flows 0 and 1; flow 1 also crosses link 1 (3): it gets 3, flow 0 the other 7.
        let flows = vec![(vec![0], f64::INFINITY), (vec![0, 1], f64::INFINITY)];
        assert_eq!(rates(&[10.0, 3.0], &flows), [7.0, 3.0]);
    }

    #[test]
    fn a_capped_flow_takes_no_more_than_its_cap() {
        let flows = vec![(vec![0], 2.0), (vec![0], f64::INFINITY)];
        assert_eq!(rates(&[10.0], &flows), [2.0, 8.0]);
    }

    #[test]
    fn disjoint_flows_do_not_disturb_each_other() {
        let flows = vec![(vec![0, 1], f64::INFINITY), (vec![2, 3], f64::INFINITY)];
        assert_eq!(rates(&[10.0, 10.0, 5.0, 10.0], &flows), [10.0, 5.0]);
    }

    fn cases() -> impl Strategy<Value = (Vec<f64>, Vec<(Vec<u32>, f64)>)> {
        (1..6_u32).prop_flat_map(|n_links| {
            let capacity = prop::collection::vec((1..50_u32).prop_map(f64::from), n_links as usize);
            let links = prop::collection::btree_set(0..n_links, 1..=n_links as usize);
            let cap = prop_oneof![Just(f64::INFINITY), (1..30_u32).prop_map(f64::from)];
            let flow = (links.prop_map(|links| links.into_iter().collect()), cap);
            (capacity, prop::collection::vec(flow, 1..8))
        })
    }

    proptest! {
        #[test]
        fn progressive_filling_agrees_with_pouring_drop_by_drop((capacity, flows) in cases()) {
            let drop = 1.0 / 64.0;
            // A flow stops at most one drop per flow of its links early; a link at most n drops below its capacity, and
            // what one bottleneck leaves another flow may take.
            let tolerance = drop * flows.iter().flat_map(|_| &flows).map(|_| 1.0).sum::<f64>();
            for (fast, slow) in rates(&capacity, &flows).iter().zip(poured(&capacity, &flows, drop)) {
                prop_assert!((fast - slow).abs() <= tolerance, "{fast} against {slow}");
            }
        }

        /// Max-min fairness itself: no link is overloaded, and each flow has its cap or a full link on which no flow is
        /// faster.
        #[test]
        fn every_flow_has_its_cap_or_a_bottleneck((capacity, flows) in cases()) {
            let rates = rates(&capacity, &flows);
            let on = |link: u32| flows.iter().zip(&rates).filter(move |(flow, _)| flow.0.contains(&link)).map(|(_, rate)| *rate);
            for (link, capacity) in (0..).zip(&capacity) {
                prop_assert!(on(link).sum::<f64>() <= capacity * (1.0 + 1e-9));
            }
            for (flow, rate) in flows.iter().zip(&rates) {
                let is_bottleneck = |link: &u32| {
                    on(*link).sum::<f64>() >= capacity[*link as usize] * (1.0 - 1e-9)
                        && on(*link).all(|other| other <= rate * (1.0 + 1e-9))
                };
                prop_assert!(*rate >= flow.1 * (1.0 - 1e-9) || flow.0.iter().any(is_bottleneck));
            }
        }
    }
}
