//! What all ranks pass to a collective.

use crate::units::Bytes;

/// What all ranks pass to a collective: how much, and from or to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments {
    /// Elements of a rank's block (scatter, gather, allgather, alltoall, `reduce_scatter_block`) or of the vector.
    pub elements: u64,
    /// Bytes of an element: algorithms divide vectors between elements.
    pub element_bytes: u64,
    /// The rank that data comes from or goes to, where there is one.
    pub root: u32,
    /// Whether the operation of a reduction commutes.
    pub commutes: bool,
}

impl Arguments {
    /// Returns those for so many elements, with rank 0 as the root and an operation that commutes.
    #[must_use]
    pub const fn of(elements: u64, element_bytes: u64) -> Self {
        Self { elements, element_bytes, root: 0, commutes: true }
    }

    /// Returns the same with another root.
    #[must_use]
    pub const fn at_root(self, root: u32) -> Self {
        Self { root, ..self }
    }

    /// Returns the same for an operation that does not commute.
    #[must_use]
    pub const fn in_order(self) -> Self {
        Self { commutes: false, ..self }
    }

    /// Returns the size of a block or of the vector.
    #[must_use]
    pub const fn bytes(self) -> Bytes {
        self.sized(self.elements)
    }

    /// Returns the size of so many elements.
    #[must_use]
    pub(super) const fn sized(self, elements: u64) -> Bytes {
        Bytes(elements.saturating_mul(self.element_bytes))
    }
}

/// Bytes of what programs mostly send: doubles, if they can be, or else the largest numbers that they can be.
impl From<Bytes> for Arguments {
    fn from(bytes: Bytes) -> Self {
        let element_bytes = 1 << bytes.0.trailing_zeros().min(3);
        Self::of(bytes.0 / element_bytes, element_bytes)
    }
}
