//! `pi` as it stands in the file, and its way to the checked type.

use dlpc_engine::machine::RecordCosts;
use dlpc_engine::units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Pi, Returns};
use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::workload::KernelSource;
use crate::written::Spanned;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::workload) struct RawPi {
    /// Darts of all ranks together; each rank throws `ceil(darts / ranks)`.
    #[schemars(required, range(min = 1, max = 1_000_000_000_000_000_u64), extend("examples" = [1_000_000]))]
    darts: Option<Spanned<u64>>,
    /// What the ranks send to rank 0.
    #[schemars(required, extend("examples" = ["count"]))]
    returns: Option<Spanned<RawReturns>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawReturns {
    /// One integer.
    Count,
    /// A record per dart, which rank 0 unpacks and reduces.
    Coordinates,
}

/// Returns the checked workload, or none if there is a problem or no machine model.
pub(in crate::workload) fn read(
    raw: &Spanned<RawPi>,
    source: Option<KernelSource<'_>>,
    diagnostics: &mut Diagnostics,
) -> Option<Pi> {
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
