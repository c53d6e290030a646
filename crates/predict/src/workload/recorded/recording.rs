//! What the ranks of a program did, and that as ops of the engine.

use std::collections::VecDeque;

use dlpc_engine::calls::CollectiveCall;
use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::{Envelope, Op, Pattern, RankId, SleepReason, Source, Tag};
use dlpc_engine::units::{Bytes, SimDuration};

use super::collective;

/// Runs of one program, by rank count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Ascending, each rank count once.
    pub runs: Vec<Run>,
}

/// What the ranks of one run did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// The steps of each rank.
    pub ranks: Vec<Vec<Step>>,
    /// Communicators that collectives name by their number; the first one is that of all ranks.
    pub communicators: Vec<Communicator>,
}

/// Ranks among all, in the order of a communicator; none twice.
pub type Communicator = Vec<u32>;

/// One step of a rank.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Computes for so many ns of CPU time of the computer that recorded.
    Compute(u64),
    /// Leaves its core idle.
    Sleep(SimDuration),
    /// Calls MPI.
    Call(Call),
}

/// A call of MPI.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Sends, and waits.
    Send(Sent),
    /// Receives.
    Recv(Posted),
    /// Sends and receives at once, and waits for both.
    Exchange(Sent, Posted),
    /// Takes part in a collective of a communicator, by its number.
    Collective(u32, Box<CollectiveCall>),
}

/// A message as its sender describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Receiver, among all ranks.
    pub to: u32,
    /// Tag.
    pub tag: u32,
    /// Size.
    pub bytes: u64,
}

/// Which message a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// Sender, among all ranks; none: any, until it is known.
    pub from: Option<u32>,
    /// Tag; none: any.
    pub tag: Option<u32>,
    /// Whether the program would have taken the message of any rank: the recorded order is kept.
    pub was_any: bool,
}

impl Recording {
    /// Returns the run on so many ranks.
    #[must_use]
    pub fn on(&self, n_ranks: u32) -> Option<&Run> {
        self.runs.iter().find(|run| run.ranks.len() == n_ranks as usize)
    }

    /// Returns the rank counts of the runs.
    pub fn rank_counts(&self) -> impl Iterator<Item = u32> {
        self.runs.iter().map(Run::n_ranks)
    }
}

impl Run {
    /// Returns the run of ranks that have done nothing yet.
    #[must_use]
    pub fn new(n_ranks: u32) -> Self {
        Self { ranks: vec![Vec::new(); n_ranks as usize], communicators: vec![(0..n_ranks).collect()] }
    }

    /// Returns the number of its ranks.
    ///
    /// # Panics
    /// With 2^32 ranks or more.
    #[must_use]
    pub fn n_ranks(&self) -> u32 {
        u32::try_from(self.ranks.len()).expect("invariant: ranks are a u32")
    }

    /// Adds a step of a rank. Times of computing that follow each other are one.
    pub fn add(&mut self, rank: u32, step: Step) {
        let steps = &mut self.ranks[rank as usize];
        match (steps.last_mut(), &step) {
            (Some(Step::Compute(before)), Step::Compute(more)) => *before = before.saturating_add(*more),
            (_, Step::Compute(0)) => {}
            _ => steps.push(step),
        }
    }

    /// Returns the number of a communicator, which it gets if it has none.
    ///
    /// # Panics
    /// With 2^32 communicators or more.
    pub fn communicator(&mut self, members: &[u32]) -> u32 {
        let known = self.communicators.iter().position(|known| known == members);
        let number = known.unwrap_or_else(|| {
            self.communicators.push(members.to_vec());
            self.communicators.len() - 1
        });
        u32::try_from(number).expect("invariant: fewer than 2^32 communicators")
    }

    /// Returns what each rank does on a cluster, op by op.
    #[must_use]
    pub fn ops(&self, scale: f64, overrides: CollectiveOverrides) -> Vec<VecDeque<Op>> {
        let of_rank = |(rank, steps): (u32, &Vec<Step>)| {
            let mut ops = Vec::new();
            for step in steps {
                step.add_ops(rank, &self.communicators, scale, overrides, &mut ops);
            }
            ops.into()
        };
        (0..).zip(&self.ranks).map(of_rank).collect()
    }
}

impl Step {
    /// Adds the ops of a step of `rank`.
    ///
    /// # Panics
    /// If a collective names a communicator that is not there, or without the rank.
    pub fn add_ops(
        &self,
        rank: u32,
        communicators: &[Communicator],
        scale: f64,
        overrides: CollectiveOverrides,
        ops: &mut Vec<Op>,
    ) {
        match self {
            Self::Compute(nanos) => {
                let work = SimDuration::from_picos(nanos.saturating_mul(1000)).scaled_by(scale);
                ops.push(Op::Compute { kernel: Kernel::Recorded, work });
            }
            Self::Sleep(duration) => ops.push(Op::Sleep { duration: *duration, reason: SleepReason::Program }),
            Self::Call(Call::Send(sent)) => ops.push(Op::Send(sent.envelope())),
            Self::Call(Call::Recv(posted)) => ops.push(Op::Recv(posted.pattern())),
            Self::Call(Call::Exchange(sent, posted)) => {
                ops.extend([Op::Irecv(posted.pattern()), Op::Isend(sent.envelope()), Op::WaitAll]);
            }
            Self::Call(Call::Collective(number, call)) => {
                collective::add_ops(call, rank, &communicators[*number as usize], overrides, ops);
            }
        }
    }
}

impl Sent {
    fn envelope(self) -> Envelope {
        Envelope { to: RankId(self.to), tag: Tag(self.tag), bytes: Bytes(self.bytes) }
    }
}

impl Posted {
    fn pattern(self) -> Pattern {
        let from = self.from.map_or(Source::Any, |from| Source::Rank(RankId(from)));
        Pattern { from, tag: self.tag.map(Tag) }
    }
}
