//! The ranks of one run between the engine and their processes.

mod answers;

use std::collections::{BTreeMap, VecDeque};

use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::{Op, Outcome, Request, Status};
use dlpc_engine::units::SimTime;
use dlpc_predict::workload::recorded::{EXCHANGE_REQUESTS, Run, Step};
use dlpc_virtual_mpi::wire::gathering::{AGREE, BY_THE_RANK};
use dlpc_virtual_mpi::wire::{Call, Enough, Frame, Gathering};

use super::mail::{Letter, Mail};
use super::meeting::Meeting;
use super::process::{Process, Theatre};
use super::{Play, PlayError, reduction, translation};

/// Contexts of the communicators of all ranks and of each one alone.
const WORLD: u32 = 0;
const OWN: u32 = 1;

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
    /// By context, first member and number among the collectives of that communicator.
    meetings: BTreeMap<(u32, u32, u32), Meeting>,
    /// Contexts that exist.
    n_contexts: u32,
    now: SimTime,
    failure: Option<PlayError>,
}

#[derive(Debug, Default)]
struct Rank {
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
    /// Collectives that it has called, by context.
    n_meetings: BTreeMap<u32, u32>,
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
    meeting: Option<((u32, u32, u32), usize)>,
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
            n_contexts: OWN + 1,
            now: SimTime::ZERO,
            failure: None,
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
            Outcome::Pending | Outcome::TimedOut | Outcome::Looked { .. } => {}
        }
        loop {
            if let Some(op) = self.rank(rank).ops.pop_front() {
                return Ok(Some(op));
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

    /// Waits for the next call of a rank, and turns it into ops.
    fn hear(&mut self, rank: u32) -> Result<(), PlayError> {
        let process =
            self.ranks[rank as usize].process.as_mut().expect("invariant: a rank that is asked has a process");
        let frame = process.receive(&self.theatre)?;
        let Frame { kind, time, numbers, name, bytes } = frame;
        let refused = |why: &str| PlayError::Refused { rank, function: name.clone(), why: why.to_owned() };
        let call = Call::decode(kind, &numbers).ok_or_else(|| refused("it is not told as it should be"))?;
        // The clock starts when all ranks are there, as that of every workload.
        if call != Call::Init {
            self.step(rank, Step::Compute(time));
        }
        match &call {
            Call::Refuse => return Err(refused("")),
            Call::Abort { code } => {
                let why = String::from_utf8_lossy(&bytes).into_owned();
                return Err(PlayError::Aborted { rank, code: *code, why });
            }
            Call::StartSend(request, _) => drop(self.rank(rank).requests.insert(*request, Expected::Nothing)),
            Call::StartRecv(request, wanted) => {
                self.rank(rank).requests.insert(*request, Expected::Letter(wanted.context));
            }
            Call::Exchange(_, wanted) => {
                let [recv, send] = EXCHANGE_REQUESTS;
                self.rank(rank).requests.extend([(recv, Expected::Letter(wanted.context)), (send, Expected::Nothing)]);
            }
            Call::Define { context, members } => {
                self.rank(rank).communicators.insert(*context, members.clone());
            }
            _ => {}
        }
        let on = if let Call::Gathering(gathering) = &call { self.place(rank, gathering.context) } else { None };
        let on = on.map(|(members, place)| (self.run.communicator(&members), place, members));
        let place = on.as_ref().map(|(number, place, members)| (*number, *place, members.len()));
        let step = translation::step(&call, bytes.len() as u64, place).map_err(refused)?;
        let mut meeting = None;
        if let (Call::Gathering(gathering), Some((_, place, members))) = (&call, on) {
            meeting = Some((self.meet(rank, &name, gathering, &members, place, bytes)?, place));
        } else if let Call::Send(address) | Call::Exchange(address, _) | Call::StartSend(_, address) = &call {
            self.mail.post(rank, address.to, address.context, Letter { tag: address.tag, bytes });
        }
        if let Some(step) = step {
            self.step(rank, step);
        }
        let of = self.rank(rank);
        (of.received, of.is_cancelled) = (None, false);
        of.completed.clear();
        of.ops.extend(translation::ops(&call));
        of.current = Some(Current { name, call, meeting });
        Ok(())
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
        members: &[u32],
        place: usize,
        bytes: Vec<u8>,
    ) -> Result<(u32, u32, u32), PlayError> {
        let is_combined = call.operation > 0 && call.operation != BY_THE_RANK;
        if is_combined && reduction::combine(call.operation, call.element, &[], &mut []).is_none() {
            let why = "this operation with these numbers".to_owned();
            return Err(PlayError::Refused { rank, function: name.to_owned(), why });
        }
        let number = self.rank(rank).n_meetings.entry(call.context).or_default();
        let key = (call.context, members[0], *number);
        *number += 1;
        let n_contexts = &mut self.n_contexts;
        let meeting = self.meetings.entry(key).or_insert_with(|| {
            let context = *n_contexts;
            *n_contexts += u32::from(call.kind == AGREE);
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
