//! The ops of each rank of an experiment.

use std::collections::VecDeque;

use dlpc_engine::machine::{Kernel, Kernels};
use dlpc_engine::program::{Envelope, Op, Pattern, RankId, SleepReason, Source, Tag};
use dlpc_engine::units::{Bytes, SimDuration};

use super::machine_kernel;
use crate::calibration::experiment::{Experiment, WorkKernel};

/// The ops of each rank.
pub(super) type Ops = Vec<VecDeque<Op>>;

/// How many times later than a message could be there its receive is posted; latencies have a lognormal noise of a
/// sigma of at most 2.
pub(super) const LATE_FACTOR: u64 = 10_000;

/// Which time of the timing rank, rank 0, is the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// When it finishes, divided by `runs`.
    Finish {
        /// How many of the wanted times it comprises.
        runs: u32,
    },
    /// When it finishes, if it starts long after all messages are there.
    AfterArrival,
    /// Each of its ops.
    EachOp,
}

/// What the ranks do, and which time is taken.
#[derive(Debug)]
pub(super) struct ExperimentProgram {
    pub(super) ops: Ops,
    pub(super) timing: Timing,
}

/// Returns the program of an experiment on `n_ranks` ranks.
///
/// # Errors
/// The kernel whose cost is not known.
pub(super) fn of(experiment: &Experiment, n_ranks: usize, kernels: &Kernels) -> Result<ExperimentProgram, Kernel> {
    let whole = |ops: Ops| ExperimentProgram { ops, timing: Timing::Finish { runs: 1 } };
    let half = |ops: Ops| ExperimentProgram { ops, timing: Timing::Finish { runs: 2 } };
    Ok(match *experiment {
        Experiment::PingPong { bytes, .. } => half(ping_pongs(1, bytes)),
        Experiment::Pairs { pairs, bytes } => half(ping_pongs(pairs, bytes)),
        Experiment::Send { bytes, recv_delay_s, .. } => {
            whole(vec![[send(1, bytes)].into(), [pause(recv_delay_s), recv(0)].into()])
        }
        Experiment::Recv { bytes, .. } => {
            let ops = vec![[recv(1)].into(), [send(0, bytes)].into()];
            ExperimentProgram { ops, timing: Timing::AfterArrival }
        }
        Experiment::Train { bytes, n, delay_s, .. } => whole(train(bytes, n, delay_s)),
        Experiment::FanIn { senders, bytes } => whole(fan_in(senders, bytes)),
        Experiment::Exchange { bytes, .. } => whole(vec![exchange(1, bytes), exchange(0, bytes)]),
        Experiment::Compute { kernel, units, .. } => {
            let op = work(kernel, units, kernels)?;
            whole(vec![[op].into(); n_ranks])
        }
        Experiment::FixedWork { darts, n } => {
            let op = work(WorkKernel::ThrowDart, darts, kernels)?;
            ExperimentProgram { ops: vec![vec![op; n as usize].into()], timing: Timing::EachOp }
        }
    })
}

/// Lets the timing rank start `late`.
pub(super) fn delayed(mut ops: Ops, late: SimDuration) -> Ops {
    ops[0].push_front(Op::Sleep { duration: late, reason: SleepReason::Program });
    ops
}

fn ping_pongs(pairs: u32, bytes: u64) -> Ops {
    let pair = |first: u32| {
        let ping = VecDeque::from([send(first + 1, bytes), recv(first + 1)]);
        [ping, VecDeque::from([recv(first), send(first, bytes)])]
    };
    (0..pairs).flat_map(|i| pair(2 * i)).collect()
}

fn train(bytes: u64, n: u32, delay_s: f64) -> Ops {
    let mut sender = VecDeque::from([send(1, bytes)]);
    for _ in 1..n {
        if delay_s > 0.0 {
            sender.push_back(pause(delay_s));
        }
        sender.push_back(send(1, bytes));
    }
    sender.push_back(recv(1));
    let mut receiver: VecDeque<Op> = (0..n).map(|_| recv(0)).collect();
    receiver.push_back(send(0, 0));
    vec![sender, receiver]
}

fn fan_in(senders: u32, bytes: u64) -> Ops {
    let mut receiver: VecDeque<Op> = (1..=senders).map(|rank| Op::Irecv(from(rank))).collect();
    receiver.extend((1..=senders).map(|rank| send(rank, 0)));
    receiver.push_back(Op::WaitAll);
    let sender = VecDeque::from([recv(0), send(0, bytes)]);
    std::iter::once(receiver).chain((0..senders).map(|_| sender.clone())).collect()
}

fn exchange(peer: u32, bytes: u64) -> VecDeque<Op> {
    [Op::Irecv(from(peer)), Op::Isend(envelope(peer, bytes)), Op::WaitAll].into()
}

fn work(kernel: WorkKernel, units: u64, kernels: &Kernels) -> Result<Op, Kernel> {
    let kernel = machine_kernel(kernel);
    let cost = kernels.cost(kernel).ok_or(kernel)?;
    Ok(Op::Compute { kernel, work: cost.saturating_mul(units) })
}

fn pause(seconds: f64) -> Op {
    Op::Sleep { duration: SimDuration::from_seconds_ceil(seconds), reason: SleepReason::Program }
}

fn envelope(to: u32, bytes: u64) -> Envelope {
    Envelope { to: RankId(to), tag: Tag(0), bytes: Bytes(bytes) }
}

fn from(rank: u32) -> Pattern {
    Pattern { from: Source::Rank(RankId(rank)), tag: None }
}

fn send(to: u32, bytes: u64) -> Op {
    Op::Send(envelope(to, bytes))
}

fn recv(rank: u32) -> Op {
    Op::Recv(from(rank))
}
