//! `compare`: the prediction against measured runs.

use dlpc_sim::analysis::accuracy::{self, Comparison, Scope};
use dlpc_sim::analysis::finding;
use dlpc_sim::report::html::{self, Report, Subject};
use dlpc_sim::report::{self, json, plot, table};

use super::{command_line, experiment};
use crate::cli::{CompareArgs, Format, Points};
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let experiment = experiment::load(&args.run)?;
    let Some(measured) = &experiment.measured else {
        return Err(Failure::Usage {
            message: format!("{} names no measured runs", args.run.scenario.display()),
            help: "add `--measured FILE`, or `measured = \"FILE\"` to the scenario".to_owned(),
        });
    };
    let prediction = experiment::predict(&experiment, &args.run)?;
    let was_fitted = |ranks| experiment.provenance.was_fitted_on(&measured.path, ranks);
    let scope = match args.points {
        Points::HeldOut => Scope::HeldOut,
        Points::All => Scope::All,
    };
    let comparison = accuracy::compare(&prediction.curve, &measured.measurement, &was_fitted, scope);
    if comparison.points.is_empty() {
        return Err(Failure::Usage {
            message: format!("{} has no rank count of the scenario", measured.path.display()),
            help: "measure and predict at the same rank counts".to_owned(),
        });
    }
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
        subject: Subject::Comparison,
        excerpt: None,
        warnings: &prediction.warnings,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        command: &command_line::of_compare(args),
    });
    files::write(&folder.join("report.html"), page.as_bytes())?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => {
            let summary = table::comparison_summary(&comparison);
            let remarks = findings.iter().map(report::finding::sentence);
            let remarks: Vec<String> = std::iter::once(summary.trim_end().to_owned()).chain(remarks).collect();
            files::print(&format!(
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
