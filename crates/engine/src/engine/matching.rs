//! MPI matching: which message meets which receive.
//!
//! A rank has few receives and few messages that have not met, most of the time one: they are lists without memory of
//! their own. When a search gets long, the list becomes a crowd, in which the sender is looked up.

mod crowd;
mod label;

pub(super) use self::label::{Label, Labels};

use self::crowd::{PostedCrowd, UnexpectedCrowd};
use super::message::{Caller, MessageId, Messages};
use super::ring::{Linked, Ring, Search, Stack};
use crate::program::{Context, Pattern, RankId, Source};

/// A search that looks at more elements turns the list into a crowd.
const SEEN_MAX: u32 = 16;

/// Receives and messages of one rank that have not met yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mailbox {
    posted: Ring,
    unexpected: Ring,
    posted_is_crowd: bool,
    unexpected_is_crowd: bool,
}

/// A receive that waits for its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PostedRecv {
    pub(super) wanted: Wanted,
    pub(super) caller: Caller,
}

/// Which messages a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) from: Source,
    pub(super) label: Wildcard,
}

/// Which labels a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcard {
    Label(Label),
    AnyOf(Context),
}

/// The receives and crowds of all ranks.
#[derive(Debug, Default)]
pub(super) struct Matching {
    pub(super) labels: Labels,
    posts: Posts,
    posted: PostedCrowd,
    unexpected: UnexpectedCrowd,
}

impl Mailbox {
    pub(super) const EMPTY: Self =
        Self { posted: Ring::EMPTY, unexpected: Ring::EMPTY, posted_is_crowd: false, unexpected_is_crowd: false };
}

impl Matching {
    /// Returns which messages a pattern means.
    #[inline]
    pub(super) fn wanted(&mut self, pattern: Pattern) -> Wanted {
        let label = match pattern.tag {
            Some(tag) => Wildcard::Label(self.labels.of(pattern.context, tag)),
            None => Wildcard::AnyOf(pattern.context),
        };
        Wanted { from: pattern.from, label }
    }

    /// Returns the pattern that means these messages.
    pub(super) fn pattern(&self, wanted: Wanted) -> Pattern {
        let (context, tag) = match wanted.label {
            Wildcard::Label(label) => (self.labels.context(label), Some(self.labels.tag(label))),
            Wildcard::AnyOf(context) => (context, None),
        };
        Pattern { from: wanted.from, tag, context }
    }

    /// Takes the first message of `owner` that has arrived for this receive, or keeps the receive.
    pub(super) fn post(
        &mut self,
        owner: RankId,
        mailbox: &mut Mailbox,
        recv: PostedRecv,
        messages: &mut Messages,
    ) -> Option<MessageId> {
        let message = self.take_message(owner, mailbox, recv.wanted, messages);
        if message.is_none() {
            if mailbox.posted_is_crowd {
                self.posted.insert(owner, recv);
            } else {
                let post = self.posts.insert(recv);
                mailbox.posted.push(&mut self.posts, post);
            }
        }
        message
    }

    fn take_message(
        &mut self,
        owner: RankId,
        mailbox: &mut Mailbox,
        wanted: Wanted,
        messages: &mut Messages,
    ) -> Option<MessageId> {
        let labels = &self.labels;
        if mailbox.unexpected_is_crowd {
            let message = self.unexpected.take(owner, wanted, messages, labels);
            mailbox.unexpected_is_crowd = self.unexpected.has_any(owner);
            return message;
        }
        let fits = |messages: &Messages, element| {
            let message = messages.get(MessageId(element));
            wanted.takes(message.from, message.label, labels)
        };
        let Search { found, n_seen } = mailbox.unexpected.take_first(messages, fits);
        if n_seen > SEEN_MAX {
            while let Some(element) = mailbox.unexpected.pop(messages) {
                self.unexpected.insert(owner, MessageId(element), messages);
            }
            mailbox.unexpected_is_crowd = self.unexpected.has_any(owner);
        }
        found.map(MessageId)
    }

    /// Returns the first message of `owner` that has arrived and is wanted, and leaves it there.
    pub(super) fn find_message(
        &self,
        owner: RankId,
        mailbox: &Mailbox,
        wanted: Wanted,
        messages: &Messages,
    ) -> Option<MessageId> {
        if mailbox.unexpected_is_crowd {
            return self.unexpected.find(owner, wanted, messages, &self.labels).map(|(_, id)| id);
        }
        mailbox.unexpected.iter(messages).map(MessageId).find(|id| {
            let message = messages.get(*id);
            wanted.takes(message.from, message.label, &self.labels)
        })
    }

    /// Takes a message that [`Self::find_message`] has found.
    pub(super) fn take_found(&mut self, owner: RankId, mailbox: &mut Mailbox, id: MessageId, messages: &mut Messages) {
        if mailbox.unexpected_is_crowd {
            self.unexpected.remove(owner, id, messages);
            mailbox.unexpected_is_crowd = self.unexpected.has_any(owner);
        } else {
            mailbox.unexpected.take_first(messages, |_, element| element == id.0);
        }
    }

    /// Takes the first posted receive for a message, or keeps the message.
    pub(super) fn arrive(
        &mut self,
        mailbox: &mut Mailbox,
        id: MessageId,
        messages: &mut Messages,
    ) -> Option<PostedRecv> {
        let recv = self.take_recv(mailbox, id, messages);
        if recv.is_none() {
            if mailbox.unexpected_is_crowd {
                self.unexpected.insert(messages.get(id).to, id, messages);
            } else {
                mailbox.unexpected.push(messages, id.0);
            }
        }
        recv
    }

    fn take_recv(&mut self, mailbox: &mut Mailbox, id: MessageId, messages: &Messages) -> Option<PostedRecv> {
        let message = messages.get(id);
        let labels = &self.labels;
        if mailbox.posted_is_crowd {
            let recv = self.posted.take(message.to, message.from, message.label, labels);
            mailbox.posted_is_crowd = self.posted.has_any(message.to);
            return recv;
        }
        let fits = |posts: &Posts, element| posts.get(element).wanted.takes(message.from, message.label, labels);
        let Search { found, n_seen } = mailbox.posted.take_first(&mut self.posts, fits);
        if n_seen > SEEN_MAX {
            while let Some(element) = mailbox.posted.pop(&mut self.posts) {
                self.posted.insert(message.to, self.posts.remove(element));
            }
            mailbox.posted_is_crowd = self.posted.has_any(message.to);
        }
        found.map(|element| self.posts.remove(element))
    }

    /// Takes back the receive of a caller, which has not met a message; returns none if it has.
    pub(super) fn withdraw(&mut self, owner: RankId, mailbox: &mut Mailbox, caller: Caller) -> Option<PostedRecv> {
        if mailbox.posted_is_crowd {
            let recv = self.posted.withdraw(owner, caller);
            mailbox.posted_is_crowd = self.posted.has_any(owner);
            return recv;
        }
        let is_of_caller = |posts: &Posts, element| posts.get(element).caller == caller;
        let found = mailbox.posted.take_first(&mut self.posts, is_of_caller).found;
        found.map(|element| self.posts.remove(element))
    }

    /// Lets a receive that has not met a message go on under another caller.
    pub(super) fn rename(&mut self, owner: RankId, mailbox: &mut Mailbox, from: Caller, to: Caller) {
        if mailbox.posted_is_crowd {
            return self.posted.rename(owner, from, to);
        }
        let found = mailbox.posted.iter(&self.posts).find(|element| self.posts.get(*element).caller == from);
        if let Some(element) = found {
            self.posts.slots[element as usize].caller = to;
        }
    }

    /// Returns the receives of a rank that have not met a message.
    pub(super) fn posted(&self, owner: RankId, mailbox: &Mailbox) -> Vec<PostedRecv> {
        if mailbox.posted_is_crowd {
            return self.posted.of(owner);
        }
        mailbox.posted.iter(&self.posts).map(|element| self.posts.get(element)).collect()
    }
}

impl Wanted {
    #[inline]
    fn takes(&self, from: RankId, label: Label, labels: &Labels) -> bool {
        self.from.takes(from) && self.label.takes(label, labels)
    }
}

impl Wildcard {
    #[inline]
    fn takes(self, label: Label, labels: &Labels) -> bool {
        match self {
            Self::Label(wanted) => wanted == label,
            Self::AnyOf(context) => labels.context(label) == context,
        }
    }
}

impl Source {
    fn takes(self, from: RankId) -> bool {
        match self {
            Self::Any => true,
            Self::Rank(rank) => rank == from,
        }
    }
}

/// Posted receives of all ranks, linked.
#[derive(Debug, Default)]
struct Posts {
    slots: Vec<Post>,
    free: Stack,
}

/// A posted receive in 24 bytes.
#[derive(Debug, Clone, Copy)]
struct Post {
    /// [`ANY`] takes the messages of all ranks.
    from: RankId,
    label: Wildcard,
    caller: Caller,
    link: u32,
}

const _: () = assert!(size_of::<Post>() == 24, "a posted receive is small");

const ANY: RankId = RankId::NOBODY;

impl Posts {
    fn insert(&mut self, recv: PostedRecv) -> u32 {
        let PostedRecv { wanted: Wanted { from, label }, caller } = recv;
        let from = match from {
            Source::Any => ANY,
            Source::Rank(rank) => rank,
        };
        let post = Post { from, label, caller, link: 0 };
        if let Some(element) = self.free.pop(&self.slots) {
            self.slots[element as usize] = post;
            return element;
        }
        self.slots.push(post);
        u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 receives")
    }

    fn get(&self, element: u32) -> PostedRecv {
        let post = &self.slots[element as usize];
        let from = if post.from == ANY { Source::Any } else { Source::Rank(post.from) };
        PostedRecv { wanted: Wanted { from, label: post.label }, caller: post.caller }
    }

    fn remove(&mut self, element: u32) -> PostedRecv {
        self.free.push(&mut self.slots, element);
        self.get(element)
    }
}

impl Linked for Vec<Post> {
    fn next(&self, element: u32) -> u32 {
        self[element as usize].link
    }

    fn set_next(&mut self, element: u32, next: u32) {
        self[element as usize].link = next;
    }
}

impl Linked for Posts {
    fn next(&self, element: u32) -> u32 {
        self.slots.next(element)
    }

    fn set_next(&mut self, element: u32, next: u32) {
        self.slots.set_next(element, next);
    }
}

#[cfg(test)]
mod tests;
