//! A drawing as a list of shapes: what to draw, apart from the backend that draws it.
//!
//! Coordinates are in pixels of a 960 x 600 image, from the top left; backends scale them.

use dlpc_engine::maths;

use crate::font::Weight;
use dlpc_predict::plain_text::one_line;

/// Width of every plot.
pub(super) const WIDTH: f64 = 960.0;
/// Height of every plot.
pub(super) const HEIGHT: f64 = 600.0;

/// Place in the image: x to the right, y down.
pub(super) type Place = (f64, f64);

/// A colour that is mixed with what lies below it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Color {
    pub(super) rgb: (u8, u8, u8),
    pub(super) opacity: f64,
}

impl Color {
    /// Returns an opaque colour.
    pub(super) const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self { rgb: (red, green, blue), opacity: 1.0 }
    }

    /// Returns this colour with another opacity.
    pub(super) const fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

/// Colours that people with any kind of colour vision can tell apart.
///
/// Each two hues differ by at least [`APART`](palette::APART) to each kind of colour vision, and from the background of
/// light and dark pages; `color_vision` computes it. They are those nearest to Okabe and Ito, "Color Universal Design"
/// (2008), and Paul Tol's muted scheme for which that holds.
pub(super) mod palette {
    use super::Color;

    /// Least difference CIEDE2000 of two colours that may touch.
    #[cfg(test)]
    pub(crate) const APART: f64 = 12.0;
    /// Least difference CIEDE2000 of a colour from what it is drawn on.
    #[cfg(test)]
    pub(crate) const SEEN: f64 = 10.0;

    pub(crate) const WHITE: Color = Color::rgb(255, 255, 255);
    pub(crate) const BLACK: Color = Color::rgb(0, 0, 0);
    pub(crate) const TEXT: Color = Color::rgb(40, 40, 40);
    pub(crate) const SOFT_TEXT: Color = Color::rgb(95, 95, 95);
    pub(crate) const AXIS: Color = Color::rgb(90, 90, 90);
    pub(crate) const GRID: Color = Color::rgb(226, 226, 226);

    pub(crate) const BLUE: Color = Color::rgb(16, 102, 160);
    pub(crate) const DARK_GREY: Color = Color::rgb(89, 86, 76);
    pub(crate) const ORANGE: Color = Color::rgb(234, 178, 97);
    pub(crate) const VERMILION: Color = Color::rgb(172, 78, 4);
    pub(crate) const PURPLE: Color = Color::rgb(180, 113, 154);
    pub(crate) const YELLOW: Color = Color::rgb(245, 232, 3);
    pub(crate) const GREEN: Color = Color::rgb(2, 143, 102);
    pub(crate) const TEAL: Color = Color::rgb(77, 181, 150);
    pub(crate) const SKY_BLUE: Color = Color::rgb(145, 210, 255);
    pub(crate) const INDIGO: Color = Color::rgb(45, 35, 160);
    pub(crate) const LIGHT_GREY: Color = Color::rgb(172, 179, 193);
    pub(crate) const WINE: Color = Color::rgb(121, 32, 85);
    pub(crate) const OLIVE: Color = Color::rgb(151, 149, 25);
    pub(crate) const ROSE: Color = Color::rgb(236, 82, 113);
    pub(crate) const PALE: Color = Color::rgb(213, 209, 204);
}

/// Which point of a text its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Which way a text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Right,
    Up,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Line { places: Vec<Place>, color: Color, width: f64 },
    Area { places: Vec<Place>, color: Color },
    Dot { center: Place, radius: f64, color: Color },
    Text(Text),
}

/// A line of text, vertically centred on its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) content: String,
    pub(super) place: Place,
    /// Size of an em.
    pub(super) em: f64,
    pub(super) weight: Weight,
    pub(super) color: Color,
    pub(super) anchor: Anchor,
    pub(super) direction: Direction,
}

impl Text {
    /// Returns a regular text that starts at `place` and runs to the right.
    pub(super) fn new(text: &str, place: Place, em: f64) -> Self {
        Self {
            content: one_line(text),
            place,
            em,
            weight: Weight::Regular,
            color: palette::TEXT,
            anchor: Anchor::Start,
            direction: Direction::Right,
        }
    }

    /// Returns this text with another anchor.
    pub(super) fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// Returns this text in another colour.
    pub(super) fn colored(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Returns this text in bold.
    pub(super) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    /// Returns this text turned to run upwards.
    pub(super) fn upwards(self) -> Self {
        Self { direction: Direction::Up, ..self }
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub(super) color: Color,
    pub(super) width: f64,
    pub(super) pattern: Pattern,
}

/// Whether a line has gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    Solid,
    Dashed,
}

impl Stroke {
    /// Returns a line without gaps.
    pub(super) const fn solid(color: Color, width: f64) -> Self {
        Self { color, width, pattern: Pattern::Solid }
    }

    /// Returns a dashed line.
    pub(super) const fn dashed(color: Color, width: f64) -> Self {
        Self { color, width, pattern: Pattern::Dashed }
    }
}

/// Shapes, the later on top of the earlier.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    /// Adds a line through `places`.
    pub(super) fn line(&mut self, places: &[Place], stroke: Stroke) {
        let pieces = match stroke.pattern {
            Pattern::Solid => vec![places.to_vec()],
            Pattern::Dashed => dashes(places),
        };
        let Stroke { color, width, .. } = stroke;
        self.shapes.extend(pieces.into_iter().map(|places| Shape::Line { places, color, width }));
    }

    /// Adds a filled polygon.
    pub(super) fn area(&mut self, places: Vec<Place>, color: Color) {
        self.shapes.push(Shape::Area { places, color });
    }

    /// Adds a filled rectangle between two corners.
    pub(super) fn rectangle(&mut self, a: Place, b: Place, color: Color) {
        self.area(vec![a, (b.0, a.1), b, (a.0, b.1)], color);
    }

    /// Adds a filled circle.
    pub(super) fn dot(&mut self, center: Place, radius: f64, color: Color) {
        self.shapes.push(Shape::Dot { center, radius, color });
    }

    /// Adds a text.
    pub(super) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }
}

/// Cuts a line into dashes of 8 pixels with gaps of 6.
fn dashes(places: &[Place]) -> Vec<Vec<Place>> {
    const DASH: f64 = 8.0;
    const PERIOD: f64 = 14.0;
    let distances = distances(places);
    let length = distances.last().copied().unwrap_or(0.0);
    std::iter::successors(Some(0.0), |start| Some(start + PERIOD))
        .take_while(|start| *start < length)
        .map(|start| section(places, &distances, start, (start + DASH).min(length)))
        .collect()
}

/// Returns how far along the line each of its places lies.
fn distances(places: &[Place]) -> Vec<f64> {
    let mut travelled = 0.0;
    let mut distances = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let previous = places[index.saturating_sub(1)];
        travelled += maths::hypot(place.0 - previous.0, place.1 - previous.1);
        distances.push(travelled);
    }
    distances
}

/// Returns the part of a line between two distances from its start.
fn section(places: &[Place], distances: &[f64], start: f64, end: f64) -> Vec<Place> {
    let at = |distance: f64| {
        let next = distances.partition_point(|passed| *passed < distance).clamp(1, places.len() - 1);
        let (from, to) = (places[next - 1], places[next]);
        let share = (distance - distances[next - 1]) / (distances[next] - distances[next - 1]);
        (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
    };
    let corners = places.iter().zip(distances).filter(|(_, passed)| start < **passed && **passed < end);
    std::iter::once(at(start)).chain(corners.map(|(place, _)| *place)).chain(std::iter::once(at(end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashed_line_has_gaps_and_ends_within_the_line() {
        // 30 px: dashes 0-8, 14-22, 28-30
        let dashes = dashes(&[(0.0, 0.0), (30.0, 0.0)]);
        let ends: Vec<(f64, f64)> = dashes.iter().map(|dash| (dash[0].0, dash[dash.len() - 1].0)).collect();
        assert_eq!(ends, [(0.0, 8.0), (14.0, 22.0), (28.0, 30.0)]);
    }

    #[test]
    fn a_dash_follows_a_corner() {
        assert_eq!(dashes(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]), [[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]]);
    }

    #[test]
    fn a_line_without_length_has_no_dashes() {
        assert!(dashes(&[(5.0, 5.0), (5.0, 5.0)]).is_empty());
    }
}
