//! The line of a Python script, asked of the interpreter that has called: its C interface is looked up in the process, so that
//! this library needs none.
//!
//! Of the functions, `PyFrame_GetBack` is since `CPython` 3.9, the others are in its stable interface (3.10).

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Here, PLACES_MAX, number};
use crate::memory::text;
use crate::wire::Place;

type Object = *mut c_void;

/// What is called of the interpreter.
struct Python {
    is_initialised: unsafe extern "C" fn() -> c_int,
    has_lock: unsafe extern "C" fn() -> c_int,
    ensure: unsafe extern "C" fn() -> c_int,
    release: unsafe extern "C" fn(c_int),
    frame: unsafe extern "C" fn() -> Object,
    back: unsafe extern "C" fn(Object) -> Object,
    code: unsafe extern "C" fn(Object) -> Object,
    line: unsafe extern "C" fn(Object) -> c_int,
    attribute: unsafe extern "C" fn(Object, *const c_char) -> Object,
    utf8: unsafe extern "C" fn(Object, *mut isize) -> *const c_char,
    keep: unsafe extern "C" fn(Object),
    let_go: unsafe extern "C" fn(Object),
    clear_error: unsafe extern "C" fn(),
}

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Numbers of lines, by the code object and the line; none for those of libraries. The code objects are kept, so that no other one
/// gets their address.
static LINES: Mutex<BTreeMap<(usize, c_int), Option<u32>>> = Mutex::new(BTreeMap::new());

/// Frames of libraries that are passed on the way to the user's code.
const FRAMES_MAX: usize = 64;
/// What is in the paths of libraries, and of what the interpreter has built in.
const LIBRARIES: [&str; 4] = ["/site-packages/", "/dist-packages/", "/lib/python3.", "<frozen "];

/// Returns the function of a name in this process, if there is one.
///
/// # Safety
/// `F` is the type of the function.
unsafe fn looked_up<F: Copy>(name: &CStr) -> Option<F> {
    // SAFETY: a name that ends with a zero; null stands for all libraries of the process.
    let address = unsafe { dlsym(ptr::null_mut(), name.as_ptr()) };
    // SAFETY: a pointer to a function is as large as one to data, and leads to an `F`, as the caller says.
    (!address.is_null()).then(|| unsafe { std::mem::transmute_copy::<*mut c_void, F>(&address) })
}

impl Python {
    fn found() -> Option<Self> {
        // SAFETY: the functions of these names have these types, in all versions of the interpreter that have them.
        unsafe {
            Some(Self {
                is_initialised: looked_up(c"Py_IsInitialized")?,
                has_lock: looked_up(c"PyGILState_Check")?,
                ensure: looked_up(c"PyGILState_Ensure")?,
                release: looked_up(c"PyGILState_Release")?,
                frame: looked_up(c"PyEval_GetFrame")?,
                back: looked_up(c"PyFrame_GetBack")?,
                code: looked_up(c"PyFrame_GetCode")?,
                line: looked_up(c"PyFrame_GetLineNumber")?,
                attribute: looked_up(c"PyObject_GetAttrString")?,
                utf8: looked_up(c"PyUnicode_AsUTF8AndSize")?,
                keep: looked_up(c"Py_IncRef")?,
                let_go: looked_up(c"Py_DecRef")?,
                clear_error: looked_up(c"PyErr_Clear")?,
            })
        }
    }

    /// Returns the interpreter of this process, if it has one.
    fn of_process() -> Option<&'static Self> {
        static PYTHON: OnceLock<Option<Python>> = OnceLock::new();
        PYTHON.get_or_init(Python::found).as_ref()
    }

    /// The same while it runs: when it has ended, it can still be asked for that.
    fn running() -> Option<&'static Self> {
        let python = Self::of_process()?;
        // SAFETY: can be called at any time.
        (unsafe { (python.is_initialised)() } != 0).then_some(python)
    }

    /// Returns the innermost line that is in no library, at most so many frames out.
    fn here(&self, n_frames: usize) -> Option<Here> {
        // SAFETY: the interpreter has started, and this thread has its lock; frames are asked while they are kept.
        unsafe {
            let mut frame = (self.frame)();
            if frame.is_null() {
                return None;
            }
            (self.keep)(frame);
            let mut found = None;
            for _ in 0..n_frames {
                let code = (self.code)(frame);
                found = self.of_line(code, (self.line)(frame));
                (self.let_go)(code);
                let back = if found.is_none() { (self.back)(frame) } else { ptr::null_mut() };
                (self.let_go)(frame);
                frame = back;
                if frame.is_null() {
                    return found;
                }
            }
            (self.let_go)(frame);
            found
        }
    }

    /// Returns the place of a line; none if it is of a library.
    ///
    /// # Safety
    /// The caller has the interpreter's lock, and `code` is a code object.
    unsafe fn of_line(&self, code: Object, line: c_int) -> Option<Here> {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (code.expose_provenance(), line);
        if let Some(known) = lines.get(&key) {
            return known.map(|number| Here { number, told: None });
        }
        if lines.len() >= PLACES_MAX {
            return None;
        }
        // SAFETY: as the caller says.
        let file = unsafe { self.file(code) }?;
        let is_own = !LIBRARIES.iter().any(|part| file.contains(part));
        let number = is_own.then(number);
        // SAFETY: as the caller says.
        unsafe { (self.keep)(code) };
        lines.insert(key, number);
        let place = |number| Place::Line { number, line: u32::try_from(line).unwrap_or(0) };
        number.map(|number| Here { number, told: Some((place(number), file.into_bytes())) })
    }

    /// Returns the file of a code object.
    ///
    /// # Safety
    /// As [`Self::of_line`].
    unsafe fn file(&self, code: Object) -> Option<String> {
        const NAME: &CStr = c"co_filename";
        // SAFETY: as the caller says; the text lives as long as its object, and ends with a zero.
        unsafe {
            let name = (self.attribute)(code, NAME.as_ptr());
            if name.is_null() {
                (self.clear_error)();
                return None;
            }
            let utf8 = (self.utf8)(name, ptr::null_mut());
            let file = (!utf8.is_null()).then(|| text(utf8));
            if file.is_none() {
                (self.clear_error)();
            }
            (self.let_go)(name);
            file
        }
    }
}

/// Returns the line of the Python script that has called; none in other programs, and where no script runs.
pub(super) fn here() -> Option<Here> {
    let python = Python::running()?;
    // SAFETY: the interpreter has started: the lock is taken, if this thread has given it away for its call, and given back.
    let state = unsafe { (python.ensure)() };
    let here = python.here(FRAMES_MAX);
    // SAFETY: as above.
    unsafe { (python.release)(state) };
    here
}

/// Returns whether this process is that of a Python script.
pub(super) fn is_here() -> bool {
    Python::of_process().is_some()
}

/// Returns the line that looks at a clock itself; none where a library does, and where the interpreter waits for its own lock,
/// which must not be asked for then.
pub(super) fn of_clock() -> Option<Here> {
    let python = Python::running()?;
    // SAFETY: can be called at any time once the interpreter has started.
    let has_lock = unsafe { (python.has_lock)() } != 0;
    if has_lock { python.here(1) } else { None }
}
