//! Packing: elements of a datatype as bytes without gaps, as this computer has them or in MPI's `external32`.

use std::ffi::{c_char, c_int, c_void};

use crate::abi::{ERR_ARG, ERR_TRUNCATE};
use crate::buffer::Buffer;
use crate::datatypes::of;
use crate::errors::{self, Error, Result};
use crate::layout::{Datatype, size_of_basic};
use crate::memory::{bytes, get, put, put_bytes, put_count, text};

/// Types whose size in `external32` is not that of C, as in MPICH 4.0: two with 4 bytes, and one with 2.
const LONG: c_int = 0x4c00_0807;
const UNSIGNED_LONG: c_int = 0x4c00_0808;
const WCHAR: c_int = 0x4c00_040e;
/// Numbers of two parts, by the last byte of their handles.
const COMPLEX: [c_int; 12] = [0x1e, 0x22, 0x28, 0x2a, 0x2c, 0x34, 0x35, 0x36, 0x40, 0x41, 0x42, 0x23];

fn external_size(basic: c_int) -> usize {
    match basic {
        LONG | UNSIGNED_LONG => 4,
        WCHAR => 2,
        _ => size_of_basic(basic),
    }
}

/// Returns numbers in the order of `external32`, the highest byte first, or back.
fn turned(piece: &[u8], from: usize, to: usize, parts: usize, is_reading: bool, into: &mut Vec<u8>) {
    for number in piece.chunks_exact(from.max(1)) {
        for part in number.chunks_exact((from / parts).max(1)) {
            let mut part = part.to_vec();
            if is_reading {
                part.reverse();
            }
            let sign = if is_reading && to > from && part.last().is_some_and(|byte| byte >> 7 == 1) { 0xff } else { 0 };
            part.resize(to / parts, sign);
            if !is_reading {
                part.reverse();
            }
            into.extend(part);
        }
    }
}

/// Turns packed elements into `external32`, or back.
fn converted(packed: &[u8], datatype: &Datatype, is_reading: bool) -> Vec<u8> {
    let (mut converted, mut rest) = (Vec::with_capacity(packed.len()), packed);
    while !rest.is_empty() && datatype.size > 0 {
        for piece in &datatype.pieces {
            let (here, external) = (size_of_basic(piece.basic), external_size(piece.basic));
            let (from, to) = if is_reading { (external, here) } else { (here, external) };
            let (numbers, after) = rest.split_at((piece.n_numbers() * from).min(rest.len()));
            let parts = if COMPLEX.contains(&(piece.basic & 0xff)) { 2 } else { 1 };
            turned(numbers, from, to, parts, is_reading, &mut converted);
            rest = after;
        }
    }
    converted
}

fn external_bytes(datatype: &Datatype) -> usize {
    datatype.pieces.iter().map(|piece| piece.n_numbers() * external_size(piece.basic)).sum()
}

fn is_known(representation: *const c_char) -> Result {
    let name = text(representation);
    let is_known = name == "external32";
    is_known.then_some(()).ok_or_else(|| Error::new(ERR_ARG, format!("there is no data representation `{name}`")))
}

/// Writes bytes at a position of a buffer, if there is room; returns the position after them.
fn put_packed(into: *mut c_void, room: i64, at: i64, packed: &[u8]) -> Result<i64> {
    let (start, room) = (errors::count(at)?, errors::count(room)?);
    if start + packed.len() > room {
        let what = format!("{} bytes do not go into a buffer of {room} after {start} others", packed.len());
        return Err(Error::new(ERR_TRUNCATE, what));
    }
    put_bytes(into.cast(), start.cast_signed(), packed);
    Ok(i64::try_from(start + packed.len()).unwrap_or(i64::MAX))
}

/// Returns `n` bytes at a position of a buffer.
fn packed_at<'a>(from: *const c_void, size: i64, at: i64, n: usize) -> Result<&'a [u8]> {
    let (start, size) = (errors::count(at)?, errors::count(size)?);
    if start + n > size {
        return Err(Error::new(ERR_TRUNCATE, format!("a buffer of {size} bytes has no {n} after {start} others")));
    }
    Ok(bytes(from.cast(), start.cast_signed(), n))
}

fn wide(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

counted! {
    fn MPI_Pack fn MPI_Pack_c (
        from: *const c_void,
        count: Count,
        handle: c_int,
        into: *mut c_void,
        room: Count,
        position: *mut Count,
        comm: c_int,
    ) {
        crate::state::communicator(comm)?;
        let buffer = Buffer::new(from, count, handle)?;
        put_count(position, put_packed(into, room.into(), get(position).into(), &buffer.packed())?);
        Ok(())
    }

    fn MPI_Unpack fn MPI_Unpack_c (
        from: *const c_void,
        size: Count,
        position: *mut Count,
        into: *mut c_void,
        count: Count,
        handle: c_int,
        comm: c_int,
    ) {
        crate::state::communicator(comm)?;
        let buffer = Buffer::new(into, count, handle)?;
        let at: i64 = get(position).into();
        buffer.unpack(packed_at(from, size.into(), at, buffer.size())?)?;
        put_count(position, at + wide(buffer.size()));
        Ok(())
    }

    fn MPI_Pack_size fn MPI_Pack_size_c (count: Count, handle: c_int, comm: c_int, size: *mut Count) {
        crate::state::communicator(comm)?;
        put_count(size, wide(errors::count(count)? * of(handle)?.size));
        Ok(())
    }

    fn MPI_Pack_external fn MPI_Pack_external_c (
        representation: *const c_char,
        from: *const c_void,
        count: Count,
        handle: c_int,
        into: *mut c_void,
        room: i64,
        position: *mut i64,
    ) {
        is_known(representation)?;
        let buffer = Buffer::new(from, count, handle)?;
        let external = converted(&buffer.packed(), buffer.datatype(), false);
        put(position, put_packed(into, room, get(position), &external)?);
        Ok(())
    }

    fn MPI_Unpack_external fn MPI_Unpack_external_c (
        representation: *const c_char,
        from: *const c_void,
        size: i64,
        position: *mut i64,
        into: *mut c_void,
        count: Count,
        handle: c_int,
    ) {
        is_known(representation)?;
        let buffer = Buffer::new(into, count, handle)?;
        let n = buffer.count() * external_bytes(buffer.datatype());
        let external = packed_at(from, size, get(position), n)?;
        buffer.unpack(&converted(external, buffer.datatype(), true))?;
        put(position, get(position) + wide(n));
        Ok(())
    }

    fn MPI_Pack_external_size fn MPI_Pack_external_size_c (
        representation: *const c_char,
        count: Count,
        handle: c_int,
        size: *mut i64,
    ) {
        is_known(representation)?;
        put(size, wide(errors::count(count)? * external_bytes(&*of(handle)?)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::predefined;

    #[test]
    fn external_numbers_begin_with_their_highest_byte() {
        let int = predefined(0x4c00_0405).expect("a type");
        assert_eq!(converted(&[1, 2, 3, 4, 5, 6, 7, 8], &int, false), [4, 3, 2, 1, 8, 7, 6, 5]);
        // A complex number of two floats: each part for itself.
        let complex = predefined(0x4c00_0840).expect("a type");
        assert_eq!(converted(&[1, 2, 3, 4, 5, 6, 7, 8], &complex, true), [4, 3, 2, 1, 8, 7, 6, 5]);
        // A long of -2 is four bytes there, and eight here.
        let long = predefined(LONG).expect("a type");
        let external = converted(&(-2_i64).to_le_bytes(), &long, false);
        assert_eq!(
            (external.as_slice(), converted(&external, &long, true)),
            (&[0xff, 0xff, 0xff, 0xfe][..], (-2_i64).to_le_bytes().to_vec())
        );
    }
}
