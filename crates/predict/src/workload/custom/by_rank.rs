//! Programs whose ranks do not all do the same: each goes through the steps by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::collective::called::Called;
use dlpc_engine::program::{
    Context, Envelope, Op, Outcome, Pattern, RankId, Reactive, Request, SleepReason, Source, Tag,
};
use dlpc_engine::random::Streams;
use dlpc_engine::units::Bytes;

use super::farm::{Running, Stage};
use super::groups::{Groups, Known};
use super::imbalance::Draws;
use super::phase::{Act, Call, Size};
use super::steps::{Doing, Place, Round, Step, Steps, bytes_of, bytes_to};
use super::walk;
use crate::written::formula::{Count, Truth, Worthless};

/// Messages of collectives of all ranks have a context of their own, so that no receive of the program takes them; those of
/// groups one for each phase.
const COLLECTIVES: Context = Context(1);

/// Tag of the messages of phases.
const TAG: Tag = Tag(0);

/// A program and how far each rank is.
#[derive(Debug, Clone)]
pub(super) struct ByRank {
    steps: Arc<Steps>,
    overrides: CollectiveOverrides,
    streams: Streams,
    known: Known,
    /// Farms that ranks have come to, by step.
    farms: BTreeMap<usize, Running>,
    ranks: Vec<Cursor>,
}

/// How far a rank is.
#[derive(Debug, Clone, Default)]
struct Cursor {
    step: usize,
    place: Place,
    /// What is still to be done of the latest step.
    ops: VecDeque<Op>,
    collective: Option<InGroup>,
    /// The farm that it is at, by step, and what it does next there.
    farm: Option<(usize, Stage)>,
    /// Sends and receives that have been started and not waited for; these are their numbers.
    n_open: u32,
    draws: Draws,
}

/// A collective that a rank is in.
#[derive(Debug, Clone)]
struct InGroup {
    called: Called,
    /// The ranks that do it, by their place; none if all do.
    members: Option<Arc<[u32]>>,
    context: Context,
}

impl ByRank {
    pub(super) fn new(steps: Steps, overrides: CollectiveOverrides, streams: Streams) -> Self {
        let cursor = |rank| Cursor { place: Place { rank, rounds: Vec::new() }, ..Cursor::default() };
        let ranks = (0..steps.n_ranks).map(cursor).collect();
        Self { steps: Arc::new(steps), overrides, streams, known: Known::default(), farms: BTreeMap::new(), ranks }
    }
}

impl Reactive for ByRank {
    fn next(&mut self, rank: RankId, mut outcome: Outcome) -> Option<Op> {
        loop {
            let cursor = &mut self.ranks[rank.0 as usize];
            if let Some(op) = cursor.ops.pop_front() {
                return Some(op);
            }
            if let Some(op) = cursor.collective.as_mut().and_then(InGroup::next) {
                return Some(op);
            }
            cursor.collective = None;
            if let Some((step, stage)) = &mut cursor.farm {
                let farm = self.farms.get_mut(step).expect("invariant: it has come to it");
                if let Some(op) = farm.next(rank.0, stage, outcome) {
                    return Some(op);
                }
                cursor.farm = None;
            }
            // What the previous step ended with is nothing to the next one.
            outcome = Outcome::Started;
            self.begin_step(rank.0)?;
        }
    }

    fn n_ops_at_most(&self) -> u64 {
        walk::n_ops_at_most(&self.steps, self.overrides)
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

/// That expressions have values was checked when the scenario was read.
const CHECKED: &str = "invariant: expressions were checked on these ranks";

impl ByRank {
    /// Begins the next step of a rank; none if there is none.
    fn begin_step(&mut self, rank: u32) -> Option<()> {
        let steps = Arc::clone(&self.steps);
        let cursor = &mut self.ranks[rank as usize];
        let Some(step) = steps.all.get(cursor.step) else {
            cursor.wait_for_all();
            return (!cursor.ops.is_empty()).then_some(());
        };
        let i = cursor.step;
        cursor.step += 1;
        match step {
            Step::Repeat { times, variable, end } => {
                let Count(times) = times.value(&|name| cursor.place.value_of(name)).expect(CHECKED);
                if times == 0 {
                    cursor.step = *end;
                } else {
                    cursor.place.rounds.push(Round { variable: variable.clone(), number: 0, times });
                }
            }
            Step::Again { start } => cursor.again(*start),
            Step::If { when, end } => {
                if when.value(&|name| cursor.place.value_of(name)).expect(CHECKED) == Truth(false) {
                    cursor.step = *end;
                }
            }
            Step::Act(act) => {
                let doing = steps.doing(act, &cursor.place, &mut self.known).expect(CHECKED);
                self.begin(rank, i, act, doing);
            }
        }
        Some(())
    }

    fn begin(&mut self, rank: u32, step: usize, act: &Act, doing: Doing) {
        let cursor = &mut self.ranks[rank as usize];
        let number = u32::try_from(step).expect("invariant: few steps");
        match doing {
            Doing::Nothing => {}
            Doing::Compute { work, imbalance } => {
                let factor = imbalance.map_or(1.0, |of| cursor.draws.factor(of, number, rank, self.streams));
                let work = if factor.total_cmp(&1.0).is_eq() { work } else { work.scaled_by(factor) };
                cursor.ops.push_back(Op::Compute { kernel: Kernel::Custom, work });
            }
            Doing::Sleep(duration) => cursor.ops.push_back(Op::Sleep { duration, reason: SleepReason::Program }),
            Doing::Messages { call, to, from } => cursor.messages(call, to, from),
            Doing::Waitall => cursor.wait_for_all(),
            Doing::Swap { to, from } => {
                cursor.ops.extend(from.into_iter().map(|from| Op::Irecv(received(RankId(from), COLLECTIVES))));
                cursor.ops.extend(to.into_iter().map(|(to, bytes)| Op::Isend(sent(RankId(to), bytes, COLLECTIVES))));
                cursor.ops.push_back(Op::WaitAll);
            }
            Doing::Farm(farm) => {
                let context = Context(COLLECTIVES.0 + 1 + number);
                let (n_ranks, streams) = (self.steps.n_ranks, self.streams);
                let running = self.farms.entry(step).or_insert_with(|| Running::new(farm, n_ranks, context, streams));
                cursor.farm = Some((step, running.begin(farm, rank)));
            }
            Doing::Collective { kind, root, bytes, group } => {
                let Act::Collective { size, .. } = act else { unreachable!("bug: only collectives are collectives") };
                let context = if group.is_some() { Context(COLLECTIVES.0 + 1 + number) } else { COLLECTIVES };
                let place = &cursor.place;
                let group =
                    InGroup::of(self.steps.n_ranks, place, kind, (root, bytes, size), group.as_ref(), self.overrides);
                cursor.collective = group.expect(CHECKED).map(|group| InGroup { context, ..group });
            }
        }
    }
}

impl Cursor {
    /// Goes back to the beginning of the repeat, or leaves it.
    fn again(&mut self, start: usize) {
        let round = self.place.rounds.last_mut().expect("invariant: it is in the repeat");
        round.number += 1;
        if round.number < round.times {
            self.step = start + 1;
        } else {
            self.place.rounds.pop();
        }
    }

    fn messages(&mut self, call: Call, to: Option<(RankId, Bytes)>, from: Option<RankId>) {
        let sent = to.filter(|(to, _)| *to != RankId::NOBODY).map(|(to, bytes)| sent(to, bytes, Context::WORLD));
        let received = from.filter(|from| *from != RankId::NOBODY).map(|from| received(from, Context::WORLD));
        match (call, received, sent) {
            (Call::Started, received, sent) => {
                if let Some(pattern) = received {
                    let request = self.open();
                    self.ops.push_back(Op::StartRecv(request, pattern));
                }
                if let Some(envelope) = sent {
                    let request = self.open();
                    self.ops.push_back(Op::StartSend(request, envelope));
                }
            }
            (Call::Blocking, Some(pattern), Some(envelope)) => {
                self.ops.extend([Op::Irecv(pattern), Op::Isend(envelope), Op::WaitAll]);
            }
            (Call::Blocking, received, sent) => {
                self.ops.extend(received.map(Op::Recv).into_iter().chain(sent.map(Op::Send)));
            }
        }
    }

    fn open(&mut self) -> Request {
        self.n_open += 1;
        Request(self.n_open - 1)
    }

    fn wait_for_all(&mut self) {
        self.ops.extend((0..std::mem::take(&mut self.n_open)).map(|request| Op::Wait(Request(request))));
    }
}

impl InGroup {
    /// Returns the collective of a rank; none if it is alone in its group.
    fn of(
        n_all: u32,
        place: &Place,
        kind: CollectiveKind,
        (root, bytes, size): (u32, Bytes, &Size),
        group: Option<&Groups>,
        overrides: CollectiveOverrides,
    ) -> Result<Option<Self>, Worthless> {
        let around = group.map(|group| group.around(place.rank));
        let at = around.map_or(place.rank, |(_, at)| at);
        let members = around.map(|(members, _)| Arc::clone(members));
        let n = members.as_ref().map_or(n_all as usize, |members| members.len());
        if n == 1 {
            return Ok(None);
        }
        let n_ranks = u32::try_from(n).expect("invariant: ranks");
        let ranks = || members.clone().unwrap_or_else(|| (0..n_ranks).collect());
        let all = || bytes_of(size, &ranks(), place).map(Vec::into_boxed_slice);
        let own = Box::from([bytes]);
        let call = CollectiveCall::of(kind, root, bytes);
        let call = match kind {
            CollectiveKind::Gatherv => {
                CollectiveCall { sends: own, recvs: if at == root { all()? } else { Box::default() }, ..call }
            }
            CollectiveKind::Scatterv => {
                CollectiveCall { recvs: own, sends: if at == root { all()? } else { Box::default() }, ..call }
            }
            CollectiveKind::Allgatherv => CollectiveCall { recvs: all()?, ..call },
            CollectiveKind::Alltoallv => {
                let to = |to: &u32| bytes_to(size, n_ranks, place, *to);
                let from = |from: &u32| {
                    let there = Place { rank: *from, rounds: place.rounds.clone() };
                    bytes_to(size, n_ranks, &there, place.rank)
                };
                let sends: Result<Box<[Bytes]>, Worthless> = ranks().iter().map(to).collect();
                let recvs: Result<Box<[Bytes]>, Worthless> = ranks().iter().map(from).collect();
                CollectiveCall { sends: sends?, recvs: recvs?, ..call }
            }
            _ => call,
        };
        let called = Called::of(&call, at, n_ranks, overrides);
        Ok(Some(Self { called, members, context: COLLECTIVES }))
    }

    fn next(&mut self) -> Option<Op> {
        let op = self.called.next()?;
        Some(self.among_all(op))
    }

    /// Returns an op of a collective with the ranks of the whole program.
    fn among_all(&self, op: Op) -> Op {
        let context = self.context;
        let rank = |place: RankId| self.members.as_ref().map_or(place, |members| RankId(members[place.0 as usize]));
        let envelope = |of: Envelope| Envelope { to: rank(of.to), context, ..of };
        let pattern = |of: Pattern| {
            let Source::Rank(from) = of.from else { unreachable!("bug: collectives know their senders") };
            Pattern { from: Source::Rank(rank(from)), context, ..of }
        };
        match op {
            Op::Send(of) => Op::Send(envelope(of)),
            Op::Isend(of) => Op::Isend(envelope(of)),
            Op::Recv(of) => Op::Recv(pattern(of)),
            Op::Irecv(of) => Op::Irecv(pattern(of)),
            Op::StartRecv(request, of) => Op::StartRecv(request, pattern(of)),
            op => op,
        }
    }
}

fn sent(to: RankId, bytes: Bytes, context: Context) -> Envelope {
    Envelope { context, ..Envelope::new(to, TAG, bytes) }
}

fn received(from: RankId, context: Context) -> Pattern {
    Pattern { context, ..Pattern::new(Source::Rank(from), Some(TAG)) }
}
