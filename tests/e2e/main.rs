//! The whole program, through its binary.

#![expect(clippy::disallowed_types, reason = "it measures how long the program takes")]

mod calibrated;
mod compared;
mod deterministic;
mod explained;
mod explore;
mod export_goal;
mod figures;
mod fitted;
mod help;
mod json_schema;
mod launchers;
mod lost_host;
mod narrow;
mod odd;
mod output;
mod readme;
mod replay;
mod shipped;
mod shown;
mod support;
mod swept;
mod tidy;
mod timeline;
mod traced;
mod written;
mod wrong;
