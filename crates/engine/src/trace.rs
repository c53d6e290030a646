//! What happened in one simulated run: the engine's only output.

pub mod replay;

use crate::machine::Kernel;
use crate::platform::{Limit, LinkId, Route};
use crate::program::{RankId, SleepReason};
use crate::units::{Bytes, SimDuration, SimTime};

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
    /// What ranks found when they looked for files of the producer, in time order.
    pub looks: Vec<Look>,
    /// When the producer completed each file; empty without a producer.
    pub completions: Vec<SimTime>,
    /// Whether files are taken in rounds: none before all of the previous round are done.
    pub is_in_rounds: bool,
    /// How the load of each link changed, in time order (`flow` network).
    pub link_loads: Vec<LinkLoad>,
}

/// From `at` on, a link carries this much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLoad {
    /// Since when.
    pub at: SimTime,
    /// Which link.
    pub link: LinkId,
    /// Bytes per second, rounded.
    pub bytes_per_s: u64,
}

/// A rank looked how many files are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: SimTime,
    /// Who.
    pub rank: RankId,
    /// Files completed since the start.
    pub complete: u32,
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
    /// How much longer it took than on an undisturbed core of its own.
    pub lost: Losses,
}

/// By how much an activity was longer than it would have been on an undisturbed core of its own; together at most its
/// duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Noise and interruptions; zero if the draw made it shorter.
    pub noise: SimDuration,
    /// Busy cores of the host slow each other down.
    pub contention: SimDuration,
    /// More ranks at work than cores.
    pub oversubscription: SimDuration,
}

/// Kinds of activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityKind {
    /// Computing.
    Compute(Kernel),
    /// Sending or receiving.
    Overhead {
        /// What of it.
        step: MessageStep,
        /// The other rank.
        peer: RankId,
    },
    /// Leaving the core idle.
    Sleep(SleepReason),
    /// The rank finished; takes no time.
    Finish,
}

/// What a core does for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageStep {
    /// Sends the message (eager), or its request (rendezvous).
    Send,
    /// Takes the request of a rendezvous and answers it.
    Answer,
    /// Takes the answer and sends the data.
    SendData,
    /// Takes the message; answers, too, if it was sent synchronously.
    Receive,
    /// Takes the answer to a synchronous message.
    TakeAnswer,
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
    /// Sending rank (of this transfer: an answer travels from the receiver of its message to the sender).
    pub from: RankId,
    /// Receiving rank.
    pub to: RankId,
    /// Which part of its message it carries.
    pub part: Part,
    /// Bytes on the way; zero for a request or an answer.
    pub bytes: Bytes,
    /// Size of the whole message.
    pub message_bytes: Bytes,
    /// Links that it crossed; none within a host.
    pub route: Option<Route>,
    /// Number of the activity of that rank which put it into the network.
    pub cause: usize,
    /// When it entered the network.
    pub start: SimTime,
    /// When its last byte had left.
    pub left: SimTime,
    /// When its last byte was there.
    pub arrived: SimTime,
    /// Of the time from `left` to `arrived`: latency of cables, switches and software stack, undisturbed.
    pub latency: SimDuration,
    /// Of the same: the first frame, stored by each switch.
    pub stored: SimDuration,
    /// Of the same: jitter; zero if the draw made it shorter. Anything left is waiting for the receiver's interface
    /// (`loggops` network).
    pub jitter: SimDuration,
    /// What limited its rate for most of the time from `start` to `left`.
    pub limit: Limit,
    /// How many flows shared that limit, as the mean over time, rounded; at least one.
    pub n_sharing: u32,
}

impl TransferRecord {
    /// Returns whether it is the request or the answer of a rendezvous.
    #[must_use]
    pub fn is_handshake(&self) -> bool {
        self.part == Part::Answer || (self.part == Part::Envelope && self.bytes < self.message_bytes)
    }
}

/// Which part of a message a transfer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An eager or synchronous message with its data, or the request of a rendezvous.
    Envelope,
    /// The answer to a request, or to a synchronous message; travels from the receiver to the sender.
    Answer,
    /// The data of a rendezvous.
    Data,
}
