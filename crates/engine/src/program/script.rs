//! A fixed list of steps that every rank goes through; the program of `pi` and of custom workloads.

use super::collective::{Collective, EXCHANGE_OPS, Exchange, selection};
use super::{Op, RankId, SleepReason};
use crate::machine::{CollectiveOverrides, Kernel};
use crate::units::SimDuration;
use crate::workload::{Phase, Share};

/// One step of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Every rank computes.
    Compute(Kernel, SimDuration),
    /// Rank 0 computes, the others go on.
    ComputeOnRankZero(Kernel, SimDuration),
    /// Every rank sleeps.
    Sleep(SimDuration),
    /// Every rank takes part.
    Collective(Collective),
    /// Goes back to step `to` until the steps in between have run `times` times.
    Again { to: usize, times: u32, depth: usize },
}

/// A fixed list of steps and how far each rank is.
#[derive(Debug, Clone)]
pub struct Script {
    steps: Vec<Step>,
    n_ranks: u32,
    cursors: Vec<Cursor>,
    /// Rounds done of the loops around the current step, `depth` per rank.
    rounds: Vec<u32>,
    depth: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    step: u32,
    op: u32,
}

impl Script {
    pub(super) fn new(steps: Vec<Step>, n_ranks: u32) -> Self {
        let depths = steps.iter().map(|step| if let Step::Again { depth, .. } = step { depth + 1 } else { 0 });
        let depth = depths.max().unwrap_or(0);
        let n = n_ranks as usize;
        Self { steps, n_ranks, cursors: vec![Cursor::default(); n], rounds: vec![0; n * depth], depth }
    }

    /// Returns how many ops all ranks have together, at most `u64::MAX`.
    pub(super) fn n_ops(&self) -> u64 {
        let mut known: Vec<(Collective, u64)> = Vec::new();
        // Ops of the steps before each step, with the repeats that have ended there.
        let mut before: Vec<u64> = vec![0];
        for step in &self.steps {
            let all = before[before.len() - 1];
            let more = match *step {
                Step::Compute(..) | Step::Sleep(_) => u64::from(self.n_ranks),
                Step::ComputeOnRankZero(..) => 1,
                Step::Collective(collective) => n_ops_of(collective.of_one_byte(), self.n_ranks, &mut known),
                Step::Again { to, times, .. } => (all - before[to]).saturating_mul(u64::from(times.saturating_sub(1))),
            };
            before.push(all.saturating_add(more));
        }
        before[before.len() - 1]
    }

    pub(super) fn next(&mut self, rank: RankId) -> Option<Op> {
        loop {
            let cursor = &mut self.cursors[rank.0 as usize];
            let step = *self.steps.get(cursor.step as usize)?;
            let op_number = cursor.op;
            cursor.op += 1;
            let op = match step {
                Step::Compute(kernel, work) => (op_number == 0).then_some(Op::Compute { kernel, work }),
                Step::ComputeOnRankZero(kernel, work) => {
                    (op_number == 0 && rank.0 == 0).then_some(Op::Compute { kernel, work })
                }
                Step::Sleep(duration) => {
                    (op_number == 0).then_some(Op::Sleep { duration, reason: SleepReason::Program })
                }
                Step::Collective(collective) => collective.op(rank.0, self.n_ranks, op_number),
                Step::Again { .. } => None,
            };
            if op.is_some() {
                return op;
            }
            self.go_on(rank, step);
        }
    }

    /// Returns the exchange that is next, if that is what is next in a collective that consists of exchanges, and takes
    /// all of its ops.
    #[inline]
    pub(super) fn next_exchange(&mut self, rank: RankId) -> Option<Exchange> {
        loop {
            let cursor = &mut self.cursors[rank.0 as usize];
            let step = *self.steps.get(cursor.step as usize)?;
            if let Step::Collective(collective) = step {
                if !cursor.op.is_multiple_of(EXCHANGE_OPS) {
                    return None;
                }
                if let Some(exchange) = collective.exchange(rank.0, self.n_ranks, cursor.op / EXCHANGE_OPS) {
                    cursor.op += EXCHANGE_OPS;
                    return Some(exchange);
                }
                if !collective.is_exchanges() {
                    return None;
                }
            } else if !matches!(step, Step::Again { .. }) {
                return None;
            }
            self.go_on(rank, step);
        }
    }

    fn go_on(&mut self, rank: RankId, step: Step) {
        let cursor = &mut self.cursors[rank.0 as usize];
        cursor.op = 0;
        cursor.step += 1;
        if let Step::Again { to, times, depth } = step {
            let rounds = &mut self.rounds[rank.0 as usize * self.depth + depth];
            *rounds += 1;
            if *rounds < times {
                cursor.step = u32::try_from(to).expect("invariant: few steps");
            } else {
                *rounds = 0;
            }
        }
    }
}

/// Returns the ops of a collective, counted once for each algorithm.
fn n_ops_of(collective: Collective, n_ranks: u32, known: &mut Vec<(Collective, u64)>) -> u64 {
    if let Some((_, n)) = known.iter().find(|(other, _)| *other == collective) {
        return *n;
    }
    let n = collective.n_ops(n_ranks);
    known.push((collective, n));
    n
}

/// Turns the phases of a custom workload into a script.
pub(super) fn compile(phases: &[Phase], n_ranks: u32, overrides: CollectiveOverrides) -> Script {
    let mut steps = Vec::new();
    for phase in phases {
        compile_phase(phase, n_ranks, overrides, 0, &mut steps);
    }
    Script::new(steps, n_ranks)
}

fn compile_phase(phase: &Phase, n_ranks: u32, overrides: CollectiveOverrides, depth: usize, steps: &mut Vec<Step>) {
    let step = match phase {
        Phase::Compute { work, share } => match share {
            Share::EachRank => Step::Compute(Kernel::Custom, *work),
            Share::Divided => Step::Compute(Kernel::Custom, divided(*work, n_ranks)),
            Share::RankZero => Step::ComputeOnRankZero(Kernel::Custom, *work),
        },
        Phase::Sleep(duration) => Step::Sleep(*duration),
        Phase::Barrier => Step::Collective(selection::barrier(n_ranks, overrides)),
        Phase::Bcast(bytes) => Step::Collective(selection::bcast(n_ranks, *bytes, overrides)),
        Phase::Scatter(bytes) => Step::Collective(selection::scatter(n_ranks, *bytes, overrides)),
        Phase::Scatterv(bytes) => Step::Collective(Collective::Scatterv(*bytes)),
        Phase::Gather(bytes) => Step::Collective(selection::gather(n_ranks, *bytes, overrides)),
        Phase::Gatherv(bytes) => Step::Collective(Collective::Gatherv(*bytes)),
        Phase::Reduce(bytes) => Step::Collective(selection::reduce(n_ranks, *bytes, overrides)),
        Phase::Allreduce(bytes) => Step::Collective(selection::allreduce(*bytes, overrides)),
        Phase::Allgather(bytes) => Step::Collective(selection::allgather(n_ranks, *bytes, overrides)),
        Phase::Alltoall(bytes) => Step::Collective(selection::alltoall(n_ranks, *bytes, overrides)),
        Phase::Ring(bytes) => Step::Collective(Collective::Ring(*bytes)),
        Phase::Halo(bytes) => Step::Collective(Collective::Halo(*bytes)),
        Phase::Divided(phase) => return compile_phase(&phase.part_of_each(n_ranks), n_ranks, overrides, depth, steps),
        Phase::Repeat { times, phases } => {
            if *times == 0 || phases.is_empty() {
                return;
            }
            let to = steps.len();
            for phase in phases {
                compile_phase(phase, n_ranks, overrides, depth + 1, steps);
            }
            Step::Again { to, times: *times, depth }
        }
    };
    steps.push(step);
}

fn divided(work: SimDuration, n_ranks: u32) -> SimDuration {
    SimDuration::from_picos(work.as_picos().div_ceil(n_ranks.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    /// The ops that all ranks are given, one after the other.
    fn counted(script: &mut Script) -> u64 {
        let ranks = 0..script.n_ranks;
        ranks.map(|rank| (0..).map_while(|_: u64| script.next(RankId(rank))).count() as u64).sum()
    }

    #[test]
    fn the_ops_of_a_script_are_counted_without_going_through_it() {
        let compute = |share| Phase::Compute { work: SimDuration::from_micros(1), share };
        let phases = |bytes| {
            let collectives = [
                Phase::Barrier,
                Phase::Bcast(bytes),
                Phase::Scatter(bytes),
                Phase::Scatterv(bytes),
                Phase::Gather(bytes),
                Phase::Gatherv(bytes),
                Phase::Reduce(bytes),
                Phase::Allreduce(bytes),
                Phase::Allgather(bytes),
                Phase::Alltoall(bytes),
                Phase::Ring(bytes),
            ];
            let others =
                [compute(Share::EachRank), compute(Share::RankZero), Phase::Sleep(SimDuration::from_micros(1))];
            collectives.into_iter().chain(others).collect::<Vec<_>>()
        };
        for n_ranks in (1..=20).chain([64, 130]) {
            // By these sizes each collective has each of its algorithms at some rank count.
            for bytes in [0, 3, 600, 40_000, 700_000].map(Bytes) {
                let mut all = phases(bytes);
                for phase in &all {
                    let mut script = compile(std::slice::from_ref(phase), n_ranks, CollectiveOverrides::default());
                    assert_eq!(script.n_ops(), counted(&mut script), "{phase:?} at {n_ranks} ranks");
                }
                let inner = Phase::Repeat { times: 3, phases: vec![Phase::Barrier, compute(Share::RankZero)] };
                all.push(Phase::Repeat { times: 2, phases: vec![inner, Phase::Ring(bytes)] });
                let mut script = compile(&all, n_ranks, CollectiveOverrides::default());
                assert_eq!(script.n_ops(), counted(&mut script), "all at {n_ranks} ranks");
            }
        }
    }

    #[test]
    fn what_would_be_too_many_ops_to_count_is_the_most() {
        let innermost = Phase::Repeat { times: u32::MAX, phases: vec![Phase::Barrier] };
        let inner = Phase::Repeat { times: u32::MAX, phases: vec![innermost] };
        let phases = [Phase::Repeat { times: u32::MAX, phases: vec![inner] }];
        assert_eq!(compile(&phases, 8, CollectiveOverrides::default()).n_ops(), u64::MAX);
    }
}
