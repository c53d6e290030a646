//! Datatypes: where the bytes of an element are, and which numbers they hold.

use std::ffi::{c_char, c_int};

use crate::abi::{DATATYPE_NULL, ERR_TYPE, Status, UNDEFINED};
use crate::errors::{self, Error, Result};
use crate::memory::{get, list, put, put_text};
use crate::state::state;
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
    fn new(pieces: Vec<(isize, usize)>, lower_bound: isize, extent: isize, element: u32) -> Self {
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
    fn blocks(&self, blocks: &[(usize, isize)]) -> Self {
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

/// Returns a datatype by its handle.
pub(crate) fn of(handle: c_int) -> Result<Datatype> {
    let made = state().datatypes.get(handle).cloned();
    made.or_else(|| predefined(handle)).ok_or_else(|| {
        let what = if handle == DATATYPE_NULL {
            "a null datatype".to_owned()
        } else {
            format!("{handle:#x}, which is no datatype")
        };
        Error::new(ERR_TYPE, format!("the datatype is {what}"))
    })
}

/// Returns a datatype of C or Fortran: its handle holds its size.
fn predefined(handle: c_int) -> Option<Datatype> {
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

fn make(datatype: Result<Datatype>, handle: *mut c_int) -> Result {
    put(handle, state().datatypes.insert(datatype?));
    Ok(())
}

/// Returns pairs of the lengths and displacements of blocks.
fn blocks_of(lengths: &[c_int], displacements: impl Iterator<Item = isize>) -> Result<Vec<(usize, isize)>> {
    lengths.iter().zip(displacements).map(|(n, at)| Ok((errors::count(*n)?, at))).collect()
}

mpi! {
    fn MPI_Type_size(handle: c_int, size: *mut c_int) {
        put(size, c_int::try_from(of(handle)?.size).unwrap_or(UNDEFINED));
        Ok(())
    }

    fn MPI_Type_get_extent(handle: c_int, lower_bound: *mut isize, extent: *mut isize) {
        let datatype = of(handle)?;
        put(lower_bound, datatype.lower_bound);
        put(extent, datatype.extent);
        Ok(())
    }

    fn MPI_Type_get_true_extent(handle: c_int, lower_bound: *mut isize, extent: *mut isize) {
        let datatype = of(handle)?;
        let lower = datatype.pieces.iter().map(|(at, _)| *at).min().unwrap_or(0);
        let upper = datatype.pieces.iter().map(|(at, length)| at + length.cast_signed()).max().unwrap_or(0);
        put(lower_bound, lower);
        put(extent, upper - lower);
        Ok(())
    }

    fn MPI_Type_size_x(handle: c_int, size: *mut i64) {
        put(size, i64::try_from(of(handle)?.size).unwrap_or(i64::from(UNDEFINED)));
        Ok(())
    }

    fn MPI_Type_get_extent_x(handle: c_int, lower_bound: *mut isize, extent: *mut isize) {
        let datatype = of(handle)?;
        put(lower_bound, datatype.lower_bound);
        put(extent, datatype.extent);
        Ok(())
    }

    fn MPI_Type_commit(handle: *mut c_int) {
        of(get(handle)).map(drop)
    }

    fn MPI_Type_free(handle: *mut c_int) {
        state().datatypes.remove(get(handle)).ok_or_else(|| Error::new(ERR_TYPE, "no datatype that can be freed"))?;
        put(handle, DATATYPE_NULL);
        Ok(())
    }

    fn MPI_Type_dup(old: c_int, new: *mut c_int) {
        make(of(old), new)
    }

    fn MPI_Type_contiguous(count: c_int, old: c_int, new: *mut c_int) {
        make(Ok(of(old)?.blocks(&[(errors::count(count)?, 0)])), new)
    }

    fn MPI_Type_vector(count: c_int, length: c_int, stride: c_int, old: c_int, new: *mut c_int) {
        let old = of(old)?;
        let (stride, length) = (stride as isize * old.extent, errors::count(length)?);
        let blocks: Vec<(usize, isize)> = (0..count as isize).map(|i| (length, i * stride)).collect();
        make(Ok(old.blocks(&blocks)), new)
    }

    fn MPI_Type_create_hvector(count: c_int, length: c_int, stride: isize, old: c_int, new: *mut c_int) {
        let length = errors::count(length)?;
        let blocks: Vec<(usize, isize)> = (0..count as isize).map(|i| (length, i * stride)).collect();
        make(Ok(of(old)?.blocks(&blocks)), new)
    }

    fn MPI_Type_indexed(count: c_int, lengths: *const c_int, at: *const c_int, old: c_int, new: *mut c_int) {
        let (n, old) = (errors::count(count)?, of(old)?);
        let at = list(at, n).into_iter().map(|at| at as isize * old.extent);
        make(Ok(old.blocks(&blocks_of(&list(lengths, n), at)?)), new)
    }

    fn MPI_Type_create_hindexed(count: c_int, lengths: *const c_int, at: *const isize, old: c_int, new: *mut c_int) {
        let n = errors::count(count)?;
        make(Ok(of(old)?.blocks(&blocks_of(&list(lengths, n), list(at, n).into_iter())?)), new)
    }

    fn MPI_Type_create_indexed_block(count: c_int, length: c_int, at: *const c_int, old: c_int, new: *mut c_int) {
        let (n, old) = (errors::count(count)?, of(old)?);
        let at = list(at, n).into_iter().map(|at| at as isize * old.extent);
        make(Ok(old.blocks(&blocks_of(&vec![length; n], at)?)), new)
    }

    fn MPI_Type_create_struct(
        count: c_int,
        lengths: *const c_int,
        at: *const isize,
        types: *const c_int,
        new: *mut c_int,
    ) {
        let n = errors::count(count)?;
        let blocks = blocks_of(&list(lengths, n), list(at, n).into_iter())?;
        let mut parts = Vec::new();
        for (handle, block) in list(types, n).into_iter().zip(blocks) {
            parts.push(of(handle)?.blocks(&[block]));
        }
        let lower = parts.iter().map(|part| part.lower_bound).min().unwrap_or(0);
        let upper = parts.iter().map(|part| part.lower_bound + part.extent).max().unwrap_or(0);
        let element = parts.first().map_or(0, |first| first.element);
        let element = if parts.iter().all(|part| part.element == element) { element } else { 0 };
        let pieces = parts.into_iter().flat_map(|part| part.pieces).collect();
        make(Ok(Datatype::new(pieces, lower, upper - lower, element)), new)
    }

    fn MPI_Type_create_resized(old: c_int, lower_bound: isize, extent: isize, new: *mut c_int) {
        make(Ok(Datatype { lower_bound, extent, ..of(old)? }), new)
    }

    fn MPI_Type_get_name(handle: c_int, name: *mut c_char, length: *mut c_int) {
        of(handle)?;
        put_text(name, length, "", 128);
        Ok(())
    }

    fn MPI_Get_count(status: *const Status, handle: c_int, count: *mut c_int) {
        let (bytes, size) = (get(status).bytes(), of(handle)?.size);
        let whole = bytes.checked_div(size).unwrap_or(0);
        let is_whole = bytes == whole * size;
        put(count, c_int::try_from(whole).ok().filter(|_| is_whole).unwrap_or(UNDEFINED));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INT: c_int = 0x4c00_0405;
    const DOUBLE_INT: c_int = 0x8c00_0001_u32.cast_signed();

    #[test]
    fn handles_of_predefined_types_say_what_they_are() {
        let int = of(INT).expect("a type");
        assert_eq!((int.size, int.extent, int.element, int.is_contiguous()), (4, 4, SIGNED + 2, true));
        // A double, an int and four bytes of padding.
        let pair = of(DOUBLE_INT).expect("a type");
        assert_eq!((pair.size, pair.extent, pair.is_contiguous()), (12, 16, false));
        assert!(of(DATATYPE_NULL).is_err());
    }

    #[test]
    fn a_column_of_a_matrix_is_a_vector() {
        // Column of a 3 x 4 matrix of ints: every fourth int, so 4 of every 16 bytes; it ends with its last int.
        let column = of(INT).expect("a type").blocks(&[(1, 0), (1, 16), (1, 32)]);
        assert_eq!((column.size, column.extent, column.is_contiguous()), (12, 36, false));
        assert_eq!(column.pieces, [(0, 4), (16, 4), (32, 4)]);
    }

    #[test]
    fn blocks_that_touch_are_one_piece() {
        let four = of(INT).expect("a type").blocks(&[(2, 0), (2, 8)]);
        assert_eq!((four.pieces.as_slice(), four.is_contiguous()), (&[(0, 16)][..], true));
    }
}
