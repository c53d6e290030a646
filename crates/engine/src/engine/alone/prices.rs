//! What messages between hosts cost, by size: computed once for sizes that come again and again.

use super::super::cores::on_core;
use super::super::costs::{RouteCost, route_cost};
use super::super::memo::{Memo, MemoKey};
use super::super::network::TransferTimes;
use crate::machine::MessageTable;
use crate::platform::{HostId, Platform};
use crate::program::RankId;
use crate::units::{Bytes, SimDuration};

/// How long a message of one size keeps the core of a host busy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Busy {
    pub(super) sending: SimDuration,
    pub(super) receiving: SimDuration,
}

/// How a message of one size passes through one kind of route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) latency: SimDuration,
    stored: SimDuration,
    wire: SimDuration,
    message_gap: SimDuration,
}

/// Costs of the messages of one table.
#[derive(Debug)]
pub(super) struct Prices<'a> {
    platform: &'a Platform,
    hosts_of_ranks: &'a [HostId],
    table: &'a MessageTable,
    busy: Memo<BusyKey, Busy>,
    ways: Memo<WayKey, Way>,
    /// Where all hosts and routes are alike, the latest size and what it costs: then the hosts need not be looked up.
    latest_busy: Option<(u32, Busy)>,
    latest_way: Option<(u32, Way)>,
    is_uniform: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BusyKey {
    speed_bits: u64,
    bytes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WayKey {
    route_kind: u32,
    bytes: u32,
}

impl MemoKey for BusyKey {
    fn number(self) -> u64 {
        self.speed_bits ^ u64::from(self.bytes)
    }
}

impl MemoKey for WayKey {
    fn number(self) -> u64 {
        u64::from(self.bytes) ^ u64::from(self.route_kind) << 32
    }
}

impl<'a> Prices<'a> {
    pub(super) fn new(platform: &'a Platform, hosts_of_ranks: &'a [HostId], table: &'a MessageTable) -> Self {
        Self {
            platform,
            hosts_of_ranks,
            table,
            busy: Memo::new(),
            ways: Memo::new(),
            latest_busy: None,
            latest_way: None,
            is_uniform: platform.is_uniform(),
        }
    }

    /// Returns how long `work` (time on a core of speed 1) takes on the core of a rank.
    pub(super) fn on_core(&self, rank: RankId, work: SimDuration) -> SimDuration {
        on_core(work, self.platform.speed(self.host(rank)))
    }

    /// Returns how long a message keeps the core of a rank busy (docs/model.md eq. 3 and 4).
    #[inline]
    pub(super) fn busy(&mut self, rank: RankId, bytes: u32) -> Busy {
        if let Some((known, busy)) = self.latest_busy
            && known == bytes
        {
            return busy;
        }
        self.look_up_busy(rank, bytes)
    }

    #[cold]
    fn look_up_busy(&mut self, rank: RankId, bytes: u32) -> Busy {
        let speed = self.platform.speed(self.host(rank));
        let busy = *self.busy.get(BusyKey { speed_bits: speed.to_bits(), bytes }, || {
            let bytes = Bytes(bytes.into());
            let segment = self.table.segment(bytes);
            Busy {
                sending: on_core(segment.send_busy(bytes), speed),
                receiving: on_core(segment.recv_busy(bytes), speed),
            }
        });
        self.latest_busy = self.is_uniform.then_some((bytes, busy));
        busy
    }

    #[inline]
    pub(super) fn way(&mut self, from: RankId, to: RankId, bytes: u32) -> Way {
        if let Some((known, way)) = self.latest_way
            && known == bytes
        {
            return way;
        }
        self.look_up_way(from, to, bytes)
    }

    #[cold]
    fn look_up_way(&mut self, from: RankId, to: RankId, bytes: u32) -> Way {
        let hosts = (self.host(from), self.host(to));
        let route_kind = self.platform.route_kind(hosts.0, hosts.1);
        let way = *self.ways.get(WayKey { route_kind, bytes }, || {
            let bytes = Bytes(bytes.into());
            let segment = self.table.segment(bytes);
            let RouteCost { latency, stored, wire } = route_cost(self.platform, hosts, bytes, segment);
            Way { latency, stored, wire, message_gap: segment.message_gap }
        });
        self.latest_way = self.is_uniform.then_some((bytes, way));
        way
    }

    fn host(&self, rank: RankId) -> HostId {
        self.hosts_of_ranks[rank.0 as usize]
    }
}

impl Way {
    /// Returns the times of a message whose latency is `latency` this time.
    #[inline]
    pub(super) fn times(self, latency: SimDuration) -> TransferTimes {
        TransferTimes { wire: self.wire, message_gap: self.message_gap, latency: latency + self.stored }
    }
}
