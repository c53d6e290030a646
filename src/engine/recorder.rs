//! Keeps every step of every rank for the analysis, or nothing.

use crate::program::RankId;
use crate::trace::{Activity, Record, Recording, TransferId, TransferRecord};
use crate::units::SimTime;

/// Keeps every step of every rank, or nothing.
#[derive(Debug)]
pub(super) struct Recorder {
    record: Option<Record>,
}

impl Recorder {
    pub(super) fn new(recording: Recording, n_ranks: usize) -> Self {
        let empty = || Record { activities: vec![Vec::new(); n_ranks], transfers: Vec::new() };
        Self { record: (recording == Recording::On).then(empty) }
    }

    pub(super) fn activity(&mut self, rank: RankId, activity: Activity) {
        if let Some(record) = &mut self.record {
            record.activities[rank.0 as usize].push(activity);
        }
    }

    /// Notes that `from` has just put a transfer into the network.
    pub(super) fn transfer(&mut self, from: RankId, now: SimTime) -> TransferId {
        let Some(record) = &mut self.record else { return TransferId(0) };
        let cause = record.activities[from.0 as usize].len() - 1;
        record.transfers.push(TransferRecord { from, cause, start: now, left: now, arrived: now });
        TransferId(record.transfers.len() - 1)
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

    pub(super) fn into_record(self) -> Option<Record> {
        self.record
    }
}
