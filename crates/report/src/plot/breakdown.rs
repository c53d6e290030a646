//! The breakdown plot: where the time of the critical path goes, in seconds and as shares, one bar per rank count.

use crate::number::TimeUnit;
use crate::plot::axis::Axis;
use crate::plot::legend::{Entry, Symbol};
use crate::plot::panel::Panel;
use crate::plot::scene::{Color, Scene, palette};
use crate::plot::{PlotData, figure};
use dlpc_predict::analysis::{Cause, CurvePoint};

/// Widest bar.
const BAR_WIDTH_MAX: f64 = 64.0;
/// Width of the white line between two pieces of a bar.
const SEAM: f64 = 1.0;
/// Share of the time from which on a cause can be seen.
const SHARE_MIN: f64 = 0.001;

/// Draws the breakdown.
///
/// Causes whose share is below 0.1 % at every rank count are left out.
pub(super) fn breakdown(data: &PlotData) -> Scene {
    let points = &data.curve.points;
    let longest_s = points.iter().map(total_s).fold(0.0, f64::max);
    let unit = TimeUnit::for_longest(longest_s);
    let labels: Vec<String> = points.iter().map(|point| point.ranks.to_string()).collect();
    let widest = labels.iter().map(String::len).max().unwrap_or(1);
    // 830 pixels for digits of 10 pixels and a gap of 5.
    let x = Axis::slots(&labels, 830 / (10 * widest + 5));
    let causes = visible_causes(points);
    let entries = causes.iter().map(|cause| Entry::new(Symbol::Swatch(color(*cause)), cause.name()));
    let axes = (x, Axis::from_zero(longest_s / unit.seconds), Axis::linear(0.0, 100.0, 6.0));
    let subtitle = "Where the time goes: critical path by cause";
    figure::double(data.title, subtitle, entries.collect(), axes, 0.58, |scene, upper, lower| {
        upper.draw_frame(scene, &format!("Time [{}]", unit.symbol));
        lower.draw_frame(scene, "Share [%]");
        for (slot, point) in (0u32..).zip(points) {
            let parts_s: Vec<_> = causes.iter().map(|cause| (color(*cause), point.seconds(*cause))).collect();
            draw_bar(scene, upper, f64::from(slot), &parts_s, 1.0 / unit.seconds);
            let total = total_s(point);
            draw_bar(scene, lower, f64::from(slot), &parts_s, if 0.0 < total { 100.0 / total } else { 0.0 });
        }
    })
}

fn visible_causes(points: &[CurvePoint]) -> Vec<Cause> {
    let is_visible = |point: &CurvePoint, cause: Cause| {
        let seconds = point.seconds(cause);
        0.0 < seconds && SHARE_MIN * total_s(point) <= seconds
    };
    Cause::ALL.into_iter().filter(|cause| points.iter().any(|point| is_visible(point, *cause))).collect()
}

fn draw_bar(scene: &mut Scene, panel: &Panel, slot: f64, parts_s: &[(Color, f64)], per_second: f64) {
    let slot_width = panel.place_x(slot + 0.5) - panel.place_x(slot - 0.5);
    let half = (0.4 * slot_width).clamp(0.5, BAR_WIDTH_MAX / 2.0);
    let middle = panel.place_x(slot);
    let mut below = 0.0;
    for (color, seconds) in parts_s {
        let above = below + seconds * per_second;
        let (bottom, top) = (panel.place_y(below), panel.place_y(above));
        if top < bottom {
            // A seam above each piece that is tall enough to lose it.
            let seam = if 3.0 * SEAM < bottom - top { SEAM } else { 0.0 };
            scene.rectangle((middle - half, top + seam), (middle + half, bottom), *color);
        }
        below = above;
    }
}

fn total_s(point: &CurvePoint) -> f64 {
    point.breakdown.iter().map(|(_, duration)| duration.as_seconds()).sum()
}

/// Returns the colour of a cause.
pub(super) const fn color(cause: Cause) -> Color {
    match cause {
        Cause::Compute => palette::BLUE,
        Cause::Setup => palette::DARK_GREY,
        Cause::Pack => palette::ORANGE,
        Cause::SerialTail => palette::VERMILION,
        Cause::Overhead => palette::PURPLE,
        Cause::Latency => palette::YELLOW,
        Cause::Bandwidth => palette::GREEN,
        Cause::Producer => palette::SKY_BLUE,
        Cause::Rendezvous => palette::TEAL,
        Cause::Round => palette::INDIGO,
        Cause::Sleep => palette::LIGHT_GREY,
        Cause::Contention => palette::WINE,
        Cause::Oversubscription => palette::OLIVE,
        Cause::Noise => palette::ROSE,
        Cause::Untraced => palette::PALE,
    }
}
