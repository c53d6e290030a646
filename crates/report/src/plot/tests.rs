//! Tests of whole plots: on ordinary curves, and on curves at the edge of what can be drawn.

use dlpc_engine::units::SimDuration;
use proptest::prelude::prop;
use scene::{Anchor, Direction, HEIGHT, Shape, Text, WIDTH};

use super::*;
use crate::font;
use dlpc_predict::analysis::accuracy::{Scope, compare};
use dlpc_predict::analysis::{CurvePoint, amdahl, scaling};

/// A curve and its measured runs, with a name for messages.
struct Case {
    name: &'static str,
    curve: Curve,
    measured: Option<Measurement>,
}

impl Case {
    /// Returns the case of `parallel_s / ranks + serial_s`.
    fn new(name: &'static str, (parallel_s, serial_s): (f64, f64), ranks: impl IntoIterator<Item = u32>) -> Self {
        Self { name, curve: amdahl::curve(parallel_s, serial_s, ranks), measured: None }
    }

    fn measured(self, runs: &[(u32, f64)]) -> Self {
        Self { measured: Some(amdahl::measured(runs)), ..self }
    }
}

fn cases() -> Vec<Case> {
    let noisy: Vec<(u32, f64)> =
        (1..=32).map(|ranks| (ranks, if ranks == 20 { 9.0 } else { 8.0 / f64::from(ranks) + 2.1 })).collect();
    vec![
        Case::new("ordinary", (8.0, 2.0), 1..=32).measured(&noisy),
        Case::new("one point", (8.0, 2.0), [4]),
        Case::new("one point, many measured", (8.0, 2.0), [4]).measured(&noisy),
        Case::new("never measured on 1 rank", (8.0, 2.0), [1, 4]).measured(&[(4, 4.0)]),
        Case::new("three points far apart", (100.0, 1e-6), [1, 256, 65_536]),
        Case::new("one point of many ranks", (100.0, 1e-6), [5000]),
        Case::new("equal values", (0.0, 101.0), 1..=4),
        Case::new("nanoseconds", (1e-9, 1e-12), 1..=8),
        Case::new("days", (1e7, 1e3), [1, 2, 4, 8, 16, 32, 64, 128]),
        Case::new("reading error above the value", (0.05, 0.01), 1..=4).measured(&[(1, 0.06), (2, 0.03), (4, 0.02)]),
        Case::new("perfect", (8.0, 0.0), (0..=16).map(|exponent| 1 << exponent)),
        Case::new("no points", (8.0, 2.0), []),
        Case::new("no time", (0.0, 0.0), 1..=3),
    ]
}

/// Calls `check` with each plot of each case, and a name for messages.
fn for_each_plot(check: impl Fn(&str, Plot, &PlotData)) {
    for case in cases() {
        let comparison = case.measured.as_ref().map(|runs| {
            let was_fitted = |ranks: u32| ranks.is_power_of_two();
            compare(&case.curve, runs, &was_fitted, Scope::HeldOut)
        });
        let data = PlotData {
            title: "A title",
            curve: &case.curve,
            measured: case.measured.as_ref(),
            comparison: comparison.as_ref(),
        };
        for plot in Plot::ALL {
            check(&format!("{}: {plot:?}", case.name), plot, &data);
        }
    }
}

fn texts(scene: &Scene) -> Vec<&Text> {
    fn text(shape: &Shape) -> Option<&Text> {
        if let Shape::Text(text) = shape { Some(text) } else { None }
    }
    scene.shapes.iter().filter_map(text).collect()
}

/// Left, top, right and bottom of a text; a line is as high as its capitals, more or less.
fn extent(text: &Text) -> [f64; 4] {
    let width = font::width(&text.content, text.em, text.weight);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let ((x, y), half) = (text.place, 0.4 * text.em);
    match text.direction {
        Direction::Right => [x + start, y - half, x + start + width, y + half],
        Direction::Up => [x - half, y - start - width, x + half, y - start],
    }
}

/// Returns why `document` is not well-formed XML as far as a plot uses XML: elements, attributes and references.
fn flaw(document: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut pieces = document.split('<');
    if pieces.next().is_some_and(|before| !before.is_empty()) {
        return Some("text before the first element".to_owned());
    }
    for piece in pieces {
        let Some((tag, text)) = piece.split_once('>') else { return Some(format!("`<` within `{piece}`")) };
        if tag.matches('"').count() % 2 == 1 || text.contains('>') {
            return Some(format!("stray quote or bracket in `{piece}`"));
        }
        let is_reference =
            |rest: &&str| ["amp;", "lt;", "gt;", "quot;", "apos;"].iter().any(|name| rest.starts_with(name));
        if let Some(rest) = piece.split('&').skip(1).find(|rest| !is_reference(rest)) {
            return Some(format!("bare ampersand before `{rest}`"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("`{name}` closes nothing"));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap_or_default());
        }
    }
    (!open.is_empty()).then(|| format!("never closed: {open:?}"))
}

/// Values that scales have trouble with: none, all equal but for rounding, far apart, very small, very large.
const ODD_SECONDS: [f64; 8] = [0.0, 1e-12, 1.0, 1.0 + f64::EPSILON, 1.5, 60.0, 1e9, 1e15];

proptest::proptest! {
    #[test]
    fn odd_values_are_drawn_as_well_formed_documents(
        predicted in prop::collection::btree_map(prop::sample::select(vec![1_u32, 2, 3, 200, 4096]), 0..ODD_SECONDS.len(), 0..4),
        runs in prop::collection::vec((prop::sample::select(vec![1_u32, 3, 200]), 1..ODD_SECONDS.len()), 0..3),
    ) {
        let baseline_s = predicted.values().next().map_or(0.0, |i| ODD_SECONDS[*i]);
        let points = predicted.iter().map(|(ranks, i)| odd_point(*ranks, ODD_SECONDS[*i], baseline_s));
        let curve = Curve { points: points.collect() };
        let runs: Vec<(u32, f64)> = runs.into_iter().map(|(ranks, i)| (ranks, ODD_SECONDS[i])).collect();
        let measured = amdahl::measured(&runs);
        let comparison = compare(&curve, &measured, &|ranks| ranks == 3, Scope::HeldOut);
        for title in ["Odd", "\u{1b}[31m\n\u{ffff}"] {
            for (measured, comparison) in [(None, None), (Some(&measured), Some(&comparison))] {
                let data = PlotData { title, curve: &curve, measured, comparison };
                for plot in Plot::ALL {
                    check_document(&svg(plot, &data));
                }
            }
            let overlay = overlay::Overlay { label: title, curve: &curve, comparison: &comparison };
            check_document(&overlay::svg(title, &[overlay, overlay]));
        }
    }
}

/// 60 s on 1 rank and 1 s on 3 are a measured speedup of 60, and a prediction of 0 s on 1 rank a speedup of 0 on 200: both
/// on one axis, which is logarithmic from 16 times on.
#[test]
fn a_speedup_of_nothing_has_a_place_on_a_logarithmic_axis() {
    let curve = Curve { points: vec![odd_point(1, 0.0, 0.0), odd_point(200, 1e-12, 0.0)] };
    let measured = amdahl::measured(&[(1, 60.0), (3, 1.0)]);
    let comparison = compare(&curve, &measured, &|_| false, Scope::HeldOut);
    let data = PlotData { title: "Nothing", curve: &curve, measured: Some(&measured), comparison: Some(&comparison) };
    check_document(&svg(Plot::Speedup, &data));
}

/// Returns a point without a band, all of whose time is computing.
fn odd_point(ranks: u32, makespan_s: f64, baseline_s: f64) -> CurvePoint {
    let simulated = SimDuration::from_seconds_ceil(makespan_s.min(1e6));
    let replications = scaling::Replications { ranks, makespans: vec![simulated] };
    let point = scaling::point(&replications, baseline_s, vec![(Cause::Compute, simulated)]);
    CurvePoint { makespan_s, makespan_p05_s: makespan_s, makespan_p95_s: makespan_s, ..point }
}

fn check_document(document: &str) {
    assert_eq!(flaw(document), None);
    let bad = document.chars().find(|symbol| *symbol != '\n' && dlpc_predict::plain_text::is_unprintable(*symbol));
    assert_eq!(bad, None, "XML knows no such character");
}

#[test]
fn every_svg_is_well_formed() {
    for_each_plot(|name, plot, data| assert_eq!(flaw(&svg(plot, data)), None, "{name}"));
}

#[test]
fn no_coordinate_is_out_of_proportion() {
    for_each_plot(|name, plot, data| {
        for shape in scene_of(plot, data).shapes {
            let places = match shape {
                Shape::Line { places, .. } | Shape::Area { places, .. } => places,
                Shape::Dot { center, .. } => vec![center],
                Shape::Text(text) => vec![text.place],
            };
            let is_inside = |(x, y): &(f64, f64)| (0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y);
            assert!(places.iter().all(is_inside), "{name}: {places:?}");
        }
    });
}

#[test]
fn no_text_is_cut_off_or_lies_on_another() {
    for_each_plot(|name, plot, data| check_texts(name, &scene_of(plot, data)));
}

/// Checks that each text of a scene can be read.
pub(super) fn check_texts(name: &str, scene: &Scene) {
    let texts = texts(scene);
    for (index, text) in texts.iter().enumerate() {
        let [left, top, right, bottom] = extent(text);
        assert!(0.0 <= left && right <= WIDTH && 0.0 <= top && bottom <= HEIGHT, "{name}: {text:?}");
        for other in &texts[index + 1..] {
            let [other_left, other_top, other_right, other_bottom] = extent(other);
            let is_apart = right < other_left || other_right < left || bottom < other_top || other_bottom < top;
            assert!(is_apart, "{name}: `{}` and `{}`", text.content, other.content);
        }
    }
}

#[test]
fn every_axis_has_at_least_one_tick_of_its_own() {
    for_each_plot(|name, plot, data| {
        // Title, subtitle and titles of two or three axes, a legend: the rest are tick labels.
        let n_texts = texts(&scene_of(plot, data)).len();
        assert!(data.curve.points.is_empty() || 8 <= n_texts, "{name}: {n_texts} texts");
    });
}

fn small(plot: Plot, title: &str) -> String {
    let (curve, measured, comparison) = amdahl::small();
    svg(plot, &PlotData { title, curve: &curve, measured: Some(&measured), comparison: Some(&comparison) })
}

#[test]
fn a_title_cannot_break_the_document() {
    let document = small(Plot::Time, "a < b & \"c\" > </svg><script>");
    assert_eq!(flaw(&document), None);
    assert!(!document.contains("<script>"));
}

#[test]
fn legend_names_outliers_and_fitted_points() {
    for plot in [Plot::Time, Plot::Speedup, Plot::Comparison] {
        let document = small(plot, "Darts");
        for entry in ["measured, outlier", "measured, used for the fit", "measured, held out", "predicted (median)"] {
            assert!(document.contains(entry), "{plot:?}: {entry}");
        }
    }
}

#[test]
fn legend_of_the_breakdown_names_only_causes_that_occur() {
    let document = small(Plot::Breakdown, "Darts");
    assert!(document.contains("bandwidth") && document.contains("serial tail on rank 0"));
    assert!(!document.contains("producer"));
}

/// Returns the breakdown of 8 s / ranks + `serial_s`, a quarter of which is `bandwidth`.
fn breakdown_of(serial_s: f64) -> String {
    let curve = amdahl::curve(8.0, serial_s, [1, 2]);
    svg(Plot::Breakdown, &PlotData { title: "Darts", curve: &curve, measured: None, comparison: None })
}

#[test]
fn breakdown_leaves_out_causes_below_a_thousandth() {
    // On 2 ranks: 0.25 * 0.015 / 4.015 = 0.093 %, below 0.1 %; 0.25 * 0.02 / 4.02 = 0.12 %.
    assert!(!breakdown_of(0.015).contains("bandwidth"));
    assert!(breakdown_of(0.02).contains("bandwidth"));
}

/// Returns the largest tick of the speedup axis of `parallel_s / ranks + serial_s` on 1 to 8 ranks.
fn largest_speedup_tick(parallel_s: f64, serial_s: f64) -> String {
    let curve = amdahl::curve(parallel_s, serial_s, 1..=8);
    let data = PlotData { title: "Darts", curve: &curve, measured: None, comparison: None };
    let scene = scene_of(Plot::Speedup, &data);
    let labels = texts(&scene).into_iter().filter(|text| text.anchor == Anchor::End);
    let highest = labels.min_by(|one, other| one.place.1.total_cmp(&other.place.1));
    highest.map(|text| text.content.clone()).unwrap_or_default()
}

#[test]
fn speedup_axis_reaches_the_end_of_an_ideal_within_a_factor_of_two() {
    // 10 / (9.2 / 8 + 0.8) = 5.1, at most 5.4 in the band, of 8 ranks.
    assert_eq!(largest_speedup_tick(9.2, 0.8), "8");
    // 10 / (8 / 8 + 2) = 3.3, at most 3.5 in the band: the axis ends at 1.06 * 1.25 * 3.5 = 4.6.
    assert_eq!(largest_speedup_tick(8.0, 2.0), "4");
}

#[test]
fn an_outlier_far_off_is_named_at_the_edge() {
    // Predicted 4 s, measured 8 s.
    assert!(small(Plot::Comparison, "Darts").contains("−50.0 %"));
}

#[test]
fn without_a_run_on_one_rank_the_speedup_plot_says_why_nothing_is_measured() {
    let curve = amdahl::curve(8.0, 2.0, [1, 4]);
    let measured = amdahl::measured(&[(4, 4.0)]);
    let data = PlotData { title: "Darts", curve: &curve, measured: Some(&measured), comparison: None };
    assert!(svg(Plot::Speedup, &data).contains("without a run on 1 rank"));
}

#[test]
fn svg_text_falls_back_to_any_sans_serif_font() {
    assert!(small(Plot::Time, "Darts").contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
}

#[test]
fn same_input_gives_the_same_bytes() {
    let (curve, measured, comparison) = amdahl::small();
    let data = PlotData { title: "Darts", curve: &curve, measured: Some(&measured), comparison: Some(&comparison) };
    assert_eq!(svg(Plot::Comparison, &data), svg(Plot::Comparison, &data));
    assert!(png(Plot::Comparison, &data) == png(Plot::Comparison, &data));
}

#[test]
fn png_is_twice_as_wide_and_high() {
    let (curve, ..) = amdahl::small();
    let file = png(Plot::Time, &PlotData { title: "Darts", curve: &curve, measured: None, comparison: None });
    // Width and height are the first 8 bytes of the first chunk's data: 8 (signature) + 4 (length) + 4 (type).
    assert_eq!(file[16..24], [0, 0, 0x07, 0x80, 0, 0, 0x04, 0xb0]);
}
