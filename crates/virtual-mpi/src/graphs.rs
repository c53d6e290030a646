//! Graphs of ranks: all of it known to each rank, or to each rank its own neighbours.

use std::ffi::c_int;
use std::sync::Arc;

use crate::abi::{COMM_NULL, ERR_ARG, ERR_RANK, ERR_TOPOLOGY, UNDEFINED};
use crate::communicators::{MPI_UNWEIGHTED, MPI_WEIGHTS_EMPTY, add, agree, make};
use crate::errors::{self, Error, Result};
use crate::link;
use crate::memory::{list, put, put_at};
use crate::plan::gather;
use crate::state::{Adjacent, Communicator, Topology, communicator, state};
use crate::wire::gathering::ALLGATHERV;
use crate::wire::{Call, Gathering};

/// Reads the graph of arguments: where the neighbours of each rank end in the list of all.
fn graph_of(n_ranks: usize, n: c_int, ends: *const c_int, neighbours: *const c_int) -> Result<Vec<Vec<c_int>>> {
    let n = errors::count(n)?;
    if n > n_ranks {
        return Err(Error::new(ERR_ARG, format!("a graph of {n} ranks on {n_ranks}")));
    }
    let ends = list(ends, n).into_iter().map(errors::count).collect::<Result<Vec<_>>>()?;
    let all = list(neighbours, ends.last().copied().unwrap_or(0));
    if all.iter().any(|rank| usize::try_from(*rank).map_or(true, |rank| rank >= n)) {
        return Err(Error::new(ERR_ARG, "a neighbour is not in the graph"));
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts
        .zip(&ends)
        .map(|(start, end)| all.get(start..*end).map(<[c_int]>::to_vec))
        .collect::<Option<_>>()
        .ok_or_else(|| Error::new(ERR_ARG, "the ends of the lists of neighbours do not ascend"))
}

fn graph(comm: &Communicator) -> Result<&Vec<Vec<c_int>>> {
    match comm.topology.as_deref() {
        Some(Topology::Graph(graph)) => Ok(graph),
        _ => Err(Error::new(ERR_TOPOLOGY, "the communicator is no graph")),
    }
}

fn adjacent(comm: &Communicator) -> Result<&Adjacent> {
    match comm.topology.as_deref() {
        Some(Topology::Adjacent(adjacent)) => Ok(adjacent),
        _ => Err(Error::new(ERR_TOPOLOGY, "the communicator is no graph of which each rank knows its part")),
    }
}

fn neighbours_of(comm: &Communicator, rank: c_int) -> Result<&Vec<c_int>> {
    let graph = graph(comm)?;
    let found = usize::try_from(rank).ok().and_then(|rank| graph.get(rank));
    found.ok_or_else(|| Error::new(ERR_RANK, format!("rank {rank} is not in the graph")))
}

fn length(n: usize) -> c_int {
    c_int::try_from(n).unwrap_or(c_int::MAX)
}

fn put_list(to: *mut c_int, max: c_int, numbers: &[c_int]) -> Result {
    for (i, number) in numbers.iter().take(errors::count(max)?).enumerate() {
        put_at(to, i, *number);
    }
    Ok(())
}

fn is_unweighted(weights: *const c_int) -> bool {
    std::ptr::eq(weights, MPI_UNWEIGHTED)
}

fn weights_of(weights: *const c_int, n: usize) -> Vec<c_int> {
    if is_unweighted(weights) || std::ptr::eq(weights, MPI_WEIGHTS_EMPTY) { vec![1; n] } else { list(weights, n) }
}

/// Tells all ranks what each one knows, as numbers.
fn told_to_all(comm: &Communicator, known: &[c_int]) -> Vec<c_int> {
    let lengths: Vec<u64> =
        agree(comm, [length(known.len()), 0]).said.iter().map(|[n, _]| 4 * u64::from(n.cast_unsigned())).collect();
    let bytes: Vec<u8> = known.iter().flat_map(|number| number.to_le_bytes()).collect();
    let block = bytes.len() as u64;
    let call = Gathering { block, sends: vec![block], recvs: lengths, ..gather(ALLGATHERV, comm, 0) };
    let answer = link::call(&Call::Gathering(Box::new(call)), &bytes).bytes;
    let number =
        |word: &[u8]| word.iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte)).cast_signed();
    answer.chunks_exact(4).map(number).collect()
}

fn made(comm: &Communicator, from: c_int, adjacent: Adjacent, new: *mut c_int) -> Result {
    let context = agree(comm, [0, 0]).context;
    let topology = Some(Arc::new(Topology::Adjacent(adjacent)));
    add(Communicator { context, topology, name: String::new(), ..comm.clone() }, from, new).map(drop)
}

fn check_ranks(comm: &Communicator, ranks: &[c_int]) -> Result {
    ranks.iter().try_for_each(|rank| comm.world_rank(*rank).map(drop))
}

mpi! {
    fn MPI_Graph_create(
        comm: c_int,
        n: c_int,
        ends: *const c_int,
        neighbours: *const c_int,
        _reorder: c_int,
        new: *mut c_int,
    ) {
        let (from, comm) = (comm, communicator(comm)?);
        let graph = graph_of(comm.size(), n, ends, neighbours)?;
        let context = agree(&comm, [0, 0]).context;
        put(new, COMM_NULL);
        if comm.rank as usize >= graph.len() {
            return Ok(());
        }
        let handle = make(context, comm.members[..graph.len()].to_vec(), comm.me(), from, new)?;
        state().communicator_mut(handle)?.topology = Some(Arc::new(Topology::Graph(graph)));
        Ok(())
    }

    fn MPI_Graph_map(comm: c_int, n: c_int, ends: *const c_int, neighbours: *const c_int, rank: *mut c_int) {
        let comm = communicator(comm)?;
        let is_in = (comm.rank as usize) < graph_of(comm.size(), n, ends, neighbours)?.len();
        put(rank, if is_in { comm.rank.cast_signed() } else { UNDEFINED });
        Ok(())
    }

    fn MPI_Graphdims_get(comm: c_int, n: *mut c_int, n_edges: *mut c_int) {
        let comm = communicator(comm)?;
        let graph = graph(&comm)?;
        put(n, length(graph.len()));
        put(n_edges, length(graph.iter().map(Vec::len).sum()));
        Ok(())
    }

    fn MPI_Graph_get(comm: c_int, max_ends: c_int, max_neighbours: c_int, ends: *mut c_int, neighbours: *mut c_int) {
        let comm = communicator(comm)?;
        let graph = graph(&comm)?;
        let mut n = 0;
        let all_ends: Vec<c_int> = graph.iter().map(|of| { n += of.len(); length(n) }).collect();
        put_list(ends, max_ends, &all_ends)?;
        put_list(neighbours, max_neighbours, &graph.concat())
    }

    fn MPI_Graph_neighbors_count(comm: c_int, rank: c_int, n: *mut c_int) {
        let comm = communicator(comm)?;
        put(n, length(neighbours_of(&comm, rank)?.len()));
        Ok(())
    }

    fn MPI_Graph_neighbors(comm: c_int, rank: c_int, max: c_int, neighbours: *mut c_int) {
        let comm = communicator(comm)?;
        put_list(neighbours, max, neighbours_of(&comm, rank)?)
    }

    fn MPI_Dist_graph_create_adjacent(
        comm: c_int,
        n_sources: c_int,
        sources: *const c_int,
        source_weights: *const c_int,
        n_targets: c_int,
        targets: *const c_int,
        target_weights: *const c_int,
        _info: c_int,
        _reorder: c_int,
        new: *mut c_int,
    ) {
        let (from, comm) = (comm, communicator(comm)?);
        let (n_sources, n_targets) = (errors::count(n_sources)?, errors::count(n_targets)?);
        let adjacent = Adjacent {
            sources: list(sources, n_sources),
            source_weights: weights_of(source_weights, n_sources),
            targets: list(targets, n_targets),
            target_weights: weights_of(target_weights, n_targets),
            is_weighted: !is_unweighted(source_weights) && !is_unweighted(target_weights),
        };
        check_ranks(&comm, &adjacent.sources)?;
        check_ranks(&comm, &adjacent.targets)?;
        made(&comm, from, adjacent, new)
    }

    fn MPI_Dist_graph_create(
        comm: c_int,
        n: c_int,
        sources: *const c_int,
        degrees: *const c_int,
        targets: *const c_int,
        weights: *const c_int,
        _info: c_int,
        _reorder: c_int,
        new: *mut c_int,
    ) {
        let (from, comm) = (comm, communicator(comm)?);
        let n = errors::count(n)?;
        let (sources, degrees) = (list(sources, n), list(degrees, n));
        let n_edges = degrees.iter().map(|degree| errors::count(*degree)).sum::<Result<usize>>()?;
        let (targets, weights_of_all) = (list(targets, n_edges), weights_of(weights, n_edges));
        check_ranks(&comm, &sources)?;
        check_ranks(&comm, &targets)?;
        let starts = sources.iter().zip(&degrees).flat_map(|(source, n)| (0..*n).map(|_| *source));
        let edges = starts.zip(&targets).zip(&weights_of_all).flat_map(|((source, target), weight)| [source, *target, *weight]);
        let mut known = vec![c_int::from(!is_unweighted(weights))];
        known.extend(edges);
        // Each rank may know edges of any others.
        let counts = agree(&comm, [length(known.len()), 0]).said;
        let all = told_to_all(&comm, &known);
        let mut adjacent = Adjacent { is_weighted: known[0] != 0, ..Adjacent::default() };
        let mut rest = all.as_slice();
        for [n, _] in counts {
            let (of, after) = rest.split_at(errors::count(n)?.min(rest.len()));
            rest = after;
            for edge in of.get(1..).unwrap_or_default().chunks_exact(3) {
                adjacent.add(edge[0], edge[1], edge[2], comm.rank.cast_signed());
            }
        }
        made(&comm, from, adjacent, new)
    }

    fn MPI_Dist_graph_neighbors_count(comm: c_int, n_sources: *mut c_int, n_targets: *mut c_int, weighted: *mut c_int) {
        let comm = communicator(comm)?;
        let adjacent = adjacent(&comm)?;
        put(n_sources, length(adjacent.sources.len()));
        put(n_targets, length(adjacent.targets.len()));
        put(weighted, c_int::from(adjacent.is_weighted));
        Ok(())
    }

    fn MPI_Dist_graph_neighbors(
        comm: c_int,
        max_sources: c_int,
        sources: *mut c_int,
        source_weights: *mut c_int,
        max_targets: c_int,
        targets: *mut c_int,
        target_weights: *mut c_int,
    ) {
        let comm = communicator(comm)?;
        let adjacent = adjacent(&comm)?;
        put_list(sources, max_sources, &adjacent.sources)?;
        put_list(targets, max_targets, &adjacent.targets)?;
        if adjacent.is_weighted {
            for (to, max, weights) in
                [(source_weights, max_sources, &adjacent.source_weights), (target_weights, max_targets, &adjacent.target_weights)]
            {
                if !is_unweighted(to) && !std::ptr::eq(to, MPI_WEIGHTS_EMPTY) {
                    put_list(to, max, weights)?;
                }
            }
        }
        Ok(())
    }
}

impl Adjacent {
    /// Adds an edge, as far as it is one of this rank.
    fn add(&mut self, source: c_int, target: c_int, weight: c_int, me: c_int) {
        if source == me {
            self.targets.push(target);
            self.target_weights.push(weight);
        }
        if target == me {
            self.sources.push(source);
            self.source_weights.push(weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbours_of_each_rank_end_where_the_next_ones_begin() {
        let (ends, all) = ([1, 3, 3], [1, 0, 2]);
        assert_eq!(graph_of(4, 3, ends.as_ptr(), all.as_ptr()), Ok(vec![vec![1], vec![0, 2], vec![]]));
        assert_eq!(graph_of(2, 3, ends.as_ptr(), all.as_ptr()).expect_err("too many").class, ERR_ARG);
        let far = [1, 0, 3];
        assert_eq!(graph_of(4, 3, ends.as_ptr(), far.as_ptr()).expect_err("not there").class, ERR_ARG);
    }

    #[test]
    fn an_edge_to_itself_is_a_source_and_a_target() {
        let mut adjacent = Adjacent::default();
        for (source, target) in [(0, 1), (1, 1), (2, 0)] {
            adjacent.add(source, target, 7, 1);
        }
        assert_eq!((adjacent.sources, adjacent.targets), (vec![0, 1], vec![1]));
    }
}
