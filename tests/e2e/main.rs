//! The whole program: through its binary, and through the library with files that nobody would write on purpose.

mod calibrated;
mod compared;
mod deterministic;
mod explained;
mod explore;
mod export_goal;
mod fitted;
mod help;
mod json_schema;
mod launchers;
mod lost_host;
mod mutation;
mod output;
mod readme;
mod replay;
mod shipped;
mod support;
mod swept;
mod tidy;
mod timeline;
mod traced;
mod wrong;
