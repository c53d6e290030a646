//! What the ranks of an MPI program called, rank by rank, as a trace of a run says: without times.
//!
//! [`Calls`] that exist are valid: ranks are there, waits have requests, and all ranks call the same collectives in the
//! same order.

use crate::named;
use crate::schedule::Wildcard;
use crate::units::{Bytes, SimDuration};

/// A call of one rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Call {
    /// Computes so many floating point operations.
    Compute(f64),
    /// Does nothing for a time.
    Sleep(SimDuration),
    /// Sends, and waits until the buffer is free again.
    Send(Letter),
    /// Starts a send: the next request.
    Isend(Letter),
    /// Receives.
    Recv(Wildcard, Bytes),
    /// Starts a receive: the next request.
    Irecv(Wildcard, Bytes),
    /// Starts a receive from `MPI_PROC_NULL`, which is done at once: the next request.
    IrecvNobody,
    /// Sends, and receives at once from a rank; none stands for any.
    Sendrecv(Letter, Option<u32>, Bytes),
    /// Waits for a request; they are numbered from 0 in the order in which the rank has started them.
    Wait(u32),
    /// Waits for any one of the requests that are open; nothing says which.
    WaitAny,
    /// Waits for all requests that are open.
    WaitAll,
    /// Takes part in a collective, by its number among those of the rank.
    Collective(u32),
}

/// A message as its sender describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// Receiving rank.
    pub to: u32,
    /// Tag.
    pub tag: u32,
    /// Size.
    pub bytes: Bytes,
    /// What its send waits for.
    pub mode: SendMode,
}

/// What a send waits for before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    /// For its receive if the message is large (`MPI_Send`).
    Standard,
    /// For its receive, whatever its size (`MPI_Ssend`).
    Synchronous,
    /// For nothing: large data goes from a copy, while the sender is in later calls (`MPI_Bsend`).
    Buffered,
    /// As a standard send, as in Open MPI and MPICH: that the receive is there is the program's promise (`MPI_Rsend`).
    Ready,
}

/// A collective as one rank calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectiveCall {
    /// Which one.
    pub kind: CollectiveKind,
    /// The root; rank 0 where there is none.
    pub root: u32,
    /// Bytes of a block (of the vector, where it is reduced): the same on all ranks.
    pub block: Bytes,
    /// Bytes to each rank; empty where all are one block, one for all where only one is sent.
    pub sends: Box<[Bytes]>,
    /// Bytes from each rank.
    pub recvs: Box<[Bytes]>,
    /// Floating point operations of the reduction.
    pub flops: f64,
}

impl CollectiveCall {
    /// Returns a collective whose blocks are all of the same size, and that computes nothing.
    #[must_use]
    pub fn of(kind: CollectiveKind, root: u32, block: Bytes) -> Self {
        Self { kind, root, block, sends: Box::default(), recvs: Box::default(), flops: 0.0 }
    }
}

named! {
    /// Collectives of MPI.
    pub enum CollectiveKind as "Collective" {
        /// `MPI_Barrier`.
        Barrier = "barrier",
        /// `MPI_Bcast`.
        Bcast = "bcast",
        /// `MPI_Reduce`.
        Reduce = "reduce",
        /// `MPI_Allreduce`.
        Allreduce = "allreduce",
        /// `MPI_Gather`.
        Gather = "gather",
        /// `MPI_Gatherv`.
        Gatherv = "gatherv",
        /// `MPI_Scatter`.
        Scatter = "scatter",
        /// `MPI_Scatterv`.
        Scatterv = "scatterv",
        /// `MPI_Allgather`.
        Allgather = "allgather",
        /// `MPI_Allgatherv`.
        Allgatherv = "allgatherv",
        /// `MPI_Alltoall`.
        Alltoall = "alltoall",
        /// `MPI_Alltoallv`.
        Alltoallv = "alltoallv",
        /// `MPI_Reduce_scatter`.
        ReduceScatter = "reducescatter",
        /// `MPI_Reduce_scatter_block`; the block is that of one rank.
        ReduceScatterBlock = "reducescatterblock",
        /// `MPI_Scan`, `MPI_Exscan`.
        Scan = "scan",
    }
}

/// The calls of one rank.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankCalls {
    /// Each call, and its line in the rank's file.
    pub calls: Vec<(Call, u32)>,
    /// Its collectives.
    pub collectives: Vec<CollectiveCall>,
}

/// The calls of all ranks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls {
    /// By rank.
    pub ranks: Vec<RankCalls>,
}

impl Calls {
    /// Returns the floating point operations of all ranks.
    #[must_use]
    pub fn flops(&self) -> f64 {
        let of_call = |(call, _): &(Call, u32)| if let Call::Compute(flops) = call { *flops } else { 0.0 };
        let of_rank = |rank: &RankCalls| {
            let computed: f64 = rank.calls.iter().map(of_call).sum();
            computed + rank.collectives.iter().map(|collective| collective.flops).sum::<f64>()
        };
        self.ranks.iter().map(of_rank).sum()
    }
}
