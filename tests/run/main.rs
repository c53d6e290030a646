//! Unmodified MPI programs on virtual ranks: C programs, which are compiled here, and Python programs with mpi4py.

#![expect(clippy::print_stdout, reason = "what is left out is said")]

mod c_programs;
mod failures;
mod python;
mod stand;
mod suites;
#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;
