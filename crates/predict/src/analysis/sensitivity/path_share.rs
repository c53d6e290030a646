//! What the critical path says about a parameter, without simulating again.

use dlpc_engine::platform::Limit;
use dlpc_engine::trace::{ActivityKind, Record, TransferRecord};
use dlpc_engine::units::SimDuration;

use super::{MessageClass, MessageCost, Parameter};
use crate::analysis::Cause;
use crate::analysis::critical_path::{Origin, Piece};

/// Returns the share of the critical path that grows with a parameter, negative if it shrinks; none where the pieces of
/// the path do not tell (several parameters make up one piece, or other than the path's own steps matter).
#[must_use]
pub fn path_share(parameter: Parameter, path: &[Piece], record: &Record) -> Option<f64> {
    let total: SimDuration = path.iter().map(|piece| piece.end - piece.start).sum();
    if total == SimDuration::ZERO {
        return None;
    }
    let share = |part: &dyn Fn(&Piece) -> SimDuration| {
        path.iter().map(part).sum::<SimDuration>().as_seconds() / total.as_seconds()
    };
    match parameter {
        Parameter::CoreSpeed => {
            Some(-share(&|piece| if is_on_core(piece) { length(piece) } else { SimDuration::ZERO }))
        }
        Parameter::Kernel(kernel) => Some(share(&|piece| match piece.origin {
            Origin::Activity(_, ActivityKind::Compute(of)) if of == kernel => length(piece),
            _ => SimDuration::ZERO,
        })),
        Parameter::Message(class, MessageCost::Latency) => Some(share(&|piece| stack_latency(piece, record, class))),
        Parameter::Message(class, MessageCost::ByteGap) => Some(share(&|piece| match piece.origin {
            Origin::Leaving(id) if is_held_by_gap(&record.transfers[id.0], class) => length(piece),
            _ => SimDuration::ZERO,
        })),
        _ => None,
    }
}

fn length(piece: &Piece) -> SimDuration {
    piece.end - piece.start
}

fn is_on_core(piece: &Piece) -> bool {
    matches!(piece.origin, Origin::Activity(_, ActivityKind::Compute(_) | ActivityKind::Overhead { .. }))
}

fn is_of(transfer: &TransferRecord, class: MessageClass) -> bool {
    transfer.route.is_none() == (class == MessageClass::Local)
}

fn is_held_by_gap(transfer: &TransferRecord, class: MessageClass) -> bool {
    is_of(transfer, class) && transfer.limit == Limit::EndPoints
}

/// The latency of a piece without that of cables, interfaces and switches.
fn stack_latency(piece: &Piece, record: &Record, class: MessageClass) -> SimDuration {
    let Origin::Arriving(id) = piece.origin else { return SimDuration::ZERO };
    let transfer = &record.transfers[id.0];
    if !is_of(transfer, class) || !matches!(piece.cause, Cause::Latency | Cause::Rendezvous) {
        return SimDuration::ZERO;
    }
    let of_network = transfer.route.map_or(SimDuration::ZERO, |route| route.latency);
    transfer.latency.saturating_sub(of_network).min(length(piece))
}
