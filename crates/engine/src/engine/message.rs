//! Messages between ranks, and the memory that holds those under way.

use super::matching::Label;
use super::ring::{Linked, Stack};
use crate::program::{RankId, Request};
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
    pub(super) label: Label,
    /// Until it is delivered, the next message of the same pair; then, the next of the list that it is in.
    link: u32,
    pub(super) bytes: Bytes,
    /// The transfer that carries it, or did last, if the run is recorded.
    transfer: u32,
    pub(super) protocol: Protocol,
    sender: Call,
    /// Known once matched.
    receiver: Call,
    pub(super) stage: Stage,
}

const _: () = assert!(size_of::<Message>() == 32, "two messages fit in one cache line");

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
    /// The sender of a synchronous message takes the answer.
    TakeAnswer,
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The data goes with the envelope.
    Eager,
    /// The data goes when the receiver has answered the request.
    Rendezvous,
    /// The data goes with the envelope, and the receiver answers when it has taken it.
    Synchronous,
}

/// How a rank called send or receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// It waits inside the call.
    Blocking,
    /// It waits later, for all.
    Nonblocking,
    /// It has a number of its own, by which the rank may wait for it.
    Named(Request),
}

/// The same without the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Blocking,
    Nonblocking,
    Named,
}

/// A message whose sender and receiver call as they do, before it has a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewMessage {
    pub(super) from: RankId,
    pub(super) to: RankId,
    pub(super) label: Label,
    pub(super) bytes: Bytes,
    pub(super) protocol: Protocol,
    pub(super) sender: Caller,
}

const NO_LINK: u32 = u32::MAX;

impl Message {
    fn new(new: NewMessage) -> Self {
        let NewMessage { from, to, label, bytes, protocol, sender } = new;
        Self {
            from,
            to,
            label,
            link: NO_LINK,
            bytes,
            transfer: 0,
            protocol,
            sender: sender.into(),
            receiver: Call::Blocking,
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

impl From<Caller> for Call {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Blocking => Self::Blocking,
            Caller::Nonblocking => Self::Nonblocking,
            Caller::Named(_) => Self::Named,
        }
    }
}

/// All messages under way.
#[derive(Debug, Default)]
pub(super) struct Messages {
    slots: Vec<Message>,
    free: Stack,
    /// The requests of sender and receiver, by message, up to the largest that has one.
    requests: Vec<[Request; 2]>,
}

const SENDER: usize = 0;
const RECEIVER: usize = 1;

impl Messages {
    pub(super) fn insert(&mut self, new: NewMessage) -> MessageId {
        let message = Message::new(new);
        let id = if let Some(element) = self.free.pop(&self.slots) {
            self.slots[element as usize] = message;
            MessageId(element)
        } else {
            self.slots.push(message);
            MessageId(u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages under way"))
        };
        if let Caller::Named(request) = new.sender {
            self.name(id, SENDER, request);
        }
        id
    }

    /// Returns whether the sender has given the message a number.
    #[inline]
    pub(super) fn is_sender_named(&self, id: MessageId) -> bool {
        self.get(id).sender == Call::Named
    }

    /// Returns whether the sender is inside a blocking send, or will wait later.
    pub(super) fn sender(&self, id: MessageId) -> Caller {
        self.caller(id, SENDER, self.get(id).sender)
    }

    /// Returns whether the receiver of a message that is matched is inside a blocking receive, or will wait later.
    pub(super) fn receiver(&self, id: MessageId) -> Caller {
        self.caller(id, RECEIVER, self.get(id).receiver)
    }

    pub(super) fn set_sender(&mut self, id: MessageId, caller: Caller) {
        self.get_mut(id).sender = caller.into();
        if let Caller::Named(request) = caller {
            self.name(id, SENDER, request);
        }
    }

    #[inline]
    pub(super) fn set_receiver(&mut self, id: MessageId, caller: Caller) {
        self.get_mut(id).receiver = caller.into();
        if let Caller::Named(request) = caller {
            self.name(id, RECEIVER, request);
        }
    }

    #[inline]
    fn caller(&self, id: MessageId, side: usize, call: Call) -> Caller {
        match call {
            Call::Blocking => Caller::Blocking,
            Call::Nonblocking => Caller::Nonblocking,
            Call::Named => Caller::Named(self.requests[id.0 as usize][side]),
        }
    }

    #[cold]
    fn name(&mut self, id: MessageId, side: usize, request: Request) {
        let i = id.0 as usize;
        if self.requests.len() <= i {
            self.requests.resize(i + 1, [request; 2]);
        }
        self.requests[i][side] = request;
    }

    /// Returns all messages that are under way, by number.
    pub(super) fn under_way(&self) -> impl Iterator<Item = MessageId> + use<> {
        let mut is_free = vec![false; self.slots.len()];
        let mut free = self.free;
        while let Some(element) = free.pop(&self.slots) {
            is_free[element as usize] = true;
        }
        (0..).map(MessageId).zip(is_free).filter_map(|(id, is_free)| (!is_free).then_some(id))
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
