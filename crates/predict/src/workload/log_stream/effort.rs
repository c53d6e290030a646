//! How many log files and looks for new ones are too many.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::maths;
use dlpc_engine::random::Distribution;
use dlpc_engine::units::SimDuration;

use super::{Dispatch, LogStream, RawLogStream};
use crate::workload::effort::{OPS_MAX, rough};
use crate::workload::{Excess, Size};

/// Most looks of rank 0 for new log files in one run.
const LOOKS_MAX: f64 = 1e7;

/// Returns about how often rank 0 looks for new log files.
pub(super) fn n_looks(stream: &LogStream) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let n_looks = (until(stream, 0.0) / stream.poll.as_seconds()) as u64;
    n_looks
}

pub(super) fn items(raw: Option<&RawLogStream>, stream: &LogStream, size: &Size<'_>) -> Option<Excess> {
    let (n_ranks, n_ops) = (size.n_ranks, size.n_ops(stream));
    (n_ops > OPS_MAX).then(|| Excess {
        code: "too_many_items",
        at: raw.and_then(|raw| raw.items).map(|items| items.span),
        message: format!(
            "{} log files on up to {n_ranks} ranks are up to {} steps, more than {OPS_MAX:e}",
            stream.items,
            rough(n_ops)
        ),
        help: "use fewer log files: the curve hardly changes with more than some hundred".to_owned(),
    })
}

pub(super) fn looks(raw: Option<&RawLogStream>, stream: &LogStream, machine: &MachineModel) -> Option<Excess> {
    let until = until(stream, waited_for(stream, machine));
    let n_looks = until / stream.poll.as_seconds();
    (n_looks > LOOKS_MAX).then(|| Excess {
        code: "too_many_looks",
        at: raw.and_then(|raw| raw.poll).map(|poll| poll.span),
        message: format!(
            "with `workload.log_stream.poll` at {}, rank 0 looks {n_looks:.1e} times for new log files, more than {LOOKS_MAX:e}",
            stream.poll
        ),
        help: format!("poll at most every {}", SimDuration::from_seconds_ceil(until / LOOKS_MAX)),
    })
}

/// Returns until when rank 0 looks for new log files, in seconds, if each analysis lets it wait for `waited_for_s`.
fn until(stream: &LogStream, waited_for_s: f64) -> f64 {
    let per_item = stream.interval.as_seconds() + stream.jitter.as_seconds() + waited_for_s;
    let until = stream.first.as_seconds() + f64::from(stream.items) * per_item;
    until.min(SimDuration::MAX.as_seconds())
}

/// Returns how long rank 0 may look for new log files because of one analysis, in seconds: only where it does not take
/// part in it.
fn waited_for(stream: &LogStream, machine: &MachineModel) -> f64 {
    let mean = match stream.analysis {
        Distribution::Constant(duration) => duration.as_seconds(),
        Distribution::Uniform { high, .. } => high.as_seconds(),
        Distribution::Exponential { mean } => mean.as_seconds(),
        Distribution::Lognormal { median, sigma } => median.as_seconds() * maths::exp(sigma * sigma / 2.0),
    };
    match stream.dispatch {
        Dispatch::Rounds => 0.0,
        Dispatch::FirstFree => mean * slowest(machine),
    }
}

/// Returns how much longer work can take than on one busy core of speed 1 without interruptions.
fn slowest(machine: &MachineModel) -> f64 {
    let factors = machine.host_groups.iter().flat_map(|group| {
        let slowdown = group.slowdown.last().copied().unwrap_or(1.0);
        group.speeds.iter().map(move |speed| slowdown / speed)
    });
    let interrupted = machine.noise.interruptions.map_or(0.0, |it| it.duration.as_seconds() / it.interval.as_seconds());
    factors.fold(0.0, f64::max) * (1.0 + interrupted)
}
