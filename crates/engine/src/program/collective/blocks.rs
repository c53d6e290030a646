//! Halving of a vector that is divided into a block for each rank that takes part, with which Rabenseifner's algorithms begin in
//! MPICH (Thakur, Rabenseifner and Gropp, 2005, sections 4.4 and 4.5).

use std::ops::ControlFlow;

use super::arguments::Arguments;
use super::member::Member;
use super::parts::{Even, Parts as _};
use super::steps::Steps;
use crate::program::Op;
use crate::units::Bytes;

/// Which rank of a pair goes on, where the other one hands over its vector before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    Even,
    Odd,
}

/// The places of the q ranks that take part, q the largest power of two: of the first 2 (p - q) ranks each second one. Each place
/// has a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    arguments: Arguments,
    stays: Stays,
    pub(super) n_rounds: u32,
    n_left_out: u32,
}

impl Blocks {
    pub(super) fn of(arguments: Arguments, n_ranks: u32, stays: Stays) -> Self {
        let n_rounds = n_ranks.ilog2();
        Self { arguments, stays, n_rounds, n_left_out: n_ranks - (1 << n_rounds) }
    }

    /// Returns whether a rank hands its vector over, or gets one.
    pub(super) fn is_paired(self, rank: u32) -> bool {
        rank < 2 * self.n_left_out
    }

    /// Returns the place of a rank; none if it is left out.
    pub(super) fn place(self, rank: u32) -> Option<u32> {
        match rank {
            _ if !self.is_paired(rank) => Some(rank - self.n_left_out),
            _ if rank.is_multiple_of(2) == (self.stays == Stays::Even) => Some(rank / 2),
            _ => None,
        }
    }

    /// Returns the rank at a place.
    pub(super) fn rank(self, place: u32) -> u32 {
        match self.stays {
            _ if place >= self.n_left_out => place + self.n_left_out,
            Stays::Even => 2 * place,
            Stays::Odd => 2 * place + 1,
        }
    }

    /// Returns the bytes of the blocks that a place reduces in a round, half as many as in the one before.
    pub(super) fn own(self, place: u32, round: u32) -> Bytes {
        let (mut first, mut width) = (0, 1 << self.n_rounds);
        for bit in 0..=round {
            width /= 2;
            first += if place & (1 << bit) == 0 { 0 } else { width };
        }
        let blocks = Even::of(self.arguments.elements, 1 << self.n_rounds);
        self.arguments.sized(blocks.between(first, first + width))
    }

    /// Those that are left out hand over their vector; then in each round a place gives the half that its peer keeps, the
    /// nearest peer first. Continues with the place of the rank, if it has one.
    pub(super) fn reduce_scatter(self, me: Member, steps: &mut Steps) -> ControlFlow<Op, Option<u32>> {
        let place = self.place(me.rank);
        if self.is_paired(me.rank) {
            let partner = me.rank ^ 1;
            match place {
                Some(_) => steps.recv(partner)?,
                None => steps.send(partner, self.arguments.bytes())?,
            }
        }
        if let Some(place) = place {
            for round in 0..self.n_rounds {
                let peer = place ^ (1 << round);
                steps.exchange(self.rank(peer), self.own(peer, round))?;
            }
        }
        ControlFlow::Continue(place)
    }
}
