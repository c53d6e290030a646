//! What the ranks of a program did, and that as ops of the engine.

use std::collections::{BTreeMap, VecDeque};

use dlpc_engine::calls::CollectiveCall;
use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::program::{Context, Envelope, Op, Pattern, RankId, Request, SendMode, SleepReason, Source, Tag};
use dlpc_engine::units::{Bytes, SimDuration};

use super::collective;
use super::phase::{Between, Timed};

/// Runs of one program, by rank count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Ascending, each rank count once.
    pub runs: Vec<Run>,
    /// A hash of the file that it was read from; empty if it was not.
    pub fingerprint: String,
}

/// What the ranks of one run did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// The steps of each rank.
    pub ranks: Vec<Vec<Step>>,
    /// Communicators that collectives name by their number; the first one is that of all ranks.
    pub communicators: Vec<Communicator>,
    /// Places in the program that steps name by their number, as `file:line`; none twice.
    pub sites: Vec<String>,
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
    /// The calls from here on are made at this place in the program, by its number.
    At(u32),
    /// The program looks at a clock.
    Clock,
}

/// A call of MPI, as the engine is to simulate it again: a wait names the requests that it has given, a test that has found
/// something is such a wait, and who has sent a message is known. Requests 0 and 1 are those of [`Call::Exchange`].
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Sends, and waits.
    Send(Sent),
    /// Receives.
    Recv(Posted),
    /// Sends and receives at once, and waits for both.
    Exchange(Sent, Posted),
    /// Starts a send under a number.
    StartSend(u32, Sent),
    /// Starts a receive under a number.
    StartRecv(u32, Posted),
    /// Waits for requests, one after the other.
    Wait(Vec<u32>),
    /// Tests a request that is not done.
    Test(u32),
    /// Waits until a message is there.
    Probe(Posted),
    /// Looks for a message that is not there.
    ProbeInVain(Posted),
    /// Waits until a message is there, and keeps it under a number.
    MatchedProbe(u32, Posted),
    /// Starts to receive the message that is kept under a number.
    StartMatched(u32),
    /// Lets a request go on without its number.
    Free(u32),
    /// Takes back a receive.
    Cancel(u32),
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
    /// Context: 0 in the communicator of all ranks.
    pub context: u32,
    /// What the send waits for.
    pub mode: SendMode,
}

/// Which message a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// Sender, among all ranks; none: any, until it is known.
    pub from: Option<u32>,
    /// Tag; none: any.
    pub tag: Option<u32>,
    /// Context.
    pub context: u32,
    /// Whether the program would have taken the message of any rank: the recorded order is kept.
    pub was_any: bool,
}

/// The numbers of the receive and the send of an exchange.
pub const EXCHANGE_REQUESTS: [u32; 2] = [0, 1];
/// Requests have smaller numbers.
pub const REQUESTS_MAX: u32 = 1 << 20;
/// Contexts from here on are those of the messages of collectives, by the number of the communicator after it: those of a collective
/// that goes on while others do.
pub const COLLECTIVES: u32 = 1 << 30;
/// Contexts have smaller numbers: each is two of the engine, for messages and for collectives.
pub const CONTEXTS_MAX: u32 = 1 << 31;

/// Returns a context as the engine has it.
const fn engine_context(context: u32) -> Context {
    Context(if context < COLLECTIVES { 2 * context } else { 2 * (context - COLLECTIVES) + 1 })
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
        Self {
            ranks: vec![Vec::new(); n_ranks as usize],
            communicators: vec![(0..n_ranks).collect()],
            sites: Vec::new(),
        }
    }

    /// Returns the number of its ranks.
    ///
    /// # Panics
    /// With 2^32 ranks or more.
    #[must_use]
    pub fn n_ranks(&self) -> u32 {
        u32::try_from(self.ranks.len()).expect("invariant: ranks are a u32")
    }

    /// Returns how many of its receives and probes would have taken the message of any rank.
    #[must_use]
    pub fn n_of_any_source(&self) -> usize {
        self.ranks.iter().flatten().filter(|step| matches!(step, Step::Call(call) if call.was_any())).count()
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

    /// Notes that the next call of a rank is made at a place.
    ///
    /// # Panics
    /// With 2^32 places or more.
    pub fn at(&mut self, rank: u32, site: &str) {
        let known = self.sites.iter().position(|known| known == site);
        let number = known.unwrap_or_else(|| {
            self.sites.push(site.to_owned());
            self.sites.len() - 1
        });
        let number = u32::try_from(number).expect("invariant: fewer than 2^32 places");
        let steps = &mut self.ranks[rank as usize];
        if let Some(Step::At(unused)) = steps.last_mut() {
            *unused = number;
        }
        let latest = steps.iter().rev().find_map(|step| if let Step::At(site) = step { Some(*site) } else { None });
        if latest != Some(number) {
            steps.push(Step::At(number));
        }
    }

    /// Notes that a rank looks at a clock. Of looks at one place that follow each other, the first and the last one count.
    pub fn clock(&mut self, rank: u32) {
        let steps = &mut self.ranks[rank as usize];
        let n = steps.len();
        // Between the one before and this one, it has only computed.
        let is_idle = |steps: &[Step]| matches!(steps, [Step::Clock, Step::Compute(_), Step::Clock, Step::Compute(_)]);
        if n >= 4 && is_idle(&steps[n - 4..]) {
            steps.remove(n - 2);
            if let Some(Step::Compute(more)) = steps.pop() {
                self.add(rank, Step::Compute(more));
            }
        }
        self.ranks[rank as usize].push(Step::Clock);
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

    /// Returns what each rank does on a cluster, op by op: CPU times count `scale` times, those of some phases as often as these
    /// say. If the program times itself, rank 0 asks for the time twice, where that begins and where it ends.
    pub(super) fn ops(
        &self,
        scale: f64,
        of_phases: &BTreeMap<Between, f64>,
        timed: Timed,
        overrides: CollectiveOverrides,
    ) -> Vec<VecDeque<Op>> {
        let asks = if timed == Timed::Program { self.timed_steps() } else { None };
        let of_rank = |(rank, steps): (u32, &Vec<Step>)| {
            let phases = if of_phases.is_empty() { Vec::new() } else { self.between(rank as usize) };
            let mut phases = phases.into_iter();
            let mut ops = Vec::new();
            for (i, step) in steps.iter().enumerate() {
                let phase = if matches!(step, Step::Compute(_)) { phases.next() } else { None };
                let scale = phase.and_then(|phase| of_phases.get(&phase)).map_or(scale, |of_phase| *of_phase);
                step.add_ops(rank, &self.communicators, scale, overrides, &mut ops);
                if rank == 0 && asks.is_some_and(|(first, last)| i == first || i == last) {
                    ops.push(Op::Time);
                }
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
            Self::Call(Call::Collective(number, call)) => {
                collective::add_ops(call, rank, &communicators[*number as usize], *number, overrides, ops);
            }
            Self::Call(call) => call.add_ops(ops),
            Self::At(_) | Self::Clock => {}
        }
    }
}

impl Call {
    const fn was_any(&self) -> bool {
        match self {
            Self::Recv(posted)
            | Self::Exchange(_, posted)
            | Self::StartRecv(_, posted)
            | Self::Probe(posted)
            | Self::MatchedProbe(_, posted) => posted.was_any,
            _ => false,
        }
    }

    fn add_ops(&self, ops: &mut Vec<Op>) {
        match self {
            Self::Send(sent) => ops.push(Op::Send(sent.envelope())),
            Self::Recv(posted) => ops.push(Op::Recv(posted.pattern())),
            Self::Exchange(sent, posted) => {
                let [into, out] = EXCHANGE_REQUESTS.map(Request);
                ops.extend([Op::StartRecv(into, posted.pattern()), Op::StartSend(out, sent.envelope())]);
                ops.extend([Op::Wait(into), Op::Wait(out)]);
            }
            Self::StartSend(request, sent) => ops.push(Op::StartSend(Request(*request), sent.envelope())),
            Self::StartRecv(request, posted) => ops.push(Op::StartRecv(Request(*request), posted.pattern())),
            Self::Wait(requests) => ops.extend(requests.iter().map(|request| Op::Wait(Request(*request)))),
            Self::Test(request) => ops.push(Op::Test(Request(*request))),
            Self::Probe(posted) => ops.push(Op::Probe(posted.pattern())),
            Self::ProbeInVain(posted) => ops.push(Op::Iprobe(posted.pattern())),
            Self::MatchedProbe(request, posted) => ops.push(Op::Mprobe(Request(*request), posted.pattern())),
            Self::StartMatched(request) => ops.push(Op::StartMatched(Request(*request))),
            Self::Free(request) => ops.push(Op::Free(Request(*request))),
            // Where it has met a message meanwhile, it goes on without its number.
            Self::Cancel(request) => ops.extend([Op::Cancel(Request(*request)), Op::Free(Request(*request))]),
            Self::Collective(..) => unreachable!("bug: collectives have a communicator"),
        }
    }
}

impl Sent {
    /// Returns it as the engine has it.
    #[must_use]
    pub fn envelope(self) -> Envelope {
        let Self { to, tag, bytes, context, mode } = self;
        let context = engine_context(context);
        Envelope { context, mode, ..Envelope::new(RankId(to), Tag(tag), Bytes(bytes)) }
    }
}

impl Posted {
    /// Returns it as the engine has it.
    #[must_use]
    pub fn pattern(self) -> Pattern {
        let from = self.from.map_or(Source::Any, |from| Source::Rank(RankId(from)));
        Pattern { context: engine_context(self.context), ..Pattern::new(from, self.tag.map(Tag)) }
    }
}
