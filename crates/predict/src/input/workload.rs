//! From the raw workload of a scenario to the checked one.

use dlpc_engine::machine::{Kernels, RecordCosts};
use dlpc_engine::random::Distribution;
use dlpc_engine::units::SimDuration;
use dlpc_engine::workload::{Dispatch, LogStream, Pi, Returns, Workload};

use super::phases;
use super::raw_scenario::{RawDispatch, RawDistribution, RawLogStream, RawPi, RawReturns, RawUniform, RawWorkload};
use super::spanned::Spanned;
use crate::diagnostic::{Diagnostics, Problem, Span};

/// Kernel costs of the machine model, and its file for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct KernelSource<'m> {
    pub(super) kernels: &'m Kernels,
    pub(super) path: &'m str,
}

/// Returns the checked workload, or none if there is a problem or no machine model.
pub(super) fn validate(
    raw: &RawWorkload,
    source: Option<KernelSource<'_>>,
    diagnostics: &mut Diagnostics,
) -> Option<Workload> {
    let pi = raw.pi.as_ref().map(|raw| pi(raw, source, diagnostics));
    let log_stream = raw.log_stream.as_ref().map(|raw| log_stream(&raw.value, diagnostics));
    let custom = raw.custom.as_ref().map(|raw| phases::validate(raw.value.phases.as_ref()?, diagnostics));
    match (pi, log_stream, custom) {
        (Some(pi), None, None) => pi.map(Workload::Pi),
        (None, Some(log_stream), None) => log_stream.map(Workload::LogStream),
        (None, None, Some(phases)) => phases.map(Workload::Custom),
        // Not exactly one: reported with the keys.
        _ => None,
    }
}

fn pi(raw: &Spanned<RawPi>, source: Option<KernelSource<'_>>, diagnostics: &mut Diagnostics) -> Option<Pi> {
    let source = source?;
    let RawPi { darts, returns } = &raw.value;
    let throw_dart = source.kernels.throw_dart;
    if throw_dart.is_none() {
        diagnostics.push(missing_kernel(raw.span, "kernels.throw_dart", source.path));
    }
    let returns = returns.as_ref().and_then(|returns| match returns.value {
        RawReturns::Count => Some(Returns::Count),
        RawReturns::Coordinates => {
            if source.kernels.records.is_none() {
                diagnostics.push(missing_kernel(returns.span, "kernels.records", source.path));
            }
            source.kernels.records.map(Returns::Coordinates)
        }
    });
    let (darts, throw_dart, returns) = (darts.as_ref()?, throw_dart?, returns?);
    if serial_work(darts.value, throw_dart, returns).is_none() {
        let message = format!("{} darts take longer than 213 days on one rank", darts.value);
        diagnostics.push(Problem::error("scenario::out_of_range", darts.span, message).help("throw fewer darts"));
        return None;
    }
    Some(Pi { darts: darts.value, setup: source.kernels.setup, throw_dart, returns })
}

/// Returns the time of all work on one rank, if simulated time can hold it.
fn serial_work(darts: u64, throw_dart: SimDuration, returns: Returns) -> Option<SimDuration> {
    let per_dart = match returns {
        Returns::Count => throw_dart,
        Returns::Coordinates(RecordCosts { store, pack, unpack, collect, bytes: _ }) => {
            [store, pack, unpack, collect].into_iter().try_fold(throw_dart, SimDuration::checked_add)?
        }
    };
    per_dart.checked_mul(darts)
}

fn missing_kernel(span: Span, kernel: &str, path: &str) -> Problem {
    let message = format!("the machine model has no `{kernel}`, which this workload needs");
    let problem = Problem::error("scenario::missing_kernel", span, message);
    problem.label("needs it").help(format!("measure it, or add `{kernel}` to `{path}`"))
}

fn log_stream(raw: &RawLogStream, diagnostics: &mut Diagnostics) -> Option<LogStream> {
    let analysis = raw.analysis.as_ref().and_then(|raw| distribution(&raw.value, diagnostics));
    if let (Some(items), Some(interval), Some(first)) = (raw.items, raw.interval, raw.first)
        && interval.value.checked_mul(items.value.into()).and_then(|last| last.checked_add(first.value)).is_none()
    {
        let message = "the last log file comes later than 213 days after the start";
        let problem = Problem::error("scenario::out_of_range", interval.span, message);
        diagnostics.push(problem.label(format!("times {} items", items.value)));
        return None;
    }
    if let Some(poll) = raw.poll.filter(|poll| poll.value == SimDuration::ZERO) {
        let message = "`workload.log_stream.poll` is zero";
        let problem = Problem::error("scenario::out_of_range", poll.span, message);
        diagnostics.push(problem.label("expected above zero").help("rank 0 sleeps this long between two looks"));
        return None;
    }
    Some(LogStream {
        items: raw.items?.value,
        interval: raw.interval?.value,
        first: raw.first?.value,
        jitter: raw.jitter?.value,
        analysis: analysis?,
        poll: raw.poll?.value,
        item_bytes: raw.item_bytes?.value,
        result_bytes: raw.result_bytes?.value,
        dispatch: match raw.dispatch?.value {
            RawDispatch::Rounds => Dispatch::Rounds,
            RawDispatch::FirstFree => Dispatch::FirstFree,
        },
    })
}

fn distribution(raw: &RawDistribution, diagnostics: &mut Diagnostics) -> Option<Distribution> {
    if let Some(constant) = raw.constant {
        return Some(Distribution::Constant(constant.value));
    }
    if let Some(raw) = &raw.uniform {
        return uniform(&raw.value, diagnostics);
    }
    if let Some(raw) = &raw.exponential {
        return Some(Distribution::Exponential { mean: raw.value.mean?.value });
    }
    let raw = &raw.lognormal.as_ref()?.value;
    Some(Distribution::Lognormal { median: raw.median?.value, sigma: raw.sigma?.value })
}

fn uniform(raw: &RawUniform, diagnostics: &mut Diagnostics) -> Option<Distribution> {
    let (low, high) = (raw.low?, raw.high?);
    if high.value < low.value {
        let table = "workload.log_stream.analysis.uniform";
        let message = format!("`{table}.high` is {}, below `{table}.low`, which is {}", high.value, low.value);
        let problem = Problem::error("scenario::out_of_range", high.span, message);
        diagnostics.push(problem.label(format!("expected at least {}", low.value)));
        return None;
    }
    Some(Distribution::Uniform { low: low.value, high: high.value })
}
