//! The beginning and the end of MPI, and what the library says of itself.

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::Ordering;

use crate::abi::{COMM_NULL, COMM_SELF, COMM_WORLD, ERR_ARG, ERR_OTHER, THREAD_SERIALIZED};
use crate::attributes::{UNIVERSE, delete_all};
use crate::clocks;
use crate::errors::{Error, Result};
use crate::link;
use crate::memory::{allocate, put, put_text, release};
use crate::state::{Communicator, Phase, state};
use crate::wire::Call;

/// Version of MPI whose functions are here.
const VERSION: c_int = 4;
const LIBRARY_VERSION: &str = concat!("dlpc-sim ", env!("CARGO_PKG_VERSION"), ", virtual MPI with the ABI of MPICH");
/// Context of the communicator of all ranks, and of that of each one alone.
const WORLD: u32 = 0;
const OWN: u32 = 2;

fn initialise() -> Result {
    if state().phase != Phase::Before {
        return Err(Error::new(ERR_OTHER, "MPI was initialised before"));
    }
    let answer = link::call(&Call::Init, b"");
    let [rank, size, host] =
        [0, 1, 2].map(|i| answer.numbers.get(i).and_then(|n| u32::try_from(*n).ok()).unwrap_or_default());
    let mut state = state();
    let name = "MPI_COMM_WORLD".to_owned();
    state.world = Communicator { context: WORLD, members: (0..size).collect(), rank, name, ..Communicator::nobody() };
    state.own =
        Communicator { context: OWN, members: vec![rank], name: "MPI_COMM_SELF".to_owned(), ..Communicator::nobody() };
    state.host = String::from_utf8_lossy(&answer.bytes).into_owned();
    state.host_number = host.cast_signed();
    UNIVERSE.store(size.cast_signed(), Ordering::Relaxed);
    state.phase = Phase::Within;
    clocks::begin();
    Ok(())
}

mpi! {
    fn MPI_Init(_argc: *mut c_int, _argv: *mut *mut *mut c_char) {
        initialise()
    }

    fn MPI_Init_thread(_argc: *mut c_int, _argv: *mut *mut *mut c_char, required: c_int, provided: *mut c_int) {
        put(provided, required.min(THREAD_SERIALIZED));
        initialise()
    }

    fn MPI_Initialized(flag: *mut c_int) {
        put(flag, c_int::from(state().phase != Phase::Before));
        Ok(())
    }

    fn MPI_Finalized(flag: *mut c_int) {
        put(flag, c_int::from(state().phase == Phase::After));
        Ok(())
    }

    fn MPI_Query_thread(provided: *mut c_int) {
        put(provided, THREAD_SERIALIZED);
        Ok(())
    }

    fn MPI_Is_thread_main(flag: *mut c_int) {
        put(flag, 1);
        Ok(())
    }

    fn MPI_Finalize() {
        if state().phase != Phase::Within {
            return Err(Error::new(ERR_OTHER, "MPI is not initialised, or already finalised"));
        }
        delete_all(COMM_SELF)?;
        delete_all(COMM_WORLD)?;
        clocks::end();
        link::enter("MPI_Finalize");
        link::call(&Call::Finalize, b"");
        state().phase = Phase::After;
        Ok(())
    }

    fn MPI_Abort(_comm: c_int, code: c_int) {
        link::abort(code.into(), "the program has called MPI_Abort")
    }

    fn MPI_Get_version(version: *mut c_int, subversion: *mut c_int) {
        put(version, VERSION);
        put(subversion, 0);
        Ok(())
    }

    fn MPI_Get_library_version(text: *mut c_char, length: *mut c_int) {
        put_text(text, length, LIBRARY_VERSION, 8192);
        Ok(())
    }

    fn MPI_Get_processor_name(name: *mut c_char, length: *mut c_int) {
        put_text(name, length, &state().host, 128);
        Ok(())
    }

    fn MPI_Comm_get_parent(parent: *mut c_int) {
        put(parent, COMM_NULL);
        Ok(())
    }

    fn MPI_Address(place: *const c_void, address: *mut isize) {
        put(address, place.addr().cast_signed());
        Ok(())
    }

    fn MPI_Alloc_mem(size: isize, _info: c_int, place: *mut *mut c_void) {
        let size = usize::try_from(size).map_err(|_| Error::new(ERR_ARG, "the size of memory is negative"))?;
        put(place, allocate(size));
        Ok(())
    }

    fn MPI_Free_mem(place: *mut c_void) {
        release(place);
        Ok(())
    }

    fn MPI_Pcontrol(_level: c_int) {
        Ok(())
    }

    fn MPI_Get_address(place: *const c_void, address: *mut isize) {
        put(address, place.addr().cast_signed());
        Ok(())
    }
}

/// An address so many bytes further on.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn MPI_Aint_add(base: isize, distance: isize) -> isize {
    base.wrapping_add(distance)
}

/// How many bytes an address is further on than another one.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn MPI_Aint_diff(one: isize, other: isize) -> isize {
    one.wrapping_sub(other)
}

/// Simulated seconds since the start of the program.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
#[expect(clippy::cast_precision_loss, reason = "MPI tells time as a double")]
pub(crate) extern "C" fn MPI_Wtime() -> f64 {
    link::enter("MPI_Wtime");
    let picos = link::call(&Call::Time, b"").time;
    link::leave();
    picos as f64 / 1e12
}

/// Resolution of the clock: a nanosecond, as the CPU time between two calls is counted in them.
#[cfg_attr(virtual_mpi, unsafe(no_mangle))]
pub(crate) extern "C" fn MPI_Wtick() -> f64 {
    1e-9
}
