//! Messages between ranks, and the memory that holds those under way.

use super::ring::{Linked, Stack};
use crate::program::{Envelope, RankId, Tag};
use crate::trace::TransferId;
use crate::units::Bytes;

/// Index of a message that is under way; used again when the message is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct MessageId(pub(super) u32);

/// A message under way: 32 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) from: RankId,
    pub(super) to: RankId,
    pub(super) tag: Tag,
    /// Until it is delivered, the next message of the same pair; then, the next of the list that it is in.
    link: u32,
    pub(super) bytes: Bytes,
    /// The transfer that carries it, or did last, if the run is recorded.
    transfer: u32,
    pub(super) protocol: Protocol,
    /// Whether the sender is inside a blocking send, or will wait later.
    pub(super) sender: Caller,
    /// Whether the receiver is inside a blocking receive, or will wait later; known once matched.
    pub(super) receiver: Caller,
    pub(super) stage: Stage,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// On its way; nothing can overtake it.
    InOrder,
    /// On its way; the first of its pair that is not delivered.
    First,
    /// On its way; must not be seen before the previous message of its pair.
    Behind,
    /// There, but the previous message of its pair is not.
    Held,
    /// Delivered; then one of the tasks of the protocol.
    Delivered,
    /// The receiver answers the request of a rendezvous.
    Answer,
    /// The sender, having the answer, sends the data.
    SendData,
    /// The receiver takes the data.
    Receive,
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

const NO_LINK: u32 = u32::MAX;

impl Message {
    pub(super) fn new(from: RankId, envelope: &Envelope, protocol: Protocol, sender: Caller) -> Self {
        Self {
            from,
            to: envelope.to,
            tag: envelope.tag,
            link: NO_LINK,
            bytes: envelope.bytes,
            transfer: 0,
            protocol,
            sender,
            receiver: Caller::Blocking,
            stage: Stage::InOrder,
        }
    }

    /// Returns the next message of the same pair, as long as this one is not delivered.
    pub(super) fn next_of_pair(&self) -> Option<MessageId> {
        (self.link != NO_LINK).then_some(MessageId(self.link))
    }

    pub(super) fn set_next_of_pair(&mut self, next: MessageId) {
        self.link = next.0;
    }

    pub(super) fn transfer(&self) -> TransferId {
        TransferId(self.transfer as usize)
    }

    pub(super) fn set_transfer(&mut self, transfer: TransferId) {
        self.transfer = u32::try_from(transfer.0).expect("invariant: a record has fewer than 2^32 transfers");
    }
}

/// All messages under way.
#[derive(Debug, Default)]
pub(super) struct Messages {
    slots: Vec<Message>,
    free: Stack,
}

impl Messages {
    pub(super) fn insert(&mut self, message: Message) -> MessageId {
        if let Some(element) = self.free.pop(&self.slots) {
            self.slots[element as usize] = message;
            return MessageId(element);
        }
        self.slots.push(message);
        MessageId(u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages under way"))
    }

    pub(super) fn remove(&mut self, id: MessageId) {
        self.free.push(&mut self.slots, id.0);
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        &self.slots[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> &mut Message {
        &mut self.slots[id.0 as usize]
    }
}

impl Linked for Vec<Message> {
    fn next(&self, element: u32) -> u32 {
        self[element as usize].link
    }

    fn set_next(&mut self, element: u32, next: u32) {
        self[element as usize].link = next;
    }
}

impl Linked for Messages {
    fn next(&self, element: u32) -> u32 {
        self.slots.next(element)
    }

    fn set_next(&mut self, element: u32, next: u32) {
        self.slots.set_next(element, next);
    }
}
