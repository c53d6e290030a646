//! Collectives as a rank takes part in them: what it tells the simulator, and what becomes of the answer. A plan is done at once,
//! under a request, or again and again.

use std::borrow::Cow;
use std::ffi::{c_int, c_void};
use std::fmt;

use crate::abi::{ERR_ROOT, PROC_NULL, ROOT};
use crate::buffer::Buffer;
use crate::errors::{Error, Result};
use crate::link;
use crate::memory::counts;
use crate::state::Communicator;
use crate::wire::gathering::ALLTOALLV;
use crate::wire::{Call, Gathering};

/// Puts an answer, its numbers and its data, where the program wants it.
pub(crate) type Landing = Box<dyn Fn(&[i64], &[u8]) -> Result + Send + Sync>;

/// What a rank contributes.
#[derive(Debug)]
pub(crate) enum Data {
    Nothing,
    Bytes(Vec<u8>),
    Buffer(Buffer),
    Parts(Parts),
}

/// One collective of one rank.
pub(crate) struct Plan {
    pub(crate) call: Gathering,
    pub(crate) data: Data,
    pub(crate) landing: Landing,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Returns a collective without data.
pub(crate) fn gather(kind: u32, comm: &Communicator, root: u32) -> Gathering {
    Gathering {
        kind,
        context: comm.context,
        root,
        operation: 0,
        element: 0,
        block: 0,
        sends: Vec::new(),
        recvs: Vec::new(),
        targets: Vec::new(),
        sources: Vec::new(),
    }
}

/// What becomes of an answer that has nothing for this rank.
pub(crate) fn nowhere() -> Landing {
    Box::new(|_, _| Ok(()))
}

/// What becomes of an answer that goes to a buffer.
pub(crate) fn into_buffer(buffer: Buffer) -> Landing {
    Box::new(move |_, bytes| buffer.unpack(bytes))
}

/// What becomes of an answer in parts.
pub(crate) fn into_parts(parts: Parts) -> Landing {
    Box::new(move |lengths, bytes| parts.unpack(lengths, bytes))
}

impl Plan {
    /// Returns the bytes that this rank contributes.
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::Nothing => Cow::Borrowed(&[]),
            Data::Bytes(bytes) => Cow::Borrowed(bytes),
            Data::Buffer(buffer) => buffer.packed(),
            Data::Parts(parts) => parts.packed(),
        }
    }

    /// Takes part, and waits for the end.
    pub(crate) fn run(&self) -> Result {
        let answer = link::call(&Call::Gathering(Box::new(self.call.clone())), &self.bytes());
        (self.landing)(&answer.numbers, &answer.bytes)
    }
}

/// Checks a root; none in the side of an intercommunicator that has the root, where this rank is another one.
pub(crate) fn root_of(comm: &Communicator, root: c_int) -> Result<Root> {
    if comm.remote.is_some() {
        match root {
            ROOT => return Ok(Root::Self_),
            PROC_NULL => return Ok(Root::Nobody),
            _ => {}
        }
    }
    comm.world_rank(root).map_err(|error| Error::new(ERR_ROOT, error.what))?;
    let is_self = comm.remote.is_none() && comm.rank == root.cast_unsigned();
    Ok(if is_self { Root::Self_ } else { Root::Peer(root.cast_unsigned()) })
}

/// Who the root of a collective is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Self_,
    /// Another rank; of an intercommunicator, one of the other side.
    Peer(u32),
    /// Another rank of this side of an intercommunicator.
    Nobody,
}

impl Root {
    /// Returns its place in a communicator of one side.
    pub(crate) const fn place(self, comm: &Communicator) -> u32 {
        match self {
            Self::Peer(place) => place,
            Self::Self_ | Self::Nobody => comm.rank,
        }
    }
}

/// Parts of the program's memory, one for each peer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Parts(pub(crate) Vec<Buffer>);

impl Parts {
    /// Parts of one size, one after the other.
    pub(crate) fn equal(start: *const c_void, count: impl Into<i64>, datatype: c_int, n: usize) -> Result<Self> {
        let count = count.into();
        let all = Buffer::new(start, 0, datatype)?;
        Ok(Self((0..).take(n).map(|i: i64| all.part(i * count, count)).collect::<Result<_>>()?))
    }

    /// Parts of sizes of their own, wherever they are.
    pub(crate) fn each<C: Copy + Into<i64>>(
        start: *const c_void,
        lengths: *const C,
        at: *const C,
        datatype: c_int,
        n: usize,
    ) -> Result<Self> {
        let all = Buffer::new(start, 0, datatype)?;
        let (lengths, at) = (counts(lengths, n), counts(at, n));
        Ok(Self(lengths.iter().zip(&at).map(|(count, at)| all.part(*at, *count)).collect::<Result<_>>()?))
    }

    pub(crate) fn sizes(&self) -> Vec<u64> {
        self.0.iter().map(|part| part.size() as u64).collect()
    }

    fn packed(&self) -> Cow<'_, [u8]> {
        if let [only] = self.0.as_slice() {
            return only.packed();
        }
        let mut packed = Vec::with_capacity(self.0.iter().map(Buffer::size).sum());
        for part in &self.0 {
            packed.extend_from_slice(&part.packed());
        }
        Cow::Owned(packed)
    }

    /// Puts parts of a result, whose lengths are told, into the program's memory.
    fn unpack(&self, lengths: &[i64], bytes: &[u8]) -> Result {
        let mut rest = bytes;
        for (part, length) in self.0.iter().zip(lengths) {
            let (message, after) = rest.split_at(usize::try_from(*length).unwrap_or(0).min(rest.len()));
            part.unpack(message)?;
            rest = after;
        }
        Ok(())
    }
}

/// Returns a collective in which each rank of one side of an intercommunicator sends to each one of the other side.
///
/// `out` and `into` have a part for each peer; without parts, nothing goes or comes.
pub(crate) fn across(comm: &Communicator, out: Parts, into: &[u64], landing: Landing) -> Plan {
    let (n_own, n_peers) = (comm.size(), comm.peers().len());
    let is_second = comm.remote.as_ref().is_some_and(|remote| remote.is_second);
    let spread = |sizes: Vec<u64>| {
        let (own, peers) = (vec![0; n_own], if sizes.is_empty() { vec![0; n_peers] } else { sizes });
        if is_second { [own, peers].concat() } else { [peers, own].concat() }
    };
    let (sends, recvs) = (spread(out.sizes()), spread(into.to_vec()));
    let block = sends.iter().copied().max().unwrap_or(0);
    let first = if is_second { n_own } else { 0 };
    let landing: Landing =
        Box::new(move |lengths, bytes| landing(lengths.get(first..first + n_peers).unwrap_or_default(), bytes));
    Plan { call: Gathering { block, sends, recvs, ..gather(ALLTOALLV, comm, 0) }, data: Data::Parts(out), landing }
}
