//! Reductions: collectives that combine what the ranks contribute, by an operation of MPI or of the program.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{ERR_OP, FIRST_OP, IN_PLACE, LargeUserFunction, OP_NULL, UserFunction};
use crate::arithmetic;
use crate::buffer::Buffer;
use crate::collectives::collectives;
use crate::errors::{Error, Result};
use crate::handles::Handles;
use crate::memory::{counts, get, put};
use crate::plan::{Data, Landing, Parts, Plan, Root, across, gather, nowhere, root_of};
use crate::state::{Communicator, communicator};
use crate::wire::Gathering;
use crate::wire::gathering::{
    ALLREDUCE, BY_THE_RANK, EXSCAN, OPERATION_BASE, REDUCE, REDUCE_SCATTER, REDUCE_SCATTER_BLOCK, SCAN,
};

static OPERATIONS: Mutex<Handles<Own>> = Mutex::new(Handles::new(FIRST_OP));

fn operations() -> MutexGuard<'static, Handles<Own>> {
    OPERATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An operation of the program.
#[derive(Debug, Clone, Copy)]
struct Own {
    function: Function,
    is_commutative: bool,
}

#[derive(Debug, Clone, Copy)]
enum Function {
    Plain(UserFunction),
    Large(LargeUserFunction),
}

/// How contributions are combined.
#[derive(Debug, Clone, Copy)]
enum Operation {
    /// By the simulator, or where the rank itself combines.
    Predefined(u32),
    /// By a function of the program.
    Own(Function),
}

impl Operation {
    fn of(handle: c_int) -> Result<Self> {
        let predefined = handle.cast_unsigned().checked_sub(OPERATION_BASE).filter(|number| (1..=14).contains(number));
        if let Some(number) = predefined {
            return Ok(Self::Predefined(number));
        }
        let own = operations().get(handle).copied();
        own.map(|own| Self::Own(own.function)).ok_or_else(|| Error::new(ERR_OP, format!("{handle:#x} is no operation")))
    }
}

/// A reduction: what is combined, as the arguments describe it, and how.
#[derive(Debug, Clone)]
struct Reduction {
    buffer: Buffer,
    /// The handle of its datatype, which functions of the program are given.
    datatype: c_int,
    operation: Operation,
}

impl Reduction {
    fn new(start: *const c_void, count: impl Into<i64>, datatype: c_int, operation: c_int) -> Result<Self> {
        let (buffer, operation) = (Buffer::new(start, count, datatype)?, Operation::of(operation)?);
        if let Operation::Predefined(number) = operation
            && arithmetic::combine(number, buffer.datatype().element, &[], &mut []).is_none()
        {
            return Err(Error::new(ERR_OP, "this operation does not combine these numbers"));
        }
        Ok(Self { buffer, datatype, operation })
    }

    /// Returns what is told, with the lengths of the parts of a result that is divided.
    fn call(&self, kind: u32, comm: &Communicator, root: u32, recvs: Vec<u64>) -> Gathering {
        let operation = match self.operation {
            Operation::Predefined(number) => number,
            Operation::Own(_) => BY_THE_RANK,
        };
        let (element, block) = (self.buffer.datatype().element, self.buffer.size() as u64);
        Gathering { operation, element, block, recvs, ..gather(kind, comm, root) }
    }

    /// Returns the result of an answer, as a message would carry it.
    fn result(&self, answer: &[u8]) -> Result<Vec<u8>> {
        match self.operation {
            Operation::Predefined(_) => Ok(answer.to_vec()),
            Operation::Own(_) => self.combined(answer),
        }
    }

    /// Combines contributions that follow each other.
    fn combined(&self, contributions: &[u8]) -> Result<Vec<u8>> {
        let mut contributions = contributions.chunks_exact(self.buffer.size().max(1));
        let Some(first) = contributions.next() else { return Ok(Vec::new()) };
        match self.operation {
            Operation::Predefined(number) => {
                let mut combined = first.to_vec();
                for next in contributions {
                    let mut both = next.to_vec();
                    let _ = arithmetic::combine(number, self.buffer.datatype().element, &combined, &mut both);
                    combined = both;
                }
                Ok(combined)
            }
            Operation::Own(function) => {
                let mut combined = self.in_memory(first)?;
                for next in contributions {
                    let mut both = self.in_memory(next)?;
                    self.apply(function, combined.start(), both.start());
                    combined = both;
                }
                let start = combined.start();
                Ok(self.buffer.at(start).packed().into_owned())
            }
        }
    }

    fn apply(&self, function: Function, before: *mut c_void, both: *mut c_void) {
        let (count, mut datatype) = (self.buffer.count(), self.datatype);
        match function {
            Function::Plain(function) => {
                let mut count = c_int::try_from(count).unwrap_or(c_int::MAX);
                function(before, both, &raw mut count, &raw mut datatype);
            }
            Function::Large(function) => {
                let mut count = i64::try_from(count).unwrap_or(i64::MAX);
                function(before, both, &raw mut count, &raw mut datatype);
            }
        }
    }

    /// Lays a contribution out as the program's function expects it, with the gaps of its datatype.
    fn in_memory(&self, packed: &[u8]) -> Result<Layout> {
        let datatype = self.buffer.datatype();
        let (lower, upper) = datatype.true_bounds();
        let reach = (self.buffer.count().max(1) - 1) * datatype.extent.unsigned_abs();
        let below = lower.min(0).unsigned_abs() + if datatype.extent < 0 { reach } else { 0 };
        let length = below + reach + upper.unsigned_abs();
        let mut layout = Layout { words: vec![0; length.div_ceil(16)], below };
        self.buffer.at(layout.start()).unpack(packed)?;
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

/// Returns what becomes of the contributions of the other side of an intercommunicator: a part of the result.
fn combined_into(reduction: Reduction, into: Buffer, start: usize) -> Landing {
    Box::new(move |_, bytes| {
        let combined = reduction.combined(bytes)?;
        into.unpack(combined.get(start..start + into.size()).unwrap_or_default())
    })
}

/// Each rank of one side contributes to each one of the other.
fn across_both(comm: &Communicator, reduction: &Reduction, into: Buffer, start: usize) -> Plan {
    let n = comm.peers().len();
    let out = Parts(vec![reduction.buffer.clone(); n]);
    let sizes = out.sizes();
    across(comm, out, &sizes, combined_into(reduction.clone(), into, start))
}

/// A reduction whose result every rank gets.
fn everywhere(kind: u32, reduction: Reduction, into: *mut c_void, comm: c_int) -> Result<Plan> {
    let comm = communicator(comm)?;
    let result = reduction.buffer.at(into);
    if comm.remote.is_some() {
        return Ok(across_both(&comm, &reduction, result, 0));
    }
    let call = reduction.call(kind, &comm, 0, Vec::new());
    let data = Data::Buffer(reduction.buffer.clone());
    // Nothing comes before the first rank of an exclusive scan, whose buffer stays as it is.
    let landing: Landing = Box::new(move |_, bytes| result.unpack(&reduction.result(bytes)?));
    Ok(Plan { call, data, landing })
}

/// A reduction whose result is divided among the ranks, so many elements each.
fn divided(kind: u32, reduction: Reduction, lengths: &[i64], into: *mut c_void, comm: &Communicator) -> Result<Plan> {
    let own = reduction.buffer.at(into).part(0, lengths[comm.rank as usize])?;
    let size = reduction.buffer.datatype().size as u64;
    let sizes: Vec<u64> = lengths.iter().map(|n| n.cast_unsigned() * size).collect();
    let start = usize::try_from(sizes[..comm.rank as usize].iter().sum::<u64>()).unwrap_or(usize::MAX);
    if comm.remote.is_some() {
        return Ok(across_both(comm, &reduction, own, start));
    }
    let call = reduction.call(kind, comm, 0, sizes);
    let data = Data::Buffer(reduction.buffer.clone());
    let landing: Landing = Box::new(move |_, bytes| {
        let result = reduction.result(bytes)?;
        match reduction.operation {
            Operation::Predefined(_) => own.unpack(&result),
            Operation::Own(_) => own.unpack(result.get(start..start + own.size()).unwrap_or_default()),
        }
    });
    Ok(Plan { call, data, landing })
}

fn to_root(reduction: Reduction, into: *mut c_void, root: Root, comm: &Communicator) -> Plan {
    if comm.remote.is_some() {
        let n = comm.peers().len();
        return match root {
            Root::Self_ => {
                let sizes = vec![reduction.buffer.size() as u64; n];
                let result = reduction.buffer.at(into);
                across(comm, Parts::default(), &sizes, combined_into(reduction, result, 0))
            }
            Root::Peer(place) => {
                let part = |i| {
                    if i == place as usize { Some(reduction.buffer.clone()) } else { reduction.buffer.part(0, 0).ok() }
                };
                across(comm, Parts((0..n).filter_map(part).collect()), &[], nowhere())
            }
            Root::Nobody => across(comm, Parts::default(), &[], nowhere()),
        };
    }
    let call = reduction.call(REDUCE, comm, root.place(comm), Vec::new());
    let data = Data::Buffer(reduction.buffer.clone());
    if root != Root::Self_ {
        return Plan { call, data, landing: nowhere() };
    }
    let result = reduction.buffer.at(into);
    let landing: Landing = Box::new(move |_, bytes| result.unpack(&reduction.result(bytes)?));
    Plan { call, data, landing }
}

fn create(function: Function, commute: c_int, operation: *mut c_int) {
    put(operation, operations().insert(Own { function, is_commutative: commute != 0 }));
}

mpi! {
    fn MPI_Op_create(function: UserFunction, commute: c_int, operation: *mut c_int) {
        create(Function::Plain(function), commute, operation);
        Ok(())
    }

    fn MPI_Op_create_c(function: LargeUserFunction, commute: c_int, operation: *mut c_int) {
        create(Function::Large(function), commute, operation);
        Ok(())
    }

    fn MPI_Op_free(operation: *mut c_int) {
        operations().remove(get(operation)).ok_or_else(|| Error::new(ERR_OP, "no operation that can be freed"))?;
        put(operation, OP_NULL);
        Ok(())
    }

    fn MPI_Op_commutative(handle: c_int, commute: *mut c_int) {
        Operation::of(handle)?;
        let own = operations().get(handle).map(|own| own.is_commutative);
        // Replacing is not, and nothing else of MPI is.
        let replaces = handle.cast_unsigned() - OPERATION_BASE.min(handle.cast_unsigned()) >= 13;
        put(commute, c_int::from(own.unwrap_or(!replaces)));
        Ok(())
    }
}

counted! {
    fn MPI_Reduce_local fn MPI_Reduce_local_c (
        out: *const c_void,
        into: *mut c_void,
        count: Count,
        datatype: c_int,
        operation: c_int,
    ) {
        let reduction = Reduction::new(out, count, datatype, operation)?;
        let result = reduction.buffer.at(into);
        let both = [reduction.buffer.packed(), result.packed()].concat();
        result.unpack(&reduction.combined(&both)?)
    }
}

collectives! {
    fn MPI_Reduce fn MPI_Reduce_c fn MPI_Ireduce fn MPI_Ireduce_c fn MPI_Reduce_init fn MPI_Reduce_init_c
    (
        out: *const c_void,
        into: *mut c_void,
        count: Count,
        datatype: c_int,
        operation: c_int,
        root: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let root = root_of(&comm, root)?;
        // In one side of an intercommunicator, only the root has to know what is combined.
        let count: i64 = if root == Root::Nobody { 0 } else { count.into() };
        if root == Root::Nobody {
            return Ok(across(&comm, Parts::default(), &[], nowhere()));
        }
        let reduction = Reduction::new(contributed(out, into), count, datatype, operation)?;
        Ok(to_root(reduction, into, root, &comm))
    }

    fn MPI_Allreduce fn MPI_Allreduce_c fn MPI_Iallreduce fn MPI_Iallreduce_c
    fn MPI_Allreduce_init fn MPI_Allreduce_init_c
    (out: *const c_void, into: *mut c_void, count: Count, datatype: c_int, operation: c_int, comm: c_int) {
        everywhere(ALLREDUCE, Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Scan fn MPI_Scan_c fn MPI_Iscan fn MPI_Iscan_c fn MPI_Scan_init fn MPI_Scan_init_c
    (out: *const c_void, into: *mut c_void, count: Count, datatype: c_int, operation: c_int, comm: c_int) {
        everywhere(SCAN, Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Exscan fn MPI_Exscan_c fn MPI_Iexscan fn MPI_Iexscan_c fn MPI_Exscan_init fn MPI_Exscan_init_c
    (out: *const c_void, into: *mut c_void, count: Count, datatype: c_int, operation: c_int, comm: c_int) {
        everywhere(EXSCAN, Reduction::new(contributed(out, into), count, datatype, operation)?, into, comm)
    }

    fn MPI_Reduce_scatter fn MPI_Reduce_scatter_c fn MPI_Ireduce_scatter fn MPI_Ireduce_scatter_c
    fn MPI_Reduce_scatter_init fn MPI_Reduce_scatter_init_c
    (
        out: *const c_void,
        into: *mut c_void,
        lengths: *const Count,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let lengths = counts(lengths, comm.size());
        let reduction = Reduction::new(contributed(out, into), lengths.iter().sum::<i64>(), datatype, operation)?;
        divided(REDUCE_SCATTER, reduction, &lengths, into, &comm)
    }

    fn MPI_Reduce_scatter_block fn MPI_Reduce_scatter_block_c
    fn MPI_Ireduce_scatter_block fn MPI_Ireduce_scatter_block_c
    fn MPI_Reduce_scatter_block_init fn MPI_Reduce_scatter_block_init_c
    (
        out: *const c_void,
        into: *mut c_void,
        count: Count,
        datatype: c_int,
        operation: c_int,
        comm: c_int,
    ) {
        let comm = communicator(comm)?;
        let lengths = vec![i64::from(count); comm.size()];
        let reduction = Reduction::new(contributed(out, into), lengths.iter().sum::<i64>(), datatype, operation)?;
        divided(REDUCE_SCATTER_BLOCK, reduction, &lengths, into, &comm)
    }
}
