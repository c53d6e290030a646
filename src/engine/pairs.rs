//! The latest message under way of each pair of ranks: messages of a pair do not overtake each other.

use rustc_hash::FxHashMap;

use super::message::MessageId;
use crate::program::RankId;

/// The latest message under way of each pair of ranks that has one.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    latest: FxHashMap<(RankId, RankId), MessageId>,
}

impl Pairs {
    /// Notes that `message` is the latest of its pair, and returns the one that was.
    pub(super) fn append(&mut self, from: RankId, to: RankId, message: MessageId) -> Option<MessageId> {
        self.latest.insert((from, to), message)
    }

    /// Forgets a pair whose latest message has been delivered.
    pub(super) fn remove(&mut self, from: RankId, to: RankId) {
        self.latest.remove(&(from, to));
    }
}

#[cfg(test)]
mod tests {
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
}
