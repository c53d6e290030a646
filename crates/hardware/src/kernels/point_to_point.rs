//! Experiments with messages.
//!
//! Each is run once for practice, in which the messages are checked, and then `repeats` times. Before each run the ones
//! who receive say that they are ready, so that no run meets what is left of the one before.

use dlpc_engine::stats;
use mpi::Tag;
use mpi::point_to_point::{Destination, Source};
use mpi::request;
use mpi::topology::Process;

use super::session::Session;
use super::stopwatch::{seconds_of, sleep, spin};
use super::{KernelError, payload};

const READY: Tag = 1;
const GO: Tag = 2;
const DATA: Tag = 3;
const END: Tag = 4;

/// This rank's part in an experiment of a team. Each method returns the times on the first rank of the team, and nothing
/// on the others.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) session: &'a Session,
    pub(super) team: &'a [u32],
    pub(super) repeats: u32,
}

impl Part<'_> {
    /// A message there and one back.
    pub(super) fn ping_pong(self, bytes: usize) -> Result<Vec<f64>, KernelError> {
        self.pairs(bytes)
    }

    /// Ping-pong of the first and second, third and fourth, ... member at once.
    pub(super) fn pairs(self, bytes: usize) -> Result<Vec<f64>, KernelError> {
        let place = self.place();
        let partner = self.team[place ^ 1];
        let outgoing = payload::outgoing(self.session.rank, bytes);
        let mut incoming = payload::room(bytes);
        let mut halves = Vec::new();
        for run in self.runs() {
            if place.is_multiple_of(2) {
                let round_trip = self.ping(partner, &outgoing, &mut incoming);
                halves.push(round_trip / 2.0);
            } else {
                self.pong(partner, &outgoing, &mut incoming);
            }
            if run == Run::Practice {
                payload::check(partner, &incoming)?;
            }
        }
        Ok(self.times(halves))
    }

    /// Returns the time of a round trip that starts together with those of the other pairs.
    fn ping(self, partner: u32, outgoing: &[u8], incoming: &mut [u8]) -> f64 {
        let process = self.process(partner);
        take(process, READY);
        request::scope(|scope| {
            let answer = process.immediate_receive_into_with_tag(scope, incoming, DATA);
            self.start_together();
            let (round_trip, ()) = seconds_of(|| {
                process.send_with_tag(outgoing, DATA);
                answer.wait_without_status();
            });
            round_trip
        })
    }

    /// The first member waits for the first of every other pair, then sends all of them off.
    fn start_together(self) {
        let others = || self.team[2..].iter().step_by(2).map(|&rank| self.process(rank));
        if self.place() == 0 {
            others().for_each(|other| take(other, READY));
            others().for_each(|other| give(other, GO));
        } else {
            let first = self.process(self.team[0]);
            give(first, READY);
            take(first, GO);
        }
    }

    fn pong(self, partner: u32, outgoing: &[u8], incoming: &mut [u8]) {
        let process = self.process(partner);
        request::scope(|scope| {
            let ball = process.immediate_receive_into_with_tag(scope, incoming, DATA);
            give(process, READY);
            ball.wait_without_status();
        });
        process.send_with_tag(outgoing, DATA);
    }

    /// The time in a send whose receive comes late.
    pub(super) fn send(self, bytes: usize, recv_delay_s: f64) -> Result<Vec<f64>, KernelError> {
        let receiver_waits_s = recv_delay_s + self.round_trip(1);
        self.one_way(
            bytes,
            |receiver, outgoing| {
                take(receiver, READY);
                seconds_of(|| receiver.send_with_tag(outgoing, DATA)).0
            },
            |sender, incoming| {
                give(sender, READY);
                // The sender gets this, and calls send, within the time of a round trip.
                sleep(receiver_waits_s);
                sender.receive_into_with_tag(incoming, DATA);
            },
        )
    }

    /// The time in a receive whose message came early: it waits in the buffers of the operating system, as messages do
    /// while a rank computes, so the time is all that a receive costs the core.
    pub(super) fn recv(self, bytes: usize) -> Result<Vec<f64>, KernelError> {
        let rank = self.session.rank;
        let (receiver, sender) = (self.process(self.team[0]), self.process(self.team[1]));
        if rank != self.team[0] {
            let outgoing = payload::outgoing(rank, bytes);
            for _ in self.runs() {
                take(receiver, READY);
                receiver.send_with_tag(&outgoing[..], DATA);
            }
            return Ok(Vec::new());
        }
        let mut incoming = payload::room(bytes);
        give(sender, READY);
        let (on_the_way_s, _) = seconds_of(|| sender.receive_into_with_tag(&mut incoming[..], DATA));
        payload::check(self.team[1], &incoming)?;
        Ok((0..self.repeats)
            .map(|_| {
                give(sender, READY);
                sleep(CERTAINLY * on_the_way_s + SLEEPY_SENDER_S);
                seconds_of(|| sender.receive_into_with_tag(&mut incoming[..], DATA)).0
            })
            .collect())
    }

    /// The time of `n` messages with pauses between them and an empty one back.
    pub(super) fn train(self, bytes: usize, n: u32, delay_s: f64) -> Result<Vec<f64>, KernelError> {
        self.one_way(
            bytes,
            |receiver, outgoing| {
                take(receiver, READY);
                let send_all = || {
                    receiver.send_with_tag(outgoing, DATA);
                    for _ in 1..n {
                        spin(delay_s);
                        receiver.send_with_tag(outgoing, DATA);
                    }
                    take(receiver, END);
                };
                seconds_of(send_all).0
            },
            |sender, incoming| {
                give(sender, READY);
                for _ in 0..n {
                    sender.receive_into_with_tag(incoming, DATA);
                }
                give(sender, END);
            },
        )
    }

    /// Messages from the first member, who takes the time, to the second.
    fn one_way(
        self,
        bytes: usize,
        timed_send: impl Fn(Process, &[u8]) -> f64,
        receive: impl Fn(Process, &mut [u8]),
    ) -> Result<Vec<f64>, KernelError> {
        let (sender, receiver) = (self.team[0], self.team[1]);
        if self.place() == 0 {
            let outgoing = payload::outgoing(sender, bytes);
            let times = self.runs().map(|_| timed_send(self.process(receiver), &outgoing)).collect();
            return Ok(self.times(times));
        }
        let mut incoming = payload::room(bytes);
        for run in self.runs() {
            receive(self.process(sender), &mut incoming);
            if run == Run::Practice {
                payload::check(sender, &incoming)?;
            }
        }
        Ok(Vec::new())
    }

    /// The time in which the first member asks all others for a message and gets them.
    pub(super) fn fan_in(self, bytes: usize) -> Result<Vec<f64>, KernelError> {
        let senders = &self.team[1..];
        if self.place() != 0 {
            let receiver = self.process(self.team[0]);
            let outgoing = payload::outgoing(self.session.rank, bytes);
            for _ in self.runs() {
                give(receiver, READY);
                take(receiver, GO);
                receiver.send_with_tag(&outgoing[..], DATA);
            }
            return Ok(Vec::new());
        }
        let mut incoming = vec![payload::room(bytes); senders.len()];
        let mut times = Vec::new();
        for run in self.runs() {
            for &sender in senders {
                take(self.process(sender), READY);
            }
            times.push(self.ask(senders, &mut incoming));
            if run == Run::Practice {
                senders.iter().zip(&incoming).try_for_each(|(&sender, message)| payload::check(sender, message))?;
            }
        }
        Ok(self.times(times))
    }

    fn ask(self, senders: &[u32], incoming: &mut [Vec<u8>]) -> f64 {
        request::multiple_scope(senders.len(), |scope, requests| {
            for (&sender, room) in senders.iter().zip(incoming) {
                requests.add(self.process(sender).immediate_receive_into_with_tag(scope, &mut room[..], DATA));
            }
            let mut done = Vec::with_capacity(senders.len());
            let ask_and_wait = || {
                for &sender in senders {
                    give(self.process(sender), GO);
                }
                requests.wait_all(&mut done);
            };
            seconds_of(ask_and_wait).0
        })
    }

    /// The time in which two members send to each other: both start at the same time, as well as one can tell the other,
    /// so both end at the same time.
    pub(super) fn exchange(self, bytes: usize) -> Result<Vec<f64>, KernelError> {
        let on_the_way_s = self.round_trip(0) / 2.0;
        let is_first = self.place() == 0;
        let partner = self.team[usize::from(is_first)];
        let process = self.process(partner);
        let outgoing = payload::outgoing(self.session.rank, bytes);
        let mut incoming = payload::room(bytes);
        let mut times = Vec::new();
        for run in self.runs() {
            times.push(request::scope(|scope| {
                let receive = process.immediate_receive_into_with_tag(scope, &mut incoming[..], DATA);
                if is_first {
                    take(process, READY);
                    give(process, GO);
                    spin(on_the_way_s);
                } else {
                    give(process, READY);
                    take(process, GO);
                }
                let both_ways = || {
                    process.immediate_send_with_tag(scope, &outgoing[..], DATA).wait_without_status();
                    receive.wait_without_status();
                };
                seconds_of(both_ways).0
            }));
            if run == Run::Practice {
                payload::check(partner, &incoming)?;
            }
        }
        Ok(self.times(times))
    }

    /// Returns the usual time of an empty round trip between the first two members, on the one at `place`; 0 on the
    /// other.
    fn round_trip(self, place: usize) -> f64 {
        const TRIES: usize = 9;
        let partner = self.process(self.team[1 - self.place()]);
        if self.place() != place {
            for _ in 0..TRIES {
                take(partner, GO);
                give(partner, END);
            }
            return 0.0;
        }
        let try_once = || {
            give(partner, GO);
            take(partner, END);
        };
        let times: Vec<f64> = (0..TRIES).map(|_| seconds_of(try_once).0).collect();
        stats::median(&times)
    }

    /// One run for practice, then those that count.
    fn runs(self) -> impl Iterator<Item = Run> {
        std::iter::once(Run::Practice).chain((0..self.repeats).map(|_| Run::Counted))
    }

    /// Returns the times that count, on the first member.
    fn times(self, all: Vec<f64>) -> Vec<f64> {
        if self.place() == 0 { all.into_iter().skip(1).collect() } else { Vec::new() }
    }

    fn place(self) -> usize {
        let place = self.team.iter().position(|&rank| rank == self.session.rank);
        place.expect("invariant: only members take part")
    }

    fn process(&self, rank: u32) -> Process<'_> {
        self.session.process(rank)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Practice,
    Counted,
}

/// A message that has had this multiple of its usual time has certainly arrived.
const CERTAINLY: f64 = 2.0;
/// A sender that shares its core may need this long to notice that it is asked.
const SLEEPY_SENDER_S: f64 = 1e-3;

/// Sends an empty message.
fn give(to: Process, tag: Tag) {
    to.send_with_tag(&[0_u8; 0][..], tag);
}

/// Receives an empty message.
fn take(from: Process, tag: Tag) {
    from.receive_into_with_tag(&mut [0_u8; 0][..], tag);
}
