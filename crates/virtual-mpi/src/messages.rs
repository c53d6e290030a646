//! Messages as calls describe them: to whom, from whom, and what is said of those that came.

use std::ffi::c_int;

use crate::abi::{ANY_SOURCE, ANY_TAG, ERR_TAG, PROC_NULL, Status, TAG_UB};
use crate::errors::{Error, Result};
use crate::state::Communicator;
use crate::wire::{Address, Wanted};

/// What a send waits for; its number is that of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Standard = 0,
    Synchronous = 1,
    Buffered = 2,
    Ready = 3,
}

/// Returns to whom a message goes; none for nobody.
pub(crate) fn address(comm: &Communicator, to: c_int, tag: c_int, mode: Mode) -> Result<Option<Address>> {
    let tag = u32::try_from(tag).ok().filter(|tag| *tag <= TAG_UB.cast_unsigned());
    let tag = tag.ok_or_else(|| Error::new(ERR_TAG, "the tag of a message is from 0 to 1073741823"))?;
    if to == PROC_NULL {
        return Ok(None);
    }
    Ok(Some(Address { to: comm.world_rank(to)?, tag, context: comm.context, mode: mode as u32 }))
}

/// Returns which messages a receive takes; none if it is from nobody.
pub(crate) fn wanted(comm: &Communicator, from: c_int, tag: c_int) -> Result<Option<Wanted>> {
    if tag < ANY_TAG {
        return Err(Error::new(ERR_TAG, format!("the tag {tag} is negative")));
    }
    let from = match from {
        PROC_NULL => return Ok(None),
        ANY_SOURCE => None,
        rank => Some(comm.world_rank(rank)?),
    };
    Ok(Some(Wanted { from, tag: u32::try_from(tag).ok(), context: comm.context }))
}

/// Returns the status of a message, whose sender and tag the simulator tells.
pub(crate) fn status(comm: &Communicator, told: &[i64], bytes: usize) -> Status {
    let number = |i: usize| told.get(i).copied().unwrap_or(-1);
    let from = u32::try_from(number(0)).map_or(PROC_NULL, |from| comm.rank_of(from));
    Status::new(from, c_int::try_from(number(1)).unwrap_or(ANY_TAG), bytes)
}
