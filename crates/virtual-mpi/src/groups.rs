//! Groups: ranks in an order, without anything that they say to each other.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{
    ERR_ARG, ERR_GROUP, ERR_RANK, FIRST_GROUP, GROUP_EMPTY, GROUP_NULL, IDENT, PROC_NULL, SIMILAR, UNEQUAL,
};
use crate::errors::{self, Error, Result};
use crate::handles::Handles;
use crate::memory::{get, list, put, put_at};
use crate::state::{communicator, place_of, state};

/// Ranks among all, by handle.
static GROUPS: Mutex<Handles<Vec<u32>>> = Mutex::new(Handles::new(FIRST_GROUP));

fn groups() -> MutexGuard<'static, Handles<Vec<u32>>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the ranks of a group.
pub(crate) fn group(handle: c_int) -> Result<Vec<u32>> {
    if handle == GROUP_EMPTY {
        return Ok(Vec::new());
    }
    groups().get(handle).cloned().ok_or_else(|| {
        let what =
            if handle == GROUP_NULL { "a null group".to_owned() } else { format!("{handle:#x}, which is no group") };
        Error::new(ERR_GROUP, format!("the group is {what}"))
    })
}

/// Gives the program a group.
pub(crate) fn make(members: Vec<u32>, new: *mut c_int) {
    put(new, if members.is_empty() { GROUP_EMPTY } else { groups().insert(members) });
}

/// Returns the places that are named in a group, each one once.
fn places(members: &[u32], named: impl Iterator<Item = i64>) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for rank in named {
        let place = usize::try_from(rank).ok().filter(|place| *place < members.len());
        let place = place.ok_or_else(|| Error::new(ERR_RANK, format!("rank {rank} is not in the group")))?;
        if places.contains(&place) {
            return Err(Error::new(ERR_RANK, format!("rank {rank} is named twice")));
        }
        places.push(place);
    }
    Ok(places)
}

/// Returns the places of ranges: first, last and stride of each.
fn ranges(members: &[u32], n: c_int, triples: *const c_int) -> Result<Vec<usize>> {
    let triples = list(triples, 3 * errors::count(n)?);
    let mut named = Vec::new();
    for of in triples.chunks_exact(3) {
        let [first, last, stride] = [of[0], of[1], of[2]].map(i64::from);
        if stride == 0 {
            return Err(Error::new(ERR_ARG, "the stride of a range is zero"));
        }
        let n = ((last - first) / stride).max(-1) + 1;
        if (last - first) * stride < 0 {
            return Err(Error::new(ERR_ARG, format!("a range from {first} to {last} does not go by {stride}")));
        }
        named.extend((0..n).map(|i| first + i * stride));
    }
    places(members, named.into_iter())
}

fn only(members: &[u32], places: &[usize]) -> Vec<u32> {
    places.iter().map(|place| members[*place]).collect()
}

fn without(members: &[u32], places: &[usize]) -> Vec<u32> {
    let kept = members.iter().enumerate().filter(|(place, _)| !places.contains(place));
    kept.map(|(_, member)| *member).collect()
}

/// Compares two orders of ranks.
pub(crate) fn compared(one: &[u32], other: &[u32]) -> c_int {
    match () {
        () if one == other => IDENT,
        () if one.len() == other.len() && one.iter().all(|member| other.contains(member)) => SIMILAR,
        () => UNEQUAL,
    }
}

mpi! {
    fn MPI_Comm_group(comm: c_int, new: *mut c_int) {
        make(communicator(comm)?.members, new);
        Ok(())
    }

    fn MPI_Comm_remote_group(comm: c_int, new: *mut c_int) {
        let remote = communicator(comm)?.remote;
        make(remote.ok_or_else(|| Error::new(crate::abi::ERR_COMM, "the communicator has no other side"))?.members, new);
        Ok(())
    }

    fn MPI_Group_size(handle: c_int, size: *mut c_int) {
        put(size, c_int::try_from(group(handle)?.len()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Group_rank(handle: c_int, rank: *mut c_int) {
        let members = group(handle)?;
        put(rank, place_of(&members, state().world.rank));
        Ok(())
    }

    fn MPI_Group_translate_ranks(one: c_int, n: c_int, ranks: *const c_int, other: c_int, found: *mut c_int) {
        let (from, to) = (group(one)?, group(other)?);
        for (i, rank) in list(ranks, errors::count(n)?).into_iter().enumerate() {
            if rank == PROC_NULL {
                put_at(found, i, PROC_NULL);
                continue;
            }
            let place = places(&from, std::iter::once(i64::from(rank)))?;
            put_at(found, i, place_of(&to, from[place[0]]));
        }
        Ok(())
    }

    fn MPI_Group_compare(one: c_int, other: c_int, result: *mut c_int) {
        put(result, compared(&group(one)?, &group(other)?));
        Ok(())
    }

    fn MPI_Group_union(one: c_int, other: c_int, new: *mut c_int) {
        let mut members = group(one)?;
        let more: Vec<u32> = group(other)?.into_iter().filter(|member| !members.contains(member)).collect();
        members.extend(more);
        make(members, new);
        Ok(())
    }

    fn MPI_Group_intersection(one: c_int, other: c_int, new: *mut c_int) {
        let kept = group(other)?;
        make(group(one)?.into_iter().filter(|member| kept.contains(member)).collect(), new);
        Ok(())
    }

    fn MPI_Group_difference(one: c_int, other: c_int, new: *mut c_int) {
        let left_out = group(other)?;
        make(group(one)?.into_iter().filter(|member| !left_out.contains(member)).collect(), new);
        Ok(())
    }

    fn MPI_Group_incl(handle: c_int, n: c_int, ranks: *const c_int, new: *mut c_int) {
        let members = group(handle)?;
        let places = places(&members, list(ranks, errors::count(n)?).into_iter().map(i64::from))?;
        make(only(&members, &places), new);
        Ok(())
    }

    fn MPI_Group_excl(handle: c_int, n: c_int, ranks: *const c_int, new: *mut c_int) {
        let members = group(handle)?;
        let places = places(&members, list(ranks, errors::count(n)?).into_iter().map(i64::from))?;
        make(without(&members, &places), new);
        Ok(())
    }

    fn MPI_Group_range_incl(handle: c_int, n: c_int, triples: *const c_int, new: *mut c_int) {
        let members = group(handle)?;
        make(only(&members, &ranges(&members, n, triples)?), new);
        Ok(())
    }

    fn MPI_Group_range_excl(handle: c_int, n: c_int, triples: *const c_int, new: *mut c_int) {
        let members = group(handle)?;
        make(without(&members, &ranges(&members, n, triples)?), new);
        Ok(())
    }

    fn MPI_Group_free(handle: *mut c_int) {
        group(get(handle))?;
        groups().remove(get(handle));
        put(handle, GROUP_NULL);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_up_and_down() {
        let members = [10, 11, 12, 13, 14, 15];
        // 5, 3, 1, and then 0 alone.
        let triples = [5, 1, -2, 0, 0, 1];
        assert_eq!(ranges(&members, 2, triples.as_ptr()), Ok(vec![5, 3, 1, 0]));
        assert_eq!(only(&members, &[5, 3]), [15, 13]);
        assert_eq!(without(&members, &[5, 3, 1, 0]), [12, 14]);
        assert_eq!(ranges(&members, 1, [0, 6, 1].as_ptr()).expect_err("outside").class, ERR_RANK);
        assert_eq!(ranges(&members, 1, [0, 3, 0].as_ptr()).expect_err("no stride").class, ERR_ARG);
    }

    #[test]
    fn orders_are_the_same_similar_or_neither() {
        assert_eq!(
            (compared(&[1, 2], &[1, 2]), compared(&[1, 2], &[2, 1]), compared(&[1], &[2])),
            (IDENT, SIMILAR, UNEQUAL)
        );
    }
}
