//! Halving of a vector by pairwise exchange, with which Rabenseifner's algorithms begin.

use super::arguments::Arguments;
use super::member::Member;
use super::steps::{Found, Steps};

/// The places of the q ranks that take part in the halving, q the largest power of two: of the first 2 (p - q) ranks the
/// even ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halving {
    arguments: Arguments,
    pub(super) n_rounds: u32,
    /// Number of ranks that are left out.
    n_left_out: u32,
}

/// How a place divides what it has in a round.
pub(super) struct Part {
    /// Elements whose sum it gets.
    pub(super) kept: u64,
    /// Elements whose sum its peer gets.
    pub(super) given: u64,
}

impl Halving {
    pub(super) fn of(arguments: Arguments, n_ranks: u32) -> Self {
        let n_rounds = n_ranks.ilog2();
        Self { arguments, n_rounds, n_left_out: n_ranks - (1 << n_rounds) }
    }

    /// Returns the place of a rank; none if it is left out.
    pub(super) fn place(self, rank: u32) -> Option<u32> {
        match rank {
            _ if rank >= 2 * self.n_left_out => Some(rank - self.n_left_out),
            _ if rank.is_multiple_of(2) => Some(rank / 2),
            _ => None,
        }
    }

    /// Returns the rank at a place.
    pub(super) fn rank(self, place: u32) -> u32 {
        if place < self.n_left_out { 2 * place } else { place + self.n_left_out }
    }

    /// Returns how `place` divides in `round`: the place without the bit of the round keeps the first half, which may be
    /// smaller by one element.
    pub(super) fn part(self, place: u32, round: u32) -> Part {
        let divide = |elements: u64, round: u32| {
            let (first, second) = (elements / 2, elements - elements / 2);
            if place & (1 << round) == 0 {
                Part { kept: first, given: second }
            } else {
                Part { kept: second, given: first }
            }
        };
        let before = (0..round).fold(self.arguments.elements, |elements, earlier| divide(elements, earlier).kept);
        divide(before, round)
    }

    /// Neighbours of whom one is left out reduce one half each, which both end up with the one that goes on; then in each
    /// round a place gives half of what it has to its peer, and reduces the other half.
    pub(super) fn reduce_scatter(self, me: Member, steps: &mut Steps) -> Found {
        let sized = |elements| self.arguments.sized(elements);
        let (first, second) = (self.arguments.elements / 2, self.arguments.elements - self.arguments.elements / 2);
        if me.rank < 2 * self.n_left_out {
            if !me.rank.is_multiple_of(2) {
                steps.exchange(me.rank - 1, sized(first))?;
                return steps.send(me.rank - 1, sized(second));
            }
            steps.exchange(me.rank + 1, sized(second))?;
            steps.recv(me.rank + 1)?;
        }
        let place = self.place(me.rank).expect("invariant: it is not left out");
        for round in 0..self.n_rounds {
            steps.exchange(self.rank(place ^ (1 << round)), sized(self.part(place, round).given))?;
        }
        Found::Continue(())
    }

    /// The exchanges in reverse: each place gets what it gave, reduced. Then those that were left out get the whole.
    pub(super) fn allgather(self, me: Member, steps: &mut Steps) -> Found {
        let Some(place) = self.place(me.rank) else { return steps.recv(me.rank - 1) };
        for round in (0..self.n_rounds).rev() {
            let kept = self.arguments.sized(self.part(place, round).kept);
            steps.exchange(self.rank(place ^ (1 << round)), kept)?;
        }
        if me.rank < 2 * self.n_left_out {
            steps.send(me.rank + 1, self.arguments.bytes())
        } else {
            Found::Continue(())
        }
    }
}
