//! Everything that a person or a script reads: tables, CSV, JSON, plots and pages, as text or bytes in memory.

pub mod comparisons;
pub mod csv;
pub mod finding;
pub mod fit;
pub mod goal;
pub mod html;
pub mod json;
pub mod plot;
pub mod replay;
pub mod sentence;
pub mod sweep;
pub mod table;
pub mod timeline;

mod font;
mod number;
