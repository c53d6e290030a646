//! Hands a scene to plotters: as SVG text or as PNG bytes, in memory.

use plotters::coord::Shift;
use plotters::prelude::{BitMapBackend, Circle, DrawingArea, DrawingBackend, IntoDrawingArea, Polygon, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontTransform, RGBAColor, ShapeStyle, TextStyle};

use crate::font;
use crate::plot::scene::{Anchor, Color, Direction, HEIGHT, Place, Scene, Shape, Text, WIDTH};
use dlpc_predict::plain_text::one_line;

/// How a backend differs from the scene.
#[derive(Clone, Copy)]
struct Target {
    /// Backend pixels per scene pixel.
    scale: f64,
    /// What the backend calls font size, over the size of an em.
    font_size_per_em: f64,
    /// From where the backend puts the vertical middle of a text to the middle of its capitals, over the size of an em.
    middle_shift: f64,
    text: TextDrawing,
}

/// Who places the glyphs of a text.
#[derive(Clone, Copy)]
enum TextDrawing {
    /// The reader of the file.
    Whole,
    /// This module, because plotters puts the ink of each glyph at the pen.
    Glyphs,
}

/// Backends take whole pixels: a quarter of a pixel in the image is fine enough.
///
/// plotters divides the size of SVG text by 1.24; `dy="0.5ex"` with the x-height of 0.547 em puts the baseline 0.274 em
/// below the place, and capitals are 0.729 em high.
const SVG: Target =
    Target { scale: 4.0, font_size_per_em: 1.24, middle_shift: 0.729 / 2.0 - 0.547 / 2.0, text: TextDrawing::Whole };

/// Twice the size of the image and drawn at four times, because plotters draws some shapes with hard edges.
///
/// The baseline lies half a font size (0.582 em) below the top of the box, and the box is 1.164 / 1.24 em high.
const BITMAP: Target = Target {
    scale: 4.0,
    font_size_per_em: font::HEIGHT_PER_EM,
    middle_shift: 0.729 / 2.0 - (font::HEIGHT_PER_EM / 2.0 - font::HEIGHT_PER_EM / 1.24 / 2.0),
    text: TextDrawing::Glyphs,
};

/// Returns the scene as an SVG document whose `<title>`, for screen readers, is `title`.
pub(super) fn svg(scene: &Scene, title: &str) -> String {
    let (width, height) = SVG.size();
    let mut document = String::new();
    {
        let area = SVGBackend::with_string(&mut document, (width, height)).into_drawing_area();
        paint(scene, &area, SVG);
    }
    let old = format!("<svg width=\"{width}\" height=\"{height}\"");
    let new = format!("<svg role=\"img\" width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    assert!(document.starts_with(&old), "bug: plotters starts an SVG document in another way");
    let document = document.replacen(&old, &new, 1);
    document.replacen(">\n", &format!(">\n<title>{}</title>\n", escaped(title)), 1)
}

/// Returns the scene as a PNG file of 1920 x 1200 pixels.
pub(super) fn png(scene: &Scene) -> Vec<u8> {
    let (width, height) = BITMAP.size();
    let mut pixels = vec![255; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(scene, &area, BITMAP);
    }
    encoded(&halved(&pixels, width as usize), width / 2, height / 2)
}

/// Returns 8-bit RGB pixels, rows from the top, as a PNG file.
///
/// Plots are mostly rows equal to the row above, so one filter suits all rows.
pub(super) fn encoded(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::Up);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels))
        .expect("invariant: memory takes any image, and the pixels are as many as the header says");
    file
}

/// Returns the image at half its width and height: each pixel is the mean of four.
fn halved(pixels: &[u8], width: usize) -> Vec<u8> {
    let row_length = 3 * width;
    let mean = |upper: &[u8], lower: &[u8], channel: usize| {
        let sum: u16 = [upper, lower].iter().flat_map(|row| [row[channel], row[channel + 3]]).map(u16::from).sum();
        ((sum + 2) / 4).to_le_bytes()[0]
    };
    pixels
        .chunks_exact(2 * row_length)
        .flat_map(|rows| {
            let (upper, lower) = rows.split_at(row_length);
            upper.chunks_exact(6).zip(lower.chunks_exact(6))
        })
        .flat_map(|(upper, lower)| [0, 1, 2].map(|channel| mean(upper, lower, channel)))
        .collect()
}

impl Target {
    fn size(self) -> (u32, u32) {
        (self.length(WIDTH), self.length(HEIGHT))
    }

    fn place(self, place: Place) -> (i32, i32) {
        (self.coordinate(place.0), self.coordinate(place.1))
    }

    fn coordinate(self, coordinate: f64) -> i32 {
        assert!(coordinate.is_finite(), "bug: a coordinate of a plot is {coordinate}");
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let rounded = (coordinate * self.scale).round() as i32;
        rounded
    }

    fn length(self, length: f64) -> u32 {
        self.coordinate(length).unsigned_abs()
    }
}

fn paint<DB: DrawingBackend>(scene: &Scene, area: &DrawingArea<DB, Shift>, target: Target) {
    area.fill(&plotters::style::WHITE).expect("invariant: memory takes any drawing");
    for shape in &scene.shapes {
        draw(shape, area, target);
    }
    area.present().expect("invariant: memory takes any drawing");
}

fn draw<DB: DrawingBackend>(shape: &Shape, area: &DrawingArea<DB, Shift>, target: Target) {
    let places = |places: &[Place]| places.iter().map(|place| target.place(*place)).collect::<Vec<_>>();
    let drawn = match shape {
        Shape::Line { places: line, color, width } => {
            let style = ShapeStyle { color: rgba(*color), filled: false, stroke_width: target.length(*width) };
            area.draw(&plotters::element::PathElement::new(places(line), style))
        }
        Shape::Area { places: corners, color } => area.draw(&Polygon::new(places(corners), rgba(*color).filled())),
        Shape::Dot { center, radius, color } => {
            area.draw(&Circle::new(target.place(*center), target.length(*radius), rgba(*color).filled()))
        }
        Shape::Text(text) => draw_text(text, area, target),
    };
    drawn.expect("invariant: memory takes any drawing, and the font is embedded");
}

type Drawn<DB> = Result<(), plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Draws a text; in bitmaps glyph by glyph, each at its own bearing.
fn draw_text<DB: DrawingBackend>(text: &Text, area: &DrawingArea<DB, Shift>, target: Target) -> Drawn<DB> {
    match target.text {
        TextDrawing::Whole => draw_whole(text, area, target),
        TextDrawing::Glyphs => glyphs(text).iter().try_for_each(|glyph| draw_whole(glyph, area, target)),
    }
}

/// Cuts a text into texts of one glyph that lie where plotters should put their ink.
fn glyphs(text: &Text) -> Vec<Text> {
    let width = |part: &str| font::width(part, text.em, text.weight);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width(&text.content) / 2.0,
        Anchor::End => -width(&text.content),
    };
    let glyph = |(index, symbol): (usize, char)| {
        let ahead = start + width(&text.content[..index]) + font::left_bearing(symbol, text.em, text.weight);
        let place = match text.direction {
            Direction::Right => (text.place.0 + ahead, text.place.1),
            Direction::Up => (text.place.0, text.place.1 - ahead),
        };
        Text { content: symbol.to_string(), place, anchor: Anchor::Start, ..text.clone() }
    };
    text.content.char_indices().filter(|(_, symbol)| !symbol.is_whitespace()).map(glyph).collect()
}

fn draw_whole<DB: DrawingBackend>(text: &Text, area: &DrawingArea<DB, Shift>, target: Target) -> Drawn<DB> {
    let h_pos = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let shift = target.middle_shift * text.em;
    let (transform, place) = match text.direction {
        Direction::Right => (FontTransform::None, (text.place.0, text.place.1 + shift)),
        Direction::Up => (FontTransform::Rotate270, (text.place.0 + shift, text.place.1)),
    };
    let size = target.font_size_per_em * text.em * target.scale;
    let color = rgba(text.color);
    let style = TextStyle::from(font::sized(size, text.weight).transform(transform))
        .color(&color)
        .pos(Pos::new(h_pos, VPos::Center));
    area.draw(&plotters::element::Text::new(text.content.as_str(), target.place(place), style))
}

fn rgba(color: Color) -> RGBAColor {
    let (red, green, blue) = color.rgb;
    RGBAColor(red, green, blue, color.opacity)
}

fn escaped(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
