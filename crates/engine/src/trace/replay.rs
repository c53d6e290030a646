//! What happened when a schedule was replayed.

use crate::schedule::OpId;
use crate::units::{SimDuration, SimTime};

/// One replayed schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayTrace {
    /// When the last operation was done.
    pub makespan: SimTime,
    /// When the last operation of each rank was done.
    pub finished_at: Vec<SimTime>,
    /// The last operation of each rank; none if it has none.
    pub last_ops: Vec<Option<OpId>>,
    /// What the CPUs of each rank did.
    pub busy: Vec<Busy>,
    /// Messages sent.
    pub n_messages: u64,
    /// Events processed: operations that started, and messages that were received.
    pub n_events: u64,
    /// Receives that named another size than their message had.
    pub n_other_sizes: u64,
    /// Every step, if the replay was recorded.
    pub record: Option<ReplayRecord>,
}

/// How long the CPUs of a rank were busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Busy {
    /// With calculations.
    pub compute: SimDuration,
    /// With sending.
    pub send: SimDuration,
    /// With receiving.
    pub recv: SimDuration,
    /// Number of CPUs.
    pub n_cpus: u32,
}

/// Every step of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayRecord {
    /// When each operation started; a receive, when it was posted.
    pub ops: Vec<OpStep>,
    /// Why each operation did not start before.
    pub causes: Vec<Cause>,
    /// Messages, in the order in which they were sent.
    pub messages: Vec<MessageStep>,
}

/// When an operation started, and its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpStep {
    /// When it started, or could start for all that is known.
    pub start: SimTime,
    /// Milestones of others that it waits for.
    pub(crate) n_left: u32,
    /// Number of the message that it sent or received.
    pub message: u32,
}

/// The way of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageStep {
    /// The send.
    pub send: OpId,
    /// The receive, once it has met the message.
    pub recv: OpId,
    /// When the receiver's CPU began to receive it.
    pub taken: SimTime,
    /// Why not before.
    pub cause: Cause,
}

/// Why something did not start before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is the beginning.
    Beginning,
    /// An operation had to be done.
    Done(OpId),
    /// An operation had to start.
    Started(OpId),
    /// A message had to arrive.
    Arrival,
    /// The CPU was busy with an operation.
    CpuBusyWith(OpId),
    /// The CPU was busy receiving a message.
    CpuReceiving(u32),
    /// The interface was busy sending a message.
    NicSending(u32),
    /// The interface was busy receiving a message.
    NicReceiving(u32),
}
