//! The event queue: a radix heap, in which the events of one instant keep the order in which they were pushed.
//!
//! Simulated time never goes back, so an event is filed by the highest bit in which its time differs from the current
//! one (Ahuja, Mehlhorn, Orlin and Tarjan, 1990). Events of the same time are always in the same bucket, and buckets are
//! first in, first out: ties need no sequence numbers. A bucket whose events have one time becomes the current one as it
//! is, which is how the ranks of a barrier move through time. docs/performance.md has the measurements of the choice.

use crate::units::SimTime;

/// Entries of one chunk.
const CHUNK: usize = 32;
const NONE: u32 = u32::MAX;
/// The current instant, and one bucket for each bit of a time.
const N_BUCKETS: usize = 65;

/// Events by time; those of one instant in the order in which they were pushed.
#[derive(Debug)]
pub(super) struct Queue<E> {
    /// Chunk `c` holds the entries from `c * CHUNK` on.
    entries: Vec<Entry<E>>,
    /// The chunk after each chunk, of the same bucket or of the free ones.
    next: Vec<u32>,
    free: u32,
    /// Bucket 0 holds the events of `now`; bucket b those whose time differs from it in bit b - 1, but in none above.
    buckets: [Bucket; N_BUCKETS],
    /// Bit b - 1 is set if bucket b is not empty.
    occupied: u64,
    now: SimTime,
    /// The next entry of the first chunk of bucket 0, and where those end that are known to be there.
    next_entry: usize,
    known_end: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry<E> {
    at: SimTime,
    event: E,
}

/// A list of chunks, first in, first out.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    first: u32,
    last: u32,
    /// Entries of the last chunk.
    n_last: usize,
    earliest: SimTime,
    latest: SimTime,
}

impl Bucket {
    const EMPTY: Self =
        Self { first: NONE, last: NONE, n_last: CHUNK, earliest: SimTime::from_picos(u64::MAX), latest: SimTime::ZERO };
}

impl<E: Copy> Queue<E> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: Vec::new(),
            free: NONE,
            buckets: [Bucket::EMPTY; N_BUCKETS],
            occupied: 0,
            now: SimTime::ZERO,
            next_entry: 0,
            known_end: 0,
        }
    }

    /// Adds an event that is not before the last one that was taken.
    #[inline]
    pub(super) fn push(&mut self, at: SimTime, event: E) {
        assert!(at >= self.now, "bug: simulated time goes back");
        let differing = at.as_picos() ^ self.now.as_picos();
        let bucket = u64::BITS - differing.leading_zeros();
        self.occupied |= differing.checked_ilog2().map_or(0, |bit| 1 << bit);
        self.append(bucket as usize, Entry { at, event });
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<(SimTime, E)> {
        if self.next_entry == self.known_end && !self.look_for_entries() {
            return None;
        }
        let Entry { at, event } = self.entries[self.next_entry];
        self.next_entry += 1;
        Some((at, event))
    }

    /// Returns whether no event of the instant of the last one that was taken is left.
    pub(super) fn is_instant_over(&self) -> bool {
        let Bucket { first, last, n_last, .. } = self.buckets[0];
        first == NONE || first == last && self.next_entry == first as usize * CHUNK + n_last
    }

    /// Finds entries that were added since, those of the next chunk, or those of the next instant.
    fn look_for_entries(&mut self) -> bool {
        loop {
            let Bucket { first, last, n_last, .. } = self.buckets[0];
            if first == NONE {
                if !self.go_on() {
                    return false;
                }
                continue;
            }
            let is_last = first == last;
            self.known_end = first as usize * CHUNK + if is_last { n_last } else { CHUNK };
            if self.next_entry < self.known_end {
                return true;
            }
            if is_last {
                self.buckets[0] = Bucket::EMPTY;
            } else {
                self.buckets[0].first = self.next[first as usize];
                self.start_at(self.buckets[0].first);
            }
            self.release(first);
        }
    }

    fn start_at(&mut self, chunk: u32) {
        self.next_entry = chunk as usize * CHUNK;
        self.known_end = self.next_entry;
    }

    /// Moves to the next instant that has an event.
    fn go_on(&mut self) -> bool {
        if self.occupied == 0 {
            return false;
        }
        let lowest = self.occupied.trailing_zeros() as usize + 1;
        self.occupied &= self.occupied - 1;
        let bucket = std::mem::replace(&mut self.buckets[lowest], Bucket::EMPTY);
        self.now = bucket.earliest;
        if bucket.earliest == bucket.latest {
            self.start_at(bucket.first);
            self.buckets[0] = bucket;
        } else {
            self.distribute(&bucket);
        }
        true
    }

    /// Files the events of a bucket anew, in their order.
    fn distribute(&mut self, bucket: &Bucket) {
        let mut chunk = bucket.first;
        loop {
            let is_last = chunk == bucket.last;
            let start = chunk as usize * CHUNK;
            for i in start..start + if is_last { bucket.n_last } else { CHUNK } {
                let entry = self.entries[i];
                self.push(entry.at, entry.event);
            }
            let next = self.next[chunk as usize];
            self.release(chunk);
            if is_last {
                return;
            }
            chunk = next;
        }
    }

    #[inline]
    fn append(&mut self, bucket: usize, entry: Entry<E>) {
        if self.buckets[bucket].n_last == CHUNK {
            self.add_chunk(bucket, entry);
        }
        let bucket = &mut self.buckets[bucket];
        bucket.earliest = bucket.earliest.min(entry.at);
        bucket.latest = bucket.latest.max(entry.at);
        self.entries[bucket.last as usize * CHUNK + bucket.n_last] = entry;
        bucket.n_last += 1;
    }

    /// Appends a chunk to a bucket; a new one is filled with `filler`.
    fn add_chunk(&mut self, bucket: usize, filler: Entry<E>) {
        let chunk = self.free;
        let chunk = if chunk == NONE {
            self.entries.resize(self.entries.len() + CHUNK, filler);
            self.next.push(NONE);
            u32::try_from(self.next.len() - 1).expect("invariant: fewer than 2^32 chunks")
        } else {
            self.free = self.next[chunk as usize];
            chunk
        };
        let Bucket { last, .. } = self.buckets[bucket];
        if last == NONE {
            self.buckets[bucket].first = chunk;
            if bucket == 0 {
                self.start_at(chunk);
            }
        } else {
            self.next[last as usize] = chunk;
        }
        self.buckets[bucket].last = chunk;
        self.buckets[bucket].n_last = 0;
    }

    fn release(&mut self, chunk: u32) {
        self.next[chunk as usize] = self.free;
        self.free = chunk;
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    fn at(picos: u64) -> SimTime {
        SimTime::from_picos(picos)
    }

    #[test]
    fn events_of_one_instant_come_in_the_order_in_which_they_were_pushed() {
        let mut queue = Queue::new();
        for (picos, event) in [(5, 'c'), (3, 'a'), (5, 'd'), (3, 'b')] {
            queue.push(at(picos), event);
        }
        let order: Vec<char> = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
        assert_eq!(order, ['a', 'b', 'c', 'd']);
    }

    #[test]
    fn the_last_event_of_an_instant_ends_it_unless_it_pushes_another() {
        let mut queue = Queue::new();
        queue.push(at(1), 'a');
        queue.push(at(2), 'c');
        assert_eq!(queue.pop(), Some((at(1), 'a')));
        assert!(queue.is_instant_over());
        queue.push(at(1), 'b');
        assert!(!queue.is_instant_over());
        assert_eq!(queue.pop(), Some((at(1), 'b')));
        assert_eq!(queue.pop(), Some((at(2), 'c')));
        assert_eq!(queue.pop(), None);
    }

    proptest! {
        /// A binary heap of (time, sequence) is the oracle; each event pushes up to three others.
        #[test]
        fn the_order_is_that_of_time_and_sequence(
            delays in prop::collection::vec(prop::collection::vec(0_u64..200, 0..4), 1..400),
            scale in prop::sample::select(vec![1_u64, 1_000_003, 1 << 40]),
        ) {
            let (mut queue, mut oracle) = (Queue::new(), BinaryHeap::new());
            queue.push(at(0), 0_u64);
            oracle.push(Reverse((0_u64, 0_u64)));
            let mut n_pushed = 1;
            for delays in &delays {
                let expected = oracle.pop().map(|Reverse((picos, event))| (at(picos), event));
                let popped = queue.pop();
                prop_assert_eq!(popped, expected);
                let Some((now, _)) = popped else { break };
                let is_over = oracle.peek().is_none_or(|Reverse((picos, _))| *picos > now.as_picos());
                prop_assert_eq!(queue.is_instant_over(), is_over);
                for delay in delays {
                    let picos = now.as_picos() + delay / 50 * scale;
                    queue.push(at(picos), n_pushed);
                    oracle.push(Reverse((picos, n_pushed)));
                    n_pushed += 1;
                }
            }
        }
    }
}
