//! The patterns of `simgrid/patterns.cpp` on this simulator: the same star, the same messages.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use dlpc_engine::machine::{AlltoallAlgorithm, CollectiveOverrides, MachineModel, MessageTable, Segment, Star};
use dlpc_engine::platform::HostId;
use dlpc_engine::program::phase::Phase;
use dlpc_engine::program::{Envelope, Op, Pattern, Program, RankId, Source, Tag};
use dlpc_engine::units::{Bytes, BytesPerSecond, SecondsPerByte, SimDuration, SimTime};

use crate::agreement;

const RANKS_PER_HOST: u32 = 4;

/// Runs a pattern and prints simulated seconds, number of messages and peak memory in kB.
#[expect(clippy::print_stdout, reason = "what a child process is for")]
pub(crate) fn run(pattern: &str, n_ranks: u32) {
    let machine = star(n_ranks);
    let hosts: Vec<HostId> = (0..n_ranks).map(|rank| HostId(rank / RANKS_PER_HOST)).collect();
    let trace = agreement::simulate(&machine, &hosts, &mut program(pattern, n_ranks));
    println!("{:.9} {} {}", (trace.makespan - SimTime::ZERO).as_seconds(), trace.n_messages, peak_kb());
}

fn program(pattern: &str, n_ranks: u32) -> Program {
    let phase = match pattern {
        "dissemination" => return dissemination(n_ranks, Bytes(8)),
        "barrier" => return dissemination(n_ranks, Bytes(0)),
        "gather" => Phase::Gatherv(Bytes(1000)),
        "alltoall" => Phase::Alltoall(Bytes(10_000)),
        "ring" => Phase::Repeat { times: 2 * (n_ranks - 1), phases: vec![Phase::Ring(Bytes(10_000))] },
        _ => panic!("no pattern {pattern}"),
    };
    let overrides =
        CollectiveOverrides { alltoall: Some(AlltoallAlgorithm::Pairwise), ..CollectiveOverrides::default() };
    Program::of_phases(&[phase], n_ranks, overrides)
}

/// In round k each rank sends to rank + 2^k and receives from rank - 2^k.
fn dissemination(n_ranks: u32, bytes: Bytes) -> Program {
    let n_rounds = n_ranks.next_power_of_two().ilog2();
    let round = |rank: u32, k: u32| {
        let distance = 1 << k;
        let (to, from) = ((rank + distance) % n_ranks, (rank + n_ranks - distance) % n_ranks);
        let irecv = Op::Irecv(Pattern::new(Source::Rank(RankId(from)), None));
        [irecv, Op::Isend(Envelope::new(RankId(to), Tag(0), bytes)), Op::WaitAll]
    };
    let ops = |rank| (0..n_rounds).flat_map(|k| round(rank, k)).collect::<VecDeque<Op>>();
    Program::Fixed((0..n_ranks).map(ops).collect())
}

/// 100 Mbit/s ports and 50 us from host to host; within a host 500 MB/s and 1 us. The cores' part is free, as in the S4U
/// program.
fn star(n_ranks: u32) -> MachineModel {
    let micros = SimDuration::from_micros;
    let hosts = NonZeroU32::new(n_ranks.div_ceil(RANKS_PER_HOST)).expect("ranks");
    let cores = NonZeroU32::new(RANKS_PER_HOST).expect("cores");
    let star = Star::new(hosts, cores, BytesPerSecond::from_mbit(100.0)).latency(micros(25));
    star.local(messages(micros(1), 2e-9)).build()
}

fn messages(latency: SimDuration, byte_gap: f64) -> MessageTable {
    let byte_gap = SecondsPerByte::new(byte_gap).expect("a gap");
    let segment = Segment { latency, byte_gap, ..Segment::FREE };
    MessageTable::uniform(segment, Bytes(u64::MAX))
}

/// Returns the most memory that this process has had, as Linux counts it.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
