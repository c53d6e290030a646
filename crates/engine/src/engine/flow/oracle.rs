//! The slow and obvious way: at each change all rates are worked out anew, and all flows brought up to date.

mod sharing;

use self::sharing::{Demand, Sharing};
use crate::engine::network::Transfer;
use crate::platform::Route;
use crate::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

/// Flows that share links; all of them are looked at whenever one starts or ends.
#[derive(Debug)]
pub(super) struct SlowNetwork {
    sharing: Sharing,
    flows: Vec<Flow>,
    rates: Vec<f64>,
    updated_at: SimTime,
    is_dirty: bool,
    /// Counts the changes of rates, so that an outdated wake-up is known as such.
    generation: u64,
}

#[derive(Debug)]
struct Flow {
    transfer: Transfer,
    links: [u32; 8],
    n_links: usize,
    cap: f64,
    remaining_bytes: f64,
    rate: f64,
    ends_at: SimTime,
}

impl SlowNetwork {
    pub(super) fn new(links: &[BytesPerSecond]) -> Self {
        Self {
            sharing: Sharing::new(links.iter().map(|link| link.as_f64()).collect()),
            flows: Vec::new(),
            rates: Vec::new(),
            updated_at: SimTime::ZERO,
            is_dirty: false,
            generation: 0,
        }
    }

    /// Adds a flow of at least one byte that takes at most `cap` bytes per second.
    pub(super) fn start(&mut self, transfer: Transfer, route: &Route, bytes: Bytes, cap: f64) {
        let mut links = [0; 8];
        for (to, from) in links.iter_mut().zip(route.links()) {
            *to = from.0;
        }
        self.flows.push(Flow {
            transfer,
            links,
            n_links: route.links().len(),
            cap,
            remaining_bytes: bytes.as_f64(),
            rate: 0.0,
            ends_at: SimTime::ZERO,
        });
        self.is_dirty = true;
    }

    /// Shares the links anew if a flow has started or ended; to be called once at the end of each instant. Returns when
    /// the next flow ends (docs/model.md eq. 16), and the generation of that forecast.
    pub(super) fn settle(&mut self, now: SimTime) -> Option<(SimTime, u64)> {
        if !std::mem::take(&mut self.is_dirty) {
            return None;
        }
        let elapsed = (now - self.updated_at).as_seconds();
        self.updated_at = now;
        for flow in &mut self.flows {
            flow.remaining_bytes = (flow.remaining_bytes - flow.rate * elapsed).max(0.0);
        }
        let demands: Vec<Demand<'_>> =
            self.flows.iter().map(|flow| Demand { links: &flow.links[..flow.n_links], cap: flow.cap }).collect();
        self.sharing.rates(&demands, &mut self.rates);
        for (flow, rate) in self.flows.iter_mut().zip(&self.rates) {
            flow.rate = *rate;
            flow.ends_at = now + SimDuration::from_seconds_ceil(flow.remaining_bytes / rate);
        }
        self.generation += 1;
        self.flows.iter().map(|flow| flow.ends_at).min().map(|at| (at, self.generation))
    }

    /// Removes the flows that have ended by `now` and appends their transfers to `ended`, in the order in which they
    /// started; nothing if the wake-up is outdated.
    pub(super) fn collect_ended(&mut self, now: SimTime, generation: u64, ended: &mut Vec<Transfer>) {
        if generation != self.generation {
            return;
        }
        ended.extend(self.flows.iter().filter(|flow| flow.ends_at <= now).map(|flow| flow.transfer));
        self.flows.retain(|flow| flow.ends_at > now);
        self.is_dirty = true;
    }
}
