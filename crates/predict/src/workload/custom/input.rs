//! From `custom` as it stands in the file to the checked phases.

mod names;
mod raw;

use dlpc_engine::calls::CollectiveKind;
use dlpc_engine::units::Bytes;

use self::raw::{RawBytesShare, RawCompute, RawFarm, RawHalo, RawPhase, RawRecv, RawRepeat, RawSend, RawSendrecv};
use super::described::{Custom, Described};
use super::imbalance::Imbalance;
use super::phase::{Act, Call, Grid, Peer, Size};
use crate::diagnostic::{Diagnostics, Problem};
use crate::workload::service;
use crate::written::Spanned;
use crate::written::formula::{Formula, Whole};

pub(in crate::workload) use self::raw::RawCustom;

/// `repeat` tables within each other.
const DEPTH_MAX: usize = 8;

/// Returns the checked program, or none if there is a problem.
pub(in crate::workload) fn read(raw: &RawCustom, diagnostics: &mut Diagnostics) -> Option<Custom> {
    let phases = all(&raw.phases.as_ref()?.value, 0, diagnostics);
    let parameters = raw.parameters.as_ref().map_or(&[][..], |raw| &raw.value.0);
    let lists = raw.lists.as_ref().map_or(&[][..], |raw| &raw.value.0);
    let (values, lists_there) = (names::parameters(parameters, diagnostics), names::lists(lists, diagnostics));
    let custom = Custom { phases: phases?, parameters: values?, lists: lists_there?, pace: 1.0 };
    let written = parameters.iter().map(|(name, _)| name).chain(lists.iter().map(|(name, _)| name));
    names::check(&custom, written, diagnostics)?;
    Some(custom)
}

fn all(raw: &[Spanned<RawPhase>], depth: usize, diagnostics: &mut Diagnostics) -> Option<Vec<Described>> {
    let phases: Vec<_> = raw.iter().map(|raw| phase(&raw.value, depth, diagnostics)).collect();
    phases.into_iter().collect()
}

/// Returns the phase of the one key that is there.
fn phase(raw: &RawPhase, depth: usize, diagnostics: &mut Diagnostics) -> Option<Described> {
    let phase = match &raw.repeat {
        Some(raw) => repeat(raw, depth, diagnostics)?,
        None => Described::Act(collective(raw).or_else(|| act(raw, diagnostics))?),
    };
    Some(match &raw.when {
        Some(when) => Described::If(when.clone(), Box::new(phase)),
        None => phase,
    })
}

/// Returns the act of a phase that is no collective.
fn act(raw: &RawPhase, diagnostics: &mut Diagnostics) -> Option<Act> {
    if let Some(raw) = &raw.compute {
        return compute(&raw.value);
    }
    if let Some(time) = &raw.sleep {
        return Some(Act::Sleep(time.clone()));
    }
    let messages = [
        raw.send.as_ref().map(|raw| send(&raw.value, Call::Blocking)),
        raw.isend.as_ref().map(|raw| send(&raw.value, Call::Started)),
        raw.recv.as_ref().map(|raw| recv(&raw.value, Call::Blocking)),
        raw.irecv.as_ref().map(|raw| recv(&raw.value, Call::Started)),
        raw.sendrecv.as_ref().map(|raw| sendrecv(&raw.value)),
    ];
    if let Some(message) = messages.into_iter().flatten().next() {
        return message;
    }
    if let Some(raw) = &raw.ring {
        return Some(Act::Ring(size(raw.value.bytes.as_ref()?, raw.value.share.as_ref()?)));
    }
    if let Some(raw) = &raw.halo {
        return halo(&raw.value);
    }
    if let Some(raw) = &raw.task_farm {
        return farm(&raw.value, diagnostics);
    }
    raw.waitall.is_some().then_some(Act::Waitall)
}

fn compute(raw: &RawCompute) -> Option<Act> {
    let imbalance = match (&raw.imbalance, &raw.drawn) {
        (Some(raw), Some(drawn)) => Some(Imbalance::read(&raw.value, drawn.value.0)?),
        _ => None,
    };
    Some(Act::Compute { work: raw.work.clone()?, share: raw.share.as_ref()?.value.0, imbalance })
}

fn send(raw: &RawSend, call: Call) -> Option<Act> {
    let to = Peer { rank: raw.to.clone()?, outside: raw.outside.as_ref()?.value.0 };
    Some(Act::Message { call, to: Some(to), from: None, bytes: Some(raw.bytes.clone()?) })
}

fn recv(raw: &RawRecv, call: Call) -> Option<Act> {
    let from = Peer { rank: raw.from.clone()?, outside: raw.outside.as_ref()?.value.0 };
    Some(Act::Message { call, to: None, from: Some(from), bytes: None })
}

fn sendrecv(raw: &RawSendrecv) -> Option<Act> {
    let outside = raw.outside.as_ref()?.value.0;
    let peer = |rank: &Option<Formula<Whole>>| Some(Peer { rank: rank.clone()?, outside });
    let (to, from) = (peer(&raw.to)?, peer(&raw.from)?);
    Some(Act::Message { call: Call::Blocking, to: Some(to), from: Some(from), bytes: Some(raw.bytes.clone()?) })
}

fn halo(raw: &RawHalo) -> Option<Act> {
    let grid = match &raw.grid {
        Some(sides) => Grid::Sides(sides.value.clone()),
        None => Grid::Square { dimensions: raw.dimensions.as_ref()?.value },
    };
    let size = size(raw.bytes.as_ref()?, raw.share.as_ref()?);
    Some(Act::Halo { size, grid, is_periodic: raw.periodic.as_ref()?.value })
}

fn farm(raw: &RawFarm, diagnostics: &mut Diagnostics) -> Option<Act> {
    let service = service::read(&raw.service.as_ref()?.value, "task_farm.service", diagnostics)?;
    let (tasks, item, result) = (raw.tasks.clone()?, raw.item_bytes.clone()?, raw.result_bytes.clone()?);
    Some(Act::Farm { tasks, service, deal: raw.dispatch.as_ref()?.value.0, item, result })
}

fn size(bytes: &Formula<Bytes>, share: &Spanned<RawBytesShare>) -> Size {
    Size { bytes: bytes.clone(), is_divided: share.value == RawBytesShare::Divided }
}

/// Returns the act of a phase that is a collective of MPI.
fn collective(raw: &RawPhase) -> Option<Act> {
    let rooted = [
        (&raw.bcast, CollectiveKind::Bcast),
        (&raw.scatter, CollectiveKind::Scatter),
        (&raw.gather, CollectiveKind::Gather),
        (&raw.gatherv, CollectiveKind::Gatherv),
        (&raw.scatterv, CollectiveKind::Scatterv),
        (&raw.reduce, CollectiveKind::Reduce),
    ];
    if let Some((raw, kind)) = rooted.into_iter().find_map(|(raw, kind)| Some((&raw.as_ref()?.value, kind))) {
        let size = size(raw.bytes.as_ref()?, raw.share.as_ref()?);
        let root = raw.root.clone()?;
        let root = if root.value(&|_| None) == Ok(Whole(0)) { Formula::Constant(Whole(0)) } else { root };
        return Some(Act::Collective { kind, size, root, group: raw.group.clone() });
    }
    let shared = [
        (&raw.allreduce, CollectiveKind::Allreduce),
        (&raw.allgather, CollectiveKind::Allgather),
        (&raw.allgatherv, CollectiveKind::Allgatherv),
        (&raw.alltoall, CollectiveKind::Alltoall),
        (&raw.alltoallv, CollectiveKind::Alltoallv),
        (&raw.reduce_scatter, CollectiveKind::ReduceScatterBlock),
        (&raw.scan, CollectiveKind::Scan),
    ];
    let root = Formula::Constant(Whole(0));
    if let Some((raw, kind)) = shared.into_iter().find_map(|(raw, kind)| Some((&raw.as_ref()?.value, kind))) {
        let size = size(raw.bytes.as_ref()?, raw.share.as_ref()?);
        return Some(Act::Collective { kind, size, root, group: raw.group.clone() });
    }
    let barrier = raw.barrier.as_ref()?;
    let size = Size { bytes: Formula::Constant(Bytes(0)), is_divided: false };
    Some(Act::Collective { kind: CollectiveKind::Barrier, size, root, group: barrier.value.group.clone() })
}

fn repeat(raw: &Spanned<RawRepeat>, depth: usize, diagnostics: &mut Diagnostics) -> Option<Described> {
    if depth == DEPTH_MAX {
        let message = format!("more than {DEPTH_MAX} `repeat` within each other");
        diagnostics.push(Problem::error("scenario::too_deep", raw.span, message));
        return None;
    }
    let phases = all(&raw.value.phases.as_ref()?.value, depth + 1, diagnostics)?;
    let variable = match &raw.value.variable {
        Some(name) => Some(names::variable(name, diagnostics)?),
        None => None,
    };
    Some(Described::Repeat { times: raw.value.times.clone()?, variable, phases })
}
