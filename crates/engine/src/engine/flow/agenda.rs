//! A queue of what comes next, in which entries may be outdated.

use super::rising::Rising;

/// Entries by key. An entry is outdated once its owner has another stamp; outdated ones are dropped on the way.
#[derive(Debug)]
pub(super) struct Agenda<K> {
    entries: Rising<(K, u32, u32)>,
    /// Size from which on outdated entries are looked for.
    sweep_at: usize,
}

const SMALL: usize = 64;

impl<K: Ord + Copy> Agenda<K> {
    pub(super) fn new() -> Self {
        Self { entries: Rising::new(), sweep_at: SMALL }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Adds the entry of `owner` with its new stamp; `stamp_of` gives the present stamp of each owner.
    pub(super) fn push(&mut self, key: K, owner: u32, stamp: u32, stamp_of: impl Fn(u32) -> u32) {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|(_, owner, stamp)| stamp_of(*owner) == *stamp);
            self.sweep_at = SMALL.max(2 * self.entries.len());
        }
        self.entries.push((key, owner, stamp));
    }

    /// Returns the least key and its owner.
    pub(super) fn first(&mut self, stamp_of: impl Fn(u32) -> u32) -> Option<(K, u32)> {
        while let Some((key, owner, stamp)) = self.entries.first() {
            if stamp_of(*owner) == *stamp {
                return Some((*key, *owner));
            }
            self.entries.pop();
        }
        None
    }

    pub(super) fn pop(&mut self) {
        self.entries.pop();
    }
}
