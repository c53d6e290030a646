//! The critical path: hand-derived cases, and parts that always add up to the makespan.

use dlpc_sim::analysis::{Cause, critical_path};
use dlpc_sim::machine::Segment;
use dlpc_sim::program::Op;
use dlpc_sim::units::{Bytes, SimDuration, SimTime};
use proptest::prelude::*;

use crate::support::{FREE, Run, cluster, compute, envelope, from, recv, send, table, us};

fn parts(run: &Run) -> Vec<(Cause, SimDuration)> {
    let breakdown = critical_path::breakdown(&run.try_run().unwrap());
    breakdown.into_iter().filter(|(_, part)| *part != SimDuration::ZERO).collect()
}

#[test]
fn the_path_of_one_message_is_sender_wire_receiver() {
    let mut machine = cluster(2, 1);
    machine.remote =
        table(Segment { send_overhead: us(10), recv_overhead: us(12), latency: us(50), ..FREE }, Bytes(u64::MAX));
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
    machine.remote = table(FREE, Bytes(0));
    let run =
        Run::new(machine, &[0, 1]).rank(0, &[send(1, 1250), compute(us(1000))]).rank(1, &[compute(us(300)), recv(0)]);
    // Rank 1 answers at 300 us, the data is out at 400 us, then 1000 us of rank 0
    assert_eq!(parts(&run), [(Cause::Compute, us(1300)), (Cause::Bandwidth, us(100))]);
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_makespan(
        work in prop::collection::vec((0..4_usize, 0..200_u64), 1..40),
        traffic in prop::collection::vec((0..4_u32, 1..4_u32, 0..5000_u64), 0..30),
        eager_limit in prop_oneof![Just(0_u64), Just(1000), Just(u64::MAX)],
        overhead in 0..3_u64,
        latency in 0..3_u64,
    ) {
        let mut machine = cluster(2, 2);
        machine.host_groups[0].slowdown = vec![1.0, 1.25];
        let segment = Segment { send_overhead: us(overhead), recv_overhead: us(overhead), latency: us(latency), ..FREE };
        machine.remote = table(segment, Bytes(eager_limit));
        machine.local = table(segment, Bytes(eager_limit));
        let mut run = Run::new(machine, &[0, 0, 1, 1]);
        for (rank, micros) in work {
            run = run.rank(rank, &[compute(us(micros))]);
        }
        for (sender, distance, bytes) in traffic {
            let receiver = (sender + distance) % 4;
            run = run.rank(sender as usize, &[Op::Isend(envelope(receiver, bytes))]);
            run = run.rank(receiver as usize, &[Op::Irecv(from(sender))]);
        }
        run = (0..4).fold(run, |run, rank| run.rank(rank, &[Op::WaitAll]));
        let trace = run.try_run().unwrap();
        let total: SimDuration = critical_path::breakdown(&trace).into_iter().map(|(_, part)| part).sum();
        prop_assert_eq!(total, trace.makespan - SimTime::ZERO);
    }
}
