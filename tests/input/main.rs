//! Input files to checked types: what is accepted, and how problems are reported.

mod accepted;
mod documented;
mod files;
mod formulas;
mod paths;
mod placed;
mod reported;
mod robust;
