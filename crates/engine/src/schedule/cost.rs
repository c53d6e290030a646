//! What the messages of a schedule cost (docs/goal.md).

mod machine;

pub use self::machine::MachineCosts;

use super::{Action, OpId, Schedule};
use crate::units::{Bytes, SecondsPerByte, SimDuration};

/// The parameters of `LogGOPS`, the same for all pairs of ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loggops {
    /// *L*: latency.
    pub latency: SimDuration,
    /// *o*: CPU time to send, and to receive, a message.
    pub overhead: SimDuration,
    /// *g*: time that a message keeps an interface busy.
    pub message_gap: SimDuration,
    /// *G*: the same for each byte but the first.
    pub byte_gap: SecondsPerByte,
    /// *O*: CPU time for each byte but the first.
    pub byte_overhead: SecondsPerByte,
    /// *S*: the largest message that is sent eagerly.
    pub eager_limit: Bytes,
}

/// Where the costs of messages come from.
#[derive(Debug, Clone)]
pub enum ScheduleCosts {
    /// The same parameters for all pairs of ranks, each of which is a host of its own.
    Loggops(Loggops),
    /// A machine model: its hosts, message tables and network.
    Machine(Box<MachineCosts>),
}

/// What one message costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageCost {
    /// How long the sender's CPU is busy.
    pub send_cpu: SimDuration,
    /// How long the sender's interface is busy.
    pub send_nic: SimDuration,
    /// From the start of the send until the receiver can begin, apart from sharing links with others.
    pub first_byte: SimDuration,
    /// How long the receiver's CPU is busy, apart from waiting for bytes.
    pub recv_overhead: SimDuration,
    /// How long the receiver's CPU is busy in all.
    pub recv_cpu: SimDuration,
    /// How long the receiver's interface is busy.
    pub recv_nic: SimDuration,
    /// Whether the send is done without the receive.
    pub is_eager: bool,
    /// How it travels.
    pub medium: Medium,
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Through the interfaces, which it keeps busy.
    Interfaces,
    /// Within a host.
    Memory,
    /// As a flow that shares links with others.
    Links,
}

impl Loggops {
    /// The defaults of `LogGOPSim`.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            latency: SimDuration::from_picos(2_500_000),
            overhead: SimDuration::from_picos(1_500_000),
            message_gap: SimDuration::from_picos(1_000_000),
            byte_gap: SecondsPerByte::new(6e-9).expect("invariant: a gap"),
            byte_overhead: SecondsPerByte::ZERO,
            eager_limit: Bytes(65_535),
        }
    }

    /// Returns the cost of a message: *o*, *g* and *L* pay for its first byte.
    #[must_use]
    pub fn cost(&self, bytes: Bytes) -> MessageCost {
        let further = Bytes(bytes.0.saturating_sub(1));
        let wire = SimDuration::from_seconds_ceil(self.byte_gap.seconds_for(further));
        let copying = SimDuration::from_seconds_ceil(self.byte_overhead.seconds_for(further));
        MessageCost {
            send_cpu: self.overhead + copying,
            send_nic: self.message_gap + wire,
            first_byte: self.overhead + self.latency,
            recv_overhead: self.overhead + copying,
            recv_cpu: self.overhead + copying.max(wire),
            recv_nic: self.message_gap + wire,
            is_eager: bytes <= self.eager_limit,
            medium: Medium::Interfaces,
        }
    }
}

impl ScheduleCosts {
    /// Returns what the message of a send costs.
    ///
    /// # Panics
    /// If the operation is no send.
    #[must_use]
    pub fn of_send(&self, schedule: &Schedule, send: OpId) -> MessageCost {
        let Action::Send(channel, bytes) = schedule.action(send) else { panic!("bug: only sends have costs") };
        let channel = schedule.channel(channel);
        let cost = self.message(channel.from, channel.to, bytes);
        MessageCost { is_eager: cost.is_eager && !schedule.is_synchronous(send), ..cost }
    }

    /// Returns what a message of `bytes` from one rank to another costs.
    #[must_use]
    pub fn message(&self, from: u32, to: u32, bytes: Bytes) -> MessageCost {
        match self {
            Self::Loggops(parameters) => parameters.cost(bytes),
            Self::Machine(machine) => machine.message(from, to, bytes),
        }
    }

    /// Returns how long a calculation takes on the host of a rank.
    #[must_use]
    pub fn calc(&self, rank: u32, work: SimDuration) -> SimDuration {
        match self {
            Self::Loggops(_) => work,
            Self::Machine(machine) => machine.calc(rank, work),
        }
    }

    /// Returns the host of a rank: ranks of one host share its interfaces.
    #[must_use]
    pub fn host(&self, rank: u32) -> u32 {
        match self {
            Self::Loggops(_) => rank,
            Self::Machine(machine) => machine.host(rank).0,
        }
    }
}
