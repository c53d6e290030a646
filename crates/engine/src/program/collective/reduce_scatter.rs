//! Reduce-scatter: a vector of each rank is reduced, and each rank gets its part of the result. The arithmetic itself is not
//! charged.

use std::ops::ControlFlow;

use super::arguments::Arguments;
use super::bcast::hand_on;
use super::exchange::Exchange;
use super::member::Member;
use super::parts::Parts;
use super::steps::{Found, Steps};
use crate::program::Op;

/// Parts go around, from each rank to the next one, and are reduced on the way: p (p - 1) messages.
pub(super) fn ring(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let exchange = || {
        let bytes = arguments.sized(parts.of(me.before(1 + round)));
        Exchange::new(me.after(1), me.before(1), bytes)
    };
    (round < me.n_others()).then(exchange)
}

/// In round k (from 1) each rank sends to rank + k what that one is to have, and receives from rank - k: p (p - 1) messages.
pub(super) fn pairwise(me: Member, arguments: Arguments, parts: &impl Parts, round: u32) -> Option<Exchange> {
    let exchange = || {
        let to = me.after(1 + round);
        Exchange::new(to, me.before(1 + round), arguments.sized(parts.of(to)))
    };
    (round < me.n_others()).then(exchange)
}

/// The places of the q ranks that reduce, q the largest power of two: of the first 2 (p - q) ranks the odd ones, each of which
/// does so for the even one before it, too.
#[derive(Debug, Clone, Copy)]
struct Places {
    n_rounds: u32,
    /// Number of ranks that are left out.
    n_left_out: u32,
}

impl Places {
    fn of(n_ranks: u32) -> Self {
        let n_rounds = n_ranks.ilog2();
        Self { n_rounds, n_left_out: n_ranks - (1 << n_rounds) }
    }

    /// Returns the place of a rank; none if it is left out.
    fn place(self, rank: u32) -> Option<u32> {
        match rank {
            _ if rank >= 2 * self.n_left_out => Some(rank - self.n_left_out),
            _ if rank.is_multiple_of(2) => None,
            _ => Some(rank / 2),
        }
    }

    fn rank(self, place: u32) -> u32 {
        if place < self.n_left_out { 2 * place + 1 } else { place + self.n_left_out }
    }

    /// Returns the elements of so many places.
    fn elements(self, first: u32, n: u32, parts: &impl Parts) -> u64 {
        // The first rank whose part belongs to a place.
        let start = |place: u32| place + place.min(self.n_left_out);
        parts.between(start(first), start(first + n))
    }

    /// Returns the place whose bits are in reverse.
    fn mirrored(self, place: u32) -> u32 {
        if self.n_rounds == 0 { place } else { place.reverse_bits() >> (u32::BITS - self.n_rounds) }
    }

    /// Those that are left out hand over their vectors. Continues with the place of the rank, if it has one.
    fn join(self, me: Member, arguments: Arguments, all: u64, steps: &mut Steps) -> ControlFlow<Op, Option<u32>> {
        let place = self.place(me.rank);
        if me.rank < 2 * self.n_left_out {
            match place {
                Some(_) => steps.recv(me.rank - 1)?,
                None => steps.send(me.rank + 1, arguments.sized(all))?,
            }
        }
        ControlFlow::Continue(place)
    }
}

/// In each round a place gives half of what it has to the place half as far away as in the round before. Those that are left
/// out get their part from the one that reduced for them. Empty halves are not sent.
pub(super) fn recursive_halving(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    let places = Places::of(me.n_ranks);
    let place = places.join(me, arguments, parts.before(me.n_ranks), steps)?;
    if let Some(place) = place {
        for round in (0..places.n_rounds).rev() {
            let width = 1 << round;
            let (first, peer_first) = (place & !(width - 1), (place ^ width) & !(width - 1));
            let [given, got] = [peer_first, first].map(|first| places.elements(first, width, parts));
            steps.exchange_unless_empty(places.rank(place ^ width), arguments.sized(given), got == 0)?;
        }
    }
    if me.rank >= 2 * places.n_left_out {
        return Found::Continue(());
    }
    match place {
        None if parts.of(me.rank) > 0 => steps.recv(me.rank + 1),
        Some(_) if parts.of(me.rank - 1) > 0 => steps.send(me.rank - 1, arguments.sized(parts.of(me.rank - 1))),
        _ => Found::Continue(()),
    }
}

/// As recursive halving, but the nearest place first. So a place ends with the part of the place with its bits in reverse,
/// and the two exchange what they have. Träff, An improved algorithm for (non-commutative) reduce-scatter (2005).
pub(super) fn butterfly(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    let places = Places::of(me.n_ranks);
    let place = places.join(me, arguments, parts.before(me.n_ranks), steps)?;
    let sized = |rank: u32| arguments.sized(parts.of(rank));
    let Some(place) = place else {
        return steps.recv(places.rank(places.mirrored(me.rank / 2)));
    };
    let mut first = 0;
    for round in 0..places.n_rounds {
        let width = 1 << (places.n_rounds - 1 - round);
        let (kept, given) = if place & (1 << round) == 0 { (first, first + width) } else { (first + width, first) };
        let elements = places.elements(given, width, parts);
        steps.exchange(places.rank(place ^ (1 << round)), arguments.sized(elements))?;
        first = kept;
    }
    let owner = places.mirrored(place);
    if owner < places.n_left_out {
        steps.send(places.rank(owner) - 1, sized(places.rank(owner) - 1))?;
    }
    if owner == place { Found::Continue(()) } else { steps.exchange(places.rank(owner), sized(places.rank(owner))) }
}

/// The same for powers of two, with the parts in the right order from the start.
pub(super) fn butterfly_in_order(me: Member, arguments: Arguments, round: u32) -> Option<Exchange> {
    let exchange = || {
        let peer = me.rank ^ (1 << round);
        Exchange::new(peer, peer, arguments.sized(arguments.elements >> (1 + round)))
    };
    (round < me.n_ranks.ilog2()).then(exchange)
}

/// In round k a rank and the one with another bit k exchange all but what they have both done: the parts of the 2^k ranks
/// around them. Ranks without such a partner get it from those that have one, as in the bcast by scatter and allgather.
pub(super) fn recursive_doubling(me: Member, arguments: Arguments, parts: &impl Parts, steps: &mut Steps) -> Found {
    let n = me.n_ranks;
    for round in 0..n.next_power_of_two().ilog2() {
        let half = 1_u32 << round;
        let own = me.rank & !(half - 1);
        let all_but =
            |first: u32| arguments.sized(parts.before(n) - parts.between(first.min(n), (first + half).min(n)));
        let peer = me.rank ^ half;
        if peer < n {
            steps.exchange(peer, all_but(own))?;
        }
        let n_with_partner = n.saturating_sub(own + half);
        if own & half == 0 && n_with_partner < half {
            hand_on(me.under(0), round, n_with_partner, all_but(own + half), steps)?;
        }
    }
    Found::Continue(())
}
