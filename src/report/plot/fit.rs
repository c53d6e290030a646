//! The figures of a fit: samples and the fitted model's line above, relative errors below.

mod cloud;
mod compute;
mod messages;
mod network;
mod runs;

use self::cloud::Picture;
use super::paint;
use super::scene::Scene;
use crate::fit::evidence::{Over, Series};
use crate::machine::MachineModel;

/// One figure of a fit.
#[derive(Debug)]
pub struct FitFigure {
    /// Stem of its file, for instance `fit-remote`.
    pub file_stem: &'static str,
    /// What it shows, in words.
    pub caption: &'static str,
    title: String,
    scene: Scene,
}

impl FitFigure {
    /// Returns the figure as an SVG document of 960 x 600 pixels.
    #[must_use]
    pub fn svg(&self) -> String {
        paint::svg(&self.scene, &format!("{}: {}", self.title, self.caption))
    }

    /// Returns the figure as a PNG file of 1920 x 1200 pixels.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        paint::png(&self.scene)
    }
}

/// Returns the figures of what was measured: messages by class of pairs, many messages at once, computing, whole programs.
#[must_use]
pub fn figures(title: &str, machine: &MachineModel, series: &[Series]) -> Vec<FitFigure> {
    let figure = |file_stem, caption, picture: Picture| {
        let scene = picture.scene(title, caption);
        FitFigure { file_stem, caption, title: title.to_owned(), scene }
    };
    let of_messages = |class: &str, table| messages::picture(series, class, table);
    let found = [
        ("fit-remote", "Messages between hosts", of_messages("remote", &machine.remote)),
        ("fit-local", "Messages within a host", of_messages("local", &machine.local)),
        ("fit-network", "Many messages at once: what a port carries", network::picture(series, machine)),
        ("fit-compute", "Computing, by host and busy cores", compute::picture(series, machine)),
        ("fit-runs", "Whole programs", runs::picture(series)),
    ];
    found.into_iter().filter_map(|(stem, caption, picture)| Some(figure(stem, caption, picture?))).collect()
}

/// Returns the series that depend on the size of messages and are of one of these kinds.
fn of_kinds<'s>(series: &'s [Series], kinds: &[String]) -> Vec<&'s Series> {
    let is_wanted = |series: &&Series| series.over == Over::Bytes && kinds.contains(&series.kind);
    series.iter().filter(is_wanted).collect()
}
