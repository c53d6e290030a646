//! `predict`: the speedup curve of a scenario.

use dlpc_sim::analysis::accuracy::{self, Scope};
use dlpc_sim::report::html::{self, Excerpt, Report, Subject};
use dlpc_sim::report::{self, csv, json, plot, table};

use super::{command_line, experiment, time_line};
use crate::cli::{Format, PredictArgs};
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &PredictArgs) -> Result<(), Failure> {
    let experiment = experiment::load(&args.run)?;
    time_line::check(&args.timeline, &experiment)?;
    let prediction = experiment::predict(&experiment, &args.run)?;
    let measured = experiment.measured.as_ref();
    let measurement = measured.map(|curve| &curve.measurement);
    let comparison = measured.map(|curve| {
        let was_fitted = |ranks| experiment.provenance.was_fitted_on(&curve.path, ranks);
        accuracy::compare(&prediction.curve, &curve.measurement, &was_fitted, Scope::All)
    });
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
    for kind in [plot::Plot::Time, plot::Plot::Speedup, plot::Plot::Breakdown] {
        files::write_plot(&folder, kind, &data, args.run.png)?;
    }
    let title = &experiment.scenario.title;
    let timeline = time_line::simulate(&args.timeline, &experiment, &prediction.curve)?;
    if let Some(timeline) = &timeline {
        time_line::write(&args.timeline, &folder, timeline, title)?;
    }
    let ranks = timeline.as_ref().map_or(0, |timeline| timeline.rows.len());
    let svg = timeline.and_then(|timeline| report::timeline::gantt(&timeline, title));
    let page = html::report(&Report {
        title: &experiment.scenario.title,
        curve: &prediction.curve,
        measured: measurement,
        comparison: comparison.as_ref(),
        subject: Subject::Prediction,
        excerpt: svg.as_deref().map(|svg| Excerpt { ranks, svg }),
        warnings: &prediction.warnings,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        command: &command_line::of_predict(args),
    });
    files::write(&folder.join("report.html"), page.as_bytes())?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => files::print(&format!(
            "{}\n\n{}\n\nResults are in {}",
            experiment.scenario.title,
            table::prediction(&prediction.curve, measurement),
            folder.display()
        )),
    }
}
