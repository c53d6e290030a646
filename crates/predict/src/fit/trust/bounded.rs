//! Upper ends of the intervals of message costs that are zero, or may be.
//!
//! A cost is not negative, so resamples in which it would be are all found as zero, and their spread says too little.
//!
//! Each such cost is estimated again without its bound, launches resampled; the spread of those estimates bounds it from above.
//! The interval is one-sided, from zero to the larger of zero and the estimate, and what Student's t adds to it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::calibration::experiment::PairClass;
use crate::calibration::sample::Sample;
use crate::fit::FitOptions;
use crate::fit::samples::messages::pairs::PairSamples;
use crate::fit::samples::messages::segments::TableShape;
use crate::fit::samples::messages::{self, LATENCY, WIRE, Wire};
use crate::fit::samples::parameters::{Estimate, Shape};
use crate::fit::statistics::intervals::{self, Resample, t_975};
use crate::fit::trust::launches;

/// Costs of a segment: their names, and which of the unknowns they are.
const COSTS: [(&str, usize); 5] =
    [("send_overhead", 0), ("recv_overhead", 1), ("byte_overhead", 2), ("latency", LATENCY), ("byte_gap", WIRE)];

/// Raises the upper end of each interval of a message cost that begins at zero.
pub(in crate::fit) fn widen(
    intervals: &mut BTreeMap<String, (f64, f64)>,
    samples: &[&Sample],
    shape: &Shape,
    rest: &Estimate,
    options: &FitOptions<'_>,
) {
    for (class, name, table, wires) in tables(shape, rest) {
        let of_class = launches::of_kinds(samples, &["ping_pong", "send", "recv"].map(|kind| format!("{kind} {name}")));
        let launches: Vec<u32> = of_class.into_iter().collect();
        if launches.len() < 2 {
            continue;
        }
        let resamples = intervals::resamples(launches.len(), options.bootstrap, options.seed);
        let pairs_of = |times: &dyn Fn(u32) -> usize| {
            let drawn: Vec<&Sample> =
                samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, times(sample.launch))).collect();
            PairSamples::of(&drawn, class, &rest.costs, table.copying)
        };
        for i in 0..table.uptos.len() {
            for (cost, unknown) in COSTS {
                let key = format!("messages.{name}.segments[{i}].{cost}");
                let Some((low, high)) = intervals.get_mut(&key).filter(|(low, _)| *low <= 0.0) else { continue };
                let Some(found) = messages::unbounded(&pairs_of(&|_| 1), table, &wires, i, unknown) else { continue };
                let draw = |resample: &Resample| {
                    let times = |launch: u32| launches.binary_search(&launch).map_or(0, |k| resample.times[k] as usize);
                    Some((resample.weight, messages::unbounded(&pairs_of(&times), table, &wires, i, unknown)?))
                };
                let draws: Vec<(f64, f64)> = resamples.par_iter().filter_map(draw).collect();
                let error = intervals::standard_error(&draws, launches.len()).unwrap_or(0.0);
                (*low, *high) = (0.0, high.max(found.max(0.0) + t_975(launches.len() - 1) * error));
            }
        }
    }
}

/// Returns the tables that were fitted, and what is known of their wires.
fn tables<'s>(
    shape: &'s Shape,
    rest: &Estimate,
) -> impl Iterator<Item = (PairClass, &'static str, &'s TableShape, Vec<Wire>)> {
    let local =
        shape.local.as_ref().map(|table| (PairClass::Local, "local", table, vec![Wire::Free; table.uptos.len()]));
    let remote = shape.remote.as_ref().zip(rest.remote.as_ref()).map(|(remote, costs)| {
        let wire = |has_gap: &bool| if *has_gap { Wire::AtLeast(costs.port) } else { Wire::Port(costs.port) };
        let wires = remote.network.has_gap.iter().map(wire).collect();
        (PairClass::Remote, "remote", &remote.table, wires)
    });
    local.into_iter().chain(remote)
}
