//! The point-to-point calls of MPI: each expected time is derived in a comment.

mod blocked;
mod oracle;
mod random;

use std::collections::VecDeque;
use std::num::NonZeroU32;

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{Kernel, MachineModel, MessageTable, Segment, Star};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::history::History;
use dlpc_engine::program::{
    Context, Enough, Envelope, Op, Outcome, Pattern, Program, RankId, Request, SendMode, Source, Status, Tag,
};
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration, SimTime};

/// o = 10 and 12 us, L = 50 us, no cost per byte but that of the links, which take 12.5 B/us.
const POST: Segment = Segment {
    send_overhead: SimDuration::from_micros(10),
    recv_overhead: SimDuration::from_micros(12),
    latency: SimDuration::from_micros(50),
    ..Segment::FREE
};
const EAGER_LIMIT: u64 = 1000;

/// Hosts of `cores` cores on one switch of 100 Mbit/s.
fn cluster(n_hosts: u32, cores: u32) -> Star {
    let some = |n| NonZeroU32::new(n).expect("at least one");
    Star::new(some(n_hosts), some(cores), BytesPerSecond::from_mbit(100.0))
}

/// One core each.
fn machine(n_hosts: u32) -> MachineModel {
    cluster(n_hosts, 1).remote(MessageTable::uniform(POST, Bytes(EAGER_LIMIT))).build()
}

const fn us(micros: u64) -> SimDuration {
    SimDuration::from_micros(micros)
}

fn compute(work: SimDuration) -> Op {
    Op::Compute { kernel: Kernel::Custom, work }
}

fn envelope(to: u32, bytes: u64) -> Envelope {
    Envelope::new(RankId(to), Tag(0), Bytes(bytes))
}

fn from(rank: u32) -> Pattern {
    Pattern::new(Source::Rank(RankId(rank)), None)
}

fn send(to: u32, bytes: u64) -> Op {
    Op::Send(envelope(to, bytes))
}

fn recv(rank: u32) -> Op {
    Op::Recv(from(rank))
}

/// How the ops of each rank ended, and when each rank finished.
struct Ran {
    outcomes: Vec<Vec<Outcome>>,
    finished: Vec<SimDuration>,
}

/// Runs `program`, one rank to each host.
fn try_run(program: Program, n_ranks: u32) -> Result<Ran, SimError> {
    let machine = machine(n_ranks);
    let hosts: Vec<HostId> = (0..n_ranks).map(HostId).collect();
    let mut program = Program::Remembered(History::new(program, n_ranks));
    let trace = engine::simulate(&Setup::new(&machine, &Platform::new(&machine), &hosts), &mut program)?;
    let Program::Remembered(history) = program else { unreachable!() };
    let outcomes = history.steps().iter().map(|steps| steps.iter().map(|past| past.outcome).collect()).collect();
    Ok(Ran { outcomes, finished: trace.finished_at.iter().map(|at| *at - SimTime::ZERO).collect() })
}

fn fixed(ops: &[&[Op]]) -> Program {
    Program::Fixed(ops.iter().map(|ops| VecDeque::from(ops.to_vec())).collect())
}

fn run(ops: &[&[Op]]) -> Ran {
    try_run(fixed(ops), n_ranks(ops)).unwrap_or_else(|error| panic!("{error}"))
}

fn n_ranks(ops: &[&[Op]]) -> u32 {
    u32::try_from(ops.len()).expect("few ranks")
}

fn in_mode(mode: SendMode, to: u32, bytes: u64) -> Envelope {
    Envelope { mode, ..envelope(to, bytes) }
}

fn tagged(to: u32, tag: u32) -> Envelope {
    Envelope { tag: Tag(tag), ..envelope(to, 0) }
}

fn got(from: u32, tag: u32, bytes: u64) -> Status {
    Status { from: RankId(from), tag: Tag(tag), bytes: Bytes(bytes) }
}

/// A request that received an empty message with tag 0.
fn completed(request: u32, from: u32) -> Outcome {
    Outcome::Completed(Request(request), got(from, 0, 0))
}

const ANY: Pattern = Pattern::new(Source::Any, None);

#[test]
fn a_synchronous_send_is_done_when_it_has_the_answer_of_its_receive() {
    let ran = run(&[&[Op::Send(in_mode(SendMode::Synchronous, 1, 0))], &[compute(us(500)), recv(0)]]);
    // The message is there at o_s + L = 60 us. The receive is called at 500 us, takes it and answers: o_r + o_s, 522 us.
    // The answer is there at 572 us, and taken at 584 us.
    assert_eq!(ran.finished, [us(584), us(522)]);
    assert_eq!(ran.outcomes[1][1], Outcome::Received(got(0, 0, 0)));
}

#[test]
fn a_synchronous_send_carries_its_data_with_the_envelope() {
    let ran = run(&[&[Op::Send(in_mode(SendMode::Synchronous, 1, 1000))], &[recv(0)]]);
    // The data leaves for 1000 B / 12.5 B/us = 80 us: there at 10 + 80 + 50 = 140 us, taken and answered at 162 us; the
    // answer is there at 212 us, and taken at 224 us.
    assert_eq!(ran.finished, [us(224), us(162)]);
}

#[test]
fn a_large_synchronous_send_is_a_rendezvous() {
    let send = |mode| Op::Send(in_mode(mode, 1, 12_500));
    let late = [compute(us(500)), recv(0)];
    // As in `a_rendezvous_send_waits_for_the_receive`: 1594 and 1656 us.
    for mode in [SendMode::Standard, SendMode::Synchronous, SendMode::Ready] {
        assert_eq!(run(&[&[send(mode)], &late]).finished, [us(1594), us(1656)], "{mode:?}");
    }
}

#[test]
fn a_buffered_send_is_done_at_once_and_its_data_goes_during_a_later_call() {
    for request in [None, Some(Request(0))] {
        let envelope = in_mode(SendMode::Buffered, 1, 12_500);
        let start: &[Op] = match request {
            None => &[Op::Send(envelope)],
            Some(request) => &[Op::StartSend(request, envelope), Op::Wait(request)],
        };
        let sender = [start, &[compute(us(1000)), Op::WaitAll]].concat();
        let ran = run(&[&sender, &[compute(us(500)), recv(0)]]);
        // The send is done at o_s = 10 us, and the sender computes until 1010 us. The answer to its request is there at
        // 572 us; it takes it and sends for 22 us: 1032 us. The data leaves until 2032 us, is there at 2082 us, and taken
        // at 2094 us.
        assert_eq!(ran.finished, [us(2032), us(2094)]);
    }
}

#[test]
fn small_ready_and_buffered_sends_cost_what_a_standard_one_does() {
    for mode in [SendMode::Standard, SendMode::Buffered, SendMode::Ready] {
        let ran = run(&[&[Op::Send(in_mode(mode, 1, 0)), Op::WaitAll], &[recv(0)]]);
        // o_s; o_s + L + o_r
        assert_eq!(ran.finished, [us(10), us(72)], "{mode:?}");
    }
}

#[test]
fn requests_are_waited_for_one_by_one() {
    let (first, second) = (Request(5), Request(3));
    let receiver = [
        Op::StartRecv(first, from(1)),
        Op::StartRecv(second, from(2)),
        Op::Wait(second),
        compute(us(100)),
        Op::Wait(first),
        Op::Wait(first),
    ];
    let ran = run(&[&receiver, &[send(0, 0)], &[compute(us(200)), send(0, 0)]]);
    // Rank 1's message is there at 60 us and taken meanwhile; rank 2's at 260 us, taken at 272 us: then 100 us of work.
    assert_eq!(ran.finished[0], us(372));
    assert_eq!(ran.outcomes[0][2], completed(3, 2));
    assert_eq!(ran.outcomes[0][4], completed(5, 1));
    // Not started any more, as MPI_REQUEST_NULL.
    assert_eq!(ran.outcomes[0][5], Outcome::Completed(first, Status::NONE));
}

#[test]
fn a_started_send_is_done_when_its_data_has_left() {
    let request = Request(0);
    let sender = [Op::StartSend(request, envelope(1, 12_500)), compute(us(100)), Op::Wait(request)];
    let ran = run(&[&sender, &[recv(0)]]);
    // The request leaves at 10 us, is there at 60 us and answered at 82 us; the answer is there at 132 us, when the sender
    // waits: 154 us. The data leaves until 1154 us, is there at 1204 us, and taken at 1216 us.
    assert_eq!(ran.finished, [us(1154), us(1216)]);
    assert_eq!(ran.outcomes[0][2], Outcome::Completed(request, Status::NONE));
}

#[test]
fn a_wait_for_any_gives_the_request_that_is_done_first() {
    let watch = [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::WaitWatched(Enough::One)];
    let start = [Op::StartRecv(Request(0), from(1)), Op::StartRecv(Request(1), from(2))];
    let receiver = [&start[..], &watch, &watch, &watch].concat();
    let ran = run(&[&receiver, &[compute(us(200)), send(0, 0)], &[send(0, 0)]]);
    assert_eq!(ran.outcomes[0][4], completed(1, 2), "at 72 us");
    assert_eq!(ran.outcomes[0][7], completed(0, 1), "at 200 + 72 us");
    assert_eq!(ran.outcomes[0][10], Outcome::Done, "none is left");
    assert_eq!(ran.finished[0], us(272));
}

#[test]
fn of_several_that_are_done_a_wait_for_any_gives_the_first_in_the_list() {
    let start = [Op::StartRecv(Request(0), from(1)), Op::StartRecv(Request(1), from(2)), recv(3)];
    let wait = [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::WaitWatched(Enough::One), Op::NextDone, Op::NextDone];
    let receiver = [&start[..], &wait].concat();
    // Rank 2's message comes first, then rank 1's; both are taken while rank 0 waits for rank 3's, until 400 + 72 us.
    let ran = run(&[&receiver, &[compute(us(100)), send(0, 0)], &[send(0, 0)], &[compute(us(400)), send(0, 0)]]);
    assert_eq!(ran.outcomes[0][5..], [completed(0, 1), completed(1, 2), Outcome::Pending]);
    assert_eq!(ran.finished[0], us(472));
}

#[test]
fn a_wait_for_any_returns_before_it_has_taken_what_else_is_there() {
    let start = [Op::StartRecv(Request(0), from(1)), Op::StartRecv(Request(1), from(2)), compute(us(500))];
    let wait =
        [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::WaitWatched(Enough::One), Op::NextDone, compute(us(7))];
    let receiver = [&start[..], &wait].concat();
    // Both messages are there, rank 2's first: it is taken from 500 to 512 us. Rank 1's is never.
    let ran = run(&[&receiver, &[compute(us(100)), send(0, 0)], &[send(0, 0)]]);
    assert_eq!(ran.outcomes[0][5..7], [completed(1, 2), Outcome::Pending]);
    assert_eq!(ran.finished[0], us(519));
}

#[test]
fn a_test_does_what_there_is_to_do_and_takes_no_other_time() {
    let request = Request(0);
    let receiver = [Op::StartRecv(request, from(1)), Op::Test(request), compute(us(100)), Op::Test(request)];
    let ran = run(&[&receiver, &[send(0, 0)]]);
    // Nothing is there at 0 us. The message is there at 60 us, and taken by the test at 100 us.
    assert_eq!(ran.outcomes[0][1..], [Outcome::Pending, Outcome::Done, completed(0, 1)]);
    assert_eq!(ran.finished[0], us(112));
}

#[test]
fn a_test_of_all_gives_none_as_long_as_one_is_missing() {
    let all = [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::TestWatched(Enough::All)];
    let start = [Op::StartRecv(Request(0), from(1)), Op::StartRecv(Request(1), from(2)), compute(us(100))];
    let rest = [Op::WaitWatched(Enough::All), Op::NextDone, Op::NextDone, Op::NextDone];
    let receiver = [&start[..], &all, &rest].concat();
    let ran = run(&[&receiver, &[send(0, 0)], &[compute(us(200)), send(0, 0)]]);
    // The test takes rank 1's message, until 112 us; rank 2's is there at 260 us.
    assert_eq!(
        ran.outcomes[0][5..],
        [Outcome::Pending, Outcome::Done, completed(0, 1), completed(1, 2), Outcome::Pending]
    );
    assert_eq!(ran.finished[0], us(272));
}

#[test]
fn a_test_of_any_gives_one_or_none() {
    let test = [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::TestWatched(Enough::One)];
    let start = [Op::StartRecv(Request(0), from(1)), Op::StartRecv(Request(1), from(2))];
    let receiver = [&start[..], &test, &[compute(us(100))], &test, &[Op::Cancel(Request(0))]].concat();
    let ran = run(&[&receiver, &[], &[send(0, 0)]]);
    assert_eq!((ran.outcomes[0][4], ran.outcomes[0][8]), (Outcome::Pending, completed(1, 2)));
    assert_eq!(ran.finished[0], us(112));
}

#[test]
fn a_probe_of_any_source_finds_the_first_that_arrives_and_leaves_it() {
    let receiver = [Op::Iprobe(ANY), Op::Probe(ANY), recv(1), Op::Iprobe(from(1)), Op::Iprobe(ANY), recv(2)];
    let ran = run(&[&receiver, &[compute(us(200)), send(0, 8)], &[Op::Send(tagged(0, 7))]]);
    // Rank 2's message is there at 60 us. Rank 1's leaves for 8 / 12.5 = 0.64 us, and is there at 260.64 us; 12 us each.
    let found = Outcome::Found(got(2, 7, 0));
    let expected = [
        Outcome::Pending,
        found,
        Outcome::Received(got(1, 0, 8)),
        Outcome::Pending,
        found,
        Outcome::Received(got(2, 7, 0)),
    ];
    assert_eq!(ran.outcomes[0], expected);
    assert_eq!(ran.finished[0], SimDuration::from_picos(284_640_000));
}

#[test]
fn a_message_of_a_matched_probe_goes_to_no_other_receive() {
    let message = Request(4);
    let receiver =
        [Op::Improbe(message, ANY), Op::Mprobe(message, ANY), recv(1), Op::StartMatched(message), Op::Wait(message)];
    let ran = run(&[&receiver, &[Op::Send(tagged(0, 7)), Op::Send(tagged(0, 8))]]);
    // The messages are there at 60 and 70 us. The second is taken until 82 us, then the first.
    let expected = [
        Outcome::Pending,
        Outcome::Found(got(1, 7, 0)),
        Outcome::Received(got(1, 8, 0)),
        Outcome::Done,
        Outcome::Completed(message, got(1, 7, 0)),
    ];
    assert_eq!(ran.outcomes[0], expected);
    assert_eq!(ran.finished[0], us(94));
}

#[test]
fn a_large_message_of_a_matched_probe_is_answered_when_it_is_received() {
    let message = Request(0);
    let receiver = [Op::Mprobe(message, from(0)), compute(us(440)), Op::StartMatched(message), Op::Wait(message)];
    let ran = run(&[&[send(1, 12_500)], &receiver]);
    // The request is there at 60 us, and answered from 500 us on: 1594 and 1656 us, as above.
    assert_eq!(ran.finished, [us(1594), us(1656)]);
}

#[test]
fn messages_meet_receives_of_their_context_only_and_in_its_order() {
    let of = |context, tag| Envelope { context: Context(context), ..tagged(0, tag) };
    let in_context = |context| Op::Recv(Pattern { context: Context(context), ..ANY });
    let sender = [of(1, 3), of(2, 4), of(1, 5), of(0, 6)].map(Op::Send);
    let ran = run(&[&[in_context(2), in_context(0), in_context(1), in_context(1)], &sender]);
    // They are there at 60, 70, 80 and 90 us: that of context 2 is taken at 82 us, that of context 0 at 102 us.
    let expected = [4, 6, 3, 5].map(|tag| Outcome::Received(got(1, tag, 0)));
    assert_eq!(ran.outcomes[0], expected);
    assert_eq!(ran.finished[0], us(126));
}

#[test]
fn sends_to_nobody_and_receives_from_nobody_are_done_at_once() {
    let (nobody, pattern) = (envelope(RankId::NOBODY.0, 1_000_000), Pattern::new(Source::Rank(RankId::NOBODY), None));
    let synchronous = Envelope { mode: SendMode::Synchronous, ..nobody };
    let [r, s, m] = [0, 1, 2].map(Request);
    let ops = [
        Op::Send(nobody),
        Op::Send(synchronous),
        Op::Isend(nobody),
        Op::Recv(pattern),
        Op::Irecv(pattern),
        Op::RecvWithin { pattern, timeout: us(100) },
        Op::WaitAll,
        Op::StartSend(s, nobody),
        Op::StartRecv(r, pattern),
        Op::Test(r),
        Op::Wait(s),
        Op::Probe(pattern),
        Op::Iprobe(pattern),
        Op::Mprobe(m, pattern),
        Op::StartMatched(m),
        Op::Wait(m),
    ];
    let ran = run(&[&ops]);
    let (none, done) = (Status::NONE, |request| Outcome::Completed(request, Status::NONE));
    let found = Outcome::Found(none);
    assert_eq!(ran.finished, [SimDuration::ZERO]);
    assert_eq!((ran.outcomes[0][3], ran.outcomes[0][5]), (Outcome::Received(none), Outcome::Received(none)));
    assert_eq!(ran.outcomes[0][9..], [done(r), done(s), found, found, found, Outcome::Done, done(m)]);
}

#[test]
fn a_cancelled_receive_takes_no_message() {
    let [first, second] = [0, 1].map(Request);
    let receiver = [
        Op::StartRecv(first, from(1)),
        Op::StartRecv(second, from(1)),
        Op::Cancel(first),
        Op::Cancel(first),
        compute(us(100)),
        Op::Cancel(second),
        Op::Wait(second),
    ];
    let ran = run(&[&receiver, &[send(0, 0)]]);
    // The message, there at 60 us, is that of the second receive, which is too late to cancel.
    let expected = [Outcome::Done, Outcome::Pending, Outcome::Done, Outcome::Pending, completed(1, 1)];
    assert_eq!(ran.outcomes[0][2..], expected);
    assert_eq!(ran.finished[0], us(112));
}

#[test]
fn freed_requests_go_on_and_the_last_wait_waits_for_them() {
    let request = Request(0);
    let start = |bytes| Op::StartSend(request, envelope(1, bytes));
    let sender = [start(12_500), Op::Free(request), start(0), Op::Wait(request), Op::WaitAll];
    let receiver = [Op::StartRecv(request, from(0)), Op::Free(request), recv(0), Op::WaitAll];
    let ran = run(&[&sender, &receiver]);
    // The request leaves at 10 us, the small message at 20 us; they are there at 60 and 70 us. The receiver answers until
    // 82 us, then takes the small one until 94 us. The answer is there at 132 us, taken at 154 us; the data leaves until
    // 1154 us, is there at 1204 us, and taken at 1216 us.
    assert_eq!(ran.finished, [us(1154), us(1216)]);
    assert_eq!(ran.outcomes[1][2], Outcome::Received(got(0, 0, 0)));
}

#[test]
fn a_request_can_be_used_again_and_again() {
    let request = Request(0);
    let round = [Op::StartRecv(request, from(1)), Op::Wait(request)];
    let ran = run(&[&round.repeat(3), &[send(0, 0); 3]]);
    // There at 60, 70 and 80 us: taken at 72, 84 and 96 us.
    assert_eq!(ran.finished[0], us(96));
}

#[test]
fn a_rank_can_send_to_itself() {
    let [sent, received] = [0, 1].map(Request);
    let ops = [Op::StartRecv(received, ANY), Op::StartSend(sent, tagged(0, 9)), Op::Wait(sent), Op::Wait(received)];
    let ran = run(&[&ops]);
    // Within a host messages are free here.
    assert_eq!(ran.outcomes[0][3], Outcome::Completed(received, got(0, 9, 0)));
}
