//! What is to happen when: total order by (time, age).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::resources::ResourceId;
use crate::schedule::{OpId, Place};
use crate::units::SimTime;

/// When an item came into being, relative to all others. It keeps its age while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age(u64);

/// What waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// An operation is ready.
    Op(OpId),
    /// A message enters the links of its route.
    Departure(u32),
    /// It is the turn of a message that is there.
    Turn(u32),
    /// A flow may have ended.
    Network(u64),
    /// The first byte of a message is there.
    Arrival(u32),
    /// A message is to be received with this CPU and interface.
    Message(u32, Place),
    /// A resource may be free for the oldest item that waits for it.
    Wake(ResourceId),
}

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
