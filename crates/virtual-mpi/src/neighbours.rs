//! Collectives of neighbours: each rank sends to those that the topology names, and receives from them.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};

use crate::abi::ERR_TOPOLOGY;
use crate::buffer::Buffer;
use crate::collectives::{collectives, typed};
use crate::errors::{Error, Result};
use crate::plan::{Data, Parts, Plan, gather, into_parts};
use crate::state::{Communicator, Topology, communicator};
use crate::wire::gathering::NEIGHBOURS;
use crate::wire::{Edge, Gathering};

/// Where a rank sends to, and where it receives from.
struct Neighbours {
    targets: Vec<Edge>,
    sources: Vec<Edge>,
}

/// Numbers edges between the same two ranks in the order in which both name them.
fn numbered(ranks: &[c_int]) -> Vec<Edge> {
    let mut n_of: BTreeMap<c_int, u32> = BTreeMap::new();
    let edge = |rank: &c_int| {
        let n = n_of.entry(*rank).or_default();
        *n += 1;
        Edge { place: u32::try_from(*rank).ok(), number: *n - 1 }
    };
    ranks.iter().map(edge).collect()
}

/// Returns the edges of a grid: what goes up in a direction comes from below.
fn of_grid(neighbours: &[c_int]) -> Neighbours {
    let edge = |i: usize, number: usize| Edge {
        place: u32::try_from(neighbours[i]).ok(),
        number: u32::try_from(number).unwrap_or(u32::MAX),
    };
    let n = neighbours.len();
    Neighbours { targets: (0..n).map(|i| edge(i, i)).collect(), sources: (0..n).map(|i| edge(i, i ^ 1)).collect() }
}

fn neighbours(comm: &Communicator) -> Result<Neighbours> {
    match comm.topology.as_deref() {
        Some(Topology::Grid(grid)) => Ok(of_grid(&grid.neighbours(comm.rank as usize))),
        Some(Topology::Graph(graph)) => {
            let edges = numbered(&graph[comm.rank as usize]);
            Ok(Neighbours { targets: edges.clone(), sources: edges })
        }
        Some(Topology::Adjacent(adjacent)) => {
            Ok(Neighbours { targets: numbered(&adjacent.targets), sources: numbered(&adjacent.sources) })
        }
        None => Err(Error::new(ERR_TOPOLOGY, "the communicator has no topology")),
    }
}

impl Neighbours {
    fn plan(self, comm: &Communicator, out: Parts, into: Parts) -> Plan {
        let (sends, recvs) = (out.sizes(), into.sizes());
        let call =
            Gathering { sends, recvs, targets: self.targets, sources: self.sources, ..gather(NEIGHBOURS, comm, 0) };
        Plan { call, data: Data::Parts(out), landing: into_parts(into) }
    }

    /// Returns the same part for all targets.
    fn same(&self, buffer: &Buffer) -> Parts {
        Parts(vec![buffer.clone(); self.targets.len()])
    }
}

collectives! {
    fn MPI_Neighbor_allgather fn MPI_Neighbor_allgather_c fn MPI_Ineighbor_allgather fn MPI_Ineighbor_allgather_c
    fn MPI_Neighbor_allgather_init fn MPI_Neighbor_allgather_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let around = neighbours(&comm)?;
        let out = around.same(&Buffer::new(out, out_count, out_type)?);
        let into = Parts::equal(into, into_count, into_type, around.sources.len())?;
        Ok(around.plan(&comm, out, into))
    }

    fn MPI_Neighbor_allgatherv fn MPI_Neighbor_allgatherv_c fn MPI_Ineighbor_allgatherv fn MPI_Ineighbor_allgatherv_c
    fn MPI_Neighbor_allgatherv_init fn MPI_Neighbor_allgatherv_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let around = neighbours(&comm)?;
        let out = around.same(&Buffer::new(out, out_count, out_type)?);
        let into = Parts::each(into, counts, at, into_type, around.sources.len())?;
        Ok(around.plan(&comm, out, into))
    }

    fn MPI_Neighbor_alltoall fn MPI_Neighbor_alltoall_c fn MPI_Ineighbor_alltoall fn MPI_Ineighbor_alltoall_c
    fn MPI_Neighbor_alltoall_init fn MPI_Neighbor_alltoall_init_c
    (
        out: *const c_void,
        out_count: Count,
        out_type: c_int,
        into: *mut c_void,
        into_count: Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let around = neighbours(&comm)?;
        let out = Parts::equal(out, out_count, out_type, around.targets.len())?;
        let into = Parts::equal(into, into_count, into_type, around.sources.len())?;
        Ok(around.plan(&comm, out, into))
    }

    fn MPI_Neighbor_alltoallv fn MPI_Neighbor_alltoallv_c fn MPI_Ineighbor_alltoallv fn MPI_Ineighbor_alltoallv_c
    fn MPI_Neighbor_alltoallv_init fn MPI_Neighbor_alltoallv_init_c
    (
        out: *const c_void,
        out_counts: *const Count,
        out_at: *const Count,
        out_type: c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const Count,
        into_type: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let around = neighbours(&comm)?;
        let out = Parts::each(out, out_counts, out_at, out_type, around.targets.len())?;
        let into = Parts::each(into, counts, at, into_type, around.sources.len())?;
        Ok(around.plan(&comm, out, into))
    }

    fn MPI_Neighbor_alltoallw fn MPI_Neighbor_alltoallw_c fn MPI_Ineighbor_alltoallw fn MPI_Ineighbor_alltoallw_c
    fn MPI_Neighbor_alltoallw_init fn MPI_Neighbor_alltoallw_init_c
    (
        out: *const c_void,
        out_counts: *const Count,
        out_at: *const i64,
        out_types: *const c_int,
        into: *mut c_void,
        counts: *const Count,
        at: *const i64,
        types: *const c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let around = neighbours(&comm)?;
        let out = typed(out, out_counts, out_at, out_types, around.targets.len())?;
        let into = typed(into, counts, at, types, around.sources.len())?;
        Ok(around.plan(&comm, out, into))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_up_in_a_ring_of_two_comes_from_below() {
        // Both neighbours of rank 0 are rank 1. What it sends down (edge 0) is what rank 1 gets from above, its second neighbour.
        let Neighbours { targets, sources } = of_grid(&[1, 1]);
        assert_eq!(targets.iter().map(|edge| edge.number).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(sources.iter().map(|edge| edge.number).collect::<Vec<_>>(), [1, 0]);
        // At the end of a row there is nobody.
        assert_eq!(of_grid(&[-1, 3]).targets[0].place, None);
    }

    #[test]
    fn edges_between_the_same_ranks_are_told_apart_by_their_order() {
        let edges = numbered(&[2, 5, 2]);
        assert_eq!(
            edges.iter().map(|edge| (edge.place, edge.number)).collect::<Vec<_>>(),
            [(Some(2), 0), (Some(5), 0), (Some(2), 1)]
        );
    }
}
