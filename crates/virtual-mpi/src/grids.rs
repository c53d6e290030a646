//! Cartesian communicators: ranks as cells of a grid. They stay in their order, whether the program would allow another or not.

use std::ffi::c_int;
use std::sync::Arc;

use crate::abi::{COMM_NULL, ERR_ARG, ERR_DIMS, ERR_TOPOLOGY, PROC_NULL, UNDEFINED};
use crate::communicators::{agree, make, split};
use crate::errors::{self, Error, Result};
use crate::memory::{list, put, put_at};
use crate::state::{Communicator, Grid, Topology, communicator, state};

/// What `MPI_Topo_test` calls graphs and grids.
const GRAPH: c_int = 1;
const CART: c_int = 2;
const DIST_GRAPH: c_int = 3;

impl Grid {
    fn n_cells(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Returns the ranks before and after one in each direction.
    pub(crate) fn neighbours(&self, rank: usize) -> Vec<c_int> {
        let shifts = (0..self.sizes.len()).flat_map(|direction| [(direction, -1), (direction, 1)]);
        shifts.map(|(direction, distance)| self.shifted(rank, direction, distance)).collect()
    }

    /// Returns the rank so far away in a direction, or nobody.
    fn shifted(&self, rank: usize, direction: usize, distance: i64) -> c_int {
        let place = self.coordinates(rank);
        let mut moved: Vec<i64> = place.iter().map(|coordinate| i64::try_from(*coordinate).unwrap_or(0)).collect();
        moved[direction] += distance;
        or_nobody(self.rank_at(&moved))
    }

    /// Returns the coordinates of a rank; the last one counts up first.
    fn coordinates(&self, rank: usize) -> Vec<usize> {
        let mut rest = rank;
        let mut coordinates: Vec<usize> = Vec::with_capacity(self.sizes.len());
        for size in self.sizes.iter().rev() {
            coordinates.push(rest % size);
            rest /= size;
        }
        coordinates.reverse();
        coordinates
    }

    /// Returns the rank at some coordinates, which go around where the grid does; none outside of it.
    fn rank_at(&self, coordinates: &[i64]) -> Option<usize> {
        let mut rank = 0;
        for ((coordinate, size), is_periodic) in coordinates.iter().zip(&self.sizes).zip(&self.are_periodic) {
            let size = i64::try_from(*size).ok()?;
            let within = if *is_periodic { coordinate.rem_euclid(size) } else { *coordinate };
            rank = rank * size + Some(within).filter(|within| (0..size).contains(within))?;
        }
        usize::try_from(rank).ok()
    }
}

fn grid(comm: &Communicator) -> Result<&Grid> {
    match comm.topology.as_deref() {
        Some(Topology::Grid(grid)) => Ok(grid),
        _ => Err(Error::new(ERR_TOPOLOGY, "the communicator is no grid")),
    }
}

/// Reads the grid of arguments, which may not have more cells than there are ranks.
fn grid_of(n_ranks: usize, n: c_int, dimensions: *const c_int, periods: *const c_int) -> Result<Grid> {
    let n_dimensions = errors::count(n)?;
    let sizes = list(dimensions, n_dimensions).into_iter().map(|size| {
        usize::try_from(size)
            .ok()
            .filter(|size| *size > 0)
            .ok_or_else(|| Error::new(ERR_DIMS, format!("a dimension has {size} cells")))
    });
    let sizes: Vec<usize> = sizes.collect::<Result<_>>()?;
    let grid =
        Grid { sizes, are_periodic: list(periods, n_dimensions).into_iter().map(|period| period != 0).collect() };
    if grid.n_cells() > n_ranks {
        return Err(Error::new(ERR_ARG, format!("a grid of {} cells on {n_ranks} ranks", grid.n_cells())));
    }
    Ok(grid)
}

/// Returns a rank of a grid, or nobody.
fn or_nobody(rank: Option<usize>) -> c_int {
    rank.and_then(|rank| c_int::try_from(rank).ok()).unwrap_or(PROC_NULL)
}

/// Returns how `n` ranks are divided into as many sizes as are free, in descending order, so that the largest and the smallest one are as
/// close as can be; of several such divisions, the one whose smallest is largest.
fn balanced(n: usize, n_free: usize) -> Vec<usize> {
    let divisors: Vec<usize> = (1..=n).filter(|divisor| n.is_multiple_of(*divisor)).collect();
    let mut all = Vec::new();
    divisions(n, n_free, &mut Vec::new(), &divisors, &mut all);
    let spread = |sizes: &Vec<usize>| sizes.last().zip(sizes.first()).map(|(last, first)| (last - first, n - first));
    let mut sizes = all.into_iter().min_by_key(spread).unwrap_or_else(|| vec![1; n_free]);
    sizes.reverse();
    sizes
}

/// Adds all divisions whose sizes ascend from those that are chosen already.
fn divisions(n: usize, n_free: usize, chosen: &mut Vec<usize>, divisors: &[usize], all: &mut Vec<Vec<usize>>) {
    let least = chosen.last().copied().unwrap_or(1);
    if n_free == 1 && n >= least {
        all.push([&chosen[..], &[n]].concat());
    }
    // The others are not smaller.
    let is_small = |size: usize| {
        u32::try_from(n_free).ok().and_then(|n_free| size.checked_pow(n_free)).is_some_and(|all| all <= n)
    };
    for size in divisors.iter().copied().filter(|size| n_free > 1 && *size >= least && n.is_multiple_of(*size)) {
        if !is_small(size) {
            break;
        }
        chosen.push(size);
        divisions(n / size, n_free - 1, chosen, divisors, all);
        chosen.pop();
    }
}

mpi! {
    fn MPI_Dims_create(n: c_int, n_dimensions: c_int, dimensions: *mut c_int) {
        let (n, n_dimensions) = (errors::count(n)?, errors::count(n_dimensions)?);
        let given = list(dimensions.cast_const(), n_dimensions);
        let fixed: usize = given.iter().filter_map(|size| usize::try_from(*size).ok()).filter(|size| *size > 0).product();
        if given.iter().any(|size| *size < 0) || n == 0 || !n.is_multiple_of(fixed) {
            return Err(Error::new(ERR_DIMS, format!("{n} ranks cannot be divided by {fixed}")));
        }
        if given.iter().all(|size| *size > 0) {
            // Nothing is left to divide; then the cells are as many as the ranks.
            let is_whole = n == fixed || n_dimensions == 0;
            return is_whole.then_some(()).ok_or_else(|| Error::new(ERR_DIMS, format!("{n} ranks are not {fixed} cells")));
        }
        let mut free = balanced(n / fixed, given.iter().filter(|size| **size == 0).count()).into_iter();
        for (i, _) in given.iter().enumerate().filter(|(_, size)| **size == 0) {
            let size = free.next().and_then(|size| c_int::try_from(size).ok());
            put_at(dimensions, i, size.unwrap_or(1));
        }
        Ok(())
    }

    fn MPI_Cart_create(
        comm: c_int,
        n_dimensions: c_int,
        dimensions: *const c_int,
        periods: *const c_int,
        _reorder: c_int,
        new: *mut c_int,
    ) {
        let (from, comm) = (comm, communicator(comm)?);
        let grid = grid_of(comm.size(), n_dimensions, dimensions, periods)?;
        let agreement = agree(&comm, [0, 0]);
        if comm.rank as usize >= grid.n_cells() {
            put(new, COMM_NULL);
            return Ok(());
        }
        let members = comm.members[..grid.n_cells()].to_vec();
        let handle = make(agreement.context, members, comm.me(), from, new)?;
        state().communicator_mut(handle)?.topology = Some(Arc::new(Topology::Grid(grid)));
        Ok(())
    }

    fn MPI_Cart_map(comm: c_int, n: c_int, dimensions: *const c_int, periods: *const c_int, rank: *mut c_int) {
        let comm = communicator(comm)?;
        let is_in = (comm.rank as usize) < grid_of(comm.size(), n, dimensions, periods)?.n_cells();
        put(rank, if is_in { comm.rank.cast_signed() } else { UNDEFINED });
        Ok(())
    }

    fn MPI_Cart_sub(comm: c_int, kept: *const c_int, new: *mut c_int) {
        let (from, comm) = (comm, communicator(comm)?);
        let grid = grid(&comm)?;
        let kept = list(kept, grid.sizes.len());
        // Ranks whose other coordinates are the same stay together, in the order of those that are kept.
        let (mut color, mut key) = (0, 0);
        let mut left = Grid { sizes: Vec::new(), are_periodic: Vec::new() };
        for (i, place) in grid.coordinates(comm.rank as usize).into_iter().enumerate() {
            if kept[i] == 0 {
                color = color * grid.sizes[i] + place;
            } else {
                key = key * grid.sizes[i] + place;
                left.sizes.push(grid.sizes[i]);
                left.are_periodic.push(grid.are_periodic[i]);
            }
        }
        if left.sizes.is_empty() && comm.rank > 0 {
            // As in MPICH: only one rank has the grid without dimensions.
            return split(from, UNDEFINED, 0, new).map(drop);
        }
        let [color, key] = [color, key].map(|n| c_int::try_from(n).unwrap_or(c_int::MAX));
        let handle = split(from, color, key, new)?;
        state().communicator_mut(handle)?.topology = Some(Arc::new(Topology::Grid(left)));
        Ok(())
    }

    fn MPI_Cartdim_get(comm: c_int, n_dimensions: *mut c_int) {
        let comm = communicator(comm)?;
        put(n_dimensions, c_int::try_from(grid(&comm)?.sizes.len()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Cart_get(comm: c_int, max: c_int, dimensions: *mut c_int, periods: *mut c_int, coordinates: *mut c_int) {
        let comm = communicator(comm)?;
        let grid = grid(&comm)?;
        let place = grid.coordinates(comm.rank as usize);
        let cells = grid.sizes.iter().zip(&grid.are_periodic).zip(place);
        for (i, ((size, is_periodic), coordinate)) in cells.enumerate().take(errors::count(max)?) {
            put_at(dimensions, i, c_int::try_from(*size).unwrap_or(c_int::MAX));
            put_at(periods, i, c_int::from(*is_periodic));
            put_at(coordinates, i, c_int::try_from(coordinate).unwrap_or(c_int::MAX));
        }
        Ok(())
    }

    fn MPI_Cart_coords(comm: c_int, rank: c_int, max: c_int, coordinates: *mut c_int) {
        let comm = communicator(comm)?;
        comm.world_rank(rank)?;
        let place = grid(&comm)?.coordinates(errors::count(rank)?);
        for (i, coordinate) in place.into_iter().enumerate().take(errors::count(max)?) {
            put_at(coordinates, i, c_int::try_from(coordinate).unwrap_or(c_int::MAX));
        }
        Ok(())
    }

    fn MPI_Cart_rank(comm: c_int, coordinates: *const c_int, rank: *mut c_int) {
        let comm = communicator(comm)?;
        let grid = grid(&comm)?;
        let place: Vec<i64> = list(coordinates, grid.sizes.len()).into_iter().map(i64::from).collect();
        let found = grid.rank_at(&place).ok_or_else(|| Error::new(ERR_ARG, "the coordinates lie outside of the grid"))?;
        put(rank, or_nobody(Some(found)));
        Ok(())
    }

    fn MPI_Cart_shift(comm: c_int, direction: c_int, distance: c_int, from: *mut c_int, to: *mut c_int) {
        let comm = communicator(comm)?;
        let (grid, direction) = (grid(&comm)?, errors::count(direction)?);
        if direction >= grid.sizes.len() {
            return Err(Error::new(ERR_ARG, format!("the grid has {} dimensions", grid.sizes.len())));
        }
        let at = |distance: i64| grid.shifted(comm.rank as usize, direction, distance);
        put(from, at(-i64::from(distance)));
        put(to, at(i64::from(distance)));
        Ok(())
    }

    fn MPI_Topo_test(comm: c_int, kind: *mut c_int) {
        put(kind, match communicator(comm)?.topology.as_deref() {
            Some(Topology::Grid(_)) => CART,
            Some(Topology::Graph(_)) => GRAPH,
            Some(Topology::Adjacent(_)) => DIST_GRAPH,
            None => UNDEFINED,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_coordinate_counts_up_first_and_periods_go_around() {
        let grid = Grid { sizes: vec![2, 3], are_periodic: vec![false, true] };
        assert_eq!((grid.n_cells(), grid.coordinates(4)), (6, vec![1, 1]));
        assert_eq!((grid.rank_at(&[1, 1]), grid.rank_at(&[1, 3]), grid.rank_at(&[0, -1])), (Some(4), Some(3), Some(2)));
        assert_eq!((grid.rank_at(&[2, 0]), grid.rank_at(&[-1, 0])), (None, None));
    }

    #[test]
    fn ranks_are_divided_as_evenly_as_their_factors_allow() {
        assert_eq!((balanced(12, 2), balanced(72, 2), balanced(3168, 3)), (vec![4, 3], vec![9, 8], vec![18, 16, 11]));
        assert_eq!(balanced(5040, 3), [21, 16, 15]);
        assert_eq!(balanced(8, 3), [2, 2, 2]);
        assert_eq!((balanced(7, 2), balanced(1, 1)), (vec![7, 1], vec![1]));
    }
}
