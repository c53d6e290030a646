//! One phase as the scenario describes it: sizes, times and ranks may be expressions.

use dlpc_engine::calls::CollectiveKind;
use dlpc_engine::named;
use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::random::Distribution;
use dlpc_engine::units::{Bytes, SimDuration};

use super::farm::Deal;
use super::imbalance::Imbalance;
use crate::diagnostic::Span;
use crate::written::expression::{Expression, Lists, Names};
use crate::written::formula::{Count, Formula, Whole};

named! {
    /// What a rank that does not exist stands for, where one is named.
    pub enum Outside as "Outside" {
        Error = "error" => "It is an error.",
        Nobody = "nobody" => "Nobody: nothing is sent, and nothing received (`MPI_PROC_NULL`).",
    }
}

/// What a rank does in a phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    Compute { work: Formula<SimDuration>, share: Share, imbalance: Option<Imbalance> },
    Sleep(Formula<SimDuration>),
    Message { call: Call, to: Option<Peer>, from: Option<Peer>, bytes: Option<Formula<Bytes>> },
    Waitall,
    Collective { kind: CollectiveKind, size: Size, root: Formula<Whole>, group: Option<Formula<Whole>> },
    Ring(Size),
    Halo { size: Size, grid: Grid, is_periodic: bool },
    Farm { tasks: Formula<Count>, service: Distribution, deal: Deal, item: Formula<Bytes>, result: Formula<Bytes> },
}

/// How messages are sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The rank waits for them.
    Blocking,
    /// They are started.
    Started,
}

/// The rank that a message goes to or comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Peer {
    pub(super) rank: Formula<Whole>,
    pub(super) outside: Outside,
}

/// Bytes of each rank, or of all together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Size {
    pub(super) bytes: Formula<Bytes>,
    pub(super) is_divided: bool,
}

/// How ranks are put on a grid.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Grid {
    /// As near to a square as it can be.
    Square { dimensions: u32 },
    /// Of these sides.
    Sides(Vec<Formula<Whole>>),
}

/// Which names the expressions of a place can use, besides those that all can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The number of the rank, and one more.
    Own(&'static str),
    /// The number of the rank.
    OfRank,
    /// None: all ranks have to agree.
    Common,
}

impl Size {
    /// Returns the bytes of each of `n` ranks.
    pub(super) fn of_each(&self, bytes: Bytes, n: u32) -> Bytes {
        if self.is_divided { Bytes(bytes.0.div_ceil(n.into())) } else { bytes }
    }
}

/// Collectives that have bytes of their own for each rank.
pub(super) fn is_uneven(kind: CollectiveKind) -> bool {
    use CollectiveKind::{Allgatherv, Alltoallv, Gatherv, Scatterv};
    matches!(kind, Gatherv | Scatterv | Allgatherv | Alltoallv)
}

impl Act {
    /// Returns the same with values in the place of names that are known.
    pub(super) fn folded(&self, names: Names<'_>, lists: Lists<'_>) -> Self {
        let size = |size: &Size| Size { bytes: size.bytes.folded(names, lists), ..*size };
        let whole = |of: &Formula<Whole>| of.folded(names, lists);
        let peer = |of: &Peer| Peer { rank: whole(&of.rank), outside: of.outside };
        match self {
            Self::Compute { work, share, imbalance } => {
                Self::Compute { work: work.folded(names, lists), share: *share, imbalance: *imbalance }
            }
            Self::Sleep(time) => Self::Sleep(time.folded(names, lists)),
            Self::Message { call, to, from, bytes } => Self::Message {
                call: *call,
                to: to.as_ref().map(peer),
                from: from.as_ref().map(peer),
                bytes: bytes.as_ref().map(|bytes| bytes.folded(names, lists)),
            },
            Self::Waitall => Self::Waitall,
            Self::Collective { kind, size: of, root, group } => {
                Self::Collective { kind: *kind, size: size(of), root: whole(root), group: group.as_ref().map(whole) }
            }
            Self::Ring(of) => Self::Ring(size(of)),
            Self::Halo { size: of, grid, is_periodic } => {
                let grid = match grid {
                    Grid::Square { .. } => grid.clone(),
                    Grid::Sides(sides) => Grid::Sides(sides.iter().map(whole).collect()),
                };
                Self::Halo { size: size(of), grid, is_periodic: *is_periodic }
            }
            Self::Farm { tasks, service, deal, item, result } => Self::Farm {
                tasks: tasks.folded(names, lists),
                service: *service,
                deal: *deal,
                item: item.folded(names, lists),
                result: result.folded(names, lists),
            },
        }
    }

    /// Returns its expressions, with their places and the names that they can use.
    pub(super) fn expressions(&self) -> Vec<(&Expression, Span, Scope)> {
        let with = |scope, of: Option<(_, _)>| of.map(|(expression, span)| (expression, span, scope));
        let all: Vec<Option<_>> = match self {
            Self::Compute { work, .. } => vec![with(Scope::OfRank, work.expression())],
            Self::Sleep(time) => vec![with(Scope::OfRank, time.expression())],
            Self::Message { to, from, bytes, .. } => {
                let peers = [to, from].into_iter().flatten();
                let peers = peers.map(|peer| with(Scope::OfRank, peer.rank.expression()));
                peers.chain(bytes.as_ref().map(|bytes| with(Scope::OfRank, bytes.expression()))).collect()
            }
            Self::Waitall => Vec::new(),
            Self::Collective { kind, size, root, group } => {
                let scope = match kind {
                    CollectiveKind::Alltoallv => Scope::Own(super::TO),
                    kind if is_uneven(*kind) => Scope::OfRank,
                    _ => Scope::Common,
                };
                let group = group.as_ref().and_then(Formula::expression);
                vec![
                    with(scope, size.bytes.expression()),
                    with(Scope::Common, root.expression()),
                    with(Scope::OfRank, group),
                ]
            }
            Self::Ring(size) => vec![with(Scope::OfRank, size.bytes.expression())],
            Self::Halo { size, grid, .. } => {
                let sides = match grid {
                    Grid::Square { .. } => &[][..],
                    Grid::Sides(sides) => sides,
                };
                let sides = sides.iter().map(|side| with(Scope::Common, side.expression()));
                sides.chain([with(Scope::Own(super::ALONG), size.bytes.expression())]).collect()
            }
            Self::Farm { tasks, item, result, .. } => {
                [tasks.expression(), item.expression(), result.expression()].map(|of| with(Scope::Common, of)).into()
            }
        };
        all.into_iter().flatten().collect()
    }

    /// Returns the phase that all ranks go through alike; none if its expressions have no value without a rank, or if
    /// there is none.
    pub(super) fn as_phase(&self) -> Option<Phase> {
        let none: Names<'_> = &|_| None;
        match self {
            Self::Compute { work, share, imbalance: None } => {
                Some(Phase::Compute { work: work.value(none).ok()?, share: *share })
            }
            Self::Sleep(time) => Some(Phase::Sleep(time.value(none).ok()?)),
            Self::Collective { kind, size, root, group: None } => {
                let phase = shared(*kind)?;
                (root.value(none) == Ok(Whole(0))).then(|| sized(phase, size))?
            }
            Self::Ring(size) => sized(Phase::Ring, size),
            Self::Halo { size, grid: Grid::Square { dimensions: 1 }, is_periodic: false } => sized(Phase::Halo, size),
            _ => None,
        }
    }
}

/// Returns the phase of a collective in which all ranks have the same bytes.
fn shared(kind: CollectiveKind) -> Option<fn(Bytes) -> Phase> {
    Some(match kind {
        CollectiveKind::Barrier => |_| Phase::Barrier,
        CollectiveKind::Bcast => Phase::Bcast,
        CollectiveKind::Scatter => Phase::Scatter,
        CollectiveKind::Scatterv => Phase::Scatterv,
        CollectiveKind::Gather => Phase::Gather,
        CollectiveKind::Gatherv => Phase::Gatherv,
        CollectiveKind::Reduce => Phase::Reduce,
        CollectiveKind::Allreduce => Phase::Allreduce,
        CollectiveKind::Allgather => Phase::Allgather,
        CollectiveKind::Alltoall => Phase::Alltoall,
        _ => return None,
    })
}

fn sized(phase: impl Fn(Bytes) -> Phase, size: &Size) -> Option<Phase> {
    let phase = phase(size.bytes.value(&|_| None).ok()?);
    Some(if size.is_divided { Phase::Divided(Box::new(phase)) } else { phase })
}

/// Returns the act of a phase that is no repeat.
pub(super) fn act_of(phase: &Phase, is_divided: bool) -> Act {
    let size = |bytes: &Bytes| Size { bytes: Formula::Constant(*bytes), is_divided };
    let collective =
        |kind, bytes| Act::Collective { kind, size: size(bytes), root: Formula::Constant(Whole(0)), group: None };
    match phase {
        Phase::Compute { work, share } => {
            Act::Compute { work: Formula::Constant(*work), share: *share, imbalance: None }
        }
        Phase::Sleep(time) => Act::Sleep(Formula::Constant(*time)),
        Phase::Barrier => collective(CollectiveKind::Barrier, &Bytes(0)),
        Phase::Bcast(bytes) => collective(CollectiveKind::Bcast, bytes),
        Phase::Scatter(bytes) => collective(CollectiveKind::Scatter, bytes),
        Phase::Gather(bytes) => collective(CollectiveKind::Gather, bytes),
        Phase::Gatherv(bytes) => collective(CollectiveKind::Gatherv, bytes),
        Phase::Scatterv(bytes) => collective(CollectiveKind::Scatterv, bytes),
        Phase::Reduce(bytes) => collective(CollectiveKind::Reduce, bytes),
        Phase::Allreduce(bytes) => collective(CollectiveKind::Allreduce, bytes),
        Phase::Allgather(bytes) => collective(CollectiveKind::Allgather, bytes),
        Phase::Alltoall(bytes) => collective(CollectiveKind::Alltoall, bytes),
        Phase::Ring(bytes) => Act::Ring(size(bytes)),
        Phase::Halo(bytes) => Act::Halo { size: size(bytes), grid: Grid::Square { dimensions: 1 }, is_periodic: false },
        Phase::Divided(phase) => act_of(phase, true),
        Phase::Repeat { .. } => unreachable!("bug: a repeat is no act"),
    }
}
