//! Which receive takes which message.

use std::collections::BTreeMap;

use dlpc_engine::trace::{Activity, ActivityKind, Enabler, MessageStep, Record, TransferRecord};
use dlpc_engine::units::SimTime;

use super::Message;

/// Transfers and receives of one pair of ranks.
#[derive(Default)]
struct Pair<'a> {
    /// Numbers of the transfers, in the order in which they entered the network.
    transfers: Vec<usize>,
    /// Receives, in time order.
    receives: Vec<&'a Activity>,
}

/// Returns all messages in the order in which their data entered the network.
///
/// A receive that waited was started by the arrival of its message. The others of a pair are matched in order: each takes
/// the earliest message that was there.
pub(super) fn of(record: &Record) -> Vec<Message> {
    let mut taken: Vec<Option<SimTime>> = vec![None; record.transfers.len()];
    for pair in pairs(record).values() {
        take(pair, record, &mut taken);
    }
    let data = record.transfers.iter().zip(taken).filter(|(transfer, _)| !transfer.is_handshake());
    data.map(|(transfer, taken)| message(record, transfer, taken)).collect()
}

fn message(record: &Record, transfer: &TransferRecord, taken: Option<SimTime>) -> Message {
    Message {
        from: transfer.from.0,
        to: transfer.to.0,
        bytes: transfer.message_bytes,
        sent: record.activities[transfer.from.0 as usize][transfer.cause].start,
        arrived: transfer.arrived,
        taken: taken.unwrap_or(transfer.arrived),
    }
}

fn pairs(record: &Record) -> BTreeMap<(u32, u32), Pair<'_>> {
    let mut pairs: BTreeMap<(u32, u32), Pair<'_>> = BTreeMap::new();
    for (i, transfer) in record.transfers.iter().enumerate().filter(|(_, transfer)| !transfer.is_handshake()) {
        pairs.entry((transfer.from.0, transfer.to.0)).or_default().transfers.push(i);
    }
    for (to, activities) in (0..).zip(&record.activities) {
        for activity in activities {
            if let ActivityKind::Overhead { step: MessageStep::Receive, peer } = activity.kind {
                pairs.entry((peer.0, to)).or_default().receives.push(activity);
            }
        }
    }
    pairs
}

fn take(pair: &Pair<'_>, record: &Record, taken: &mut [Option<SimTime>]) {
    let mut others = Vec::new();
    for receive in &pair.receives {
        match receive.enabled_by {
            Enabler::Arrival(id) if pair.transfers.contains(&id.0) => taken[id.0] = Some(receive.start),
            Enabler::Arrival(_) | Enabler::Departure(_) | Enabler::Previous => others.push(receive),
        }
    }
    for receive in others {
        let is_there = |i: &&usize| taken[**i].is_none() && record.transfers[**i].arrived <= receive.start;
        if let Some(i) = pair.transfers.iter().find(is_there) {
            taken[*i] = Some(receive.start);
        }
    }
}
