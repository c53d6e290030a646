//! A virtual MPI library: programs that load it as `libmpi.so.12` run as ranks of a simulated cluster.
//!
//! It has the interface of MPICH (its ABI, which several libraries share). A call is told to the simulator over a socket
//! ([`wire`]), with the CPU time that the program has used since the call before; when it is over on the simulated cluster,
//! the simulator answers with the data, and the program goes on. What is not implemented ends the run with its name.
//!
//! The same source is compiled twice: as this crate, for the simulator, which needs [`wire`] and [`LIBRARY`]; and by
//! `build.rs`, with `--cfg virtual_mpi`, as the shared library itself, whose functions have their C names.

#![cfg_attr(
    not(virtual_mpi),
    allow(
        dead_code,
        reason = "without their C names nobody calls the functions of MPI, but they are checked and tested"
    )
)]
#![allow(non_snake_case, reason = "functions have the names of MPI")]

pub mod wire;

/// The shared library, as a file has it; empty where it cannot be built (it needs Linux).
#[cfg(not(virtual_mpi))]
pub const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libmpi.so.12"));

/// Names under which programs look for the library: that of the ABI, and that of Debian's MPICH.
pub const FILE_NAMES: [&str; 2] = ["libmpi.so.12", "libmpich.so.12"];

macro_rules! mpi {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$attribute])*
        #[cfg_attr(virtual_mpi, unsafe(no_mangle))]
        pub(crate) extern "C" fn $name($($argument: $type),*) -> std::ffi::c_int {
            $crate::errors::guarded(stringify!($name), || $body)
        }
    )*};
}

/// Functions with counts: the second name has the large ones of MPI 4.
macro_rules! counted {
    ($(fn $name:ident fn $large:ident ($($argument:ident: $type:ty),* $(,)?) $body:block)*) => {
        $(#[allow(clippy::useless_conversion, reason = "large counts need none")]
        const _: () = {
            #[allow(dead_code, reason = "not all have counts and displacements")]
            type Count = std::ffi::c_int;
            mpi! { fn $name($($argument: $type),*) $body }
        };
        #[allow(clippy::useless_conversion, reason = "large counts need none")]
        const _: () = {
            #[allow(dead_code, reason = "not all have counts and displacements")]
            type Count = i64;
            mpi! { fn $large($($argument: $type),*) $body }
        };)*
    };
}

mod abi;
pub mod arithmetic;
mod attributes;
mod buffer;
mod clocks;
mod collectives;
mod communicators;
mod completion;
mod datatypes;
mod errors;
mod generalised;
mod graphs;
mod grids;
mod groups;
mod handles;
mod info;
mod intercommunicators;
mod layout;
mod link;
mod memory;
mod messages;
mod neighbours;
mod packing;
mod places;
mod plan;
mod point_to_point;
mod reductions;
mod requests;
mod session;
mod state;
mod type_arrays;
mod type_contents;
mod type_names;

#[cfg(virtual_mpi)]
mod refused {
    //! The functions of the real library that are not implemented.

    use std::ffi::c_int;

    use crate::link::refuse;

    include!(env!("VIRTUAL_MPI_STUBS"));
}
