//! A loop that can do one thing only: the `LogGP` arithmetic of a dissemination barrier, over a radix heap.
//!
//! No matching, no protocol, no programs, no model of hosts: a lower bound for what an engine can cost. It runs over the
//! binary heap of the standard library, the crate `radix-heap`, and a radix heap cut down to what the loop needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use radix_heap::RadixHeapMap;

/// One rank: 32 bytes.
#[derive(Clone, Copy, Default)]
struct Rank {
    core_free_at: u64,
    send_free_at: u64,
    recv_free_at: u64,
    round: u32,
    /// Bit k is set if the message of round k is there.
    arrived: u32,
}

/// Events by time; ties in any order.
pub(crate) trait Heap: Default {
    fn push(&mut self, at: u64, event: u32);
    fn pop(&mut self) -> Option<(u64, u32)>;
}

/// Returns when the last rank leaves the barrier; all times in picoseconds.
pub(crate) fn dissemination<H: Heap>(n_ranks: u32, latency: u64, overhead: u64, gap: u64) -> u64 {
    let n_rounds = n_ranks.next_power_of_two().ilog2();
    let mut ranks = vec![Rank::default(); n_ranks as usize];
    let mut heap = H::default();
    let send = |ranks: &mut [Rank], heap: &mut H, rank: u32| {
        let sender = &mut ranks[rank as usize];
        sender.core_free_at += overhead;
        let start = sender.core_free_at.max(sender.send_free_at);
        sender.send_free_at = start + gap;
        let round = sender.round;
        let to = (u64::from(rank) + (1 << round)) % u64::from(n_ranks);
        let receiver = &mut ranks[usize::try_from(to).expect("a rank")];
        let there = (start + latency).max(receiver.recv_free_at);
        receiver.recv_free_at = there + gap;
        heap.push(there, u32::try_from(to).expect("a rank") << 5 | round);
    };
    for rank in 0..if n_rounds > 0 { n_ranks } else { 0 } {
        send(&mut ranks, &mut heap, rank);
    }
    let mut end = 0;
    while let Some((now, event)) = heap.pop() {
        let (rank, round) = (event >> 5, event & 31);
        let receiver = &mut ranks[rank as usize];
        receiver.arrived |= 1 << round;
        while ranks[rank as usize].arrived >> ranks[rank as usize].round & 1 == 1 {
            let receiver = &mut ranks[rank as usize];
            receiver.core_free_at = receiver.core_free_at.max(now) + overhead;
            end = end.max(receiver.core_free_at);
            receiver.round += 1;
            if receiver.round == n_rounds {
                break;
            }
            send(&mut ranks, &mut heap, rank);
        }
    }
    end
}

/// The heap of the standard library.
#[derive(Default)]
pub(crate) struct Binary(BinaryHeap<Reverse<(u64, u32)>>);

impl Heap for Binary {
    fn push(&mut self, at: u64, event: u32) {
        self.0.push(Reverse((at, event)));
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        self.0.pop().map(|Reverse(entry)| entry)
    }
}

/// The heap of the crate `radix-heap`.
#[derive(Default)]
pub(crate) struct OfTheCrate(RadixHeapMap<Reverse<u64>, u32>);

impl Heap for OfTheCrate {
    fn push(&mut self, at: u64, event: u32) {
        self.0.push(Reverse(at), event);
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        self.0.pop().map(|(Reverse(at), event)| (at, event))
    }
}

/// Ahuja, Mehlhorn, Orlin and Tarjan (1990), as simple as can be.
pub(crate) struct CutDown {
    buckets: [Vec<(u64, u32)>; 65],
    last: u64,
}

impl Default for CutDown {
    fn default() -> Self {
        Self { buckets: [const { Vec::new() }; 65], last: 0 }
    }
}

impl Heap for CutDown {
    fn push(&mut self, at: u64, event: u32) {
        let bucket = u64::BITS - (at ^ self.last).leading_zeros();
        self.buckets[bucket as usize].push((at, event));
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.buckets[0].is_empty() {
            let lowest = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
            let bucket = std::mem::take(&mut self.buckets[lowest]);
            self.last = bucket.iter().map(|(at, _)| *at).min()?;
            for (at, event) in bucket {
                self.push(at, event);
            }
        }
        self.buckets[0].pop()
    }
}
