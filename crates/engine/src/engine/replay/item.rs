//! What can happen in a replay, and to which CPU or interface.

use crate::schedule::{OpId, Place};

/// Index of a CPU, or of one direction of a network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceId(pub(super) u32);

/// When an item came into being, relative to all others. It keeps its age while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age(pub(super) u64);

/// What waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// An operation is ready.
    Op(OpId),
    /// A message enters the links of its route.
    Departure(u32),
    /// It is the turn of a message that is there.
    Turn(u32),
    /// A flow may have ended.
    Network(u64),
    /// The first byte of a message is there.
    Arrival(u32),
    /// A message is to be received with this CPU and interface.
    Message(u32, Place),
    /// A resource may be free for the oldest item that waits for it.
    Wake(ResourceId),
}
