//! The shares of links while they are filled: which is the least, when shares only grow.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Links, named by their places, by shares. Those that are as they were at the start are a sorted list, which costs nothing
/// to take from; those that have grown since are a heap.
#[derive(Debug, Default)]
pub(super) struct Shares {
    sorted: Vec<(u64, u32)>,
    n_taken: usize,
    grown: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Shares {
    /// Starts anew with these shares, as the bits of numbers that are not negative.
    pub(super) fn start(&mut self, shares: impl Iterator<Item = (u64, u32)>) {
        self.sorted.clear();
        self.sorted.extend(shares);
        self.sorted.sort_unstable();
        self.n_taken = 0;
        self.grown.clear();
    }

    /// Returns the least share and its link, of equal ones the one with the lowest place.
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        let grown = self.grown.peek().map(|Reverse(entry)| *entry);
        match (self.sorted.get(self.n_taken).copied(), grown) {
            (Some(sorted), Some(grown)) => Some(sorted.min(grown)),
            (sorted, grown) => sorted.or(grown),
        }
    }

    /// Takes the least share.
    pub(super) fn pop(&mut self) -> Option<(u64, u32)> {
        let first = self.first()?;
        if self.sorted.get(self.n_taken) == Some(&first) {
            self.n_taken += 1;
        } else {
            self.grown.pop();
        }
        Some(first)
    }

    /// Puts a link back that has been taken, with the share that it has now.
    pub(super) fn put_back(&mut self, share: u64, place: u32) {
        self.grown.push(Reverse((share, place)));
    }
}
