//! The functions of MPI about datatypes.

use std::ffi::{c_char, c_int};

use crate::abi::{DATATYPE_NULL, ERR_TYPE, Status, UNDEFINED};
use crate::errors::{self, Error, Result};
use crate::layout::{Datatype, predefined};
use crate::memory::{get, list, put, put_text};
use crate::state::state;

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
