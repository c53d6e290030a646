//! Matching against the definition of MPI: the first that fits, in the order of posting and of arrival.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::engine::message::{Message, Protocol};
use crate::program::Envelope;
use crate::units::Bytes;

const OWNER: RankId = RankId(0);

fn message(messages: &mut Messages, from: u32, tag: u32) -> MessageId {
    let envelope = Envelope { to: OWNER, tag: Tag(tag), bytes: Bytes(0) };
    messages.insert(Message::new(RankId(from), &envelope, Protocol::Eager, Caller::Blocking))
}

fn recv(from: Source, tag: Option<u32>, caller: Caller) -> PostedRecv {
    PostedRecv { pattern: Pattern { from, tag: tag.map(Tag) }, caller }
}

fn rank(rank: u32) -> Source {
    Source::Rank(RankId(rank))
}

#[test]
fn a_receive_takes_the_earliest_message_that_matches() {
    let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
    let ids = [(1, 7), (2, 8), (1, 8)].map(|(from, tag)| message(&mut messages, from, tag));
    for id in ids {
        assert_eq!(matching.arrive(&mut mailbox, id, &mut messages), None);
    }
    let mut post = |from, tag| matching.post(OWNER, &mut mailbox, recv(from, tag, Caller::Blocking), &mut messages);
    assert_eq!(post(Source::Any, Some(8)), Some(ids[1]));
    assert_eq!(post(rank(1), None), Some(ids[0]));
    assert_eq!(post(Source::Any, None), Some(ids[2]));
    assert_eq!(post(Source::Any, None), None);
}

#[test]
fn a_message_takes_the_earliest_receive_that_matches() {
    let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
    let recvs = [(rank(2), None), (Source::Any, Some(5)), (Source::Any, None)]
        .map(|(from, tag)| recv(from, tag, Caller::Nonblocking));
    for recv in recvs {
        matching.post(OWNER, &mut mailbox, recv, &mut messages);
    }
    let mut arrive = |from, tag| {
        let id = message(&mut messages, from, tag);
        matching.arrive(&mut mailbox, id, &mut messages)
    };
    assert_eq!(arrive(1, 6), Some(recvs[2]));
    assert_eq!(arrive(2, 5), Some(recvs[0]));
    assert_eq!(arrive(1, 6), None);
}

/// The definition, with two plain lists.
#[derive(Default)]
struct Oracle {
    posted: VecDeque<PostedRecv>,
    unexpected: VecDeque<(MessageId, RankId, Tag)>,
}

impl Oracle {
    fn post(&mut self, recv: PostedRecv) -> Option<MessageId> {
        let i = self.unexpected.iter().position(|(_, from, tag)| recv.pattern.takes(*from, *tag));
        if i.is_none() {
            self.posted.push_back(recv);
        }
        self.unexpected.remove(i?).map(|(id, ..)| id)
    }

    fn arrive(&mut self, id: MessageId, from: RankId, tag: Tag) -> Option<PostedRecv> {
        let i = self.posted.iter().position(|recv| recv.pattern.takes(from, tag));
        if i.is_none() {
            self.unexpected.push_back((id, from, tag));
        }
        self.posted.remove(i?)
    }

    fn withdraw_blocking(&mut self) {
        if let Some(i) = self.posted.iter().position(|recv| recv.caller == Caller::Blocking) {
            self.posted.remove(i);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Post { from: Option<u32>, tag: Option<u32> },
    PostBlocking { from: Option<u32> },
    Arrive { from: u32, tag: u32 },
    Withdraw,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let from = prop_oneof![1 => Just(None), 5 => (0..40_u32).prop_map(Some)];
    let tag = prop_oneof![1 => Just(None), 3 => (0..2_u32).prop_map(Some)];
    // Runs of either kind, so that lists become crowds and crowds become lists.
    let posts = prop::collection::vec((from.clone(), tag).prop_map(|(from, tag)| Step::Post { from, tag }), 0..60);
    let arrivals =
        prop::collection::vec((0..40_u32, 0..2_u32).prop_map(|(from, tag)| Step::Arrive { from, tag }), 0..60);
    let blocking = from.prop_map(|from| vec![Step::PostBlocking { from }, Step::Withdraw]);
    prop::collection::vec(prop_oneof![posts, arrivals, blocking], 1..10).prop_map(|runs| runs.concat())
}

proptest! {
    #[test]
    fn lists_and_crowds_match_as_defined(steps in steps()) {
        let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
        let mut oracle = Oracle::default();
        let source = |from: Option<u32>| from.map_or(Source::Any, rank);
        for step in steps {
            match step {
                Step::Post { from, tag } => {
                    let recv = recv(source(from), tag, Caller::Nonblocking);
                    prop_assert_eq!(matching.post(OWNER, &mut mailbox, recv, &mut messages), oracle.post(recv));
                }
                Step::PostBlocking { from } => {
                    let recv = recv(source(from), None, Caller::Blocking);
                    prop_assert_eq!(matching.post(OWNER, &mut mailbox, recv, &mut messages), oracle.post(recv));
                }
                Step::Arrive { from, tag } => {
                    let id = message(&mut messages, from, tag);
                    let expected = oracle.arrive(id, RankId(from), Tag(tag));
                    prop_assert_eq!(matching.arrive(&mut mailbox, id, &mut messages), expected);
                }
                Step::Withdraw => {
                    matching.withdraw_blocking(OWNER, &mut mailbox);
                    oracle.withdraw_blocking();
                }
            }
        }
    }
}
