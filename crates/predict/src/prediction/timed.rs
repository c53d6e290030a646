//! Runs whose time is what the program itself takes: from the first to the last time that rank 0 asks for.

use std::sync::{Arc, Mutex, PoisonError};

use dlpc_engine::program::{Op, Outcome, Program, RankId, Reactive};
use dlpc_engine::trace::{Activity, ActivityKind, Enabler, Losses, Trace, TransferRecord};
use dlpc_engine::units::{SimDuration, SimTime};

/// The times that a program was told.
pub(super) type Told = Arc<Mutex<Vec<SimTime>>>;

/// A program, and the times that it is told.
#[derive(Debug)]
struct Heard {
    program: Program,
    told: Told,
}

impl Reactive for Heard {
    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        self.program.next(rank, outcome)
    }

    fn n_ops_at_most(&self) -> u64 {
        self.program.n_ops_at_most()
    }

    fn tell(&mut self, now: SimTime) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(now);
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(Self { program: self.program.clone(), told: Arc::clone(&self.told) })
    }
}

/// Returns a program of fixed ops as one that keeps the times that it is told, and these.
pub(super) fn heard(program: Program) -> (Program, Told) {
    let told = Told::default();
    (Program::Reactive(Box::new(Heard { program, told: Arc::clone(&told) })), told)
}

/// Returns the part of a run between the first and the last time that was told, as a run of its own that ends with rank 0.
///
/// What lies before or after has no length in it, at its start or its end; what rank 0 does after it is left out.
pub(super) fn part(trace: Trace, told: &Told) -> Trace {
    let told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some(from), Some(to)) = (told.first().copied(), told.last().copied()) else { return trace };
    let at = |time: SimTime| SimTime::ZERO + (time.clamp(from, to) - from);
    let mut part =
        Trace { makespan: at(to), finished_at: trace.finished_at.iter().map(|time| at(*time)).collect(), ..trace };
    let Some(record) = &mut part.record else { return part };
    let next = record.activities[0].iter().position(|activity| to <= activity.start);
    if let Some(next) = next {
        // What the rank does next says why it could go on when it looked at the clock.
        let Activity { start, enabled_by, .. } = record.activities[0][next];
        let enabled_by = if start == to { enabled_by } else { Enabler::Previous };
        let lost = Losses::default();
        record.activities[0].truncate(next);
        record.activities[0].push(Activity { kind: ActivityKind::Finish, start: to, end: to, enabled_by, lost });
    }
    for activity in record.activities.iter_mut().flatten() {
        *activity = within(activity, at);
    }
    for transfer in &mut record.transfers {
        let TransferRecord { start, left, arrived, .. } = transfer;
        (*start, *left, *arrived) = (at(*start), at(*left), at(*arrived));
    }
    for time in record.link_loads.iter_mut().map(|load| &mut load.at) {
        *time = at(*time);
    }
    part
}

/// Returns an activity at other times: it has lost at most what is left of it.
fn within(activity: &Activity, at: impl Fn(SimTime) -> SimTime) -> Activity {
    let (start, end) = (at(activity.start), at(activity.end));
    let mut left = end - start;
    let mut part = |lost: SimDuration| {
        let lost = lost.min(left);
        left = left.saturating_sub(lost);
        lost
    };
    let Losses { noise, contention, oversubscription } = activity.lost;
    let lost = Losses { noise: part(noise), contention: part(contention), oversubscription: part(oversubscription) };
    Activity { start, end, lost, ..*activity }
}

#[cfg(test)]
mod tests;
