//! MPI matching: which message meets which receive.
//!
//! A rank has few receives and few messages that have not met, most of the time one: they are lists without memory of
//! their own. When a search gets long, the list becomes a crowd, in which the sender is looked up.

mod crowd;

use self::crowd::{PostedCrowd, UnexpectedCrowd};
use super::message::{Caller, MessageId, Messages};
use super::ring::{Linked, Ring, Search, Stack};
use crate::program::{Pattern, RankId, Source, Tag};

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
    pub(super) pattern: Pattern,
    pub(super) caller: Caller,
}

/// The receives and crowds of all ranks.
#[derive(Debug, Default)]
pub(super) struct Matching {
    posts: Posts,
    posted: PostedCrowd,
    unexpected: UnexpectedCrowd,
}

impl Mailbox {
    pub(super) const EMPTY: Self =
        Self { posted: Ring::EMPTY, unexpected: Ring::EMPTY, posted_is_crowd: false, unexpected_is_crowd: false };
}

impl Matching {
    /// Takes the first message of `owner` that has arrived for this receive, or keeps the receive.
    pub(super) fn post(
        &mut self,
        owner: RankId,
        mailbox: &mut Mailbox,
        recv: PostedRecv,
        messages: &mut Messages,
    ) -> Option<MessageId> {
        let message = self.take_message(owner, mailbox, recv.pattern, messages);
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
        pattern: Pattern,
        messages: &mut Messages,
    ) -> Option<MessageId> {
        if mailbox.unexpected_is_crowd {
            let message = self.unexpected.take(owner, pattern, messages);
            mailbox.unexpected_is_crowd = self.unexpected.has_any(owner);
            return message;
        }
        let fits = |messages: &Messages, element| {
            let message = messages.get(MessageId(element));
            pattern.takes(message.from, message.tag)
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
        if mailbox.posted_is_crowd {
            let recv = self.posted.take(message.to, message.from, message.tag);
            mailbox.posted_is_crowd = self.posted.has_any(message.to);
            return recv;
        }
        let fits = |posts: &Posts, element| posts.get(element).pattern.takes(message.from, message.tag);
        let Search { found, n_seen } = mailbox.posted.take_first(&mut self.posts, fits);
        if n_seen > SEEN_MAX {
            while let Some(element) = mailbox.posted.pop(&mut self.posts) {
                self.posted.insert(message.to, self.posts.remove(element));
            }
            mailbox.posted_is_crowd = self.posted.has_any(message.to);
        }
        found.map(|element| self.posts.remove(element))
    }

    /// Takes back the blocking receive, which has not met a message in time.
    pub(super) fn withdraw_blocking(&mut self, owner: RankId, mailbox: &mut Mailbox) {
        if mailbox.posted_is_crowd {
            self.posted.withdraw_blocking(owner);
            mailbox.posted_is_crowd = self.posted.has_any(owner);
            return;
        }
        let is_blocking = |posts: &Posts, element| posts.get(element).caller == Caller::Blocking;
        if let Some(element) = mailbox.posted.take_first(&mut self.posts, is_blocking).found {
            self.posts.remove(element);
        }
    }
}

impl Pattern {
    fn takes(&self, from: RankId, tag: Tag) -> bool {
        self.from.takes(from) && self.takes_tag(tag)
    }

    fn takes_tag(&self, tag: Tag) -> bool {
        self.tag.is_none_or(|wanted| wanted == tag)
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

/// A posted receive in 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Post {
    /// [`ANY`] takes the messages of all ranks.
    from: RankId,
    tag: Tag,
    takes_any_tag: bool,
    caller: Caller,
    link: u32,
}

const ANY: RankId = RankId(u32::MAX);

impl Posts {
    fn insert(&mut self, recv: PostedRecv) -> u32 {
        let PostedRecv { pattern, caller } = recv;
        let from = match pattern.from {
            Source::Any => ANY,
            Source::Rank(rank) => rank,
        };
        let tag = pattern.tag.unwrap_or(Tag(0));
        let post = Post { from, tag, takes_any_tag: pattern.tag.is_none(), caller, link: 0 };
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
        let tag = (!post.takes_any_tag).then_some(post.tag);
        PostedRecv { pattern: Pattern { from, tag }, caller: post.caller }
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
