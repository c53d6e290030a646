//! Channels: messages of one sender, receiver and tag, which are received in the order in which they were sent.

use super::Place;

/// Index of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Sender, receiver and tag that messages have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Sending rank.
    pub from: u32,
    /// Receiving rank.
    pub to: u32,
    /// Tag.
    pub tag: u32,
    /// CPU and network interface of the first receive of the channel in the file; none if no receive names it.
    pub first_recv: Option<Place>,
}

/// Finds channels by sender, receiver and tag: an open hash table of indices, never iterated.
#[derive(Debug, Clone, Default)]
pub(super) struct ChannelTable {
    channels: Vec<Channel>,
    slots: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl ChannelTable {
    /// Returns the channel, new if there was none.
    pub(super) fn find_or_add(&mut self, from: u32, to: u32, tag: u32) -> ChannelId {
        if self.channels.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(from, to, tag);
        if self.slots[slot] == EMPTY {
            self.slots[slot] = u32::try_from(self.channels.len()).expect("invariant: fewer channels than operations");
            self.channels.push(Channel { from, to, tag, first_recv: None });
        }
        ChannelId(self.slots[slot])
    }

    /// Remembers the place of a receive of the channel, if it is the first.
    pub(super) fn note_recv(&mut self, id: ChannelId, place: Place) {
        self.channels[id.0 as usize].first_recv.get_or_insert(place);
    }

    pub(super) fn into_channels(self) -> Vec<Channel> {
        self.channels
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; (self.slots.len() * 2).max(16)];
        for i in 0..self.channels.len() {
            let Channel { from, to, tag, .. } = self.channels[i];
            let slot = self.slot_of(from, to, tag);
            self.slots[slot] = u32::try_from(i).expect("invariant: fewer channels than operations");
        }
    }

    /// Returns the slot that holds the channel, or the empty one where it belongs.
    fn slot_of(&self, from: u32, to: u32, tag: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(hash(from, to, tag) >> 32).expect("invariant: 32 bits") & mask;
        loop {
            let Some(channel) = self.channels.get(self.slots[slot] as usize) else { return slot };
            if (channel.from, channel.to, channel.tag) == (from, to, tag) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// Mixes three numbers by multiplication with odd constants (Knuth's multiplicative hashing).
fn hash(from: u32, to: u32, tag: u32) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (u64::from(from) << 32 | u64::from(to)).wrapping_mul(ODD);
    (mixed ^ mixed >> 29 ^ u64::from(tag)).wrapping_mul(ODD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_found_again() {
        let mut table = ChannelTable::default();
        let ids: Vec<_> = (0..1000).map(|i| table.find_or_add(i % 10, i / 10 % 10, i / 100)).collect();
        for (i, id) in (0..1000).zip(&ids) {
            assert_eq!(table.find_or_add(i % 10, i / 10 % 10, i / 100), *id);
            assert_eq!(id.0, i);
        }
    }
}
