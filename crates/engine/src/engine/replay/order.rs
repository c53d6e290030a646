//! Messages of a pair of ranks do not overtake each other, although their times on the way differ.

use std::collections::BTreeMap;

use crate::schedule::{ChannelId, Schedule};

const NONE: u32 = u32::MAX;

/// Messages on their way, by pair of ranks, in the order of sending.
#[derive(Debug)]
pub(super) struct Order {
    pair_of_channel: Vec<u32>,
    /// First and last message on the way of each pair.
    pairs: Vec<(u32, u32)>,
    /// For each message the next one of its pair, and whether it is there.
    messages: Vec<(u32, bool)>,
}

impl Order {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let mut numbers = BTreeMap::new();
        let pair_of_channel = schedule.channels().iter().map(|channel| {
            let next = u32::try_from(numbers.len()).expect("invariant: fewer pairs than operations");
            *numbers.entry((channel.from, channel.to)).or_insert(next)
        });
        let pair_of_channel: Vec<u32> = pair_of_channel.collect();
        Self { pair_of_channel, pairs: vec![(NONE, NONE); numbers.len()], messages: Vec::new() }
    }

    /// Notes that the next message is sent.
    pub(super) fn send(&mut self, channel: ChannelId) {
        let message = u32::try_from(self.messages.len()).expect("invariant: fewer messages than operations");
        self.messages.push((NONE, false));
        let pair = &mut self.pairs[self.pair_of_channel[channel.0 as usize] as usize];
        if pair.0 == NONE {
            pair.0 = message;
        } else {
            self.messages[pair.1 as usize].0 = message;
        }
        pair.1 = message;
    }

    /// Notes that a message is there, and returns those of its pair whose turn it is now.
    pub(super) fn arrive(&mut self, message: u32, channel: ChannelId) -> Vec<u32> {
        self.messages[message as usize].1 = true;
        let pair = &mut self.pairs[self.pair_of_channel[channel.0 as usize] as usize];
        let mut turn = Vec::new();
        while let Some((next, true)) = self.messages.get(pair.0 as usize).copied() {
            turn.push(pair.0);
            pair.0 = next;
        }
        turn
    }
}
