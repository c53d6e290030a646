//! Trees along which rooted collectives send. The places of the ranks are counted from the root, which has place 0.

/// Children of each node of a [`Tree::Knomial`] and size: those of a digit other than 0 to the base of 4.
const RADIX: u64 = 4;

/// A tree of all ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tree {
    /// The next place is the only child.
    Chain,
    /// Levels of 1, 2, 4, ... places; the children of one are as many places below it as its level is wide, and twice as many.
    Binary,
    /// The parent of a place clears its highest bit.
    Binomial,
    /// The parent of a place clears its lowest bit, so that the subtree of a place is a contiguous range.
    InOrderBinomial,
    /// The parent of a place clears its lowest digit to the base of 4 that is not 0.
    Knomial,
    /// The last place is the root. Those before it are halved: the lower half has its last place as one child, the upper
    /// half has its last place as the first child. So a subtree is a contiguous range with its root at the end.
    InOrderBinary,
}

impl Tree {
    /// Returns the parent of a place; none of the root.
    pub(super) fn parent(self, place: u32, n: u32) -> Option<u32> {
        match self {
            Self::InOrderBinary => in_order_binary(place, n).0,
            _ if place == 0 => None,
            Self::Chain => Some(place - 1),
            Self::Binary => {
                // The parents of a level are the 2^(level - 1) places from 2^(level - 1) - 1 on.
                let level = (place + 1).ilog2();
                let half = 1 << (level - 1);
                let left = place - half;
                Some(if left < (1 << level) - 1 { left } else { left - half })
            }
            Self::Binomial => Some(place ^ (1 << place.ilog2())),
            Self::InOrderBinomial => Some(place & (place - 1)),
            Self::Knomial => {
                let digit = 2 * (place.trailing_zeros() / 2);
                Some(place & !(3 << digit))
            }
        }
    }

    /// Returns how many children a place has.
    pub(super) fn n_children(self, place: u32, n: u32) -> u32 {
        let room = n - 1 - place;
        // Of the children place + 2^i those exist that have room.
        let n_powers = u32::BITS - room.leading_zeros();
        match self {
            Self::Chain => room.min(1),
            Self::Binary => (room >> (place + 1).ilog2()).min(2),
            Self::Binomial => n_powers.saturating_sub(u32::BITS - place.leading_zeros()),
            Self::InOrderBinomial if place == 0 => n_powers,
            Self::InOrderBinomial => n_powers.min(place.trailing_zeros()),
            Self::Knomial => {
                u32::try_from(knomial_children(place, n).count()).expect("invariant: three for each digit")
            }
            Self::InOrderBinary => match in_order_binary(place, n).1 {
                [None, _] => 0,
                [_, None] => 1,
                _ => 2,
            },
        }
    }

    /// Returns child number `i` of a place that has it.
    pub(super) fn child(self, place: u32, n: u32, i: u32) -> u32 {
        match self {
            Self::Chain => place + 1,
            Self::Binary => place + ((i + 1) << (place + 1).ilog2()),
            Self::Binomial => place + (1 << (u32::BITS - place.leading_zeros() + i)),
            Self::InOrderBinomial => place + (1 << i),
            Self::Knomial => knomial_children(place, n).nth(i as usize).expect("invariant: it has so many children"),
            Self::InOrderBinary => in_order_binary(place, n).1[i as usize].expect("invariant: it has so many children"),
        }
    }
}

/// Returns how many places the subtree of a place in a [`Tree::InOrderBinomial`] has.
pub(super) fn in_order_subtree(place: u32, n: u32) -> u32 {
    if place == 0 { n } else { (1 << place.trailing_zeros()).min(n - place) }
}

/// Returns the children of a place, those with the largest subtrees first.
fn knomial_children(place: u32, n: u32) -> impl Iterator<Item = u32> {
    let (place, n) = (u64::from(place), u64::from(n));
    // A power of 4 that is no digit of the place: its lowest one that is not 0, or above all places.
    let mut above = 1;
    while above < n && place.is_multiple_of(above * RADIX) {
        above *= RADIX;
    }
    let powers = std::iter::successors(Some(above / RADIX), |power| Some(power / RADIX)).take_while(|power| *power > 0);
    let children = powers.flat_map(move |power| (1..RADIX).map(move |digit| place + digit * power));
    children.filter(move |child| *child < n).map(|child| u32::try_from(child).expect("invariant: below n"))
}

/// Returns the parent and the children of a place in a [`Tree::InOrderBinary`].
fn in_order_binary(place: u32, n: u32) -> (Option<u32>, [Option<u32>; 2]) {
    let (mut first, mut size, mut parent) = (0, n, None);
    loop {
        let top = first + size - 1;
        let lower = if size > 2 { size / 2 } else { 0 };
        if place == top {
            return (parent, [(size > 1).then(|| top - 1), (lower > 0).then(|| first + lower - 1)]);
        }
        parent = Some(top);
        if place < first + lower {
            size = lower;
        } else {
            (first, size) = (first + lower, size - lower - 1);
        }
    }
}
