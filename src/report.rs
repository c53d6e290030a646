//! Everything that a person or a script reads: tables, CSV, JSON, plots and pages, as text or bytes in memory.

pub mod csv;
pub mod finding;
pub mod html;
pub mod json;
pub mod plot;
pub mod sweep;
pub mod table;

#[cfg(test)]
pub(crate) mod fixture;
mod font;
mod number;
