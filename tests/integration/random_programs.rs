//! Random programs keep the results that the first, simplest engine gave: every instant of every rank, ties included.
//!
//! The engine may be rewritten for speed; what it computes may not change. Each line of the snapshot is the digest of
//! one batch of programs: finish times, activities and transfers, or the deadlock with its blocked ranks.

use std::fmt::Write as _;

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::{MachineModel, Segment};
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::program::{Envelope, Op, Pattern, RankId, SleepReason, Source, Tag};
use dlpc_engine::trace::Trace;
use dlpc_engine::units::{Bytes, SecondsPerByte, SimDuration};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use crate::support::{Run, cluster, compute, table, us};

const N_BATCHES: u64 = 20;
const PROGRAMS_PER_BATCH: u64 = 50;

/// Whole microseconds from a small set, so that many events fall on the same instant.
fn short(rng: &mut ChaCha8Rng) -> SimDuration {
    us(rng.random_range(0..4))
}

fn segment(rng: &mut ChaCha8Rng, upto: u64) -> Segment {
    Segment {
        upto: Bytes(upto),
        send_overhead: short(rng),
        recv_overhead: short(rng),
        byte_overhead: SecondsPerByte::new(f64::from(rng.random_range(0..2_u32)) * 1e-9).unwrap(),
        latency: short(rng),
        byte_gap: SecondsPerByte::new(f64::from(rng.random_range(0..3_u32)) * 1e-9).unwrap(),
        message_gap: short(rng),
    }
}

fn machine(rng: &mut ChaCha8Rng) -> MachineModel {
    let mut machine = cluster(rng.random_range(1..6), rng.random_range(1..4));
    for costs in [&mut machine.local, &mut machine.remote] {
        *costs = table(Segment::FREE, Bytes([0, 100, u64::MAX][rng.random_range(0..3)]));
        costs.segments = vec![segment(rng, 50), segment(rng, u64::MAX)];
    }
    let slows_down = rng.random_bool(0.3);
    for group in &mut machine.host_groups {
        for (factor, busy) in group.slowdown.iter_mut().zip(0_u32..) {
            *factor += if slows_down { 0.25 * f64::from(busy) } else { 0.0 };
        }
        for speed in &mut group.speeds {
            *speed = if rng.random_bool(0.2) { 0.5 } else { 1.0 };
        }
    }
    machine
}

/// Ops of one message: a send of `from` and a receive of `to`, each blocking or not, with or without wildcards.
fn message(rng: &mut ChaCha8Rng, from: u32, to: u32) -> (Op, Op) {
    let tag = Tag(rng.random_range(0..2));
    let bytes = Bytes([0, 1, 8, 50, 51, 100, 1000, 20_000][rng.random_range(0..8)]);
    let envelope = Envelope::new(RankId(to), tag, bytes);
    let source = if rng.random_bool(0.3) { Source::Any } else { Source::Rank(RankId(from)) };
    let pattern = Pattern::new(source, rng.random_bool(0.7).then_some(tag));
    let send = if rng.random_bool(0.5) { Op::Send(envelope) } else { Op::Isend(envelope) };
    let recv = match rng.random_range(0..10) {
        0..=4 => Op::Recv(pattern),
        5..=8 => Op::Irecv(pattern),
        _ => Op::RecvWithin { pattern, timeout: us(rng.random_range(1..40)) },
    };
    (send, recv)
}

fn program(seed: u64) -> Run {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let machine = machine(&mut rng);
    let n_hosts = u32::try_from(machine.n_hosts()).unwrap();
    let n_ranks = rng.random_range(2..9_u32);
    let hosts: Vec<u32> = (0..n_ranks).map(|_| rng.random_range(0..n_hosts)).collect();
    let mut run = Run::new(machine, &hosts);
    run.network = NetworkKind::Loggops;
    for _ in 0..rng.random_range(1..60) {
        let from = rng.random_range(0..n_ranks);
        let to = (from + rng.random_range(1..n_ranks)) % n_ranks;
        let (sent, received) = message(&mut rng, from, to);
        run.ops[from as usize].push(sent);
        run.ops[to as usize].push(received);
        for rank in [from, to] {
            match rng.random_range(0..12) {
                0..=2 => run.ops[rank as usize].push(compute(us(rng.random_range(0..6)))),
                3 => run.ops[rank as usize]
                    .push(Op::Sleep { duration: us(rng.random_range(0..6)), reason: SleepReason::Program }),
                4..=6 => run.ops[rank as usize].push(Op::WaitAll),
                _ => {}
            }
        }
    }
    for ops in &mut run.ops {
        ops.push(Op::WaitAll);
    }
    run
}

fn described(result: &Result<Trace, SimError>) -> String {
    let trace = match result {
        Ok(trace) => trace,
        Err(error) => return blocked(error),
    };
    let mut text = format!("{} {:?}\n", trace.n_messages, trace.finished_at);
    let record = trace.record.as_ref().unwrap();
    for activity in record.activities.iter().flatten() {
        writeln!(text, "{} {}", activity.start.as_picos(), activity.end.as_picos()).unwrap();
    }
    for transfer in &record.transfers {
        let (start, left) = (transfer.start.as_picos(), transfer.left.as_picos());
        writeln!(text, "{} {} {start} {left}", transfer.from.0, transfer.cause).unwrap();
    }
    text
}

/// Returns which ranks are blocked, at which op.
fn blocked(error: &SimError) -> String {
    let SimError::Deadlock { blocked } = error else { panic!("{error}") };
    blocked.iter().fold(String::new(), |text, blocked| text + &format!("{} {}\n", blocked.rank.0, blocked.op))
}

fn digest(batch: u64) -> String {
    let mut hasher = Sha256::new();
    let mut n_deadlocks = 0;
    for i in 0..PROGRAMS_PER_BATCH {
        let result = program(batch * PROGRAMS_PER_BATCH + i).try_run();
        n_deadlocks += u32::from(result.is_err());
        hasher.update(described(&result));
    }
    let hash: String = hasher.finalize().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("batch {batch}: {hash}, {n_deadlocks} of {PROGRAMS_PER_BATCH} deadlocked")
}

#[test]
fn results_are_those_of_the_first_engine() {
    let digests: Vec<String> = (0..N_BATCHES).map(digest).collect();
    insta::assert_snapshot!(digests.join("\n"));
}

/// Keeping no steps must not change when anything happens.
#[test]
fn a_run_without_a_record_ends_like_one_with_it() {
    for seed in 0..500 {
        let run = program(seed);
        let (recorded, bare) = (run.try_run(), run.without_record());
        match (recorded, bare) {
            (Ok(recorded), Ok(bare)) => {
                assert_eq!((recorded.finished_at, recorded.n_messages), (bare.finished_at, bare.n_messages), "{seed}");
            }
            (recorded, bare) => assert_eq!(recorded.err(), bare.err(), "program {seed}"),
        }
    }
}
