//! The scenario: what to run, at which rank counts, placed how.
//!
//! A [`Scenario`] that exists is valid, also against its machine model; only [`crate::input`] makes one from a file.

use std::num::NonZeroU32;

use dlpc_engine::platform::core_set::CoreSet;
use dlpc_engine::platform::{HostId, NetworkKind};

use crate::workload::Workload;

/// What to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Title of tables and plots.
    pub title: String,
    /// How to run it.
    pub run: Run,
    /// The program.
    pub workload: Workload,
}

/// At which rank counts, where and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Rank counts, ascending, without duplicates, at least one.
    pub ranks: Vec<NonZeroU32>,
    /// Host of each slot in the order in which ranks fill them; rank `r` takes slot `r`, modulo their number if
    /// oversubscribed. At least one.
    pub slots: Vec<HostId>,
    /// Cores that the rank of each slot is bound to, if a rankfile says so; empty if none is bound.
    pub bound: Vec<CoreSet>,
    /// Replications per rank count.
    pub replications: NonZeroU32,
    /// Seed of all random streams.
    pub seed: u64,
    /// Network model.
    pub network: NetworkKind,
    /// Rule by which ranks fill the hosts; none where a file or the scenario names the host of each slot.
    pub order: Option<Order>,
    /// Whether there may be more ranks than slots.
    pub may_oversubscribe: bool,
}

dlpc_engine::named! {
    /// Rules by which ranks fill hosts.
    pub enum Order as "Order" {
        BySlot = "by-slot" => "All cores of the first host, then those of the second, ...",
        ByNode = "by-node" => "One rank on each host, then a second one on each, ...; hosts whose cores are all used are passed over.",
    }
}
