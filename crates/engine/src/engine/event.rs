//! Events, and how they are packed into eight bytes.

use super::message::MessageId;
use crate::platform::HostId;
use crate::program::RankId;
use crate::trace::Part;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The work on the core of a rank is done.
    CoreDone(RankId),
    /// Work on a shared host may be done.
    HostWake { host: HostId, generation: u32 },
    /// A flow may have ended.
    NetworkWake { generation: u64 },
    /// The last byte of a transfer has left.
    Left { message: MessageId, part: Part },
    /// The last byte of a transfer is there.
    Arrived { message: MessageId, part: Part },
    /// A rank has slept, or waited, long enough.
    Timer { rank: RankId, generation: u32 },
}

/// An event in eight bytes: its kind in the lowest 3 bits, a number of 29 bits, a number of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedEvent(u64);

const KIND_BITS: u32 = 3;
const SMALL_BITS: u32 = 29;

const CORE_DONE: u64 = 0;
const HOST_WAKE: u64 = 1;
const NETWORK_WAKE: u64 = 2;
const LEFT: u64 = 3;
const ARRIVED: u64 = 4;
const TIMER: u64 = 5;

impl PackedEvent {
    /// Largest number of hosts, and of ranks.
    pub(super) const COUNT_MAX: usize = 1 << SMALL_BITS;

    fn new(kind: u64, small: u32, number: u32) -> Self {
        Self(kind | u64::from(small) << KIND_BITS | u64::from(number) << (KIND_BITS + SMALL_BITS))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    fn small(self) -> u32 {
        self.0 as u32 >> KIND_BITS
    }

    fn number(self) -> u32 {
        (self.0 >> (KIND_BITS + SMALL_BITS)) as u32
    }

    fn part(self) -> Part {
        match self.small() {
            0 => Part::Envelope,
            1 => Part::Answer,
            _ => Part::Data,
        }
    }
}

impl From<Event> for PackedEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::CoreDone(rank) => Self::new(CORE_DONE, 0, rank.0),
            Event::HostWake { host, generation } => Self::new(HOST_WAKE, host.0, generation),
            Event::NetworkWake { generation } => Self(NETWORK_WAKE | generation << KIND_BITS),
            Event::Left { message, part } => Self::new(LEFT, part as u32, message.0),
            Event::Arrived { message, part } => Self::new(ARRIVED, part as u32, message.0),
            Event::Timer { rank, generation } => Self::new(TIMER, rank.0, generation),
        }
    }
}

impl From<PackedEvent> for Event {
    fn from(packed: PackedEvent) -> Self {
        let (small, number) = (packed.small(), packed.number());
        match packed.0 & ((1 << KIND_BITS) - 1) {
            CORE_DONE => Self::CoreDone(RankId(number)),
            HOST_WAKE => Self::HostWake { host: HostId(small), generation: number },
            NETWORK_WAKE => Self::NetworkWake { generation: packed.0 >> KIND_BITS },
            LEFT => Self::Left { message: MessageId(number), part: packed.part() },
            ARRIVED => Self::Arrived { message: MessageId(number), part: packed.part() },
            _ => Self::Timer { rank: RankId(small), generation: number },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_packing() {
        let (message, rank, host) = (MessageId(u32::MAX - 1), RankId((1 << SMALL_BITS) - 1), HostId(12_345));
        let parts = [Part::Envelope, Part::Answer, Part::Data];
        let mut events = vec![
            Event::CoreDone(rank),
            Event::HostWake { host, generation: u32::MAX },
            Event::NetworkWake { generation: (1 << 61) - 1 },
            Event::Timer { rank, generation: u32::MAX },
        ];
        events.extend(parts.map(|part| Event::Left { message, part }));
        events.extend(parts.map(|part| Event::Arrived { message, part }));
        for event in events {
            assert_eq!(Event::from(PackedEvent::from(event)), event);
        }
    }
}
