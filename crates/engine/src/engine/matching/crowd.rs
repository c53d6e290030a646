//! Many receives, or many messages, of one rank that have not met: ordered by sender, so that none is looked at in vain.

use std::collections::BTreeMap;

use super::{Label, Labels, PostedRecv, Wanted};
use crate::engine::message::{Caller, MessageId, Messages};
use crate::program::{RankId, Source};

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

    /// Takes the first message that is wanted.
    pub(super) fn take(
        &mut self,
        owner: RankId,
        wanted: Wanted,
        messages: &Messages,
        labels: &Labels,
    ) -> Option<MessageId> {
        let (number, id) = self.find(owner, wanted, messages, labels)?;
        self.by_arrival.remove(&(owner, number));
        self.by_sender.remove(&(owner, messages.get(id).from, number));
        Some(id)
    }

    /// Takes this message, which is there.
    pub(super) fn remove(&mut self, owner: RankId, id: MessageId, messages: &Messages) {
        let mut arrived = self.by_arrival.range((owner, 0)..=(owner, u64::MAX));
        let found = arrived.find(|(_, other)| **other == id).map(|((_, number), _)| *number);
        if let Some(number) = found {
            self.by_arrival.remove(&(owner, number));
            self.by_sender.remove(&(owner, messages.get(id).from, number));
        }
    }

    /// Returns the first message that is wanted, with its number.
    pub(super) fn find(
        &self,
        owner: RankId,
        wanted: Wanted,
        messages: &Messages,
        labels: &Labels,
    ) -> Option<(u64, MessageId)> {
        let fits = |id: MessageId| wanted.label.takes(messages.get(id).label, labels);
        match wanted.from {
            Source::Any => {
                let mut arrived = self.by_arrival.range((owner, 0)..=(owner, u64::MAX));
                arrived.find(|(_, id)| fits(**id)).map(|((_, number), id)| (*number, *id))
            }
            Source::Rank(from) => {
                let mut sent = self.by_sender.range((owner, from, 0)..=(owner, from, u64::MAX));
                sent.find(|(_, id)| fits(**id)).map(|((.., number), id)| (*number, *id))
            }
        }
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
        match recv.wanted.from {
            Source::Any => self.of_any.insert((owner, self.n_inserted), recv),
            Source::Rank(from) => self.of_a_sender.insert((owner, from, self.n_inserted), recv),
        };
        self.n_inserted += 1;
    }

    pub(super) fn has_any(&self, owner: RankId) -> bool {
        self.numbered(owner).next().is_some()
    }

    /// Returns the receives of a rank, by the order of posting.
    pub(super) fn of(&self, owner: RankId) -> Vec<PostedRecv> {
        let mut all: Vec<_> = self.numbered(owner).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, recv)| *recv).collect()
    }

    /// Takes the first receive for a message.
    pub(super) fn take(&mut self, owner: RankId, from: RankId, label: Label, labels: &Labels) -> Option<PostedRecv> {
        let mut of_sender = self.of_a_sender.range((owner, from, 0)..=(owner, from, u64::MAX));
        let of_sender =
            of_sender.find(|(_, recv)| recv.wanted.label.takes(label, labels)).map(|((.., number), _)| *number);
        let mut of_any = self.of_any.range((owner, 0)..=(owner, u64::MAX));
        let of_any = of_any.find(|(_, recv)| recv.wanted.label.takes(label, labels)).map(|((_, number), _)| *number);
        match (of_sender, of_any) {
            (Some(number), any) if any.is_none_or(|any| number < any) => {
                self.of_a_sender.remove(&(owner, from, number))
            }
            (_, Some(number)) => self.of_any.remove(&(owner, number)),
            (_, None) => None,
        }
    }

    /// Takes back the receive of a caller.
    pub(super) fn withdraw(&mut self, owner: RankId, caller: Caller) -> Option<PostedRecv> {
        let (number, recv) = self.find(owner, caller)?;
        match recv.wanted.from {
            Source::Any => self.of_any.remove(&(owner, number)),
            Source::Rank(from) => self.of_a_sender.remove(&(owner, from, number)),
        }
    }

    /// Lets a receive go on under another caller.
    pub(super) fn rename(&mut self, owner: RankId, from: Caller, to: Caller) {
        let Some((number, recv)) = self.find(owner, from) else { return };
        let recv = match recv.wanted.from {
            Source::Any => self.of_any.get_mut(&(owner, number)),
            Source::Rank(from) => self.of_a_sender.get_mut(&(owner, from, number)),
        };
        if let Some(recv) = recv {
            recv.caller = to;
        }
    }

    fn find(&self, owner: RankId, caller: Caller) -> Option<(u64, PostedRecv)> {
        let found = self.numbered(owner).find(|(_, recv)| recv.caller == caller);
        found.map(|(number, recv)| (number, *recv))
    }

    fn numbered(&self, owner: RankId) -> impl Iterator<Item = (u64, &PostedRecv)> {
        let of_a_sender = self.of_a_sender.range((owner, RankId(0), 0)..=(owner, RankId(u32::MAX), u64::MAX));
        let of_any = self.of_any.range((owner, 0)..=(owner, u64::MAX));
        let of_any = of_any.map(|((_, number), recv)| (*number, recv));
        of_any.chain(of_a_sender.map(|((.., number), recv)| (*number, recv)))
    }
}
