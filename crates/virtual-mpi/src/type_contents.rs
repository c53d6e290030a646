//! What datatypes say of themselves: sizes and bounds, names, how they were made, and what a message of them holds.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::abi::{DATATYPE_NULL, ERR_ARG, ERR_TYPE, NAME_MAX, Status, UNDEFINED};
use crate::attributes::delete_all;
use crate::datatypes::{Arguments, combiner, make, of};
use crate::errors::{self, Error, Result};
use crate::layout::{Ingredient, Recipe};
use crate::memory::{get, put, put_at, put_count, put_text, text};
use crate::state::state;
use crate::type_names::NAMES;

/// Names that the program has given, by handle.
static GIVEN: Mutex<BTreeMap<c_int, String>> = Mutex::new(BTreeMap::new());

fn given() -> MutexGuard<'static, BTreeMap<c_int, String>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wide(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

/// Returns how a datatype was made; predefined ones have no recipe.
fn recipe(handle: c_int) -> Result<Option<Recipe>> {
    let datatype = of(handle)?;
    Ok((datatype.recipe.combiner != 0).then(|| datatype.recipe.clone()))
}

/// Gives the program what a datatype was made of.
fn put_ingredients(types: &[Ingredient], max: usize, to: *mut c_int) {
    for (i, of) in types.iter().take(max).enumerate() {
        match of {
            Ingredient::Predefined(handle) => put_at(to, i, *handle),
            Ingredient::Made(datatype) => {
                let mut handle = DATATYPE_NULL;
                make(Arc::clone(datatype), &raw mut handle);
                put_at(to, i, handle);
            }
        }
    }
}

/// The class of numbers, and the bytes of one, of the types that `MPI_Type_match_size` finds.
const MATCHES: [(c_int, c_int, u32); 11] = [
    (1, 4, 0x4c00_0427),
    (1, 8, 0x4c00_0829),
    (1, 16, 0x4c00_102b),
    (2, 1, 0x4c00_012d),
    (2, 2, 0x4c00_022f),
    (2, 4, 0x4c00_0430),
    (2, 8, 0x4c00_0831),
    (3, 8, 0x4c00_0828),
    (3, 16, 0x4c00_102a),
    (3, 32, 0x4c00_202c),
    (1, 2, 0x4c00_0246),
];

fn matching(class: c_int, size: c_int) -> Result<c_int> {
    let found = MATCHES.iter().find(|(of, bytes, _)| *of == class && *bytes == size);
    let (.., handle) = found.ok_or_else(|| Error::new(ERR_ARG, format!("there is no such number of {size} bytes")))?;
    Ok(handle.cast_signed())
}

/// Gives the program the Fortran type with a precision and a range.
fn fortran(kind: c_int, arguments: Vec<i64>, old: u32, new: *mut c_int) -> Result {
    let old = old.cast_signed();
    let made = (*of(old)?).clone();
    Arguments { combiner: kind, integers: arguments, addresses: Vec::new(), types: Vec::new() }.made(made, new)
}

/// Returns whether a Fortran `real` of 4 bytes is enough; none if not even one of 8 is.
fn is_short(digits: c_int, exponent: c_int) -> Result<bool> {
    // IEEE 754: 24 and 53 bits are 6 and 15 digits, exponents to 37 and 307.
    match () {
        () if digits > 15 && digits != UNDEFINED || exponent > 307 && exponent != UNDEFINED => {
            Err(Error::new(ERR_ARG, "there is no number of this precision"))
        }
        () => Ok(digits <= 6 && exponent <= 37),
    }
}

counted! {
    fn MPI_Type_size fn MPI_Type_size_c (handle: c_int, size: *mut Count) {
        put_count(size, wide(of(handle)?.size));
        Ok(())
    }

    fn MPI_Get_count fn MPI_Get_count_c (status: *const Status, handle: c_int, count: *mut Count) {
        let (bytes, size) = (get(status).bytes(), of(handle)?.size);
        let whole = bytes.checked_div(size).unwrap_or(0);
        let is_whole = bytes == whole * size;
        put_count(count, if is_whole { wide(whole) } else { UNDEFINED.into() });
        Ok(())
    }

    fn MPI_Get_elements fn MPI_Get_elements_c (status: *const Status, handle: c_int, count: *mut Count) {
        let n = of(handle)?.n_basic(get(status).bytes());
        put_count(count, n.map_or(UNDEFINED.into(), wide));
        Ok(())
    }
}

fn put_bounds(handle: c_int, lower_bound: *mut isize, extent: *mut isize) -> Result {
    let datatype = of(handle)?;
    put(lower_bound, datatype.lower_bound);
    put(extent, datatype.extent);
    Ok(())
}

fn put_true_bounds(handle: c_int, lower_bound: *mut isize, extent: *mut isize) -> Result {
    let (lower, upper) = of(handle)?.true_bounds();
    put(lower_bound, lower);
    put(extent, upper - lower);
    Ok(())
}

// fn MPI_Type_get_extent fn MPI_Type_get_extent_c fn MPI_Type_get_extent_x
// fn MPI_Type_get_true_extent fn MPI_Type_get_true_extent_c fn MPI_Type_get_true_extent_x
macro_rules! bounds {
    ($($name:ident $put:ident;)*) => {
        mpi! {$(
            fn $name(handle: c_int, lower_bound: *mut isize, extent: *mut isize) {
                $put(handle, lower_bound, extent)
            }
        )*}
    };
}

bounds! {
    MPI_Type_get_extent put_bounds;
    MPI_Type_get_extent_c put_bounds;
    MPI_Type_get_extent_x put_bounds;
    MPI_Type_get_true_extent put_true_bounds;
    MPI_Type_get_true_extent_c put_true_bounds;
    MPI_Type_get_true_extent_x put_true_bounds;
}

mpi! {
    fn MPI_Type_size_x(handle: c_int, size: *mut i64) {
        put(size, wide(of(handle)?.size));
        Ok(())
    }

    fn MPI_Type_extent(handle: c_int, extent: *mut isize) {
        put(extent, of(handle)?.extent);
        Ok(())
    }

    fn MPI_Type_lb(handle: c_int, lower_bound: *mut isize) {
        put(lower_bound, of(handle)?.lower_bound);
        Ok(())
    }

    fn MPI_Type_ub(handle: c_int, upper_bound: *mut isize) {
        let datatype = of(handle)?;
        put(upper_bound, datatype.lower_bound + datatype.extent);
        Ok(())
    }

    fn MPI_Get_elements_x(status: *const Status, handle: c_int, count: *mut i64) {
        put(count, of(handle)?.n_basic(get(status).bytes()).map_or(UNDEFINED.into(), wide));
        Ok(())
    }

    fn MPI_Status_set_elements(status: *mut Status, handle: c_int, n: c_int) {
        let bytes = of(handle)?.bytes_of_basic(errors::count(n)?);
        put(status, get(status).with_bytes(bytes));
        Ok(())
    }

    fn MPI_Status_set_elements_x(status: *mut Status, handle: c_int, n: i64) {
        let bytes = of(handle)?.bytes_of_basic(errors::count(n)?);
        put(status, get(status).with_bytes(bytes));
        Ok(())
    }

    fn MPI_Type_free(handle: *mut c_int) {
        let freed = get(handle);
        if state().datatypes.get(freed).is_none() {
            return Err(Error::new(ERR_TYPE, "no datatype that can be freed"));
        }
        delete_all(freed)?;
        state().datatypes.remove(freed);
        given().remove(&freed);
        put(handle, DATATYPE_NULL);
        Ok(())
    }

    fn MPI_Type_get_name(handle: c_int, name: *mut c_char, length: *mut c_int) {
        // A null datatype has a name, too.
        if handle != DATATYPE_NULL {
            of(handle)?;
        }
        let own = given().get(&handle).cloned();
        let known = NAMES.iter().find(|(of, _)| of.cast_signed() == handle).map_or("", |(_, name)| *name);
        put_text(name, length, own.as_deref().unwrap_or(known), NAME_MAX);
        Ok(())
    }

    fn MPI_Type_set_name(handle: c_int, name: *const c_char) {
        of(handle)?;
        given().insert(handle, text(name));
        Ok(())
    }

    fn MPI_Type_get_envelope(
        handle: c_int,
        n_integers: *mut c_int,
        n_addresses: *mut c_int,
        n_types: *mut c_int,
        kind: *mut c_int,
    ) {
        let recipe = recipe(handle)?;
        put(kind, recipe.as_ref().map_or(combiner::NAMED, |recipe| recipe.combiner));
        let Recipe { integers, addresses, types, .. } = recipe.unwrap_or_default();
        let length = |n: usize| c_int::try_from(n).unwrap_or(c_int::MAX);
        put(n_integers, length(integers.len()));
        put(n_addresses, length(addresses.len()));
        put(n_types, length(types.len()));
        Ok(())
    }

    fn MPI_Type_get_contents(
        handle: c_int,
        max_integers: c_int,
        max_addresses: c_int,
        max_types: c_int,
        integers: *mut c_int,
        addresses: *mut i64,
        types: *mut c_int,
    ) {
        let recipe = recipe(handle)?.ok_or_else(|| Error::new(ERR_TYPE, "a predefined datatype has no contents"))?;
        for (i, number) in recipe.integers.iter().take(errors::count(max_integers)?).enumerate() {
            put_at(integers, i, c_int::try_from(*number).unwrap_or(c_int::MAX));
        }
        for (i, address) in recipe.addresses.iter().take(errors::count(max_addresses)?).enumerate() {
            put_at(addresses, i, *address);
        }
        put_ingredients(&recipe.types, errors::count(max_types)?, types);
        Ok(())
    }

    fn MPI_Type_match_size(class: c_int, size: c_int, found: *mut c_int) {
        put(found, matching(class, size)?);
        Ok(())
    }

    fn MPI_Type_create_f90_real(digits: c_int, exponent: c_int, new: *mut c_int) {
        let old = if is_short(digits, exponent)? { 0x4c00_041c } else { 0x4c00_081f };
        fortran(combiner::F90_REAL, vec![digits.into(), exponent.into()], old, new)
    }

    fn MPI_Type_create_f90_complex(digits: c_int, exponent: c_int, new: *mut c_int) {
        let old = if is_short(digits, exponent)? { 0x4c00_081e } else { 0x4c00_1022 };
        fortran(combiner::F90_COMPLEX, vec![digits.into(), exponent.into()], old, new)
    }

    fn MPI_Type_create_f90_integer(digits: c_int, new: *mut c_int) {
        let old = match digits {
            ..=2 => 0x4c00_012d,
            3..=4 => 0x4c00_022f,
            5..=9 => 0x4c00_0430,
            10..=18 => 0x4c00_0831,
            _ => return Err(Error::new(ERR_ARG, "there is no integer of so many digits")),
        };
        fortran(combiner::F90_INTEGER, vec![digits.into()], old, new)
    }
}
