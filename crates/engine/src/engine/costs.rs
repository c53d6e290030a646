//! Costs of messages by size, and of routes through the network by size: computed once for sizes that recur.

use super::memo::{Memo, MemoKey};
use crate::machine::{MessageTable, Segment};
use crate::platform::{HostId, Platform};
use crate::units::{Bytes, SimDuration};

/// Costs of messages of one size.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeCosts {
    pub(super) segment: Segment,
    /// How long the sender's core is busy (docs/model.md eq. 3).
    pub(super) send_busy: SimDuration,
    /// How long the receiver's core is busy (docs/model.md eq. 4).
    pub(super) recv_busy: SimDuration,
    /// How long the bytes take at the end points alone.
    pub(super) wire: SimDuration,
}

/// Costs of messages of one table.
#[derive(Debug)]
pub(super) struct TableCosts<'a> {
    table: &'a MessageTable,
    known: Memo<Bytes, SizeCosts>,
}

impl MemoKey for Bytes {
    fn number(self) -> u64 {
        self.0
    }
}

impl<'a> TableCosts<'a> {
    pub(super) fn new(table: &'a MessageTable) -> Self {
        Self { table, known: Memo::new() }
    }

    pub(super) fn eager_limit(&self) -> Bytes {
        self.table.eager_limit
    }

    #[inline]
    pub(super) fn of(&mut self, bytes: Bytes) -> &SizeCosts {
        self.known.get(bytes, || {
            let segment = *self.table.segment(bytes);
            SizeCosts {
                segment,
                send_busy: segment.send_busy(bytes),
                recv_busy: segment.recv_busy(bytes),
                wire: SimDuration::from_seconds_ceil(segment.byte_gap.seconds_for(bytes)),
            }
        })
    }
}

/// What a transfer of one size costs on one kind of route.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteCost {
    /// Latency of cables, switches and software stack.
    pub(super) latency: SimDuration,
    /// Time by which the switches delay the transfer because they first store a frame.
    pub(super) stored: SimDuration,
    /// How long an interface is busy with it (docs/model.md eq. 9).
    pub(super) wire: SimDuration,
}

/// Costs of routes.
#[derive(Debug)]
pub(super) struct RouteCosts<'a> {
    platform: &'a Platform,
    known: Memo<RouteKey, RouteCost>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RouteKey {
    route_kind: u32,
    bytes: Bytes,
}

impl MemoKey for RouteKey {
    fn number(self) -> u64 {
        self.bytes.0 ^ u64::from(self.route_kind) << 32
    }
}

impl<'a> RouteCosts<'a> {
    pub(super) fn new(platform: &'a Platform) -> Self {
        Self { platform, known: Memo::new() }
    }

    #[inline]
    pub(super) fn of(&mut self, hosts: (HostId, HostId), bytes: Bytes, segment: &Segment) -> RouteCost {
        let route_kind = self.platform.route_kind(hosts.0, hosts.1);
        *self.known.get(RouteKey { route_kind, bytes }, || route_cost(self.platform, hosts, bytes, segment))
    }
}

/// Returns what the route between two hosts costs a message part of `bytes` in `segment`.
pub(super) fn route_cost(platform: &Platform, hosts: (HostId, HostId), bytes: Bytes, segment: &Segment) -> RouteCost {
    let route = platform.route(hosts.0, hosts.1);
    let links = route.links().iter().map(|link| platform.bandwidth(*link));
    let narrowest = links.map(|link| 1.0 / link.as_f64()).fold(segment.byte_gap.as_f64(), f64::max);
    RouteCost {
        latency: segment.latency + route.latency,
        stored: SimDuration::from_seconds_ceil(platform.store_and_forward_s(&route, bytes)),
        wire: SimDuration::from_seconds_ceil(narrowest * Bytes(bytes.0.saturating_sub(1)).as_f64()),
    }
}
