//! Datatypes that are a part of an array of several dimensions: a block of it, or what one of several ranks has of it.

use std::ffi::c_int;

use crate::abi::ERR_ARG;
use crate::datatypes::{Arguments, combiner, of};
use crate::errors::{self, Error, Result};
use crate::layout::Datatype;
use crate::memory::{counts, list};

const ORDER_C: c_int = 56;
const ORDER_FORTRAN: c_int = 57;
const BLOCK: c_int = 121;
const CYCLIC: c_int = 122;
const NONE: c_int = 123;
const DEFAULT: c_int = -49767;

/// Returns the dimensions from the one that is next in memory on.
fn from_inside(n: usize, order: c_int) -> Result<Vec<usize>> {
    match order {
        ORDER_C => Ok((0..n).rev().collect()),
        ORDER_FORTRAN => Ok((0..n).collect()),
        _ => Err(Error::new(ERR_ARG, format!("{order} is no order of an array"))),
    }
}

/// Returns the elements of an array that have chosen places in each dimension; its extent is that of the whole array.
///
/// `chosen` has runs by dimension: where they begin, and how long they are.
fn part(sizes: &[i64], chosen: &[Vec<(i64, i64)>], order: &[usize], old: &Datatype) -> Result<Datatype> {
    let mut part = old.clone();
    let mut stride = old.extent;
    for dimension in order {
        let runs = chosen[*dimension].iter().map(|(start, length)| {
            let start = isize::try_from(*start).map_err(|_| Error::new(ERR_ARG, "an array is too large"))?;
            Ok((errors::count(*length)?, start * stride))
        });
        let runs = runs.collect::<Result<Vec<_>>>()?;
        // Runs are of elements that are one stride apart.
        part = part.resized(part.lower_bound, stride).blocks(&runs);
        stride *= isize::try_from(sizes[*dimension]).unwrap_or(isize::MAX);
    }
    Ok(part.resized(0, stride))
}

/// How one dimension is divided among ranks.
#[derive(Clone, Copy)]
struct Division {
    size: i64,
    kind: c_int,
    argument: i64,
    /// Ranks in this dimension, and which one of them.
    n_ranks: i64,
    place: i64,
}

impl Division {
    /// Returns the runs of the rank.
    fn runs(self) -> Result<Vec<(i64, i64)>> {
        let Self { size, kind, argument, n_ranks, place } = self;
        let is_default = argument == i64::from(DEFAULT);
        let run = |start: i64, length: i64| (start, length.min(size - start));
        match kind {
            NONE if n_ranks == 1 => Ok(vec![(0, size)]),
            BLOCK => {
                let block = if is_default { (size + n_ranks - 1) / n_ranks } else { argument };
                if block <= 0 || block * n_ranks < size {
                    return Err(Error::new(ERR_ARG, "blocks are too small for a dimension"));
                }
                let start = place * block;
                Ok(if start < size { vec![run(start, block)] } else { Vec::new() })
            }
            CYCLIC => {
                let block = if is_default { 1 } else { argument };
                if block <= 0 {
                    return Err(Error::new(ERR_ARG, "blocks of a dimension have no elements"));
                }
                let starts = (0..).map(|i| (i * n_ranks + place) * block).take_while(|start| *start < size);
                Ok(starts.map(|start| run(start, block)).collect())
            }
            _ => Err(Error::new(ERR_ARG, "a dimension is divided in no known way")),
        }
    }
}

/// Returns the coordinates of a rank; the last one counts up first.
fn coordinates(rank: i64, grid: &[i64]) -> Vec<i64> {
    let mut rest = rank;
    let mut places: Vec<i64> = grid
        .iter()
        .rev()
        .map(|n| {
            let place = rest % n;
            rest /= n;
            place
        })
        .collect();
    places.reverse();
    places
}

counted! {
    fn MPI_Type_create_subarray fn MPI_Type_create_subarray_c (
        n: c_int,
        sizes: *const Count,
        parts: *const Count,
        starts: *const Count,
        order: c_int,
        old: c_int,
        new: *mut c_int,
    ) {
        let n_dimensions = errors::count(n)?;
        let [sizes, parts, starts] = [sizes, parts, starts].map(|list| counts(list, n_dimensions));
        for ((size, part), start) in sizes.iter().zip(&parts).zip(&starts) {
            if *part < 1 || *start < 0 || start + part > *size {
                return Err(Error::new(ERR_ARG, "a part of an array lies outside of it"));
            }
        }
        let chosen: Vec<_> = starts.iter().copied().zip(parts.iter().copied()).map(|run| vec![run]).collect();
        let made = part(&sizes, &chosen, &from_inside(n_dimensions, order)?, &*of(old)?)?;
        let integers = [&[n.into()], &sizes[..], &parts, &starts, &[order.into()]].concat();
        Arguments::new(combiner::SUBARRAY, integers, Vec::new(), old).made(made, new)
    }

    fn MPI_Type_create_darray fn MPI_Type_create_darray_c (
        size: c_int,
        rank: c_int,
        n: c_int,
        sizes: *const Count,
        kinds: *const c_int,
        arguments: *const c_int,
        grid: *const c_int,
        order: c_int,
        old: c_int,
        new: *mut c_int,
    ) {
        let n_dimensions = errors::count(n)?;
        let (sizes, kinds) = (counts(sizes, n_dimensions), list(kinds, n_dimensions));
        let [arguments, grid] = [arguments, grid].map(|list| counts(list, n_dimensions));
        if grid.iter().product::<i64>() != i64::from(size) || !(0..size).contains(&rank) || grid.contains(&0) {
            return Err(Error::new(ERR_ARG, "the grid of the ranks has another size"));
        }
        let places = coordinates(rank.into(), &grid);
        let mut chosen = Vec::new();
        for (i, kind) in kinds.iter().enumerate() {
            let of = Division { size: sizes[i], kind: *kind, argument: arguments[i], n_ranks: grid[i], place: places[i] };
            chosen.push(of.runs()?);
        }
        let made = part(&sizes, &chosen, &from_inside(n_dimensions, order)?, &*of(old)?)?;
        let ways: Vec<i64> = kinds.iter().map(|kind| (*kind).into()).collect();
        let first = [size, rank, n].map(i64::from);
        let integers = [&first[..], &sizes, &ways, &arguments, &grid, &[order.into()]].concat();
        Arguments::new(combiner::DARRAY, integers, Vec::new(), old).made(made, new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::predefined;

    const INT: c_int = 0x4c00_0405;

    fn places(part: &Datatype) -> Vec<(isize, usize)> {
        part.pieces.iter().map(|piece| (piece.at, piece.length)).collect()
    }

    #[test]
    fn a_block_of_a_matrix_has_the_extent_of_the_matrix() {
        // Rows 1 and 2, columns 1 to 3 of a 4 x 5 matrix of ints: 12 bytes each, from (1*5 + 1)*4 and (2*5 + 1)*4 on.
        let int = predefined(INT).expect("a type");
        let chosen = [vec![(1, 2)], vec![(1, 3)]];
        let block = part(&[4, 5], &chosen, &[1, 0], &int).expect("a part");
        assert_eq!((places(&block), block.extent, block.lower_bound), (vec![(24, 12), (44, 12)], 80, 0));
        // In Fortran's order the first dimension is next in memory: two rows of columns 1 to 3, 4 elements apart.
        let block = part(&[4, 5], &chosen, &[0, 1], &int).expect("a part");
        assert_eq!(places(&block), [(20, 8), (36, 8), (52, 8)]);
    }

    #[test]
    fn dimensions_are_dealt_out_in_blocks_or_in_turn() {
        let of = |kind, argument, place| Division { size: 7, kind, argument, n_ranks: 2, place }.runs();
        assert_eq!(of(BLOCK, DEFAULT.into(), 1), Ok(vec![(4, 3)]));
        assert_eq!(of(CYCLIC, 2, 1), Ok(vec![(2, 2), (6, 1)]));
        assert_eq!(of(CYCLIC, DEFAULT.into(), 0), Ok(vec![(0, 1), (2, 1), (4, 1), (6, 1)]));
        assert!(of(BLOCK, 3, 0).is_err() && of(NONE, 0, 0).is_err());
        assert_eq!(coordinates(5, &[2, 3]), [1, 2]);
    }
}
