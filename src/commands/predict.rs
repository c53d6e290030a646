//! `predict`: the speedup curve of a scenario.

use dlpc_report::html::{self, Report, Subject};
use dlpc_report::{csv, json, plot, table};

use super::{command_line, experiment, time_line};
use crate::cli::{Format, PredictArgs};
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &PredictArgs) -> Result<(), Failure> {
    let experiment = experiment::load(&args.run)?;
    time_line::check(&args.timeline, &experiment)?;
    let prediction = experiment::predict(&experiment, &args.run)?;
    let measurement = experiment.measured.as_ref().map(|curve| &curve.measurement);
    let comparison = experiment::compared(&experiment, &prediction);
    let document = json::prediction(&json::PredictionDocument {
        title: &experiment.scenario.title,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        warnings: &prediction.warnings,
        curve: &prediction.curve,
        measured: measurement,
    });
    let folder = experiment::output_folder(&args.run);
    files::write(&folder.join("prediction.csv"), csv::prediction(&prediction.curve).as_bytes())?;
    files::write(&folder.join("prediction.json"), document.as_bytes())?;
    let data = plot::PlotData {
        title: &experiment.scenario.title,
        curve: &prediction.curve,
        measured: measurement,
        comparison: comparison.as_ref(),
    };
    for kind in plot::Plot::OF_A_PREDICTION {
        files::write_plot(&folder, kind, &data, args.run.png)?;
    }
    let shown = time_line::shown(&args.timeline, &experiment, &prediction.curve, &folder)?;
    let page = html::report(&Report {
        title: &experiment.scenario.title,
        curve: &prediction.curve,
        measured: measurement,
        comparison: comparison.as_ref(),
        subject: Subject::Prediction,
        excerpt: shown.as_ref().map(time_line::Shown::excerpt),
        warnings: &prediction.warnings,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        command: &command_line::of_predict(args),
    });
    files::write_page(&folder, "prediction", &page)?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => files::say(&format!(
            "{}\n\n{}\n\nResults are in {}",
            experiment.scenario.title,
            table::prediction(&prediction.curve, measurement),
            folder.display()
        )),
    }
}
