//! What the ranks of a program did, as a schedule: each op waits for the one before it.

use std::collections::{BTreeMap, VecDeque};

use super::history::{History, Past};
use super::{Envelope, Op, Outcome, Pattern, Source, Tag};
use crate::schedule::{Milestone, OpId, Place, Schedule, ScheduleBuilder, Wildcard};
use crate::units::{Bytes, SimDuration};

/// One sender, receiver and tag.
type Key = (u32, u32, u32);

/// Sizes of the messages that are still to be received, by channel, in the order of sending.
type Sizes = BTreeMap<Key, VecDeque<Bytes>>;

/// Returns the schedule of a finished program: computing and sleeping are calculations, a wait becomes dependencies of
/// what follows it, and a receive from any rank names the rank that it got its message from.
///
/// # Panics
/// With 2^31 ops or more.
#[must_use]
pub fn schedule(history: &History) -> Schedule {
    let mut sizes = sizes(history.steps());
    let n_ranks = u32::try_from(history.steps().len()).expect("invariant: ranks are a u32");
    let mut builder = ScheduleBuilder::new(n_ranks);
    for (rank, steps) in (0..).zip(history.steps()) {
        builder.begin(rank);
        let mut chain = Chain { rank, after: Vec::new(), requests: Vec::new() };
        for past in steps {
            chain.add(past, &mut builder, &mut sizes);
        }
        builder.end().expect("invariant: ops wait for earlier ones only");
    }
    builder.finish()
}

/// Tags of schedules: collectives have the largest one in programs, which here stands for any tag.
fn tag(tag: Tag) -> u32 {
    if tag.0 == u32::MAX { 0 } else { tag.0 }
}

fn sizes(steps: &[Vec<Past>]) -> Sizes {
    let mut sizes = Sizes::new();
    for (rank, steps) in (0..).zip(steps) {
        for past in steps {
            if let Op::Send(envelope) | Op::Isend(envelope) = past.op {
                sizes.entry((rank, envelope.to.0, tag(envelope.tag))).or_default().push_back(envelope.bytes);
            }
        }
    }
    sizes
}

/// Ops of one rank, the latest of which the next one waits for.
struct Chain {
    rank: u32,
    after: Vec<(OpId, Milestone)>,
    /// Started sends and receives.
    requests: Vec<OpId>,
}

impl Chain {
    fn add(&mut self, past: &Past, builder: &mut ScheduleBuilder, sizes: &mut Sizes) {
        let Past { op, outcome } = *past;
        match op {
            Op::Compute { work, .. } | Op::Sleep { duration: work, .. } => self.calc(work, builder),
            Op::Send(envelope) => self.send(envelope, Milestone::Done, builder),
            Op::Isend(envelope) => self.send(envelope, Milestone::Started, builder),
            Op::Irecv(pattern) => self.recv(pattern, outcome, Milestone::Started, builder, sizes),
            Op::RecvWithin { timeout, .. } if outcome == Outcome::TimedOut => self.calc(timeout, builder),
            Op::Recv(pattern) | Op::RecvWithin { pattern, .. } => {
                self.recv(pattern, outcome, Milestone::Done, builder, sizes);
            }
            Op::WaitAll => {
                let requests = std::mem::take(&mut self.requests);
                self.after.retain(|(op, _)| !requests.contains(op));
                self.after.extend(requests.into_iter().map(|op| (op, Milestone::Done)));
            }
            Op::Look | Op::Time => {}
        }
    }

    fn calc(&mut self, work: SimDuration, builder: &mut ScheduleBuilder) {
        let op = builder.calc(work, Place::default(), 0);
        self.link(op, Milestone::Done, builder);
    }

    fn send(&mut self, envelope: Envelope, until: Milestone, builder: &mut ScheduleBuilder) {
        let op = builder.send(envelope.to.0, tag(envelope.tag), envelope.bytes, Place::default(), 0);
        self.link(op, until, builder);
    }

    fn recv(
        &mut self,
        pattern: Pattern,
        outcome: Outcome,
        until: Milestone,
        builder: &mut ScheduleBuilder,
        sizes: &mut Sizes,
    ) {
        let from = match (pattern.from, outcome) {
            (Source::Rank(rank), _) | (Source::Any, Outcome::Received(rank)) => Some(rank.0),
            (Source::Any, _) => None,
        };
        let from = Wildcard { from, tag: pattern.tag.map(tag) };
        let bytes = self.size(from, sizes);
        let op = builder.recv(from, bytes, Place::default(), 0);
        self.link(op, until, builder);
    }

    /// Returns the size of the next message of a channel.
    fn size(&self, from: Wildcard, sizes: &mut Sizes) -> Bytes {
        let key = from.from.zip(from.tag).map(|(from, tag)| (from, self.rank, tag));
        let queue = key.and_then(|key| sizes.get_mut(&key));
        queue.and_then(VecDeque::pop_front).unwrap_or(Bytes(0))
    }

    /// Lets an op wait for the one before, and the next one for this.
    fn link(&mut self, op: OpId, until: Milestone, builder: &mut ScheduleBuilder) {
        for (other, milestone) in self.after.drain(..) {
            builder.require(op, other, milestone);
        }
        self.after.push((op, until));
        if until == Milestone::Started {
            self.requests.push(op);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Program, RankId};
    use crate::schedule::Action;

    #[test]
    fn a_wait_becomes_dependencies_of_what_follows() {
        let envelope = Envelope { to: RankId(0), tag: Tag(u32::MAX), bytes: Bytes(8) };
        let pattern = Pattern { from: Source::Rank(RankId(0)), tag: Some(Tag(u32::MAX)) };
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
