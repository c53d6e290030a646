//! Transfers between hosts: flows that share links max-min fairly, or gaps at each host only.

use super::message::MessageId;
use super::sharing::{Demand, Sharing};
use crate::platform::{HostId, Platform, Route};
use crate::trace::{Part, TransferId};
use crate::units::{Bytes, SimDuration, SimTime};

/// A transfer that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) message: MessageId,
    pub(super) part: Part,
    /// Time from the departure of the last byte to its arrival (flow network).
    pub(super) latency: SimDuration,
    pub(super) id: TransferId,
}

/// Flows that share links.
#[derive(Debug)]
pub(super) struct FlowNetwork {
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

impl FlowNetwork {
    pub(super) fn new(platform: &Platform) -> Self {
        Self {
            sharing: Sharing::new(platform.links().iter().map(|link| link.as_f64()).collect()),
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

    /// Returns the flows under way at their present rates, for the record.
    pub(super) fn under_way(&self) -> impl Iterator<Item = UnderWay<'_>> {
        self.flows.iter().map(|flow| UnderWay {
            id: flow.transfer.id,
            links: &flow.links[..flow.n_links],
            cap: flow.cap,
            rate: flow.rate,
        })
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

/// A flow at its present rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnderWay<'a> {
    pub(super) id: TransferId,
    pub(super) links: &'a [u32],
    /// The most it can take, in bytes per second.
    pub(super) cap: f64,
    /// In bytes per second.
    pub(super) rate: f64,
}

/// Gaps between messages at each host's network interface; no sharing inside the network (`LogGOPS`).
#[derive(Debug)]
pub(super) struct LoggopsNetwork {
    /// When each host may send, and receive, the next message.
    send_free_at: Vec<SimTime>,
    recv_free_at: Vec<SimTime>,
}

/// When the last byte of a transfer leaves and arrives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage {
    pub(super) left_at: SimTime,
    pub(super) arrives_at: SimTime,
}

impl LoggopsNetwork {
    pub(super) fn new(n_hosts: usize) -> Self {
        Self { send_free_at: vec![SimTime::ZERO; n_hosts], recv_free_at: vec![SimTime::ZERO; n_hosts] }
    }

    /// Sends bytes that occupy both interfaces for `wire` each, which stay busy for `message_gap` longer, and that take
    /// `latency` on the way (docs/model.md eq. 9; Alexandrov et al., `LogGP`, 1995).
    ///
    /// The receiver's interface is given out in the order in which messages are sent.
    pub(super) fn pass(&mut self, now: SimTime, (from, to): (HostId, HostId), times: PassTimes) -> Passage {
        let send_free_at = &mut self.send_free_at[from.0 as usize];
        let start = now.max(*send_free_at);
        *send_free_at = start + times.wire + times.message_gap;
        let recv_free_at = &mut self.recv_free_at[to.0 as usize];
        let first_byte_at = (start + times.latency).max(*recv_free_at);
        *recv_free_at = first_byte_at + times.wire + times.message_gap;
        Passage { left_at: start + times.wire, arrives_at: first_byte_at + times.wire }
    }
}

/// Times of one transfer.
#[derive(Debug, Clone, Copy)]
pub(super) struct PassTimes {
    pub(super) wire: SimDuration,
    pub(super) message_gap: SimDuration,
    pub(super) latency: SimDuration,
}
