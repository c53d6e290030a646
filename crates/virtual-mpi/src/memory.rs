//! The program's memory, as it hands it over: the only place where pointers are followed.
//!
//! All functions here rely on what MPI asks of its callers: pointers lead to as much memory as the other arguments say, and
//! nobody else uses it during the call.

use std::ffi::{CStr, c_char, c_int, c_void};

use crate::abi::{STATUS_IGNORE, Status};

/// Writes a result; nothing where the program gives no place for it.
pub(crate) fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the program gives a place for one value of this type.
        unsafe { to.write(value) }
    }
}

/// Writes entry `i` of an array of results.
pub(crate) fn put_at<T>(to: *mut T, i: usize, value: T) {
    // SAFETY: the program gives an array that is longer than `i`.
    put(unsafe { to.add(i) }, value);
}

/// Reads a value that is both argument and result.
pub(crate) fn get<T: Copy>(from: *const T) -> T {
    // SAFETY: the program gives one value of this type.
    unsafe { from.read() }
}

/// Reads a stack frame: where that of the caller is, and to which address it returns. None at the end of the stack.
///
/// Only frames of this library are asked for, whose functions all keep them (`build.rs`).
pub(crate) fn frame(at: usize) -> Option<(usize, usize)> {
    if at == 0 {
        return None;
    }
    let at = std::ptr::with_exposed_provenance::<usize>(at);
    // SAFETY: a frame pointer leads to that of the caller, and the address to return to follows it.
    Some(unsafe { (at.read(), at.add(1).read()) })
}

/// Copies an array of `n` arguments.
pub(crate) fn list<T: Copy>(from: *const T, n: usize) -> Vec<T> {
    if n == 0 || from.is_null() {
        return Vec::new();
    }
    // SAFETY: the program gives an array of at least `n` values.
    unsafe { std::slice::from_raw_parts(from, n) }.to_vec()
}

/// Writes a status, unless the program does not want it. Its error stays as it was: MPI writes it only where several requests end.
pub(crate) fn put_status(to: *mut Status, status: Status) {
    if to.addr() != STATUS_IGNORE && !to.is_null() {
        // SAFETY: the program gives a place for a status.
        let error = unsafe { (&raw const (*to).error).read() };
        put(to, Status { error, ..status });
    }
}

/// Writes entry `i` of an array of statuses, unless the program does not want them.
pub(crate) fn put_status_at(to: *mut Status, i: usize, status: Status) {
    if to.addr() != STATUS_IGNORE && !to.is_null() {
        put_at(to, i, status);
    }
}

/// Returns `n` bytes of a buffer from a place on.
pub(crate) fn bytes<'a>(buffer: *const u8, offset: isize, n: usize) -> &'a [u8] {
    if n == 0 {
        return &[];
    }
    // SAFETY: the buffer has as many elements of its datatype as the program says, and this is a part of one.
    unsafe { std::slice::from_raw_parts(buffer.offset(offset), n) }
}

/// Writes bytes into a buffer from a place on.
pub(crate) fn put_bytes(buffer: *mut u8, offset: isize, bytes: &[u8]) {
    if !bytes.is_empty() {
        // SAFETY: as in `bytes`; source and target do not overlap, as the source is this library's own.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.offset(offset), bytes.len()) }
    }
}

/// Writes a text and its length; the place has `max` bytes, with a zero at the end.
pub(crate) fn put_text(to: *mut c_char, length: *mut c_int, text: &str, max: usize) {
    let shown = &text.as_bytes()[..text.len().min(max - 1)];
    put_bytes(to.cast(), 0, shown);
    put_bytes(to.cast(), shown.len().cast_signed(), &[0]);
    put(length, c_int::try_from(shown.len()).unwrap_or(c_int::MAX));
}

/// Reads a text.
pub(crate) fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    // SAFETY: the program gives a string that ends with a zero.
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

/// Copies an array of `n` counts, whichever size they have.
pub(crate) fn counts<C: Copy + Into<i64>>(from: *const C, n: usize) -> Vec<i64> {
    list(from, n).into_iter().map(Into::into).collect()
}

/// Writes a count, whichever size it has: `UNDEFINED` where it is too large for that.
pub(crate) fn put_count<C: TryFrom<i64> + From<i16>>(to: *mut C, count: i64) {
    const UNDEFINED: i16 = -32766;
    put(to, C::try_from(count).unwrap_or_else(|_| C::from(UNDEFINED)));
}

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(place: *mut c_void);
}

/// Returns memory that the program gives back.
pub(crate) fn allocate(size: usize) -> *mut c_void {
    // SAFETY: any size can be asked for.
    unsafe { malloc(size.max(1)) }
}

/// Takes memory back.
pub(crate) fn release(place: *mut c_void) {
    // SAFETY: the program gives back what it has got from `allocate`.
    unsafe { free(place) }
}
