//! Several predictions and measured curves in one plot: times above, residuals below.

use super::axis::Axis;
use super::curves::{self, Series};
use super::legend::{Entry, Symbol};
use super::mark::{self, Kind, Mark};
use super::panel::Panel;
use super::scene::{Color, Place, Scene, Stroke, palette};
use super::{css, figure, paint};
use crate::number::TimeUnit;
use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::accuracy::{ComparedPoint, Comparison};

/// Most curves of one plot: more cannot be told apart.
pub const CURVES_MAX: usize = 6;

/// Lines are thin: each has a contrast of 3 to 1 at least to light and to dark pages.
pub(super) const COLORS: [Color; CURVES_MAX] =
    [palette::BLUE, palette::VERMILION, palette::GREEN, palette::PURPLE, palette::OLIVE, palette::ROSE];

/// Returns the colour of a curve in plots and pages, as CSS writes it.
pub(crate) fn curve_color(i: usize) -> String {
    css(COLORS[i % CURVES_MAX])
}

/// One prediction and its measured runs.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a> {
    /// What the legend calls it.
    pub label: &'a str,
    /// The prediction.
    pub curve: &'a Curve,
    /// The prediction against the measured runs.
    pub comparison: &'a Comparison,
}

/// Returns the plot as an SVG document.
///
/// # Panics
/// With more than [`CURVES_MAX`] curves.
#[must_use]
pub fn svg(title: &str, overlays: &[Overlay<'_>]) -> String {
    paint::svg(&scene(title, overlays), title)
}

/// Returns the plot as a PNG file.
///
/// # Panics
/// With more than [`CURVES_MAX`] curves.
#[must_use]
pub fn png(title: &str, overlays: &[Overlay<'_>]) -> Vec<u8> {
    paint::png(&scene(title, overlays))
}

fn scene(title: &str, overlays: &[Overlay<'_>]) -> Scene {
    assert!(overlays.len() <= CURVES_MAX, "bug: too many curves");
    let points = || overlays.iter().flat_map(|overlay| &overlay.comparison.points);
    let predicted = || overlays.iter().flat_map(|overlay| &overlay.curve.points);
    let longest = points().map(|point| point.measured_s).chain(predicted().map(|point| point.makespan_s));
    let unit = TimeUnit::for_longest(longest.fold(0.0, f64::max));
    let all = Series {
        predicted: predicted()
            .map(|point| {
                let band = [point.makespan_p05_s, point.makespan_s, point.makespan_p95_s];
                (f64::from(point.ranks), band.map(|seconds| seconds / unit.seconds))
            })
            .collect(),
        marks: points().map(|point| mark_of(point, unit)).collect(),
    };
    let ordinary = points().filter(|point| !point.is_outlier).map(|point| 130.0 * point.relative_error.abs());
    let limit = ordinary.fold(ERROR_RANGE_MIN, f64::max);
    let axes = (curves::rank_axis(&all), curves::time_axis(&all), Axis::linear(-limit, limit, 6.0));
    let subtitle = "Predicted (lines) and measured (marks); below, the error of each prediction";
    figure::double(title, subtitle, legend(overlays), axes, 0.6, |scene, upper, lower| {
        upper.draw_frame(scene, &format!("Makespan [{}]", unit.symbol));
        lower.draw_frame(scene, "Error [%]");
        let zero = |x: f64| lower.place(x, 0.0);
        scene.line(&[zero(lower.x.low), zero(lower.x.high)], Stroke::solid(palette::DARK_GREY, 1.5));
        for (overlay, color) in overlays.iter().zip(COLORS) {
            draw_times(scene, upper, overlay, unit, color);
            draw_errors(scene, lower, &overlay.comparison.points, color);
        }
    })
}

/// Smallest range of errors, in percent. Outliers beyond the range of the others lie at the edge.
const ERROR_RANGE_MIN: f64 = 5.0;

fn mark_of(point: &ComparedPoint, unit: TimeUnit) -> Mark {
    let mark = mark::of_point(point);
    let scaled = |seconds: f64| seconds / unit.seconds;
    Mark { value: scaled(mark.value), low: scaled(mark.low), high: scaled(mark.high), ..mark }
}

fn draw_times(scene: &mut Scene, panel: &Panel, overlay: &Overlay<'_>, unit: TimeUnit, color: Color) {
    let line: Vec<Place> = overlay
        .curve
        .points
        .iter()
        .map(|point| panel.place(f64::from(point.ranks), point.makespan_s / unit.seconds))
        .collect();
    scene.line(&line, Stroke::solid(color, 2.25));
    for point in &overlay.comparison.points {
        let mark = mark_of(point, unit);
        let x = f64::from(mark.ranks);
        mark::draw_bar(scene, panel, x, mark.low, mark.high);
        draw_mark(scene, panel.place(x, mark.value), mark.kind, color);
    }
}

fn draw_errors(scene: &mut Scene, panel: &Panel, points: &[ComparedPoint], color: Color) {
    for point in points {
        let (x, error) = (f64::from(point.ranks), 100.0 * point.relative_error);
        draw_mark(scene, panel.place(x, error), Kind::of(point), color);
    }
}

/// Draws a full dot, one with a hole for a fitted point, or a diamond for an outlier.
fn draw_mark(scene: &mut Scene, center: Place, kind: Kind, color: Color) {
    match kind {
        Kind::HeldOut => scene.dot(center, 4.0, color),
        Kind::Fitted => {
            scene.dot(center, 4.5, color);
            scene.dot(center, 2.5, palette::WHITE);
        }
        Kind::Outlier => {
            let (x, y) = center;
            let diamond = |radius: f64| vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
            scene.area(diamond(7.0), color);
            scene.area(diamond(4.0), palette::WHITE);
        }
    }
}

fn legend(overlays: &[Overlay<'_>]) -> Vec<Entry> {
    let line =
        |(overlay, color): (&Overlay<'_>, Color)| Entry::new(Symbol::Line(Stroke::solid(color, 2.25)), overlay.label);
    let mut entries: Vec<Entry> = overlays.iter().zip(COLORS).map(line).collect();
    let has = |kind: Kind| overlays.iter().any(|overlay| overlay.comparison.points.iter().any(|p| Kind::of(p) == kind));
    let mut mark = |kind: Kind, draw: fn(&mut Scene, Place), text: &str| {
        entries.extend(has(kind).then(|| Entry::new(Symbol::Mark(draw), text)));
    };
    mark(Kind::HeldOut, |scene, at| draw_mark(scene, at, Kind::HeldOut, palette::DARK_GREY), "measured");
    mark(Kind::Fitted, |scene, at| draw_mark(scene, at, Kind::Fitted, palette::DARK_GREY), "used for the fit");
    mark(Kind::Outlier, |scene, at| draw_mark(scene, at, Kind::Outlier, palette::DARK_GREY), "outlier");
    entries
}
