//! Random programs of all point-to-point ops, on 1 to 17 ranks, end as the slow executor says, each op with the same
//! outcome and each rank at the same picosecond; or both are stuck, the same ranks at the same ops.

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{MessageTable, Segment};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::history::History;
use dlpc_engine::program::{
    Context, Enough, Envelope, Op, Outcome, Pattern, Program, RankId, Reactive, Request, SendMode, Source, Tag,
};
use dlpc_engine::units::{Bytes, SecondsPerByte, SimDuration};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::oracle::{self, Costs, Ending};
use super::{cluster, compute};

const PICOS_PER_BYTE: u64 = 1000;

/// A generator that can be copied, as a program must be.
#[derive(Debug, Clone)]
struct Chance {
    seed: u64,
}

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        self.seed = rng.random_range(0..u64::MAX);
        rng.random_range(0..n)
    }
}

/// What a rank has still to do, in this order.
#[derive(Debug, Clone, Copy)]
enum Intent {
    Send(Envelope),
    Recv(Pattern),
}

/// What a rank does depends on how its ops end, and on chance.
#[derive(Debug, Clone)]
struct Rank {
    chance: Chance,
    intents: Vec<Intent>,
    /// The next ops, the last one first.
    next: Vec<Op>,
    open: Vec<Request>,
    n_requests: u32,
    has_waited_for_all: bool,
}

#[derive(Debug, Clone)]
struct Random {
    ranks: Vec<Rank>,
}

impl Reactive for Random {
    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        self.ranks[rank.0 as usize].next(outcome)
    }

    fn n_ops_at_most(&self) -> u64 {
        u64::MAX
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

impl Rank {
    fn next(&mut self, outcome: Outcome) -> Option<Op> {
        match outcome {
            Outcome::Completed(request, _) => self.open.retain(|open| *open != request),
            // The message to hold was not there.
            Outcome::Pending => self.next.retain(|op| !matches!(op, Op::StartMatched(_))),
            _ => {}
        }
        if self.next.is_empty() {
            self.plan();
        }
        let op = self.next.pop()?;
        match op {
            Op::StartSend(request, _) | Op::StartRecv(request, _) | Op::StartMatched(request) => {
                self.open.push(request);
            }
            Op::Free(request) => self.open.retain(|open| *open != request),
            _ => {}
        }
        Some(op)
    }

    fn request(&mut self) -> Request {
        self.n_requests += 1;
        Request(self.n_requests - 1)
    }

    fn work(&mut self) -> Op {
        compute(SimDuration::from_picos(1 + self.chance.below(300_000_000) as u64))
    }

    fn plan(&mut self) {
        self.next = match self.chance.below(10) {
            0 | 1 => vec![self.work()],
            2..=4 if !self.open.is_empty() => self.ask(),
            _ if self.intents.is_empty() => self.end(),
            _ => match self.intents.remove(0) {
                Intent::Send(envelope) => self.send(envelope),
                Intent::Recv(pattern) => self.recv(pattern),
            },
        };
        self.next.reverse();
    }

    fn send(&mut self, envelope: Envelope) -> Vec<Op> {
        let request = self.request();
        match self.chance.below(4) {
            0 => vec![Op::Send(envelope)],
            1 => vec![Op::Isend(envelope)],
            2 => vec![Op::StartSend(request, envelope)],
            _ => vec![Op::StartSend(request, envelope), Op::Wait(request)],
        }
    }

    fn recv(&mut self, pattern: Pattern) -> Vec<Op> {
        let request = self.request();
        match self.chance.below(9) {
            0 => vec![Op::Recv(pattern)],
            1 => vec![Op::Irecv(pattern)],
            2 => vec![Op::Probe(pattern), Op::Recv(pattern)],
            3 => vec![Op::Iprobe(pattern), Op::StartRecv(request, pattern)],
            4 => vec![Op::Mprobe(request, pattern), self.work(), Op::StartMatched(request)],
            5 => vec![Op::Improbe(request, pattern), Op::StartMatched(request)],
            6 => vec![Op::StartRecv(request, pattern), Op::Wait(request)],
            _ => vec![Op::StartRecv(request, pattern)],
        }
    }

    /// Waits for some of what it has started, or tests it.
    fn ask(&mut self) -> Vec<Op> {
        let one = self.open[self.chance.below(self.open.len())];
        let enough = if self.chance.below(10) < 7 { Enough::One } else { Enough::All };
        let mut watch: Vec<Op> = self.open.iter().rev().map(|request| Op::Watch(*request)).collect();
        match self.chance.below(8) {
            0 => vec![Op::Wait(one)],
            1 | 2 => vec![Op::Test(one)],
            3 => vec![Op::Cancel(one), Op::Wait(one)],
            4 => vec![Op::Free(one)],
            more => {
                let ask = if more < 6 { Op::WaitWatched(enough) } else { Op::TestWatched(enough) };
                watch.extend([ask, Op::NextDone, Op::NextDone]);
                watch
            }
        }
    }

    fn end(&mut self) -> Vec<Op> {
        if let Some(request) = self.open.first() {
            return vec![Op::Wait(*request)];
        }
        if std::mem::replace(&mut self.has_waited_for_all, true) { Vec::new() } else { vec![Op::WaitAll] }
    }
}

fn program(rng: &mut ChaCha8Rng, n_ranks: u32) -> Random {
    let rank = |_| {
        let chance = Chance { seed: rng.random_range(0..u64::MAX) };
        let (intents, next, open) = (Vec::new(), Vec::new(), Vec::new());
        Rank { chance, intents, next, open, n_requests: 0, has_waited_for_all: false }
    };
    let mut ranks: Vec<Rank> = (0..n_ranks).map(rank).collect();
    for rank in &mut ranks {
        // So that no two things happen at the same instant.
        rank.next = vec![rank.work()];
    }
    for _ in 0..rng.random_range(1..8 * n_ranks + 2) {
        let [from, to] = [0, 0].map(|_: u32| rng.random_range(0..n_ranks));
        let context = Context(rng.random_range(0..2));
        let tag = Tag(rng.random_range(0..3));
        // Sizes that differ, or else exchanges of the same kind would end at the same instant.
        let bytes_max = [100, 200, 9000][rng.random_range(0..3)];
        let bytes = Bytes(rng.random_range(1..=bytes_max));
        let modes = [SendMode::Standard, SendMode::Synchronous, SendMode::Buffered, SendMode::Ready];
        let mode = modes[rng.random_range(0..6_usize).saturating_sub(2)];
        let source = if rng.random_bool(0.3) { Source::Any } else { Source::Rank(RankId(from)) };
        let wanted = rng.random_bool(0.7).then_some(tag);
        ranks[from as usize].intents.push(Intent::Send(Envelope { to: RankId(to), tag, bytes, context, mode }));
        ranks[to as usize].intents.push(Intent::Recv(Pattern { from: source, tag: wanted, context }));
    }
    Random { ranks }
}

/// Runs a program on one host with a core for each rank, and returns how it ended and how each op did.
fn simulate(program: &Random, costs: Costs) -> (Ending, Vec<Vec<Outcome>>) {
    let n_ranks = u32::try_from(program.ranks.len()).expect("few ranks");
    let segment = Segment {
        send_overhead: SimDuration::from_picos(costs.send),
        recv_overhead: SimDuration::from_picos(costs.recv),
        latency: SimDuration::from_picos(costs.latency),
        byte_gap: SecondsPerByte::new(1e-9).expect("a rate"),
        ..Segment::FREE
    };
    let local = MessageTable::uniform(segment, Bytes(costs.eager_limit));
    let machine = cluster(1, n_ranks).local(local).build();
    let hosts = vec![HostId(0); n_ranks as usize];
    let mut program = Program::Remembered(History::new(Program::Reactive(program.boxed()), n_ranks));
    let result = engine::simulate(&Setup::new(&machine, &Platform::new(&machine), &hosts), &mut program);
    let Program::Remembered(history) = program else { unreachable!() };
    let steps = history.steps().iter();
    // The last op of a rank that is stuck has not ended.
    let ended = |outcome: &Outcome| *outcome != Outcome::Started;
    let outcomes = steps.map(|steps| steps.iter().map(|past| past.outcome).filter(ended).collect()).collect();
    let ending = match result {
        Ok(trace) => Ending::Finished(trace.finished_at.iter().map(|at| at.as_picos()).collect()),
        Err(SimError::Deadlock { blocked }) => {
            Ending::Stuck(blocked.iter().map(|blocked| (blocked.rank.0, blocked.op)).collect())
        }
        Err(error) => panic!("{error}"),
    };
    (ending, outcomes)
}

#[test]
fn random_programs_end_as_the_slow_executor_says() {
    let mut n_finished = 0;
    for seed in 0..1700 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let n_ranks = 1 + u32::try_from(seed % 17).expect("small");
        let costs = Costs {
            send: rng.random_range(1_000_000..20_000_000),
            recv: rng.random_range(1_000_000..20_000_000),
            latency: rng.random_range(1_000_000..90_000_000),
            byte_gap: PICOS_PER_BYTE,
            eager_limit: [0, 100, u64::MAX][rng.random_range(0..3)],
        };
        let program = program(&mut rng, n_ranks);
        let (ending, outcomes) = simulate(&program, costs);
        let (expected, expected_outcomes) = oracle::run(&mut program.clone(), program.ranks.len(), costs);
        for (rank, (outcomes, expected)) in outcomes.iter().zip(&expected_outcomes).enumerate() {
            assert_eq!(outcomes, expected, "rank {rank} of program {seed}");
        }
        assert_eq!(ending, expected, "program {seed}");
        n_finished += u32::from(matches!(ending, Ending::Finished(_)));
    }
    assert!(n_finished > 300, "{n_finished} of 1700 were not stuck");
}
