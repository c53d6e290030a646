//! The ranks of one run between the engine and their processes.

mod answers;
mod rounds;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::{Op, Outcome, Request, Status};
use dlpc_engine::units::SimTime;
use dlpc_predict::workload::recorded::{EXCHANGE_REQUESTS, Run, Step};
use dlpc_virtual_mpi::arithmetic;
use dlpc_virtual_mpi::wire::gathering::{AGREE, BY_THE_RANK};
use dlpc_virtual_mpi::wire::{Call, Enough, Frame, Gathering};

use self::rounds::{Ongoing, Waiting};
use super::mail::{Letter, Mail};
use super::meeting::Meeting;
use super::process::{Process, Theatre};
use super::sites::Sites;
use super::{Play, PlayError, translation};

/// Contexts of the communicators of all ranks and of each one alone.
const WORLD: u32 = 0;
const OWN: u32 = 2;
/// Each context is two: the second one is that of collectives that go on.
const APART: u32 = 2;
/// Functions by which a program looks at a clock.
const CLOCKS: [&str; 4] = ["MPI_Wtime", "clock_gettime", "gettimeofday", "time"];

/// Which collective it is: context and number of the communicator, and the number among the collectives of both.
type Key = (u32, u32, u32);

/// The ranks of one run.
#[derive(Debug)]
pub(super) struct Stage {
    theatre: Theatre,
    hosts: Vec<String>,
    scale: f64,
    overrides: CollectiveOverrides,
    ranks: Vec<Rank>,
    run: Run,
    mail: Mail,
    meetings: BTreeMap<Key, Meeting>,
    /// Contexts that exist.
    n_contexts: u32,
    now: SimTime,
    failure: Option<PlayError>,
    sites: Sites,
}

#[derive(Debug, Default)]
struct Rank {
    /// Places in the program, by the numbers of its process.
    sites: BTreeMap<u32, String>,
    process: Option<Process>,
    ops: VecDeque<Op>,
    current: Option<Current>,
    /// The message that the current call has received, or found.
    received: Option<Status>,
    /// What the current call has waited for, in its order.
    completed: Vec<(Request, Status)>,
    /// Whether the receive that the current call takes back had no message.
    is_cancelled: bool,
    /// Messages that its receives with a number have met; with the context of those that have not.
    requests: BTreeMap<u32, Expected>,
    /// Members of its communicators, by context.
    communicators: BTreeMap<u32, Vec<u32>>,
    /// Collectives that it has called, by context and number of the communicator.
    n_meetings: BTreeMap<(u32, u32), u32>,
    /// Collectives that go on, by their requests.
    ongoing: BTreeMap<u32, Ongoing>,
    /// Numbers of their messages that are in use.
    inner: BTreeSet<u32>,
    /// What it waits for, or looks for, while collectives go on.
    waiting: Option<Waiting>,
    /// Whether what the current call waits for was recorded while it did.
    is_beside: bool,
    /// A call that is to begin after that.
    heard: Option<Heard>,
}

/// A call that has come.
#[derive(Debug)]
struct Heard {
    name: String,
    call: Call,
    bytes: Vec<u8>,
}

/// What a number of a rank stands for.
#[derive(Debug)]
enum Expected {
    /// A send.
    Nothing,
    /// A receive of a context.
    Letter(u32),
    /// A message: of a receive, or kept by a probe.
    Here(Letter),
}

/// A call that is being simulated.
#[derive(Debug)]
struct Current {
    name: String,
    call: Call,
    /// Of a collective, its meeting and the place of the rank.
    meeting: Option<(Key, usize)>,
    /// Numbers of the messages, or of the collective, that it has become.
    inner: Vec<u32>,
}

impl Stage {
    pub(super) fn new(play: &Play, theatre: Theatre) -> Self {
        let n_ranks = u32::try_from(play.hosts.len()).expect("invariant: ranks are a u32");
        let rank = |rank: u32| {
            let communicators = [(WORLD, (0..n_ranks).collect()), (OWN, vec![rank])].into();
            Rank { communicators, ..Rank::default() }
        };
        Self {
            theatre,
            hosts: play.hosts.clone(),
            scale: play.scale,
            overrides: play.overrides,
            ranks: (0..n_ranks).map(rank).collect(),
            run: Run::new(n_ranks),
            mail: Mail::default(),
            meetings: BTreeMap::new(),
            n_contexts: OWN + APART,
            now: SimTime::ZERO,
            failure: None,
            sites: Sites::default(),
        }
    }

    /// Returns the next op of `rank`; none if it is done, or if the run has failed.
    pub(super) fn next(&mut self, rank: u32, outcome: Outcome) -> Option<Op> {
        if self.failure.is_some() {
            return None;
        }
        self.go_on(rank, outcome).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            None
        })
    }

    pub(super) fn tell(&mut self, now: SimTime) {
        self.now = now;
    }

    /// Ends all processes.
    pub(super) fn close(&mut self) {
        for rank in &mut self.ranks {
            if let Some(mut process) = rank.process.take() {
                process.end();
            }
        }
    }

    pub(super) fn failure(&mut self) -> Option<PlayError> {
        self.failure.take()
    }

    pub(super) fn recorded(&mut self) -> Run {
        std::mem::take(&mut self.run)
    }

    /// Returns the call of each rank that is in one.
    pub(super) fn waiting(&self) -> Vec<(u32, String)> {
        let named = |(rank, of): (u32, &Rank)| Some((rank, of.current.as_ref()?.name.clone()));
        (0..).zip(&self.ranks).filter_map(named).collect()
    }

    fn rank(&mut self, rank: u32) -> &mut Rank {
        &mut self.ranks[rank as usize]
    }

    fn go_on(&mut self, rank: u32, outcome: Outcome) -> Result<Option<Op>, PlayError> {
        match outcome {
            Outcome::Started => {
                let process = self.theatre.start(rank)?;
                self.rank(rank).process = Some(process);
            }
            Outcome::Received(status) | Outcome::Found(status) => self.rank(rank).received = Some(status),
            Outcome::Completed(request, _) if request.is_of_collective() => {}
            Outcome::Completed(request, status) => self.complete(rank, request, status),
            Outcome::Done => self.done(rank),
            Outcome::Pending => self.found_nothing(rank),
            Outcome::TimedOut | Outcome::Looked { .. } => {}
        }
        loop {
            if let Some(op) = self.rank(rank).ops.pop_front() {
                return Ok(Some(op));
            }
            if self.rank(rank).waiting.is_some() {
                self.look_further(rank);
                continue;
            }
            if let Some(heard) = self.rank(rank).heard.take() {
                self.begin(rank, heard)?;
                continue;
            }
            if let Some(current) = self.rank(rank).current.take() {
                let is_last = current.call == Call::Finalize;
                let answer = self.end(rank, &current);
                self.process(rank).answer(&answer.frame, &answer.bytes);
                if is_last {
                    return self.finish(rank);
                }
            }
            self.hear(rank)?;
        }
    }

    /// A request of a rank is over. Who waits for some asks for more.
    fn complete(&mut self, rank: u32, request: Request, status: Status) {
        if self.rank(rank).waiting.is_some() {
            self.message_is_over(rank, request.0, status);
            return;
        }
        let of = self.rank(rank);
        of.completed.push((request, status));
        let asks = matches!(&of.current, Some(Current { call: Call::Complete(completion), .. }) if completion.enough == Enough::Some);
        if asks {
            of.ops.push_back(Op::NextDone);
        }
    }

    /// An op is done that says no more: of a test for all requests, that all are; of one that takes a receive back, that it has.
    fn done(&mut self, rank: u32) {
        let of = self.rank(rank);
        if !of.ops.is_empty() {
            return;
        }
        if let Some(waiting) = &of.waiting {
            let more = waiting.n_to_ask();
            of.ops.extend((0..more).map(|_| Op::NextDone));
            return;
        }
        match &of.current {
            Some(Current { call: Call::Cancel(_), .. }) => of.is_cancelled = true,
            Some(Current { call: Call::Complete(completion), .. })
                if completion.enough == Enough::All && !completion.is_waiting && of.completed.is_empty() =>
            {
                of.ops.extend(completion.requests.iter().map(|_| Op::NextDone));
            }
            _ => {}
        }
    }

    /// A receive with a number has met its message: of one sender and tag, they meet in the order in which they were sent.
    pub(super) fn meet_message(&mut self, rank: u32, request: u32, status: Status) {
        let context = match self.rank(rank).requests.get(&request) {
            Some(Expected::Letter(context)) => *context,
            // A probe has kept it; sends have none.
            Some(Expected::Here(_) | Expected::Nothing) | None => return,
        };
        if let Some(letter) = self.mail.take(rank, status.from.0, context, Some(status.tag.0)) {
            self.rank(rank).requests.insert(request, Expected::Here(letter));
        }
    }

    fn process(&mut self, rank: u32) -> &mut Process {
        self.rank(rank).process.as_mut().expect("invariant: a rank that is asked has a process")
    }

    /// Lets a rank that has called `MPI_Finalize` come to its end.
    fn finish(&mut self, rank: u32) -> Result<Option<Op>, PlayError> {
        let process =
            self.ranks[rank as usize].process.as_mut().expect("invariant: a rank that is asked has a process");
        process.finish(&self.theatre)?;
        self.rank(rank).process = None;
        Ok(None)
    }

    /// Waits for the next call of a rank. While collectives go on, their messages come first.
    fn hear(&mut self, rank: u32) -> Result<(), PlayError> {
        let Frame { kind, time, place, numbers, name, bytes } = self.next_frame(rank)?;
        let why = "it is not told as it should be".to_owned();
        let call = Call::decode(kind, &numbers).ok_or(PlayError::Refused { rank, function: name.clone(), why })?;
        // The clock starts when all ranks are there, as that of every workload.
        if call != Call::Init {
            self.step(rank, Step::Compute(time));
        }
        if let Some(site) = self.ranks[rank as usize].sites.get(&place) {
            self.run.at(rank, site);
        }
        // The interpreter of a script looks at clocks for itself, too.
        if CLOCKS.contains(&name.as_str()) && (place > 0 || name == CLOCKS[0]) {
            self.run.clock(rank);
        }
        let of = self.rank(rank);
        // Asking for the time, and sleeping, are no calls of MPI.
        if !of.ongoing.is_empty() && !matches!(call, Call::Time | Call::Sleep { .. }) {
            of.waiting = Some(Waiting::for_nothing());
        }
        of.heard = Some(Heard { name, call, bytes });
        Ok(())
    }

    /// Waits for the next call of a rank; what it says of places before is noted.
    fn next_frame(&mut self, rank: u32) -> Result<Frame, PlayError> {
        loop {
            let process =
                self.ranks[rank as usize].process.as_mut().expect("invariant: a rank that is asked has a process");
            let frame = process.receive(&self.theatre)?;
            let Some(Call::Place(place)) = Call::decode(frame.kind, &frame.numbers) else { return Ok(frame) };
            let (number, site) = self.sites.of(place, &String::from_utf8_lossy(&frame.bytes));
            self.rank(rank).sites.insert(number, site);
        }
    }

    /// Turns a call of a rank into ops.
    fn begin(&mut self, rank: u32, heard: Heard) -> Result<(), PlayError> {
        let Heard { name, call, bytes } = heard;
        let refused = |why: &str| PlayError::Refused { rank, function: name.clone(), why: why.to_owned() };
        self.note(rank, &call, &bytes, &name)?;
        let of = self.rank(rank);
        (of.received, of.is_cancelled, of.is_beside) = (None, false, false);
        of.completed.clear();
        let mut current = Current { name: name.clone(), call, meeting: None, inner: Vec::new() };
        if let Call::Gathering(gathering) | Call::Begin(_, gathering) = &current.call {
            let (members, place) =
                self.place(rank, gathering.context).ok_or_else(|| refused("an unknown communicator"))?;
            let number = self.run.communicator(&members);
            let n_bytes = bytes.len() as u64;
            current.meeting = Some((self.meet(rank, &name, gathering, (&members, number), place, bytes)?, place));
            if !self.goes_on(rank, &mut current, &members).map_err(refused)? {
                let step = translation::step(&current.call, n_bytes, Some((number, place, members.len())));
                self.take_step(rank, step.map_err(refused)?);
            }
        } else if !self.goes_beside(rank, &mut current, bytes.len() as u64).map_err(refused)? {
            let step = translation::step(&current.call, bytes.len() as u64, None).map_err(refused)?;
            self.post(rank, &current.call, bytes);
            self.take_step(rank, step);
            self.rank(rank).ops.extend(translation::ops(&current.call));
        } else {
            self.post(rank, &current.call, bytes);
        }
        self.rank(rank).current = Some(current);
        Ok(())
    }

    /// Notes what a call says of its rank; some calls end the run.
    fn note(&mut self, rank: u32, call: &Call, bytes: &[u8], name: &str) -> Result<(), PlayError> {
        let of = self.rank(rank);
        match call {
            Call::Refuse => {
                return Err(PlayError::Refused { rank, function: name.to_owned(), why: String::new() });
            }
            Call::Abort { code } => {
                let why = String::from_utf8_lossy(bytes).into_owned();
                return Err(PlayError::Aborted { rank, code: *code, why });
            }
            Call::StartSend(request, _) => drop(of.requests.insert(*request, Expected::Nothing)),
            Call::StartRecv(request, wanted) => drop(of.requests.insert(*request, Expected::Letter(wanted.context))),
            Call::Exchange(_, wanted) if of.ongoing.is_empty() => {
                let [recv, send] = EXCHANGE_REQUESTS;
                of.requests.extend([(recv, Expected::Letter(wanted.context)), (send, Expected::Nothing)]);
            }
            Call::Define { context, members } => drop(of.communicators.insert(*context, members.clone())),
            _ => {}
        }
        Ok(())
    }

    /// Puts the data of a send on their way.
    fn post(&mut self, rank: u32, call: &Call, bytes: Vec<u8>) {
        if let Call::Send(address) | Call::Exchange(address, _) | Call::StartSend(_, address) = call {
            self.mail.post(rank, address.to, address.context, Letter { tag: address.tag, bytes });
        }
    }

    fn take_step(&mut self, rank: u32, step: Option<Step>) {
        if let Some(step) = step {
            self.step(rank, step);
        }
    }

    /// Records a step of a rank, and lets it take it.
    fn step(&mut self, rank: u32, step: Step) {
        let mut ops = Vec::new();
        if step != Step::Compute(0) {
            step.add_ops(rank, &self.run.communicators, self.scale, self.overrides, &mut ops);
        }
        self.ranks[rank as usize].ops.extend(ops);
        self.run.add(rank, step);
    }

    /// Returns the members of a communicator of a rank, and its place among them.
    fn place(&self, rank: u32, context: u32) -> Option<(Vec<u32>, usize)> {
        let members = self.ranks[rank as usize].communicators.get(&context)?;
        Some((members.clone(), members.iter().position(|member| *member == rank)?))
    }

    fn meet(
        &mut self,
        rank: u32,
        name: &str,
        call: &Gathering,
        (members, number): (&[u32], u32),
        place: usize,
        bytes: Vec<u8>,
    ) -> Result<Key, PlayError> {
        let is_combined = call.operation > 0 && call.operation != BY_THE_RANK;
        if is_combined && arithmetic::combine(call.operation, call.element, &[], &mut []).is_none() {
            let why = "this operation with these numbers".to_owned();
            return Err(PlayError::Refused { rank, function: name.to_owned(), why });
        }
        let n_before = self.rank(rank).n_meetings.entry((call.context, number)).or_default();
        let key = (call.context, number, *n_before);
        *n_before += 1;
        let n_contexts = &mut self.n_contexts;
        let meeting = self.meetings.entry(key).or_insert_with(|| {
            let context = *n_contexts;
            *n_contexts += APART * u32::from(call.kind == AGREE);
            Meeting::new(rank, name, call, members.len(), context)
        });
        meeting.come(place, call, bytes).map(|()| key).map_err(|other| PlayError::Mismatch {
            rank,
            function: name.to_owned(),
            other: other.rank,
            theirs: other.function,
            why: other.why.to_owned(),
        })
    }
}
