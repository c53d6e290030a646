//! The time plot and the speedup plot: a predicted curve with its band, the ideal, and measured points.

use crate::number::TimeUnit;
use crate::plot::axis::{Axis, Scale};
use crate::plot::legend::{Entry, Symbol};
use crate::plot::mark::{self, Mark};
use crate::plot::panel::Panel;
use crate::plot::scene::{Scene, Stroke, palette};
use crate::plot::{PlotData, figure};
use dlpc_predict::analysis::{Curve, CurvePoint};

/// Ratio of the largest to the smallest time above which times are drawn on a logarithmic axis.
const LINEAR_RATIO_MAX: f64 = 30.0;
/// Ratio of the largest rank count to the largest speedup up to which the ideal is drawn to its end.
const IDEAL_RATIO_MAX: f64 = 2.0;
/// Most predicted points that are drawn with a dot each.
const DOTTED_POINTS_MAX: usize = 16;

const PREDICTED: Stroke = Stroke::solid(palette::BLUE, 2.75);
const IDEAL: Stroke = Stroke::dashed(palette::DARK_GREY, 1.75);

/// One quantity over the rank count, ready to be drawn.
pub(super) struct Series {
    /// Rank count, 5 % quantile, median and 95 % quantile.
    pub(super) predicted: Vec<(f64, [f64; 3])>,
    pub(super) marks: Vec<Mark>,
}

/// Draws the makespan over the rank count.
pub(super) fn time(data: &PlotData) -> Scene {
    let (series, unit) = times(data);
    let ideal = ideal_time(data.curve, unit);
    let (x, y) = (rank_axis(&series), time_axis(&series));
    let mut entries = legend(&series);
    entries.insert(2, Entry::new(Symbol::Line(IDEAL), "ideal: T(1) / ranks"));
    figure::single(data.title, "Makespan by number of ranks", entries, (x, y), |scene, panel| {
        panel.draw_frame(scene, &format!("Makespan [{}]", unit.symbol));
        draw_ideal(scene, panel, ideal);
        draw(scene, panel, &series);
    })
}

/// Draws the speedup over the rank count.
///
/// Measured speedups are over the measured time on 1 rank; without one, there are none.
pub(super) fn speedup(data: &PlotData) -> Scene {
    let marks = measured_speedups(mark::in_seconds(data.measured, data.comparison));
    let predicted = data
        .curve
        .points
        .iter()
        .map(|point| (f64::from(point.ranks), [point.speedup_p05, point.speedup, point.speedup_p95]))
        // A run that takes no time has no speedup.
        .filter(|(_, band)| band.iter().all(|speedup| speedup.is_finite()));
    let series = Series { predicted: predicted.collect(), marks };
    let x = rank_axis(&series);
    let y = speedup_axis(&series, &x);
    let mut entries = legend(&series);
    entries.insert(2, Entry::new(Symbol::Line(IDEAL), "ideal: speedup = ranks"));
    if series.marks.is_empty() && data.measured.is_some() {
        entries.push(Entry::new(Symbol::None, "(no measured speedup without a run on 1 rank)"));
    }
    figure::single(data.title, "Speedup by number of ranks", entries, (x, y), |scene, panel| {
        panel.draw_frame(scene, "Speedup T(1) / T");
        draw_ideal(scene, panel, |ranks| ranks);
        draw(scene, panel, &series);
    })
}

/// Returns predicted and measured times in one unit.
pub(super) fn times(data: &PlotData) -> (Series, TimeUnit) {
    let mut marks = mark::in_seconds(data.measured, data.comparison);
    let band = |point: &CurvePoint| [point.makespan_p05_s, point.makespan_s, point.makespan_p95_s];
    let longest = data.curve.points.iter().map(|point| point.makespan_s).chain(marks.iter().map(|mark| mark.value));
    let unit = TimeUnit::for_longest(longest.fold(0.0, f64::max));
    for mark in &mut marks {
        for seconds in [&mut mark.value, &mut mark.low, &mut mark.high] {
            *seconds /= unit.seconds;
        }
    }
    let predicted = data.curve.points.iter().map(|point| {
        let band = band(point).map(|seconds| seconds / unit.seconds);
        (f64::from(point.ranks), band)
    });
    (Series { predicted: predicted.collect(), marks }, unit)
}

/// Returns the axis of the rank counts that were predicted or measured.
pub(super) fn rank_axis(series: &Series) -> Axis {
    let fewest = rank_counts(series).fold(f64::INFINITY, f64::min);
    let most = most_ranks(series);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they come from u32")]
    Axis::ranks(fewest.min(most) as u32, most as u32)
}

fn most_ranks(series: &Series) -> f64 {
    rank_counts(series).fold(1.0, f64::max)
}

fn rank_counts(series: &Series) -> impl Iterator<Item = f64> {
    let predicted = series.predicted.iter().map(|(ranks, _)| *ranks);
    predicted.chain(series.marks.iter().map(|mark| f64::from(mark.ranks)))
}

/// Returns a linear axis from zero, or a logarithmic one if the times span too much.
pub(super) fn time_axis(series: &Series) -> Axis {
    let marks = series.marks.iter().map(|mark| mark.value);
    let values: Vec<f64> = series.predicted.iter().flat_map(|(_, band)| *band).chain(marks).collect();
    let least = least_positive(&values);
    let most = values.iter().copied().fold(0.0, f64::max);
    if least.is_finite() && LINEAR_RATIO_MAX < most / least {
        Axis::powers_of_ten(least / 1.4, most * 1.4)
    } else {
        Axis::from_zero(most)
    }
}

/// Returns the least value that has a place on a logarithmic axis, or infinity.
fn least_positive(values: &[f64]) -> f64 {
    values.iter().copied().filter(|value| 0.0 < *value).fold(f64::INFINITY, f64::min)
}

/// Returns an axis on which the speedups fill the panel.
///
/// The ideal is seen to its end if the largest speedup is at least half of it, and may leave the panel otherwise.
fn speedup_axis(series: &Series, ranks: &Axis) -> Axis {
    let marks = series.marks.iter().map(|mark| mark.value);
    let values: Vec<f64> = series.predicted.iter().flat_map(|(_, band)| *band).chain(marks).collect();
    let least = least_positive(&values).min(1.0);
    let most = values.iter().copied().fold(1.0, f64::max);
    let ideal_end = if most_ranks(series) <= IDEAL_RATIO_MAX * most { ranks.high } else { 0.0 };
    match ranks.scale {
        Scale::Log if 16.0 < most => Axis::powers_of_two(least / 1.3, ideal_end.max(1.5 * most)),
        Scale::Log | Scale::Linear => Axis::from_zero(ideal_end.max((1.25 * most).min(ranks.high)).max(most)),
    }
}

/// Draws band, median and measured points.
pub(super) fn draw(scene: &mut Scene, panel: &Panel, series: &Series) {
    draw_band(scene, panel, series);
    let median: Vec<_> = series.predicted.iter().map(|(ranks, band)| panel.place(*ranks, band[1])).collect();
    scene.line(&median, PREDICTED);
    if median.len() <= DOTTED_POINTS_MAX {
        for place in median {
            scene.dot(place, 3.5, palette::BLUE);
        }
    }
    mark::draw_all(scene, panel, &series.marks);
}

fn draw_band(scene: &mut Scene, panel: &Panel, series: &Series) {
    let color = palette::SKY_BLUE.with_opacity(0.4);
    if let [(ranks, [low, _, high])] = series.predicted[..] {
        let ((x, bottom), top) = (panel.place(ranks, low), panel.place_y(high));
        return scene.rectangle((x - 5.0, top), (x + 5.0, bottom), color);
    }
    let upper = series.predicted.iter().map(|(ranks, [_, _, high])| panel.place(*ranks, *high));
    let lower = series.predicted.iter().rev().map(|(ranks, [low, _, _])| panel.place(*ranks, *low));
    scene.area(upper.chain(lower).collect(), color);
}

/// Draws an ideal curve over the rank counts from 1, or the left end of the axis, on.
fn draw_ideal(scene: &mut Scene, panel: &Panel, ideal: impl Fn(f64) -> f64) {
    const PIECES: u32 = 400;
    let ranks = panel.x.between(panel.x.low.max(1.0), panel.x.high, PIECES);
    let curve: Vec<(f64, f64)> = ranks.into_iter().map(|ranks| (ranks, ideal(ranks))).collect();
    scene.line(&panel.clipped(&curve), IDEAL);
}

/// Returns T(1) / ranks; T(1) follows from any point, as its speedup is T(1) over its makespan.
fn ideal_time(curve: &Curve, unit: TimeUnit) -> impl Fn(f64) -> f64 {
    let alone = curve.points.first().map_or(0.0, |point| point.makespan_s * point.speedup / unit.seconds);
    move |ranks| alone / ranks
}

fn measured_speedups(marks: Vec<Mark>) -> Vec<Mark> {
    let Some(alone) = marks.iter().find(|mark| mark.ranks == 1).map(|mark| mark.value) else {
        return Vec::new();
    };
    let speedup = |mark: Mark| Mark {
        value: alone / mark.value,
        low: alone / mark.high,
        // A reading error as large as the value leaves the speedup without an upper limit.
        high: if 0.0 < mark.low { alone / mark.low } else { f64::MAX },
        ..mark
    };
    marks.into_iter().map(speedup).collect()
}

/// Returns the entries of the predicted curve and of the measured points.
pub(super) fn legend(series: &Series) -> Vec<Entry> {
    let mut entries = vec![
        Entry::new(Symbol::Line(PREDICTED), "predicted (median)"),
        Entry::new(Symbol::Swatch(palette::SKY_BLUE.with_opacity(0.4)), "predicted, 5–95 %"),
    ];
    entries.extend(mark::legend(series.marks.iter().map(|mark| mark.kind)));
    entries
}
