//! Clouds of samples with the lines of the model, their errors below, and the borders of segments across both.

use dlpc_engine::stats;

use crate::font::{self, Weight};
use crate::plot::axis::Axis;
use crate::plot::figure;
use crate::plot::legend::{Entry, Symbol};
use crate::plot::mark;
use crate::plot::panel::Panel;
use crate::plot::scene::{Color, Scene, Stroke, Text, palette};

/// Radius of a sample, and that of one of few.
const RADII: (f64, f64) = (3.25, 5.5);
/// Most samples that are few.
const FEW: usize = 60;
/// How much a sample hides of what lies below it.
const OPACITY: f64 = 0.5;
/// Share of many errors that the lower panel shows; the others lie at its edge.
const SHOWN: f64 = 0.97;
/// How dark a line is, beside its samples.
const SHADE: f64 = 0.62;
/// Least and largest range of errors, in percent.
const ERROR_RANGE: (f64, f64) = (3.0, 120.0);
/// Size of the labels of borders, and in how many rows they are where they are close.
const LABEL_EM: f64 = 13.5;
const LABEL_ROWS: usize = 4;

/// Colours of clouds, in their order.
const COLORS: [Color; 6] =
    [palette::BLUE, palette::ORANGE, palette::GREEN, palette::PURPLE, palette::VERMILION, palette::INDIGO];

/// One sample of a cloud.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Half-width of the interval of the measured value.
    pub(super) half: f64,
    pub(super) relative_error: f64,
    pub(super) is_outlier: bool,
}

/// Samples of one kind and what the model makes of them.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) label: String,
    pub(super) dots: Vec<Dot>,
    pub(super) lines: Vec<Vec<(f64, f64)>>,
}

/// A place on the horizontal axis where something changes.
#[derive(Debug, Clone)]
pub(super) struct Border {
    pub(super) x: f64,
    pub(super) label: String,
    pub(super) is_eager_limit: bool,
}

/// A value that the clouds are compared with.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) y: f64,
    pub(super) label: String,
}

/// All that a figure shows.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) clouds: Vec<Cloud>,
    pub(super) borders: Vec<Border>,
    pub(super) level: Option<Level>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_title: String,
    pub(super) y_title: String,
    /// What the reader has to know.
    pub(super) remark: String,
}

impl Picture {
    /// Draws it.
    pub(super) fn scene(&self, title: &str, caption: &str) -> Scene {
        let errors = Axis::linear(-self.error_limit(), self.error_limit(), 6.0);
        let axes = (self.x.clone(), self.y.clone(), errors);
        let subtitle = if self.remark.is_empty() { caption.to_owned() } else { format!("{caption}; {}", self.remark) };
        figure::double_over(title, &subtitle, self.legend(), axes, (0.62, &self.x_title), |scene, upper, lower| {
            upper.draw_frame(scene, &self.y_title);
            lower.draw_frame(scene, "Error [%]");
            self.draw_borders(scene, upper, lower);
            let zero = [lower.place(lower.x.low, 0.0), lower.place(lower.x.high, 0.0)];
            scene.line(&zero, Stroke::solid(palette::DARK_GREY, 1.5));
            self.draw_level(scene, upper);
            let radius = if self.n_dots() <= FEW { RADII.1 } else { RADII.0 };
            for (cloud, color) in self.colored() {
                for dot in &cloud.dots {
                    let look = Look { color, radius, is_outlier: dot.is_outlier };
                    mark::draw_bar(scene, upper, dot.x, dot.y - dot.half, dot.y + dot.half);
                    look.draw(scene, upper, (dot.x, dot.y));
                    look.draw(scene, lower, (dot.x, 100.0 * dot.relative_error));
                }
            }
            for (cloud, color) in self.colored() {
                for line in &cloud.lines {
                    scene.line(&upper.clipped(line), Stroke::solid(shaded(color), 2.0));
                }
            }
        })
    }

    fn n_dots(&self) -> usize {
        self.clouds.iter().map(|cloud| cloud.dots.len()).sum()
    }

    fn colored(&self) -> impl Iterator<Item = (&Cloud, Color)> {
        self.clouds.iter().zip(COLORS.into_iter().cycle())
    }

    fn legend(&self) -> Vec<Entry> {
        let swatch = |(cloud, color): (&Cloud, Color)| Entry::new(Symbol::Swatch(color), &cloud.label);
        let mut entries: Vec<Entry> = self.colored().map(swatch).collect();
        entries.push(Entry::new(Symbol::Mark(example), "sample"));
        entries.push(Entry::new(Symbol::Line(Stroke::solid(palette::DARK_GREY, 2.5)), "fitted model"));
        if self.clouds.iter().flat_map(|cloud| &cloud.dots).any(|dot| dot.is_outlier) {
            entries.push(Entry::new(Symbol::Mark(outlier_example), "outlier"));
        }
        if self.borders.iter().any(|border| !border.is_eager_limit) {
            entries.push(Entry::new(Symbol::Line(Stroke::dashed(palette::AXIS, 1.5)), "segment border"));
        }
        entries
    }

    /// Returns the range of errors in percent that shows nearly all samples.
    fn error_limit(&self) -> f64 {
        let errors: Vec<f64> =
            self.clouds.iter().flat_map(|cloud| &cloud.dots).map(|dot| dot.relative_error.abs()).collect();
        let shown = if errors.len() <= FEW { 1.0 } else { SHOWN };
        let most = if errors.is_empty() { 0.0 } else { 100.0 * stats::quantile(&errors, shown) };
        (1.15 * most).clamp(ERROR_RANGE.0, ERROR_RANGE.1)
    }

    fn draw_borders(&self, scene: &mut Scene, upper: &Panel, lower: &Panel) {
        let mut borders: Vec<&Border> = self.borders.iter().collect();
        borders.sort_by(|a, b| a.x.total_cmp(&b.x));
        // Where the labels of each row end.
        let mut ends = [0.0; LABEL_ROWS];
        for border in borders {
            let x = upper.place_x(border.x);
            let (stroke, color) = if border.is_eager_limit {
                (Stroke::solid(palette::VERMILION, 1.5), palette::VERMILION)
            } else {
                (Stroke::dashed(palette::AXIS, 1.25), palette::SOFT_TEXT)
            };
            for panel in [upper, lower] {
                scene.line(&[(x, panel.top), (x, panel.bottom)], stroke);
            }
            let width = font::width(&border.label, LABEL_EM, Weight::Regular);
            let left = (x + 5.0).min(upper.right - width);
            let row = ends.iter().position(|end| *end < left).unwrap_or(0);
            ends[row] = left + width + 6.0;
            let y = upper.top + 9.0 + 18.0 * row_number(row);
            scene.text(Text::new(&border.label, (left, y), LABEL_EM).colored(color));
        }
    }

    fn draw_level(&self, scene: &mut Scene, panel: &Panel) {
        let Some(level) = &self.level else { return };
        let ends = [panel.place(panel.x.low, level.y), panel.place(panel.x.high, level.y)];
        scene.line(&ends, Stroke::dashed(palette::DARK_GREY, 1.75));
        let place = (panel.left + 8.0, ends[0].1 - 11.0);
        scene.text(Text::new(&level.label, place, LABEL_EM).colored(palette::SOFT_TEXT));
    }
}

/// How a sample is drawn.
#[derive(Clone, Copy)]
struct Look {
    color: Color,
    radius: f64,
    is_outlier: bool,
}

impl Look {
    /// Draws a sample: a disc, a diamond for an outlier, a triangle at the edge for one beyond it.
    fn draw(self, scene: &mut Scene, panel: &Panel, (x, y): (f64, f64)) {
        let center = panel.place(x, y);
        // Down the image is where values are small.
        let inwards = if y > panel.y.high { 1.0 } else { -1.0 };
        if y > panel.y.high || y < panel.y.low {
            let (x, tip) = (center.0, center.1 + 2.0 * inwards);
            let base = tip + 7.0 * inwards;
            scene.area(vec![(x, tip), (x - 4.5, base), (x + 4.5, base)], self.color.with_opacity(0.8));
        } else if self.is_outlier {
            diamond(scene, center, self.color);
        } else {
            scene.dot(center, self.radius, self.color.with_opacity(OPACITY));
        }
    }
}

/// Returns a darker colour of the same hue.
fn shaded(color: Color) -> Color {
    let shade = |channel: u8| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let shaded = (f64::from(channel) * SHADE).round() as u8;
        shaded
    };
    let (red, green, blue) = color.rgb;
    Color::rgb(shade(red), shade(green), shade(blue))
}

fn diamond(scene: &mut Scene, (x, y): (f64, f64), color: Color) {
    let corners = |radius: f64| vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
    scene.area(corners(6.0), color);
    scene.area(corners(3.25), palette::WHITE);
}

#[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
fn row_number(row: usize) -> f64 {
    row as f64
}

fn example(scene: &mut Scene, center: (f64, f64)) {
    scene.dot(center, 4.5, palette::DARK_GREY.with_opacity(0.7));
}

fn outlier_example(scene: &mut Scene, center: (f64, f64)) {
    diamond(scene, center, palette::DARK_GREY);
}

/// Returns a logarithmic axis of sizes, its ticks in B, KiB and MiB.
pub(super) fn size_axis(clouds: &[Cloud]) -> Axis {
    let sizes = || clouds.iter().flat_map(|cloud| &cloud.dots).map(|dot| dot.x);
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(1.0, f64::max));
    let mut axis = Axis::powers_of_two(least.min(most) / 1.25, most * 1.25);
    for tick in &mut axis.ticks {
        tick.label = size_label(tick.value);
    }
    axis
}

/// Returns a size in the largest binary unit in which it is at least one.
pub(super) fn size_label(bytes: f64) -> String {
    let units = [(1_048_576.0, "MiB"), (1024.0, "KiB")];
    let (scale, unit) = units.into_iter().find(|(scale, _)| *scale <= bytes).unwrap_or((1.0, "B"));
    format!("{} {unit}", dlpc_engine::units::significant(bytes / scale, 3))
}

/// Returns a logarithmic axis that holds the samples of all clouds.
pub(super) fn log_axis(clouds: &[Cloud]) -> Axis {
    let values = || clouds.iter().flat_map(|cloud| &cloud.dots).map(|dot| dot.y).filter(|y| *y > 0.0);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    if least.is_finite() { Axis::powers_of_ten(least / 1.4, most * 1.8) } else { Axis::from_zero(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_labelled_in_binary_units() {
        assert_eq!(size_label(16.0), "16 B");
        assert_eq!(size_label(65_536.0), "64 KiB");
        assert_eq!(size_label(4_194_304.0), "4 MiB");
        assert_eq!(size_label(304.0), "304 B");
    }
}
