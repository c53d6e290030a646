//! Which algorithm a collective uses: the fixed decision rules of Open MPI 4.1 (`coll/tuned`), unless the machine model
//! names one.
//!
//! Where Open MPI picks an algorithm that is not simulated, the nearest one stands in for it; docs/model.md lists them.

use super::Collective;
use crate::machine::{
    AllgatherAlgorithm, AllreduceAlgorithm, AlltoallAlgorithm, BarrierAlgorithm, CollectiveOverrides, TreeAlgorithm,
};
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

/// Returns the allgather of a block of `bytes` from each of `n_ranks`.
#[must_use]
pub fn allgather(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let algorithm = overrides.allgather.unwrap_or_else(|| allgather_of_open_mpi(n_ranks, bytes.0));
    // Open MPI, too, falls back where an algorithm does not go with the number of ranks.
    let possible = match algorithm {
        AllgatherAlgorithm::RecursiveDoubling if !n_ranks.is_power_of_two() => AllgatherAlgorithm::Bruck,
        AllgatherAlgorithm::Neighbor if !n_ranks.is_multiple_of(2) => AllgatherAlgorithm::Ring,
        algorithm => algorithm,
    };
    Collective::Allgather(possible, bytes)
}

fn allgather_of_open_mpi(n_ranks: u32, bytes: u64) -> AllgatherAlgorithm {
    use AllgatherAlgorithm::{Bruck, Neighbor, RecursiveDoubling, Ring};
    let is_bruck = match n_ranks {
        256..=511 => (32..128).contains(&bytes),
        512..=1023 => (64..256).contains(&bytes),
        1024..=2047 => [4..8, 16..32, 256..512].iter().any(|range| range.contains(&bytes)),
        2048..=4095 => bytes < 32 || (128..512).contains(&bytes),
        4096.. => (2..8).contains(&bytes) || (16..512).contains(&bytes),
        0..=255 => false,
    };
    let (doubling_below, ring_from, neighbor_again) = match n_ranks {
        0..=31 => return RecursiveDoubling,
        32..=63 => (1 << 10, 1 << 16, 0..0),
        64..=127 => (1 << 9, 1 << 16, 0..0),
        128..=255 => (1 << 9, 1 << 17, 1 << 19..1 << 20),
        256..=511 => (1 << 10, 1 << 17, 1 << 19..1 << 20),
        512..=1023 => (1 << 11, u64::MAX, 0..0),
        1024.. => (1 << 12, u64::MAX, 0..0),
    };
    match bytes {
        _ if is_bruck => Bruck,
        _ if bytes < doubling_below => RecursiveDoubling,
        _ if bytes >= ring_from && !neighbor_again.contains(&bytes) => Ring,
        _ => Neighbor,
    }
}

/// Returns the alltoall of a block of `bytes` between any two of `n_ranks`.
#[must_use]
pub fn alltoall(n_ranks: u32, bytes: Bytes, overrides: CollectiveOverrides) -> Collective {
    let bytes_of_bruck = match n_ranks {
        0..=15 => 0..0,
        16..=31 => 4..512,
        32..=63 | 512..=2047 => 0..512,
        64..=511 | 2048..=4095 => 0..1024,
        4096.. => 0..2048,
    };
    let pairwise_from = match n_ranks {
        0..=2 => 0,
        64..=255 | 512..=1023 => 1 << 18,
        256..=511 => 1 << 15,
        3..=63 | 1024.. => u64::MAX,
    };
    let is_pairwise = bytes.0 >= pairwise_from || ((3..8).contains(&n_ranks) && (1 << 19..1 << 20).contains(&bytes.0));
    let algorithm = match bytes.0 {
        bytes if bytes_of_bruck.contains(&bytes) => AlltoallAlgorithm::Bruck,
        _ if is_pairwise => AlltoallAlgorithm::Pairwise,
        _ => AlltoallAlgorithm::Linear,
    };
    Collective::Alltoall(overrides.alltoall.unwrap_or(algorithm), bytes)
}

fn tree(is_linear: bool) -> TreeAlgorithm {
    if is_linear { TreeAlgorithm::Linear } else { TreeAlgorithm::Binomial }
}
