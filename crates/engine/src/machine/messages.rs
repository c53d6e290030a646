//! What messages cost, by size.

use thiserror::Error;

use crate::units::{Bytes, SecondsPerByte, SimDuration};

/// Costs of messages of one class of rank pairs, piecewise by size.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageTable {
    /// Largest message that is sent eagerly; above it, rendezvous.
    pub eager_limit: Bytes,
    /// Pieces by ascending `upto`, at least one. Sizes above the last one use the last one.
    pub segments: Vec<Segment>,
    /// Range of message sizes for which the table was measured.
    pub calibrated_upto: Bytes,
}

/// Costs of messages of at most `upto` bytes (and more than the previous segment's).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Largest message of the segment.
    pub upto: Bytes,
    /// CPU time to send, without the part that grows with the size.
    pub send_overhead: SimDuration,
    /// CPU time to receive, without the part that grows with the size.
    pub recv_overhead: SimDuration,
    /// CPU time per byte, on either side.
    pub byte_overhead: SecondsPerByte,
    /// End-to-end latency of the software stack, beyond that of cables and switches.
    pub latency: SimDuration,
    /// Least time per byte of one message at the end points.
    pub byte_gap: SecondsPerByte,
    /// Least time between two messages of one host (`loggops` network).
    pub message_gap: SimDuration,
}

/// Why segments are no [`MessageTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TableError {
    /// There are none.
    #[error("a message table needs a segment")]
    Empty,
    /// The segment at this index does not reach further than the one before it.
    #[error("segment {0} does not reach further than the one before it")]
    NotAscending(usize),
}

impl MessageTable {
    /// Returns a table of segments by ascending `upto`; messages above `eager_limit` use rendezvous.
    ///
    /// # Errors
    /// [`TableError`] if there is no segment, or one that does not reach further than the one before it.
    pub fn new(eager_limit: Bytes, segments: Vec<Segment>) -> Result<Self, TableError> {
        let calibrated_upto = segments.last().ok_or(TableError::Empty)?.upto;
        match segments.windows(2).position(|pair| pair[1].upto <= pair[0].upto) {
            Some(i) => Err(TableError::NotAscending(i + 1)),
            None => Ok(Self { eager_limit, segments, calibrated_upto }),
        }
    }

    /// Returns a table of one segment for all sizes; messages above `eager_limit` use rendezvous.
    #[must_use]
    pub fn uniform(segment: Segment, eager_limit: Bytes) -> Self {
        let upto = Bytes(u64::MAX);
        Self { eager_limit, segments: vec![Segment { upto, ..segment }], calibrated_upto: upto }
    }

    /// Returns the segment for a message of `bytes`: the first whose `upto` is not below it, or the last.
    #[must_use]
    pub fn segment(&self, bytes: Bytes) -> &Segment {
        let i = self.segments.partition_point(|segment| segment.upto < bytes);
        &self.segments[i.min(self.segments.len() - 1)]
    }
}

impl Segment {
    /// A message of any size that costs nothing but what the links on its way take.
    pub const FREE: Self = Self {
        upto: Bytes(u64::MAX),
        send_overhead: SimDuration::ZERO,
        recv_overhead: SimDuration::ZERO,
        byte_overhead: SecondsPerByte::ZERO,
        latency: SimDuration::ZERO,
        byte_gap: SecondsPerByte::ZERO,
        message_gap: SimDuration::ZERO,
    };

    /// Returns how long the sender's core is busy: `o_s + s O` (docs/model.md eq. 3).
    #[must_use]
    pub fn send_busy(&self, bytes: Bytes) -> SimDuration {
        SimDuration::from_seconds_ceil(self.send_overhead.as_seconds() + self.byte_overhead.seconds_for(bytes))
    }

    /// Returns how long the receiver's core is busy: `o_r + s O` (docs/model.md eq. 4).
    #[must_use]
    pub fn recv_busy(&self, bytes: Bytes) -> SimDuration {
        SimDuration::from_seconds_ceil(self.recv_overhead.as_seconds() + self.byte_overhead.seconds_for(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upto(bytes: u64) -> Segment {
        Segment { upto: Bytes(bytes), ..Segment::FREE }
    }

    #[test]
    fn a_table_needs_a_segment() {
        assert_eq!(MessageTable::new(Bytes(0), vec![]), Err(TableError::Empty));
    }

    #[test]
    fn segments_must_ascend() {
        assert_eq!(MessageTable::new(Bytes(0), vec![upto(8), upto(8)]), Err(TableError::NotAscending(1)));
    }

    #[test]
    fn a_size_finds_the_first_segment_that_reaches_it() {
        let table = MessageTable::new(Bytes(0), vec![upto(8), upto(64)]).expect("ascending");
        let found = [0, 8, 9, 64, 65].map(|bytes| table.segment(Bytes(bytes)).upto.0);
        assert_eq!(found, [8, 8, 64, 64, 64]);
    }
}
