//! MPI matching: which message meets which receive.

use std::collections::VecDeque;

use super::message::{Caller, MessageId};
use crate::program::{Pattern, RankId, Source, Tag};

/// Receives and messages of one rank that have not met yet.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    posted: VecDeque<PostedRecv>,
    unexpected: VecDeque<Arrived>,
}

/// A receive that waits for its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PostedRecv {
    pub(super) pattern: Pattern,
    pub(super) caller: Caller,
}

/// A message that waits for its receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) message: MessageId,
    pub(super) from: RankId,
    pub(super) tag: Tag,
}

impl Mailbox {
    /// Takes the first message that has arrived for this receive, or keeps the receive.
    pub(super) fn post(&mut self, recv: PostedRecv) -> Option<MessageId> {
        let i = self.unexpected.iter().position(|arrived| recv.pattern.takes(arrived.from, arrived.tag));
        if i.is_none() {
            self.posted.push_back(recv);
        }
        i.and_then(|i| self.unexpected.remove(i)).map(|arrived| arrived.message)
    }

    /// Takes the first posted receive for this message, or keeps the message.
    pub(super) fn arrive(&mut self, arrived: Arrived) -> Option<PostedRecv> {
        let i = self.posted.iter().position(|recv| recv.pattern.takes(arrived.from, arrived.tag));
        if i.is_none() {
            self.unexpected.push_back(arrived);
        }
        i.and_then(|i| self.posted.remove(i))
    }

    /// Takes back the blocking receive, which has not met a message in time.
    pub(super) fn withdraw_blocking(&mut self) {
        let is_blocking = |recv: &PostedRecv| recv.caller == Caller::Blocking;
        if let Some(i) = self.posted.iter().position(is_blocking) {
            self.posted.remove(i);
        }
    }
}

impl Pattern {
    fn takes(&self, from: RankId, tag: Tag) -> bool {
        let is_source = match self.from {
            Source::Any => true,
            Source::Rank(rank) => rank == from,
        };
        is_source && self.tag.is_none_or(|wanted| wanted == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::{Message, Messages, Protocol};
    use crate::program::Envelope;
    use crate::units::Bytes;

    fn ids() -> Vec<MessageId> {
        let mut messages = Messages::default();
        let envelope = Envelope { to: RankId(0), tag: Tag(0), bytes: Bytes(0) };
        (0..4).map(|_| messages.insert(Message::new(RankId(1), envelope, Protocol::Eager, Caller::Blocking))).collect()
    }

    fn arrived(message: MessageId, from: u32, tag: u32) -> Arrived {
        Arrived { message, from: RankId(from), tag: Tag(tag) }
    }

    fn recv(from: Source, tag: Option<u32>) -> PostedRecv {
        PostedRecv { pattern: Pattern { from, tag: tag.map(Tag) }, caller: Caller::Blocking }
    }

    #[test]
    fn a_receive_takes_the_earliest_message_that_matches() {
        let (mut mailbox, ids) = (Mailbox::default(), ids());
        mailbox.arrive(arrived(ids[0], 1, 7));
        mailbox.arrive(arrived(ids[1], 2, 8));
        mailbox.arrive(arrived(ids[2], 1, 8));
        assert_eq!(mailbox.post(recv(Source::Any, Some(8))), Some(ids[1]));
        assert_eq!(mailbox.post(recv(Source::Rank(RankId(1)), None)), Some(ids[0]));
        assert_eq!(mailbox.post(recv(Source::Any, None)), Some(ids[2]));
        assert_eq!(mailbox.post(recv(Source::Any, None)), None);
    }

    #[test]
    fn a_message_takes_the_earliest_receive_that_matches() {
        let (mut mailbox, ids) = (Mailbox::default(), ids());
        mailbox.post(recv(Source::Rank(RankId(2)), None));
        mailbox.post(recv(Source::Any, Some(5)));
        mailbox.post(recv(Source::Any, None));
        assert_eq!(mailbox.arrive(arrived(ids[0], 1, 6)), Some(recv(Source::Any, None)));
        assert_eq!(mailbox.arrive(arrived(ids[1], 2, 5)), Some(recv(Source::Rank(RankId(2)), None)));
        assert_eq!(mailbox.arrive(arrived(ids[2], 1, 6)), None);
    }
}
