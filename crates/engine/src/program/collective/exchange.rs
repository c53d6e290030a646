//! Messages of collectives, and the exchange of two of them.

use crate::program::{Envelope, Op, Pattern, RankId, Source, Tag};
use crate::units::Bytes;

/// Tag of all collective messages. MPI runs collectives in a context of their own; messages of one pair never overtake
/// each other and every rank enters the collectives in the same order, so one tag is enough.
const TAG: Tag = Tag(u32::MAX);

pub(super) fn envelope(to: u32, bytes: Bytes) -> Envelope {
    Envelope::new(RankId(to), TAG, bytes)
}

pub(super) fn pattern(from: u32) -> Pattern {
    Pattern::new(Source::Rank(RankId(from)), Some(TAG))
}

/// Sending to one rank while receiving from another (`MPI_Sendrecv`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exchange {
    to: u32,
    from: u32,
    bytes: Bytes,
}

/// Number of ops of an [`Exchange`].
pub(in crate::program) const EXCHANGE_OPS: u32 = 3;

impl Exchange {
    pub(super) fn new(to: u32, from: u32, bytes: Bytes) -> Self {
        Self { to, from, bytes }
    }

    /// Returns op `step`: the receive and the send are started, then waited for.
    pub(super) fn op(self, step: u32) -> Op {
        match step {
            0 => Op::Irecv(self.received()),
            1 => Op::Isend(self.sent()),
            _ => Op::WaitAll,
        }
    }

    /// Returns which message it receives.
    pub(crate) fn received(self) -> Pattern {
        pattern(self.from)
    }

    /// Returns what it sends.
    pub(crate) fn sent(self) -> Envelope {
        envelope(self.to, self.bytes)
    }
}
