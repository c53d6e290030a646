//! Receives whose source is -333: the tracer of SMPI writes it for `MPI_ANY_SOURCE` and for `MPI_PROC_NULL` alike.
//!
//! Only messages that no other receive takes can be theirs: where there are none, they are receives from nobody.

use std::collections::BTreeMap;

use dlpc_engine::calls::{Call, Letter};
use dlpc_engine::schedule::Wildcard;

use super::rank::Rank;

/// Messages to one rank, by sender and tag.
type Messages = BTreeMap<(u32, u32), u64>;

/// Receives of a rank some of which are from nobody and some from any rank, nothing says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mixed {
    pub(super) rank: usize,
    /// Line of the first of them.
    pub(super) line: u32,
    /// Their tag; none stands for any.
    pub(super) tag: Option<u32>,
    pub(super) n_receives: usize,
    pub(super) n_messages: u64,
}

/// Finds out which receives of an unclear source are from nobody. Returns those that cannot be told apart.
pub(super) fn find(ranks: &mut [Rank]) -> Vec<Mixed> {
    let mut messages = sent(ranks);
    let mut mixed = Vec::new();
    for rank in ranks.iter_mut().filter(|rank| !rank.unclear().is_empty()) {
        let mut left = messages.remove(&rank.number()).unwrap_or_default();
        take(&mut left, rank);
        for (tag, calls) in unclear_by_tag(rank) {
            let (n_receives, n_messages) = (calls.len() as u64, n_of(&left, tag));
            if n_messages == 0 {
                rank.set_from_nobody(&calls);
            } else if n_messages < n_receives {
                let line = rank.calls()[calls[0]].1;
                mixed.push(Mixed { rank: rank.number(), line, tag, n_receives: calls.len(), n_messages });
            } else {
                for _ in 0..n_receives {
                    take_one(&mut left, Wildcard { from: None, tag });
                }
            }
        }
    }
    mixed
}

/// Returns the messages to each rank that has receives of an unclear source.
fn sent(ranks: &[Rank]) -> BTreeMap<usize, Messages> {
    let unclear = ranks.iter().filter(|rank| !rank.unclear().is_empty());
    let mut messages: BTreeMap<usize, Messages> = unclear.map(|rank| (rank.number(), Messages::new())).collect();
    if messages.is_empty() {
        return messages;
    }
    for (from, rank) in (0..).zip(ranks) {
        for (call, _) in rank.calls() {
            if let Call::Send(Letter { to, tag, .. })
            | Call::Isend(Letter { to, tag, .. })
            | Call::Sendrecv(Letter { to, tag, .. }, ..) = *call
                && let Some(messages) = messages.get_mut(&(to as usize))
            {
                *messages.entry((from, tag)).or_default() += 1;
            }
        }
    }
    messages
}

/// Takes the messages of all receives whose source is clear: first those that name their sender and tag.
fn take(left: &mut Messages, rank: &Rank) {
    let mut is_unclear = vec![false; rank.calls().len()];
    for call in rank.unclear() {
        is_unclear[*call] = true;
    }
    let mut wildcards = Vec::new();
    for ((call, _), _) in rank.calls().iter().zip(is_unclear).filter(|(_, is_unclear)| !is_unclear) {
        let from = match *call {
            Call::Recv(from, _) | Call::Irecv(from, _) => from,
            Call::Sendrecv(letter, from, _) => Wildcard { from, tag: Some(letter.tag) },
            _ => continue,
        };
        if from.from.is_some() && from.tag.is_some() {
            take_one(left, from);
        } else {
            wildcards.push(from);
        }
    }
    wildcards.sort_by_key(|wildcard| (wildcard.from.is_none(), wildcard.tag.is_none()));
    for wildcard in wildcards {
        take_one(left, wildcard);
    }
}

fn take_one(left: &mut Messages, wanted: Wildcard) {
    let exact = wanted.from.zip(wanted.tag);
    let key = exact.or_else(|| left.keys().copied().find(|key| takes(wanted, *key)));
    let Some(key) = key else { return };
    if let Some(n) = left.get_mut(&key) {
        *n -= 1;
        if *n == 0 {
            left.remove(&key);
        }
    }
}

fn takes(wanted: Wildcard, (from, tag): (u32, u32)) -> bool {
    wanted.from.is_none_or(|wanted| wanted == from) && wanted.tag.is_none_or(|wanted| wanted == tag)
}

/// Returns the calls of an unclear source, those that name a tag first.
fn unclear_by_tag(rank: &Rank) -> Vec<(Option<u32>, Vec<usize>)> {
    let mut by_tag: BTreeMap<(bool, Option<u32>), Vec<usize>> = BTreeMap::new();
    for call in rank.unclear() {
        let Call::Irecv(Wildcard { tag, .. }, _) = rank.calls()[*call].0 else { continue };
        by_tag.entry((tag.is_none(), tag)).or_default().push(*call);
    }
    by_tag.into_iter().map(|((_, tag), calls)| (tag, calls)).collect()
}

fn n_of(left: &Messages, tag: Option<u32>) -> u64 {
    left.iter().filter(|(key, _)| takes(Wildcard { from: None, tag }, **key)).map(|(_, n)| n).sum()
}
