//! Buffers of the program: elements of a datatype, which messages carry without their gaps.

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

use crate::abi::ERR_TRUNCATE;
use crate::datatypes;
use crate::errors::{self, Error, Result};
use crate::layout::{Datatype, Piece};
use crate::memory::{bytes, put_bytes};

/// A place in the program's memory for so many elements of a datatype.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    start: *mut u8,
    count: usize,
    datatype: Arc<Datatype>,
}

// SAFETY: the memory is the program's, and is used within its calls only, whichever thread makes them.
unsafe impl Send for Buffer {}

// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Checks the arguments with which calls describe a buffer.
    pub(crate) fn new(start: *const c_void, count: impl Into<i64>, datatype: c_int) -> Result<Self> {
        Ok(Self { start: start.cast_mut().cast(), count: errors::count(count)?, datatype: datatypes::of(datatype)? })
    }

    /// Returns the part with so many elements after `n` others.
    pub(crate) fn part(&self, n: i64, count: i64) -> Result<Self> {
        let count = errors::count(count)?;
        let offset = isize::try_from(n).unwrap_or(isize::MAX).wrapping_mul(self.datatype.extent);
        Ok(Self { start: self.start.wrapping_offset(offset), count, datatype: Arc::clone(&self.datatype) })
    }

    /// Returns the same elements at another place.
    pub(crate) fn at(&self, start: *mut c_void) -> Self {
        Self { start: start.cast(), ..self.clone() }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn datatype(&self) -> &Datatype {
        &self.datatype
    }

    /// Returns the bytes that a message of it has.
    pub(crate) fn size(&self) -> usize {
        self.count * self.datatype.size
    }

    /// Returns what a message of it carries; without gaps, that is the memory itself.
    pub(crate) fn packed(&self) -> Cow<'_, [u8]> {
        if self.datatype.is_dense {
            return Cow::Borrowed(bytes(self.start, self.datatype.lower_bound, self.size()));
        }
        let mut packed = Vec::with_capacity(self.size());
        for offset in self.offsets() {
            for Piece { at, length, .. } in &self.datatype.pieces {
                packed.extend_from_slice(bytes(self.start, offset + at, *length));
            }
        }
        Cow::Owned(packed)
    }

    /// Puts what a message has carried where it belongs. A shorter message than the buffer has room for leaves the rest.
    pub(crate) fn unpack(&self, message: &[u8]) -> Result {
        if message.len() > self.size() {
            let what = format!("a message of {} bytes is longer than the receive of {}", message.len(), self.size());
            return Err(Error::new(ERR_TRUNCATE, what));
        }
        if self.datatype.is_dense {
            put_bytes(self.start, self.datatype.lower_bound, message);
            return Ok(());
        }
        let mut rest = message;
        for offset in self.offsets() {
            for Piece { at, length, .. } in &self.datatype.pieces {
                let (piece, after) = rest.split_at((*length).min(rest.len()));
                put_bytes(self.start, offset + at, piece);
                rest = after;
            }
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Returns where each element begins.
    fn offsets(&self) -> impl Iterator<Item = isize> {
        (0..self.count).map(|i| i.cast_signed() * self.datatype.extent)
    }
}
