//! The darts of a real run: a picture of their board, and their coordinates as CSV.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::prelude::{BitMapBackend, Circle, DrawingArea, DrawingBackend, IntoDrawingArea, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, RGBColor, TextStyle, WHITE};

use super::paint;
use super::scene::{self, palette};
use crate::font::{self, Weight};
use dlpc_predict::calibration::work::Record;

/// Side of the board, and the space around it.
const BOARD: i32 = 1000;
const MARGIN: i32 = 40;
/// Space above the board for the title.
const TITLE: i32 = 80;
const WIDTH: i32 = BOARD + 2 * MARGIN;
const HEIGHT: i32 = BOARD + MARGIN + TITLE;

const INSIDE: RGBColor = rgb(palette::BLUE);
const OUTSIDE: RGBColor = rgb(palette::VERMILION);

const fn rgb(color: scene::Color) -> RGBColor {
    let (red, green, blue) = color.rgb;
    RGBColor(red, green, blue)
}

/// Returns the board with a point for each dart as a PNG file.
///
/// # Panics
/// If there are no records.
#[must_use]
pub fn png(records: &[Record]) -> Vec<u8> {
    assert!(!records.is_empty(), "bug: a board without darts");
    let (width, height) = (WIDTH.unsigned_abs(), HEIGHT.unsigned_abs());
    let mut pixels = vec![255; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(records, &area).expect("invariant: memory takes any drawing, and the font is embedded");
    }
    paint::encoded(&pixels, width, height)
}

type Drawn<DB> = Result<(), plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

fn draw<DB: DrawingBackend>(records: &[Record], area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
    area.fill(&WHITE)?;
    for Record { dart, .. } in records {
        let color = if dart.is_inside { INSIDE } else { OUTSIDE };
        area.draw_pixel(place(dart.x, dart.y), &color)?;
    }
    area.draw(&Rectangle::new([place(-1.0, 1.0), place(1.0, -1.0)], BLACK.stroke_width(1)))?;
    area.draw(&Circle::new(place(0.0, 0.0), BOARD / 2, BLACK.stroke_width(2)))?;
    let style = TextStyle::from(font::sized(34.0, Weight::Regular)).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&plotters::element::Text::new(title(records), (WIDTH / 2, TITLE / 2), style))
}

fn title(records: &[Record]) -> String {
    let inside = records.iter().filter(|record| record.dart.is_inside).count();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let pi = 4.0 * inside as f64 / records.len() as f64;
    format!("{inside} of {} darts in the circle: π ≈ {pi:.4}", records.len())
}

/// Returns the pixel of a point of the board.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn place(x: f64, y: f64) -> (i32, i32) {
    let half = f64::from(BOARD / 2);
    (MARGIN + ((1.0 + x) * half).round() as i32, TITLE + ((1.0 - y) * half).round() as i32)
}

/// Returns the darts as CSV, in the order of the records.
///
/// # Panics
/// Never: text takes any text.
#[must_use]
pub fn csv(records: &[Record]) -> String {
    let mut text = "rank,index,x,y,inside\n".to_owned();
    for Record { index, rank, dart } in records {
        let inside = u8::from(dart.is_inside);
        writeln!(text, "{rank},{index},{},{},{inside}", dart.x, dart.y).expect("invariant: a string takes any text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlpc_predict::calibration::work::{Dart, stream, throw_and_store};

    #[test]
    fn the_board_is_a_png_of_its_size_and_the_same_each_time() {
        let mut records = Vec::new();
        throw_and_store(&mut stream(1, 0), 0, 1000, &mut records);
        let png = super::png(&records);
        let sizes = [WIDTH, HEIGHT].map(|size| size.unsigned_abs().to_be_bytes());
        assert_eq!((&png[16..20], &png[20..24]), (&sizes[0][..], &sizes[1][..]));
        assert_eq!(png, super::png(&records));
    }

    #[test]
    fn corners_of_the_board_lie_in_the_picture() {
        assert_eq!((place(-1.0, 1.0), place(1.0, -1.0)), ((40, 80), (1040, 1080)));
        assert_eq!(place(0.0, 0.0), (540, 580));
    }

    #[test]
    fn each_dart_is_a_row() {
        let dart = Dart { x: 0.25, y: -0.5, is_inside: true };
        assert_eq!(csv(&[Record { index: 7, rank: 2, dart }]), "rank,index,x,y,inside\n2,7,0.25,-0.5,1\n");
    }
}
