//! Traced programs, run by the engine op by op: times derived in comments, and all collectives at 1 to 17 ranks.

use std::num::NonZeroU32;
use std::sync::Arc;

use dlpc_engine::calls::{Call, Calls, CollectiveCall, CollectiveKind, Letter, RankCalls, SendMode};
use dlpc_engine::engine::{Setup, SimError, simulate};
use dlpc_engine::machine::{CollectiveOverrides, MessageTable, Segment, Star};
use dlpc_engine::platform::{HostId, Platform};
use dlpc_engine::program::history::History;
use dlpc_engine::program::{Outcome, Program, RankId, Request, traced};
use dlpc_engine::schedule::{Action, Wildcard};
use dlpc_engine::trace::Trace;
use dlpc_engine::units::{Bytes, BytesPerSecond, FlopsPerSecond, SimDuration, SimTime};

/// o = 10 and 12 us, L = 50 us; links of 12.5 B/us.
const POST: Segment = Segment {
    send_overhead: SimDuration::from_micros(10),
    recv_overhead: SimDuration::from_micros(12),
    latency: SimDuration::from_micros(50),
    ..Segment::FREE
};

fn calls(ranks: &[&[Call]]) -> Calls {
    let of_rank =
        |calls: &&[Call]| RankCalls { calls: calls.iter().copied().zip(1..).collect(), collectives: Vec::new() };
    Calls { ranks: ranks.iter().map(of_rank).collect() }
}

/// Cores of 1 Gflop/s: 1000 operations take a microsecond.
fn program(calls: Calls) -> Program {
    traced::program(Arc::new(calls), FlopsPerSecond::new(1e9).expect("a speed"), CollectiveOverrides::default())
}

fn try_run(program: &mut Program, n_ranks: u32) -> Result<Trace, SimError> {
    let (hosts, bandwidth) = (NonZeroU32::new(n_ranks).expect("a rank"), BytesPerSecond::from_mbit(100.0));
    let machine = Star::new(hosts, NonZeroU32::MIN, bandwidth).remote(MessageTable::uniform(POST, Bytes(1000))).build();
    let hosts: Vec<HostId> = (0..n_ranks).map(HostId).collect();
    simulate(&Setup::new(&machine, &Platform::new(&machine), &hosts), program)
}

/// Returns when each rank finishes, in microseconds.
fn finish(ranks: &[&[Call]]) -> Vec<u64> {
    let n_ranks = u32::try_from(ranks.len()).expect("few ranks");
    let trace = try_run(&mut program(calls(ranks)), n_ranks).unwrap_or_else(|error| panic!("{error}"));
    trace.finished_at.iter().map(|at| (*at - SimTime::ZERO).as_picos() / 1_000_000).collect()
}

fn letter(to: u32, tag: u32, bytes: u64) -> Letter {
    Letter { to, tag, bytes: Bytes(bytes), mode: SendMode::Standard }
}

fn from(rank: u32, tag: u32) -> Wildcard {
    Wildcard { from: Some(rank), tag: Some(tag) }
}

const ANY: Wildcard = Wildcard { from: None, tag: None };
const NO_BYTES: Bytes = Bytes(0);

#[test]
fn calls_cost_what_ops_do() {
    let sender = [Call::Compute(100_000.0), Call::Send(letter(1, 7, 0)), Call::Sleep(SimDuration::from_micros(5))];
    // 100 us of work, o; o + L + o later it is received; 5 us asleep.
    assert_eq!(finish(&[&sender, &[Call::Recv(ANY, NO_BYTES)]]), [115, 172]);
}

#[test]
fn a_wait_is_for_the_request_of_its_number_and_a_receive_from_nobody_is_done() {
    let receiver = [
        Call::IrecvNobody,
        Call::Irecv(from(1, 7), NO_BYTES),
        Call::Irecv(from(1, 8), NO_BYTES),
        Call::Wait(0),
        Call::Wait(2),
        Call::Compute(100_000.0),
        Call::Wait(1),
        Call::Wait(1),
    ];
    let sender = [Call::Isend(letter(0, 8, 0)), Call::Compute(200_000.0), Call::Isend(letter(0, 7, 0)), Call::WaitAll];
    // Tag 8 is there at 60 us, and received at 72 us; work until 172 us. Tag 7 leaves at 10 + 200 + 10 us: received at 282 us.
    assert_eq!(finish(&[&receiver, &sender]), [282, 220]);
}

#[test]
fn what_is_open_at_the_end_is_waited_for_there() {
    // The request is there at 60 us and answered at 82 us; the answer is there at 132 us, taken at 154 us; the data of 12,500
    // B leaves until 1154 us, is there at 1204 us, and taken at 1216 us.
    assert_eq!(finish(&[&[Call::Isend(letter(1, 7, 12_500))], &[Call::Irecv(from(0, 7), NO_BYTES)]]), [1154, 1216]);
}

#[test]
fn a_wait_for_any_goes_on_with_the_first_that_is_done() {
    let start = [Call::Irecv(from(1, 7), NO_BYTES), Call::Irecv(from(2, 7), NO_BYTES)];
    let wait = [Call::WaitAny, Call::Compute(1000.0), Call::WaitAny, Call::WaitAny, Call::Wait(0), Call::WaitAll];
    let late = [Call::Compute(500_000.0), Call::Send(letter(0, 7, 0))];
    // Rank 2's message is received at 72 us: work until 73 us. Rank 1's is received at 572 us, and nothing is left.
    assert_eq!(finish(&[&[&start[..], &wait].concat(), &late, &[Call::Send(letter(0, 7, 0))]])[0], 572);
}

#[test]
fn a_receive_from_nobody_is_the_first_of_any_that_is_done() {
    let receiver = [Call::Irecv(from(1, 7), NO_BYTES), Call::IrecvNobody, Call::WaitAny, Call::Compute(10_000.0)];
    let receiver = [&receiver[..], &[Call::WaitAny]].concat();
    // Work until 10 us; the message is there at 60 us, received at 72 us.
    assert_eq!(finish(&[&receiver, &[Call::Send(letter(0, 7, 0))]])[0], 72);
}

#[test]
fn ranks_that_exchange_do_so_at_once() {
    let exchange = |with| [Call::Sendrecv(letter(with, 0, 12_500), Some(with), Bytes(12_500))];
    // Both start the request at 0 us: there at 60 us, answered at 82 us, there at 132 us, data sent at 154 us, left at 1154
    // us, there at 1204 us, taken at 1216 us.
    assert_eq!(finish(&[&exchange(1), &exchange(0)]), [1216, 1216]);
}

#[test]
fn a_run_that_is_stuck_names_the_lines() {
    let ranks: [&[Call]; 2] =
        [&[Call::Compute(1.0), Call::Recv(from(1, 7), NO_BYTES)], &[Call::Irecv(from(0, 8), NO_BYTES), Call::Wait(0)]];
    let error = try_run(&mut program(calls(&ranks)), 2).expect_err("a deadlock");
    assert_eq!(
        error.to_string(),
        "deadlock: 2 ranks cannot go on\n  rank 0 (line 2) waits in a receive for a message from rank 1 with tag 7\n  \
         rank 1 (line 2) waits for a request, for a message from rank 0 with tag 8"
    );
}

/// A collective of `p` ranks as `rank` calls it, with parts of 1, 2, 3, ... times 100 B and an empty one.
fn collective(kind: CollectiveKind, rank: u32, p: u32, root: u32) -> CollectiveCall {
    let part = |i: u32| Bytes(u64::from((i + 1) % p) * 100);
    let parts: Box<[Bytes]> = (0..p).map(part).collect();
    let own: Box<[Bytes]> = Box::new([part(rank)]);
    let call = CollectiveCall { flops: 10.0, ..CollectiveCall::of(kind, root, Bytes(800)) };
    match kind {
        CollectiveKind::Gatherv => CollectiveCall { sends: own, recvs: parts, ..call },
        CollectiveKind::Scatterv => CollectiveCall { sends: parts, recvs: own, ..call },
        CollectiveKind::ReduceScatter => CollectiveCall { root: 0, sends: parts, recvs: own, ..call },
        CollectiveKind::Allgatherv => CollectiveCall { root: 0, recvs: parts, ..call },
        CollectiveKind::Alltoallv => {
            let to = |from: u32, to: u32| Bytes(u64::from((from + 2 * to) % 3) * 100);
            let (sends, recvs) = ((0..p).map(|i| to(rank, i)).collect(), (0..p).map(|i| to(i, rank)).collect());
            CollectiveCall { root: 0, sends, recvs, ..call }
        }
        CollectiveKind::Bcast | CollectiveKind::Reduce | CollectiveKind::Gather | CollectiveKind::Scatter => call,
        _ => CollectiveCall { root: 0, ..call },
    }
}

#[test]
fn collectives_of_any_root_take_the_messages_of_the_schedule_and_no_receive_of_any_takes_one() {
    for (kind, p) in CollectiveKind::ALL.into_iter().flat_map(|kind| (1..=17).map(move |p| (kind, p))) {
        let root = p / 2;
        let of_rank = |rank| {
            // A receive of anything that only the next rank's last message meets.
            let next = (rank + 1) % p;
            let around = [Call::Irecv(ANY, NO_BYTES), Call::Collective(0)];
            let after = [Call::Send(letter(next, 3, 8)), Call::WaitAll];
            let calls = around.into_iter().chain(after).zip(1..).collect();
            RankCalls { calls, collectives: vec![collective(kind, rank, p, root)] }
        };
        let calls = Calls { ranks: (0..p).map(of_rank).collect() };
        let speed = FlopsPerSecond::new(1e9).expect("a speed");
        let schedule = traced::schedule(&calls, speed, CollectiveOverrides::default());
        let n_sends = (0..p).flat_map(|rank| schedule.ops_of(rank));
        let n_sends = n_sends.filter(|op| matches!(schedule.action(*op), Action::Send(..))).count() as u64;
        let program = program(calls);
        let n_ops_at_most = program.n_ops_at_most();
        let mut program = Program::Remembered(History::new(program, p));
        let trace = try_run(&mut program, p).unwrap_or_else(|error| panic!("{} at {p}: {error}", kind.name()));
        assert_eq!(trace.n_messages, n_sends, "{} at {p}", kind.name());
        let Program::Remembered(history) = program else { unreachable!() };
        let n_ops = history.steps().iter().map(Vec::len).sum::<usize>() as u64;
        assert!(n_ops <= n_ops_at_most, "{} at {p}: {n_ops} of {n_ops_at_most}", kind.name());
        for (rank, steps) in (0..p).zip(history.steps()) {
            let before = RankId((rank + p - 1) % p);
            let got = steps.iter().find_map(|past| match past.outcome {
                Outcome::Completed(Request(0), status) => Some(status.from),
                _ => None,
            });
            assert_eq!(got, Some(before), "{} at {p}, rank {rank}", kind.name());
        }
    }
}
