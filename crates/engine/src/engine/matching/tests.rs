//! Matching against the definition of MPI: the first that fits, in the order of posting and of arrival.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::engine::message::{NewMessage, Protocol};
use crate::program::{Request, Tag};
use crate::units::Bytes;

const OWNER: RankId = RankId(0);

/// Messages of a few contexts: each tag stands for one of both.
const N_CONTEXTS: u32 = 2;

fn context(tag: u32) -> Context {
    Context(tag % N_CONTEXTS)
}

fn message(matching: &mut Matching, messages: &mut Messages, from: u32, tag: u32) -> MessageId {
    let label = matching.labels.of(context(tag), Tag(tag));
    let (from, sender) = (RankId(from), Caller::Blocking);
    messages.insert(NewMessage { from, to: OWNER, label, bytes: Bytes(0), protocol: Protocol::Eager, sender })
}

fn pattern(from: Source, tag: Option<u32>) -> Pattern {
    Pattern { from, tag: tag.map(Tag), context: tag.map_or(Context::WORLD, context) }
}

fn recv(matching: &mut Matching, from: Source, tag: Option<u32>, caller: Caller) -> PostedRecv {
    PostedRecv { wanted: matching.wanted(pattern(from, tag)), caller }
}

fn rank(rank: u32) -> Source {
    Source::Rank(RankId(rank))
}

#[test]
fn a_receive_takes_the_earliest_message_that_matches() {
    let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
    // Tags 6 and 8 are of the same context.
    let ids = [(1, 6), (2, 8), (1, 8)].map(|(from, tag)| message(&mut matching, &mut messages, from, tag));
    for id in ids {
        assert_eq!(matching.arrive(&mut mailbox, id, &mut messages), None);
    }
    let mut post = |from, tag| {
        let recv = recv(&mut matching, from, tag, Caller::Blocking);
        matching.post(OWNER, &mut mailbox, recv, &mut messages)
    };
    assert_eq!(post(Source::Any, Some(8)), Some(ids[1]));
    assert_eq!(post(rank(1), None), Some(ids[0]));
    assert_eq!(post(Source::Any, None), Some(ids[2]));
    assert_eq!(post(Source::Any, None), None);
}

#[test]
fn a_message_takes_the_earliest_receive_that_matches() {
    let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
    let recvs = [(rank(2), None), (Source::Any, Some(4)), (Source::Any, None)]
        .map(|(from, tag)| recv(&mut matching, from, tag, Caller::Nonblocking));
    for recv in recvs {
        matching.post(OWNER, &mut mailbox, recv, &mut messages);
    }
    let mut arrive = |from, tag| {
        let id = message(&mut matching, &mut messages, from, tag);
        matching.arrive(&mut mailbox, id, &mut messages)
    };
    assert_eq!(arrive(1, 6), Some(recvs[2]));
    assert_eq!(arrive(2, 4), Some(recvs[0]));
    assert_eq!(arrive(1, 6), None);
}

#[test]
fn a_receive_of_any_tag_takes_no_message_of_another_context() {
    let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
    let [of_world, of_other] = [6, 7].map(|tag| message(&mut matching, &mut messages, 1, tag));
    for id in [of_other, of_world] {
        assert_eq!(matching.arrive(&mut mailbox, id, &mut messages), None);
    }
    let of_any = recv(&mut matching, rank(1), None, Caller::Blocking);
    assert_eq!(matching.post(OWNER, &mut mailbox, of_any, &mut messages), Some(of_world), "the second that came");
}

/// The definition, with two plain lists.
#[derive(Default)]
struct Oracle {
    posted: VecDeque<(Pattern, PostedRecv)>,
    unexpected: VecDeque<(MessageId, RankId, u32)>,
}

impl Oracle {
    fn takes(pattern: Pattern, from: RankId, tag: u32) -> bool {
        let is_from = pattern.from == Source::Any || pattern.from == Source::Rank(from);
        is_from && pattern.tag.is_none_or(|wanted| wanted == Tag(tag)) && pattern.context == context(tag)
    }

    fn find(&self, pattern: Pattern) -> Option<usize> {
        self.unexpected.iter().position(|(_, from, tag)| Self::takes(pattern, *from, *tag))
    }

    fn post(&mut self, pattern: Pattern, recv: PostedRecv) -> Option<MessageId> {
        let i = self.find(pattern);
        if i.is_none() {
            self.posted.push_back((pattern, recv));
        }
        self.unexpected.remove(i?).map(|(id, ..)| id)
    }

    fn arrive(&mut self, id: MessageId, from: RankId, tag: u32) -> Option<PostedRecv> {
        let i = self.posted.iter().position(|(pattern, _)| Self::takes(*pattern, from, tag));
        if i.is_none() {
            self.unexpected.push_back((id, from, tag));
        }
        self.posted.remove(i?).map(|(_, recv)| recv)
    }

    fn withdraw(&mut self, caller: Caller) -> Option<PostedRecv> {
        let i = self.posted.iter().position(|(_, recv)| recv.caller == caller)?;
        self.posted.remove(i).map(|(_, recv)| recv)
    }

    fn rename(&mut self, from: Caller, to: Caller) {
        if let Some((_, recv)) = self.posted.iter_mut().find(|(_, recv)| recv.caller == from) {
            recv.caller = to;
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Post {
        from: Option<u32>,
        tag: Option<u32>,
    },
    PostBlocking {
        from: Option<u32>,
    },
    Arrive {
        from: u32,
        tag: u32,
    },
    Withdraw,
    /// Of one of the receives that were posted so far.
    Cancel {
        nth: u32,
    },
    Rename {
        nth: u32,
    },
    Probe {
        from: Option<u32>,
        tag: Option<u32>,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let from = prop_oneof![1 => Just(None), 5 => (0..40_u32).prop_map(Some)];
    let tag = prop_oneof![1 => Just(None), 3 => (0..4_u32).prop_map(Some)];
    // Runs of either kind, so that lists become crowds and crowds become lists.
    let post = (from.clone(), tag.clone()).prop_map(|(from, tag)| Step::Post { from, tag });
    let posts = prop::collection::vec(post, 0..60);
    let arrivals =
        prop::collection::vec((0..40_u32, 0..4_u32).prop_map(|(from, tag)| Step::Arrive { from, tag }), 0..60);
    let probe = (from.clone(), tag).prop_map(|(from, tag)| vec![Step::Probe { from, tag }]);
    let cancel = (0..100_u32).prop_map(|nth| vec![Step::Rename { nth }, Step::Cancel { nth: nth / 2 }]);
    let blocking = from.prop_map(|from| vec![Step::PostBlocking { from }, Step::Withdraw]);
    prop::collection::vec(prop_oneof![posts, arrivals, blocking, probe, cancel], 1..14).prop_map(|runs| runs.concat())
}

proptest! {
    #[test]
    fn lists_and_crowds_match_as_defined(steps in steps()) {
        let (mut matching, mut mailbox, mut messages) = (Matching::default(), Mailbox::EMPTY, Messages::default());
        let mut oracle = Oracle::default();
        let mut n_posted = 0;
        let source = |from: Option<u32>| from.map_or(Source::Any, rank);
        let named = |n| Caller::Named(Request(n));
        for step in steps {
            match step {
                Step::Post { from, tag } => {
                    let recv = recv(&mut matching, source(from), tag, named(n_posted));
                    n_posted += 1;
                    let expected = oracle.post(pattern(source(from), tag), recv);
                    prop_assert_eq!(matching.post(OWNER, &mut mailbox, recv, &mut messages), expected);
                }
                Step::PostBlocking { from } => {
                    let recv = recv(&mut matching, source(from), None, Caller::Blocking);
                    let expected = oracle.post(pattern(source(from), None), recv);
                    prop_assert_eq!(matching.post(OWNER, &mut mailbox, recv, &mut messages), expected);
                }
                Step::Arrive { from, tag } => {
                    let id = message(&mut matching, &mut messages, from, tag);
                    let expected = oracle.arrive(id, RankId(from), tag);
                    prop_assert_eq!(matching.arrive(&mut mailbox, id, &mut messages), expected);
                }
                Step::Withdraw => {
                    let expected = oracle.withdraw(Caller::Blocking);
                    prop_assert_eq!(matching.withdraw(OWNER, &mut mailbox, Caller::Blocking), expected);
                }
                Step::Cancel { nth } => {
                    let expected = oracle.withdraw(named(nth));
                    prop_assert_eq!(matching.withdraw(OWNER, &mut mailbox, named(nth)), expected);
                }
                Step::Rename { nth } => {
                    oracle.rename(named(nth), Caller::Nonblocking);
                    matching.rename(OWNER, &mut mailbox, named(nth), Caller::Nonblocking);
                }
                Step::Probe { from, tag } => {
                    let pattern = pattern(source(from), tag);
                    let wanted = matching.wanted(pattern);
                    let expected = oracle.find(pattern).map(|i| oracle.unexpected[i].0);
                    prop_assert_eq!(matching.find_message(OWNER, &mailbox, wanted, &messages), expected);
                    if let Some(id) = expected {
                        matching.take_found(OWNER, &mut mailbox, id, &mut messages);
                        oracle.unexpected.retain(|(other, ..)| *other != id);
                    }
                }
            }
            let posted: Vec<PostedRecv> = oracle.posted.iter().map(|(_, recv)| *recv).collect();
            prop_assert_eq!(matching.posted(OWNER, &mailbox), posted);
        }
    }
}
