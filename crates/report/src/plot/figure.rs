//! A whole figure: title and subtitle above, panels with one horizontal axis, legend below.

use crate::font::{self, Weight};
use crate::plot::axis::Axis;
use crate::plot::legend::{Entry, Legend};
use crate::plot::panel::{MARGIN, Panel, X_LABELS_HEIGHT, horizontal_extent};
use crate::plot::scene::{Scene, Text, WIDTH, palette};

const TITLE_EM: f64 = 24.0;
const TITLE_EM_MIN: f64 = 15.0;
const SUBTITLE_EM: f64 = 16.0;
/// Where the panels start, below title and subtitle.
const PANELS_TOP: f64 = 84.0;
/// Room between two panels.
const PANEL_GAP: f64 = 26.0;

/// The title of the horizontal axis of plots of one scenario.
const RANKS: &str = "Ranks (MPI processes)";

/// Returns a figure of one panel over the rank count, drawn by `draw`.
pub(super) fn single(
    title: &str,
    subtitle: &str,
    entries: Vec<Entry>,
    axes: (Axis, Axis),
    draw: impl FnOnce(&mut Scene, &Panel),
) -> Scene {
    single_over(title, subtitle, entries, axes, RANKS, draw)
}

/// Returns a figure of one panel with a horizontal axis of its own title, drawn by `draw`.
pub(super) fn single_over(
    title: &str,
    subtitle: &str,
    entries: Vec<Entry>,
    (x, y): (Axis, Axis),
    x_title: &str,
    draw: impl FnOnce(&mut Scene, &Panel),
) -> Scene {
    let mut scene = Scene::default();
    draw_titles(&mut scene, title, subtitle);
    let legend = Legend::new(entries);
    let (left, right) = horizontal_extent(&[&y]);
    let panel = Panel { left, right, top: PANELS_TOP, bottom: panels_bottom(&legend), x, y };
    draw(&mut scene, &panel);
    panel.draw_x_ticks(&mut scene);
    panel.draw_x_labels(&mut scene, x_title);
    legend.draw(&mut scene);
    scene
}

/// Returns a figure of two panels over the rank count, one above the other, drawn by `draw`; `upper_share` of the height is
/// the upper's.
pub(super) fn double(
    title: &str,
    subtitle: &str,
    entries: Vec<Entry>,
    axes: (Axis, Axis, Axis),
    upper_share: f64,
    draw: impl FnOnce(&mut Scene, &Panel, &Panel),
) -> Scene {
    double_over(title, subtitle, entries, axes, (upper_share, RANKS), draw)
}

/// Returns a figure of two panels, one above the other, with a horizontal axis of its own title.
pub(super) fn double_over(
    title: &str,
    subtitle: &str,
    entries: Vec<Entry>,
    (x, upper_y, lower_y): (Axis, Axis, Axis),
    (upper_share, x_title): (f64, &str),
    draw: impl FnOnce(&mut Scene, &Panel, &Panel),
) -> Scene {
    let mut scene = Scene::default();
    draw_titles(&mut scene, title, subtitle);
    let legend = Legend::new(entries);
    let (left, right) = horizontal_extent(&[&upper_y, &lower_y]);
    let bottom = panels_bottom(&legend);
    let middle = PANELS_TOP + upper_share * (bottom - PANELS_TOP - PANEL_GAP);
    let upper = Panel { left, right, top: PANELS_TOP, bottom: middle, x: x.clone(), y: upper_y };
    let lower = Panel { left, right, top: middle + PANEL_GAP, bottom, x, y: lower_y };
    draw(&mut scene, &upper, &lower);
    upper.draw_x_ticks(&mut scene);
    lower.draw_x_ticks(&mut scene);
    lower.draw_x_labels(&mut scene, x_title);
    legend.draw(&mut scene);
    scene
}

fn panels_bottom(legend: &Legend) -> f64 {
    legend.top() - 10.0 - X_LABELS_HEIGHT
}

/// Draws title and subtitle.
pub(super) fn draw_titles(scene: &mut Scene, title: &str, subtitle: &str) {
    let (title, em) = fitted(title);
    scene.text(Text::new(&title, (MARGIN, 32.0), em).bold());
    scene.text(Text::new(subtitle, (MARGIN, 62.0), SUBTITLE_EM).colored(palette::SOFT_TEXT));
}

/// Returns the title on one line and the size at which it fits; a title too long for the smallest size is cut.
fn fitted(title: &str) -> (String, f64) {
    let room = WIDTH - 2.0 * MARGIN;
    let title: String = title.chars().map(|symbol| if symbol.is_control() { ' ' } else { symbol }).collect();
    let width = font::width(&title, TITLE_EM, Weight::Bold);
    if width <= room {
        return (title, TITLE_EM);
    }
    let em = (TITLE_EM * room / width).max(TITLE_EM_MIN);
    let mut symbols: Vec<char> = title.chars().collect();
    let mut text = title;
    while room < font::width(&text, em, Weight::Bold) && symbols.pop().is_some() {
        text = symbols.iter().collect::<String>().trim_end().to_owned() + "…";
    }
    (text, em)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_shrinks_and_then_is_cut() {
        assert_eq!(fitted("Darts"), ("Darts".to_owned(), TITLE_EM));
        let (shrunk, em) = fitted(&"Throwing darts ".repeat(5));
        assert!(shrunk.ends_with("darts ") && em < TITLE_EM);
        let (cut, em) = fitted(&"Throwing darts ".repeat(50));
        assert!(cut.ends_with('…') && font::width(&cut, em, Weight::Bold) <= WIDTH - 2.0 * MARGIN);
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(fitted("two\nlines").0, "two lines");
    }
}
