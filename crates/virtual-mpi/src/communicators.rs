//! Communicators: which ranks belong together, and in which order.

use std::ffi::{c_char, c_int};

use crate::abi::{COMM_NULL, ERR_COMM, UNDEFINED};
use crate::attributes::{copy_all, delete_all};
use crate::collectives::gather;
use crate::errors::{Error, Result};
use crate::link;
use crate::memory::{get, put, put_text, text};
use crate::state::{Communicator, communicator, state};
use crate::wire::gathering::AGREE;
use crate::wire::{Call, Gathering};

/// Two pointers that graphs without weights are told by: they only have to differ from all others.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) static MPI_UNWEIGHTED: &c_int = &1;
/// As [`MPI_UNWEIGHTED`].
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) static MPI_WEIGHTS_EMPTY: &c_int = &2;

/// What the ranks of a communicator say to each other when they make another one: two numbers of each.
pub(crate) struct Agreement {
    /// A context that nobody has used.
    pub(crate) context: u32,
    said: Vec<[i32; 2]>,
}

pub(crate) fn agree(comm: &Communicator, said: [i32; 2]) -> Agreement {
    let bytes: Vec<u8> = said.iter().flat_map(|number| number.to_le_bytes()).collect();
    let call = Gathering { block: 8, ..gather(AGREE, comm, 0) };
    let answer = link::call(&Call::Gathering(Box::new(call)), &bytes);
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte)).cast_signed();
    let said = answer.bytes.chunks_exact(8).map(|pair| [number(&pair[..4]), number(&pair[4..])]).collect();
    let context = answer.numbers.first().and_then(|context| u32::try_from(*context).ok());
    Agreement { context: context.expect("invariant: the simulator gives a context"), said }
}

pub(crate) fn make(context: u32, members: Vec<u32>, me: u32, new: *mut c_int) -> Result<c_int> {
    let rank = members.iter().position(|member| *member == me);
    let rank = rank.and_then(|rank| u32::try_from(rank).ok()).ok_or_else(|| Error::new(ERR_COMM, "not a member"))?;
    link::call(&Call::Define { context, members: members.clone() }, b"");
    let handle = state().communicators.insert(Communicator { context, members, rank, ..Communicator::nobody() });
    put(new, handle);
    Ok(handle)
}

mpi! {
    fn MPI_Comm_size(comm: c_int, size: *mut c_int) {
        put(size, c_int::try_from(state().communicator(comm)?.size()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Comm_rank(comm: c_int, rank: *mut c_int) {
        put(rank, state().communicator(comm)?.rank.cast_signed());
        Ok(())
    }

    fn MPI_Comm_test_inter(comm: c_int, flag: *mut c_int) {
        state().communicator(comm)?;
        put(flag, 0);
        Ok(())
    }

    fn MPI_Comm_get_name(comm: c_int, name: *mut c_char, length: *mut c_int) {
        put_text(name, length, &communicator(comm)?.name, 128);
        Ok(())
    }

    fn MPI_Comm_set_name(comm: c_int, name: *const c_char) {
        state().communicator_mut(comm)?.name = text(name);
        Ok(())
    }

    fn MPI_Comm_compare(one: c_int, other: c_int, result: *mut c_int) {
        let (a, b) = (communicator(one)?, communicator(other)?);
        let are_same_ranks = a.members.len() == b.members.len() && a.members.iter().all(|m| b.members.contains(m));
        put(result, match () {
            () if a.context == b.context && a.members == b.members => 0,
            () if a.members == b.members => 1,
            () if are_same_ranks => 2,
            () => 3,
        });
        Ok(())
    }

    fn MPI_Comm_dup(comm: c_int, new: *mut c_int) {
        let handle = comm;
        let comm = communicator(handle)?;
        let me = comm.members[comm.rank as usize];
        let new = make(agree(&comm, [0, 0]).context, comm.members.clone(), me, new)?;
        state().communicator_mut(new)?.grid = comm.grid;
        copy_all(handle, new)
    }

    fn MPI_Comm_split(comm: c_int, color: c_int, key: c_int, new: *mut c_int) {
        let comm = communicator(comm)?;
        let agreement = agree(&comm, [color, key]);
        if color == UNDEFINED {
            put(new, COMM_NULL);
            return Ok(());
        }
        // Stable: ranks of one key stay in the order of the old communicator.
        let mut chosen: Vec<(i32, u32)> = Vec::new();
        for ([of, key], member) in agreement.said.iter().zip(&comm.members) {
            if *of == color {
                chosen.push((*key, *member));
            }
        }
        chosen.sort_by_key(|(key, _)| *key);
        let members = chosen.into_iter().map(|(_, member)| member).collect();
        make(agreement.context, members, comm.members[comm.rank as usize], new).map(drop)
    }

    fn MPI_Comm_free(comm: *mut c_int) {
        delete_all(get(comm))?;
        let freed = state().communicators.remove(get(comm));
        freed.ok_or_else(|| Error::new(ERR_COMM, "no communicator that can be freed"))?;
        put(comm, COMM_NULL);
        Ok(())
    }
}
