//! What the ranks of a program did, as a schedule: each op waits for the one before it.

use std::collections::{BTreeMap, VecDeque};

use super::history::{History, Past};
use super::{Context, Envelope, Op, Outcome, Pattern, RankId, Request, SendMode, Source, Status, Tag};
use crate::schedule::{Milestone, OpId, Place, Schedule, ScheduleBuilder, Wildcard};
use crate::units::{Bytes, SimDuration};

/// One sender, receiver and tag.
type Key = (u32, u32, u32);

/// Sizes of the messages that are still to be received, by channel, in the order of sending.
type Sizes = BTreeMap<Key, VecDeque<Bytes>>;

/// Returns the schedule of a finished program: computing and sleeping are calculations, a wait becomes dependencies of
/// what follows it, and a receive from any rank names the rank that it got its message from. Tests and probes that have
/// found something are waits for it, others are nothing.
///
/// # Panics
/// With 2^31 ops or more.
#[must_use]
pub fn schedule(history: &History) -> Schedule {
    let n_ranks = u32::try_from(history.steps().len()).expect("invariant: ranks are a u32");
    let mut channels = Channels::of(history.steps());
    let mut builder = ScheduleBuilder::new(n_ranks);
    for (rank, steps) in (0..).zip(history.steps()) {
        builder.begin(rank);
        let results = results(steps);
        let mut chain = Chain {
            rank,
            after: Vec::new(),
            requests: Vec::new(),
            named: BTreeMap::new(),
            held: BTreeMap::new(),
            builder: &mut builder,
            channels: &mut channels,
        };
        for (past, result) in steps.iter().zip(results) {
            chain.add(past, result);
        }
        builder.end().expect("invariant: ops wait for earlier ones only");
    }
    builder.finish()
}

/// What a receive that was started came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Result {
    /// Nothing that anybody has asked for.
    Unknown,
    Got(Status),
    Cancelled,
}

/// Returns what each receive that a step started came to.
fn results(steps: &[Past]) -> Vec<Result> {
    let mut results = vec![Result::Unknown; steps.len()];
    let mut started: BTreeMap<Request, usize> = BTreeMap::new();
    for (i, past) in steps.iter().enumerate() {
        match (past.op, past.outcome) {
            (Op::StartRecv(request, _) | Op::StartMatched(request), _) => {
                started.insert(request, i);
            }
            (Op::Cancel(request), Outcome::Done) => {
                if let Some(start) = started.remove(&request) {
                    results[start] = Result::Cancelled;
                }
            }
            (_, Outcome::Completed(request, status)) => {
                if let Some(start) = started.remove(&request) {
                    results[start] = Result::Got(status);
                }
            }
            _ => {}
        }
    }
    results
}

/// Sizes of messages, and the tags that contexts have in a schedule, which has no contexts.
struct Channels {
    sizes: Sizes,
    tags: BTreeMap<(Context, Tag), u32>,
}

impl Channels {
    fn of(steps: &[Vec<Past>]) -> Self {
        let mut channels = Self { sizes: Sizes::new(), tags: BTreeMap::new() };
        for (rank, steps) in (0..).zip(steps) {
            for past in steps {
                if let Op::Send(envelope) | Op::Isend(envelope) | Op::StartSend(_, envelope) = past.op {
                    let tag = channels.tag(envelope.context, envelope.tag);
                    channels.sizes.entry((rank, envelope.to.0, tag)).or_default().push_back(envelope.bytes);
                }
            }
        }
        channels
    }

    /// Returns a tag of the schedule. Collectives have the largest one in programs, which there stands for any tag.
    fn tag(&mut self, context: Context, tag: Tag) -> u32 {
        const FIRST_OF_CONTEXTS: u32 = 1 << 31;
        match (context, tag.0) {
            (Context::WORLD, u32::MAX) => 0,
            (Context::WORLD, tag) => tag,
            _ => {
                let next = FIRST_OF_CONTEXTS + u32::try_from(self.tags.len()).expect("invariant: fewer than ops");
                *self.tags.entry((context, tag)).or_insert(next)
            }
        }
    }

    /// Returns the size of the next message of a channel.
    fn size(&mut self, from: Wildcard, to: u32) -> Bytes {
        let key = from.from.zip(from.tag).map(|(from, tag)| (from, to, tag));
        let queue = key.and_then(|key| self.sizes.get_mut(&key));
        queue.and_then(VecDeque::pop_front).unwrap_or(Bytes(0))
    }
}

/// Ops of one rank, the latest of which the next one waits for.
struct Chain<'b> {
    rank: u32,
    after: Vec<(OpId, Milestone)>,
    /// Started sends and receives without a number.
    requests: Vec<OpId>,
    /// Those with a number.
    named: BTreeMap<Request, OpId>,
    /// Contexts of the messages that probes have found.
    held: BTreeMap<Request, Context>,
    builder: &'b mut ScheduleBuilder,
    channels: &'b mut Channels,
}

impl Chain<'_> {
    fn add(&mut self, past: &Past, result: Result) {
        let Past { op, outcome } = *past;
        match op {
            Op::Compute { work, .. } | Op::Sleep { duration: work, .. } => self.calc(work),
            Op::Send(envelope) => {
                self.send(envelope, Milestone::Done);
            }
            Op::Isend(envelope) => self.start(|chain| chain.send(envelope, Milestone::Started)),
            Op::Irecv(pattern) => self.start(|chain| chain.recv(pattern, None, Milestone::Started)),
            Op::RecvWithin { timeout, .. } if outcome == Outcome::TimedOut => self.calc(timeout),
            Op::Recv(pattern) | Op::RecvWithin { pattern, .. } => {
                let got = if let Outcome::Received(status) = outcome { Some(status) } else { None };
                self.recv(pattern, got, Milestone::Done);
            }
            Op::WaitAll => std::mem::take(&mut self.requests).into_iter().for_each(|op| self.wait(op)),
            Op::StartSend(request, envelope) => {
                let op = self.send(envelope, Milestone::Started);
                self.named.extend(op.map(|op| (request, op)));
            }
            Op::StartRecv(request, pattern) if result != Result::Cancelled => {
                let got = if let Result::Got(status) = result { Some(status) } else { None };
                let op = self.recv(pattern, got, Milestone::Started);
                self.named.extend(op.map(|op| (request, op)));
            }
            Op::StartMatched(request) => {
                if let Result::Got(status) = result {
                    let context = self.held.remove(&request).unwrap_or_default();
                    let pattern = Pattern { from: Source::Rank(status.from), tag: Some(status.tag), context };
                    let op = self.recv(pattern, Some(status), Milestone::Started);
                    self.named.extend(op.map(|op| (request, op)));
                }
            }
            Op::Mprobe(request, pattern) | Op::Improbe(request, pattern) => {
                self.held.insert(request, pattern.context);
            }
            Op::Wait(request) => {
                if let Some(op) = self.named.remove(&request) {
                    self.wait(op);
                }
            }
            Op::Free(request) => self.requests.extend(self.named.remove(&request)),
            Op::StartRecv(..)
            | Op::Test(_)
            | Op::Watch(_)
            | Op::WaitWatched(_)
            | Op::TestWatched(_)
            | Op::NextDone
            | Op::Probe(_)
            | Op::Iprobe(_)
            | Op::Cancel(_)
            | Op::Look
            | Op::Time => {}
        }
        if let Outcome::Completed(request, _) = outcome
            && let Some(op) = self.named.remove(&request)
        {
            self.wait(op);
        }
    }

    fn calc(&mut self, work: SimDuration) {
        let op = self.builder.calc(work, Place::default(), 0);
        self.link(op, Milestone::Done);
    }

    fn send(&mut self, envelope: Envelope, until: Milestone) -> Option<OpId> {
        if envelope.to == RankId::NOBODY {
            return None;
        }
        let tag = self.channels.tag(envelope.context, envelope.tag);
        let op = self.builder.send(envelope.to.0, tag, envelope.bytes, Place::default(), 0);
        if envelope.mode == SendMode::Synchronous {
            self.builder.synchronise(op);
        }
        self.link(op, if envelope.mode == SendMode::Buffered { Milestone::Started } else { until });
        Some(op)
    }

    fn recv(&mut self, pattern: Pattern, got: Option<Status>, until: Milestone) -> Option<OpId> {
        if pattern.is_from_nobody() {
            return None;
        }
        let from = match pattern.from {
            Source::Rank(rank) => Some(rank.0),
            Source::Any => got.map(|status| status.from.0),
        };
        let is_plain = pattern.context == Context::WORLD;
        let tag = pattern.tag.or_else(|| got.filter(|_| !is_plain).map(|status| status.tag));
        let from = Wildcard { from, tag: tag.map(|tag| self.channels.tag(pattern.context, tag)) };
        let bytes = self.channels.size(from, self.rank);
        let op = self.builder.recv(from, bytes, Place::default(), 0);
        self.link(op, until);
        Some(op)
    }

    /// Starts a send or receive without a number.
    fn start(&mut self, start: impl Fn(&mut Self) -> Option<OpId>) {
        let op = start(self);
        self.requests.extend(op);
    }

    /// Lets an op wait for the one before, and the next one for this.
    fn link(&mut self, op: OpId, until: Milestone) {
        for (other, milestone) in self.after.drain(..) {
            self.builder.require(op, other, milestone);
        }
        self.after.push((op, until));
    }

    /// Lets the next op wait until this one is done.
    fn wait(&mut self, op: OpId) {
        self.after.retain(|(other, _)| *other != op);
        self.after.push((op, Milestone::Done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Program, RankId};
    use crate::schedule::Action;

    #[test]
    fn a_wait_becomes_dependencies_of_what_follows() {
        let envelope = Envelope::new(RankId(0), Tag(u32::MAX), Bytes(8));
        let pattern = Pattern::new(Source::Rank(RankId(0)), Some(Tag(u32::MAX)));
        let work = SimDuration::from_micros(1);
        let compute = Op::Compute { kernel: crate::machine::Kernel::Custom, work };
        let ops = [Op::Irecv(pattern), Op::Isend(envelope), Op::WaitAll, compute, compute];
        let program = Program::Fixed(vec![VecDeque::from(ops.to_vec())]);
        let schedule = schedule(&History::of_static(program, 1));
        let [recv, send, first, second]: [OpId; 4] =
            schedule.ops_of(0).collect::<Vec<_>>().try_into().expect("four operations");
        assert!(matches!(schedule.action(recv), Action::Recv(_, Bytes(8))));
        let waiting = |op| schedule.successors(op).collect::<Vec<_>>();
        assert_eq!(waiting(recv), [(send, Milestone::Started), (first, Milestone::Done)]);
        assert_eq!(waiting(send), [(first, Milestone::Done)]);
        assert_eq!(waiting(first), [(second, Milestone::Done)]);
    }
}
