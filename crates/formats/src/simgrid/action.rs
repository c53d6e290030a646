//! Actions of a trace: what one line says.

use dlpc_engine::calls::{Call, CollectiveCall, CollectiveKind, Letter, SendMode};
use dlpc_engine::schedule::Wildcard;
use dlpc_engine::units::{Bytes, SimDuration};

use super::datatype;
use super::rank::{Partner, Rank, Request};
use super::words::Words;
use crate::fault::Fault;

/// What one line says.
#[derive(Debug)]
pub(super) enum Action {
    /// Nothing that takes time.
    Nothing,
    /// Bytes of an element where no datatype is named.
    Datatype(u64),
    Call(Call),
    /// Starts a receive with this tag from nobody.
    IrecvNobody(Option<u32>),
    /// Starts a receive with this tag and size from any rank or from nobody.
    IrecvUnclear(Option<u32>, Bytes),
    Wait(Request),
    Test(Request),
    WaitAny,
    WaitAll,
    Collective(CollectiveCall),
}

/// Actions that can be read.
const NAMES: [&str; 34] = [
    "init",
    "finalize",
    "comm_size",
    "comm_split",
    "comm_dup",
    "location",
    "compute",
    "sleep",
    "send",
    "isend",
    "ssend",
    "issend",
    "recv",
    "irecv",
    "sendrecv",
    "wait",
    "waitall",
    "waitany",
    "test",
    "testall",
    "barrier",
    "bcast",
    "reduce",
    "allreduce",
    "gather",
    "gatherv",
    "scatter",
    "scatterv",
    "allgather",
    "allgatherv",
    "alltoall",
    "alltoallv",
    "reducescatter",
    "scan",
];

/// Tags are those of MPI: up to 2^31 - 1.
const TAG_MAX: i64 = (1 << 31) - 1;
/// `MPI_ANY_TAG` of SMPI.
const ANY_TAG: i64 = -444;
/// Tag of messages of `sendrecv`, whose tags traces do not tell: that of `smpi_replay`.
const TAG_OF_EXCHANGES: u32 = 0;

pub(super) fn read(words: &Words<'_>, rank: &Rank) -> Result<Action, Fault> {
    let name = words.action()?;
    let call = match name {
        "init" => return Ok(Action::Datatype(datatype::default(words.n_fields() > 0))),
        // Of a test for several requests SMPI traces that it was, and not how it ended.
        "finalize" | "comm_size" | "comm_split" | "comm_dup" | "location" | "testall" => return Ok(Action::Nothing),
        "compute" => Call::Compute(words.amount(0, "a number of operations")?),
        "sleep" => Call::Sleep(SimDuration::from_seconds_ceil(words.amount(0, "a time in seconds")?)),
        "send" | "isend" | "Ssend" | "ISsend" | "ssend" | "issend" => return send(name, words, rank),
        "recv" | "irecv" => return recv(name, words, rank),
        "sendRecv" | "sendrecv" => exchange(words, rank)?,
        "wait" => return Ok(Action::Wait(request(words)?)),
        "test" => return Ok(Action::Test(request(words)?)),
        "waitAny" | "waitany" => return Ok(Action::WaitAny),
        "waitall" => return Ok(Action::WaitAll),
        _ => return collective(name, words, rank).map(Action::Collective),
    };
    Ok(Action::Call(call))
}

/// `send TO TAG SIZE [DATATYPE]`
fn send(name: &str, words: &Words<'_>, rank: &Rank) -> Result<Action, Fault> {
    let partner = rank.partner(words, 0)?;
    let tag = tag(words, 1)?.ok_or_else(|| words.fault("trace::send_any_tag", 3, "a send cannot have any tag"))?;
    let bytes = words.bytes(2, "a size", datatype::size(words, 3, rank.default_datatype())?)?;
    let Partner::Rank(to) = partner else { return Ok(Action::Nothing) };
    let is_started = name.starts_with(['i', 'I']);
    let mode = match name {
        "Ssend" | "ssend" | "ISsend" | "issend" => SendMode::Synchronous,
        _ => SendMode::Standard,
    };
    let letter = Letter { to, tag, bytes, mode };
    Ok(Action::Call(if is_started { Call::Isend(letter) } else { Call::Send(letter) }))
}

/// `recv FROM TAG SIZE [DATATYPE]`
fn recv(name: &str, words: &Words<'_>, rank: &Rank) -> Result<Action, Fault> {
    let (partner, tag) = (rank.partner(words, 0)?, tag(words, 1)?);
    let bytes = if words.text(2) == Some("-1") {
        Bytes(0)
    } else {
        words.bytes(2, "a size", datatype::size(words, 3, rank.default_datatype())?)?
    };
    let from = |from| Wildcard { from, tag };
    Ok(match (name, partner) {
        ("irecv", Partner::Rank(rank)) => Action::Call(Call::Irecv(from(Some(rank)), bytes)),
        ("irecv", Partner::Any) => Action::Call(Call::Irecv(from(None), bytes)),
        ("irecv", Partner::Nobody) => Action::IrecvNobody(tag),
        ("irecv", Partner::Unclear) => Action::IrecvUnclear(tag, bytes),
        (_, Partner::Rank(rank)) => Action::Call(Call::Recv(from(Some(rank)), bytes)),
        // SMPI traces no `MPI_Recv` from `MPI_PROC_NULL`.
        (_, Partner::Any | Partner::Unclear) => Action::Call(Call::Recv(from(None), bytes)),
        (_, Partner::Nobody) => Action::Nothing,
    })
}

/// `sendRecv SIZE TO SIZE FROM [DATATYPE] [DATATYPE]`
fn exchange(words: &Words<'_>, rank: &Rank) -> Result<Call, Fault> {
    let sent = words.bytes(0, "a size", datatype::size(words, 4, rank.default_datatype())?)?;
    let received = words.bytes(2, "a size", datatype::size(words, 5, rank.default_datatype())?)?;
    let letter = |to| Letter { to, tag: TAG_OF_EXCHANGES, bytes: sent, mode: SendMode::Standard };
    let pattern = |from| Wildcard { from, tag: Some(TAG_OF_EXCHANGES) };
    let to = match rank.partner(words, 1)? {
        Partner::Rank(to) => Some(letter(to)),
        Partner::Any | Partner::Unclear | Partner::Nobody => None,
    };
    let from = match rank.partner(words, 3)? {
        Partner::Rank(from) => Some(Some(from)),
        // SMPI traces no `MPI_Sendrecv` with `MPI_PROC_NULL`.
        Partner::Any | Partner::Unclear => Some(None),
        Partner::Nobody => None,
    };
    Ok(match (to, from) {
        (Some(letter), Some(from)) => Call::Sendrecv(letter, from, received),
        (Some(letter), None) => Call::Send(letter),
        (None, Some(from)) => Call::Recv(pattern(from), received),
        (None, None) => Call::Compute(0.0),
    })
}

/// `wait FROM TO TAG`
fn request(words: &Words<'_>) -> Result<Request, Fault> {
    let (from, to) = (words.whole(0, "a sending rank")?, words.whole(1, "a receiving rank")?);
    let known = |rank: i64| u32::try_from(rank).ok();
    Ok(Request { from: known(from), to: known(to), tag: tag(words, 2)? })
}

fn tag(words: &Words<'_>, i: usize) -> Result<Option<u32>, Fault> {
    match words.whole(i, "a tag")? {
        ANY_TAG => Ok(None),
        tag @ 0..=TAG_MAX => Ok(u32::try_from(tag).ok()),
        tag => {
            let help = "write a tag from 0 to 2147483647, or -444 for any (receives only)";
            Err(words.fault("trace::out_of_range", i + 2, format!("there is no tag {tag}")).help(help))
        }
    }
}

fn collective(name: &str, words: &Words<'_>, rank: &Rank) -> Result<CollectiveCall, Fault> {
    let fields = Fields { words, rank };
    match name {
        "barrier" => Ok(CollectiveCall::of(CollectiveKind::Barrier, 0, Bytes(0))),
        "bcast" => Ok(CollectiveCall::of(CollectiveKind::Bcast, fields.root(1)?, fields.bytes(0, 2)?)),
        "reduce" => {
            let call = CollectiveCall::of(CollectiveKind::Reduce, fields.root(2)?, fields.bytes(0, 3)?);
            Ok(CollectiveCall { flops: fields.flops(1)?, ..call })
        }
        "allreduce" => fields.reduced(CollectiveKind::Allreduce),
        "scan" | "exscan" => fields.reduced(CollectiveKind::Scan),
        "alltoall" => Ok(CollectiveCall::of(CollectiveKind::Alltoall, 0, fields.bytes(0, 2)?)),
        "allgather" => fields.allgather(),
        "gather" => fields.rooted(CollectiveKind::Gather),
        "scatter" => fields.rooted(CollectiveKind::Scatter),
        "gatherv" => fields.gatherv(),
        "scatterv" => fields.scatterv(),
        "allgatherv" => fields.allgatherv(),
        "alltoallv" => fields.alltoallv(),
        "reducescatter" => fields.reduce_scatter(),
        _ => Err(unknown(name, words)),
    }
}

fn unknown(name: &str, words: &Words<'_>) -> Fault {
    let lower = name.to_ascii_lowercase();
    let near = NAMES.iter().find(|known| strsim::damerau_levenshtein(known, &lower) <= 1);
    let help = match near {
        Some(_) if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
            "traces of SimGrid before 3.20 have other fields: `simgrid_convert_TI_traces` converts them".to_owned()
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/traces.md lists the actions that can be replayed".to_owned(),
    };
    words.fault("trace::unknown_action", 1, format!("`{name}` cannot be replayed")).help(help)
}

/// The fields of a collective.
struct Fields<'f> {
    words: &'f Words<'f>,
    rank: &'f Rank,
}

impl Fields<'_> {
    /// Returns field `i` times the size of the datatype in field `datatype`.
    fn bytes(&self, i: usize, datatype: usize) -> Result<Bytes, Fault> {
        self.words.bytes(i, "a size", datatype::size(self.words, datatype, self.rank.default_datatype())?)
    }

    /// Returns a field for each rank, the first of which is field `i`.
    fn of_all(&self, i: usize, datatype: usize) -> Result<Box<[Bytes]>, Fault> {
        (i..i + self.p()).map(|i| self.bytes(i, datatype)).collect()
    }

    fn p(&self) -> usize {
        self.rank.n_ranks()
    }

    fn flops(&self, i: usize) -> Result<f64, Fault> {
        self.words.amount(i, "a number of operations")
    }

    fn root(&self, i: usize) -> Result<u32, Fault> {
        if self.words.text(i).is_none() {
            return Ok(0);
        }
        match self.rank.partner(self.words, i)? {
            Partner::Rank(root) => Ok(root),
            Partner::Any | Partner::Unclear | Partner::Nobody => {
                Err(self.words.fault("trace::no_root", i + 2, "a root is a rank"))
            }
        }
    }

    /// `allreduce SIZE OPERATIONS [DATATYPE]`
    fn reduced(&self, kind: CollectiveKind) -> Result<CollectiveCall, Fault> {
        Ok(CollectiveCall { flops: self.flops(1)?, ..CollectiveCall::of(kind, 0, self.bytes(0, 2)?) })
    }

    /// `gather SEND RECV [ROOT] [DATATYPE] [DATATYPE]`. The tracer leaves a RECV of zero out, but no datatype.
    fn rooted(&self, kind: CollectiveKind) -> Result<CollectiveCall, Fault> {
        let at = if self.words.n_fields() == 4 { 1 } else { 2 };
        let root = self.root(at)?;
        let is_root = usize::try_from(root).is_ok_and(|root| root == self.rank.number());
        // Of a gather the senders' size counts, of a scatter the root's. Where the root leaves its part where it is
        // (`MPI_IN_PLACE`), only the other one is there.
        let (sent, received) = (self.bytes(0, at + 1)?, if at == 2 { self.bytes(1, 4)? } else { Bytes(0) });
        let takes_received = (kind == CollectiveKind::Gather) == is_root;
        Ok(CollectiveCall::of(kind, root, if takes_received { received } else { sent }))
    }

    /// `allgather SEND RECV [DATATYPE] [DATATYPE]`
    fn allgather(&self) -> Result<CollectiveCall, Fault> {
        let (sent, received) = (self.bytes(0, 2)?, self.bytes(1, 3)?);
        Ok(CollectiveCall::of(CollectiveKind::Allgather, 0, sent.max(received)))
    }

    /// `gatherv SEND RECV... [ROOT] [DATATYPE] [DATATYPE]`
    fn gatherv(&self) -> Result<CollectiveCall, Fault> {
        let p = self.p();
        let sends = Box::from([self.bytes(0, 2 + p)?]);
        let call = CollectiveCall::of(CollectiveKind::Gatherv, self.root(1 + p)?, Bytes(0));
        Ok(CollectiveCall { sends, recvs: self.of_all(1, 3 + p)?, ..call })
    }

    /// `scatterv SEND... RECV [ROOT] [DATATYPE] [DATATYPE]`
    fn scatterv(&self) -> Result<CollectiveCall, Fault> {
        let p = self.p();
        let recvs = Box::from([self.bytes(p, 3 + p)?]);
        let call = CollectiveCall::of(CollectiveKind::Scatterv, self.root(1 + p)?, Bytes(0));
        Ok(CollectiveCall { sends: self.of_all(0, 2 + p)?, recvs, ..call })
    }

    /// `allgatherv SEND RECV... [DATATYPE] [DATATYPE]`
    fn allgatherv(&self) -> Result<CollectiveCall, Fault> {
        let recvs = self.of_all(1, 2 + self.p())?;
        Ok(CollectiveCall { recvs, ..CollectiveCall::of(CollectiveKind::Allgatherv, 0, Bytes(0)) })
    }

    /// `alltoallv BUFFER SEND... BUFFER RECV... [DATATYPE] [DATATYPE]`
    fn alltoallv(&self) -> Result<CollectiveCall, Fault> {
        let p = self.p();
        let (sends, recvs) = (self.of_all(1, 2 + 2 * p)?, self.of_all(2 + p, 3 + 2 * p)?);
        Ok(CollectiveCall { sends, recvs, ..CollectiveCall::of(CollectiveKind::Alltoallv, 0, Bytes(0)) })
    }

    /// `reducescatter SIZE... OPERATIONS [DATATYPE]`
    fn reduce_scatter(&self) -> Result<CollectiveCall, Fault> {
        let p = self.p();
        if let Some(block) = self.reduce_scatter_block()? {
            return Ok(CollectiveCall::of(CollectiveKind::ReduceScatterBlock, 0, block));
        }
        let sends = self.of_all(0, 1 + p)?;
        let recvs = Box::from([sends[self.rank.number()]]);
        let call = CollectiveCall::of(CollectiveKind::ReduceScatter, 0, sends.iter().copied().sum());
        Ok(CollectiveCall { sends, recvs, flops: self.flops(p)?, ..call })
    }

    /// Of `MPI_Reduce_scatter_block` SMPI 3.32 traces a zero for each element of a block, and the datatype: returns the size
    /// of a block, or none if the line is another one.
    fn reduce_scatter_block(&self) -> Result<Option<Bytes>, Fault> {
        let n_elements = self.words.n_fields().saturating_sub(1);
        let are_zero = (0..n_elements).all(|i| self.words.text(i) == Some("0"));
        if n_elements == 0 || !are_zero {
            return Ok(None);
        }
        let element = datatype::size(self.words, n_elements, self.rank.default_datatype())?;
        Ok(Some(Bytes(element.saturating_mul(n_elements as u64))))
    }
}
