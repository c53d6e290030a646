//! `explain`: why the curve of a scenario bends, what would help, and how many ranks to use.

use dlpc_predict::analysis::advice::Rule;
use dlpc_predict::explanation::{self, Options};
use dlpc_report::html::{self, Report, Subject};
use dlpc_report::{csv, json, plot, sentence, table};

use super::{command_line, experiment, time_line};
use crate::cli::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let experiment = experiment::load(&args.run)?;
    check_ranks(args, &experiment.scenario.run.ranks)?;
    time_line::check(&args.timeline, &experiment)?;
    let prediction = experiment::predict(&experiment, &args.run)?;
    let rule = Rule { within: args.within, efficiency: args.efficiency };
    let options = Options { rule, ranks: args.ranks.map(std::num::NonZeroU32::get) };
    let explain = || explanation::explain(&experiment.scenario, &experiment.machine, &prediction, &options);
    let explanation = experiment::pool(&args.run)?.install(explain)?;
    let comparison = experiment::compared(&experiment, &prediction);
    let title = &experiment.scenario.title;
    let summary = sentence::summary(&prediction.curve, &explanation);
    let document = json::explanation::explanation(&json::explanation::ExplanationDocument {
        title,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        warnings: &prediction.warnings,
        summary: &summary,
        curve: &prediction.curve,
        explanation: &explanation,
    });
    let folder = experiment::output_folder(&args.run);
    files::write(&folder.join("explain.json"), document.as_bytes())?;
    files::write(&folder.join("explain.csv"), csv::explanation(&prediction.curve, &explanation).as_bytes())?;
    let data = plot::PlotData { title, curve: &prediction.curve, measured: None, comparison: None };
    files::write_plot(&folder, plot::Plot::Breakdown, &data, args.run.png)?;
    let shown = time_line::shown(&args.timeline, &experiment, &prediction.curve, &folder)?;
    let page = html::report(&Report {
        title,
        curve: &prediction.curve,
        measured: experiment.measured.as_ref().map(|measured| &measured.measurement),
        comparison: comparison.as_ref(),
        subject: Subject::Explanation(&explanation),
        excerpt: shown.as_ref().map(time_line::Shown::excerpt),
        warnings: &prediction.warnings,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        command: &command_line::of_explain(args),
    });
    files::write_page(&folder, "explain", &page)?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => files::say(&format!(
            "{title}\n\n{}\n\nResults are in {}",
            table::explanation::page(&prediction.curve, &explanation, &summary),
            folder.display()
        )),
    }
}

/// Refuses a rank count that the scenario does not have.
fn check_ranks(args: &ExplainArgs, ranks: &[std::num::NonZeroU32]) -> Result<(), Failure> {
    match args.ranks {
        Some(wanted) if !ranks.contains(&wanted) => Err(Failure::Usage {
            message: format!("--ranks {wanted} is not among the rank counts of the scenario"),
            help: format!("it has {} to {}; add {wanted} to `run.ranks`", ranks[0], ranks[ranks.len() - 1]),
        }),
        Some(_) | None => Ok(()),
    }
}
