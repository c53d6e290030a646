//! Messages that have come, or are known to come, and that no receive has taken.

use super::super::ring::{Linked, Ring, Search, Stack};
use super::rank::Wanted;
use crate::program::{RankId, Tag};
use crate::units::SimTime;

/// A message that arrives at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) from: RankId,
    pub(super) tag: Tag,
    pub(super) bytes: u32,
    pub(super) at: SimTime,
}

/// The messages of all ranks, linked.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    slots: Vec<Slot>,
    free: Stack,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    came: Came,
    link: u32,
}

/// So many messages wait that looking for one takes long.
#[derive(Debug)]
pub(super) struct Crowded;

/// A search that looks at more messages is long.
const SEEN_MAX: u32 = 64;

impl Inbox {
    pub(super) fn insert(&mut self, unexpected: &mut Ring, came: Came) {
        let slot = Slot { came, link: 0 };
        let element = if let Some(element) = self.free.pop(&self.slots) {
            self.slots[element as usize] = slot;
            element
        } else {
            self.slots.push(slot);
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages wait")
        };
        unexpected.push(&mut self.slots, element);
    }

    /// Takes the first message that is wanted.
    pub(super) fn take(&mut self, unexpected: &mut Ring, wanted: Wanted) -> Result<Option<Came>, Crowded> {
        if unexpected.is_empty() {
            return Ok(None);
        }
        let fits = |slots: &Vec<Slot>, element: u32| {
            let Came { from, tag, .. } = slots[element as usize].came;
            wanted.takes(from, tag)
        };
        let Search { found, n_seen } = unexpected.take_first(&mut self.slots, fits);
        if n_seen > SEEN_MAX {
            return Err(Crowded);
        }
        Ok(found.map(|element| {
            self.free.push(&mut self.slots, element);
            self.slots[element as usize].came
        }))
    }
}

impl Linked for Vec<Slot> {
    fn next(&self, element: u32) -> u32 {
        self[element as usize].link
    }

    fn set_next(&mut self, element: u32, next: u32) {
        self[element as usize].link = next;
    }
}
