//! A heat map: the makespan as a colour for each pair of values of two keys.

use super::axis::Axis;
use super::figure;
use super::panel::{MARGIN, Panel, X_LABELS_HEIGHT, horizontal_extent};
use super::scene::{Anchor, Color, HEIGHT, Scene, Stroke, Text, WIDTH, palette};
use super::tick::tick_label;
use crate::font::{self, Weight};
use crate::number::TimeUnit;
use dlpc_predict::sweep::plan::Plan;
use dlpc_predict::sweep::rows::Row;

/// Most values of one key that are drawn: more would be narrower than can be seen.
const DRAWN_MAX: usize = 200;
/// Ratio of the largest to the smallest time above which colours are logarithmic.
const LINEAR_RATIO_MAX: f64 = 10.0;
/// Room for the colour bar and its labels.
const BAR_ROOM: f64 = 120.0;
const BAR_WIDTH: f64 = 18.0;
const TOP: f64 = 84.0;
const LABEL_EM: f64 = 15.5;

/// Viridis (van der Walt and Smith, 2015): even steps for every kind of colour vision, and in grey.
const COLORS: [(u8, u8, u8); 10] = [
    (68, 1, 84),
    (72, 40, 120),
    (62, 73, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (110, 206, 88),
    (181, 222, 43),
    (253, 231, 37),
];

/// Draws the makespan over two keys of a grid; the rest of them has one value each.
pub(super) fn draw(title: &str, plan: &Plan, rows: &[Row<'_>], (x, y): (usize, usize)) -> Scene {
    let unit = TimeUnit::for_longest(rows.iter().map(|row| row.record.makespan_s).fold(0.0, f64::max));
    let (columns, lines) = (Slots::new(plan, x), Slots::new(plan, y));
    let times: Vec<f64> = rows.iter().map(|row| row.record.makespan_s / unit.seconds).collect();
    let colors = color_axis(&times);
    let mut scene = Scene::default();
    figure::draw_titles(&mut scene, title, &subtitle(&[&columns, &lines]));
    let panel = panel(&columns, &lines);
    for (row, time) in rows.iter().zip(&times) {
        if let (Some(i), Some(j)) = (columns.slot(row.point), lines.slot(row.point)) {
            let corner = |x: f64, y: f64| {
                let place = panel.place(i + x, j + y);
                (place.0, place.1)
            };
            scene.rectangle(corner(-0.5, -0.5), corner(0.5, 0.5), color(colors.share(*time)));
        }
    }
    frame(&mut scene, &panel, &columns.key, &lines.key);
    color_bar(&mut scene, &panel, &colors, &format!("Makespan [{}]", unit.symbol));
    scene
}

/// The values of one key, and which of them are drawn.
struct Slots {
    key: String,
    labels: Vec<String>,
    /// Every so many values are drawn.
    step: usize,
    /// Points from one value to the next.
    stride: usize,
    n: usize,
}

impl Slots {
    fn new(plan: &Plan, axis: usize) -> Self {
        let n = plan.n_levels(axis);
        let stride = (axis + 1..plan.axes().len()).map(|later| plan.n_levels(later)).product();
        let step = n.div_ceil(DRAWN_MAX);
        let label = |i: usize| tick_label(plan.point(i * stride)[axis], plan.axes()[axis].unit);
        Self { key: plan.axes()[axis].key.clone(), labels: (0..n).step_by(step).map(label).collect(), step, stride, n }
    }

    /// Returns where the value of a point is drawn, if it is.
    fn slot(&self, point: usize) -> Option<f64> {
        let i = point / self.stride % self.n;
        #[expect(clippy::cast_precision_loss, reason = "at most 200 slots")]
        (i.is_multiple_of(self.step)).then_some((i / self.step) as f64)
    }

    fn axis(&self, room: f64) -> Axis {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some dozens")]
        Axis::slots(&self.labels, (room as usize).max(1))
    }

    fn widest(&self) -> f64 {
        self.labels.iter().map(|label| font::width(label, LABEL_EM, Weight::Regular)).fold(1.0, f64::max)
    }
}

fn subtitle(slots: &[&Slots]) -> String {
    let thinned = slots.iter().filter(|slots| slots.step > 1);
    let remarks = thinned.map(|slots| format!("one in {} values of {} shown", slots.step, slots.key));
    let by = format!("Makespan by {} and {}", slots[1].key, slots[0].key);
    std::iter::once(by).chain(remarks).collect::<Vec<_>>().join("; ")
}

fn panel(columns: &Slots, lines: &Slots) -> Panel {
    let bottom = HEIGHT - MARGIN - X_LABELS_HEIGHT;
    let y = lines.axis((bottom - TOP) / 24.0);
    let (left, right) = horizontal_extent(&[&y]);
    let right = right - BAR_ROOM;
    Panel { left, right, top: TOP, bottom, x: columns.axis((right - left) / (columns.widest() + 16.0)), y }
}

fn frame(scene: &mut Scene, panel: &Panel, x_title: &str, y_title: &str) {
    for tick in &panel.y.ticks {
        let y = panel.place_y(tick.value);
        scene.line(&[(panel.left - 4.0, y), (panel.left, y)], Stroke::solid(palette::AXIS, 1.5));
        scene.text(Text::new(&tick.label, (panel.left - 8.0, y), LABEL_EM).anchored(Anchor::End));
    }
    let middle = f64::midpoint(panel.top, panel.bottom);
    scene.text(Text::new(y_title, (MARGIN + 8.0, middle), LABEL_EM).anchored(Anchor::Middle).upwards());
    panel.draw_x_ticks(scene);
    panel.draw_x_labels(scene, x_title);
}

/// Draws which colour stands for which time.
fn color_bar(scene: &mut Scene, panel: &Panel, colors: &Axis, title: &str) {
    const PIECES: u32 = 64;
    let left = panel.right + 24.0;
    let height = panel.bottom - panel.top;
    for piece in 0..PIECES {
        let share = |piece: u32| f64::from(piece) / f64::from(PIECES);
        let (low, high) = (panel.bottom - share(piece) * height, panel.bottom - share(piece + 1) * height);
        scene.rectangle((left, low), (left + BAR_WIDTH, high), color(share(piece) + 0.5 / f64::from(PIECES)));
    }
    for tick in &colors.ticks {
        let y = panel.bottom - colors.share(tick.value) * height;
        scene.line(&[(left + BAR_WIDTH, y), (left + BAR_WIDTH + 5.0, y)], Stroke::solid(palette::AXIS, 1.5));
        scene.text(Text::new(&tick.label, (left + BAR_WIDTH + 9.0, y), LABEL_EM));
    }
    let place = (WIDTH - MARGIN, panel.top - 16.0);
    scene.text(Text::new(title, place, LABEL_EM).anchored(Anchor::End));
}

fn color_axis(times: &[f64]) -> Axis {
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    if least > 0.0 && most / least > LINEAR_RATIO_MAX {
        Axis::powers_of_ten(least, most)
    } else if least < most {
        Axis::linear(least, most, 6.0)
    } else {
        Axis::from_zero(most)
    }
}

/// Returns the colour at `share` of the way from the shortest to the longest time.
fn color(share: f64) -> Color {
    let last = COLORS.len() - 1;
    #[expect(clippy::cast_precision_loss, reason = "ten colours")]
    let position = share.clamp(0.0, 1.0) * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 9")]
    let below = (position as usize).min(last - 1);
    #[expect(clippy::cast_precision_loss, reason = "ten colours")]
    let part = position - below as f64;
    let (from, to) = (COLORS[below], COLORS[below + 1]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
    let mix = |from: u8, to: u8| (f64::from(from) + part * (f64::from(to) - f64::from(from))).round() as u8;
    Color::rgb(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::axis::Scale;

    #[test]
    fn colours_run_from_the_first_to_the_last() {
        assert_eq!([color(-1.0), color(0.0), color(1.0)].map(|color| color.rgb), [COLORS[0], COLORS[0], COLORS[9]]);
        // Half-way between (31, 158, 137) and (38, 130, 142).
        assert_eq!(color(0.5).rgb, (35, 144, 140));
    }

    #[test]
    fn colours_are_logarithmic_where_times_differ_much() {
        assert_eq!(color_axis(&[1.0, 9.0]).scale, Scale::Linear);
        assert_eq!(color_axis(&[1.0, 11.0]).scale, Scale::Log);
    }
}
