//! The calls of one rank while its lines are read, and the requests that it has started.

use std::collections::BTreeSet;

use dlpc_engine::calls::{Call, CollectiveCall, RankCalls};
use dlpc_engine::schedule::Wildcard;
use dlpc_engine::units::Bytes;

use super::words::Words;
use crate::fault::Fault;

/// Sender, receiver and tag that a line names; none stands for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) from: Option<u32>,
    pub(super) to: Option<u32>,
    pub(super) tag: Option<u32>,
}

impl Request {
    /// Returns whether a line that names `other` may mean this one.
    fn is_like(self, other: Self) -> bool {
        let is_like = |one: Option<u32>, other: Option<u32>| one.is_none() || other.is_none() || one == other;
        is_like(self.from, other.from) && self.to == other.to && is_like(self.tag, other.tag)
    }
}

/// Whom a line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partner {
    Rank(u32),
    /// `MPI_ANY_SOURCE`
    Any,
    /// -333, `MPI_UNDEFINED`: the tracer of SMPI writes it for `MPI_ANY_SOURCE` and for `MPI_PROC_NULL`.
    Unclear,
    /// `MPI_PROC_NULL`
    Nobody,
}

/// One rank.
#[derive(Debug)]
pub(super) struct Rank {
    number: u32,
    n_ranks: u32,
    /// Bytes of an element where a line names no datatype.
    default_datatype: u64,
    calls: RankCalls,
    n_requests: u32,
    /// Requests that have not been waited for, in the order of their start.
    open: Vec<(Request, u32)>,
    /// Of these, how many a wait for any has finished; nothing says which.
    n_finished_of_open: usize,
    /// Requests like those that a `waitall` has finished, or waits for any.
    finished: BTreeSet<Request>,
    /// Numbers of the calls that start a receive of an unclear source.
    unclear: Vec<usize>,
    has_lines: bool,
    /// Whether a line has no problem so far. What only follows from a problem is none: requests that are not there, and
    /// other collectives.
    is_in_step: bool,
}

impl Rank {
    pub(super) fn new(number: usize, n_ranks: usize) -> Self {
        let small = |n: usize| u32::try_from(n).expect("invariant: ranks are limited");
        Self {
            number: small(number),
            n_ranks: small(n_ranks),
            default_datatype: super::datatype::default(false),
            calls: RankCalls::default(),
            n_requests: 0,
            open: Vec::new(),
            n_finished_of_open: 0,
            finished: BTreeSet::new(),
            unclear: Vec::new(),
            has_lines: false,
            is_in_step: true,
        }
    }

    pub(super) fn number(&self) -> usize {
        self.number as usize
    }

    pub(super) fn n_ranks(&self) -> usize {
        self.n_ranks as usize
    }

    pub(super) fn n_collectives(&self) -> usize {
        self.calls.collectives.len()
    }

    pub(super) fn default_datatype(&self) -> u64 {
        self.default_datatype
    }

    pub(super) fn set_default_datatype(&mut self, bytes: u64) {
        self.default_datatype = bytes;
    }

    pub(super) fn has_lines(&self) -> bool {
        self.has_lines
    }

    pub(super) fn note_line(&mut self) {
        self.has_lines = true;
    }

    /// Notes a problem.
    pub(super) fn lose_step(&mut self) {
        self.is_in_step = false;
    }

    pub(super) fn is_in_step(&self) -> bool {
        self.is_in_step
    }

    pub(super) fn into_calls(self) -> RankCalls {
        self.calls
    }

    /// Returns whom field `i` names.
    pub(super) fn partner(&self, words: &Words<'_>, i: usize) -> Result<Partner, Fault> {
        let number = words.whole(i, "the number of a rank")?;
        match number {
            -333 => Ok(Partner::Unclear),
            -555 => Ok(Partner::Any),
            -666 => Ok(Partner::Nobody),
            _ => {
                let rank = u32::try_from(number).ok().filter(|rank| *rank < self.n_ranks);
                rank.map(Partner::Rank).ok_or_else(|| {
                    let help = format!("ranks are numbered from 0 to {}", self.n_ranks - 1);
                    words.fault("trace::unknown_rank", i + 2, format!("there is no rank {number}")).help(help)
                })
            }
        }
    }

    pub(super) fn add(&mut self, call: Call, line: u32) {
        let request = match call {
            Call::Isend(letter) => {
                Some(Request { from: Some(self.number), to: Some(letter.to), tag: Some(letter.tag) })
            }
            Call::Irecv(from, _) => Some(Request { from: from.from, to: Some(self.number), tag: from.tag }),
            _ => None,
        };
        self.push(call, request, line);
    }

    /// Starts a receive from nobody.
    pub(super) fn add_from_nobody(&mut self, tag: Option<u32>, line: u32) {
        self.push(Call::IrecvNobody, Some(Request { from: None, to: Some(self.number), tag }), line);
    }

    /// Starts a receive from any rank or from nobody; which one, [`super::sources`] finds out.
    pub(super) fn add_from_unclear(&mut self, tag: Option<u32>, bytes: Bytes, line: u32) {
        self.unclear.push(self.calls.calls.len());
        self.add(Call::Irecv(Wildcard { from: None, tag }, bytes), line);
    }

    fn push(&mut self, call: Call, request: Option<Request>, line: u32) {
        if let Some(request) = request {
            self.open.push((request, self.n_requests));
            self.n_requests += 1;
        }
        self.calls.calls.push((call, line));
    }

    /// Returns the calls so far with their lines.
    pub(super) fn calls(&self) -> &[(Call, u32)] {
        &self.calls.calls
    }

    /// Returns the numbers of the calls that start a receive of an unclear source.
    pub(super) fn unclear(&self) -> &[usize] {
        &self.unclear
    }

    /// Makes receives of an unclear source receives from nobody.
    pub(super) fn set_from_nobody(&mut self, calls: &[usize]) {
        for call in calls {
            self.calls.calls[*call].0 = Call::IrecvNobody;
        }
    }

    pub(super) fn add_collective(&mut self, collective: CollectiveCall, line: u32) {
        let number = u32::try_from(self.calls.collectives.len()).expect("invariant: fewer than lines");
        self.calls.collectives.push(collective);
        self.calls.calls.push((Call::Collective(number), line));
    }

    pub(super) fn wait(&mut self, request: Request, words: &Words<'_>, line: u32) -> Result<(), Fault> {
        let Some(i) = self.find(request) else { return self.nothing_open(request, words) };
        let (_, number) = self.open.remove(i);
        self.calls.calls.push((Call::Wait(number), line));
        self.close_all_if_finished();
        Ok(())
    }

    /// A test takes no time and leaves its request open; the end of the program waits for it, if nothing else does.
    pub(super) fn test(&self, request: Request, words: &Words<'_>) -> Result<(), Fault> {
        self.find(request).map_or_else(|| self.nothing_open(request, words), |_| Ok(()))
    }

    /// Waits for any one of all that are open: the line only says how many there were.
    pub(super) fn wait_any(&mut self, line: u32) {
        if !self.open.is_empty() {
            self.n_finished_of_open += 1;
            self.calls.calls.push((Call::WaitAny, line));
        }
        self.close_all_if_finished();
    }

    fn close_all_if_finished(&mut self) {
        if self.n_finished_of_open == self.open.len() {
            self.close_all();
        }
    }

    pub(super) fn wait_all(&mut self, line: u32) {
        if !self.open.is_empty() {
            self.close_all();
            self.calls.calls.push((Call::WaitAll, line));
        }
    }

    fn close_all(&mut self) {
        self.n_finished_of_open = 0;
        self.finished.extend(self.open.drain(..).map(|(request, _)| request));
    }

    /// Returns the oldest open request of this sender, receiver and tag, or else the oldest that takes any of them; none
    /// for sends to nobody.
    fn find(&self, request: Request) -> Option<usize> {
        request.to?;
        let same = self.open.iter().position(|(open, _)| *open == request);
        same.or_else(|| self.open.iter().position(|(open, _)| open.is_like(request)))
    }

    /// A problem, unless nobody is meant, a wait for all or any has finished it, or it only follows from another problem.
    fn nothing_open(&self, request: Request, words: &Words<'_>) -> Result<(), Fault> {
        let is_finished = || self.finished.iter().any(|finished| finished.is_like(request));
        if request.to.is_none() || !self.is_in_step || is_finished() || self.n_finished_of_open > 0 {
            return Ok(());
        }
        let message = "this rank has started no such send or receive, or has waited for it already";
        let help = "fields are sending rank, receiving rank and tag of an `isend` or `irecv`";
        Err(words.fault("trace::no_request", 1, message).help(help))
    }
}
