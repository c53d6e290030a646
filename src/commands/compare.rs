//! `compare`: the prediction against measured runs.

mod several;

use std::path::PathBuf;

use dlpc_predict::analysis::Curve;
use dlpc_predict::analysis::accuracy::{self, Comparison, Scope};
use dlpc_predict::analysis::finding;
use dlpc_predict::input::{Experiment, MeasuredCurve};
use dlpc_report::html::{self, Report, Subject};
use dlpc_report::{self as report, json, plot, table};

use super::{command_line, experiment};
use crate::cli::{CompareArgs, Format, Points, RunArgs};
use crate::failure::Failure;
use crate::files;

/// A scenario, and the measured runs that it is compared with; none: those that it names.
#[derive(Debug)]
struct Pair {
    scenario: PathBuf,
    measured: Option<PathBuf>,
}

impl Pair {
    /// Returns the arguments of this pair alone.
    fn arguments(&self, run: &RunArgs) -> RunArgs {
        RunArgs { scenario: self.scenario.clone(), measured: self.measured.iter().cloned().collect(), ..run.clone() }
    }
}

pub(crate) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let pairs = several::pairs(args)?;
    if pairs.len() == 1 { single(args) } else { several::run(args, &pairs) }
}

/// Returns the measured runs that were named.
fn measured_of<'e>(experiment: &'e Experiment, run: &RunArgs) -> Result<&'e MeasuredCurve, Failure> {
    experiment.measured.as_ref().ok_or_else(|| Failure::Usage {
        message: format!("{} names no measured runs", run.scenario.display()),
        help: "add `--measured FILE`, or `measured = \"FILE\"` to the scenario".to_owned(),
    })
}

fn scope(args: &CompareArgs) -> Scope {
    match args.points {
        Points::HeldOut => Scope::HeldOut,
        Points::All => Scope::All,
    }
}

fn compare_with(
    experiment: &Experiment,
    measured: &MeasuredCurve,
    curve: &Curve,
    scope: Scope,
) -> Result<Comparison, Failure> {
    let was_fitted = |ranks| experiment.provenance.was_fitted_on(&measured.path, ranks);
    let comparison = accuracy::compare(curve, &measured.measurement, &was_fitted, scope);
    if comparison.points.is_empty() {
        return Err(Failure::Usage {
            message: format!("{} has no rank count of the scenario", measured.path.display()),
            help: "measure and predict at the same rank counts".to_owned(),
        });
    }
    Ok(comparison)
}

fn single(args: &CompareArgs) -> Result<(), Failure> {
    let experiment = experiment::load(&args.run)?;
    let measured = measured_of(&experiment, &args.run)?;
    let prediction = experiment::predict(&experiment, &args.run)?;
    let comparison = compare_with(&experiment, measured, &prediction.curve, scope(args))?;
    let findings = finding::findings(&comparison, &measured.measurement);
    let document = json::comparison(&experiment.scenario.title, &comparison, &findings);
    let folder = experiment::output_folder(&args.run);
    files::write(&folder.join("comparison.json"), document.as_bytes())?;
    let data = plot::PlotData {
        title: &experiment.scenario.title,
        curve: &prediction.curve,
        measured: Some(&measured.measurement),
        comparison: Some(&comparison),
    };
    files::write_plot(&folder, plot::Plot::Comparison, &data, args.run.png)?;
    let page = html::report(&Report {
        title: &experiment.scenario.title,
        curve: &prediction.curve,
        measured: Some(&measured.measurement),
        comparison: Some(&comparison),
        subject: Subject::Comparison(&findings),
        excerpt: None,
        warnings: &prediction.warnings,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        command: &command_line::of_compare(args),
    });
    files::write_page(&folder, "comparison", &page)?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => {
            let summary = table::comparison_summary(&comparison);
            let remarks = findings.iter().map(report::finding::sentence);
            let remarks: Vec<String> = std::iter::once(summary.trim_end().to_owned()).chain(remarks).collect();
            files::say(&format!(
                "{}\n\n{}\n\n{}\n\nResults are in {}",
                experiment.scenario.title,
                table::comparison(&comparison),
                remarks.join("\n"),
                folder.display()
            ))
        }
    }?;
    check_accuracy(args, &[(&experiment.scenario.title, &comparison)])
}

/// Fails if a prediction is further off than the user wants, or cannot be judged.
fn check_accuracy(args: &CompareArgs, comparisons: &[(&str, &Comparison)]) -> Result<(), Failure> {
    let Some(limit) = args.fail_above else { return Ok(()) };
    let wrong = comparisons.iter().filter_map(|(title, comparison)| {
        let accuracy = comparison.accuracy;
        if accuracy.n_points == 0 {
            return Some(format!("{title}: there is no point to judge it by"));
        }
        let (error, limit) = (100.0 * accuracy.mape, 100.0 * limit);
        (error > limit).then(|| format!("{title}: the mean absolute error is {error:.1} %, above {limit} %"))
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Inaccurate { message: wrong.join("\n  ") }) }
}
