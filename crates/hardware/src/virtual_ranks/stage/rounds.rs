//! Collectives that go on while their rank does something else, as Open MPI's libnbc runs them: in rounds of messages, each of which
//! starts in a call of MPI that finds all messages of the round before done.
//!
//! While some go on, calls that wait do so for all of their messages too, so that a rank that waits lets them go on.

use std::collections::VecDeque;

use dlpc_engine::machine::{
    AllgatherAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, BcastAlgorithm, CollectiveOverrides,
    GatherAlgorithm, ReduceAlgorithm, ScatterAlgorithm,
};
use dlpc_engine::program::{Enough as EngineEnough, Op, Request, Status};
use dlpc_predict::workload::recorded::{Call as Recorded, Step};
use dlpc_virtual_mpi::wire::gathering::NEIGHBOURS;
use dlpc_virtual_mpi::wire::{Call, Enough, Gathering};

use super::{Current, Expected, Key, Stage};
use crate::virtual_ranks::translation::{self, Apart, Message};

/// Numbers of messages of collectives are odd, from here on.
const FIRST_INNER: u32 = 3;

/// The algorithms that libnbc (Open MPI 4.1, `ompi/mca/coll/libnbc`) takes for small messages; large ones have others there, which are
/// not simulated.
const LIBNBC: CollectiveOverrides = CollectiveOverrides {
    library: None,
    barrier: Some(BarrierAlgorithm::Dissemination),
    bcast: Some(BcastAlgorithm::Binomial),
    scatter: Some(ScatterAlgorithm::LinearNonblocking),
    gather: Some(GatherAlgorithm::Linear),
    reduce: Some(ReduceAlgorithm::Binomial),
    allreduce: Some(AllreduceAlgorithm::RecursiveDoubling),
    allgather: Some(AllgatherAlgorithm::RecursiveDoubling),
    allgatherv: None,
    alltoall: Some(AlltoallAlgorithm::Linear),
    reduce_scatter: None,
    reduce_scatter_block: None,
};

/// A collective that goes on.
#[derive(Debug)]
pub(super) struct Ongoing {
    pub(super) call: Gathering,
    /// Its meeting, and the place of the rank.
    pub(super) meeting: (Key, usize),
    /// Rounds that have not started.
    rounds: VecDeque<Vec<Message>>,
    /// Numbers of the messages of the current round that are not done.
    open: Vec<u32>,
}

impl Ongoing {
    fn is_over(&self) -> bool {
        self.open.is_empty() && self.rounds.is_empty()
    }
}

/// What a rank waits for, or looks for, while collectives go on.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Requests, of messages and of collectives.
    targets: Vec<u32>,
    enough: Enough,
    waits: bool,
    over: Vec<(Request, Status)>,
    /// What was asked last has found nothing.
    is_in_vain: bool,
    /// Whether all messages were tested together: then each one is still to be asked for.
    is_test_of_all: bool,
}

impl Waiting {
    fn new(targets: Vec<u32>, enough: Enough, waits: bool) -> Self {
        Self { targets, enough, waits, over: Vec::new(), is_in_vain: false, is_test_of_all: false }
    }

    /// Only lets collectives go on, as far as they can at once.
    pub(super) fn for_nothing() -> Self {
        Self::new(Vec::new(), Enough::Some, false)
    }

    /// Returns how many messages are to be asked for that a test of all has found done.
    pub(super) fn n_to_ask(&self) -> usize {
        if self.is_test_of_all { self.targets.len().saturating_sub(self.over.len()) } else { 0 }
    }

    fn is_enough(&self) -> bool {
        match self.enough {
            Enough::All => self.over.len() == self.targets.len(),
            Enough::One | Enough::Some => !self.over.is_empty(),
        }
    }
}

impl Stage {
    /// Returns whether a request of a rank is a collective.
    pub(super) fn is_collective(&self, rank: u32, request: u32) -> bool {
        self.ranks[rank as usize].ongoing.contains_key(&request)
    }

    /// Lets a collective go on beside its rank, if it was called so, or if others do and its rank has to wait for all.
    ///
    /// # Errors
    /// Why it cannot be simulated.
    pub(super) fn goes_on(&mut self, rank: u32, current: &mut Current, members: &[u32]) -> Result<bool, &'static str> {
        let (key, place) = current.meeting.expect("invariant: a collective has a meeting");
        let (request, call, overrides, apart) = match &current.call {
            Call::Begin(request, call) => (*request, call, LIBNBC, Apart::ByNumber(key.2)),
            Call::Gathering(call) if call.kind == NEIGHBOURS || !self.rank(rank).ongoing.is_empty() => {
                (self.inner_number(rank), call, self.overrides, Apart::AsCollective(key.1))
            }
            _ => return Ok(false),
        };
        let rounds = translation::rounds(call, place, members, overrides, apart).ok_or("an unknown collective")?;
        let ongoing = Ongoing { call: (**call).clone(), meeting: (key, place), rounds, open: Vec::new() };
        self.rank(rank).ongoing.insert(request, ongoing);
        self.advance(rank, request);
        if matches!(current.call, Call::Gathering(_)) {
            current.inner.push(request);
            self.rank(rank).waiting = Some(Waiting::new(vec![request], Enough::All, true));
        }
        Ok(true)
    }

    /// Lets a call that waits do so beside collectives; returns whether it does.
    ///
    /// # Errors
    /// Why it cannot be simulated.
    pub(super) fn goes_beside(&mut self, rank: u32, current: &mut Current, n_bytes: u64) -> Result<bool, &'static str> {
        if self.rank(rank).ongoing.is_empty() {
            return Ok(false);
        }
        let waiting = match &current.call {
            Call::Complete(completion) => {
                Waiting::new(completion.requests.clone(), completion.enough, completion.is_waiting)
            }
            Call::Send(_) | Call::Recv(_) | Call::Exchange(..) => {
                if let Call::Recv(wanted) | Call::Exchange(_, wanted) = &current.call {
                    let number = self.start(rank, Message::Posted(translation::posted(*wanted)));
                    self.rank(rank).requests.insert(number, Expected::Letter(wanted.context));
                    current.inner.push(number);
                }
                if let Call::Send(address) | Call::Exchange(address, _) = &current.call {
                    current.inner.push(self.start(rank, Message::Sent(translation::sent(*address, n_bytes)?)));
                }
                Waiting::new(current.inner.clone(), Enough::All, true)
            }
            _ => return Ok(false),
        };
        let of = self.rank(rank);
        (of.waiting, of.is_beside) = (Some(waiting), true);
        Ok(true)
    }

    /// Returns a number that no message of a collective of the rank has.
    fn inner_number(&mut self, rank: u32) -> u32 {
        let inner = &mut self.rank(rank).inner;
        let mut number = FIRST_INNER;
        while !inner.insert(number) {
            number += 2;
        }
        number
    }

    /// Starts a message under a number of its own.
    fn start(&mut self, rank: u32, message: Message) -> u32 {
        let number = self.inner_number(rank);
        let call = match message {
            Message::Sent(sent) => Recorded::StartSend(number, sent),
            Message::Posted(posted) => Recorded::StartRecv(number, posted),
        };
        self.rank(rank).requests.insert(number, Expected::Nothing);
        self.step(rank, Step::Call(call));
        number
    }

    /// Starts the next round of a collective whose messages are all done.
    fn advance(&mut self, rank: u32, request: u32) {
        let Some(ongoing) = self.rank(rank).ongoing.get_mut(&request) else { return };
        if !ongoing.open.is_empty() {
            return;
        }
        let Some(round) = ongoing.rounds.pop_front() else { return };
        let open = round.into_iter().map(|message| self.start(rank, message)).collect();
        if let Some(ongoing) = self.rank(rank).ongoing.get_mut(&request) {
            ongoing.open = open;
        }
    }

    /// A message is done, one of a collective or one that is waited for.
    pub(super) fn message_is_over(&mut self, rank: u32, number: u32, status: Status) {
        self.run.add(rank, Step::Call(Recorded::Wait(vec![number])));
        let of = self.rank(rank);
        of.inner.remove(&number);
        let collective = of.ongoing.iter_mut().find_map(|(request, ongoing)| {
            let place = ongoing.open.iter().position(|open| *open == number)?;
            ongoing.open.remove(place);
            Some(*request)
        });
        match collective {
            Some(request) => {
                of.requests.remove(&number);
                self.advance(rank, request);
            }
            None => of.waiting.iter_mut().for_each(|waiting| waiting.over.push((Request(number), status))),
        }
    }

    /// What was asked last has found nothing.
    pub(super) fn found_nothing(&mut self, rank: u32) {
        if let Some(waiting) = &mut self.rank(rank).waiting {
            waiting.is_in_vain = true;
        }
    }

    /// Asks for what is done next, or ends the waiting.
    pub(super) fn look_further(&mut self, rank: u32) {
        let of = self.rank(rank);
        let Some(mut waiting) = of.waiting.take() else { return };
        let is_over = |request: &u32| of.ongoing.get(request).is_some_and(Ongoing::is_over);
        let known = |waiting: &Waiting, request: &u32| waiting.over.iter().any(|(over, _)| over.0 == *request);
        let fresh: Vec<u32> =
            waiting.targets.iter().copied().filter(|target| is_over(target) && !known(&waiting, target)).collect();
        let n_wanted = if waiting.enough == Enough::One { 1 - waiting.over.len().min(1) } else { fresh.len() };
        waiting.over.extend(fresh.into_iter().take(n_wanted).map(|request| (Request(request), Status::NONE)));
        if waiting.is_enough() && !waiting.targets.is_empty() {
            of.completed = waiting.over;
            return;
        }
        let is_message = |request: &&u32| !of.ongoing.contains_key(request) && !known(&waiting, request);
        let messages: Vec<u32> = waiting.targets.iter().filter(is_message).copied().collect();
        let is_held_up = waiting.targets.iter().any(|request| of.ongoing.contains_key(request) && !is_over(request));
        let inner: Vec<u32> = of.ongoing.values().flat_map(|ongoing| ongoing.open.iter().copied()).collect();
        let (asked, how) = match () {
            () if waiting.waits => ([&messages[..], &inner].concat(), Op::WaitWatched(EngineEnough::One)),
            () if waiting.is_in_vain => (Vec::new(), Op::NextDone),
            () if waiting.targets.is_empty() => (inner, Op::TestWatched(EngineEnough::One)),
            () if waiting.enough == Enough::All && is_held_up => (Vec::new(), Op::NextDone),
            () if waiting.enough == Enough::All => {
                waiting.is_test_of_all = true;
                (messages, Op::TestWatched(EngineEnough::All))
            }
            () => (messages, Op::TestWatched(EngineEnough::One)),
        };
        if asked.is_empty() {
            // Nothing is done that could be told.
            of.completed.clear();
            return;
        }
        of.ops.extend(asked.into_iter().map(|number| Op::Watch(Request(number))).chain([how]));
        of.waiting = Some(waiting);
    }
}
