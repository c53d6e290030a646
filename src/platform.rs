//! The platform: hosts, cores, links and routes, made from the machine model.

/// Index of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);
