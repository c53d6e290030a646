//! Datatypes: where the bytes of an element are, and which numbers they hold.

use std::ffi::c_int;
use std::sync::Arc;

use crate::wire::gathering::{COMPLEX, FLOAT, SIGNED, UNSIGNED, WITH_INDEX};

/// The datatypes that only mark where an element begins and ends.
const LOWER_BOUND: c_int = 0x4c00_0010;
const UPPER_BOUND: c_int = 0x4c00_0011;
/// The `int` beside a number.
const INT: c_int = 0x4c00_0405;
/// Largest alignment of a number in C.
const ALIGNMENT_MAX: usize = 16;

/// A datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datatype {
    /// Bytes that a message carries of each element.
    pub(crate) size: usize,
    /// Where an element begins, and how far the next one is.
    pub(crate) lower_bound: isize,
    pub(crate) extent: isize,
    /// Its beginning and end, where the program has marked them.
    marks: [Option<isize>; 2],
    /// How C would align it.
    alignment: usize,
    /// Where its bytes are; in the order of a message.
    pub(crate) pieces: Vec<Piece>,
    /// Whether elements follow each other without gaps.
    pub(crate) is_dense: bool,
    /// What numbers it consists of, as [`crate::wire::gathering`] says it; 0 for a mixture.
    pub(crate) element: u32,
    /// How the program has made it.
    pub(crate) recipe: Recipe,
}

/// Numbers of one kind that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) at: isize,
    /// Bytes.
    pub(crate) length: usize,
    /// The handle of the numbers' type.
    pub(crate) basic: c_int,
}

/// How a datatype was made: with which arguments of which function. Predefined ones have no combiner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recipe {
    pub(crate) combiner: c_int,
    pub(crate) integers: Vec<i64>,
    pub(crate) addresses: Vec<i64>,
    pub(crate) types: Vec<Ingredient>,
}

/// A datatype that another one was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ingredient {
    Predefined(c_int),
    Made(Arc<Datatype>),
}

/// Returns the bytes of one number of a predefined type.
pub(crate) fn size_of_basic(handle: c_int) -> usize {
    (handle >> 8 & 0xff).cast_unsigned() as usize
}

impl Datatype {
    fn of_numbers(pieces: Vec<Piece>, extent: isize, alignment: usize, element: u32) -> Self {
        Self::new(pieces, (0, extent), [None; 2], alignment, element)
    }

    fn new(
        pieces: Vec<Piece>,
        (lower_bound, extent): (isize, isize),
        marks: [Option<isize>; 2],
        alignment: usize,
        element: u32,
    ) -> Self {
        let size = pieces.iter().map(|piece| piece.length).sum();
        let pieces = joined(pieces);
        let is_dense = usize::try_from(extent) == Ok(size) && is_seamless(&pieces, lower_bound);
        Self { size, lower_bound, extent, marks, alignment, pieces, is_dense, element, recipe: Recipe::default() }
    }

    /// Returns where its bytes begin and end.
    pub(crate) fn true_bounds(&self) -> (isize, isize) {
        let lower = self.pieces.iter().map(|piece| piece.at).min().unwrap_or(0);
        let upper = self.pieces.iter().map(|piece| piece.at + piece.length.cast_signed()).max().unwrap_or(0);
        (lower, upper)
    }

    /// Returns a type of blocks of this one: how many elements, and where the first one is.
    pub(crate) fn blocks(&self, blocks: &[(usize, isize)]) -> Self {
        let blocks: Vec<Block<'_>> = blocks.iter().map(|(n, at)| (*n, *at, self)).collect();
        combined(&blocks, false)
    }

    /// Returns a type of blocks of others, padded as C does it.
    pub(crate) fn structure(blocks: &[Block<'_>]) -> Self {
        combined(blocks, true)
    }

    /// Returns it with other bounds.
    pub(crate) fn resized(&self, lower_bound: isize, extent: isize) -> Self {
        let marks = [Some(lower_bound), Some(lower_bound + extent)];
        Self::new(self.pieces.clone(), (lower_bound, extent), marks, self.alignment, self.element)
    }

    /// Returns it as made by a recipe.
    pub(crate) fn made_by(self, recipe: Recipe) -> Self {
        Self { recipe, ..self }
    }

    /// Returns how many numbers so many bytes of a message hold; none if the last one is cut.
    pub(crate) fn n_basic(&self, bytes: usize) -> Option<usize> {
        let per_element: usize = self.pieces.iter().map(Piece::n_numbers).sum();
        let mut n = per_element * bytes.checked_div(self.size).unwrap_or(0);
        let mut rest = bytes.checked_rem(self.size).unwrap_or(bytes);
        for piece in &self.pieces {
            let length = piece.length.min(rest);
            let size = size_of_basic(piece.basic).max(1);
            if !length.is_multiple_of(size) {
                return None;
            }
            n += length / size;
            rest -= length;
        }
        (rest == 0).then_some(n)
    }

    /// Returns how many bytes of a message the first `n` numbers take.
    pub(crate) fn bytes_of_basic(&self, n: usize) -> usize {
        let per_element: usize = self.pieces.iter().map(Piece::n_numbers).sum();
        let (whole, mut rest) = (n.checked_div(per_element).unwrap_or(0), n.checked_rem(per_element).unwrap_or(0));
        let mut bytes = whole * self.size;
        for piece in &self.pieces {
            let n = piece.n_numbers().min(rest);
            bytes += n * size_of_basic(piece.basic);
            rest -= n;
        }
        bytes
    }
}

impl Piece {
    pub(crate) fn n_numbers(&self) -> usize {
        self.length.checked_div(size_of_basic(self.basic)).unwrap_or(0)
    }
}

/// How many elements of a type, and where the first one is.
pub(crate) type Block<'t> = (usize, isize, &'t Datatype);

fn combined(blocks: &[Block<'_>], is_padded: bool) -> Datatype {
    let blocks: Vec<&Block<'_>> = blocks.iter().filter(|(n, ..)| *n > 0).collect();
    let pieces = blocks.iter().flat_map(|block| pieces_of(block)).collect();
    let reach = |(n, at, of): &Block<'_>| (*at, at + (n.cast_signed() - 1) * of.extent);
    // Types without any byte or mark are nowhere.
    let solid = || blocks.iter().filter(|(_, _, of)| !of.pieces.is_empty() || of.extent != 0 || of.marks != [None; 2]);
    let lower = |of: &dyn Fn(&Datatype) -> Option<isize>| {
        let ends = solid().filter_map(|block| of(block.2).map(|bound| reach(block).0.min(reach(block).1) + bound));
        ends.min()
    };
    let upper = |of: &dyn Fn(&Datatype) -> Option<isize>| {
        let ends = solid().filter_map(|block| of(block.2).map(|bound| reach(block).0.max(reach(block).1) + bound));
        ends.max()
    };
    let marks = [lower(&|of| of.marks[0]), upper(&|of| of.marks[1])];
    // Marks alone say nothing of the other end.
    let is_real = |of: &Datatype| !of.pieces.is_empty() || of.extent != 0;
    let start = marks[0].or_else(|| lower(&|of| is_real(of).then_some(of.lower_bound))).unwrap_or(0);
    let end = marks[1].or_else(|| upper(&|of| is_real(of).then_some(of.lower_bound + of.extent))).unwrap_or(0);
    let alignment = blocks.iter().map(|(_, _, of)| of.alignment).max().unwrap_or(1);
    let is_open = marks[1].is_none() && is_padded;
    let padding = if is_open { (start - end).rem_euclid(alignment.cast_signed()) } else { 0 };
    let mut elements = blocks.iter().filter(|(_, _, of)| of.size > 0).map(|(_, _, of)| of.element);
    let first = elements.next().unwrap_or(0);
    let element = if elements.all(|element| element == first) { first } else { 0 };
    Datatype::new(pieces, (start, end + padding - start), marks, alignment, element)
}

fn pieces_of(&(n, at, of): &Block<'_>) -> Vec<Piece> {
    if let ([piece], true) = (of.pieces.as_slice(), of.is_dense) {
        return vec![Piece { at: at + piece.at, length: n * piece.length, ..*piece }];
    }
    let starts = (0..n).map(|i| at + i.cast_signed() * of.extent);
    starts.flat_map(|start| of.pieces.iter().map(move |piece| Piece { at: start + piece.at, ..*piece })).collect()
}

/// Joins pieces of one kind that follow each other.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces.into_iter().filter(|piece| piece.length > 0) {
        match joined.last_mut() {
            Some(last) if last.at + last.length.cast_signed() == piece.at && last.basic == piece.basic => {
                last.length += piece.length;
            }
            _ => joined.push(piece),
        }
    }
    joined.shrink_to_fit();
    joined
}

fn is_seamless(pieces: &[Piece], start: isize) -> bool {
    let mut end = start;
    pieces.iter().all(|piece| {
        let follows = piece.at == end;
        end += piece.length.cast_signed();
        follows
    })
}

/// Returns a datatype of C or Fortran: its handle holds its size.
pub(crate) fn predefined(handle: c_int) -> Option<Datatype> {
    if handle == LOWER_BOUND || handle == UPPER_BOUND {
        let marks = if handle == LOWER_BOUND { [Some(0), None] } else { [None, Some(0)] };
        return Some(Datatype::new(Vec::new(), (0, 0), marks, 1, 0));
    }
    let basic = handle;
    let handle = handle.cast_unsigned();
    let pair = |first: c_int, number: u32, size: usize, index_at: isize, extent: isize| {
        let element = WITH_INDEX + element(number, size);
        let number = Piece { at: 0, length: size, basic: first };
        let index = Piece { at: index_at, length: 4, basic: INT };
        Some(Datatype::of_numbers(vec![number, index], extent, size.min(ALIGNMENT_MAX), element))
    };
    match handle {
        0x8c00_0000 => return pair(0x4c00_040a, FLOAT, 4, 4, 8),
        0x8c00_0001 => return pair(0x4c00_080b, FLOAT, 8, 8, 16),
        0x8c00_0002 => return pair(0x4c00_0807, SIGNED, 8, 8, 16),
        0x8c00_0003 => return pair(0x4c00_0203, SIGNED, 2, 4, 8),
        0x8c00_0004 => return pair(0x4c00_100c, FLOAT, 16, 16, 32),
        0x4c00_0816 | 0x4c00_0820 => return pair(INT, SIGNED, 4, 4, 8),
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
    // Both parts of a complex number are aligned.
    let alignment = if kind == COMPLEX { size / 2 } else { size }.clamp(1, ALIGNMENT_MAX);
    let piece = Piece { at: 0, length: size, basic };
    Some(Datatype::of_numbers(vec![piece], size.cast_signed(), alignment, element(kind, size)))
}

const fn element(kind: u32, size: usize) -> u32 {
    kind + size.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::DATATYPE_NULL;

    const INT: c_int = 0x4c00_0405;
    const CHAR: c_int = 0x4c00_0101;
    const DOUBLE_INT: c_int = 0x8c00_0001_u32.cast_signed();

    fn of(handle: c_int) -> Datatype {
        predefined(handle).expect("a type")
    }

    #[test]
    fn handles_of_predefined_types_say_what_they_are() {
        let int = of(INT);
        assert_eq!((int.size, int.extent, int.element, int.is_dense), (4, 4, SIGNED + 2, true));
        // A double, an int and four bytes of padding.
        let pair = of(DOUBLE_INT);
        assert_eq!((pair.size, pair.extent, pair.is_dense), (12, 16, false));
        assert_eq!(predefined(DATATYPE_NULL), None);
    }

    #[test]
    fn a_column_of_a_matrix_is_a_vector() {
        // Column of a 3 x 4 matrix of ints: every fourth int, so 4 of every 16 bytes; it ends with its last int.
        let column = of(INT).blocks(&[(1, 0), (1, 16), (1, 32)]);
        assert_eq!((column.size, column.extent, column.is_dense), (12, 36, false));
        let places: Vec<(isize, usize)> = column.pieces.iter().map(|piece| (piece.at, piece.length)).collect();
        assert_eq!(places, [(0, 4), (16, 4), (32, 4)]);
    }

    #[test]
    fn blocks_that_touch_are_one_piece() {
        let four = of(INT).blocks(&[(2, 0), (2, 8)]);
        assert_eq!((four.pieces.as_slice(), four.is_dense), (&[Piece { at: 0, length: 16, basic: INT }][..], true));
        // A thousand million of them, too, take no time.
        let many = of(INT).blocks(&[(1_000_000_000, 0)]);
        assert_eq!((many.pieces.len(), many.size), (1, 4_000_000_000));
    }

    #[test]
    fn a_structure_is_padded_as_c_does_it_unless_its_end_is_marked() {
        // struct { int i; char c; } has 8 bytes, 5 of which are sent.
        let (int, char) = (of(INT), of(CHAR));
        let plain = Datatype::structure(&[(1, 0, &int), (1, 4, &char)]);
        assert_eq!((plain.size, plain.extent), (5, 8));
        let marked = Datatype::structure(&[(1, 0, &int), (1, 4, &char), (1, 6, &of(UPPER_BOUND))]);
        assert_eq!((marked.size, marked.extent, marked.pieces.len()), (5, 6, 2));
    }

    #[test]
    fn elements_are_counted_one_by_one() {
        // Of pairs of 8 and 4 bytes, 20 bytes hold one whole pair and one double: three numbers.
        assert_eq!(
            (of(DOUBLE_INT).n_basic(20), of(DOUBLE_INT).n_basic(24), of(DOUBLE_INT).n_basic(22)),
            (Some(3), Some(4), None)
        );
    }
}
