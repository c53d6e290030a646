//! A schedule: the operations of all ranks and what each of them waits for, in flat arrays.
//!
//! A [`Schedule`] that exists is valid: every number is in range and no operation waits for itself. About 40 bytes for
//! each operation and 4 for each dependency, so that ten million operations fit in half a gigabyte.

mod builder;
mod channel;
pub mod cost;

use std::ops::Range;

pub use self::builder::{Cycle, ScheduleBuilder};
pub use self::channel::{Channel, ChannelId};
use crate::units::{Bytes, SimDuration};

/// Index of an operation among those of all ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u32);

/// Which CPU and network interface of its rank an operation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Number of the CPU.
    pub cpu: u8,
    /// Number of the network interface.
    pub nic: u8,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Sends a message over a channel.
    Send(ChannelId, Bytes),
    /// Receives the next message of a channel.
    Recv(ChannelId, Bytes),
    /// Receives a message that several channels may bring.
    RecvAny(Wildcard, Bytes),
    /// Computes.
    Calc(SimDuration),
}

/// Messages that a receive takes; none stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wildcard {
    /// Sending rank.
    pub from: Option<u32>,
    /// Tag.
    pub tag: Option<u32>,
}

/// What of an operation another one waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// It has started (`irequires`).
    Started,
    /// It is done (`requires`).
    Done,
}

/// An operation as it is stored.
#[derive(Debug, Clone, Copy)]
struct Op {
    /// Bytes, or picoseconds.
    amount: u64,
    /// Channel or wildcard; the rank of a calculation.
    target: u32,
    /// Where it stands in its file, from 1; 0 if it comes from none.
    line: u32,
    kind: Kind,
    place: Place,
}

/// Kinds of operation, in the order in which those that become ready at once are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Send,
    SynchronousSend,
    Recv,
    RecvAny,
    Calc,
}

/// Packs an operation and a milestone of another one that it waits for.
#[derive(Debug, Clone, Copy)]
struct Successor(u32);

/// The operations of all ranks.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Operations of each rank.
    ranks: Vec<Range<u32>>,
    ops: Vec<Op>,
    /// For each operation the start of its part of `successors`; one more at the end.
    first_successor: Vec<u32>,
    successors: Vec<Successor>,
    n_requirements: Vec<u32>,
    channels: Vec<Channel>,
    /// Receivers and what they take.
    wildcards: Vec<(u32, Wildcard)>,
    /// Whether a rank has a receive with a wildcard.
    takes_any: Vec<bool>,
}

impl Successor {
    fn new(op: u32, milestone: Milestone) -> Self {
        Self(op << 1 | u32::from(milestone == Milestone::Started))
    }

    fn op(self) -> OpId {
        OpId(self.0 >> 1)
    }

    fn milestone(self) -> Milestone {
        if self.0 & 1 == 1 { Milestone::Started } else { Milestone::Done }
    }
}

impl Schedule {
    /// Most operations of one schedule.
    pub const OPS_MAX: usize = 1 << 31;
    /// Tag of messages of collectives: a context of their own, from which a receive of any tag takes nothing. No file can
    /// name it.
    pub const COLLECTIVE_TAG: u32 = u32::MAX;

    /// Returns the number of ranks.
    #[must_use]
    pub fn n_ranks(&self) -> usize {
        self.ranks.len()
    }

    /// Returns the number of operations of all ranks.
    #[must_use]
    pub fn n_ops(&self) -> usize {
        self.ops.len()
    }

    /// Returns the operations of a rank, in the order in which they were added.
    pub fn ops_of(&self, rank: u32) -> impl ExactSizeIterator<Item = OpId> + use<> {
        self.ranks[rank as usize].clone().map(OpId)
    }

    /// Returns what an operation does.
    #[must_use]
    pub fn action(&self, op: OpId) -> Action {
        let Op { amount, target, kind, .. } = self.ops[op.0 as usize];
        match kind {
            Kind::Send | Kind::SynchronousSend => Action::Send(ChannelId(target), Bytes(amount)),
            Kind::Recv => Action::Recv(ChannelId(target), Bytes(amount)),
            Kind::RecvAny => Action::RecvAny(self.wildcards[target as usize].1, Bytes(amount)),
            Kind::Calc => Action::Calc(SimDuration::from_picos(amount)),
        }
    }

    /// Returns whether an operation is a send that waits for its receive, whatever its size.
    #[must_use]
    pub fn is_synchronous(&self, op: OpId) -> bool {
        self.ops[op.0 as usize].kind == Kind::SynchronousSend
    }

    /// Returns the CPU and network interface of an operation.
    #[must_use]
    pub fn place(&self, op: OpId) -> Place {
        self.ops[op.0 as usize].place
    }

    /// Returns the line of an operation in its file, from 1; 0 if it comes from none.
    #[must_use]
    pub fn line(&self, op: OpId) -> u32 {
        self.ops[op.0 as usize].line
    }

    /// Returns the rank of an operation.
    #[must_use]
    pub fn rank_of(&self, op: OpId) -> u32 {
        let Op { target, kind, .. } = self.ops[op.0 as usize];
        match kind {
            Kind::Send | Kind::SynchronousSend => self.channels[target as usize].from,
            Kind::Recv => self.channels[target as usize].to,
            Kind::RecvAny => self.wildcards[target as usize].0,
            Kind::Calc => target,
        }
    }

    /// Returns how many milestones an operation waits for.
    #[must_use]
    pub fn n_requirements(&self, op: OpId) -> u32 {
        self.n_requirements[op.0 as usize]
    }

    /// Returns the operations that wait for a milestone of `op`, in the order in which they were said to.
    pub fn waiting_for(&self, op: OpId, milestone: Milestone) -> impl Iterator<Item = OpId> + '_ {
        self.successors(op).filter(move |(_, waited)| *waited == milestone).map(|(successor, _)| successor)
    }

    /// Returns all operations that wait for `op`, and for what of it.
    pub fn successors(&self, op: OpId) -> impl Iterator<Item = (OpId, Milestone)> + '_ {
        let from = self.first_successor[op.0 as usize] as usize;
        let to = self.first_successor[op.0 as usize + 1] as usize;
        self.successors[from..to].iter().map(|successor| (successor.op(), successor.milestone()))
    }

    /// Returns the channels.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Returns a channel.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> &Channel {
        &self.channels[id.0 as usize]
    }

    /// Returns whether a rank has a receive with a wildcard.
    #[must_use]
    pub fn takes_any(&self, rank: u32) -> bool {
        self.takes_any[rank as usize]
    }

    /// Returns the largest numbers of CPU and network interface that a rank uses.
    #[must_use]
    pub fn most(&self, rank: u32) -> Place {
        self.ranks[rank as usize].clone().fold(Place::default(), |most, op| {
            let place = self.ops[op as usize].place;
            Place { cpu: most.cpu.max(place.cpu), nic: most.nic.max(place.nic) }
        })
    }

    /// Returns the place in the order in which operations that become ready at once are started.
    #[must_use]
    pub(crate) fn precedence(&self, op: OpId) -> u8 {
        match self.ops[op.0 as usize].kind {
            Kind::Send | Kind::SynchronousSend => 0,
            Kind::Recv | Kind::RecvAny => 1,
            Kind::Calc => 2,
        }
    }
}
