//! Communicators: which ranks belong together, and in which order.

use std::ffi::{c_char, c_int};

use crate::abi::{
    COMM_NULL, COMM_SELF, COMM_WORLD, CONGRUENT, ERR_ARG, ERR_COMM, IDENT, INFO_NULL, NAME_MAX, SIMILAR, UNDEFINED,
    UNEQUAL,
};
use crate::attributes::{copy_all, delete_all};
use crate::errors::{self, Error, Result};
use crate::groups::{compared, group};
use crate::info::{self, hints};
use crate::link;
use crate::memory::{get, put, put_text, text};
use crate::plan::{Data, Plan, gather};
use crate::requests::begin;
use crate::state::{Communicator, Hints, Remote, communicator, state};
use crate::wire::gathering::AGREE;
use crate::wire::{Call, Gathering};

/// Two pointers that graphs without weights are told by: they only have to differ from all others.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) static MPI_UNWEIGHTED: &c_int = &1;
/// As [`MPI_UNWEIGHTED`].
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) static MPI_WEIGHTS_EMPTY: &c_int = &2;

/// Contexts from here on are those of ranks that agree without a communicator of their own; the tag is the rest.
const AD_HOC: u32 = 1 << 29;
/// Bits of a tag that tell such ranks apart.
const TAG_BITS: u32 = AD_HOC - 1;
/// `MPI_COMM_TYPE_SHARED`.
const TYPE_SHARED: c_int = 1;

/// What the ranks of a communicator say to each other when they make another one: two numbers of each.
pub(crate) struct Agreement {
    /// A context that nobody has used.
    pub(crate) context: u32,
    /// In the order of [`Communicator::everybody`].
    pub(crate) said: Vec<[i32; 2]>,
}

impl Agreement {
    fn of(numbers: &[i64], bytes: &[u8]) -> Self {
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte)).cast_signed();
        let said = bytes.chunks_exact(8).map(|pair| [number(&pair[..4]), number(&pair[4..])]).collect();
        let context = numbers.first().and_then(|context| u32::try_from(*context).ok());
        Self { context: context.expect("invariant: the simulator gives a context"), said }
    }
}

fn agreeing(comm: &Communicator) -> Gathering {
    Gathering { block: 8, ..gather(AGREE, comm, 0) }
}

fn words(said: [i32; 2]) -> Vec<u8> {
    said.iter().flat_map(|number| number.to_le_bytes()).collect()
}

pub(crate) fn agree(comm: &Communicator, said: [i32; 2]) -> Agreement {
    let answer = link::call(&Call::Gathering(Box::new(agreeing(comm))), &words(said));
    Agreement::of(&answer.numbers, &answer.bytes)
}

/// Returns a context that only `members` know of, all of which call this with the same tag.
pub(crate) fn agree_among(members: &[u32], tag: c_int) -> u32 {
    let context = AD_HOC | (tag.cast_unsigned() & TAG_BITS);
    link::call(&Call::Define { context, members: members.to_vec() }, b"");
    agree(&Communicator { context, ..Communicator::nobody() }, [0, 0]).context
}

/// Returns a number that stands for a text by which ranks find each other.
pub(crate) fn tag_of(text: &str) -> c_int {
    // FNV-1a.
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash & TAG_BITS).cast_signed()
}

/// Gives the program a communicator; errors are handled as in the one that it comes from.
pub(crate) fn add(comm: Communicator, from: c_int, new: *mut c_int) -> Result<c_int> {
    link::call(&Call::Define { context: comm.context, members: comm.everybody() }, b"");
    let handle = state().communicators.insert(comm);
    errors::set_handler(handle, errors::handler_of(from))?;
    put(new, handle);
    Ok(handle)
}

/// Gives the program a communicator of ranks of all, one of which is `me`.
pub(crate) fn make(context: u32, members: Vec<u32>, me: u32, from: c_int, new: *mut c_int) -> Result<c_int> {
    add(Communicator { rank: place(&members, me)?, context, members, ..Communicator::nobody() }, from, new)
}

fn place(members: &[u32], me: u32) -> Result<u32> {
    let place = members.iter().position(|member| *member == me).and_then(|place| u32::try_from(place).ok());
    place.ok_or_else(|| Error::new(ERR_COMM, "this rank is not a member"))
}

/// Returns those of a side who have said the same color, by what they have said of their place; stable.
fn chosen(members: &[u32], said: &[[i32; 2]], color: c_int) -> Vec<u32> {
    let mut chosen: Vec<(i32, u32)> = Vec::new();
    for ([of, key], member) in said.iter().zip(members) {
        if *of == color {
            chosen.push((*key, *member));
        }
    }
    chosen.sort_by_key(|(key, _)| *key);
    chosen.into_iter().map(|(_, member)| member).collect()
}

/// Divides a communicator: ranks of one color stay together, in the order of their keys.
pub(crate) fn split(handle: c_int, color: c_int, key: c_int, new: *mut c_int) -> Result<c_int> {
    let comm = communicator(handle)?;
    let agreement = agree(&comm, [color, key]);
    put(new, COMM_NULL);
    if color == UNDEFINED {
        return Ok(COMM_NULL);
    }
    let (first, second) = agreement.said.split_at(match &comm.remote {
        Some(Remote { members, is_second: false }) => members.len(),
        _ => comm.size(),
    });
    let is_second = comm.remote.as_ref().is_none_or(|remote| remote.is_second);
    let (own, other) = if is_second { (first, second) } else { (second, first) };
    let members = chosen(&comm.members, own, color);
    let Some(Remote { members: others, is_second }) = &comm.remote else {
        return make(agreement.context, members, comm.me(), handle, new);
    };
    let remote = chosen(others, other, color);
    if remote.is_empty() {
        return Ok(COMM_NULL);
    }
    let remote = Some(Remote { members: remote, is_second: *is_second });
    let rank = place(&members, comm.me())?;
    add(Communicator { context: agreement.context, members, rank, remote, ..Communicator::nobody() }, handle, new)
}

/// Returns the hints that MPI knows: others are ignored.
fn known(hints: Hints) -> Hints {
    hints.into_iter().filter(|(key, _)| key.starts_with("mpi_assert_")).collect()
}

/// Returns a duplicate without its context.
fn duplicate(comm: &Communicator, hints: Option<Hints>) -> Communicator {
    Communicator { name: String::new(), hints: hints.map_or_else(|| comm.hints.clone(), known), ..comm.clone() }
}

fn dup(handle: c_int, hints: Option<Hints>, new: *mut c_int) -> Result {
    let comm = communicator(handle)?;
    put(new, COMM_NULL);
    let context = agree(&comm, [0, 0]).context;
    let mut made = COMM_NULL;
    add(Communicator { context, ..duplicate(&comm, hints) }, handle, &raw mut made)?;
    copy_all(handle, made)?;
    put(new, made);
    Ok(())
}

/// Starts to duplicate a communicator: the duplicate is known at once, its context comes later.
fn idup(handle: c_int, hints: Option<Hints>, new: *mut c_int, request: *mut c_int) -> Result {
    let comm = communicator(handle)?;
    let made = state().communicators.insert(duplicate(&comm, hints));
    errors::set_handler(made, errors::handler_of(handle))?;
    copy_all(handle, made)?;
    put(new, made);
    let members = comm.everybody();
    let landing = Box::new(move |numbers: &[i64], bytes: &[u8]| {
        let context = Agreement::of(numbers, bytes).context;
        link::call(&Call::Define { context, members: members.clone() }, b"");
        state().communicator_mut(made)?.context = context;
        Ok(())
    });
    begin(Plan { call: agreeing(&comm), data: Data::Bytes(words([0, 0])), landing }, request)
}

fn free(comm: *mut c_int) -> Result {
    let handle = get(comm);
    communicator(handle)?;
    if matches!(handle, COMM_WORLD | COMM_SELF) {
        return Err(Error::new(ERR_COMM, "a communicator of MPI itself cannot be freed"));
    }
    delete_all(handle)?;
    state().communicators.remove(handle);
    put(comm, COMM_NULL);
    Ok(())
}

/// Returns what a rank says of itself when a communicator of a group is made: who is first in it, and its own place.
fn in_group(comm: &Communicator, members: &[u32]) -> Result<[i32; 2]> {
    if members.iter().any(|member| !comm.members.contains(member)) {
        return Err(Error::new(crate::abi::ERR_GROUP, "a rank of the group is not in the communicator"));
    }
    let place = crate::state::place_of(members, comm.me());
    if place == UNDEFINED {
        return Ok([UNDEFINED, 0]);
    }
    // The two sides of an intercommunicator have groups of their own.
    let color = if comm.remote.is_some() { 0 } else { members[0].cast_signed() };
    Ok([color, place])
}

mpi! {
    fn MPI_Comm_size(comm: c_int, size: *mut c_int) {
        put(size, c_int::try_from(state().communicator(comm)?.size()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Comm_remote_size(comm: c_int, size: *mut c_int) {
        let remote = communicator(comm)?.remote;
        let remote = remote.ok_or_else(|| Error::new(ERR_COMM, "the communicator has no other side"))?;
        put(size, c_int::try_from(remote.members.len()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Comm_rank(comm: c_int, rank: *mut c_int) {
        put(rank, state().communicator(comm)?.rank.cast_signed());
        Ok(())
    }

    fn MPI_Comm_test_inter(comm: c_int, flag: *mut c_int) {
        put(flag, c_int::from(state().communicator(comm)?.remote.is_some()));
        Ok(())
    }

    fn MPI_Comm_get_name(comm: c_int, name: *mut c_char, length: *mut c_int) {
        let known = if comm == COMM_NULL { "MPI_COMM_NULL".to_owned() } else { communicator(comm)?.name };
        put_text(name, length, &known, NAME_MAX);
        Ok(())
    }

    fn MPI_Comm_set_name(comm: c_int, name: *const c_char) {
        communicator(comm)?;
        state().communicator_mut(comm)?.name = text(name);
        Ok(())
    }

    fn MPI_Comm_compare(one: c_int, other: c_int, result: *mut c_int) {
        let (a, b) = (communicator(one)?, communicator(other)?);
        let locals = compared(&a.members, &b.members);
        let both = match (&a.remote, &b.remote) {
            (None, None) => locals,
            (Some(a), Some(b)) => locals.max(compared(&a.members, &b.members)),
            _ => UNEQUAL,
        };
        put(result, match both {
            IDENT if a.context == b.context => IDENT,
            IDENT => CONGRUENT,
            UNEQUAL => UNEQUAL,
            _ => SIMILAR,
        });
        Ok(())
    }

    fn MPI_Comm_dup(comm: c_int, new: *mut c_int) {
        dup(comm, None, new)
    }

    fn MPI_Comm_dup_with_info(comm: c_int, info: c_int, new: *mut c_int) {
        dup(comm, Some(hints(info)?), new)
    }

    fn MPI_Comm_idup(comm: c_int, new: *mut c_int, request: *mut c_int) {
        idup(comm, None, new, request)
    }

    fn MPI_Comm_idup_with_info(comm: c_int, info: c_int, new: *mut c_int, request: *mut c_int) {
        idup(comm, Some(hints(info)?), new, request)
    }

    fn MPI_Comm_split(comm: c_int, color: c_int, key: c_int, new: *mut c_int) {
        if color < 0 && color != UNDEFINED {
            return Err(Error::new(ERR_ARG, format!("the color {color} is negative")));
        }
        split(comm, color, key, new).map(drop)
    }

    fn MPI_Comm_split_type(comm: c_int, kind: c_int, key: c_int, _info: c_int, new: *mut c_int) {
        let host = state().host_number;
        // Hosts are not divided any further.
        let color = if kind == TYPE_SHARED { host } else { UNDEFINED };
        split(comm, color, key, new).map(drop)
    }

    fn MPI_Comm_create(comm: c_int, handle: c_int, new: *mut c_int) {
        let [color, key] = in_group(&communicator(comm)?, &group(handle)?)?;
        split(comm, color, key, new).map(drop)
    }

    fn MPI_Comm_create_group(comm: c_int, handle: c_int, tag: c_int, new: *mut c_int) {
        let (from, members) = (communicator(comm)?, group(handle)?);
        put(new, COMM_NULL);
        if !members.contains(&from.me()) {
            return Ok(());
        }
        make(agree_among(&members, tag), members, from.me(), comm, new).map(drop)
    }

    fn MPI_Comm_create_from_group(
        handle: c_int,
        tag: *const c_char,
        _info: c_int,
        handler: c_int,
        new: *mut c_int,
    ) {
        let (members, me) = (group(handle)?, state().world.rank);
        let made = make(agree_among(&members, tag_of(&text(tag))), members, me, COMM_WORLD, new)?;
        errors::set_handler(made, handler)
    }

    fn MPI_Comm_free(comm: *mut c_int) {
        free(comm)
    }

    fn MPI_Comm_disconnect(comm: *mut c_int) {
        free(comm)
    }

    fn MPI_Comm_set_info(comm: c_int, info: c_int) {
        let hints = if info == INFO_NULL { Hints::new() } else { hints(info)? };
        communicator(comm)?;
        state().communicator_mut(comm)?.hints = known(hints);
        Ok(())
    }

    fn MPI_Comm_get_info(comm: c_int, info: *mut c_int) {
        info::make(communicator(comm)?.hints, info);
        Ok(())
    }

    fn MPI_Comm_set_errhandler(comm: c_int, handler: c_int) {
        communicator(comm)?;
        errors::set_handler(comm, handler)
    }

    fn MPI_Errhandler_set(comm: c_int, handler: c_int) {
        communicator(comm)?;
        errors::set_handler(comm, handler)
    }

    fn MPI_Comm_get_errhandler(comm: c_int, handler: *mut c_int) {
        communicator(comm)?;
        put(handler, errors::handler_of(comm));
        Ok(())
    }

    fn MPI_Errhandler_get(comm: c_int, handler: *mut c_int) {
        communicator(comm)?;
        put(handler, errors::handler_of(comm));
        Ok(())
    }

    fn MPI_Comm_call_errhandler(comm: c_int, code: c_int) {
        communicator(comm)?;
        errors::call_handler(comm, code);
        Ok(())
    }
}
