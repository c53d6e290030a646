//! Where a rank stands among those that take part in a collective.

/// A rank that takes part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) rank: u32,
    pub(super) n_ranks: u32,
    pub(super) root: u32,
}

impl Member {
    pub(super) fn is_root(self) -> bool {
        self.rank == self.root
    }

    /// Returns the same rank where another one is the root.
    pub(super) fn under(self, root: u32) -> Self {
        Self { root, ..self }
    }

    /// Returns the place of the rank, counted from the root.
    pub(super) fn place(self) -> u32 {
        before(self.rank, self.root, self.n_ranks)
    }

    /// Returns the rank at a place that is counted from the root.
    pub(super) fn at(self, place: u32) -> u32 {
        after(self.root, place, self.n_ranks)
    }

    /// Returns how many others there are.
    pub(super) fn n_others(self) -> u32 {
        self.n_ranks - 1
    }

    /// Returns number `i` of the other ranks, in their order.
    pub(super) fn other(self, i: u32) -> u32 {
        i + u32::from(i >= self.rank)
    }

    /// Returns the rank `distance` places after this one, around the ranks once at most.
    #[inline]
    pub(super) fn after(self, distance: u32) -> u32 {
        after(self.rank, distance, self.n_ranks)
    }

    /// Returns the rank `distance` places before this one, around the ranks once at most.
    #[inline]
    pub(super) fn before(self, distance: u32) -> u32 {
        before(self.rank, distance, self.n_ranks)
    }
}

#[inline]
fn after(rank: u32, distance: u32, n_ranks: u32) -> u32 {
    let places = rank + distance;
    if places < n_ranks { places } else { places - n_ranks }
}

#[inline]
fn before(rank: u32, distance: u32, n_ranks: u32) -> u32 {
    if distance <= rank { rank - distance } else { rank + n_ranks - distance }
}
