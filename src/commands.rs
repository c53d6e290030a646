//! The commands: one file each, which calls the library and writes what comes back.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
mod experiment;
pub(crate) mod kernel;
pub(crate) mod predict;
pub(crate) mod schema;
