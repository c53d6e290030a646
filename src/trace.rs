//! What happened in one simulated run: the engine's only output.

use crate::machine::Kernel;
use crate::program::{RankId, SleepReason};
use crate::units::{Bytes, SimTime};

/// One simulated run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// When the last rank finished.
    pub makespan: SimTime,
    /// When each rank finished.
    pub finished_at: Vec<SimTime>,
    /// Messages sent.
    pub n_messages: u64,
    /// Events processed.
    pub n_events: u64,
    /// Largest message between two ranks of one host.
    pub largest_local: Bytes,
    /// Largest message between two hosts.
    pub largest_remote: Bytes,
    /// Every step of every rank, if the run was recorded.
    pub record: Option<Record>,
}

/// Whether a run keeps every step of every rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Only totals: constant memory per rank.
    Off,
    /// All steps: memory grows with the number of ops and messages.
    On,
}

/// Every step of every rank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Activities of each rank, in time order, not overlapping; in between the rank was blocked.
    pub activities: Vec<Vec<Activity>>,
    /// Transfers, in the order in which they started.
    pub transfers: Vec<TransferRecord>,
}

/// Index into [`Record::transfers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferId(pub usize);

/// What a rank did from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// What it did.
    pub kind: ActivityKind,
    /// From.
    pub start: SimTime,
    /// To.
    pub end: SimTime,
    /// What it waited for before.
    pub enabled_by: Enabler,
}

/// Kinds of activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityKind {
    /// Computing.
    Compute(Kernel),
    /// Sending or receiving.
    Overhead,
    /// Leaving the core idle.
    Sleep(SleepReason),
    /// The rank finished; takes no time.
    Finish,
}

/// What an activity waited for before it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabler {
    /// The previous activity of the rank, or the start of the run.
    Previous,
    /// The arrival of a transfer.
    Arrival(TransferId),
    /// The departure of the last byte of a transfer.
    Departure(TransferId),
}

/// One transfer: the bytes of a message, or a request or answer of the rendezvous protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferRecord {
    /// Sending rank.
    pub from: RankId,
    /// Number of the activity of that rank which put it into the network.
    pub cause: usize,
    /// When it entered the network.
    pub start: SimTime,
    /// When its last byte had left.
    pub left: SimTime,
    /// When its last byte was there and all earlier messages of the pair were, too.
    pub arrived: SimTime,
}
