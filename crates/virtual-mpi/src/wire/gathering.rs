//! Names of collectives, operations and elements on the wire.

macro_rules! numbered {
    ($($name:ident),*) => { numbered!(@ 1, $($name),*); };
    (@ $n:expr, $name:ident $(, $rest:ident)*) => {
        #[expect(missing_docs, reason = "named as in MPI")]
        pub const $name: u32 = $n;
        numbered!(@ $n + 1 $(, $rest)*);
    };
    (@ $n:expr) => {};
}

numbered!(
    BARRIER,
    BCAST,
    GATHER,
    GATHERV,
    SCATTER,
    SCATTERV,
    ALLGATHER,
    ALLGATHERV,
    ALLTOALL,
    ALLTOALLV,
    REDUCE,
    ALLREDUCE,
    REDUCE_SCATTER,
    REDUCE_SCATTER_BLOCK,
    SCAN,
    EXSCAN,
    AGREE,
    NEIGHBOURS
);

/// Operations have the numbers of MPICH's handles, less this.
pub const OPERATION_BASE: u32 = 0x5800_0000;
/// The rank combines the contributions itself: it gets them all, one after the other.
pub const BY_THE_RANK: u32 = 0xff;

/// Elements: the kind of number, in the tens, and the logarithm of its size.
pub const SIGNED: u32 = 10;
/// See [`SIGNED`].
pub const UNSIGNED: u32 = 20;
/// See [`SIGNED`].
pub const FLOAT: u32 = 30;
/// See [`SIGNED`]; the size is that of both parts.
pub const COMPLEX: u32 = 40;
/// A number and an `int`, with the alignment of C: the kind and size of the number, and this.
pub const WITH_INDEX: u32 = 100;
