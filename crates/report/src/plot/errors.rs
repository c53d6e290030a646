//! The comparison plot: predicted and measured times above, the relative error of each point below.

use crate::number::{percent, signed_percent};
use crate::plot::curves::{self, rank_axis, time_axis, times};
use crate::plot::legend::{Entry, Symbol};
use crate::plot::mark::{self, Kind};
use crate::plot::panel::Panel;
use crate::plot::scene::{Anchor, Scene, Stroke, Text, palette};
use crate::plot::{PlotData, figure};
use dlpc_predict::analysis::accuracy::{ComparedPoint, Comparison};

use super::axis::Axis;

/// Outliers beyond this many times the range of the other errors are shown at the edge, by an arrow and a number.
const STRETCH_MAX: f64 = 1.6;
/// Smallest range of errors, in percent.
const RANGE_MIN: f64 = 2.0;

/// Draws the comparison.
pub(super) fn comparison(data: &PlotData) -> Scene {
    let (series, unit) = times(data);
    let compared = data.comparison.map_or(&[][..], |comparison| &comparison.points);
    let noise_floor = data.comparison.map_or(0.0, |comparison| 100.0 * comparison.accuracy.noise_floor);
    let limit = error_limit(compared, noise_floor);
    let axes = (rank_axis(&series), time_axis(&series), Axis::linear(-limit, limit, 6.0));
    let mut entries = curves::legend(&series);
    if 0.0 < noise_floor {
        entries.push(Entry::new(Symbol::Swatch(palette::LIGHT_GREY.with_opacity(0.5)), "noise floor"));
    }
    figure::double(data.title, &subtitle(data.comparison), entries, axes, 0.6, |scene, upper, lower| {
        upper.draw_frame(scene, &format!("Makespan [{}]", unit.symbol));
        curves::draw(scene, upper, &series);
        draw_noise_floor(scene, lower, noise_floor);
        lower.draw_frame(scene, "Error [%]");
        scene.line(&[lower.place(lower.x.low, 0.0), lower.place(lower.x.high, 0.0)], Stroke::solid(palette::BLUE, 2.0));
        for point in compared {
            draw_error(scene, lower, point);
        }
    })
}

fn subtitle(comparison: Option<&Comparison>) -> String {
    let Some(accuracy) = comparison.map(|comparison| comparison.accuracy).filter(|accuracy| 0 < accuracy.n_points)
    else {
        return "Predicted against measured".to_owned();
    };
    format!(
        "Predicted against measured: mean absolute error {}, noise floor {}, {:.0} % of points in the band",
        percent(accuracy.mape),
        percent(accuracy.noise_floor),
        100.0 * accuracy.band_coverage
    )
}

/// Returns the range of errors in percent that shows all points but far outliers.
fn error_limit(points: &[ComparedPoint], noise_floor: f64) -> f64 {
    let extent = |point: &ComparedPoint| 100.0 * (point.relative_error.abs() + half_width(point));
    let ordinary = points.iter().filter(|point| !point.is_outlier).map(extent);
    let limit = 1.2 * ordinary.chain([noise_floor, RANGE_MIN]).fold(0.0, f64::max);
    let outliers: Vec<f64> = points.iter().filter(|point| point.is_outlier).map(|point| 1.1 * extent(point)).collect();
    let (near, far): (Vec<f64>, Vec<f64>) = outliers.into_iter().partition(|extent| *extent <= STRETCH_MAX * limit);
    let room_for_arrows = if far.is_empty() { 1.0 } else { 1.3 };
    near.into_iter().fold(limit * room_for_arrows, f64::max)
}

/// Returns the half-width of the interval of the relative error that the reading error leaves, to first order.
fn half_width(point: &ComparedPoint) -> f64 {
    point.predicted_s / point.measured_s * point.reading_error_s / point.measured_s
}

fn draw_noise_floor(scene: &mut Scene, panel: &Panel, noise_floor: f64) {
    if 0.0 < noise_floor {
        let corner = |x: f64, y: f64| panel.place(x, y);
        let (a, b) = (corner(panel.x.low, noise_floor), corner(panel.x.high, -noise_floor));
        scene.rectangle(a, b, palette::LIGHT_GREY.with_opacity(0.5));
    }
}

fn draw_error(scene: &mut Scene, panel: &Panel, point: &ComparedPoint) {
    let (x, error) = (f64::from(point.ranks), 100.0 * point.relative_error);
    if panel.y.high < error.abs() {
        return draw_arrow(scene, panel, x, point.relative_error);
    }
    let half = 100.0 * half_width(point);
    mark::draw_bar(scene, panel, x, error - half, error + half);
    Kind::of(point).draw(scene, panel.place(x, error));
}

/// Draws an arrow at the edge, with the error beside it.
fn draw_arrow(scene: &mut Scene, panel: &Panel, x: f64, error: f64) {
    const SIZE: f64 = 7.0;
    let (x, edge) = panel.place(x, 100.0 * error);
    // Down the image if the error is above the panel.
    let inwards = 1f64.copysign(error);
    let tip = edge + 3.0 * inwards;
    let base = tip + 1.6 * SIZE * inwards;
    scene.area(vec![(x, tip), (x - SIZE, base), (x + SIZE, base)], palette::VERMILION);
    let is_left = x < f64::midpoint(panel.left, panel.right);
    let (text_x, anchor) = if is_left { (x + 12.0, Anchor::Start) } else { (x - 12.0, Anchor::End) };
    let label = Text::new(&signed_percent(error).replace('-', "−"), (text_x, base), 14.0);
    scene.text(label.anchored(anchor).colored(palette::VERMILION));
}
