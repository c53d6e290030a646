//! Attributes: values that the program, or MPI itself, attaches to communicators.

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::abi::{ANY_SOURCE, ERR_OTHER, KEYVAL_INVALID, PROC_NULL, SUCCESS, TAG_UB};
use crate::errors::{Error, Result};
use crate::memory::{get, put};
use crate::state::{Copy, Delete, Key, state};

/// Values of MPI itself: the key, and what it is for all communicators.
static PREDEFINED: [(u32, c_int); 5] = [
    (0x6440_0001, TAG_UB),
    (0x6440_0003, PROC_NULL),
    (0x6440_0005, ANY_SOURCE),
    // The time of all ranks is the same.
    (0x6440_0007, 1),
    (0x6440_000b, ERR_OTHER),
];

fn key(handle: c_int) -> Result<Key> {
    state().keys.get(handle).copied().ok_or_else(|| Error::new(ERR_OTHER, format!("{handle:#x} is no key")))
}

/// Tells the program that a value goes away. Nothing is locked meanwhile: its function may call MPI.
fn deleted(comm: c_int, handle: c_int, value: usize) -> Result {
    let Ok(Key { delete: Some(delete), extra, .. }) = key(handle) else { return Ok(()) };
    let code = delete(comm, handle, ptr::with_exposed_provenance_mut(value), ptr::with_exposed_provenance_mut(extra));
    if code == SUCCESS { Ok(()) } else { Err(Error::new(code, "the program could not delete an attribute")) }
}

/// Tells the program that all values of a communicator go away.
pub(crate) fn delete_all(comm: c_int) -> Result {
    let attributes = std::mem::take(&mut state().communicator_mut(comm)?.attributes);
    attributes.into_iter().try_for_each(|(handle, value)| deleted(comm, handle, value))
}

/// Lets the program copy the values of a communicator to its duplicate.
pub(crate) fn copy_all(from: c_int, to: c_int) -> Result {
    let attributes = state().communicator(from)?.attributes.clone();
    for (handle, value) in attributes {
        let Ok(Key { copy: Some(copy), extra, .. }) = key(handle) else { continue };
        let (mut copied, mut is_copied) = (ptr::null_mut::<c_void>(), 0);
        let extra = ptr::with_exposed_provenance_mut(extra);
        let value = ptr::with_exposed_provenance_mut(value);
        let code = copy(from, handle, extra, value, (&raw mut copied).cast(), &raw mut is_copied);
        if code != SUCCESS {
            return Err(Error::new(code, "the program could not copy an attribute"));
        }
        if is_copied != 0 {
            state().communicator_mut(to)?.attributes.insert(handle, copied.expose_provenance());
        }
    }
    Ok(())
}

mpi! {
    fn MPI_Comm_create_keyval(copy: Copy, delete: Delete, handle: *mut c_int, extra: *mut c_void) {
        put(handle, state().keys.insert(Key { copy, delete, extra: extra.expose_provenance() }));
        Ok(())
    }

    fn MPI_Comm_free_keyval(handle: *mut c_int) {
        // Values that are still attached keep the functions of their key.
        key(get(handle))?;
        put(handle, KEYVAL_INVALID);
        Ok(())
    }

    fn MPI_Comm_set_attr(comm: c_int, handle: c_int, value: *mut c_void) {
        key(handle)?;
        let before = state().communicator(comm)?.attributes.get(&handle).copied();
        if let Some(before) = before {
            deleted(comm, handle, before)?;
        }
        state().communicator_mut(comm)?.attributes.insert(handle, value.expose_provenance());
        Ok(())
    }

    fn MPI_Comm_get_attr(comm: c_int, handle: c_int, value: *mut c_void, flag: *mut c_int) {
        let place = value.cast::<*mut c_void>();
        let found = state().communicator(comm)?.attributes.get(&handle).copied();
        let predefined = PREDEFINED.iter().find(|(key, _)| *key == handle.cast_unsigned());
        let found = found.map(ptr::with_exposed_provenance_mut);
        let found = found.or(predefined.map(|(_, number)| (&raw const *number).cast_mut().cast()));
        put(flag, c_int::from(found.is_some()));
        if let Some(found) = found {
            put(place, found);
        }
        Ok(())
    }

    fn MPI_Comm_delete_attr(comm: c_int, handle: c_int) {
        let value = state().communicator_mut(comm)?.attributes.remove(&handle);
        value.map_or(Ok(()), |value| deleted(comm, handle, value))
    }
}

/// The function of MPI that copies a value as it is.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn MPIR_Dup_fn(
    _comm: c_int,
    _handle: c_int,
    _extra: *mut c_void,
    value: *mut c_void,
    copied: *mut c_void,
    is_copied: *mut c_int,
) -> c_int {
    put(copied.cast::<*mut c_void>(), value);
    put(is_copied, 1);
    SUCCESS
}
