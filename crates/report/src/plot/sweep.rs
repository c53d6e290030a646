//! The plot of a sweep: a curve if one key varies, a heat map if two do.

use dlpc_engine::units::Unit;

use super::axis::Axis;
use super::curves::{self, Series};
use super::scene::Scene;
use super::{figure, heat_map, paint};
use crate::number::TimeUnit;
use dlpc_predict::sweep::Level;
use dlpc_predict::sweep::plan::Plan;
use dlpc_predict::sweep::rows::Row;

/// Ratio of the largest to the smallest value of a key above which its axis is logarithmic.
const LINEAR_RATIO_MAX: f64 = 30.0;
/// Most words on an axis.
const WORDS_SHOWN_MAX: usize = 8;

/// Returns the plot as an SVG document; none if more than two keys vary, or none does.
#[must_use]
pub fn svg(title: &str, plan: &Plan, rows: &[Row<'_>]) -> Option<String> {
    scene(title, plan, rows).map(|scene| paint::svg(&scene, title))
}

/// Returns the plot as a PNG file.
#[must_use]
pub fn png(title: &str, plan: &Plan, rows: &[Row<'_>]) -> Option<Vec<u8>> {
    scene(title, plan, rows).map(|scene| paint::png(&scene))
}

fn scene(title: &str, plan: &Plan, rows: &[Row<'_>]) -> Option<Scene> {
    let varying: Vec<usize> = (0..plan.axes().len()).filter(|axis| plan.n_levels(*axis) > 1).collect();
    match varying.as_slice() {
        _ if rows.is_empty() => None,
        [only] => Some(curve(title, plan, rows, *only)),
        [first, second] if plan.is_grid() => {
            let (x, y) = if plan.axes()[*first].is_ranks() { (*first, *second) } else { (*second, *first) };
            Some(heat_map::draw(title, plan, rows, (x, y)))
        }
        _ => None,
    }
}

/// Draws the makespan over the values of one key.
fn curve(title: &str, plan: &Plan, rows: &[Row<'_>], axis: usize) -> Scene {
    let longest = rows.iter().map(|row| row.record.makespan_s).fold(0.0, f64::max);
    let time = TimeUnit::for_longest(longest);
    let numbers: Option<Vec<f64>> = rows.iter().map(|row| row.levels[axis].number).collect();
    let is_counted = plan.axes()[axis].unit.is_some();
    let unit = key_unit(plan, rows, axis);
    let xs: Vec<f64> = match numbers.filter(|_| is_counted) {
        Some(numbers) => numbers.into_iter().map(|number| number / unit.scale).collect(),
        None => (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).map(f64::from).collect(),
    };
    let band = |row: &Row<'_>| {
        [row.record.makespan_p05_s, row.record.makespan_s, row.record.makespan_p95_s].map(|s| s / time.seconds)
    };
    let mut predicted: Vec<(f64, [f64; 3])> = xs.into_iter().zip(rows.iter().map(band)).collect();
    predicted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let x = if is_counted { number_axis(&predicted) } else { words_axis(rows.iter().map(|row| row.levels[axis])) };
    let series = Series { predicted, marks: Vec::new() };
    let y = curves::time_axis(&series);
    let subtitle = format!("Makespan by {}", plan.axes()[axis].key);
    let x_title = unit.title(&plan.axes()[axis].key);
    figure::single_over(title, &subtitle, curves::legend(&series), (x, y), &x_title, |scene, panel| {
        panel.draw_frame(scene, &format!("Makespan [{}]", time.symbol));
        curves::draw(scene, panel, &series);
    })
}

fn number_axis(predicted: &[(f64, [f64; 3])]) -> Axis {
    let (low, high) = (predicted[0].0, predicted[predicted.len() - 1].0);
    if low > 0.0 && high / low > LINEAR_RATIO_MAX {
        return Axis::powers_of_ten(low / 1.2, high * 1.2);
    }
    let margin = 0.03 * (high - low);
    Axis::linear(low - margin, high + margin, 8.0)
}

fn words_axis<'l>(levels: impl Iterator<Item = &'l Level>) -> Axis {
    let words: Vec<String> = levels.map(|level| level.text.clone()).collect();
    Axis::slots(&words, WORDS_SHOWN_MAX)
}

/// The unit in which the values of a key are shown.
struct KeyUnit {
    symbol: &'static str,
    scale: f64,
}

impl KeyUnit {
    fn title(&self, key: &str) -> String {
        if self.symbol.is_empty() { key.to_owned() } else { format!("{key} [{}]", self.symbol) }
    }
}

fn key_unit(plan: &Plan, rows: &[Row<'_>], axis: usize) -> KeyUnit {
    let largest = rows.iter().filter_map(|row| row.levels[axis].number).fold(0.0, f64::max);
    let (symbol, scale) = match plan.axes()[axis].unit {
        None | Some(Unit::One) => ("", 1.0),
        Some(Unit::Seconds) => {
            let unit = TimeUnit::for_longest(largest);
            (unit.symbol, unit.seconds)
        }
        Some(Unit::Bytes) => ("B", 1.0),
        Some(Unit::BytesPerSecond) => ("Mbit/s", 125e3),
        Some(Unit::SecondsPerByte) => ("ns/B", 1e-9),
        Some(Unit::FlopsPerSecond) => ("Gflop/s", 1e9),
    };
    KeyUnit { symbol, scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlpc_predict::sweep::plan::Design;
    use dlpc_predict::sweep::record::Record;
    use dlpc_predict::sweep::{Axis as Key, Literal, Values};

    fn key(name: &str, unit: Option<Unit>, numbers: &[f64]) -> Key {
        let level = |number: &f64| Level {
            text: number.to_string(),
            literal: Literal::Float(*number),
            number: unit.map(|_| *number),
        };
        Key { key: name.to_owned(), unit, values: Values::List(numbers.iter().map(level).collect()) }
    }

    fn record(makespan_s: f64) -> Record {
        Record {
            key: String::new(),
            ranks: 2,
            makespan_s,
            makespan_p05_s: makespan_s,
            makespan_p95_s: makespan_s,
            limited_by: "compute".to_owned(),
            breakdown: serde_json::Map::new(),
            warnings: Vec::new(),
        }
    }

    /// Draws the points of a plan that have a time.
    fn drawn(keys: Vec<Key>, times: &[Option<f64>]) -> String {
        let plan = Plan::new(keys, Design::Grid);
        assert_eq!(plan.n_points(), times.len());
        let records: Vec<Option<Record>> = times.iter().map(|time| time.map(record)).collect();
        let row = |(point, record): (usize, &'_ Option<Record>)| Some((point, record.clone()?));
        let found: Vec<(usize, Record)> = records.iter().enumerate().filter_map(row).collect();
        let rows: Vec<Row<'_>> =
            found.iter().map(|(point, record)| Row::new(*point, plan.point(*point), record, record)).collect();
        svg("A sweep", &plan, &rows).expect("a plot")
    }

    const UNITS: [Option<Unit>; 4] = [None, Some(Unit::One), Some(Unit::Seconds), Some(Unit::BytesPerSecond)];

    #[test]
    fn values_that_are_all_equal_are_drawn() {
        for unit in UNITS {
            for value in [0.0, 5.0, 1e9] {
                for time in [0.0, 1e-12, 1.0] {
                    drawn(vec![key("a", unit, &[value, value])], &[Some(time), Some(time)]);
                    let two = vec![key("a", unit, &[value, value]), key("b", unit, &[value, value])];
                    drawn(two, &[Some(time); 4]);
                }
            }
        }
    }

    #[test]
    fn one_point_of_many_is_drawn() {
        for unit in UNITS {
            drawn(vec![key("a", unit, &[1.0, 2.0, 100.0])], &[None, Some(1.0), None]);
            let two = vec![key("a", unit, &[1.0, 2.0]), key("b", unit, &[1.0, 2.0])];
            drawn(two, &[None, None, None, Some(2.0)]);
        }
    }

    #[test]
    fn values_that_differ_by_rounding_only_are_drawn() {
        let nearly = [0.1 + 0.2, 0.3];
        drawn(vec![key("a", Some(Unit::One), &nearly)], &[Some(0.1 + 0.2), Some(0.3)]);
        let two = vec![key("a", Some(Unit::One), &nearly), key("b", Some(Unit::One), &nearly)];
        drawn(two, &[Some(0.1 + 0.2), Some(0.3), Some(0.3), Some(0.3)]);
    }
}
