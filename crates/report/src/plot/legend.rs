//! The legend: entries in rows below the panels, so that it hides nothing.

use crate::font::{self, Weight};
use crate::plot::panel::MARGIN;
use crate::plot::scene::{Color, HEIGHT, Place, Scene, Stroke, Text, WIDTH};

const EM: f64 = 15.0;
const ROW_HEIGHT: f64 = 24.0;
const SYMBOL_GAP: f64 = 8.0;
const ENTRY_GAP: f64 = 24.0;

/// What stands before the text of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Symbol {
    Line(Stroke),
    Swatch(Color),
    Mark(fn(&mut Scene, Place)),
    /// Nothing: a remark.
    None,
}

impl Symbol {
    /// Returns the width of the symbol and of the gap after it.
    const fn room(self) -> f64 {
        match self {
            Self::Line(_) => 36.0 + SYMBOL_GAP,
            Self::Swatch(_) => 24.0 + SYMBOL_GAP,
            Self::Mark(_) => 14.0 + SYMBOL_GAP,
            Self::None => 0.0,
        }
    }
}

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    symbol: Symbol,
    text: String,
}

impl Entry {
    /// Returns an entry.
    pub(super) fn new(symbol: Symbol, text: &str) -> Self {
        Self { symbol, text: text.to_owned() }
    }

    fn width(&self) -> f64 {
        self.symbol.room() + font::width(&self.text, EM, Weight::Regular)
    }

    fn draw(&self, scene: &mut Scene, left: f64, y: f64) {
        let right = left + self.symbol.room() - SYMBOL_GAP;
        match self.symbol {
            Symbol::Line(stroke) => scene.line(&[(left, y), (right, y)], stroke),
            Symbol::Swatch(color) => scene.rectangle((left, y - 7.0), (right, y + 7.0), color),
            Symbol::Mark(draw) => draw(scene, (f64::midpoint(left, right), y)),
            Symbol::None => {}
        }
        let text_left = left + self.symbol.room();
        scene.text(Text::new(&self.text, (text_left, y), EM));
    }
}

/// A legend laid out in rows.
#[derive(Debug)]
pub(super) struct Legend {
    rows: Vec<Vec<Entry>>,
}

impl Legend {
    /// Lays the entries out in rows that fit between the margins.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let mut rows: Vec<Vec<Entry>> = vec![Vec::new()];
        let mut used = 0.0;
        for entry in entries {
            let width = entry.width() + ENTRY_GAP;
            if room < used + width - ENTRY_GAP {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += width;
            rows.last_mut().expect("invariant: at least one row").push(entry);
        }
        Self { rows }
    }

    /// Returns how far from the top of the image the legend starts.
    pub(super) fn top(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
        let n_rows = self.rows.len() as f64;
        HEIGHT - 12.0 - n_rows * ROW_HEIGHT
    }

    /// Draws the legend at the bottom of the image, centred.
    pub(super) fn draw(&self, scene: &mut Scene) {
        let mut y = self.top() + ROW_HEIGHT / 2.0;
        for row in &self.rows {
            let width: f64 = row.iter().map(|entry| entry.width() + ENTRY_GAP).sum::<f64>() - ENTRY_GAP;
            let mut left = (WIDTH - width) / 2.0;
            for entry in row {
                entry.draw(scene, left, y);
                left += entry.width() + ENTRY_GAP;
            }
            y += ROW_HEIGHT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::scene::palette;

    #[test]
    fn entries_that_do_not_fit_go_to_the_next_row() {
        let entry = Entry::new(Symbol::Swatch(palette::BLUE), "waiting for the producer of log files");
        assert_eq!(Legend::new(vec![entry.clone(); 2]).rows.len(), 1);
        // Each is 300 to 400 pixels wide, and a row has 920.
        assert_eq!(Legend::new(vec![entry; 7]).rows.len(), 4);
    }
}
