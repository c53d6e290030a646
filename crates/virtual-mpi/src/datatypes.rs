//! The functions of MPI that make datatypes.

use std::ffi::c_int;
use std::sync::Arc;

use crate::abi::{DATATYPE_NULL, ERR_ARG, ERR_TYPE};
use crate::attributes::copy_all;
use crate::errors::{self, Error, Result};
use crate::layout::{Datatype, Ingredient, Recipe, predefined};
use crate::memory::{counts, get, list, put};
use crate::state::state;

/// Combiners, by the numbers of the ABI.
pub(crate) mod combiner {
    use std::ffi::c_int;

    pub(crate) const NAMED: c_int = 1;
    pub(crate) const DUP: c_int = 2;
    pub(crate) const CONTIGUOUS: c_int = 3;
    pub(crate) const VECTOR: c_int = 4;
    pub(crate) const HVECTOR: c_int = 6;
    pub(crate) const INDEXED: c_int = 7;
    pub(crate) const HINDEXED: c_int = 9;
    pub(crate) const INDEXED_BLOCK: c_int = 10;
    pub(crate) const STRUCT: c_int = 12;
    pub(crate) const SUBARRAY: c_int = 13;
    pub(crate) const DARRAY: c_int = 14;
    pub(crate) const F90_REAL: c_int = 15;
    pub(crate) const F90_COMPLEX: c_int = 16;
    pub(crate) const F90_INTEGER: c_int = 17;
    pub(crate) const RESIZED: c_int = 18;
    pub(crate) const HINDEXED_BLOCK: c_int = 19;
}

/// Returns a datatype by its handle.
pub(crate) fn of(handle: c_int) -> Result<Arc<Datatype>> {
    let made = state().datatypes.get(handle).cloned();
    made.or_else(|| predefined(handle).map(Arc::new)).ok_or_else(|| {
        let what = if handle == DATATYPE_NULL {
            "a null datatype".to_owned()
        } else {
            format!("{handle:#x}, which is no datatype")
        };
        Error::new(ERR_TYPE, format!("the datatype is {what}"))
    })
}

/// Returns a datatype as what another one is made of.
pub(crate) fn ingredient(handle: c_int) -> Result<Ingredient> {
    let made = state().datatypes.get(handle).cloned();
    made.map_or_else(|| of(handle).map(|_| Ingredient::Predefined(handle)), |made| Ok(Ingredient::Made(made)))
}

/// Gives the program a datatype.
pub(crate) fn make(datatype: Arc<Datatype>, new: *mut c_int) {
    put(new, state().datatypes.insert(datatype));
}

/// The arguments with which a datatype is made.
pub(crate) struct Arguments {
    pub(crate) combiner: c_int,
    pub(crate) integers: Vec<i64>,
    pub(crate) addresses: Vec<i64>,
    pub(crate) types: Vec<c_int>,
}

impl Arguments {
    pub(crate) fn new(combiner: c_int, integers: Vec<i64>, addresses: Vec<i64>, old: c_int) -> Self {
        Self { combiner, integers, addresses, types: vec![old] }
    }

    /// Gives the program the datatype that these arguments have made.
    pub(crate) fn made(self, datatype: Datatype, new: *mut c_int) -> Result {
        let types = self.types.into_iter().map(ingredient).collect::<Result<_>>()?;
        let recipe = Recipe { combiner: self.combiner, integers: self.integers, addresses: self.addresses, types };
        make(Arc::new(datatype.made_by(recipe)), new);
        Ok(())
    }
}

/// Returns a list that has the number of its entries before it, as contents are told.
fn counted(lists: &[&[i64]]) -> Vec<i64> {
    let n = lists.first().map_or(0, |list| i64::try_from(list.len()).unwrap_or(i64::MAX));
    std::iter::once(n).chain(lists.iter().flat_map(|list| list.iter().copied())).collect()
}

/// Returns pairs of the lengths and displacements of blocks, these in units of so many bytes.
fn blocks_of(lengths: &[i64], at: &[i64], unit: isize) -> Result<Vec<(usize, isize)>> {
    let place = |at: i64| isize::try_from(at).map_err(|_| Error::new(ERR_ARG, "a displacement is too large"));
    lengths.iter().zip(at).map(|(n, at)| Ok((errors::count(*n)?, place(*at)? * unit))).collect()
}

fn strided(count: i64, length: i64, stride: isize) -> Result<Vec<(usize, isize)>> {
    let length = errors::count(length)?;
    Ok((0..errors::count(count)?).map(|i| (length, i.cast_signed() * stride)).collect())
}

counted! {
    fn MPI_Type_contiguous fn MPI_Type_contiguous_c (count: Count, old: c_int, new: *mut c_int) {
        let made = of(old)?.blocks(&[(errors::count(count)?, 0)]);
        Arguments::new(combiner::CONTIGUOUS, vec![count.into()], Vec::new(), old).made(made, new)
    }

    fn MPI_Type_vector fn MPI_Type_vector_c (count: Count, length: Count, stride: Count, old: c_int, new: *mut c_int) {
        let datatype = of(old)?;
        let step = isize::try_from(i64::from(stride)).unwrap_or(isize::MAX).wrapping_mul(datatype.extent);
        let made = datatype.blocks(&strided(count.into(), length.into(), step)?);
        let integers = vec![count.into(), length.into(), stride.into()];
        Arguments::new(combiner::VECTOR, integers, Vec::new(), old).made(made, new)
    }

    fn MPI_Type_create_hvector fn MPI_Type_create_hvector_c (
        count: Count,
        length: Count,
        stride: isize,
        old: c_int,
        new: *mut c_int,
    ) {
        let made = of(old)?.blocks(&strided(count.into(), length.into(), stride)?);
        let integers = vec![count.into(), length.into()];
        Arguments::new(combiner::HVECTOR, integers, vec![stride as i64], old).made(made, new)
    }

    fn MPI_Type_indexed fn MPI_Type_indexed_c (
        count: Count,
        lengths: *const Count,
        at: *const Count,
        old: c_int,
        new: *mut c_int,
    ) {
        let (n, datatype) = (errors::count(count)?, of(old)?);
        let (lengths, at) = (counts(lengths, n), counts(at, n));
        let made = datatype.blocks(&blocks_of(&lengths, &at, datatype.extent)?);
        Arguments::new(combiner::INDEXED, counted(&[&lengths, &at]), Vec::new(), old).made(made, new)
    }

    fn MPI_Type_create_hindexed fn MPI_Type_create_hindexed_c (
        count: Count,
        lengths: *const Count,
        at: *const i64,
        old: c_int,
        new: *mut c_int,
    ) {
        let n = errors::count(count)?;
        let (lengths, at) = (counts(lengths, n), list(at, n));
        let made = of(old)?.blocks(&blocks_of(&lengths, &at, 1)?);
        Arguments::new(combiner::HINDEXED, counted(&[&lengths]), at, old).made(made, new)
    }

    fn MPI_Type_create_indexed_block fn MPI_Type_create_indexed_block_c (
        count: Count,
        length: Count,
        at: *const Count,
        old: c_int,
        new: *mut c_int,
    ) {
        let (n, datatype) = (errors::count(count)?, of(old)?);
        let at = counts(at, n);
        let made = datatype.blocks(&blocks_of(&vec![length.into(); n], &at, datatype.extent)?);
        let integers = [&[count.into(), length.into()], &at[..]].concat();
        Arguments::new(combiner::INDEXED_BLOCK, integers, Vec::new(), old).made(made, new)
    }

    fn MPI_Type_create_hindexed_block fn MPI_Type_create_hindexed_block_c (
        count: Count,
        length: Count,
        at: *const i64,
        old: c_int,
        new: *mut c_int,
    ) {
        let n = errors::count(count)?;
        let at = list(at, n);
        let made = of(old)?.blocks(&blocks_of(&vec![length.into(); n], &at, 1)?);
        Arguments::new(combiner::HINDEXED_BLOCK, vec![count.into(), length.into()], at, old).made(made, new)
    }

    fn MPI_Type_create_struct fn MPI_Type_create_struct_c (
        count: Count,
        lengths: *const Count,
        at: *const i64,
        types: *const c_int,
        new: *mut c_int,
    ) {
        let n = errors::count(count)?;
        structure(&counts(lengths, n), list(at, n), list(types, n), new)
    }

    fn MPI_Type_create_resized fn MPI_Type_create_resized_c (
        old: c_int,
        lower_bound: isize,
        extent: isize,
        new: *mut c_int,
    ) {
        let made = of(old)?.resized(lower_bound, extent);
        Arguments::new(combiner::RESIZED, Vec::new(), vec![lower_bound as i64, extent as i64], old).made(made, new)
    }
}

fn structure(lengths: &[i64], at: Vec<i64>, types: Vec<c_int>, new: *mut c_int) -> Result {
    let kinds = types.iter().map(|handle| of(*handle)).collect::<Result<Vec<_>>>()?;
    let blocks = blocks_of(lengths, &at, 1)?;
    let blocks: Vec<_> = blocks.iter().zip(&kinds).map(|((n, at), kind)| (*n, *at, &**kind)).collect();
    let made = Datatype::structure(&blocks);
    Arguments { combiner: combiner::STRUCT, integers: counted(&[lengths]), addresses: at, types }.made(made, new)
}

mpi! {
    fn MPI_Type_commit(handle: *mut c_int) {
        of(get(handle)).map(drop)
    }

    fn MPI_Type_dup(old: c_int, new: *mut c_int) {
        let datatype = (*of(old)?).clone();
        let mut made = DATATYPE_NULL;
        Arguments::new(combiner::DUP, Vec::new(), Vec::new(), old).made(datatype, &raw mut made)?;
        put(new, DATATYPE_NULL);
        copy_all(old, made)?;
        put(new, made);
        Ok(())
    }

    fn MPI_Type_hvector(count: c_int, length: c_int, stride: isize, old: c_int, new: *mut c_int) {
        let made = of(old)?.blocks(&strided(count.into(), length.into(), stride)?);
        let integers = vec![count.into(), length.into()];
        Arguments::new(combiner::HVECTOR, integers, vec![stride as i64], old).made(made, new)
    }

    fn MPI_Type_hindexed(count: c_int, lengths: *const c_int, at: *const i64, old: c_int, new: *mut c_int) {
        let n = errors::count(count)?;
        let (lengths, at) = (counts(lengths, n), list(at, n));
        let made = of(old)?.blocks(&blocks_of(&lengths, &at, 1)?);
        Arguments::new(combiner::HINDEXED, counted(&[&lengths]), at, old).made(made, new)
    }

    fn MPI_Type_struct(count: c_int, lengths: *const c_int, at: *const i64, types: *const c_int, new: *mut c_int) {
        let n = errors::count(count)?;
        structure(&counts(lengths, n), list(at, n), list(types, n), new)
    }
}
