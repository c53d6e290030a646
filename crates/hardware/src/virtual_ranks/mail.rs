//! Data of messages on their way: the engine decides who gets which, and when.

use std::collections::{BTreeMap, VecDeque};

/// A message that was sent and not received.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) tag: u32,
    pub(super) bytes: Vec<u8>,
}

/// Messages by receiver, sender and context, in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Mail {
    letters: BTreeMap<(u32, u32, u32), VecDeque<Letter>>,
}

impl Mail {
    pub(super) fn post(&mut self, from: u32, to: u32, context: u32, letter: Letter) {
        self.letters.entry((to, from, context)).or_default().push_back(letter);
    }

    /// Takes the message that a receive gets from `from`: the first one with the tag, as messages of one pair do not overtake.
    pub(super) fn take(&mut self, to: u32, from: u32, context: u32, tag: Option<u32>) -> Option<Letter> {
        let letters = self.letters.get_mut(&(to, from, context))?;
        let place = letters.iter().position(|letter| tag.is_none_or(|tag| tag == letter.tag))?;
        letters.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_pair_are_taken_in_their_order_by_tag() {
        let letter = |tag, text: &str| Letter { tag, bytes: text.as_bytes().to_vec() };
        let mut mail = Mail::default();
        for (tag, text) in [(1, "a"), (2, "b"), (1, "c")] {
            mail.post(0, 3, 0, letter(tag, text));
        }
        mail.post(0, 3, 5, letter(1, "other context"));
        assert_eq!(mail.take(3, 0, 0, Some(2)), Some(letter(2, "b")));
        assert_eq!(mail.take(3, 0, 0, None), Some(letter(1, "a")));
        assert_eq!(mail.take(3, 0, 0, Some(1)), Some(letter(1, "c")));
        assert_eq!(mail.take(3, 0, 0, None), None);
        assert_eq!(mail.take(3, 1, 5, None), None);
    }
}
