//! A queue for entries most of which come in their order: a line, and a heap for those that do not.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Entries by their order. One that is not before the last one is put behind it, which costs nothing to speak of.
#[derive(Debug)]
pub(super) struct Rising<T> {
    line: VecDeque<T>,
    rest: BinaryHeap<Reverse<T>>,
}

impl<T: Ord> Rising<T> {
    pub(super) fn new() -> Self {
        Self { line: VecDeque::new(), rest: BinaryHeap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.line.len() + self.rest.len()
    }

    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.rest.clear();
    }

    pub(super) fn push(&mut self, entry: T) {
        if self.line.back().is_none_or(|last| *last <= entry) {
            self.line.push_back(entry);
        } else {
            self.rest.push(Reverse(entry));
        }
    }

    /// Returns the least entry.
    pub(super) fn first(&self) -> Option<&T> {
        match (self.line.front(), self.rest.peek()) {
            (Some(front), Some(Reverse(least))) => Some(front.min(least)),
            (front, least) => front.or(least.map(|Reverse(least)| least)),
        }
    }

    /// Takes the least entry.
    pub(super) fn pop(&mut self) -> Option<T> {
        let is_in_line = match (self.line.front(), self.rest.peek()) {
            (Some(front), Some(Reverse(least))) => front <= least,
            (_, least) => least.is_none(),
        };
        if is_in_line { self.line.pop_front() } else { self.rest.pop().map(|Reverse(entry)| entry) }
    }

    /// Keeps only the entries that are `wanted`.
    pub(super) fn retain(&mut self, wanted: impl Fn(&T) -> bool) {
        self.line.retain(&wanted);
        self.rest.retain(|Reverse(entry)| wanted(entry));
    }

    /// Returns all entries, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.line.iter().chain(self.rest.iter().map(|Reverse(entry)| entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A sorted list is the oracle: numbers above 70 stand for taking the first entry, or for dropping the odd ones.
        #[test]
        fn entries_come_out_in_their_order(steps in prop::collection::vec(0_u32..100, 1..200)) {
            let (mut rising, mut list) = (Rising::new(), Vec::new());
            for step in steps {
                match step {
                    0..=70 => {
                        rising.push(step);
                        list.push(step);
                        list.sort_unstable();
                    }
                    71..=98 => {
                        let expected = (!list.is_empty()).then(|| list.remove(0));
                        prop_assert_eq!(rising.pop(), expected);
                    }
                    _ => {
                        rising.retain(|entry| entry % 2 == 0);
                        list.retain(|entry| entry % 2 == 0);
                    }
                }
                prop_assert_eq!(rising.first(), list.first());
                prop_assert_eq!(rising.len(), list.len());
                let mut all: Vec<u32> = rising.iter().copied().collect();
                all.sort_unstable();
                prop_assert_eq!(&all, &list);
            }
        }
    }
}
