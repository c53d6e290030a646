//! The result of a sweep: one row per point, in the order of the plan, whatever the order of computing.

use std::collections::BTreeMap;

use super::plan::Plan;
use super::record::Record;
use super::{Axis, Level};
use crate::analysis::scaling;

/// The result at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// Number of the point, from 0.
    pub point: usize,
    /// Value of each key.
    pub levels: Vec<&'a Level>,
    /// What was predicted there.
    pub record: &'a Record,
    /// Median makespan on 1 rank over the makespan; no number (NaN) if it takes no time, as are those that follow.
    pub speedup: f64,
    /// The same over the 95 % quantile of the makespan.
    pub speedup_p05: f64,
    /// The same over the 5 % quantile of the makespan.
    pub speedup_p95: f64,
    /// `speedup / ranks`.
    pub parallel_efficiency: f64,
    /// Experimentally determined serial fraction; none on 1 rank.
    pub karp_flatt: Option<f64>,
}

/// Returns the keys that vary in a grid and change no result there, apart from the rank count.
#[must_use]
pub fn idle<'p>(plan: &'p Plan, rows: &[Row<'_>]) -> Vec<&'p str> {
    let keys = plan.axes().iter().enumerate().filter(|(i, axis)| !axis.is_ranks() && is_idle(plan, *i, rows));
    keys.map(|(_, Axis { key, .. })| key.as_str()).collect()
}

/// Returns whether all points that differ in one key only have the same result, and there are such points.
fn is_idle(plan: &Plan, axis: usize, rows: &[Row<'_>]) -> bool {
    if !plan.is_grid() || plan.n_levels(axis) < 2 {
        return false;
    }
    let stride: usize = (axis + 1..plan.axes().len()).map(|later| plan.n_levels(later)).product();
    let mut first_of: BTreeMap<usize, &Record> = BTreeMap::new();
    let mut has_pair = false;
    for row in rows {
        let level = row.point / stride % plan.n_levels(axis);
        let first = *first_of.entry(row.point - level * stride).or_insert(row.record);
        has_pair |= !std::ptr::eq(first, row.record);
        if times(first) != times(row.record) {
            return false;
        }
    }
    has_pair
}

/// Returns the times of a result to the last bit.
fn times(record: &Record) -> [u64; 3] {
    [record.makespan_s, record.makespan_p05_s, record.makespan_p95_s].map(f64::to_bits)
}

impl<'a> Row<'a> {
    /// Returns the row of a point (docs/model.md eq. 13); `baseline` is the record of the same values on one rank.
    #[must_use]
    pub fn new(point: usize, levels: Vec<&'a Level>, record: &'a Record, baseline: &Record) -> Self {
        let speedup = scaling::speedup(baseline.makespan_s, record.makespan_s);
        Self {
            point,
            levels,
            record,
            speedup,
            speedup_p05: scaling::speedup(baseline.makespan_s, record.makespan_p95_s),
            speedup_p95: scaling::speedup(baseline.makespan_s, record.makespan_p05_s),
            parallel_efficiency: speedup / f64::from(record.ranks),
            karp_flatt: scaling::karp_flatt(speedup, record.ranks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::plan::Design;
    use crate::sweep::{Form, Values};

    fn axis(key: &str, n: u32) -> Axis {
        let levels = (0..n).map(|i| Form::Integer.level(f64::from(i))).collect();
        Axis { key: key.to_owned(), unit: None, values: Values::List(levels) }
    }

    fn record(makespan_s: f64) -> Record {
        Record {
            key: String::new(),
            ranks: 1,
            makespan_s,
            makespan_p05_s: makespan_s,
            makespan_p95_s: makespan_s,
            limited_by: "compute".to_owned(),
            breakdown: serde_json::Map::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_key_that_changes_no_result_is_idle() {
        let plan = Plan::new(vec![axis("a", 2), axis("b", 3), axis("c", 2)], Design::Grid);
        // Only b counts.
        let records: Vec<Record> = (0..12).map(|point| record(f64::from(point / 2 % 3))).collect();
        let row = |point: usize| Row::new(point, plan.point(point), &records[point], &records[0]);
        let rows: Vec<Row<'_>> = (0..12).map(row).collect();
        assert_eq!(idle(&plan, &rows), ["a", "c"]);
        assert_eq!(idle(&plan, &rows[..1]), [""; 0]);
    }
}
