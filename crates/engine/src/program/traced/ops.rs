//! The calls of a traced program as ops, one at a time, as the ranks come to them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::calls::{Call, Calls, Letter};
use crate::machine::{CollectiveOverrides, Kernel};
use crate::program::collective::called::{self, Called};
use crate::program::{
    Context, Enough, Envelope, Op, Outcome, Pattern, Program, RankId, Reactive, Request, SleepReason, Source, Tag,
};
use crate::schedule::Wildcard;
use crate::units::FlopsPerSecond;

/// Messages of collectives have a context of their own.
const COLLECTIVES: Context = Context(1);

/// Returns the program of what the ranks of a traced program called; a core of speed 1 computes at `speed`. All requests
/// that are open at its end are waited for there.
///
/// # Panics
/// If there is no rank, or more than 2^32.
#[must_use]
pub fn program(calls: Arc<Calls>, speed: FlopsPerSecond, overrides: CollectiveOverrides) -> Program {
    assert!(!calls.ranks.is_empty(), "bug: a program needs a rank");
    let ranks = vec![Cursor::default(); calls.ranks.len()];
    Program::Reactive(Box::new(Traced { calls, speed, overrides, ranks }))
}

#[derive(Debug, Clone)]
struct Traced {
    calls: Arc<Calls>,
    speed: FlopsPerSecond,
    overrides: CollectiveOverrides,
    ranks: Vec<Cursor>,
}

/// How far a rank is.
#[derive(Debug, Clone, Default)]
struct Cursor {
    /// Calls begun.
    n_calls: usize,
    /// What is still to be done of the latest one.
    ops: VecDeque<Op>,
    /// The collective that it is in, with the computing of its reduction.
    collective: Option<(Called, f64)>,
    /// Requests that are open, with the numbers that the calls know them by, in the order in which they started; none
    /// are receives from nobody, which are done.
    open: Vec<(u32, Option<Request>)>,
    /// Sends and receives started so far.
    n_started: u32,
    /// Numbers of requests that are free again.
    free: Vec<Request>,
}

impl Reactive for Traced {
    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        let cursor = &mut self.ranks[rank.0 as usize];
        if let Outcome::Completed(request, _) = outcome {
            cursor.close(request);
        }
        loop {
            let Cursor { ops, collective, .. } = &mut self.ranks[rank.0 as usize];
            if let Some(op) = ops.pop_front().or_else(|| next_of_collective(collective, self.speed)) {
                return Some(op);
            }
            self.begin_call(rank.0)?;
        }
    }

    fn n_ops_at_most(&self) -> u64 {
        let n_ranks = self.n_ranks();
        let mut known = Vec::new();
        // All ranks call the same collectives.
        let collectives = self.calls.ranks[0].collectives.iter();
        let of_collectives = collectives.map(|call| called::n_ops_at_most(call, n_ranks, self.overrides, &mut known));
        let of_collectives = of_collectives.fold(0, u64::saturating_add);
        let calls = self.calls.ranks.iter().flat_map(|rank| &rank.calls).map(|(call, _)| match call {
            // Each request is waited for once; the reduction of a collective is one op.
            Call::Isend(_) | Call::Irecv(..) => 2,
            Call::Sendrecv(..) => 3,
            _ => 1,
        });
        calls.fold(of_collectives, u64::saturating_add)
    }

    fn line(&self, rank: RankId) -> Option<u32> {
        let rank = rank.0 as usize;
        self.calls.ranks[rank].calls[..self.ranks[rank].n_calls].last().map(|(_, line)| *line)
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

impl Cursor {
    /// Opens a request under the next number of the calls.
    fn open(&mut self) -> Request {
        let n_used = self.open.iter().filter(|(_, request)| request.is_some()).count() + self.free.len();
        let next = Request(u32::try_from(n_used).expect("invariant: fewer than calls"));
        let request = self.free.pop().unwrap_or(next);
        self.start(Some(request));
        request
    }

    fn start(&mut self, request: Option<Request>) {
        self.open.push((self.n_started, request));
        self.n_started += 1;
    }

    fn close(&mut self, request: Request) {
        if let Some(i) = self.open.iter().position(|(_, open)| *open == Some(request)) {
            self.open.remove(i);
            self.free.push(request);
        }
    }

    fn wait(&mut self, number: u32) {
        let Some(i) = self.open.iter().position(|(open, _)| *open == number) else { return };
        match self.open[i].1 {
            Some(request) => self.ops.push_back(Op::Wait(request)),
            None => drop(self.open.remove(i)),
        }
    }

    fn wait_for_any(&mut self) {
        if let Some(done) = self.open.iter().position(|(_, request)| request.is_none()) {
            self.open.remove(done);
        } else if !self.open.is_empty() {
            self.ops.extend(self.open.iter().filter_map(|(_, request)| *request).map(Op::Watch));
            self.ops.push_back(Op::WaitWatched(Enough::One));
        }
    }

    fn wait_for_all(&mut self) {
        self.open.retain(|(_, request)| request.is_some());
        self.ops.extend(self.open.iter().filter_map(|(_, request)| *request).map(Op::Wait));
    }
}

impl Traced {
    fn n_ranks(&self) -> u32 {
        u32::try_from(self.calls.ranks.len()).expect("invariant: ranks are a u32")
    }

    /// Fills the ops of the next call; none if there is none.
    fn begin_call(&mut self, rank: u32) -> Option<()> {
        let n_ranks = self.n_ranks();
        let calls = &self.calls.ranks[rank as usize];
        let cursor = &mut self.ranks[rank as usize];
        let Some((call, _)) = calls.calls.get(cursor.n_calls) else {
            cursor.wait_for_all();
            return (!cursor.ops.is_empty()).then_some(());
        };
        cursor.n_calls += 1;
        match *call {
            Call::Compute(flops) => cursor.ops.extend(compute(self.speed, flops)),
            Call::Sleep(duration) => {
                cursor.ops.push_back(Op::Sleep { duration, reason: SleepReason::Program });
            }
            Call::Send(letter) => cursor.ops.push_back(Op::Send(envelope(letter))),
            Call::Recv(from, _) => cursor.ops.push_back(Op::Recv(pattern(from))),
            Call::Isend(letter) => {
                let request = cursor.open();
                cursor.ops.push_back(Op::StartSend(request, envelope(letter)));
            }
            Call::Irecv(from, _) => {
                let request = cursor.open();
                cursor.ops.push_back(Op::StartRecv(request, pattern(from)));
            }
            Call::IrecvNobody => cursor.start(None),
            Call::Sendrecv(letter, from, _) => {
                let from = Wildcard { from, tag: Some(letter.tag) };
                cursor.ops.extend([Op::Irecv(pattern(from)), Op::Isend(envelope(letter)), Op::WaitAll]);
            }
            Call::Wait(number) => cursor.wait(number),
            Call::WaitAny => cursor.wait_for_any(),
            Call::WaitAll => cursor.wait_for_all(),
            Call::Collective(number) => {
                let call = &calls.collectives[number as usize];
                cursor.collective = Some((Called::of(call, rank, n_ranks, self.overrides), call.flops));
            }
        }
        Some(())
    }
}

/// Returns the next op of the collective that a rank is in: messages, then the computing of its reduction.
fn next_of_collective(collective: &mut Option<(Called, f64)>, speed: FlopsPerSecond) -> Option<Op> {
    let (steps, flops) = collective.as_mut()?;
    let flops = *flops;
    steps.next().map(apart).or_else(|| {
        *collective = None;
        compute(speed, flops)
    })
}

/// Returns an op of a collective in the context of collectives, so that receives from any source or tag take none of its messages.
fn apart(op: Op) -> Op {
    let context = COLLECTIVES;
    match op {
        Op::Send(envelope) => Op::Send(Envelope { context, ..envelope }),
        Op::Isend(envelope) => Op::Isend(Envelope { context, ..envelope }),
        Op::Recv(pattern) => Op::Recv(Pattern { context, ..pattern }),
        Op::Irecv(pattern) => Op::Irecv(Pattern { context, ..pattern }),
        Op::StartRecv(request, pattern) => Op::StartRecv(request, Pattern { context, ..pattern }),
        op => op,
    }
}

fn compute(speed: FlopsPerSecond, flops: f64) -> Option<Op> {
    (flops > 0.0).then(|| Op::Compute { kernel: Kernel::Traced, work: speed.time_for(flops) })
}

fn envelope(letter: Letter) -> Envelope {
    let Letter { to, tag, bytes, mode } = letter;
    Envelope { to: RankId(to), tag: Tag(tag), bytes, context: Context::WORLD, mode }
}

fn pattern(from: Wildcard) -> Pattern {
    let source = from.from.map_or(Source::Any, |rank| Source::Rank(RankId(rank)));
    Pattern::new(source, from.tag.map(Tag))
}
