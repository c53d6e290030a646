//! Errors of calls: they end the program, or are returned to it, as it has asked for.

use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::abi::{ERR_ARG, ERR_OTHER, ERROR_NAMES, ERRORS_ARE_FATAL, SUCCESS};
use crate::link;
use crate::memory::{put, put_text};

/// What is wrong with a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) class: c_int,
    pub(crate) what: String,
}

pub(crate) type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(class: c_int, what: impl Into<String>) -> Self {
        Self { class, what: what.into() }
    }
}

/// Whether errors are returned to the program instead of ending it; one choice for all communicators.
static ARE_RETURNED: AtomicBool = AtomicBool::new(false);

/// Runs the body of a function of MPI and returns its error code.
pub(crate) fn guarded(name: &'static str, body: impl FnOnce() -> Result) -> c_int {
    link::enter(name);
    let code = match body() {
        Ok(()) => SUCCESS,
        Err(error) if ARE_RETURNED.load(Ordering::Relaxed) => error.class,
        Err(error) => link::abort(1, &format!("{name}: {}", error.what)),
    };
    link::leave();
    code
}

/// Returns an argument that is a size or a number of things.
pub(crate) fn count(n: c_int) -> Result<usize> {
    usize::try_from(n).map_err(|_| Error::new(crate::abi::ERR_COUNT, format!("the count {n} is negative")))
}

fn name_of(code: c_int) -> &'static str {
    ERROR_NAMES.iter().find(|(class, _)| *class == code).map_or("unknown error", |(_, name)| name)
}

mpi! {
    fn MPI_Comm_set_errhandler(_comm: c_int, handler: c_int) {
        ARE_RETURNED.store(handler != ERRORS_ARE_FATAL, Ordering::Relaxed);
        Ok(())
    }

    fn MPI_Errhandler_set(comm: c_int, handler: c_int) {
        let _ = comm;
        ARE_RETURNED.store(handler != ERRORS_ARE_FATAL, Ordering::Relaxed);
        Ok(())
    }

    fn MPI_Comm_get_errhandler(_comm: c_int, handler: *mut c_int) {
        put(handler, ERRORS_ARE_FATAL + c_int::from(ARE_RETURNED.load(Ordering::Relaxed)));
        Ok(())
    }

    fn MPI_Errhandler_free(handler: *mut c_int) {
        put(handler, 0x1400_0000);
        Ok(())
    }

    fn MPI_Error_class(code: c_int, class: *mut c_int) {
        put(class, code);
        Ok(())
    }

    fn MPI_Error_string(code: c_int, text: *mut c_char, length: *mut c_int) {
        put_text(text, length, name_of(code), 512);
        Ok(())
    }

    fn MPI_Comm_call_errhandler(_comm: c_int, code: c_int) {
        Err(Error::new(if code == SUCCESS { ERR_OTHER } else { code }, name_of(code)))
    }

    fn MPI_Add_error_class(class: *mut c_int) {
        put(class, ERR_ARG);
        Err(Error::new(ERR_ARG, "classes of errors cannot be added"))
    }
}
