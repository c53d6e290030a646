//! Errors of calls: they end the program, are returned to it, or go to a function of the program, as the communicator says.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{
    COMM_NULL, COMM_SELF, COMM_WORLD, ERR_ARG, ERR_COUNT, ERR_OTHER, ERRHANDLER_NULL, ERROR_NAMES, ERRORS_ABORT,
    ERRORS_ARE_FATAL, ERRORS_RETURN, FIRST_ERRHANDLER, LAST_CODE, SUCCESS,
};
use crate::handles::Handles;
use crate::link;
use crate::memory::{get, put, put_text, text};

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

/// A function of the program that hears of errors; it may take more arguments than these.
type Handler = unsafe extern "C" fn(*mut c_int, *mut c_int, ...);

/// What the program has said of errors.
struct Errors {
    /// Handlers of objects, by handle; those that are not here end the program.
    handlers: BTreeMap<c_int, c_int>,
    own: Handles<Handler>,
    /// Codes of the program: class and text.
    codes: BTreeMap<c_int, (c_int, String)>,
}

static ERRORS: Mutex<Errors> =
    Mutex::new(Errors { handlers: BTreeMap::new(), own: Handles::new(FIRST_ERRHANDLER), codes: BTreeMap::new() });
/// The largest class or code that is in use.
pub(crate) static LAST_USED: AtomicI32 = AtomicI32::new(LAST_CODE);
/// The communicator, or session, that the current call is about.
static CONCERNED: AtomicI32 = AtomicI32::new(COMM_NULL);

fn errors() -> MutexGuard<'static, Errors> {
    ERRORS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes which communicator, or session, the current call is about: its handler hears of an error.
pub(crate) fn concern(handle: c_int) {
    CONCERNED.store(handle, Ordering::Relaxed);
}

/// Returns what was noted.
pub(crate) fn concerned() -> c_int {
    CONCERNED.load(Ordering::Relaxed)
}

/// Returns what an object does with errors.
pub(crate) fn handler_of(handle: c_int) -> c_int {
    errors().handlers.get(&handle).copied().unwrap_or(ERRORS_ARE_FATAL)
}

/// Lets an object do with errors what a handler says.
pub(crate) fn set_handler(handle: c_int, handler: c_int) -> Result {
    let mut errors = errors();
    let is_known = (ERRORS_ARE_FATAL..=ERRORS_ABORT).contains(&handler) || errors.own.get(handler).is_some();
    if !is_known {
        return Err(Error::new(ERR_ARG, format!("{handler:#x} is no error handler")));
    }
    errors.handlers.insert(handle, handler);
    Ok(())
}

/// Calls what hears of errors of an object; ends the program if that is what it has to do.
fn told(handle: c_int, code: c_int, why: &str) {
    let handler = match handler_of(handle) {
        ERRORS_ARE_FATAL | ERRORS_ABORT => link::abort(1, why),
        ERRORS_RETURN => return,
        own => errors().own.get(own).copied(),
    };
    let (mut handle, mut code) = (handle, code);
    if let Some(handler) = handler {
        // SAFETY: the program has given this function for such arguments.
        unsafe { handler(&raw mut handle, &raw mut code) }
    }
}

/// Runs the body of a function of MPI and returns its error code.
pub(crate) fn guarded(name: &'static str, body: impl FnOnce() -> Result) -> c_int {
    enter(name);
    leave(name, body())
}

/// Not generic, as the next: there are hundreds of bodies.
#[inline(never)]
fn enter(name: &'static str) {
    link::enter(name);
    concern(COMM_NULL);
}

#[inline(never)]
fn leave(name: &str, result: Result) -> c_int {
    let code = match result {
        Ok(()) => SUCCESS,
        Err(error) => {
            let concerned = match concerned() {
                // What is about no communicator goes to the one of this rank alone, if the program has said something of it.
                COMM_NULL if handler_of(COMM_SELF) == ERRORS_ARE_FATAL => COMM_WORLD,
                COMM_NULL => COMM_SELF,
                concerned => concerned,
            };
            told(concerned, error.class, &format!("{name}: {}", error.what));
            error.class
        }
    };
    link::leave();
    code
}

/// Returns an argument that is a size or a number of things.
pub(crate) fn count(n: impl Into<i64>) -> Result<usize> {
    let n = n.into();
    usize::try_from(n).map_err(|_| Error::new(ERR_COUNT, format!("the count {n} is negative")))
}

fn class_of(code: c_int) -> c_int {
    errors().codes.get(&code).map_or(code, |(class, _)| *class)
}

fn text_of(code: c_int) -> String {
    if let Some((_, text)) = errors().codes.get(&code) {
        return text.clone();
    }
    ERROR_NAMES.iter().find(|(class, _)| *class == code).map_or("unknown error", |(_, name)| name).to_owned()
}

/// Adds a class, or a code of one.
fn added(class: Option<c_int>) -> c_int {
    let code = LAST_USED.fetch_add(1, Ordering::Relaxed) + 1;
    errors().codes.insert(code, (class.unwrap_or(code), String::new()));
    code
}

fn create(function: Handler, handler: *mut c_int) {
    put(handler, errors().own.insert(function));
}

mpi! {
    fn MPI_Comm_create_errhandler(function: Handler, handler: *mut c_int) {
        create(function, handler);
        Ok(())
    }

    fn MPI_Session_create_errhandler(function: Handler, handler: *mut c_int) {
        create(function, handler);
        Ok(())
    }

    fn MPI_Win_create_errhandler(function: Handler, handler: *mut c_int) {
        create(function, handler);
        Ok(())
    }

    fn MPI_File_create_errhandler(function: Handler, handler: *mut c_int) {
        create(function, handler);
        Ok(())
    }

    fn MPI_Errhandler_create(function: Handler, handler: *mut c_int) {
        create(function, handler);
        Ok(())
    }

    fn MPI_Errhandler_free(handler: *mut c_int) {
        // Communicators keep it, so the function stays.
        if get(handler) == ERRHANDLER_NULL {
            return Err(Error::new(ERR_ARG, "the error handler is a null handle"));
        }
        put(handler, ERRHANDLER_NULL);
        Ok(())
    }

    fn MPI_Error_class(code: c_int, class: *mut c_int) {
        put(class, class_of(code));
        Ok(())
    }

    fn MPI_Error_string(code: c_int, text: *mut c_char, length: *mut c_int) {
        put_text(text, length, &text_of(code), 512);
        Ok(())
    }

    fn MPI_Add_error_class(class: *mut c_int) {
        put(class, added(None));
        Ok(())
    }

    fn MPI_Add_error_code(class: c_int, code: *mut c_int) {
        put(code, added(Some(class)));
        Ok(())
    }

    fn MPI_Add_error_string(code: c_int, string: *const c_char) {
        let mut errors = errors();
        let known = errors.codes.get_mut(&code);
        let (_, of) = known.ok_or_else(|| Error::new(ERR_ARG, "only texts of added codes can be set"))?;
        *of = text(string);
        Ok(())
    }

    fn MPI_File_set_errhandler(_file: *mut c_int, _handler: c_int) {
        // Files are refused: there is none that could have an error.
        Ok(())
    }

    fn MPI_File_get_errhandler(_file: *mut c_int, handler: *mut c_int) {
        put(handler, ERRORS_RETURN);
        Ok(())
    }
}

/// Tells the handler of an object of an error that the program itself has found.
pub(crate) fn call_handler(handle: c_int, code: c_int) {
    told(handle, if code == SUCCESS { ERR_OTHER } else { code }, &text_of(code));
}
