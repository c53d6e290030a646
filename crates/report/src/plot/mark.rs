//! Measured points: their values with reading errors, and how they are drawn.

use std::collections::BTreeMap;

use dlpc_engine::stats;

use crate::plot::legend::{Entry, Symbol};
use crate::plot::panel::Panel;
use crate::plot::scene::{Place, Scene, Stroke, palette};
use dlpc_predict::analysis::accuracy::{ComparedPoint, Comparison};
use dlpc_predict::measurement::Measurement;

/// What is known of a measured point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Not compared, or not used for the fit.
    HeldOut,
    /// The machine model was fitted to it.
    Fitted,
    /// Left out of the averages.
    Outlier,
}

/// The measured value at one rank count: the median of its runs, and the interval that it lies in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) ranks: u32,
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) kind: Kind,
}

impl Kind {
    /// Returns the kind of a compared point.
    pub(crate) fn of(point: &ComparedPoint) -> Self {
        match (point.is_outlier, point.used_for_fit) {
            (true, _) => Self::Outlier,
            (false, true) => Self::Fitted,
            (false, false) => Self::HeldOut,
        }
    }

    /// Draws the symbol of this kind.
    pub(super) fn draw(self, scene: &mut Scene, center: Place) {
        match self {
            Self::HeldOut => held_out(scene, center),
            Self::Fitted => fitted(scene, center),
            Self::Outlier => outlier(scene, center),
        }
    }
}

/// Returns a compared point in seconds, with the interval that its runs lie in.
pub(crate) fn of_point(point: &ComparedPoint) -> Mark {
    let (low, high) = (point.measured_low_s, point.measured_high_s);
    Mark { ranks: point.ranks, value: point.measured_s, low, high, kind: Kind::of(point) }
}

/// Returns the measured points in seconds, by ascending rank count.
pub(crate) fn in_seconds(measured: Option<&Measurement>, comparison: Option<&Comparison>) -> Vec<Mark> {
    let mut runs: BTreeMap<u32, (Vec<f64>, f64)> = BTreeMap::new();
    for run in measured.map_or(&[][..], |measurement| &measurement.rows) {
        let (seconds, reading_error_s) = runs.entry(run.ranks).or_default();
        seconds.push(run.seconds);
        *reading_error_s = reading_error_s.max(run.reading_error_s);
    }
    let compared = comparison.map_or(&[][..], |comparison| &comparison.points);
    let kind = |ranks: u32| compared.iter().find(|point| point.ranks == ranks).map_or(Kind::HeldOut, Kind::of);
    runs.into_iter()
        .map(|(ranks, (seconds, reading_error_s))| {
            let value = stats::median(&seconds);
            Mark { ranks, value, low: value - reading_error_s, high: value + reading_error_s, kind: kind(ranks) }
        })
        .collect()
}

/// Draws the marks with their reading errors.
pub(super) fn draw_all(scene: &mut Scene, panel: &Panel, marks: &[Mark]) {
    for mark in marks {
        let x = f64::from(mark.ranks);
        draw_bar(scene, panel, x, mark.low, mark.high);
        mark.kind.draw(scene, panel.place(x, mark.value));
    }
}

/// Draws an error bar, unless it is too short to be seen beside its mark.
pub(super) fn draw_bar(scene: &mut Scene, panel: &Panel, x: f64, low: f64, high: f64) {
    const CAP: f64 = 4.0;
    let ((x, bottom), top) = (panel.place(x, low), panel.place_y(high));
    if bottom - top < 2.0 {
        return;
    }
    let stroke = Stroke::solid(palette::DARK_GREY, 1.25);
    scene.line(&[(x, bottom), (x, top)], stroke);
    for y in [bottom, top] {
        scene.line(&[(x - CAP, y), (x + CAP, y)], stroke);
    }
}

/// Returns a legend entry for each kind that occurs.
pub(super) fn legend(kinds: impl Iterator<Item = Kind>) -> Vec<Entry> {
    let mut kinds: Vec<Kind> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    let is_told_apart = kinds.contains(&Kind::Fitted);
    kinds
        .into_iter()
        .map(|kind| match kind {
            Kind::HeldOut if is_told_apart => Entry::new(Symbol::Mark(held_out), "measured, held out"),
            Kind::HeldOut => Entry::new(Symbol::Mark(held_out), "measured"),
            Kind::Fitted => Entry::new(Symbol::Mark(fitted), "measured, used for the fit"),
            Kind::Outlier => Entry::new(Symbol::Mark(outlier), "measured, outlier"),
        })
        .collect()
}

fn held_out(scene: &mut Scene, center: Place) {
    scene.dot(center, 5.5, palette::WHITE);
    scene.dot(center, 4.5, palette::BLACK);
}

fn fitted(scene: &mut Scene, center: Place) {
    scene.dot(center, 5.5, palette::BLACK);
    scene.dot(center, 4.0, palette::ORANGE);
}

fn outlier(scene: &mut Scene, center: Place) {
    scene.area(diamond(center, 8.0), palette::VERMILION);
    scene.area(diamond(center, 4.75), palette::WHITE);
}

fn diamond((x, y): Place, radius: f64) -> Vec<Place> {
    vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
}
