//! Keeps every step of every rank for the analysis, or nothing.

use super::limits::Limits;
use crate::platform::{Limit, Route};
use crate::program::RankId;
use crate::trace::{Activity, Look, Part, Record, Recording, TransferId, TransferRecord};
use crate::units::{Bytes, SimDuration, SimTime};

/// What a rank puts into the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Injected {
    pub(super) from: RankId,
    pub(super) to: RankId,
    pub(super) part: Part,
    pub(super) bytes: Bytes,
    pub(super) message_bytes: Bytes,
}

/// The way of a transfer and how long it takes from the departure of the last byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) route: Option<Route>,
    pub(super) latency: SimDuration,
    pub(super) stored: SimDuration,
    pub(super) jitter: SimDuration,
    pub(super) limit: Limit,
}

impl Way {
    pub(super) fn within_host(latency: SimDuration) -> Self {
        let none = SimDuration::ZERO;
        Self { route: None, latency, stored: none, jitter: none, limit: Limit::EndPoints }
    }
}

/// Keeps every step of every rank, or nothing.
#[derive(Debug)]
pub(super) struct Recorder {
    record: Option<Record>,
}

impl Recorder {
    pub(super) fn new(recording: Recording, n_ranks: usize) -> Self {
        let empty = || Record { activities: vec![Vec::new(); n_ranks], ..Record::default() };
        Self { record: (recording == Recording::On).then(empty) }
    }

    pub(super) fn is_on(&self) -> bool {
        self.record.is_some()
    }

    pub(super) fn look(&mut self, look: Look) {
        if let Some(record) = &mut self.record {
            record.looks.push(look);
        }
    }

    pub(super) fn activity(&mut self, rank: RankId, activity: Activity) {
        if let Some(record) = &mut self.record {
            record.activities[rank.0 as usize].push(activity);
        }
    }

    /// Notes that a rank has just put a transfer into the network.
    pub(super) fn transfer(&mut self, injected: Injected, now: SimTime) -> TransferId {
        let Some(record) = &mut self.record else { return TransferId(0) };
        let Injected { from, to, part, bytes, message_bytes } = injected;
        record.transfers.push(TransferRecord {
            from,
            to,
            part,
            bytes,
            message_bytes,
            route: None,
            cause: record.activities[from.0 as usize].len() - 1,
            start: now,
            left: now,
            arrived: now,
            latency: SimDuration::ZERO,
            stored: SimDuration::ZERO,
            jitter: SimDuration::ZERO,
            limit: Limit::EndPoints,
            n_sharing: 1,
        });
        TransferId(record.transfers.len() - 1)
    }

    /// Notes which way a transfer takes.
    pub(super) fn way(&mut self, transfer: TransferId, way: Way) {
        if let Some(record) = &mut self.record {
            let transfer = &mut record.transfers[transfer.0];
            transfer.route = way.route;
            (transfer.latency, transfer.stored, transfer.jitter) = (way.latency, way.stored, way.jitter);
            transfer.limit = way.limit;
        }
    }

    /// Notes what limited the rate of a flow, and among how many flows that was shared.
    pub(super) fn limited(&mut self, transfer: TransferId, limit: Limit, n_sharing: u32) {
        if let Some(record) = &mut self.record {
            let transfer = &mut record.transfers[transfer.0];
            (transfer.limit, transfer.n_sharing) = (limit, n_sharing);
        }
    }

    pub(super) fn left(&mut self, transfer: TransferId, now: SimTime) {
        if let Some(record) = &mut self.record {
            record.transfers[transfer.0].left = now;
        }
    }

    pub(super) fn arrived(&mut self, transfer: TransferId, now: SimTime) {
        if let Some(record) = &mut self.record {
            record.transfers[transfer.0].arrived = now;
        }
    }

    pub(super) fn into_record(mut self, limits: Option<Limits>) -> Option<Record> {
        if let (Some(record), Some(limits)) = (&mut self.record, limits) {
            record.link_loads = limits.into_loads();
        }
        self.record
    }
}
