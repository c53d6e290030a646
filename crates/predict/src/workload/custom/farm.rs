//! A task farm: rank 0 hands out tasks and gets their results.

use std::collections::VecDeque;

use dlpc_engine::machine::Kernel;
use dlpc_engine::named;
use dlpc_engine::program::{Context, Envelope, Op, Outcome, Pattern, RankId, Source, Status, Tag};
use dlpc_engine::random::{Distribution, Purpose, Streams};
use dlpc_engine::units::Bytes;

named! {
    /// Who does which task.
    pub enum Deal as "Deal" {
        FirstFree = "first-free" => "Rank 0 hands the next task to the worker whose result came first, and does none itself.",
        Static = "static" => "Task i is that of rank i mod ranks, also rank 0: it sends each rank its tasks, and gets all results at the end.",
    }
}

const TAG: Tag = Tag(0);

/// What there is to do, in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Farm {
    pub(super) n_tasks: u32,
    pub(super) service: Distribution,
    /// How many times as long a task takes.
    pub(super) pace: f64,
    pub(super) deal: Deal,
    pub(super) item_bytes: Bytes,
    pub(super) result_bytes: Bytes,
}

/// A farm that ranks are at.
#[derive(Debug, Clone)]
pub(super) struct Running {
    farm: Farm,
    n_ranks: u32,
    context: Context,
    streams: Streams,
    handed_out: u32,
    /// Results that are still to come.
    outstanding: u32,
    /// By worker: what rank 0 has sent and it has not received, a task or that there are no more.
    orders: Vec<VecDeque<Option<u32>>>,
}

/// What a rank does next at a farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Rank 0 hands out, to workers up to one before this one already.
    HandOut(u32),
    /// Rank 0 waits for results.
    Hear,
    /// Rank 0 receives all results of the workers from this one on.
    Collect(u32),
    /// A worker waits for a task.
    Receive,
    /// A worker has received one.
    Obey,
    /// A rank does its share, from this task on.
    Share(u32),
    /// A worker has done its task, or its share.
    Report(Bytes),
    Over,
}

impl Farm {
    /// Returns how many tasks a rank has if they are dealt before.
    fn n_of(&self, rank: u32, n_ranks: u32) -> u32 {
        self.n_tasks.saturating_sub(rank).div_ceil(n_ranks)
    }

    /// Returns the most ops of all ranks together.
    pub(super) fn n_ops_at_most(&self, n_ranks: u32) -> u64 {
        // A task is sent, received and done, its result sent and received; a worker is told to stop.
        5 * u64::from(self.n_tasks) + 4 * u64::from(n_ranks)
    }
}

impl Running {
    pub(super) fn new(farm: Farm, n_ranks: u32, context: Context, streams: Streams) -> Self {
        let orders = vec![VecDeque::new(); n_ranks as usize];
        Self { farm, n_ranks, context, streams, handed_out: 0, outstanding: 0, orders }
    }

    /// Returns what a rank begins with; rank 0 begins with all tasks.
    pub(super) fn begin(&mut self, farm: Farm, rank: u32) -> Stage {
        if rank == 0 {
            (self.farm, self.handed_out) = (farm, 0);
        }
        match farm.deal {
            _ if self.n_ranks == 1 => Stage::Share(0),
            _ if rank == 0 => Stage::HandOut(1),
            Deal::Static if farm.n_of(rank, self.n_ranks) == 0 => Stage::Over,
            Deal::FirstFree | Deal::Static => Stage::Receive,
        }
    }

    /// Returns the next op of a rank; none if it is done with the farm.
    pub(super) fn next(&mut self, rank: u32, stage: &mut Stage, outcome: Outcome) -> Option<Op> {
        loop {
            let (op, next) = self.step(rank, *stage, outcome);
            *stage = next;
            if op.is_some() || next == Stage::Over {
                return op;
            }
        }
    }

    fn step(&mut self, rank: u32, stage: Stage, outcome: Outcome) -> (Option<Op>, Stage) {
        let is_static = self.farm.deal == Deal::Static;
        match stage {
            Stage::HandOut(worker) if worker == self.n_ranks => {
                (None, if is_static { Stage::Share(0) } else { Stage::Hear })
            }
            Stage::HandOut(worker) if is_static => {
                let n = u64::from(self.farm.n_of(worker, self.n_ranks));
                let bytes = Bytes(self.farm.item_bytes.0.saturating_mul(n));
                ((n > 0).then(|| self.send(worker, bytes)), Stage::HandOut(worker + 1))
            }
            Stage::HandOut(worker) => (Some(self.hand_out(worker)), Stage::HandOut(worker + 1)),
            Stage::Hear => self.hear(outcome),
            Stage::Collect(worker) if worker == self.n_ranks => (None, Stage::Over),
            Stage::Collect(worker) => {
                let has_any = self.farm.n_of(worker, self.n_ranks) > 0;
                (has_any.then(|| self.receive(Source::Rank(RankId(worker)))), Stage::Collect(worker + 1))
            }
            Stage::Receive => {
                let next = if is_static { Stage::Share(rank) } else { Stage::Obey };
                (Some(self.receive(Source::Rank(RankId(0)))), next)
            }
            Stage::Obey => match self.orders[rank as usize].pop_front().expect("invariant: rank 0 has sent it") {
                Some(task) => (Some(self.task(task)), Stage::Report(self.farm.result_bytes)),
                None => (None, Stage::Over),
            },
            Stage::Share(task) if task < self.farm.n_tasks => {
                (Some(self.task(task)), Stage::Share(task.saturating_add(self.n_ranks)))
            }
            Stage::Share(_) if self.n_ranks == 1 => (None, Stage::Over),
            Stage::Share(_) if rank == 0 => (None, Stage::Collect(1)),
            Stage::Share(_) => {
                let n = self.farm.n_of(rank, self.n_ranks).into();
                (None, Stage::Report(Bytes(self.farm.result_bytes.0.saturating_mul(n))))
            }
            Stage::Report(bytes) => (Some(self.send(0, bytes)), if is_static { Stage::Over } else { Stage::Receive }),
            Stage::Over => (None, Stage::Over),
        }
    }

    /// Waits for a result, or hands the next task to the worker that has sent one.
    fn hear(&mut self, outcome: Outcome) -> (Option<Op>, Stage) {
        if let Outcome::Received(Status { from, .. }) = outcome {
            self.outstanding -= 1;
            return (Some(self.hand_out(from.0)), Stage::Hear);
        }
        match self.outstanding {
            0 => (None, Stage::Over),
            _ => (Some(self.receive(Source::Any)), Stage::Hear),
        }
    }

    /// Sends a worker the next task, or that there are no more, without bytes.
    fn hand_out(&mut self, worker: u32) -> Op {
        let task = (self.handed_out < self.farm.n_tasks).then_some(self.handed_out);
        if task.is_some() {
            self.handed_out += 1;
            self.outstanding += 1;
        }
        self.orders[worker as usize].push_back(task);
        self.send(worker, if task.is_some() { self.farm.item_bytes } else { Bytes(0) })
    }

    /// Returns the work of a task, which is the same on any rank and at any rank count.
    fn task(&self, task: u32) -> Op {
        let work = self.farm.service.sample(&mut self.streams.stream(Purpose::Service, task));
        let work = if self.farm.pace.total_cmp(&1.0).is_eq() { work } else { work.scaled_by(self.farm.pace) };
        Op::Compute { kernel: Kernel::Custom, work }
    }

    fn send(&self, to: u32, bytes: Bytes) -> Op {
        Op::Send(Envelope { context: self.context, ..Envelope::new(RankId(to), TAG, bytes) })
    }

    fn receive(&self, from: Source) -> Op {
        Op::Recv(Pattern { context: self.context, ..Pattern::new(from, Some(TAG)) })
    }
}
