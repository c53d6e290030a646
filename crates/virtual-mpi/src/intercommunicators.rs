//! Intercommunicators: two groups of ranks, each of which speaks with the other one.

use std::ffi::{c_char, c_int};

use crate::abi::{COMM_NULL, COMM_WORLD, ERR_COMM};
use crate::communicators::{add, agree, agree_among, make, tag_of};
use crate::errors::{self, Error, Result};
use crate::groups::group;
use crate::link;
use crate::memory::{put, text};
use crate::messages::{Mode, address, wanted};
use crate::plan::gather;
use crate::state::{Communicator, Remote, communicator, place_of, state};
use crate::wire::gathering::BCAST;
use crate::wire::{Call, Gathering};

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers(words: &[u8]) -> Vec<u32> {
    words.chunks_exact(4).map(|word| word.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))).collect()
}

/// Tells the ranks of a communicator what one of them knows.
fn told_to_all(comm: &Communicator, root: u32, known: Option<Vec<u32>>) -> Vec<u32> {
    let ask = |known: Option<&[u32]>, length: usize| {
        let call = Gathering { block: 4 * length as u64, ..gather(BCAST, comm, root) };
        let bytes = known.map(words).unwrap_or_default();
        numbers(&link::call(&Call::Gathering(Box::new(call)), &bytes).bytes)
    };
    let length = known.as_ref().map(|known| vec![u32::try_from(known.len()).unwrap_or(u32::MAX)]);
    let told = ask(length.as_deref(), 1);
    let n = length.or(Some(told)).and_then(|length| length.first().copied()).unwrap_or(0);
    let told = ask(known.as_deref(), n as usize);
    known.unwrap_or(told)
}

/// Exchanges the members of both sides between their leaders.
fn exchanged(comm: &Communicator, peer: &Communicator, leader: c_int, tag: c_int) -> Result<Vec<u32>> {
    let to = address(peer, leader, tag, Mode::Standard)?;
    let from = wanted(peer, leader, tag)?;
    let (Some(to), Some(from)) = (to, from) else { return Err(Error::new(ERR_COMM, "the other leader is nobody")) };
    Ok(numbers(&link::call(&Call::Exchange(to, from), &words(&comm.members)).bytes))
}

mpi! {
    fn MPI_Intercomm_create(
        handle: c_int,
        own_leader: c_int,
        peer: c_int,
        leader: c_int,
        tag: c_int,
        new: *mut c_int,
    ) {
        let comm = communicator(handle)?;
        if comm.remote.is_some() {
            return Err(Error::new(ERR_COMM, "an intercommunicator has no one leader"));
        }
        comm.world_rank(own_leader)?;
        let is_leader = comm.rank == own_leader.cast_unsigned();
        let known = is_leader.then(|| exchanged(&comm, &communicator(peer)?, leader, tag)).transpose()?;
        let others = told_to_all(&comm, own_leader.cast_unsigned(), known);
        if others.iter().any(|other| comm.members.contains(other)) {
            return Err(Error::new(ERR_COMM, "a rank is on both sides"));
        }
        let remote = Some(Remote { is_second: comm.members < others, members: others });
        let both = Communicator { remote, name: String::new(), topology: None, ..comm };
        let context = agree_among(&both.everybody(), tag);
        add(Communicator { context, ..both }, handle, new).map(drop)
    }

    fn MPI_Intercomm_create_from_groups(
        own: c_int,
        _own_leader: c_int,
        other: c_int,
        _leader: c_int,
        tag: *const c_char,
        _info: c_int,
        handler: c_int,
        new: *mut c_int,
    ) {
        let (members, others, me) = (group(own)?, group(other)?, state().world.rank);
        let rank = place_of(&members, me).cast_unsigned();
        let remote = Some(Remote { is_second: members < others, members: others });
        let both = Communicator { members, rank, remote, ..Communicator::nobody() };
        let context = agree_among(&both.everybody(), tag_of(&text(tag)));
        let made = add(Communicator { context, ..both }, COMM_WORLD, new)?;
        errors::set_handler(made, handler)
    }

    fn MPI_Intercomm_merge(handle: c_int, high: c_int, new: *mut c_int) {
        let comm = communicator(handle)?;
        let Some(remote) = &comm.remote else {
            return Err(Error::new(ERR_COMM, "the communicator has no other side"));
        };
        put(new, COMM_NULL);
        let agreement = agree(&comm, [c_int::from(high != 0), 0]);
        // What the other side has said; of two equal wishes, the order of both sides decides.
        let other = if remote.is_second { agreement.said.last() } else { agreement.said.first() };
        let other = other.is_some_and(|[high, _]| *high != 0);
        let is_first = if other == (high != 0) { remote.is_second } else { high == 0 };
        let (first, second) = if is_first { (&comm.members, &remote.members) } else { (&remote.members, &comm.members) };
        make(agreement.context, [&first[..], second].concat(), comm.me(), handle, new).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        assert_eq!(numbers(&words(&[1, 70_000, u32::MAX])), [1, 70_000, u32::MAX]);
    }
}
