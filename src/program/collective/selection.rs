//! Which algorithm a collective uses: the fixed decision rules of Open MPI 4.1 (`coll/tuned`), unless the machine model
//! names one.
//!
//! Where Open MPI picks an algorithm that is not simulated, the nearest one stands in for it; docs/model.md lists them.

use super::Collective;
use crate::machine::{AllreduceAlgorithm, BarrierAlgorithm, CollectiveOverrides, TreeAlgorithm};
use crate::units::Bytes;

/// Returns the barrier for `n_ranks`.
#[must_use]
pub fn barrier(n_ranks: u32, overrides: CollectiveOverrides) -> Collective {
    Collective::Barrier(overrides.barrier.unwrap_or(match n_ranks {
        4..=7 => BarrierAlgorithm::Linear,
        0..=63 => BarrierAlgorithm::RecursiveDoubling,
        64.. => BarrierAlgorithm::Dissemination,
    }))
}

/// Returns the bcast of `bytes` to `n_ranks`.
#[must_use]
pub fn bcast(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let is_linear = match n_ranks {
        0..=3 => (1 << 10..1 << 15).contains(&bytes.0) || (1 << 18..1 << 19).contains(&bytes.0),
        4..=7 => (1 << 13..1 << 20).contains(&bytes.0),
        8..=15 => bytes.0 >= 1 << 15,
        128..=255 => (1 << 14..1 << 15).contains(&bytes.0),
        _ => false,
    };
    Collective::Bcast(overrides.bcast.unwrap_or(tree(is_linear)), bytes)
}

/// Returns the scatter of `bytes` to each of `n_ranks`.
#[must_use]
pub fn scatter(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let is_binomial = match n_ranks {
        0..=3 => false,
        4..=7 => bytes.0 < 1 << 11 || (1 << 12..1 << 13).contains(&bytes.0),
        8..=31 => bytes.0 < 1 << 14,
        32..=63 => bytes.0 < 1 << 9 || (1 << 13..1 << 14).contains(&bytes.0),
        64.. => bytes.0 < 1 << 9,
    };
    Collective::Scatter(overrides.scatter.unwrap_or(tree(!is_binomial)), bytes)
}

/// Returns the gather of `bytes` from each of `n_ranks`.
#[must_use]
pub fn gather(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let is_binomial = match n_ranks {
        0..=3 => (1 << 2..1 << 15).contains(&bytes.0) || (1 << 16..1 << 17).contains(&bytes.0),
        4..=7 => bytes.0 < 1 << 10 || (1 << 13..1 << 15).contains(&bytes.0),
        256..=511 => !(1 << 11..1 << 13).contains(&bytes.0),
        8.. => true,
    };
    Collective::Gather(overrides.gather.unwrap_or(tree(!is_binomial)), bytes)
}

/// Returns the reduce of a vector of `bytes` over `n_ranks`.
#[must_use]
pub fn reduce(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let is_linear = match n_ranks {
        0..=3 => (1 << 5..1 << 18).contains(&bytes.0),
        4..=7 => (1 << 18..1 << 19).contains(&bytes.0) || bytes.0 >= 1 << 20,
        8.. => false,
    };
    Collective::Reduce(overrides.reduce.unwrap_or(tree(is_linear)), bytes)
}

/// Returns the allreduce of a vector of `bytes` over the ranks.
#[must_use]
pub fn allreduce(bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    Collective::Allreduce(overrides.allreduce.unwrap_or(AllreduceAlgorithm::RecursiveDoubling), bytes)
}

fn tree(is_linear: bool) -> TreeAlgorithm {
    if is_linear { TreeAlgorithm::Linear } else { TreeAlgorithm::Binomial }
}
