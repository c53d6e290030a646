//! How a machine file says what can be said in several ways: for those who change a file and keep the rest of it.

use dlpc_engine::machine::Kernel;

use super::raw::{RawHostGroup, RawMachine};

/// What the file of a machine model says itself; the checked model does not tell it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spelling {
    /// Groups of hosts, in the order of the file.
    pub groups: Vec<GroupSpelling>,
    /// Sigma of all kernels that have none of their own.
    pub general_sigma: f64,
    /// Kernels that have one, in the order of the file.
    pub own_sigmas: Vec<Kernel>,
}

/// What the file says itself of a group of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSpelling {
    /// Whether it gives slowdowns.
    pub has_slowdown: bool,
    /// Whether it gives a speed for each host.
    pub has_speeds: bool,
}

impl Spelling {
    pub(in crate::input) fn of(raw: &RawMachine) -> Self {
        let groups = raw.hosts.iter().flat_map(|hosts| &hosts.value.0);
        let noise = raw.noise.as_ref().map(|noise| &noise.value);
        let own =
            noise.and_then(|noise| noise.kernel_sigma.as_ref()).into_iter().flat_map(|own| own.value.of_kernels());
        Self {
            groups: groups.map(|(_, group)| GroupSpelling::of(&group.value)).collect(),
            general_sigma: noise.and_then(|noise| noise.compute_sigma).map_or(0.0, |sigma| sigma.value),
            own_sigmas: own.map(|(kernel, _)| kernel).collect(),
        }
    }
}

impl GroupSpelling {
    fn of(raw: &RawHostGroup) -> Self {
        let has_speeds = raw.speed.as_ref().is_some_and(|speeds| 1 < speeds.value.len());
        Self { has_slowdown: raw.slowdown.is_some(), has_speeds }
    }
}
