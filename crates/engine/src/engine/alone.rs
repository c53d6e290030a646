//! Runs in which each rank has a host of its own: the ranks run ahead in their own time, with one event per message.
//!
//! What a rank does between two sends depends on nothing but the messages that come to it, in their order: a core of its
//! own never slows down, and with one receive under way at a time the k-th receive gets the first message in that order
//! that it takes, whether it has come before or comes after. A message comes through the interfaces of two hosts. That of
//! the sender takes the messages of one rank, that of the receiver those of all, in the order in which they enter the
//! network. So the entries alone are events; when one happens, it is known when the message arrives, and what comes to
//! the same rank later arrives later. The receiver goes on at once, ahead of the clock, up to its next send.
//!
//! The order of entries at one instant is not that of the engine, which has more events. It matters only if they go to
//! the same host: then the run is given up, and the engine does it. It is also given up for what needs the order of other
//! events: several receives under way (as in a reduce along a tree), requests with numbers, probes, contexts, rendezvous, time limits, looks; and for what ends in an error. So each run that is
//! not given up has the result that the engine would give, to the picosecond and the event
//! (`tests::results_are_those_of_the_engine`).

mod inbox;
mod prices;
mod rank;

use self::inbox::{Came, Inbox};
use self::prices::Prices;
use self::rank::{Rank, Receive, Sending, State, Wanted};
use super::noise::NoiseSource;
use super::queue::Queue;
use super::{Setup, SimError};
use crate::platform::{HostId, NetworkKind, Platform};
use crate::program::{Context, Envelope, Op, Outcome, Pattern, Program, RankId, SendMode};
use crate::trace::{Recording, Trace};
use crate::units::{Bytes, SimTime};

/// Past the end of simulated time.
const NEVER: SimTime = SimTime::from_picos(u64::MAX);

/// Why a run ends early.
#[derive(Debug)]
enum Stop {
    /// The engine must do it.
    GivenUp,
    /// The engine would end in the same error.
    TooManyEvents,
}

/// Simulates one run of `program`, unless it needs the engine.
pub(super) fn simulate(setup: &Setup<'_>, program: &Program, events_max: u64) -> Option<Result<Trace, SimError>> {
    if !suits(setup, program) {
        return None;
    }
    let mut run = Run::new(setup, program.clone(), events_max);
    match run.go().and_then(|()| run.into_trace()) {
        Ok(trace) => Some(Ok(trace)),
        Err(Stop::TooManyEvents) => Some(Err(SimError::TooManyEvents { events_max })),
        Err(Stop::GivenUp) => None,
    }
}

/// Returns whether each rank has a host of its own and its ops do not depend on how others end.
fn suits(setup: &Setup<'_>, program: &Program) -> bool {
    setup.recording == Recording::Off
        && setup.network == NetworkKind::Loggops
        && program.is_static()
        && is_one_rank_per_host(setup.platform, setup.hosts_of_ranks)
}

fn is_one_rank_per_host(platform: &Platform, hosts_of_ranks: &[HostId]) -> bool {
    let mut is_taken = vec![false; platform.n_hosts()];
    hosts_of_ranks.iter().all(|host| {
        let is_undisturbed = platform.slowdown(*host).first().is_none_or(|factor| *factor <= 1.0);
        is_undisturbed && !std::mem::replace(&mut is_taken[host.0 as usize], true)
    })
}

fn is_plain_send(envelope: &Envelope) -> bool {
    envelope.context == Context::WORLD && envelope.mode == SendMode::Standard && envelope.to != RankId::NOBODY
}

fn is_plain_recv(pattern: &Pattern) -> bool {
    pattern.context == Context::WORLD && !pattern.is_from_nobody()
}

struct Run<'a> {
    eager_limit: Bytes,
    program: Program,
    /// When whose message enters the network, and to whom: known from here, both ranks are got from memory at once.
    queue: Queue<(RankId, RankId)>,
    latest_push: (SimTime, RankId),
    ranks: Vec<Rank>,
    inbox: Inbox,
    prices: Prices<'a>,
    noise: NoiseSource,
    n_messages: u64,
    /// As many as the engine would have had.
    n_events: u64,
    events_max: u64,
    largest: Bytes,
}

impl<'a> Run<'a> {
    fn new(setup: &Setup<'a>, program: Program, events_max: u64) -> Self {
        let n_ranks = u32::try_from(setup.hosts_of_ranks.len()).expect("fewer than 2^29 ranks");
        Self {
            eager_limit: setup.remote.eager_limit,
            program,
            queue: Queue::new(),
            latest_push: (SimTime::ZERO, RankId(0)),
            ranks: vec![Rank::NEW; n_ranks as usize],
            inbox: Inbox::default(),
            prices: Prices::new(setup.platform, setup.hosts_of_ranks, setup.remote),
            noise: NoiseSource::new(setup.noise, setup.streams, n_ranks),
            n_messages: 0,
            n_events: 0,
            events_max,
            largest: Bytes(0),
        }
    }

    fn go(&mut self) -> Result<(), Stop> {
        self.start()?;
        while let Some((now, pair)) = self.queue.pop() {
            self.enter_network(pair, now)?;
        }
        Ok(())
    }

    /// Lets all ranks begin. If another one sends as the first that sends, to the same rank at the same time, as in a linear
    /// gather, the run is given up here, before much is done.
    fn start(&mut self) -> Result<(), Stop> {
        let mut first_send = None;
        for rank in (0..).map(RankId).take(self.ranks.len()) {
            self.go_on(rank, SimTime::ZERO)?;
            let State::Sending(_) = self.ranks[rank.0 as usize].state else { continue };
            let send = Some(self.latest_push);
            if first_send == send {
                return Err(Stop::GivenUp);
            }
            first_send = first_send.or(send);
        }
        Ok(())
    }

    fn into_trace(self) -> Result<Trace, Stop> {
        drop((self.program, self.queue, self.inbox));
        let finished_at = self.ranks.iter().map(|rank| match rank.state {
            State::Finished { at } => Ok(at),
            State::Sending(_) | State::Exchanging(_) | State::Waiting { .. } => Err(Stop::GivenUp),
        });
        let finished_at: Vec<SimTime> = finished_at.collect::<Result<_, _>>()?;
        Ok(Trace {
            makespan: finished_at.iter().copied().max().unwrap_or(SimTime::ZERO),
            finished_at,
            n_messages: self.n_messages,
            n_events: self.n_events,
            largest_local: Bytes(0),
            largest_remote: self.largest,
            record: None,
        })
    }

    /// Lets a rank do its ops from `at` on, up to the end of the overhead of its next send, or until it has to wait.
    fn go_on(&mut self, id: RankId, mut at: SimTime) -> Result<(), Stop> {
        loop {
            if let Some(exchange) = self.program.next_exchange(id) {
                self.post(id, exchange.received().into())?;
                return self.start_send(id, at, &exchange.sent(), State::Exchanging);
            }
            // The programs that are taken do not look at outcomes.
            let Some(op) = &self.program.next(id, Outcome::Done) else { return self.finish(id, at) };
            match op {
                Op::Send(envelope) | Op::Isend(envelope) if is_plain_send(envelope) => {
                    return self.start_send(id, at, envelope, State::Sending);
                }
                Op::Irecv(pattern) if is_plain_recv(pattern) => self.post(id, (*pattern).into())?,
                Op::Recv(pattern) if is_plain_recv(pattern) => {
                    self.post(id, (*pattern).into())?;
                    let Some(end) = self.wait(id, at)? else { return Ok(()) };
                    at = end;
                }
                Op::WaitAll => {
                    let Some(end) = self.wait(id, at)? else { return Ok(()) };
                    at = end;
                }
                Op::Compute { kernel, work } => {
                    let work = self.noise.disturb(id, *kernel, *work).work;
                    at = at + self.prices.on_core(id, work);
                    self.count_events(1)?;
                }
                Op::Sleep { duration, .. } => {
                    at = at + *duration;
                    self.count_events(1)?;
                }
                Op::Send(_)
                | Op::Isend(_)
                | Op::Recv(_)
                | Op::Irecv(_)
                | Op::RecvWithin { .. }
                | Op::Look
                | Op::Time
                | Op::StartSend(..)
                | Op::StartRecv(..)
                | Op::StartMatched(_)
                | Op::Wait(_)
                | Op::Test(_)
                | Op::Watch(_)
                | Op::WaitWatched(_)
                | Op::TestWatched(_)
                | Op::NextDone
                | Op::Probe(_)
                | Op::Iprobe(_)
                | Op::Mprobe(..)
                | Op::Improbe(..)
                | Op::Free(_)
                | Op::Cancel(_) => return Err(Stop::GivenUp),
            }
        }
    }

    fn finish(&mut self, id: RankId, at: SimTime) -> Result<(), Stop> {
        self.ranks[id.0 as usize].state = State::Finished { at };
        if at == NEVER { Err(Stop::GivenUp) } else { Ok(()) }
    }

    fn start_send(
        &mut self,
        id: RankId,
        at: SimTime,
        envelope: &Envelope,
        state: impl Fn(Sending) -> State,
    ) -> Result<(), Stop> {
        let Envelope { to, tag, bytes, .. } = *envelope;
        let (Ok(bytes), true) = (u32::try_from(bytes.0), bytes <= self.eager_limit && to != id) else {
            return Err(Stop::GivenUp);
        };
        self.n_messages += 1;
        self.largest = self.largest.max(envelope.bytes);
        self.ranks[id.0 as usize].state = state(Sending { tag, bytes });
        let entry = at + self.prices.busy(id, bytes).sending;
        self.queue.push(entry, (id, to));
        self.latest_push = (entry, to);
        Ok(())
    }

    /// Posts a receive, which takes the first message that has come, or will come.
    fn post(&mut self, id: RankId, wanted: Wanted) -> Result<(), Stop> {
        let rank = &mut self.ranks[id.0 as usize];
        if !matches!(rank.receive, Receive::None) {
            return Err(Stop::GivenUp);
        }
        rank.receive = match self.inbox.take(&mut rank.unexpected, wanted) {
            Ok(Some(came)) => Receive::There { at: came.at, bytes: came.bytes },
            Ok(None) => Receive::Posted(wanted),
            Err(inbox::Crowded) => return Err(Stop::GivenUp),
        };
        Ok(())
    }

    /// Returns until when a rank receives that waits from `at` on; none if the message is not there.
    fn wait(&mut self, id: RankId, at: SimTime) -> Result<Option<SimTime>, Stop> {
        let rank = &mut self.ranks[id.0 as usize];
        match rank.receive {
            Receive::None => Ok(Some(at)),
            Receive::Posted(_) => {
                rank.state = State::Waiting { since: at };
                Ok(None)
            }
            Receive::There { at: came_at, bytes } => {
                rank.receive = Receive::None;
                self.count_events(1)?;
                Ok(Some(at.max(came_at) + self.prices.busy(id, bytes).receiving))
            }
        }
    }

    /// The message that a rank sends enters the network (docs/model.md eq. 9, 15 and 16), and both ranks go on.
    fn enter_network(&mut self, (from, to): (RankId, RankId), now: SimTime) -> Result<(), Stop> {
        let (State::Sending(message) | State::Exchanging(message)) = self.ranks[from.0 as usize].state else {
            unreachable!("bug: a message enters the network that nobody sends");
        };
        let Sending { tag, bytes } = message;
        let way = self.prices.way(from, to, bytes);
        let times = way.times(self.noise.jitter(from, way.latency));
        let start = times.depart(now, &mut self.ranks[from.0 as usize].send_free_at);
        let receiver = &mut self.ranks[to.0 as usize];
        let at = times.come(start, &mut receiver.recv_free_at).arrives_at;
        if receiver.latest_entry == now || at == NEVER {
            return Err(Stop::GivenUp);
        }
        receiver.latest_entry = now;
        // The end of the overhead, and the arrival.
        self.count_events(2)?;
        self.deliver(to, Came { from, tag, bytes, at })?;
        if matches!(self.ranks[from.0 as usize].state, State::Exchanging(_)) {
            self.wait_and_go_on(from, now)
        } else {
            self.go_on(from, now)
        }
    }

    /// Tells a rank of a message that arrives later than all it has been told of.
    fn deliver(&mut self, to: RankId, came: Came) -> Result<(), Stop> {
        let rank = &mut self.ranks[to.0 as usize];
        match rank.receive {
            Receive::Posted(wanted) if wanted.takes(came.from, came.tag) => {
                rank.receive = Receive::There { at: came.at, bytes: came.bytes };
            }
            _ => {
                self.inbox.insert(&mut rank.unexpected, came);
                return Ok(());
            }
        }
        let State::Waiting { since } = rank.state else { return Ok(()) };
        self.wait_and_go_on(to, since)
    }

    fn wait_and_go_on(&mut self, id: RankId, at: SimTime) -> Result<(), Stop> {
        match self.wait(id, at)? {
            Some(end) => self.go_on(id, end),
            None => Ok(()),
        }
    }

    fn count_events(&mut self, n: u64) -> Result<(), Stop> {
        self.n_events += n;
        if self.n_events > self.events_max { Err(Stop::TooManyEvents) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
