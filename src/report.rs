//! Everything that a person or a script reads: tables, CSV, JSON and plots, as text or bytes in memory.

pub mod csv;
pub mod json;
pub mod plot;
pub mod sweep;
pub mod table;

#[cfg(test)]
mod fixture;
mod font;
mod number;
