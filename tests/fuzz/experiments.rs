//! Scenarios and what they name, damaged: reported, or predicted and drawn.

use std::num::NonZeroU32;
use std::path::PathBuf;

use dlpc_predict::analysis::accuracy::{self, Comparison, Scope};
use dlpc_predict::analysis::advice::Rule;
use dlpc_predict::analysis::finding;
use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::explanation::{self, Explanation, Options};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::measurement::Measurement;
use dlpc_predict::prediction::{self, Budget, Prediction};
use dlpc_report::html::{self, Report, Subject};
use dlpc_report::{comparisons, csv, json, plot, sentence, table, timeline};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::hunt::{Files, Hunt};
use crate::mutator::damage;

/// Most events of a prediction: what takes more is only more of the same.
const EVENTS_MAX: u64 = 60_000;
/// Most ranks, rank counts and replications, likewise.
const RANKS_MAX: u32 = 64;
const RANK_COUNTS_MAX: usize = 4;
const REPLICATIONS_MAX: u32 = 3;

/// Which file of a case is the scenario.
pub(crate) const SCENARIO: &str = "scenario";

#[test]
fn a_damaged_experiment_is_reported_or_predicted_and_drawn() {
    let test = "experiments::a_damaged_experiment_is_reported_or_predicted_and_drawn";
    Hunt { test, n_short: 100, one_in: 1, make: damaged, check: |files| check(files, false) }.run();
}

#[test]
fn a_damaged_experiment_is_reported_or_explained() {
    let test = "experiments::a_damaged_experiment_is_reported_or_explained";
    Hunt { test, n_short: 10, one_in: 10, make: damaged, check: |files| check(files, true) }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let scenario = corpus::scenario(rng);
    let mut files: Files = [(PathBuf::from(SCENARIO), scenario.display().to_string().into_bytes())].into();
    let named = corpus::files_of(scenario);
    for _ in 0..rng.random_range(1..=2) {
        let path = &named[rng.random_range(0..named.len())];
        damage(files.entry(path.clone()).or_insert_with(|| corpus::shipped(path).to_vec()), rng);
    }
    files
}

/// Returns the scenario that a case is about.
pub(crate) fn path_of(files: &Files) -> PathBuf {
    String::from_utf8_lossy(&files[&PathBuf::from(SCENARIO)]).into_owned().into()
}

/// Loads the experiment of a case, and predicts, draws and explains it if nothing is wrong with it.
pub(crate) fn check(files: &Files, is_explained: bool) {
    match input::load_experiment(&path_of(files), &|path| corpus::reading(files, path)) {
        Err(report) => is_a_report(&report),
        Ok(mut experiment) => {
            if shorten(&mut experiment) {
                predicted(&experiment, is_explained);
            }
        }
    }
}

/// Checks what is printed of bad input.
pub(crate) fn is_a_report(report: &Diagnostics) {
    assert!(report.has_errors());
    let text = report.render(false);
    assert!(!text.is_empty() && !text.contains("internal::"), "{text}");
}

/// Keeps few rank counts and replications of an experiment; returns whether any are left.
pub(crate) fn shorten(experiment: &mut Experiment) -> bool {
    let run = &mut experiment.scenario.run;
    run.replications = run.replications.min(NonZeroU32::new(REPLICATIONS_MAX).expect("not zero"));
    run.ranks.retain(|ranks| ranks.get() <= RANKS_MAX);
    let step = run.ranks.len().div_ceil(RANK_COUNTS_MAX).max(1);
    run.ranks = run.ranks.iter().copied().step_by(step).collect();
    !run.ranks.is_empty()
}

/// Predicts an experiment, if that is little work.
pub(crate) fn prediction_of(experiment: &Experiment) -> Option<Prediction> {
    let budget = Budget::new(EVENTS_MAX);
    prediction::predict_within(&experiment.scenario, &experiment.machine, &budget, &|| ()).ok()
}

fn predicted(experiment: &Experiment, is_explained: bool) {
    let Some(prediction) = prediction_of(experiment) else { return };
    let measurement = experiment.measured.as_ref().map(|measured| &measured.measurement);
    let comparison = measurement.map(|runs| accuracy::compare(&prediction.curve, runs, &|_| false, Scope::All));
    let shown = Shown { experiment, prediction: &prediction, measurement, comparison: comparison.as_ref() };
    shown.numbers();
    shown.plots();
    shown.page(Subject::Prediction);
    shown.time_line();
    if let (Some(comparison), Some(measurement)) = (&comparison, measurement) {
        shown.compared(comparison, measurement);
    }
    if is_explained {
        shown.explained();
    }
}

/// What is shown of a prediction.
pub(crate) struct Shown<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) prediction: &'a Prediction,
    pub(crate) measurement: Option<&'a Measurement>,
    pub(crate) comparison: Option<&'a Comparison>,
}

impl Shown<'_> {
    fn title(&self) -> &str {
        &self.experiment.scenario.title
    }

    fn numbers(&self) {
        let curve = &self.prediction.curve;
        for point in &curve.points {
            assert!(point.makespan_s.is_finite() && point.makespan_p05_s <= point.makespan_p95_s, "{point:?}");
        }
        is_json(&json::prediction(&json::PredictionDocument {
            title: self.title(),
            scenario: &self.experiment.effective_scenario,
            machine: &self.experiment.effective_machine,
            warnings: &self.prediction.warnings,
            curve,
            measured: self.measurement,
        }));
        let csv = csv::prediction(curve);
        assert_eq!(csv.lines().count(), 1 + curve.points.len());
        is_without_nan(&csv);
        is_without_nan(&table::prediction(curve, self.measurement));
    }

    fn plots(&self) {
        let data = self.data();
        for kind in plot::Plot::OF_A_PREDICTION {
            is_svg(&plot::svg(kind, &data));
        }
        assert!(!plot::png(plot::Plot::Time, &data).is_empty());
    }

    fn data(&self) -> plot::PlotData<'_> {
        plot::PlotData {
            title: self.title(),
            curve: &self.prediction.curve,
            measured: self.measurement,
            comparison: self.comparison,
        }
    }

    fn page(&self, subject: Subject<'_>) {
        let page = html::report(&Report {
            title: self.title(),
            curve: &self.prediction.curve,
            measured: self.measurement,
            comparison: self.comparison,
            subject,
            excerpt: None,
            warnings: &self.prediction.warnings,
            scenario: &self.experiment.effective_scenario,
            machine: &self.experiment.effective_machine,
            command: "dlpc-sim predict",
        });
        assert!(page.trim_end().ends_with("</html>"));
    }

    fn time_line(&self) {
        let Experiment { scenario, machine, .. } = self.experiment;
        let ranks = scenario.run.ranks[0].get();
        let Ok(Some(timeline)) = prediction::timeline(scenario, machine, ranks) else { return };
        is_json(&timeline::chrome(&timeline, self.title()));
        if let Some(svg) = timeline::gantt(&timeline, self.title()) {
            is_svg(&svg);
        }
        assert!(!timeline::paje(&timeline).is_empty());
    }

    /// Shows a comparison, as far as rank counts of the curve were measured.
    pub(crate) fn compared(&self, comparison: &Comparison, measurement: &Measurement) {
        if comparison.points.is_empty() {
            return;
        }
        let findings = finding::findings(comparison, measurement);
        is_json(&json::comparison(self.title(), comparison, &findings));
        let named = comparisons::NamedComparison { label: "a", title: self.title(), comparison, findings: &findings };
        is_json(&comparisons::comparisons(&[named]));
        for text in [table::comparison(comparison), table::comparison_summary(comparison)] {
            is_without_nan(&text);
        }
        is_svg(&plot::svg(plot::Plot::Comparison, &self.data()));
        self.page(Subject::Comparison(&findings));
    }

    fn explained(&self) {
        let Experiment { scenario, machine, .. } = self.experiment;
        let rule = Rule { within: 0.05, efficiency: 0.5 };
        let options = Options { rule, ranks: None };
        let Ok(explanation) = explanation::explain(scenario, machine, self.prediction, &options) else { return };
        self.shows(&explanation);
        self.page(Subject::Explanation(&explanation));
    }

    fn shows(&self, explanation: &Explanation) {
        let curve = &self.prediction.curve;
        let summary = sentence::summary(curve, explanation);
        is_without_nan(&table::explanation::page(curve, explanation, &summary));
        is_without_nan(&csv::explanation(curve, explanation));
        is_json(&json::explanation::explanation(&json::explanation::ExplanationDocument {
            title: self.title(),
            scenario: &self.experiment.effective_scenario,
            machine: &self.experiment.effective_machine,
            warnings: &self.prediction.warnings,
            summary: &summary,
            curve,
            explanation,
        }));
    }
}

/// Checks a JSON document.
pub(crate) fn is_json(text: &str) {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        panic!("no JSON: {error}");
    }
}

/// Checks a plot.
pub(crate) fn is_svg(text: &str) {
    if let Err(error) = roxmltree::Document::parse(text) {
        panic!("no SVG: {error}");
    }
    assert!(!text.contains("NaN") && !text.contains("\"inf\""), "a plot has NaN or inf");
}

/// Checks that no number is none.
pub(crate) fn is_without_nan(text: &str) {
    let is_bad = |word: &str| ["nan", "inf", "-inf"].contains(&word.to_ascii_lowercase().as_str());
    let bad = text.split(|symbol: char| !symbol.is_alphanumeric() && symbol != '-').find(|word| is_bad(word));
    assert!(bad.is_none(), "NaN or inf in\n{text}");
}
