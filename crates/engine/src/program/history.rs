//! What the ranks of a program did, op by op, so that it can be told again as a schedule.

use super::{Op, Outcome, Program, RankId};

/// A program that remembers the ops that it gave and how they ended.
#[derive(Debug, Clone)]
pub struct History {
    program: Box<Program>,
    steps: Vec<Vec<Past>>,
}

/// An op that a rank did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// What it was.
    pub op: Op,
    /// How it ended; [`Outcome::Started`] until it has.
    pub outcome: Outcome,
}

impl History {
    /// Remembers what `program` does from now on.
    #[must_use]
    pub fn new(program: Program, n_ranks: u32) -> Self {
        Self { program: Box::new(program), steps: vec![Vec::new(); n_ranks as usize] }
    }

    /// Returns the history of a program whose ops do not depend on how others end, without running it.
    #[must_use]
    pub fn of_static(program: Program, n_ranks: u32) -> Self {
        let mut history = Self::new(program, n_ranks);
        for rank in (0..n_ranks).map(RankId) {
            while history.next(rank, Outcome::Done).is_some() {}
        }
        history
    }

    /// Returns what each rank did.
    #[must_use]
    pub fn steps(&self) -> &[Vec<Past>] {
        &self.steps
    }

    pub(super) fn n_ops_at_most(&self) -> u64 {
        self.program.n_ops_at_most()
    }

    pub(super) fn inner(&mut self) -> &mut Program {
        &mut self.program
    }

    pub(super) fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        let steps = &mut self.steps[rank.0 as usize];
        if let Some(past) = steps.last_mut() {
            past.outcome = outcome;
        }
        let op = self.program.next(rank, outcome)?;
        steps.push(Past { op, outcome: Outcome::Started });
        Some(op)
    }
}
