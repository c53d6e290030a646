//! Info objects: keys and values that the program gives as hints. Nothing depends on them here.

use std::ffi::{c_char, c_int};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{ERR_ARG, ERR_INFO, ERR_INFO_KEY, ERR_INFO_NOKEY, ERR_INFO_VALUE, FIRST_INFO, INFO_ENV, INFO_NULL};
use crate::errors::{self, Error, Result};
use crate::handles::Handles;
use crate::memory::{get, put, put_text, text};
use crate::state::Hints;

static INFOS: Mutex<Handles<Hints>> = Mutex::new(Handles::new(FIRST_INFO));
/// Longest keys and values.
const KEY_MAX: usize = 255;
const VALUE_MAX: usize = 1024;

fn infos() -> MutexGuard<'static, Handles<Hints>> {
    INFOS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the hints of an info object; none of a null handle.
pub(crate) fn hints(handle: c_int) -> Result<Hints> {
    if handle == INFO_NULL { Ok(Hints::new()) } else { of(handle) }
}

fn of(handle: c_int) -> Result<Hints> {
    if handle == INFO_ENV {
        return Ok(Hints::new());
    }
    infos().get(handle).cloned().ok_or_else(|| no_info(handle))
}

fn no_info(handle: c_int) -> Error {
    Error::new(ERR_INFO, format!("{handle:#x} is no info object"))
}

/// Gives the program an info object.
pub(crate) fn make(hints: Hints, new: *mut c_int) {
    put(new, infos().insert(hints));
}

fn key_of(key: *const c_char) -> Result<String> {
    let key = text(key).trim().to_owned();
    let is_good = !key.is_empty() && key.len() <= KEY_MAX;
    is_good.then_some(key).ok_or_else(|| Error::new(ERR_INFO_KEY, "a key has 1 to 255 characters"))
}

fn value_of(handle: c_int, key: *const c_char) -> Result<Option<String>> {
    let key = key_of(key)?;
    Ok(of(handle)?.into_iter().find(|(known, _)| *known == key).map(|(_, value)| value))
}

mpi! {
    fn MPI_Info_create(new: *mut c_int) {
        make(Hints::new(), new);
        Ok(())
    }

    fn MPI_Info_create_env(_n: c_int, _words: *mut *mut c_char, new: *mut c_int) {
        make(Hints::new(), new);
        Ok(())
    }

    fn MPI_Info_dup(handle: c_int, new: *mut c_int) {
        make(of(handle)?, new);
        Ok(())
    }

    fn MPI_Info_free(handle: *mut c_int) {
        infos().remove(get(handle)).ok_or_else(|| no_info(get(handle)))?;
        put(handle, INFO_NULL);
        Ok(())
    }

    fn MPI_Info_set(handle: c_int, key: *const c_char, value: *const c_char) {
        let (key, value) = (key_of(key)?, text(value).trim().to_owned());
        if value.len() > VALUE_MAX {
            return Err(Error::new(ERR_INFO_VALUE, "a value has at most 1024 characters"));
        }
        let mut infos = infos();
        let hints = infos.get_mut(handle).ok_or_else(|| no_info(handle))?;
        match hints.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => hints.push((key, value)),
        }
        Ok(())
    }

    fn MPI_Info_delete(handle: c_int, key: *const c_char) {
        let key = key_of(key)?;
        let mut infos = infos();
        let hints = infos.get_mut(handle).ok_or_else(|| no_info(handle))?;
        let place = hints.iter().position(|(known, _)| *known == key);
        hints.remove(place.ok_or_else(|| Error::new(ERR_INFO_NOKEY, format!("there is no key `{key}`")))?);
        Ok(())
    }

    fn MPI_Info_get(handle: c_int, key: *const c_char, max: c_int, value: *mut c_char, flag: *mut c_int) {
        let found = value_of(handle, key)?;
        put(flag, c_int::from(found.is_some()));
        if let Some(found) = found {
            put_text(value, std::ptr::null_mut(), &found, errors::count(max)? + 1);
        }
        Ok(())
    }

    fn MPI_Info_get_string(
        handle: c_int,
        key: *const c_char,
        length: *mut c_int,
        value: *mut c_char,
        flag: *mut c_int,
    ) {
        let found = value_of(handle, key)?;
        put(flag, c_int::from(found.is_some()));
        if let Some(found) = found {
            let room = errors::count(get(length))?;
            if room > 0 {
                put_text(value, std::ptr::null_mut(), &found, room);
            }
            put(length, c_int::try_from(found.len() + 1).unwrap_or(c_int::MAX));
        }
        Ok(())
    }

    fn MPI_Info_get_valuelen(handle: c_int, key: *const c_char, length: *mut c_int, flag: *mut c_int) {
        let found = value_of(handle, key)?;
        put(flag, c_int::from(found.is_some()));
        if let Some(found) = found {
            put(length, c_int::try_from(found.len()).unwrap_or(c_int::MAX));
        }
        Ok(())
    }

    fn MPI_Info_get_nkeys(handle: c_int, n: *mut c_int) {
        put(n, c_int::try_from(of(handle)?.len()).unwrap_or(c_int::MAX));
        Ok(())
    }

    fn MPI_Info_get_nthkey(handle: c_int, n: c_int, key: *mut c_char) {
        let hints = of(handle)?;
        let found = usize::try_from(n).ok().and_then(|n| hints.get(n));
        let (found, _) = found.ok_or_else(|| Error::new(ERR_ARG, format!("there is no key number {n}")))?;
        put_text(key, std::ptr::null_mut(), found, KEY_MAX + 1);
        Ok(())
    }
}
