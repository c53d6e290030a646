//! Datatypes: where the bytes of an element are, and which numbers they hold.

use std::ffi::c_int;

use crate::wire::gathering::{COMPLEX, FLOAT, SIGNED, UNSIGNED, WITH_INDEX};

/// A datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datatype {
    /// Bytes that a message carries of each element.
    pub(crate) size: usize,
    /// Where an element begins, and how far the next one is.
    pub(crate) lower_bound: isize,
    pub(crate) extent: isize,
    /// Where its bytes are, and how many; in the order of a message.
    pub(crate) pieces: Vec<(isize, usize)>,
    /// What numbers it consists of, as [`crate::wire::gathering`] says it; 0 for a mixture.
    pub(crate) element: u32,
}

impl Datatype {
    pub(crate) fn new(pieces: Vec<(isize, usize)>, lower_bound: isize, extent: isize, element: u32) -> Self {
        let size = pieces.iter().map(|(_, length)| length).sum();
        Self { size, lower_bound, extent, pieces: joined(pieces), element }
    }

    /// Returns whether elements follow each other without gaps.
    pub(crate) fn is_contiguous(&self) -> bool {
        let is_one = match self.pieces.as_slice() {
            [] => true,
            [(at, length)] => *at == self.lower_bound && *length == self.size,
            _ => false,
        };
        is_one && usize::try_from(self.extent) == Ok(self.size)
    }

    /// Returns a type of blocks of this one: how many elements, and where the first one is.
    pub(crate) fn blocks(&self, blocks: &[(usize, isize)]) -> Self {
        let starts = blocks.iter().flat_map(|(n, at)| (0..*n).map(move |i| at + i.cast_signed() * self.extent));
        let starts: Vec<isize> = starts.collect();
        let pieces = starts.iter().flat_map(|start| self.pieces.iter().map(move |(at, length)| (start + at, *length)));
        let lower = starts.iter().map(|start| start + self.lower_bound).min().unwrap_or(0);
        let upper = starts.iter().map(|start| start + self.lower_bound + self.extent).max().unwrap_or(0);
        Self::new(pieces.collect(), lower, upper - lower, self.element)
    }
}

/// Joins pieces that follow each other.
fn joined(pieces: Vec<(isize, usize)>) -> Vec<(isize, usize)> {
    let mut joined: Vec<(isize, usize)> = Vec::with_capacity(pieces.len());
    for (at, length) in pieces.into_iter().filter(|(_, length)| *length > 0) {
        match joined.last_mut() {
            Some((start, before)) if *start + before.cast_signed() == at => *before += length,
            _ => joined.push((at, length)),
        }
    }
    joined
}

/// Returns a datatype of C or Fortran: its handle holds its size.
pub(crate) fn predefined(handle: c_int) -> Option<Datatype> {
    let handle = handle.cast_unsigned();
    let pair = |number: u32, size: usize, index_at: isize, extent: isize| {
        let element = WITH_INDEX + element(number, size);
        Some(Datatype::new(vec![(0, size), (index_at, 4)], 0, extent, element))
    };
    match handle {
        0x8c00_0000 => return pair(FLOAT, 4, 4, 8),
        0x8c00_0001 => return pair(FLOAT, 8, 8, 16),
        0x8c00_0002 => return pair(SIGNED, 8, 8, 16),
        0x8c00_0003 => return pair(SIGNED, 2, 4, 8),
        0x8c00_0004 => return pair(FLOAT, 16, 16, 32),
        0x4c00_0816 => return pair(SIGNED, 4, 4, 8),
        _ => {}
    }
    if handle >> 16 != 0x4c00 {
        return None;
    }
    let (size, index) = (handle as usize >> 8 & 0xff, handle & 0xff);
    let kind = match index {
        0x02 | 0x04 | 0x06 | 0x08 | 0x0d | 0x0f | 0x19 | 0x3b..=0x3f | 0x33 => UNSIGNED,
        0x0a | 0x0b | 0x0c | 0x1c | 0x1f | 0x27 | 0x29 | 0x2b => FLOAT,
        0x1e | 0x22 | 0x28 | 0x2a | 0x2c | 0x34..=0x36 | 0x40..=0x42 => COMPLEX,
        _ => SIGNED,
    };
    Some(Datatype::new(vec![(0, size)], 0, size.cast_signed(), element(kind, size)))
}

const fn element(kind: u32, size: usize) -> u32 {
    kind + size.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::DATATYPE_NULL;

    const INT: c_int = 0x4c00_0405;
    const DOUBLE_INT: c_int = 0x8c00_0001_u32.cast_signed();

    #[test]
    fn handles_of_predefined_types_say_what_they_are() {
        let int = predefined(INT).expect("a type");
        assert_eq!((int.size, int.extent, int.element, int.is_contiguous()), (4, 4, SIGNED + 2, true));
        // A double, an int and four bytes of padding.
        let pair = predefined(DOUBLE_INT).expect("a type");
        assert_eq!((pair.size, pair.extent, pair.is_contiguous()), (12, 16, false));
        assert_eq!(predefined(DATATYPE_NULL), None);
    }

    #[test]
    fn a_column_of_a_matrix_is_a_vector() {
        // Column of a 3 x 4 matrix of ints: every fourth int, so 4 of every 16 bytes; it ends with its last int.
        let column = predefined(INT).expect("a type").blocks(&[(1, 0), (1, 16), (1, 32)]);
        assert_eq!((column.size, column.extent, column.is_contiguous()), (12, 36, false));
        assert_eq!(column.pieces, [(0, 4), (16, 4), (32, 4)]);
    }

    #[test]
    fn blocks_that_touch_are_one_piece() {
        let four = predefined(INT).expect("a type").blocks(&[(2, 0), (2, 8)]);
        assert_eq!((four.pieces.as_slice(), four.is_contiguous()), (&[(0, 16)][..], true));
    }
}
