//! Which message meets which receive.
//!
//! A channel has one queue, of receives or of messages, never of both. A rank that has a receive with a wildcard
//! somewhere looks through all its receives, or messages, in their order.

use std::collections::VecDeque;

use crate::schedule::{Action, ChannelId, OpId, Schedule, Wildcard};

const NONE: u32 = u32::MAX;

/// Receives and messages (named by their sends) that have not met.
#[derive(Debug)]
pub(super) struct Matching {
    /// Ends of the queue of each channel.
    queues: Vec<Queue>,
    /// The next operation in the same queue.
    next: Vec<u32>,
    /// For each rank the number of its mailbox; none unless it takes any.
    mailbox_of: Vec<u32>,
    mailboxes: Vec<Mailbox>,
}

#[derive(Debug, Clone, Copy)]
struct Queue {
    head: u32,
    tail: u32,
}

#[derive(Debug, Clone, Default)]
struct Mailbox {
    posted: VecDeque<OpId>,
    arrived: VecDeque<OpId>,
}

impl Matching {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let mut n_mailboxes = 0;
        let ranks = 0..u32::try_from(schedule.n_ranks()).expect("invariant: ranks are a u32");
        let mailbox_of = ranks.map(|rank| {
            let number = n_mailboxes;
            n_mailboxes += u32::from(schedule.takes_any(rank));
            if schedule.takes_any(rank) { number } else { NONE }
        });
        Self {
            mailbox_of: mailbox_of.collect(),
            queues: vec![Queue { head: NONE, tail: NONE }; schedule.channels().len()],
            next: vec![NONE; schedule.n_ops()],
            mailboxes: vec![Mailbox::default(); n_mailboxes as usize],
        }
    }

    /// Takes the first message that has arrived for this receive of `rank`, or keeps the receive.
    pub(super) fn post(&mut self, schedule: &Schedule, rank: u32, recv: OpId) -> Option<OpId> {
        if let Some(mailbox) = self.mailboxes.get_mut(self.mailbox_of[rank as usize] as usize) {
            let i = mailbox.arrived.iter().position(|send| takes(schedule, recv, *send));
            if i.is_none() {
                mailbox.posted.push_back(recv);
            }
            return i.and_then(|i| mailbox.arrived.remove(i));
        }
        let Action::Recv(channel, _) = schedule.action(recv) else { return None };
        let first = self.first(channel).filter(|op| is_send(schedule, *op));
        if first.is_some() {
            self.pop(channel);
        } else {
            self.push(channel, recv);
        }
        first
    }

    /// Takes the first receive that takes this message to `rank`, or keeps the message.
    pub(super) fn arrive(&mut self, schedule: &Schedule, rank: u32, send: OpId) -> Option<OpId> {
        if let Some(mailbox) = self.mailboxes.get_mut(self.mailbox_of[rank as usize] as usize) {
            let i = mailbox.posted.iter().position(|recv| takes(schedule, *recv, send));
            if i.is_none() {
                mailbox.arrived.push_back(send);
            }
            return i.and_then(|i| mailbox.posted.remove(i));
        }
        let Action::Send(channel, _) = schedule.action(send) else { return None };
        let first = self.first(channel).filter(|op| !is_send(schedule, *op));
        if first.is_some() {
            self.pop(channel);
        } else {
            self.push(channel, send);
        }
        first
    }

    /// Returns the receive that would take this message to `rank` now.
    pub(super) fn receive_for(&self, schedule: &Schedule, rank: u32, send: OpId) -> Option<OpId> {
        if let Some(mailbox) = self.mailboxes.get(self.mailbox_of[rank as usize] as usize) {
            return mailbox.posted.iter().copied().find(|recv| takes(schedule, *recv, send));
        }
        let Action::Send(channel, _) = schedule.action(send) else { return None };
        self.first(channel).filter(|op| !is_send(schedule, *op))
    }

    /// Returns the receives and messages that have not met, by channel and then by rank.
    pub(super) fn left(&self) -> impl Iterator<Item = OpId> + '_ {
        let queue =
            |queue: &Queue| std::iter::successors(op(queue.head), |previous| op(self.next[previous.0 as usize]));
        let mailboxes = self.mailboxes.iter().flat_map(|mailbox| mailbox.posted.iter().chain(&mailbox.arrived));
        self.queues.iter().flat_map(queue).chain(mailboxes.copied())
    }

    fn first(&self, channel: ChannelId) -> Option<OpId> {
        op(self.queues[channel.0 as usize].head)
    }

    fn push(&mut self, channel: ChannelId, op: OpId) {
        let queue = &mut self.queues[channel.0 as usize];
        if queue.head == NONE {
            queue.head = op.0;
        } else {
            self.next[queue.tail as usize] = op.0;
        }
        queue.tail = op.0;
    }

    fn pop(&mut self, channel: ChannelId) {
        let queue = &mut self.queues[channel.0 as usize];
        queue.head = self.next[queue.head as usize];
    }
}

fn op(id: u32) -> Option<OpId> {
    (id != NONE).then_some(OpId(id))
}

fn is_send(schedule: &Schedule, op: OpId) -> bool {
    matches!(schedule.action(op), Action::Send(..))
}

/// Returns whether a receive takes the message of a send, apart from who receives it.
pub(super) fn takes(schedule: &Schedule, recv: OpId, send: OpId) -> bool {
    let Action::Send(channel, _) = schedule.action(send) else { return false };
    match schedule.action(recv) {
        Action::Recv(wanted, _) => wanted == channel,
        Action::RecvAny(Wildcard { from, tag }, _) => {
            let channel = schedule.channel(channel);
            let is_tag = tag.map_or(channel.tag != Schedule::COLLECTIVE_TAG, |tag| tag == channel.tag);
            is_tag && from.is_none_or(|from| from == channel.from)
        }
        Action::Send(..) | Action::Calc(_) => false,
    }
}
