//! Whom a rank that comes late to a collective holds up.

use dlpc_engine::machine::{ReduceAlgorithm, Segment};
use dlpc_engine::program::collective::{Algorithm, Arguments, Collective};
use dlpc_engine::program::{Op, SleepReason};
use dlpc_engine::units::Bytes;

use crate::support::{Run, cluster, seconds, table};

/// Returns which of eight ranks leave a reduce to rank 0 only after one of them has come, 100 s late. Each send waits for its
/// receive; a vector takes less than a second.
fn held_up_by(late: u32, algorithm: ReduceAlgorithm) -> Vec<u32> {
    let mut machine = cluster(8, 1);
    machine.remote = table(Segment::FREE, Bytes(0));
    let reduce = Collective { algorithm: Algorithm::Reduce(algorithm), arguments: Arguments::of(1000, 8) };
    let mut run = Run::new(machine, &[0, 1, 2, 3, 4, 5, 6, 7]);
    run.ops[late as usize].push(Op::Sleep { duration: seconds(100), reason: SleepReason::Program });
    for (rank, ops) in (0..).zip(&mut run.ops) {
        ops.extend((0..).map_while(|step| reduce.op(rank, 8, step)));
    }
    let finish_times = run.finish_times();
    (0..).zip(finish_times).filter(|(_, at)| *at >= seconds(100)).map(|(rank, _)| rank).collect()
}

/// Rank 0 receives from 1, 2 (and through it 3) and 4 (5, and 7 through 6). It starts the receive from 2 while it waits for 1, the
/// one from 4 only then. So 4 waits, but those below it have handed over theirs.
#[test]
fn a_reduce_along_a_tree_receives_one_child_ahead() {
    assert_eq!(held_up_by(1, ReduceAlgorithm::Binomial), [0, 1, 4]);
    // The one from 4 is started when 1 is there; 3 hands over to 2.
    assert_eq!(held_up_by(2, ReduceAlgorithm::Binomial), [0, 2, 3]);
    // Rank 4 receives from 5 and, one ahead, from 6.
    assert_eq!(held_up_by(5, ReduceAlgorithm::Binomial), [0, 4, 5]);
}

#[test]
fn a_reduce_in_turn_lets_all_children_wait() {
    assert_eq!(held_up_by(1, ReduceAlgorithm::BinomialInTurn), [0, 1, 2, 4]);
    assert_eq!(held_up_by(2, ReduceAlgorithm::BinomialInTurn), [0, 2, 3, 4]);
    // Rank 4 has not received from 6 before 5 is there.
    assert_eq!(held_up_by(5, ReduceAlgorithm::BinomialInTurn), [0, 4, 5, 6]);
}
