//! How elements are divided among the ranks.

/// The elements of each rank, in the order of the ranks.
pub(super) trait Parts {
    /// Returns how many elements all ranks below `rank` have; `rank` may be the number of ranks.
    fn before(&self, rank: u32) -> u64;

    /// Returns the elements of the ranks from `first` to one below `end`.
    fn between(&self, first: u32, end: u32) -> u64 {
        self.before(end) - self.before(first)
    }

    fn of(&self, rank: u32) -> u64 {
        self.between(rank, rank + 1)
    }

    /// Returns whether each rank has some.
    fn are_all_there(&self) -> bool;

    /// Returns the elements of so many ranks from `first` on, around `n_ranks` once at most.
    fn around(&self, first: u32, n: u32, n_ranks: u32) -> u64 {
        let end = first + n;
        if end <= n_ranks {
            return self.between(first, end);
        }
        self.between(first, n_ranks) + self.before(end - n_ranks)
    }
}

/// Each rank has as many.
pub(super) struct Equal(pub(super) u64);

impl Parts for Equal {
    fn before(&self, rank: u32) -> u64 {
        self.0.saturating_mul(rank.into())
    }

    fn between(&self, first: u32, end: u32) -> u64 {
        self.0.saturating_mul((end - first).into())
    }

    fn around(&self, _: u32, n: u32, _: u32) -> u64 {
        self.0.saturating_mul(n.into())
    }

    fn are_all_there(&self) -> bool {
        self.0 > 0
    }
}

/// The ranks divide them evenly: where that leaves some over, the first ranks have one more.
pub(super) struct Even {
    each: u64,
    n_larger: u64,
}

impl Even {
    pub(super) fn of(elements: u64, n_ranks: u32) -> Self {
        Self { each: elements / u64::from(n_ranks), n_larger: elements % u64::from(n_ranks) }
    }
}

impl Parts for Even {
    fn before(&self, rank: u32) -> u64 {
        let rank = u64::from(rank);
        self.each * rank + self.n_larger.min(rank)
    }

    fn are_all_there(&self) -> bool {
        self.each > 0
    }
}

/// Each rank has a number of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uneven {
    before: Vec<u64>,
    are_all_there: bool,
}

impl Uneven {
    /// Returns the division in which each rank has its number of elements.
    #[must_use]
    pub fn new(elements: impl IntoIterator<Item = u64>) -> Self {
        let (mut before, mut are_all_there) = (vec![0_u64], true);
        for n in elements {
            before.push(before[before.len() - 1].saturating_add(n));
            are_all_there &= n > 0;
        }
        Self { before, are_all_there }
    }

    /// Returns how many elements all ranks have.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.before[self.before.len() - 1]
    }
}

impl Parts for Uneven {
    fn before(&self, rank: u32) -> u64 {
        self.before[rank as usize]
    }

    fn are_all_there(&self) -> bool {
        self.are_all_there
    }
}
