//! The critical path: hand-derived cases, and parts that always add up to the makespan.

use dlpc_engine::machine::{Kernel, Noise, Segment};
use dlpc_engine::platform::{Limit, NetworkKind};
use dlpc_engine::program::Op;
use dlpc_engine::random::Distribution;
use dlpc_engine::trace::{Recording, Trace};
use dlpc_engine::units::{Bytes, SimDuration, SimTime};
use dlpc_predict::analysis::Cause;
use dlpc_predict::analysis::critical_path::{self, Origin};
use dlpc_predict::prediction;
use dlpc_predict::workload::{Dispatch, LogStream, Workload};
use proptest::prelude::*;

use crate::support::{Run, cluster, compute, envelope, from, recv, seconds, send, table, us};

fn parts_of(trace: &Trace) -> Vec<(Cause, SimDuration)> {
    let breakdown = critical_path::breakdown(trace);
    breakdown.into_iter().filter(|(_, part)| *part != SimDuration::ZERO).collect()
}

fn parts(run: &Run) -> Vec<(Cause, SimDuration)> {
    parts_of(&run.try_run().unwrap())
}

#[test]
fn pure_computing_is_all_compute() {
    // The slowest of three ranks that never meet: 300 us
    let run = Run::new(cluster(3, 1), &[0, 1, 2])
        .rank(0, &[compute(us(100))])
        .rank(1, &[compute(us(100)), compute(us(200))])
        .rank(2, &[compute(us(50))]);
    assert_eq!(parts(&run), [(Cause::Compute, us(300))]);
}

#[test]
fn the_path_of_one_message_is_sender_wire_receiver() {
    let mut machine = cluster(2, 1);
    machine.remote = table(
        Segment { send_overhead: us(10), recv_overhead: us(12), latency: us(50), ..Segment::FREE },
        Bytes(u64::MAX),
    );
    let run = Run::new(machine, &[0, 1])
        .rank(0, &[compute(us(100)), send(1, 1250)])
        .rank(1, &[compute(us(20)), recv(0), compute(us(5))]);
    // 100 us of rank 0, 10 + 12 of overhead, 1250 B at 12.5 B/us, 50 of latency, 5 us of rank 1
    let expected =
        [(Cause::Compute, us(105)), (Cause::Overhead, us(22)), (Cause::Latency, us(50)), (Cause::Bandwidth, us(100))];
    assert_eq!(parts(&run), expected);
}

#[test]
fn a_sender_that_waits_for_the_receiver_has_the_receiver_on_its_path() {
    let mut machine = cluster(2, 1);
    machine.remote = table(Segment::FREE, Bytes(0));
    let run =
        Run::new(machine, &[0, 1]).rank(0, &[send(1, 1250), compute(us(1000))]).rank(1, &[compute(us(300)), recv(0)]);
    // Rank 1 answers at 300 us, the data is out at 400 us, then 1000 us of rank 0
    assert_eq!(parts(&run), [(Cause::Compute, us(1300)), (Cause::Bandwidth, us(100))]);
}

#[test]
fn request_and_answer_of_a_rendezvous_are_rendezvous_wait() {
    let mut machine = cluster(2, 1);
    machine.remote =
        table(Segment { send_overhead: us(10), recv_overhead: us(12), latency: us(50), ..Segment::FREE }, Bytes(0));
    let run = Run::new(machine, &[0, 1]).rank(0, &[send(1, 1250)]).rank(1, &[recv(0)]);
    // Request: 10 us to send, 50 under way. Answer: 12 + 10, 50 under way. Data: 12 + 10, 100 us of wire, 50 of latency,
    // 12 to receive. Overhead 10 + 22 + 22 + 12 = 66; rendezvous 50 + 50; latency 50.
    let expected = [
        (Cause::Overhead, us(66)),
        (Cause::Latency, us(50)),
        (Cause::Bandwidth, us(100)),
        (Cause::Rendezvous, us(100)),
    ];
    assert_eq!(parts(&run), expected);
}

#[test]
fn an_incast_waits_for_the_receivers_port_which_all_senders_share() {
    // Four hosts send 12,500 B each to rank 0 at once; its port takes 12.5 B/us: 4 * 12,500 / 12.5 = 4000 us
    let mut run = Run::new(cluster(5, 1), &[0, 1, 2, 3, 4]).rank(0, &[recv(1), recv(2), recv(3), recv(4)]);
    for sender in 1..5 {
        run = run.rank(sender, &[send(0, 12_500)]);
    }
    let trace = run.try_run().unwrap();
    assert_eq!(parts_of(&trace), [(Cause::Bandwidth, us(4000))]);
    let shares = critical_path::link_shares(&critical_path::path(&trace), trace.record.as_ref().unwrap());
    // Links are numbered host by host, up and down: rank 0's port down is link 1.
    let [share] = shares.as_slice() else { panic!("{shares:?}") };
    assert!(matches!(share.limit, Some(Limit::Link(link)) if link.0 == 1), "{share:?}");
    assert_eq!((share.duration, share.n_sharing.to_bits()), (us(4000), 4.0_f64.to_bits()));
}

#[test]
fn the_receivers_interface_is_bandwidth_in_the_loggops_network() {
    // Both senders start at 0; the receiver's interface takes 1249 B / 12.5 B/us = 99.92 us for each, one after the other.
    let mut run = Run::new(cluster(3, 1), &[0, 1, 2])
        .rank(0, &[recv(1), recv(2)])
        .rank(1, &[send(0, 1250)])
        .rank(2, &[send(0, 1250)]);
    run.network = NetworkKind::Loggops;
    assert_eq!(parts(&run), [(Cause::Bandwidth, SimDuration::from_picos(2 * 99_920_000))]);
}

#[test]
fn two_ranks_on_one_core_are_oversubscribed() {
    // 100 us each on one core: both end at 200 us, 100 us of which belong to the other rank
    let run = Run::new(cluster(1, 1), &[0, 0]).rank(0, &[compute(us(100))]).rank(1, &[compute(us(100))]);
    assert_eq!(parts(&run), [(Cause::Compute, us(100)), (Cause::Oversubscription, us(100))]);
}

#[test]
fn busy_cores_that_slow_each_other_down_are_told_from_too_few_of_them() {
    // Three ranks on two cores that run at 1/1.25 when both are busy: work goes on at 2/3 / 1.25 and ends after
    // 100 * 1.5 * 1.25 = 187.5 us, a third of which (62.5) others had the core, and 25 us are lost to the other core.
    let mut machine = cluster(1, 2);
    machine.host_groups[0].slowdown = vec![1.0, 1.25];
    let run = (0..3).fold(Run::new(machine, &[0, 0, 0]), |run, rank| run.rank(rank, &[compute(us(100))]));
    let expected = [
        (Cause::Compute, us(100)),
        (Cause::Contention, us(25)),
        (Cause::Oversubscription, SimDuration::from_picos(62_500_000)),
    ];
    assert_eq!(parts(&run), expected);
}

/// Log files of `analysis` seconds each, every 5 s from 5 s on, polled every second.
fn stream(items: u32, analysis: u64, dispatch: Dispatch) -> Workload {
    Workload::LogStream(LogStream {
        items,
        interval: seconds(5),
        first: seconds(5),
        jitter: SimDuration::ZERO,
        analysis: Distribution::Constant(seconds(analysis)),
        poll: seconds(1),
        item_bytes: Bytes(0),
        result_bytes: Bytes(0),
        dispatch,
    })
}

fn parts_of_stream(workload: Workload, n_ranks: u32) -> Vec<(Cause, SimDuration)> {
    let scenario = crate::support::scenario(workload, n_ranks);
    let machine = cluster(n_ranks as usize, 1);
    parts_of(&prediction::simulate_once(&scenario, &machine, n_ranks, 0, Recording::On).unwrap())
}

#[test]
fn a_stream_that_is_faster_than_its_producer_waits_for_it() {
    // Four files at 5, 10, 15, 20 s; each takes 1 s. The last one begins at 20 s: 4 s of analysis each lie between
    // completions, so the path is 5 + 3 * 4 s of waiting and 4 * 1 s of computing.
    let expected = [(Cause::Compute, seconds(4)), (Cause::Producer, seconds(17))];
    assert_eq!(parts_of_stream(stream(4, 1, Dispatch::Rounds), 2), expected);
}

#[test]
fn a_look_that_comes_after_the_file_is_sleep() {
    // The first file is complete at 5 s, looked for every 3 s: found at 6 s.
    let Workload::LogStream(mut log) = stream(1, 2, Dispatch::Rounds) else { unreachable!() };
    log.poll = seconds(3);
    let expected = [(Cause::Compute, seconds(2)), (Cause::Producer, seconds(5)), (Cause::Sleep, seconds(1))];
    assert_eq!(parts_of_stream(Workload::LogStream(log), 1), expected);
}

#[test]
fn free_ranks_that_wait_for_the_round_to_end_are_round_bound() {
    // Rank 0 takes file 1 at 5 s and analyses it until 65 s. From 10 s on file 2 is there and ranks are free, but the
    // round is not over: 55 s. At 65 s files 2 to 4 are there; the round of three is all that is left: 60 s of computing.
    let expected = [(Cause::Compute, seconds(65)), (Cause::Producer, seconds(5)), (Cause::Round, seconds(55))];
    assert_eq!(parts_of_stream(stream(4, 60, Dispatch::Rounds), 4), expected);
}

#[test]
fn the_first_free_worker_waits_for_no_round() {
    // Three workers: file 3 is complete at 15 s; rank 0 sees it at once and its worker is done at 75 s.
    let parts = parts_of_stream(stream(3, 60, Dispatch::FirstFree), 4);
    assert_eq!(parts, [(Cause::Compute, seconds(60)), (Cause::Producer, seconds(15))]);
}

#[test]
fn a_single_rank_never_waits_for_a_round() {
    let expected = [(Cause::Compute, seconds(240)), (Cause::Producer, seconds(5))];
    assert_eq!(parts_of_stream(stream(4, 60, Dispatch::Rounds), 1), expected);
}

#[test]
fn noise_is_what_a_step_takes_longer_than_without() {
    let mut machine = cluster(1, 1);
    machine.noise = Noise { compute_sigma: [0.5; Kernel::ALL.len()], ..Noise::NONE };
    let run = Run::new(machine, &[0]).rank(0, &[compute(us(100)), compute(us(100)), compute(us(100))]);
    let trace = run.try_run().unwrap();
    let record = trace.record.as_ref().unwrap();
    // The parts of the steps above 100 us, by their own durations
    let above = |a: &dlpc_engine::trace::Activity| (a.end - a.start).saturating_sub(us(100));
    let noise: SimDuration = record.activities[0].iter().map(above).sum();
    let part = |cause| critical_path::breakdown(&trace)[cause as usize].1;
    assert_eq!(part(Cause::Noise), noise);
    assert_eq!(part(Cause::Compute) + noise, trace.makespan - SimTime::ZERO);
}

proptest! {
    #[test]
    fn the_pieces_lie_end_to_end_and_add_up_to_the_makespan(
        work in prop::collection::vec((0..6_usize, 0..200_u64), 1..40),
        traffic in prop::collection::vec((0..6_u32, 1..6_u32, 0..5000_u64), 0..30),
        eager_limit in prop_oneof![Just(0_u64), Just(1000), Just(u64::MAX)],
        overhead in 0..3_u64,
        latency in 0..3_u64,
        sigma in prop_oneof![Just(0.0), Just(0.2)],
        network in prop_oneof![Just(NetworkKind::Flow), Just(NetworkKind::Loggops)],
    ) {
        let mut machine = cluster(2, 2);
        machine.host_groups[0].slowdown = vec![1.0, 1.25];
        let segment = Segment { send_overhead: us(overhead), recv_overhead: us(overhead), latency: us(latency), ..Segment::FREE };
        machine.remote = table(segment, Bytes(eager_limit));
        machine.local = table(segment, Bytes(eager_limit));
        machine.noise = Noise { compute_sigma: [sigma; Kernel::ALL.len()], latency_sigma: sigma, ..Noise::NONE };
        // Three ranks on each host of two cores
        let mut run = Run::new(machine, &[0, 0, 0, 1, 1, 1]);
        run.network = network;
        for (rank, micros) in work {
            run = run.rank(rank, &[compute(us(micros))]);
        }
        for (sender, distance, bytes) in traffic {
            let receiver = (sender + distance) % 6;
            run = run.rank(sender as usize, &[Op::Isend(envelope(receiver, bytes))]);
            run = run.rank(receiver as usize, &[Op::Irecv(from(sender))]);
        }
        run = (0..6).fold(run, |run, rank| run.rank(rank, &[Op::WaitAll]));
        let trace = run.try_run().unwrap();
        let path = critical_path::path(&trace);
        let mut at = SimTime::ZERO;
        for piece in &path {
            prop_assert_eq!(piece.start, at);
            prop_assert!(piece.start < piece.end);
            at = piece.end;
        }
        prop_assert_eq!(at, trace.makespan);
        let total: SimDuration = critical_path::by_cause(&path).into_iter().map(|(_, part)| part).sum();
        prop_assert_eq!(total, trace.makespan - SimTime::ZERO);
        // Time on a link is that of a transfer: it never takes longer than the transfer is under way.
        let record = trace.record.as_ref().unwrap();
        for piece in path {
            if let Origin::Leaving(id) | Origin::Arriving(id) = piece.origin {
                prop_assert!(record.transfers[id.0].start <= piece.start && piece.end <= record.transfers[id.0].arrived);
            }
        }
    }

    #[test]
    fn the_parts_of_a_log_stream_add_up_to_the_makespan(
        items in 1..30_u32, analysis in 0..80_u64, n_ranks in 1..9_u32, poll in 1..4_u64, is_in_rounds: bool,
    ) {
        let dispatch = if is_in_rounds { Dispatch::Rounds } else { Dispatch::FirstFree };
        let Workload::LogStream(mut log) = stream(items, analysis, dispatch) else { unreachable!() };
        log.poll = seconds(poll);
        log.analysis = Distribution::Uniform { low: SimDuration::ZERO, high: seconds(analysis) };
        let scenario = crate::support::scenario(Workload::LogStream(log), n_ranks);
        let machine = cluster(n_ranks as usize, 1);
        let trace = prediction::simulate_once(&scenario, &machine, n_ranks, 0, Recording::On).unwrap();
        let total: SimDuration = critical_path::breakdown(&trace).into_iter().map(|(_, part)| part).sum();
        prop_assert_eq!(total, trace.makespan - SimTime::ZERO);
    }
}
