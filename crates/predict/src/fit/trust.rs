//! How far a fit is to be trusted: intervals, residuals, which samples determine a value, and reasons to doubt.

pub(super) mod bounded;
pub(super) mod discrepancy;
pub(super) mod doubts;
pub(super) mod identified;
pub(super) mod launches;
pub(super) mod readable;
pub mod residuals;

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;

use self::identified::Identified;
use crate::calibration::sample::Sample;
use crate::fit::FitOptions;
use crate::fit::samples::estimate;
use crate::fit::samples::messages::pairs;
use crate::fit::samples::parameters::Shape;
use crate::fit::statistics::intervals;
use crate::fit::values::values;

/// Returns the intervals of all fitted values.
pub(super) fn intervals_of(
    samples: &[&Sample],
    shape: &Shape,
    machine: &MachineModel,
    identified: &Identified,
    options: &FitOptions<'_>,
) -> BTreeMap<String, (f64, f64)> {
    let fitted: BTreeMap<String, f64> =
        values(machine).into_iter().filter(|(key, _)| identified.fitted.contains_key(key)).collect();
    let mut intervals = BTreeMap::new();
    for (launches, keys) in launches::telling(samples, machine, &identified.fitted) {
        let resampled = |times: &[u32]| {
            let of_launch = |sample: &&&Sample| launches.binary_search(&sample.launch).map_or(0, |i| times[i]);
            let drawn: Vec<&Sample> =
                samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, of_launch(&sample) as usize)).collect();
            let (machine, estimate) = estimate::estimate(&drawn, shape, options)?;
            // A value that a resample does not determine is the prior's, so it is no draw.
            let told = identified::identified(&machine, &estimate, shape, options).fitted;
            Some(values(&machine).into_iter().filter(|(key, _)| told.contains_key(key)).collect())
        };
        let found = fitted.iter().filter(|(key, _)| keys.contains(*key)).map(|(key, value)| (key.clone(), *value));
        let draws = (options.bootstrap, options.seed);
        intervals.extend(intervals::intervals(&found.collect(), launches.len(), draws, &resampled));
    }
    let tables = [("local", shape.local.as_ref()), ("remote", shape.remote.as_ref().map(|remote| &remote.table))];
    for (class, table) in tables {
        let Some(table) = table else { continue };
        let high = table.eager_limit.high.map_or(table.largest, |high| high - 1);
        let bounds = (pairs::as_f64(table.eager_limit.low), pairs::as_f64(high));
        intervals.insert(format!("messages.{class}.eager_limit"), bounds);
    }
    intervals
}
