//! Attributes: values that the program, or MPI itself, attaches to communicators and datatypes.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::AtomicI32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{
    ANY_SOURCE, COMM_NULL, ERR_ARG, ERR_KEYVAL, ERR_TYPE, FIRST_KEY, KEYVAL_INVALID, PROC_NULL, SUCCESS, TAG_UB,
};
use crate::errors::{Error, LAST_USED, Result};
use crate::handles::Handles;
use crate::layout::predefined as predefined_type;
use crate::memory::{get, put};
use crate::state::state;

/// Copies a value when its object is duplicated, or not.
type Copy = Option<extern "C" fn(c_int, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int>;
/// Hears that a value goes away.
type Delete = Option<extern "C" fn(c_int, c_int, *mut c_void, *mut c_void) -> c_int>;

/// What the program has said of a key.
#[derive(Debug, Clone, Copy)]
struct Key {
    copy: Copy,
    delete: Delete,
    /// Address of what both functions are given.
    extra: usize,
    /// Whether the program has freed it; values that are attached keep its functions.
    is_freed: bool,
}

/// Keys of communicators, datatypes and windows, in this order.
struct Attributes {
    keys: [Handles<Key>; 3],
    /// Keys and addresses of values by object, in the order in which they were attached.
    values: BTreeMap<c_int, Vec<(c_int, usize)>>,
}

const KEYS_APART: u32 = 0x0040_0000;
const COMM: usize = 0;
const TYPE: usize = 1;
const WIN: usize = 2;

static ATTRIBUTES: Mutex<Attributes> = Mutex::new(Attributes {
    keys: [Handles::new(FIRST_KEY), Handles::new(FIRST_KEY + KEYS_APART), Handles::new(FIRST_KEY + 2 * KEYS_APART)],
    values: BTreeMap::new(),
});

/// Values of MPI itself: the key, and what it is for all communicators.
static PREDEFINED: [(u32, c_int); 5] = [
    (0x6440_0001, TAG_UB),
    (0x6440_0003, PROC_NULL),
    (0x6440_0005, ANY_SOURCE),
    // The time of all ranks is the same.
    (0x6440_0007, 1),
    (0x6440_000d, 0),
];
const UNIVERSE_SIZE: u32 = 0x6440_0009;
const LAST_USED_CODE: u32 = 0x6440_000b;
/// The number of ranks, once it is known.
pub(crate) static UNIVERSE: AtomicI32 = AtomicI32::new(0);

fn attributes() -> MutexGuard<'static, Attributes> {
    ATTRIBUTES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_key(handle: c_int) -> Error {
    Error::new(ERR_KEYVAL, format!("{handle:#x} is no key of such objects"))
}

/// Returns a key, also a freed one; its functions are called while nothing is locked, as they may call MPI.
fn key(handle: c_int) -> Option<Key> {
    attributes().keys.iter().find_map(|keys| keys.get(handle)).copied()
}

/// Checks a key; a freed one is still that of values that are attached.
fn is_known(kind: usize, handle: c_int) -> Result {
    attributes().keys[kind].get(handle).map(|_| ()).ok_or_else(|| no_key(handle))
}

/// Tells the program that a value goes away.
fn deleted(object: c_int, handle: c_int, value: usize) -> Result {
    let Some(Key { delete: Some(delete), extra, .. }) = key(handle) else { return Ok(()) };
    let code = delete(object, handle, ptr::with_exposed_provenance_mut(value), ptr::with_exposed_provenance_mut(extra));
    if code == SUCCESS { Ok(()) } else { Err(Error::new(code, "the program could not delete an attribute")) }
}

fn take(object: c_int, handle: c_int) -> Option<usize> {
    let mut all = attributes();
    let values = all.values.get_mut(&object)?;
    let place = values.iter().position(|(known, _)| *known == handle)?;
    Some(values.remove(place).1)
}

/// Tells the program that all values of an object go away, the latest first.
pub(crate) fn delete_all(object: c_int) -> Result {
    loop {
        let last = attributes().values.get(&object).and_then(|values| values.last().copied());
        let Some((handle, value)) = last else { break };
        deleted(object, handle, value)?;
        take(object, handle);
    }
    attributes().values.remove(&object);
    Ok(())
}

/// Lets the program copy the values of an object to its duplicate.
pub(crate) fn copy_all(from: c_int, to: c_int) -> Result {
    let values = attributes().values.get(&from).cloned().unwrap_or_default();
    for (handle, value) in values {
        let Some(Key { copy: Some(copy), extra, .. }) = key(handle) else { continue };
        let (mut copied, mut is_copied) = (ptr::null_mut::<c_void>(), 0);
        let extra = ptr::with_exposed_provenance_mut(extra);
        let value = ptr::with_exposed_provenance_mut(value);
        let code = copy(from, handle, extra, value, (&raw mut copied).cast(), &raw mut is_copied);
        if code != SUCCESS {
            return Err(Error::new(code, "the program could not copy an attribute"));
        }
        if is_copied != 0 {
            attributes().values.entry(to).or_default().push((handle, copied.expose_provenance()));
        }
    }
    Ok(())
}

fn create_key(kind: usize, copy: Copy, delete: Delete, handle: *mut c_int, extra: *mut c_void) {
    let key = Key { copy, delete, extra: extra.expose_provenance(), is_freed: false };
    put(handle, attributes().keys[kind].insert(key));
}

fn free_key(kind: usize, handle: *mut c_int) -> Result {
    is_known(kind, get(handle))?;
    if let Some(key) = attributes().keys[kind].get_mut(get(handle)) {
        key.is_freed = true;
    }
    put(handle, KEYVAL_INVALID);
    Ok(())
}

fn set(kind: usize, object: c_int, handle: c_int, value: *mut c_void) -> Result {
    let is_usable = attributes().keys[kind].get(handle).is_some_and(|key| !key.is_freed);
    if !is_usable {
        return Err(no_key(handle));
    }
    let before = attributes().values.get(&object).and_then(|of| of.iter().find(|(known, _)| *known == handle)).copied();
    if let Some((_, before)) = before {
        deleted(object, handle, before)?;
        take(object, handle);
    }
    attributes().values.entry(object).or_default().push((handle, value.expose_provenance()));
    Ok(())
}

fn predefined(handle: u32) -> Option<*const c_int> {
    match handle {
        UNIVERSE_SIZE => Some(UNIVERSE.as_ptr().cast_const()),
        LAST_USED_CODE => Some(LAST_USED.as_ptr().cast_const()),
        _ => PREDEFINED.iter().find(|(key, _)| *key == handle).map(|(_, number)| &raw const *number),
    }
}

fn value(kind: usize, object: c_int, handle: c_int, place: *mut c_void, flag: *mut c_int) -> Result {
    let found = predefined(handle.cast_unsigned()).filter(|_| kind == COMM);
    let found = found.map(|number| number.cast_mut().cast::<c_void>());
    if found.is_none() {
        is_known(kind, handle)?;
    }
    let own = attributes().values.get(&object).and_then(|of| of.iter().find(|(known, _)| *known == handle)).copied();
    let found = found.or(own.map(|(_, value)| ptr::with_exposed_provenance_mut(value)));
    put(flag, c_int::from(found.is_some()));
    if let Some(found) = found {
        put(place.cast::<*mut c_void>(), found);
    }
    Ok(())
}

fn delete(kind: usize, object: c_int, handle: c_int) -> Result {
    is_known(kind, handle)?;
    let own = attributes().values.get(&object).and_then(|of| of.iter().find(|(known, _)| *known == handle)).copied();
    let (_, value) = own.ok_or_else(|| Error::new(ERR_ARG, "the object has no such attribute"))?;
    deleted(object, handle, value)?;
    take(object, handle);
    Ok(())
}

fn is_communicator(comm: c_int) -> Result {
    if comm == COMM_NULL {
        return Err(Error::new(crate::abi::ERR_COMM, "the communicator is a null handle"));
    }
    state().communicator(comm).map(drop)
}

fn is_datatype(handle: c_int) -> Result {
    let is_there = state().datatypes.get(handle).is_some() || predefined_type(handle).is_some();
    is_there.then_some(()).ok_or_else(|| Error::new(ERR_TYPE, format!("{handle:#x} is no datatype")))
}

// fn MPI_Comm_create_keyval fn MPI_Keyval_create fn MPI_Type_create_keyval fn MPI_Win_create_keyval
// fn MPI_Comm_free_keyval fn MPI_Keyval_free fn MPI_Type_free_keyval fn MPI_Win_free_keyval
// fn MPI_Comm_set_attr fn MPI_Attr_put fn MPI_Type_set_attr
// fn MPI_Comm_get_attr fn MPI_Attr_get fn MPI_Type_get_attr
// fn MPI_Comm_delete_attr fn MPI_Attr_delete fn MPI_Type_delete_attr
macro_rules! keys {
    ($($create:ident $free:ident $kind:ident;)*) => {
        mpi! {$(
            fn $create(copy: Copy, delete: Delete, handle: *mut c_int, extra: *mut c_void) {
                create_key($kind, copy, delete, handle, extra);
                Ok(())
            }

            fn $free(handle: *mut c_int) {
                free_key($kind, handle)
            }
        )*}
    };
}

macro_rules! values {
    ($($set:ident $get:ident $delete:ident $kind:ident $is_there:expr;)*) => {
        mpi! {$(
            fn $set(object: c_int, handle: c_int, value: *mut c_void) {
                $is_there(object)?;
                set($kind, object, handle, value)
            }

            fn $get(object: c_int, handle: c_int, place: *mut c_void, flag: *mut c_int) {
                $is_there(object)?;
                value($kind, object, handle, place, flag)
            }

            fn $delete(object: c_int, handle: c_int) {
                $is_there(object)?;
                delete($kind, object, handle)
            }
        )*}
    };
}

keys! {
    MPI_Comm_create_keyval MPI_Comm_free_keyval COMM;
    MPI_Keyval_create MPI_Keyval_free COMM;
    MPI_Type_create_keyval MPI_Type_free_keyval TYPE;
    MPI_Win_create_keyval MPI_Win_free_keyval WIN;
}

values! {
    MPI_Comm_set_attr MPI_Comm_get_attr MPI_Comm_delete_attr COMM is_communicator;
    MPI_Attr_put MPI_Attr_get MPI_Attr_delete COMM is_communicator;
    MPI_Type_set_attr MPI_Type_get_attr MPI_Type_delete_attr TYPE is_datatype;
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
