//! The latest message under way of each pair of ranks: messages of a pair do not overtake each other.

use rustc_hash::FxHashMap;

use super::message::MessageId;
use crate::program::RankId;

/// The latest message under way of each pair of ranks that has one. A rank mostly has messages under way to one other only:
/// that one needs no hashing.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Of each sender, one receiver and the latest message to it.
    first: Vec<Option<(RankId, MessageId)>>,
    /// Those to other receivers.
    others: FxHashMap<(RankId, RankId), MessageId>,
}

impl Pairs {
    /// Notes that `message` is the latest of its pair, and returns the one that was.
    pub(super) fn append(&mut self, from: RankId, to: RankId, message: MessageId) -> Option<MessageId> {
        let i = from.0 as usize;
        if self.first.len() <= i {
            self.first.resize(i + 1, None);
        }
        let first = &mut self.first[i];
        if let Some((receiver, latest)) = first
            && *receiver == to
        {
            return Some(std::mem::replace(latest, message));
        }
        if let Some(latest) = self.others.get_mut(&(from, to)) {
            return Some(std::mem::replace(latest, message));
        }
        if first.is_none() {
            *first = Some((to, message));
        } else {
            self.others.insert((from, to), message);
        }
        None
    }

    /// Forgets a pair whose latest message has been delivered.
    pub(super) fn remove(&mut self, from: RankId, to: RankId) {
        match self.first.get_mut(from.0 as usize) {
            Some(first) if first.is_some_and(|(receiver, _)| receiver == to) => *first = None,
            _ => {
                self.others.remove(&(from, to));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_pair_remembers_its_latest_message() {
        let mut pairs = Pairs::default();
        let (a, b) = (RankId(1), RankId(2));
        assert_eq!(pairs.append(a, b, MessageId(7)), None);
        assert_eq!(pairs.append(b, a, MessageId(8)), None);
        assert_eq!(pairs.append(a, b, MessageId(9)), Some(MessageId(7)));
        pairs.remove(a, b);
        assert_eq!(pairs.append(a, b, MessageId(3)), None);
        assert_eq!(pairs.append(b, a, MessageId(4)), Some(MessageId(8)));
    }

    proptest! {
        /// A map of all pairs is the oracle.
        #[test]
        fn a_rank_may_have_messages_under_way_to_many(
            steps in prop::collection::vec((0_u32..3, 0_u32..4, any::<bool>()), 1..100),
        ) {
            let (mut pairs, mut map) = (Pairs::default(), BTreeMap::new());
            for (message, (from, to, is_sent)) in (0..).map(MessageId).zip(steps) {
                let (from, to) = (RankId(from), RankId(to));
                if is_sent {
                    prop_assert_eq!(pairs.append(from, to, message), map.insert((from, to), message));
                } else {
                    pairs.remove(from, to);
                    map.remove(&(from, to));
                }
            }
        }
    }
}
