//! Reductions: collectives that combine what the ranks contribute, by an operation of MPI or of the program.

use std::ffi::{c_int, c_void};

use crate::abi::{ERR_OP, ERR_TYPE, IN_PLACE, OP_NULL, UserFunction};
use crate::buffer::Buffer;
use crate::collectives::{gather, root_of, told};
use crate::errors::{self, Error, Result};
use crate::memory::{get, list, put};
use crate::state::{communicator, state};
use crate::wire::gathering::{
    ALLREDUCE, BY_THE_RANK, EXSCAN, OPERATION_BASE, REDUCE, REDUCE_SCATTER, REDUCE_SCATTER_BLOCK, SCAN,
};
use crate::wire::{Frame, Gathering};

/// How contributions are combined.
enum Operation {
    /// By the simulator.
    Predefined(u32),
    /// By a function of the program.
    Own(UserFunction),
}

impl Operation {
    fn of(handle: c_int) -> Result<Self> {
        let predefined = handle.cast_unsigned().checked_sub(OPERATION_BASE).filter(|number| (1..=14).contains(number));
        if let Some(number) = predefined {
            return Ok(Self::Predefined(number));
        }
        let own = state().operations.get(handle).copied();
        own.map(Self::Own).ok_or_else(|| Error::new(ERR_OP, format!("{handle:#x} is no operation")))
    }

    const fn number(&self) -> u32 {
        match self {
            Self::Predefined(number) => *number,
            Self::Own(_) => BY_THE_RANK,
        }
    }
}

/// A reduction: what is combined, as the arguments describe it, and how.
struct Reduction {
    buffer: Buffer,
    count: c_int,
    datatype: c_int,
    operation: Operation,
}

impl Reduction {
    fn new(start: *const c_void, count: c_int, datatype: c_int, operation: c_int) -> Result<Self> {
        let (buffer, operation) = (Buffer::new(start, count, datatype)?, Operation::of(operation)?);
        if buffer.datatype().element == 0 && matches!(operation, Operation::Predefined(_)) {
            return Err(Error::new(ERR_TYPE, "operations of MPI do not combine mixtures of numbers"));
        }
        Ok(Self { buffer, count, datatype, operation })
    }

    fn told(&self, call: Gathering, recvs: Vec<u64>) -> Frame {
        let (operation, element) = (self.operation.number(), self.buffer.datatype().element);
        let call = Gathering { operation, element, block: self.buffer.size() as u64, recvs, ..call };
        told(call, &self.buffer.packed())
    }

    /// Returns the result of an answer, as a message would carry it: that of the simulator, or that of the program's own function.
    fn result(&self, answer: Frame) -> Result<Vec<u8>> {
        let Operation::Own(function) = &self.operation else { return Ok(answer.bytes) };
        let size = self.buffer.size();
        let mut contributions = answer.bytes.chunks_exact(size.max(1));
        let Some(first) = contributions.next() else { return Ok(answer.bytes) };
        let mut combined = self.in_memory(first)?;
        for next in contributions {
            let mut both = self.in_memory(next)?;
            let (mut count, mut datatype) = (self.count, self.datatype);
            let before = combined.start();
            function(before, both.start(), &raw mut count, &raw mut datatype);
            combined = both;
        }
        let start = combined.start();
        Ok(Buffer::new(start, self.count, self.datatype)?.packed().into_owned())
    }

    /// Lays a contribution out as the program's function expects it, with the gaps of its datatype.
    fn in_memory(&self, packed: &[u8]) -> Result<Layout> {
        let datatype = self.buffer.datatype();
        let n = errors::count(self.count)?;
        let below = datatype.pieces.iter().map(|(at, _)| *at).min().unwrap_or(0).min(0).unsigned_abs();
        let reach = datatype.pieces.iter().map(|(at, length)| at + length.cast_signed()).max().unwrap_or(0);
        let length = below + n * datatype.extent.unsigned_abs() + reach.unsigned_abs();
        let mut layout = Layout { words: vec![0; length.div_ceil(16)], below };
        Buffer::new(layout.start(), self.count, self.datatype)?.unpack(packed)?;
        Ok(layout)
    }
}

/// Memory for elements of a datatype, aligned for any of them.
struct Layout {
    words: Vec<u128>,
    /// Bytes before the start of the first element.
    below: usize,
}

impl Layout {
    fn start(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().wrapping_byte_add(self.below).cast()
    }
}

/// Returns what a rank contributes: with `MPI_IN_PLACE`, what stands where the result goes.
fn contributed(out: *const c_void, into: *mut c_void) -> *const c_void {
    if out == IN_PLACE { into } else { out }
}

/// A reduction whose result every rank gets a part of.
fn everywhere(kind: u32, reduction: &Reduction, into: *mut c_void, comm: c_int) -> Result {
    let comm = communicator(comm)?;
    let result = reduction.result(reduction.told(gather(kind, &comm, 0), Vec::new()))?;
    // Nothing comes before the first rank of an exclusive scan, whose buffer stays as it is.
    Buffer::new(into, reduction.count, reduction.datatype)?.unpack(&result)
}

/// A reduction whose result is divided among the ranks, so many elements each.
fn divided(kind: u32, reduction: &Reduction, counts: &[c_int], into: *mut c_void, comm: c_int) -> Result {
    let comm = communicator(comm)?;
    let size = reduction.buffer.datatype().size;
    let sizes: Vec<u64> = counts.iter().map(|n| Ok((errors::count(*n)? * size) as u64)).collect::<Result<_>>()?;
    let result = reduction.result(reduction.told(gather(kind, &comm, 0), sizes.clone()))?;
    let rank = comm.rank as usize;
    let own = Buffer::new(into, counts[rank], reduction.datatype)?;
    if matches!(reduction.operation, Operation::Predefined(_)) {
        return own.unpack(&result);
    }
    let start = usize::try_from(sizes[..rank].iter().sum::<u64>()).unwrap_or(usize::MAX);
    own.unpack(&result[start..start + own.size()])
}

mpi! {
    fn MPI_Op_create(function: UserFunction, _commute: c_int, operation: *mut c_int) {
        put(operation, state().operations.insert(function));
        Ok(())
    }

    fn MPI_Op_free(operation: *mut c_int) {
        state().operations.remove(get(operation)).ok_or_else(|| Error::new(ERR_OP, "no operation that can be freed"))?;
        put(operation, OP_NULL);
        Ok(())
    }

    fn MPI_Reduce(
        out: *const c_void,
        into: *mut c_void,
        count: c_int,
        datatype: c_int,
        operation: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let reduction = Reduction::new(contributed(out, into), count, datatype, operation)?;
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        let answer = reduction.told(gather(REDUCE, &comm, root), Vec::new());
        if comm.rank == root {
            Buffer::new(into, count, datatype)?.unpack(&reduction.result(answer)?)?;
        }
        Ok(())
    }

    fn MPI_Allreduce(
        out: *const c_void,
        into: *mut c_void,
        count: c_int,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        everywhere(ALLREDUCE, &Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Scan(
        out: *const c_void,
        into: *mut c_void,
        count: c_int,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        everywhere(SCAN, &Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Exscan(
        out: *const c_void,
        into: *mut c_void,
        count: c_int,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        everywhere(EXSCAN, &Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Reduce_scatter(
        out: *const c_void,
        into: *mut c_void,
        counts: *const c_int,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        let counts = list(counts, communicator(comm)?.size());
        let all = counts.iter().sum();
        let reduction = Reduction::new(contributed(out, into), all, datatype, operation)?;
        divided(REDUCE_SCATTER, &reduction, &counts, into, comm)
    }

    fn MPI_Reduce_scatter_block(
        out: *const c_void,
        into: *mut c_void,
        count: c_int,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        let counts = vec![count; communicator(comm)?.size()];
        let all = counts.iter().sum();
        let reduction = Reduction::new(contributed(out, into), all, datatype, operation)?;
        divided(REDUCE_SCATTER_BLOCK, &reduction, &counts, into, comm)
    }
}
