//! Physics of the engine: each expected time is derived in a comment.

use std::num::NonZeroU32;

use dlpc_engine::engine::{BlockedIn, Need, SimError};
use dlpc_engine::machine::{Duplex, Forwarding, Interruptions, Segment, Topology};
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::program::{Op, Pattern, RankId, SleepReason, Source, Tag};
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration};

use crate::support::{Run, cluster, compute, envelope, from, recv, seconds, send, table, us};

const MB: u64 = 1_000_000;

/// o = 10 us on either side, L = 50 us, no cost per byte but that of the links.
const POST: Segment = Segment {
    send_overhead: SimDuration::from_micros(10),
    recv_overhead: SimDuration::from_micros(12),
    latency: SimDuration::from_micros(50),
    ..Segment::FREE
};

fn picos(seconds: f64) -> SimDuration {
    SimDuration::from_seconds_ceil(seconds)
}

#[test]
fn an_eager_message_costs_overheads_latency_and_bandwidth() {
    let mut machine = cluster(2, 1);
    machine.remote = table(POST, Bytes(u64::MAX));
    let run = Run::new(machine, &[0, 1]).rank(0, &[send(1, 12_500)]).rank(1, &[recv(0)]);
    // o_s + s/b + L + o_r = 10 + 12,500 B / 12.5 B/us + 50 + 12 = 10 + 1000 + 50 + 12 = 1072 us; the sender is free
    // after o_s.
    assert_eq!(run.finish_times(), [us(10), us(1072)]);
}

#[test]
fn a_zero_byte_message_costs_overheads_and_latency() {
    let mut machine = cluster(2, 1);
    machine.remote = table(POST, Bytes(0));
    for network in [NetworkKind::Flow, NetworkKind::Loggops] {
        let mut run = Run::new(machine.clone(), &[0, 1]).rank(0, &[send(1, 0)]).rank(1, &[recv(0)]);
        run.network = network;
        // o_s + L + o_r = 10 + 50 + 12
        assert_eq!(run.finish_times(), [us(10), us(72)]);
    }
}

#[test]
fn loggops_charges_the_gap_of_all_bytes_but_the_first() {
    let mut machine = cluster(2, 1);
    machine.remote = table(Segment { byte_gap: SecondsPerByte::new(1e-7).unwrap(), ..POST }, Bytes(u64::MAX));
    let mut run = Run::new(machine, &[0, 1]).rank(0, &[send(1, 1024)]).rank(1, &[recv(0)]);
    run.network = NetworkKind::Loggops;
    // The port of 12.5 B/us takes 0.08 us per byte, less than G = 0.1 us.
    // o_s + L + (s - 1) G + o_r = 10 + 50 + 1023 * 0.1 + 12 = 174.3 us
    assert_eq!(run.makespan(), picos(174.3e-6));
}

#[test]
fn loggops_keeps_a_gap_between_messages_of_one_host() {
    let mut machine = cluster(2, 1);
    machine.remote = table(Segment { message_gap: us(30), ..POST }, Bytes(u64::MAX));
    let mut run = Run::new(machine, &[0, 1]).rank(0, &[send(1, 1); 3]).rank(1, &[recv(0); 3]);
    run.network = NetworkKind::Loggops;
    // Messages leave the core at 10, 20, 30 us and the interface at 10, 40, 70 us; the last is there at 70 + 50 us and
    // received at 132 us.
    assert_eq!(run.makespan(), us(132));
}

#[test]
fn an_early_message_and_a_late_one_cost_the_receiver_the_same() {
    let mut machine = cluster(2, 1);
    machine.remote = table(POST, Bytes(u64::MAX));
    let late = Run::new(machine.clone(), &[0, 1]).rank(0, &[send(1, 0)]).rank(1, &[compute(us(500)), recv(0)]);
    // The message is there at 60 us, the receive is called at 500 us: 500 + o_r.
    assert_eq!(late.finish_times()[1], us(512));
    let early = Run::new(machine, &[0, 1]).rank(0, &[compute(us(500)), send(1, 0)]).rank(1, &[recv(0)]);
    // 500 + o_s + L + o_r
    assert_eq!(early.finish_times()[1], us(572));
}

#[test]
fn a_rendezvous_send_waits_for_the_receive() {
    let mut machine = cluster(2, 1);
    machine.remote = table(POST, Bytes(1000));
    let run = Run::new(machine, &[0, 1]).rank(0, &[send(1, 12_500)]).rank(1, &[compute(us(500)), recv(0)]);
    // The request is there at o_s + L = 60 us. The receive is called at 500 us and answered for o_r + o_s = 22 us; the
    // answer is there at 522 + 50 = 572 us; the sender takes it and sends for o_r + o_s = 22 us: 594 us. The data
    // leaves for 1000 us: the send is done at 1594 us. It is there at 1644 us and received at 1656 us.
    assert_eq!(run.finish_times(), [us(1594), us(1656)]);
}

#[test]
fn thirty_one_ranks_sending_to_rank_0_take_as_long_as_its_port_needs() {
    let mut machine = cluster(32, 1);
    machine.remote = table(POST, Bytes(u64::MAX));
    let hosts: Vec<u32> = (0..32).collect();
    let receives: Vec<Op> = (1..32).map(recv).collect();
    let run = (1..32).fold(Run::new(machine, &hosts).rank(0, &receives), |run, rank| run.rank(rank, &[send(0, MB)]));
    // All flows start at o_s = 10 us and share rank 0's port of 12.5 MB/s: 31 MB / 12.5 MB/s = 2.48 s; all end
    // together; then L = 50 us and 31 receives of 12 us, one after the other: 2.48 s + 10 + 50 + 372 us = 2.480432 s.
    assert_eq!(run.makespan(), picos(2.480_432));
}

#[test]
fn four_ranks_of_one_host_share_its_port() {
    let machine = cluster(5, 4);
    let one = Run::new(machine.clone(), &[0, 1]).rank(0, &[send(1, MB)]).rank(1, &[recv(0)]);
    // 1 MB / 12.5 MB/s = 80 ms
    assert_eq!(one.makespan(), us(80_000));
    let four = (0..4_u32).fold(Run::new(machine, &[0, 0, 0, 0, 1, 2, 3, 4]), |run, i| {
        run.rank(i as usize, &[send(i + 4, MB)]).rank(i as usize + 4, &[recv(i)])
    });
    // 4 MB through one port: four times as long
    assert_eq!(four.makespan(), us(320_000));
}

#[test]
fn two_disjoint_pairs_do_not_disturb_each_other() {
    let run = Run::new(cluster(4, 1), &[0, 1, 2, 3])
        .rank(0, &[send(1, MB)])
        .rank(1, &[recv(0)])
        .rank(2, &[send(3, 2 * MB)])
        .rank(3, &[recv(2)]);
    // 1 MB and 2 MB / 12.5 MB/s, as if each were alone
    assert_eq!(run.finish_times()[1], us(80_000));
    assert_eq!(run.finish_times()[3], us(160_000));
}

#[test]
fn a_flow_speeds_up_when_another_ends() {
    let run = Run::new(cluster(3, 1), &[0, 1, 2])
        .rank(0, &[send(2, MB)])
        .rank(1, &[send(2, 3 * MB)])
        .rank(2, &[recv(0), recv(1)]);
    // Both at 6.25 MB/s until the first MB is through at 160 ms; then 2 MB are left at 12.5 MB/s: 160 ms more.
    assert_eq!(run.makespan(), us(320_000));
}

#[test]
fn both_directions_share_a_half_duplex_port() {
    let exchange = |duplex| {
        let mut machine = cluster(2, 1);
        machine.host_groups[0].nic.duplex = duplex;
        Run::new(machine, &[0, 1]).rank(0, &[send(1, MB), recv(1)]).rank(1, &[send(0, MB), recv(0)]).makespan()
    };
    // 1 MB each way: at once, or 2 MB through the same 12.5 MB/s
    assert_eq!(exchange(Duplex::Full), us(80_000));
    assert_eq!(exchange(Duplex::Half), us(160_000));
}

#[test]
fn all_pairs_share_the_backplane() {
    let mut machine = cluster(4, 1);
    machine.switch.backplane_bandwidth = Some(BytesPerSecond::from_mbit(100.0));
    let run = Run::new(machine, &[0, 1, 2, 3])
        .rank(0, &[send(1, MB)])
        .rank(1, &[recv(0)])
        .rank(2, &[send(3, MB)])
        .rank(3, &[recv(2)]);
    // 2 MB through a backplane of 12.5 MB/s
    assert_eq!(run.makespan(), us(160_000));
}

#[test]
fn leaf_switches_share_their_uplink() {
    let mut machine = cluster(4, 1);
    machine.switch.latency = us(5);
    machine.switch.topology = Topology::Tree {
        hosts_per_leaf: NonZeroU32::new(2).unwrap(),
        uplink_bandwidth: BytesPerSecond::from_mbit(100.0),
        uplink_latency: us(1),
    };
    let across = Run::new(machine.clone(), &[0, 1, 2, 3])
        .rank(0, &[send(2, MB)])
        .rank(1, &[send(3, MB)])
        .rank(2, &[recv(0)])
        .rank(3, &[recv(1)]);
    // 2 MB over one uplink of 12.5 MB/s, then three switches of 5 us and two uplinks of 1 us
    assert_eq!(across.makespan(), us(160_000 + 17));
    let within = Run::new(machine, &[0, 1]).rank(0, &[send(1, MB)]).rank(1, &[recv(0)]);
    // One switch
    assert_eq!(within.makespan(), us(80_000 + 5));
}

#[test]
fn a_store_and_forward_switch_delays_by_one_frame() {
    let mut machine = cluster(2, 1);
    machine.switch.forwarding = Forwarding::StoreAndForward { frame: Bytes(1500) };
    let makespan = |bytes| Run::new(machine.clone(), &[0, 1]).rank(0, &[send(1, bytes)]).rank(1, &[recv(0)]).makespan();
    // 80 ms + 1500 B / 12.5 B/us = 120 us; a message below a frame is stored as a whole: 2 * 100 B / 12.5 B/us
    assert_eq!(makespan(MB), us(80_120));
    assert_eq!(makespan(100), us(16));
}

#[test]
fn messages_of_a_pair_do_not_overtake_each_other() {
    // The first message is large and slow, the second empty; a receive from any tag must take the first.
    let tagged = |tag, bytes| Op::Send(dlpc_engine::program::Envelope { tag: Tag(tag), ..envelope(1, bytes) });
    let run = Run::new(cluster(2, 1), &[0, 1])
        .rank(0, &[tagged(1, MB), tagged(2, 0)])
        .rank(1, &[recv(0), compute(us(7)), Op::Recv(Pattern::new(Source::Any, Some(Tag(2))))]);
    // The large one is there after 80 ms, and only then the empty one: 80 ms + 7 us.
    assert_eq!(run.makespan(), us(80_007));
}

#[test]
fn a_wildcard_receive_takes_whoever_comes_first() {
    let any = Op::Recv(Pattern::new(Source::Any, None));
    let run = Run::new(cluster(3, 1), &[0, 1, 2])
        .rank(0, &[any, compute(us(10)), any])
        .rank(1, &[compute(us(100)), send(0, 0)])
        .rank(2, &[compute(us(50)), send(0, 0)]);
    // Rank 2's message at 50 us, 10 us of work, then rank 1's at 100 us
    assert_eq!(run.finish_times()[0], us(100));
}

#[test]
fn a_receive_with_a_time_limit_gives_up_and_can_be_tried_again() {
    let within = |micros| Op::RecvWithin { pattern: from(1), timeout: us(micros) };
    let run =
        Run::new(cluster(2, 1), &[0, 1]).rank(0, &[within(30), within(100)]).rank(1, &[compute(us(80)), send(0, 0)]);
    assert_eq!(run.finish_times()[0], us(80));
}

#[test]
fn cores_slow_down_when_more_of_them_are_busy() {
    let mut machine = cluster(1, 2);
    machine.host_groups[0].slowdown = vec![1.0, 1.5];
    let run = Run::new(machine, &[0, 0]).rank(0, &[compute(us(100))]).rank(1, &[compute(us(300))]);
    // Both at rate 1/1.5: rank 0 is done at 150 us, when rank 1 has done 100 us; its other 200 us go at full speed.
    assert_eq!(run.finish_times(), [us(150), us(350)]);
}

#[test]
fn more_ranks_than_cores_share_them() {
    let run = Run::new(cluster(1, 2), &[0, 0, 0])
        .rank(0, &[compute(us(100))])
        .rank(1, &[compute(us(100))])
        .rank(2, &[compute(us(200))]);
    // Three ranks on two cores run at 2/3: 100 us take 150 us; the third has 100 us left, alone: 250 us.
    assert_eq!(run.finish_times(), [us(150), us(150), us(250)]);
}

#[test]
fn a_slow_host_takes_longer_for_work_and_for_overheads() {
    let mut machine = cluster(2, 1);
    machine.host_groups[0].speeds[1] = 0.5;
    machine.remote = table(POST, Bytes(u64::MAX));
    let run = Run::new(machine, &[0, 1]).rank(0, &[recv(1)]).rank(1, &[compute(us(100)), send(0, 0)]);
    // 100 / 0.5 + o_s / 0.5 + L + o_r = 200 + 20 + 50 + 12
    assert_eq!(run.makespan(), us(282));
}

#[test]
fn a_sleeping_rank_leaves_its_core_to_others() {
    let sleep = Op::Sleep { duration: us(100), reason: SleepReason::Program };
    let run = Run::new(cluster(1, 1), &[0, 0]).rank(0, &[sleep]).rank(1, &[compute(us(100))]);
    assert_eq!(run.finish_times(), [us(100), us(100)]);
}

#[test]
fn two_ranks_that_receive_first_are_a_deadlock_that_names_both() {
    let run = Run::new(cluster(2, 1), &[0, 1])
        .rank(0, &[compute(us(1)), recv(1), send(1, 8)])
        .rank(1, &[recv(0), send(0, 8)]);
    let Err(SimError::Deadlock { blocked }) = run.try_run() else { panic!("no deadlock") };
    assert_eq!(blocked.len(), 2);
    assert_eq!((blocked[0].rank, blocked[0].op), (RankId(0), 1));
    assert_eq!(blocked[0].call, BlockedIn::Recv);
    assert_eq!(blocked[0].needs, [Need::Message { pattern: from(1), is_over: false }]);
    assert_eq!(
        run.try_run().unwrap_err().to_string(),
        "deadlock: 2 ranks cannot go on\n  rank 0 (op 1) waits in a receive for a message from rank 1\n  rank 1 (op 0) waits \
         in a receive for a message from rank 0"
    );
}

#[test]
fn large_sends_to_each_other_are_a_deadlock_and_small_ones_are_not() {
    let exchange = |bytes| {
        let mut machine = cluster(2, 1);
        machine.remote = table(Segment::FREE, Bytes(4096));
        Run::new(machine, &[0, 1]).rank(0, &[send(1, bytes), recv(1)]).rank(1, &[send(0, bytes), recv(0)]).try_run()
    };
    assert!(exchange(4096).is_ok());
    let Err(SimError::Deadlock { blocked }) = exchange(4097) else { panic!("no deadlock") };
    assert_eq!(blocked.iter().map(|blocked| blocked.op).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn started_sends_and_receives_go_on_at_once() {
    let mut machine = cluster(2, 1);
    machine.remote = table(Segment::FREE, Bytes(4096));
    let exchange = [0_usize, 1].into_iter().fold(Run::new(machine, &[0, 1]), |run, rank| {
        let other = 1 - u32::try_from(rank).unwrap();
        run.rank(rank, &[Op::Irecv(from(other)), Op::Isend(envelope(other, MB)), Op::WaitAll])
    });
    // Both megabytes at once, in full duplex
    assert_eq!(exchange.makespan(), us(80_000));
}

#[test]
fn interruptions_lengthen_work_by_their_share_of_time() {
    let mut machine = cluster(1, 1);
    machine.noise.interruptions = Some(Interruptions { interval: us(1000), duration: us(50) });
    let run = Run::new(machine, &[0]).rank(0, &[compute(seconds(10))]);
    // 10 s hold 10,000 +- 100 interruptions of 50 us: 0.5 s +- 5 sigma * 5 ms
    let extra = run.makespan().as_seconds() - 10.0;
    assert!((0.475..0.525).contains(&extra), "{extra} s");
}

#[test]
fn a_run_of_more_than_213_days_is_an_error() {
    let run = Run::new(cluster(1, 1), &[0]).rank(0, &[compute(us(1)), compute(SimDuration::MAX)]);
    assert_eq!(run.try_run(), Err(SimError::TimeOverflow));
}
