//! Many receives, or many messages, of one rank that have not met: ordered by sender, so that none is looked at in vain.

use std::collections::BTreeMap;

use super::PostedRecv;
use crate::engine::message::{Caller, MessageId, Messages};
use crate::program::{Pattern, RankId, Source, Tag};

/// Messages that wait for their receives, of the ranks that have many.
#[derive(Debug, Default)]
pub(super) struct UnexpectedCrowd {
    by_arrival: BTreeMap<(RankId, u64), MessageId>,
    by_sender: BTreeMap<(RankId, RankId, u64), MessageId>,
    n_inserted: u64,
}

impl UnexpectedCrowd {
    pub(super) fn insert(&mut self, owner: RankId, id: MessageId, messages: &Messages) {
        self.by_arrival.insert((owner, self.n_inserted), id);
        self.by_sender.insert((owner, messages.get(id).from, self.n_inserted), id);
        self.n_inserted += 1;
    }

    pub(super) fn has_any(&self, owner: RankId) -> bool {
        self.by_arrival.range((owner, 0)..=(owner, u64::MAX)).next().is_some()
    }

    /// Takes the first message for a receive.
    pub(super) fn take(&mut self, owner: RankId, pattern: Pattern, messages: &Messages) -> Option<MessageId> {
        let fits = |id: MessageId| pattern.takes_tag(messages.get(id).tag);
        let (number, id) = match pattern.from {
            Source::Any => {
                let mut arrived = self.by_arrival.range((owner, 0)..=(owner, u64::MAX));
                arrived.find(|(_, id)| fits(**id)).map(|((_, number), id)| (*number, *id))
            }
            Source::Rank(from) => {
                let mut sent = self.by_sender.range((owner, from, 0)..=(owner, from, u64::MAX));
                sent.find(|(_, id)| fits(**id)).map(|((.., number), id)| (*number, *id))
            }
        }?;
        self.by_arrival.remove(&(owner, number));
        self.by_sender.remove(&(owner, messages.get(id).from, number));
        Some(id)
    }
}

/// Receives that wait for their messages, of the ranks that have many.
#[derive(Debug, Default)]
pub(super) struct PostedCrowd {
    of_a_sender: BTreeMap<(RankId, RankId, u64), PostedRecv>,
    of_any: BTreeMap<(RankId, u64), PostedRecv>,
    n_inserted: u64,
}

impl PostedCrowd {
    pub(super) fn insert(&mut self, owner: RankId, recv: PostedRecv) {
        match recv.pattern.from {
            Source::Any => self.of_any.insert((owner, self.n_inserted), recv),
            Source::Rank(from) => self.of_a_sender.insert((owner, from, self.n_inserted), recv),
        };
        self.n_inserted += 1;
    }

    pub(super) fn has_any(&self, owner: RankId) -> bool {
        let of_a_sender = (owner, RankId(0), 0)..=(owner, RankId(u32::MAX), u64::MAX);
        self.of_any.range((owner, 0)..=(owner, u64::MAX)).next().is_some()
            || self.of_a_sender.range(of_a_sender).next().is_some()
    }

    /// Takes the first receive for a message.
    pub(super) fn take(&mut self, owner: RankId, from: RankId, tag: Tag) -> Option<PostedRecv> {
        let mut of_sender = self.of_a_sender.range((owner, from, 0)..=(owner, from, u64::MAX));
        let of_sender = of_sender.find(|(_, recv)| recv.pattern.takes_tag(tag)).map(|((.., number), _)| *number);
        let mut of_any = self.of_any.range((owner, 0)..=(owner, u64::MAX));
        let of_any = of_any.find(|(_, recv)| recv.pattern.takes_tag(tag)).map(|((_, number), _)| *number);
        match (of_sender, of_any) {
            (Some(number), any) if any.is_none_or(|any| number < any) => {
                self.of_a_sender.remove(&(owner, from, number))
            }
            (_, Some(number)) => self.of_any.remove(&(owner, number)),
            (_, None) => None,
        }
    }

    /// Takes back the blocking receive.
    pub(super) fn withdraw_blocking(&mut self, owner: RankId) {
        let is_blocking = |recv: &PostedRecv| recv.caller == Caller::Blocking;
        let of_a_sender = (owner, RankId(0), 0)..=(owner, RankId(u32::MAX), u64::MAX);
        let key = self.of_a_sender.range(of_a_sender).find(|(_, recv)| is_blocking(recv)).map(|(key, _)| *key);
        if let Some(key) = key {
            self.of_a_sender.remove(&key);
        }
        let of_any = (owner, 0)..=(owner, u64::MAX);
        let key = self.of_any.range(of_any).find(|(_, recv)| is_blocking(recv)).map(|(key, _)| *key);
        if let Some(key) = key {
            self.of_any.remove(&key);
        }
    }
}
