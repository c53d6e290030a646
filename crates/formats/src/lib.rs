//! Schedules and traces of other tools, line by line into the types of the engine, and the diagnostics of all files.
//!
//! A crate of its own because these loops run over every byte of files of any size: it is compiled with more optimisation
//! than the library above it. Nothing here opens a file.

pub mod diagnostic;
mod fault;
mod goal;
pub mod plain_text;
mod simgrid;

pub use self::goal::{Open, decompressed, load_goal};
pub use self::simgrid::{Recorded, load_recorded};
