//! Everything that a person or a script reads: tables, CSV, JSON, plots and pages, as text or bytes in memory.

pub mod csv;
pub mod goal;
pub mod html;
pub mod json;
pub mod plot;
pub mod replay;
pub mod sweep;
pub mod table;

#[cfg(test)]
mod fixture;
mod font;
mod number;
