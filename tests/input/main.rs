//! Input files to checked types: what is accepted, and how problems are reported.

mod accepted;
mod files;
mod reported;
mod robust;
