//! What is to happen when: total order by (time, age).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::item::{Age, Item};
use crate::units::SimTime;

/// Items by time; those of one instant, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(SimTime, Age, Item)>>,
    next_age: u64,
}

impl Agenda {
    /// Adds a new item and returns its age.
    pub(super) fn push(&mut self, at: SimTime, item: Item) {
        let age = Age(self.next_age);
        self.next_age += 1;
        self.push_again(at, age, item);
    }

    /// Adds an item that has waited.
    pub(super) fn push_again(&mut self, at: SimTime, age: Age, item: Item) {
        self.heap.push(Reverse((at, age, item)));
    }

    /// Returns when the next item is due.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn pop(&mut self) -> Option<(SimTime, Age, Item)> {
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
