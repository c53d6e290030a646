//! The whole loop on an emulated cluster: real launchers, real TCP between hosts of their own, shaped ports, slow cores.
//!
//! Needs root (see testbed/README.md), so it is run by name only: `cargo test --features mpi --test testbed`. One test at
//! a time, as each has the machine for itself.

#![expect(clippy::disallowed_types, reason = "it measures how long the program takes")]

mod broken;
mod cluster;
mod mpich;
mod python;
mod whole_loop;
