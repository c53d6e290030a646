//! The engine: the only code that advances simulated time.
//! It knows no files, no MPI library and no collectives; a program gives it the ops of each rank, one by one.

mod alone;
mod asking;
mod cores;
mod costs;
mod deadlock;
mod error;
mod event;
mod flow;
mod limits;
mod matching;
mod memo;
mod message;
mod network;
mod noise;
mod pairs;
mod producer;
mod protocol;
mod queue;
mod rank;
mod recorder;
pub mod replay;
mod requests;
mod ring;
mod timer;
mod work;

pub use self::error::{BlockedIn, BlockedRank, Need, Reason, SimError};
pub use self::producer::Production;

use self::cores::{Cores, EndedWork};
use self::costs::{RouteCosts, TableCosts};
use self::event::{Event, PackedEvent};
use self::flow::FlowNetwork;
use self::limits::Limits;
use self::matching::{Matching, PostedRecv};
use self::message::{Caller, Messages};
use self::network::{LoggopsNetwork, Transfer};
use self::noise::NoiseSource;
use self::pairs::Pairs;
use self::producer::Producer;
use self::queue::Queue;
use self::rank::{Ended, Rank, State, Wait, Work, WorkPurpose};
use self::recorder::Recorder;
use self::requests::Requests;
use crate::machine::{MachineModel, MessageTable, Noise};
use crate::platform::core_set::CoreSet;
use crate::platform::{HostId, NetworkKind, Platform};
use crate::program::{Op, Outcome, Pattern, Program, RankId, Status};
use crate::random::{Purpose, Streams};
use crate::trace::{Activity, ActivityKind, Enabler, Look, Losses, Recording, Trace};
use crate::units::{Bytes, SimTime};

/// Everything that a run needs besides its program.
#[derive(Debug, Clone)]
pub struct Setup<'a> {
    /// Hosts and links.
    pub platform: &'a Platform,
    /// Costs of messages within a host.
    pub local: &'a MessageTable,
    /// Costs of messages between hosts.
    pub remote: &'a MessageTable,
    /// Noise and jitter.
    pub noise: &'a Noise,
    /// Network model.
    pub network: NetworkKind,
    /// Host of each rank.
    pub hosts_of_ranks: &'a [HostId],
    /// Cores that each rank is bound to; empty if none is.
    pub bound: &'a [CoreSet],
    /// Random streams of this replication.
    pub streams: Streams,
    /// Producer of files, if the program looks for them.
    pub production: Option<Production>,
    /// Whether to keep every step.
    pub recording: Recording,
}

impl<'a> Setup<'a> {
    /// Returns a setup of `machine` with rank `r` on host `hosts_of_ranks[r]`: the `flow` network, random streams of
    /// seed 1, no producer, nothing recorded. `platform` is that of the machine.
    #[must_use]
    pub fn new(machine: &'a MachineModel, platform: &'a Platform, hosts_of_ranks: &'a [HostId]) -> Self {
        Self {
            platform,
            local: &machine.local,
            remote: &machine.remote,
            noise: &machine.noise,
            network: NetworkKind::Flow,
            hosts_of_ranks,
            bound: &[],
            streams: Streams::new(1, 0),
            production: None,
            recording: Recording::Off,
        }
    }
}

/// Simulates one run of `program`.
///
/// # Errors
/// [`SimError::Deadlock`] if the ranks wait for each other, [`SimError::TimeOverflow`] after 213 days.
pub fn simulate(setup: &Setup<'_>, program: &mut Program) -> Result<Trace, SimError> {
    simulate_within(setup, program, u64::MAX)
}

/// Simulates one run of `program`, or gives up after `events_max` events.
///
/// # Errors
/// Those of [`simulate`], and [`SimError::TooManyEvents`].
pub fn simulate_within(setup: &Setup<'_>, program: &mut Program, events_max: u64) -> Result<Trace, SimError> {
    if let Some(result) = alone::simulate(setup, program, events_max) {
        return result;
    }
    let mut trace = simulate_in_order(setup, program, events_max)?;
    if let Some(record) = &mut trace.record {
        record.completions = producer(setup).map_or_else(Vec::new, Producer::completions);
        record.is_in_rounds = program.is_in_rounds();
    }
    Ok(trace)
}

/// Simulates a run of any kind, event by event.
fn simulate_in_order(setup: &Setup<'_>, program: &mut Program, events_max: u64) -> Result<Trace, SimError> {
    let mut engine = Engine::new(setup, program);
    engine.run(events_max)?;
    engine.finish()
}

fn producer(setup: &Setup<'_>) -> Option<Producer> {
    let rng = || setup.streams.stream(Purpose::Producer, 0);
    setup.production.map(|production| Producer::new(production, rng()))
}

struct Engine<'a> {
    platform: &'a Platform,
    hosts_of_ranks: &'a [HostId],
    local: TableCosts<'a>,
    remote: TableCosts<'a>,
    routes: RouteCosts<'a>,
    program: &'a mut Program,
    now: SimTime,
    queue: Queue<PackedEvent>,
    ranks: Vec<Rank>,
    finished_at: Vec<SimTime>,
    /// Of each rank, if the run is recorded; else empty.
    works: Vec<Work>,
    messages: Messages,
    pairs: Pairs,
    matching: Matching,
    requests: Requests,
    cores: Cores<'a>,
    network: Network,
    noise: NoiseSource,
    producer: Option<Producer>,
    recorder: Recorder,
    /// What limits each flow, if the run is recorded.
    limits: Option<Limits>,
    /// What the current event means for a rank that goes on because of it.
    cause: Enabler,
    n_messages: u64,
    n_events: u64,
    largest_local: Bytes,
    largest_remote: Bytes,
}

enum Network {
    Flow(Box<FlowNetwork>),
    Loggops(LoggopsNetwork),
}

impl<'a> Engine<'a> {
    fn new(setup: &Setup<'a>, program: &'a mut Program) -> Self {
        assert!(setup.hosts_of_ranks.len().max(setup.platform.n_hosts()) < PackedEvent::COUNT_MAX, "too many ranks");
        let n_ranks = u32::try_from(setup.hosts_of_ranks.len()).expect("fewer than 2^29 ranks");
        Self {
            platform: setup.platform,
            hosts_of_ranks: setup.hosts_of_ranks,
            local: TableCosts::new(setup.local),
            remote: TableCosts::new(setup.remote),
            routes: RouteCosts::new(setup.platform),
            program,
            now: SimTime::ZERO,
            queue: Queue::new(),
            ranks: vec![Rank::NEW; setup.hosts_of_ranks.len()],
            finished_at: vec![SimTime::ZERO; setup.hosts_of_ranks.len()],
            works: if setup.recording == Recording::On { vec![Work::NONE; n_ranks as usize] } else { Vec::new() },
            messages: Messages::default(),
            pairs: Pairs::default(),
            matching: Matching::default(),
            requests: Requests::default(),
            cores: Cores::new(setup.platform, setup.hosts_of_ranks, setup.bound),
            network: match setup.network {
                NetworkKind::Flow => Network::Flow(Box::new(FlowNetwork::new(setup.platform))),
                NetworkKind::Loggops => Network::Loggops(LoggopsNetwork::new(setup.platform.n_hosts())),
            },
            noise: NoiseSource::new(setup.noise, setup.streams, n_ranks),
            producer: producer(setup),
            limits: (setup.recording == Recording::On).then(|| Limits::new(setup.platform)),
            recorder: Recorder::new(setup.recording, setup.hosts_of_ranks.len()),
            cause: Enabler::Previous,
            n_messages: 0,
            n_events: 0,
            largest_local: Bytes(0),
            largest_remote: Bytes(0),
        }
    }

    fn run(&mut self, events_max: u64) -> Result<(), SimError> {
        for rank in (0..).map(RankId).take(self.ranks.len()) {
            self.step(rank, Outcome::Started);
        }
        self.settle();
        while let Some((at, event)) = self.queue.pop() {
            assert!(at >= self.now, "bug: simulated time goes back");
            if at == SimTime::from_picos(u64::MAX) {
                return Err(SimError::TimeOverflow);
            }
            self.now = at;
            if self.n_events == events_max {
                return Err(SimError::TooManyEvents { events_max });
            }
            self.n_events += 1;
            self.cause = Enabler::Previous;
            self.handle(event.into());
            if self.queue.is_instant_over() {
                self.settle();
            }
        }
        Ok(())
    }

    fn push(&mut self, at: SimTime, event: Event) {
        self.queue.push(at, event.into());
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::CoreDone(rank) => self.end_work(EndedWork { rank, oversubscribed_s: 0.0 }),
            Event::HostWake { host, generation } => self.wake_host(host, generation),
            Event::NetworkWake { generation } => self.wake_network(generation),
            Event::Left { message, part } => self.leave(message, part),
            Event::Arrived { message, part } => self.arrive(message, part),
            Event::Timer { rank, generation } => self.ring(rank, generation),
        }
    }

    fn finish(self) -> Result<Trace, SimError> {
        self.check_finished()?;
        Ok(Trace {
            makespan: self.finished_at.iter().copied().max().unwrap_or(SimTime::ZERO),
            finished_at: self.finished_at,
            n_messages: self.n_messages,
            n_events: self.n_events,
            largest_local: self.largest_local,
            largest_remote: self.largest_remote,
            record: self.recorder.into_record(self.limits),
        })
    }

    /// Gives `rank` its next op, whose previous one ended with `outcome`, until one takes time.
    fn step(&mut self, id: RankId, mut outcome: Outcome) {
        if let Some(work) = self.works.get_mut(id.0 as usize) {
            work.become_ready(self.now, self.cause);
        }
        loop {
            // Borrow the op: to copy it whole, right after its fields were written one by one, would stall on store forwarding.
            let Some(op) = &self.program.next(id, outcome) else { return self.finish_rank(id) };
            let n_ops = &mut self.ranks[id.0 as usize].n_ops;
            *n_ops = n_ops.saturating_add(1);
            outcome = match op {
                Op::Look => {
                    let now = self.now;
                    let complete = self.producer.as_mut().map_or(0, |producer| producer.complete_by(now));
                    self.recorder.look(Look { at: now, rank: id, complete });
                    Outcome::Looked { complete }
                }
                Op::Time => {
                    self.program.tell(self.now);
                    Outcome::Done
                }
                Op::Irecv(pattern) => {
                    if !pattern.is_from_nobody() {
                        let wanted = self.matching.wanted(*pattern);
                        self.post(id, PostedRecv { wanted, caller: Caller::Nonblocking });
                    }
                    Outcome::Done
                }
                Op::WaitAll if self.ranks[id.0 as usize].outstanding == 0 => Outcome::Done,
                Op::WaitAll => return self.wait(id, Wait::All),
                Op::Recv(pattern) | Op::RecvWithin { pattern, .. } if pattern.is_from_nobody() => {
                    Outcome::Received(Status::NONE)
                }
                Op::Recv(pattern) => return self.recv(id, *pattern, Wait::Recv),
                Op::RecvWithin { pattern, timeout } => {
                    self.set_timer(id, *timeout);
                    return self.recv(id, *pattern, Wait::RecvWithin);
                }
                Op::Compute { kernel, work } => {
                    let disturbed = self.noise.disturb(id, *kernel, *work);
                    self.ranks[id.0 as usize].state = State::Computing;
                    self.start_work(id, disturbed.work, WorkPurpose::Compute(*kernel));
                    if let Some(work) = self.works.get_mut(id.0 as usize) {
                        work.noise = disturbed.noise;
                    }
                    return;
                }
                Op::Sleep { duration, reason } => {
                    self.ranks[id.0 as usize].state = State::Sleeping(*reason);
                    return self.set_timer(id, *duration);
                }
                Op::Send(envelope) | Op::Isend(envelope) if envelope.to == RankId::NOBODY => Outcome::Done,
                Op::Send(envelope) => return self.start_send(id, envelope, Caller::Blocking),
                Op::Isend(envelope) => return self.start_send(id, envelope, Caller::Nonblocking),
                Op::StartSend(request, envelope) if envelope.to == RankId::NOBODY => {
                    self.requests.finish(id, *request, Status::NONE);
                    Outcome::Done
                }
                Op::StartSend(request, envelope) => return self.start_send(id, envelope, Caller::Named(*request)),
                call => {
                    let call = *call;
                    let Some(outcome) = self.call(id, call) else { return };
                    outcome
                }
            };
        }
    }

    fn finish_rank(&mut self, id: RankId) {
        self.ranks[id.0 as usize].state = State::Finished;
        self.finished_at[id.0 as usize] = self.now;
        if let Some(work) = self.works.get(id.0 as usize) {
            let enabled_by = work.ready_by;
            let kind = ActivityKind::Finish;
            let lost = Losses::default();
            self.recorder.activity(id, Activity { kind, start: self.now, end: self.now, enabled_by, lost });
        }
    }

    fn recv(&mut self, id: RankId, pattern: Pattern, wait: Wait) {
        self.ranks[id.0 as usize].state = State::Waiting(wait);
        let wanted = self.matching.wanted(pattern);
        self.post(id, PostedRecv { wanted, caller: Caller::Blocking });
        self.progress(id);
    }

    fn wait(&mut self, id: RankId, wait: Wait) {
        self.ranks[id.0 as usize].state = State::Waiting(wait);
        self.progress(id);
    }

    /// Lets a rank that waits inside an MPI call go on: its call returns, or it does the next piece of protocol work.
    fn progress(&mut self, id: RankId) {
        let rank = &mut self.ranks[id.0 as usize];
        let State::Waiting(wait) = rank.state else { return };
        if rank.work.is_some() {
            return;
        }
        match wait {
            Wait::All if rank.outstanding == 0 => return self.step(id, Outcome::Done),
            Wait::Send(_) | Wait::Recv | Wait::RecvWithin => {
                if let Some(ended) = rank.ended.take() {
                    return self.return_from_call(id, ended);
                }
            }
            Wait::Answer => return self.progress_to_answer(id),
            Wait::All | Wait::Nothing => {}
        }
        self.do_task(id);
    }

    /// Lets a rank begin with the next piece of protocol work; returns whether there is any.
    #[inline]
    fn do_task(&mut self, id: RankId) -> bool {
        let Some(task) = self.take_task(id) else { return false };
        let work = self.task_work(task);
        self.start_work(id, work, WorkPurpose::Task(task));
        true
    }

    /// A blocking send or receive of a rank is done.
    #[inline(never)]
    fn return_from_call(&mut self, id: RankId, ended: Ended) {
        let outcome = match ended {
            Ended::Sent => Outcome::Done,
            Ended::TimedOut => Outcome::TimedOut,
            Ended::Received(message) => Outcome::Received(self.take_received(message)),
        };
        self.step(id, outcome);
    }

    /// Ends an instant: links are shared anew among the flows that are there now.
    fn settle(&mut self) {
        let Network::Flow(flows) = &mut self.network else { return };
        let forecast = flows.settle(self.now);
        if let Some(limits) = &mut self.limits
            && (forecast.is_some() || flows.under_way().next().is_none())
        {
            limits.observe(self.now, flows.under_way());
        }
        if let Some((at, generation)) = forecast {
            self.push(at, Event::NetworkWake { generation });
        }
    }

    fn wake_network(&mut self, generation: u64) {
        let mut ended = Vec::new();
        if let Network::Flow(flows) = &mut self.network {
            flows.collect_ended(self.now, generation, &mut ended);
        }
        for transfer in ended {
            let Transfer { message, part, latency, .. } = transfer;
            self.push(self.now + latency, Event::Arrived { message, part });
            self.leave(message, part);
        }
    }
}
