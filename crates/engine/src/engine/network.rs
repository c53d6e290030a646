//! Transfers between hosts, and the network that has only gaps at each host; that of flows is in `flow.rs`.

use super::message::MessageId;
use crate::platform::HostId;
use crate::trace::{Part, TransferId};
use crate::units::{SimDuration, SimTime};

/// A transfer that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) message: MessageId,
    pub(super) part: Part,
    /// Time from the departure of the last byte to its arrival (flow network).
    pub(super) latency: SimDuration,
    pub(super) id: TransferId,
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
pub(super) struct TransferEnd {
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
    pub(super) fn pass(&mut self, now: SimTime, (from, to): (HostId, HostId), times: TransferTimes) -> TransferEnd {
        let start = times.depart(now, &mut self.send_free_at[from.0 as usize]);
        times.come(start, &mut self.recv_free_at[to.0 as usize])
    }
}

/// Times of one transfer.
#[derive(Debug, Clone, Copy)]
pub(super) struct TransferTimes {
    pub(super) wire: SimDuration,
    pub(super) message_gap: SimDuration,
    pub(super) latency: SimDuration,
}

impl TransferTimes {
    /// Returns when the first byte leaves an interface that is free from `send_free_at` on, and keeps it busy.
    #[inline]
    pub(super) fn depart(self, now: SimTime, send_free_at: &mut SimTime) -> SimTime {
        let start = now.max(*send_free_at);
        *send_free_at = start + self.wire + self.message_gap;
        start
    }

    /// Returns how a transfer whose first byte leaves at `start` comes to an interface that is free from `recv_free_at`
    /// on, and keeps it busy.
    #[inline]
    pub(super) fn come(self, start: SimTime, recv_free_at: &mut SimTime) -> TransferEnd {
        let first_byte_at = (start + self.latency).max(*recv_free_at);
        *recv_free_at = first_byte_at + self.wire + self.message_gap;
        TransferEnd { left_at: start + self.wire, arrives_at: first_byte_at + self.wire }
    }
}
