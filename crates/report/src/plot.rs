//! Plots as SVG text or PNG bytes: both come from the same scene.

pub mod dart_board;
pub mod fit;
pub mod overlay;
pub mod sweep;
mod tick;

mod axis;
mod breakdown;
#[cfg(test)]
mod color_vision;
mod curves;
mod errors;
mod figure;
mod heat_map;
mod legend;
pub(super) mod mark;
mod paint;
mod panel;
mod scene;

use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::{Cause, Curve};
use dlpc_predict::measurement::Measurement;
use scene::Scene;

/// What a plot shows of a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// Makespan over the rank count.
    Time,
    /// Speedup over the rank count.
    Speedup,
    /// Where the time goes at each rank count.
    Breakdown,
    /// Predicted and measured times, and the relative errors.
    Comparison,
}

impl Plot {
    /// All plots.
    pub const ALL: [Self; 4] = [Self::Time, Self::Speedup, Self::Breakdown, Self::Comparison];

    /// Those of a prediction alone, as `predict` writes them.
    pub const OF_A_PREDICTION: [Self; 3] = [Self::Time, Self::Speedup, Self::Breakdown];

    /// Returns the stem of the file name, for instance `time`.
    #[must_use]
    pub const fn file_stem(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Speedup => "speedup",
            Self::Breakdown => "breakdown",
            Self::Comparison => "comparison",
        }
    }
}

/// What is plotted.
#[derive(Debug, Clone, Copy)]
pub struct PlotData<'a> {
    /// Title of the scenario.
    pub title: &'a str,
    /// The prediction.
    pub curve: &'a Curve,
    /// Measured runs, drawn as the median at each rank count.
    pub measured: Option<&'a Measurement>,
    /// The comparison of the two, which tells outliers and fitted points apart.
    pub comparison: Option<&'a Comparison>,
}

/// Returns the plot as an SVG document of 960 x 600 pixels, its text as `<text>` elements.
///
/// Same input, same bytes.
#[must_use]
pub fn svg(plot: Plot, data: &PlotData) -> String {
    paint::svg(&scene_of(plot, data), data.title)
}

/// Returns the plot as a PNG file of 1920 x 1200 pixels.
///
/// Same input, same bytes.
#[must_use]
pub fn png(plot: Plot, data: &PlotData) -> Vec<u8> {
    paint::png(&scene_of(plot, data))
}

fn scene_of(plot: Plot, data: &PlotData) -> Scene {
    match plot {
        Plot::Time => curves::time(data),
        Plot::Speedup => curves::speedup(data),
        Plot::Breakdown => breakdown::breakdown(data),
        Plot::Comparison => errors::comparison(data),
    }
}

/// Returns the colour of a cause in plots and pages, as CSS writes it.
#[must_use]
pub(super) fn cause_color(cause: Cause) -> String {
    css(breakdown::color(cause))
}

fn css(color: scene::Color) -> String {
    let (red, green, blue) = color.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests;
