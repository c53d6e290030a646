//! Generalised requests: the program itself does the work, and says when it is over.

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::abi::{SUCCESS, Status};
use crate::errors::{Error, Result};

/// Fills the status in.
pub(crate) type Query = Option<extern "C" fn(*mut c_void, *mut Status) -> c_int>;
/// Hears that the request goes away.
pub(crate) type Free = Option<extern "C" fn(*mut c_void) -> c_int>;
/// Hears that the request is cancelled, and whether it is over already.
pub(crate) type Cancel = Option<extern "C" fn(*mut c_void, c_int) -> c_int>;

/// The functions of a request, and the address of what they are given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generalised {
    pub(crate) query: Query,
    pub(crate) free: Free,
    pub(crate) cancel: Cancel,
    pub(crate) extra: usize,
}

fn checked(code: c_int) -> Result {
    if code == SUCCESS { Ok(()) } else { Err(Error::new(code, "a function of a generalised request has failed")) }
}

impl Generalised {
    fn extra(&self) -> *mut c_void {
        ptr::with_exposed_provenance_mut(self.extra)
    }

    pub(crate) fn query(&self, status: Status) -> Result<Status> {
        let mut status = status;
        self.query.map_or(Ok(()), |query| checked(query(self.extra(), &raw mut status)))?;
        Ok(status)
    }

    /// Asks for the status, and lets the program free what it has.
    pub(crate) fn end(&self, status: Status) -> Result<Status> {
        let status = self.query(status);
        self.free.map_or(Ok(()), |free| checked(free(self.extra())))?;
        status
    }

    pub(crate) fn cancel(&self, is_over: bool) -> Result {
        self.cancel.map_or(Ok(()), |cancel| checked(cancel(self.extra(), c_int::from(is_over))))
    }
}
