//! Messages between ranks, and the memory that holds those under way.

use crate::program::{Envelope, RankId, Tag};
use crate::trace::TransferId;
use crate::units::Bytes;

/// Index of a message that is under way; used again when the message is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct MessageId(u32);

/// A message under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) from: RankId,
    pub(super) to: RankId,
    pub(super) tag: Tag,
    pub(super) bytes: Bytes,
    pub(super) protocol: Protocol,
    /// Whether the sender is inside a blocking send, or will wait later.
    pub(super) sender: Caller,
    /// Whether the receiver is inside a blocking receive, or will wait later; known once matched.
    pub(super) receiver: Caller,
    /// The next message of the same pair, which must not be seen before this one.
    pub(super) next_of_pair: Option<MessageId>,
    /// Whether the previous message of the pair has been seen (or there is none).
    pub(super) is_first_of_pair: bool,
    /// The transfer of the envelope, once it is there but held back because the previous message is not.
    pub(super) held: Option<TransferId>,
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The data goes with the envelope.
    Eager,
    /// The data goes when the receiver has answered the request.
    Rendezvous,
}

/// How a rank called send or receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// It waits inside the call.
    Blocking,
    /// It waits later, for all.
    Nonblocking,
}

impl Message {
    pub(super) fn new(from: RankId, envelope: Envelope, protocol: Protocol, sender: Caller) -> Self {
        Self {
            from,
            to: envelope.to,
            tag: envelope.tag,
            bytes: envelope.bytes,
            protocol,
            sender,
            receiver: Caller::Blocking,
            next_of_pair: None,
            is_first_of_pair: true,
            held: None,
        }
    }
}

/// All messages under way.
#[derive(Debug, Default)]
pub(super) struct Messages {
    slots: Vec<Message>,
    free: Vec<MessageId>,
}

impl Messages {
    pub(super) fn insert(&mut self, message: Message) -> MessageId {
        if let Some(id) = self.free.pop() {
            self.slots[id.0 as usize] = message;
            return id;
        }
        self.slots.push(message);
        MessageId(u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages under way"))
    }

    pub(super) fn remove(&mut self, id: MessageId) {
        self.free.push(id);
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        &self.slots[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> &mut Message {
        &mut self.slots[id.0 as usize]
    }
}
