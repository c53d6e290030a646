//! Inputs that nobody would write on purpose, from bytes to plots, and relations that hold between predictions.
//!
//! `cargo test` tries a few of each; `make fuzz` looks further. Each case is made from its number alone.

mod commands;
mod corpus;
mod curves;
mod experiments;
mod explored;
mod fits;
mod hosts;
mod hunt;
mod metamorphic;
mod mutator;
mod outputs;
mod quantities;
mod random_scenario;
mod recordings;
mod schedules;
mod sweeps;
