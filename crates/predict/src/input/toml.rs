//! TOML with the place of each value, checked against the schema of a raw struct and deserialised into it.

pub(super) mod document;
pub(super) mod leaf;
pub(super) mod schema;
pub(super) mod spanned;
pub(super) mod tree;
