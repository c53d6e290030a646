//! The commands: one file each, which calls the library and writes what comes back.

pub(crate) mod calibrate;
pub(crate) mod check;
mod command_line;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod doctor;
mod effort;
mod experiment;
pub(crate) mod explain;
#[cfg(feature = "explore")]
pub(crate) mod explore;
pub(crate) mod export_goal;
pub(crate) mod kernel;
mod launch;
pub(crate) mod measure;
pub(crate) mod predict;
pub(crate) mod replay;
mod roll_call;
pub(crate) mod run_program;
pub(crate) mod schema;
pub(crate) mod sweep;
mod time_line;
