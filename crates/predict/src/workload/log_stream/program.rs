//! Analysing log files that a sequential producer writes: in rounds, or by the first free worker.

use std::collections::VecDeque;

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::collective::{Arguments, Collective, selection};
use dlpc_engine::program::{Envelope, Op, Outcome, Pattern, RankId, Reactive, SleepReason, Source, Status, Tag};
use dlpc_engine::random::{Distribution, Purpose, Streams};

use super::LogStream;

const ITEM_TAG: Tag = Tag(1);
const RESULT_TAG: Tag = Tag(2);

/// Rank 0 polls until a log file is there, takes up to one for each rank, scatters them, all analyse, rank 0 gathers.
/// So nobody takes a new log file before the slowest of the round has finished.
#[derive(Debug, Clone)]
pub(super) struct Rounds {
    stream: LogStream,
    n_ranks: u32,
    streams: Streams,
    scatter: Collective,
    gather: Collective,
    round: Round,
    cursors: Vec<RoundCursor>,
}

/// What rank 0 took: fixed from one look that finds something to the next, which comes after all have read it.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    /// Log files taken in earlier rounds.
    before: u32,
    /// Log files taken in this round, the first for rank 0, the next for rank 1, ...
    taken: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoundCursor {
    Look,
    Scatter { op: u32 },
    Analyse,
    Gather { op: u32, is_last: bool },
}

impl Rounds {
    pub(super) fn new(stream: &LogStream, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Self {
        let first = |rank| if rank == 0 { RoundCursor::Look } else { RoundCursor::Scatter { op: 0 } };
        // Also an item of no bytes is sent: ranks learn from the scatter that there is a round.
        let [item, result] = [stream.item_bytes, stream.result_bytes].map(|bytes| Arguments::of(1, bytes.0));
        Self {
            n_ranks,
            streams,
            scatter: selection::scatter(n_ranks, item, overrides),
            gather: selection::gather(n_ranks, result, overrides),
            round: Round::default(),
            cursors: (0..n_ranks).map(first).collect(),
            stream: stream.clone(),
        }
    }
}

impl Reactive for Rounds {
    /// A round for each log file, in which rank 0 looks once and one rank analyses.
    fn n_ops_at_most(&self) -> u64 {
        let in_a_round = self.scatter.n_ops(self.n_ranks) + self.gather.n_ops(self.n_ranks) + 2;
        in_a_round.saturating_mul(self.stream.items.into())
    }

    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        let i = rank.0 as usize;
        loop {
            match self.cursors[i] {
                RoundCursor::Look => match outcome {
                    Outcome::Looked { complete } if complete > self.round.before => {
                        self.round.taken = (complete - self.round.before).min(self.n_ranks);
                        self.cursors[i] = RoundCursor::Scatter { op: 0 };
                    }
                    Outcome::Looked { .. } => return Some(sleep_until_next_look(&self.stream)),
                    _ => return Some(Op::Look),
                },
                RoundCursor::Scatter { op } => {
                    if let Some(next) = self.scatter.op(rank.0, self.n_ranks, op) {
                        self.cursors[i] = RoundCursor::Scatter { op: op + 1 };
                        return Some(next);
                    }
                    self.cursors[i] = RoundCursor::Analyse;
                }
                RoundCursor::Analyse => {
                    let is_last = self.round.before + self.round.taken == self.stream.items;
                    self.cursors[i] = RoundCursor::Gather { op: 0, is_last };
                    if rank.0 < self.round.taken {
                        return Some(analyse(&self.stream, self.streams, self.round.before + rank.0));
                    }
                }
                RoundCursor::Gather { op, is_last } => {
                    if let Some(next) = self.gather.op(rank.0, self.n_ranks, op) {
                        self.cursors[i] = RoundCursor::Gather { op: op + 1, is_last };
                        return Some(next);
                    }
                    if is_last {
                        return None;
                    }
                    self.cursors[i] = RoundCursor::Scatter { op: 0 };
                    if rank.0 == 0 {
                        self.round = Round { before: self.round.before + self.round.taken, taken: 0 };
                        self.cursors[i] = RoundCursor::Look;
                        return Some(Op::Look);
                    }
                }
            }
        }
    }

    fn is_in_rounds(&self) -> bool {
        true
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

/// Rank 0 hands the next log file to the worker that has been idle longest and looks for new ones whenever a result
/// comes in, at the latest after the polling interval. A rank alone does everything itself.
#[derive(Debug, Clone)]
pub(super) struct FirstFree {
    stream: LogStream,
    streams: Streams,
    n_ranks: u32,
    /// Log files handed out.
    handed_out: u32,
    /// Results that are still to come.
    outstanding: u32,
    idle: VecDeque<RankId>,
    /// Workers that have been told to stop.
    stopped: u32,
    /// What rank 0 sent last to each rank.
    inbox: Vec<Order>,
    workers: Vec<Worker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Analyse { item: u32 },
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    Receive,
    Obey,
    Report,
}

impl FirstFree {
    pub(super) fn new(stream: &LogStream, n_ranks: u32, streams: Streams) -> Self {
        Self {
            stream: stream.clone(),
            streams,
            n_ranks,
            handed_out: 0,
            outstanding: 0,
            idle: (1..n_ranks).map(RankId).collect(),
            stopped: 0,
            inbox: vec![Order::Stop; n_ranks as usize],
            workers: vec![Worker::Receive; n_ranks as usize],
        }
    }
}

impl Reactive for FirstFree {
    /// For each log file rank 0 sends it, receives the result and looks after each, the worker receives, analyses and sends;
    /// at the end each worker is told to stop.
    fn n_ops_at_most(&self) -> u64 {
        let per_item = if self.n_ranks == 1 { 2 } else { 7 };
        u64::from(self.stream.items) * per_item + 2 * u64::from(self.n_ranks)
    }

    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        match rank.0 {
            0 if self.n_ranks == 1 => self.alone(outcome),
            0 => self.dispatch(outcome),
            _ => self.work(rank),
        }
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

impl FirstFree {
    fn alone(&mut self, outcome: Outcome) -> Option<Op> {
        if self.handed_out == self.stream.items && outcome == Outcome::Done {
            return None;
        }
        match outcome {
            Outcome::Looked { complete } if complete > self.handed_out => {
                self.handed_out += 1;
                Some(analyse(&self.stream, self.streams, self.handed_out - 1))
            }
            Outcome::Looked { .. } => Some(sleep_until_next_look(&self.stream)),
            _ => Some(Op::Look),
        }
    }

    fn dispatch(&mut self, outcome: Outcome) -> Option<Op> {
        if let Outcome::Received(Status { from: worker, .. }) = outcome {
            self.idle.push_back(worker);
            self.outstanding -= 1;
        }
        let is_all_handed_out = self.handed_out == self.stream.items;
        if is_all_handed_out && self.outstanding == 0 {
            return self.stop_next_worker();
        }
        let Outcome::Looked { complete } = outcome else { return Some(Op::Look) };
        if complete > self.handed_out
            && let Some(worker) = self.idle.pop_front()
        {
            let item = self.handed_out;
            self.handed_out += 1;
            self.outstanding += 1;
            self.inbox[worker.0 as usize] = Order::Analyse { item };
            return Some(Op::Send(Envelope::new(worker, ITEM_TAG, self.stream.item_bytes)));
        }
        let pattern = Pattern::new(Source::Any, Some(RESULT_TAG));
        if is_all_handed_out || self.idle.is_empty() {
            return Some(Op::Recv(pattern));
        }
        if self.outstanding == 0 {
            return Some(sleep_until_next_look(&self.stream));
        }
        Some(Op::RecvWithin { pattern, timeout: self.stream.poll })
    }

    fn stop_next_worker(&mut self) -> Option<Op> {
        self.stopped += 1;
        (self.stopped < self.n_ranks).then(|| {
            let worker = RankId(self.stopped);
            self.inbox[worker.0 as usize] = Order::Stop;
            Op::Send(Envelope::new(worker, ITEM_TAG, self.stream.item_bytes))
        })
    }

    fn work(&mut self, rank: RankId) -> Option<Op> {
        let i = rank.0 as usize;
        match self.workers[i] {
            Worker::Receive => {
                self.workers[i] = Worker::Obey;
                Some(Op::Recv(Pattern::new(Source::Rank(RankId(0)), Some(ITEM_TAG))))
            }
            Worker::Obey => match self.inbox[i] {
                Order::Stop => None,
                Order::Analyse { item } => {
                    self.workers[i] = Worker::Report;
                    Some(analyse(&self.stream, self.streams, item))
                }
            },
            Worker::Report => {
                self.workers[i] = Worker::Receive;
                Some(Op::Send(Envelope::new(RankId(0), RESULT_TAG, self.stream.result_bytes)))
            }
        }
    }
}

/// Analysing item `item`; its service time depends on the item, not on who gets it.
fn analyse(stream: &LogStream, streams: Streams, item: u32) -> Op {
    let work = match stream.analysis {
        Distribution::Constant(work) => work,
        ref analysis => analysis.sample(&mut streams.stream(Purpose::Service, item)),
    };
    Op::Compute { kernel: Kernel::Analyse, work }
}

fn sleep_until_next_look(stream: &LogStream) -> Op {
    Op::Sleep { duration: stream.poll, reason: SleepReason::Poll }
}
