//! A fixed list of steps that every rank goes through.

use super::collective::{Collective, EXCHANGE_OPS, Exchange};
use super::{Op, RankId, SleepReason};
use crate::machine::Kernel;
use crate::units::SimDuration;

/// One step of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every rank computes.
    Compute(Kernel, SimDuration),
    /// Rank 0 computes, the others go on.
    ComputeOnRankZero(Kernel, SimDuration),
    /// Every rank sleeps.
    Sleep(SimDuration),
    /// Every rank takes part.
    Collective(Collective),
    /// Goes back until the steps in between have run so many times.
    Again {
        /// The step to go back to.
        to: usize,
        /// How often the steps in between run; above zero.
        times: u32,
        /// How many other repeats are around this one.
        depth: usize,
    },
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
    /// Returns the script of these steps, at whose start all ranks are.
    #[must_use]
    pub fn new(steps: Vec<Step>, n_ranks: u32) -> Self {
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
                Step::Collective(collective) => {
                    n_ops_of(collective.with_few_elements(self.n_ranks), self.n_ranks, &mut known)
                }
                Step::Again { to, times, .. } => (all - before[to]).saturating_mul(u64::from(times.saturating_sub(1))),
            };
            before.push(all.saturating_add(more));
        }
        before[before.len() - 1]
    }

    pub(super) fn next(&mut self, rank: RankId) -> Option<Op> {
        loop {
            let cursor = &mut self.cursors[rank.0 as usize];
            let op_number = cursor.op;
            let op = match self.steps.get(cursor.step as usize)? {
                Step::Compute(kernel, work) => (op_number == 0).then_some(Op::Compute { kernel: *kernel, work: *work }),
                Step::ComputeOnRankZero(kernel, work) => {
                    (op_number == 0 && rank.0 == 0).then_some(Op::Compute { kernel: *kernel, work: *work })
                }
                Step::Sleep(duration) => {
                    (op_number == 0).then_some(Op::Sleep { duration: *duration, reason: SleepReason::Program })
                }
                Step::Collective(collective) => collective.op(rank.0, self.n_ranks, op_number),
                Step::Again { .. } => None,
            };
            if op.is_some() {
                cursor.op += 1;
                return op;
            }
            self.go_on(rank);
        }
    }

    /// Returns the exchange that is next, if that is what is next in a collective that consists of exchanges, and takes
    /// all of its ops.
    #[inline]
    pub(super) fn next_exchange(&mut self, rank: RankId) -> Option<Exchange> {
        loop {
            let cursor = &mut self.cursors[rank.0 as usize];
            match self.steps.get(cursor.step as usize)? {
                Step::Collective(collective) => {
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
                    *cursor = cursor.after();
                }
                Step::Again { .. } => self.go_on(rank),
                Step::Compute(..) | Step::ComputeOnRankZero(..) | Step::Sleep(_) => return None,
            }
        }
    }

    /// Lets a rank leave the step where it is.
    fn go_on(&mut self, rank: RankId) {
        let cursor = &mut self.cursors[rank.0 as usize];
        let step = &self.steps[cursor.step as usize];
        *cursor = cursor.after();
        if let Step::Again { to, times, depth } = *step {
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

impl Cursor {
    /// Returns the start of the next step.
    fn after(self) -> Self {
        Self { step: self.step + 1, op: 0 }
    }
}

/// Returns the ops of a collective, counted once for each algorithm.
pub(super) fn n_ops_of(collective: Collective, n_ranks: u32, known: &mut Vec<(Collective, u64)>) -> u64 {
    if let Some((_, n)) = known.iter().find(|(other, _)| *other == collective) {
        return *n;
    }
    let n = collective.n_ops(n_ranks);
    known.push((collective, n));
    n
}
