//! `compare`: the prediction against measured runs.

use dlpc_sim::analysis::accuracy::{self, Scope};
use dlpc_sim::report::html::{self, Report, Subject};
use dlpc_sim::report::{json, plot, table};

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
    let document = json::comparison(&experiment.scenario.title, &comparison);
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
        Format::Table => files::print(&format!(
            "{}\n\n{}\n\n{}\n\nResults are in {}",
            experiment.scenario.title,
            table::comparison(&comparison),
            table::comparison_summary(&comparison).trim_end(),
            folder.display()
        )),
    }
}
