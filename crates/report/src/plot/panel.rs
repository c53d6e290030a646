//! A panel: the rectangle between two axes, with grid, labels and what is drawn inside.

use crate::font::{self, Weight};
use crate::plot::axis::Axis;
use crate::plot::scene::{Anchor, Place, Scene, Stroke, Text, WIDTH, palette};

/// Size of tick labels.
const LABEL_EM: f64 = 15.5;
/// Size of axis titles.
const TITLE_EM: f64 = 16.5;
/// Room for the title of a vertical axis, left of its labels.
const TITLE_ROOM: f64 = 36.0;
/// Room between an axis and its labels.
const LABEL_GAP: f64 = 8.0;
/// Margin at both sides of the image.
pub(super) const MARGIN: f64 = 20.0;

/// Two axes and the rectangle between them.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Panel {
    /// Returns where the values `x` and `y` lie in the image.
    pub(super) fn place(&self, x: f64, y: f64) -> Place {
        (self.place_x(x), self.place_y(y))
    }

    /// Returns how far from the left the value `x` lies.
    pub(super) fn place_x(&self, x: f64) -> f64 {
        self.left + self.x.share(x) * (self.right - self.left)
    }

    /// Returns how far from the top the value `y` lies; values outside the axis lie on its nearer end.
    pub(super) fn place_y(&self, y: f64) -> f64 {
        let y = y.clamp(self.y.low, self.y.high);
        self.bottom - self.y.share(y) * (self.bottom - self.top)
    }

    /// Returns the places of a curve as far as it lies between the ends of the vertical axis.
    pub(super) fn clipped(&self, curve: &[(f64, f64)]) -> Vec<Place> {
        let inside = |y: f64| (self.y.low..=self.y.high).contains(&y);
        let mut places = Vec::new();
        for pair in curve.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            if !inside(y0) && !inside(y1) {
                continue;
            }
            for (x, y) in [(x0, y0), (x1, y1)] {
                let limit = y.clamp(self.y.low, self.y.high);
                let share = if inside(y) { 0.0 } else { (limit - y) / (y0 + y1 - 2.0 * y) };
                let place = self.place(x + share * (x0 + x1 - 2.0 * x), limit);
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    /// Draws grid, axes and tick labels, and the title of the vertical axis.
    pub(super) fn draw_frame(&self, scene: &mut Scene, y_title: &str) {
        for tick in &self.y.ticks {
            let y = self.place_y(tick.value);
            scene.line(&[(self.left, y), (self.right, y)], Stroke::solid(palette::GRID, 1.0));
            let label = Text::new(&tick.label, (self.left - LABEL_GAP, y), LABEL_EM);
            scene.text(label.anchored(Anchor::End));
        }
        let corners = [(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)];
        scene.line(&corners, Stroke::solid(palette::AXIS, 1.5));
        let middle = f64::midpoint(self.top, self.bottom);
        scene.text(Text::new(y_title, (MARGIN + 8.0, middle), TITLE_EM).anchored(Anchor::Middle).upwards());
    }

    /// Draws the ticks of the horizontal axis, without labels.
    pub(super) fn draw_x_ticks(&self, scene: &mut Scene) {
        for tick in &self.x.ticks {
            let x = self.place_x(tick.value);
            scene.line(&[(x, self.bottom), (x, self.bottom + 5.0)], Stroke::solid(palette::AXIS, 1.5));
        }
    }

    /// Draws the labels of the horizontal axis and its title.
    pub(super) fn draw_x_labels(&self, scene: &mut Scene, x_title: &str) {
        for tick in &self.x.ticks {
            let place = (self.place_x(tick.value), self.bottom + 18.0);
            scene.text(Text::new(&tick.label, place, LABEL_EM).anchored(Anchor::Middle));
        }
        let middle = f64::midpoint(self.left, self.right);
        scene.text(Text::new(x_title, (middle, self.bottom + 44.0), TITLE_EM).anchored(Anchor::Middle));
    }
}

/// Height of the labels and the title of a horizontal axis.
pub(super) const X_LABELS_HEIGHT: f64 = 55.0;

/// Returns the left and right end of panels with these vertical axes, so that every label fits.
pub(super) fn horizontal_extent(y_axes: &[&Axis]) -> (f64, f64) {
    let widest = y_axes
        .iter()
        .flat_map(|axis| &axis.ticks)
        .map(|tick| font::width(&tick.label, LABEL_EM, Weight::Regular))
        .fold(0.0, f64::max);
    (MARGIN + TITLE_ROOM + widest, WIDTH - MARGIN - 8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 x 100 pixels for 0 to 10 on both axes.
    fn square() -> Panel {
        let (x, y) = (Axis::linear(0.0, 10.0, 6.0), Axis::linear(0.0, 10.0, 6.0));
        Panel { left: 0.0, right: 100.0, top: 0.0, bottom: 100.0, x, y }
    }

    #[test]
    fn large_values_lie_high() {
        assert_eq!(square().place(2.0, 8.0), (20.0, 20.0));
    }

    #[test]
    fn a_curve_is_cut_where_it_leaves_the_panel() {
        // From (0, 5) to (10, 15): leaves at y = 10, half-way, x = 5.
        assert_eq!(square().clipped(&[(0.0, 5.0), (10.0, 15.0)]), [(0.0, 50.0), (50.0, 0.0)]);
        assert_eq!(square().clipped(&[(0.0, 15.0), (10.0, 5.0)]), [(50.0, 0.0), (100.0, 50.0)]);
        assert_eq!(square().clipped(&[(0.0, 11.0), (10.0, 12.0)]), []);
    }
}
