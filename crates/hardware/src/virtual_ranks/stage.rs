//! The ranks of one run between the engine and their processes.

use std::collections::{BTreeMap, VecDeque};

use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::{Op, Outcome, RankId};
use dlpc_engine::units::SimTime;
use dlpc_predict::workload::recorded::{self, Run, Step};
use dlpc_virtual_mpi::wire::gathering::{AGREE, BY_THE_RANK};
use dlpc_virtual_mpi::wire::{Call, Frame, Gathering, Wanted};

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
    /// Who sent the message that the current call has received.
    received: Option<RankId>,
    /// Members of its communicators, by context.
    communicators: BTreeMap<u32, Vec<u32>>,
    /// Collectives that it has called, by context.
    n_meetings: BTreeMap<u32, u32>,
    /// Messages that probes have found, by number.
    kept: BTreeMap<u64, (u32, Letter)>,
    n_kept: u64,
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
            Outcome::Received(from) => self.rank(rank).received = Some(from),
            Outcome::Done | Outcome::TimedOut | Outcome::Looked { .. } => {}
        }
        loop {
            if let Some(op) = self.rank(rank).ops.pop_front() {
                return Ok(Some(op));
            }
            if let Some(current) = self.rank(rank).current.take() {
                let is_last = current.call == Call::Finalize;
                let answer = self.end(rank, &current)?;
                self.process(rank).answer(&answer.frame, &answer.bytes);
                if is_last {
                    return self.finish(rank);
                }
            }
            self.hear(rank)?;
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
        self.step(rank, Step::Compute(frame.time));
        let Frame { kind, numbers, name, bytes, .. } = frame;
        let refused = |why: &str| PlayError::Refused { rank, function: name.clone(), why: why.to_owned() };
        let call = Call::decode(kind, &numbers).ok_or_else(|| refused("it is not told as it should be"))?;
        match &call {
            Call::Refuse => return Err(refused("")),
            Call::Abort { code } => {
                let why = String::from_utf8_lossy(&bytes).into_owned();
                return Err(PlayError::Aborted { rank, code: *code, why });
            }
            Call::Time => self.rank(rank).ops.push_back(Op::Time),
            Call::Define { context, members } => {
                self.rank(rank).communicators.insert(*context, members.clone());
            }
            _ => {}
        }
        let on = if let Call::Gathering(gathering) = &call { self.place(rank, gathering.context) } else { None };
        let on = on.map(|(members, place)| (self.run.communicator(&members), place, members));
        let place = on.as_ref().map(|(number, place, members)| (*number, *place, members.len()));
        let step = translation::step(&call, bytes.len() as u64, place).map_err(refused)?;
        let meeting = match (&call, on) {
            (Call::Gathering(gathering), Some((_, place, members))) => {
                Some((self.meet(rank, &name, gathering, &members, place, bytes)?, place))
            }
            _ => {
                if let Call::Send(address) | Call::Exchange(address, _) = &call {
                    self.mail.post(rank, address.to, address.context, Letter { tag: address.tag, bytes });
                }
                None
            }
        };
        if let Some(step) = step {
            self.step(rank, step);
        }
        self.rank(rank).current = Some(Current { name, call, meeting });
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

    /// Returns the answer to a call that is over.
    fn end(&mut self, rank: u32, current: &Current) -> Result<Answer, PlayError> {
        match &current.call {
            Call::Init => {
                let n_ranks = i64::try_from(self.ranks.len()).unwrap_or(i64::MAX);
                let host = self.hosts[rank as usize].clone().into_bytes();
                Ok(Answer::new(vec![i64::from(rank), n_ranks], host))
            }
            Call::Time => {
                let frame = Frame { time: self.now.as_picos(), ..Frame::default() };
                Ok(Answer { frame, bytes: Vec::new() })
            }
            Call::Recv(wanted) | Call::Exchange(_, wanted) => {
                let (from, letter) = self.receive(rank, *wanted);
                Ok(Answer::new(vec![i64::from(from), i64::from(letter.tag)], letter.bytes))
            }
            Call::Mprobe(wanted) => {
                let (from, letter) = self.receive(rank, *wanted);
                let size = i64::try_from(letter.bytes.len()).unwrap_or(i64::MAX);
                let tag = i64::from(letter.tag);
                let of = self.rank(rank);
                let number = of.n_kept;
                of.n_kept += 1;
                of.kept.insert(number, (from, letter));
                Ok(Answer::new(vec![i64::from(from), tag, size, number.cast_signed()], Vec::new()))
            }
            Call::Mrecv { message } => {
                let kept = self.rank(rank).kept.remove(message);
                let (from, letter) = kept.expect("invariant: the library names messages that it was given");
                Ok(Answer::new(vec![i64::from(from), i64::from(letter.tag)], letter.bytes))
            }
            Call::Gathering(gathering) => Ok(self.leave(gathering, current.meeting)),
            _ => Ok(Answer::new(Vec::new(), Vec::new())),
        }
    }

    /// Takes the message that the engine has given to a receive of `rank`.
    fn receive(&mut self, rank: u32, wanted: Wanted) -> (u32, Letter) {
        let received = self.rank(rank).received.take().map(|from| from.0);
        let from = received.or(wanted.from).expect("invariant: a receive that is over has a sender");
        let letter = self.mail.take(rank, from, wanted.context, wanted.tag);
        let letter = letter.expect("invariant: what was received was sent");
        if let Some(Step::Call(recorded::Call::Recv(posted) | recorded::Call::Exchange(_, posted))) =
            self.run.ranks[rank as usize].last_mut()
        {
            (posted.from, posted.tag) = (Some(from), Some(letter.tag));
        }
        (from, letter)
    }

    fn leave(&mut self, call: &Gathering, meeting: Option<((u32, u32, u32), usize)>) -> Answer {
        let (key, place) = meeting.expect("invariant: a collective has a meeting");
        let found = self.meetings.get_mut(&key).expect("invariant: a meeting lasts until all have left");
        let (part, is_last) = found.go(place).expect("invariant: no rank leaves before it can have its data");
        let numbers = if call.kind == AGREE { vec![i64::from(found.context)] } else { part.lengths };
        if is_last {
            self.meetings.remove(&key);
        }
        Answer::new(numbers, part.bytes)
    }
}

/// An answer to a rank, with its data.
struct Answer {
    frame: Frame,
    bytes: Vec<u8>,
}

impl Answer {
    fn new(numbers: Vec<i64>, bytes: Vec<u8>) -> Self {
        Self { frame: Frame { numbers, ..Frame::default() }, bytes }
    }
}
