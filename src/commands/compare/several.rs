//! `compare` with several predictions or measured curves: before and after a change, two clusters.

use std::path::{Path, PathBuf};

use dlpc_predict::analysis::accuracy::Comparison;
use dlpc_predict::analysis::change;
use dlpc_predict::analysis::finding::{self, Finding};
use dlpc_predict::input::Experiment;
use dlpc_predict::prediction::Prediction;
use dlpc_report::plot::overlay::{self, CURVES_MAX, Overlay};
use dlpc_report::{self as report, comparisons, html, table};

use super::Pair;
use crate::cli::{CompareArgs, Format};
use crate::commands::{command_line, experiment};
use crate::failure::Failure;
use crate::files;

/// One pair, predicted and compared.
struct Compared {
    label: String,
    experiment: Experiment,
    prediction: Prediction,
    comparison: Comparison,
    findings: Vec<Finding>,
}

impl Compared {
    fn overlay(&self) -> Overlay<'_> {
        Overlay { label: &self.label, curve: &self.prediction.curve, comparison: &self.comparison }
    }

    fn on_page(&self) -> html::several::Compared<'_> {
        html::several::Compared {
            label: &self.label,
            curve: &self.prediction.curve,
            comparison: &self.comparison,
            findings: &self.findings,
            scenario: &self.experiment.effective_scenario,
            machine: &self.experiment.effective_machine,
        }
    }
}

pub(super) fn run(args: &CompareArgs, pairs: &[Pair]) -> Result<(), Failure> {
    if pairs.len() > CURVES_MAX {
        return Err(Failure::Usage {
            message: format!("{} curves cannot be told apart in one plot", pairs.len()),
            help: format!("compare at most {CURVES_MAX} at a time"),
        });
    }
    let mut all: Vec<Compared> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        // The same scenario is the same prediction.
        let known = pairs[..i].iter().position(|other| other.scenario == pair.scenario);
        let prediction = known.map(|known| all[known].prediction.clone());
        all.push(compared(args, pair, prediction, pairs)?);
    }
    let folder = experiment::output_folder(&args.run);
    let items: Vec<comparisons::NamedComparison<'_>> = all
        .iter()
        .map(|one| comparisons::NamedComparison {
            label: &one.label,
            title: &one.experiment.scenario.title,
            comparison: &one.comparison,
            findings: &one.findings,
        })
        .collect();
    let document = comparisons::comparisons(&items);
    files::write(&folder.join("comparisons.json"), document.as_bytes())?;
    let overlays: Vec<Overlay<'_>> = all.iter().map(Compared::overlay).collect();
    let title = if pairs.iter().all(|pair| pair.scenario == pairs[0].scenario) {
        &all[0].experiment.scenario.title
    } else {
        "Predicted and measured"
    };
    files::write(&folder.join("comparisons.svg"), overlay::svg(title, &overlays).as_bytes())?;
    if args.run.png {
        files::write(&folder.join("comparisons.png"), &overlay::png(title, &overlays))?;
    }
    let changes = changes(&all);
    let mut warnings: Vec<String> = all.iter().flat_map(|one| one.prediction.warnings.clone()).collect();
    warnings.dedup();
    let page = html::several::several(&html::several::Several {
        title,
        all: &all.iter().map(Compared::on_page).collect::<Vec<_>>(),
        changes: &changes,
        warnings: &warnings,
        command: &command_line::of_compare(args),
    });
    files::write_page(&folder, "comparisons", &page)?;
    match args.run.format {
        Format::Json => files::print(&document),
        Format::Table => files::say(&format!("{}\n\nResults are in {}", text(&all, changes), folder.display())),
    }?;
    let judged: Vec<(&str, &Comparison)> = all.iter().map(|one| (one.label.as_str(), &one.comparison)).collect();
    super::check_accuracy(args, &judged)
}

fn compared(
    args: &CompareArgs,
    pair: &Pair,
    prediction: Option<Prediction>,
    pairs: &[Pair],
) -> Result<Compared, Failure> {
    let run = pair.arguments(&args.run);
    let experiment = experiment::load(&run)?;
    let (measured, scope) = (super::measured_of(&experiment, &run)?, super::scope(args));
    let prediction = match prediction {
        Some(prediction) => prediction,
        None => experiment::predict(&experiment, &run)?,
    };
    let comparison = super::compare_with(&experiment, measured, &prediction.curve, scope)?;
    let findings = finding::findings(&comparison, &measured.measurement);
    let label = label(pair, &measured.path, pairs);
    Ok(Compared { label, experiment, prediction, comparison, findings })
}

/// Returns the name of what is different: the scenario's file, or that of the measured runs, or both.
fn label(pair: &Pair, measured: &Path, pairs: &[Pair]) -> String {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let scenario = stem(&pair.scenario);
    let n_alike = pairs.iter().filter(|other| stem(&other.scenario) == scenario).count();
    match n_alike {
        1 => scenario,
        n if n == pairs.len() => stem(measured),
        _ => format!("{scenario}, {}", stem(measured)),
    }
}

/// Returns how much each differs from the first, one sentence each.
fn changes(all: &[Compared]) -> Vec<String> {
    let first = &all[0];
    let sentence = |other: &Compared| {
        let change = change::change(&first.comparison, &other.comparison)?;
        Some(table::change(&first.label, &other.label, &change))
    };
    all[1..].iter().filter_map(sentence).collect()
}

fn text(all: &[Compared], changes: Vec<String>) -> String {
    let named: Vec<(&str, &Comparison)> = all.iter().map(|one| (one.label.as_str(), &one.comparison)).collect();
    let mut lines = vec![table::comparisons(&named), String::new()];
    lines.extend(changes);
    for one in all {
        let sentence = |finding| format!("{}: {}", one.label, report::finding::sentence(finding));
        lines.extend(one.findings.iter().map(sentence));
    }
    lines.join("\n").trim_end().to_owned()
}

/// Returns which scenario is compared with which measured runs.
///
/// # Errors
/// If that is not clear.
pub(super) fn pairs(args: &CompareArgs) -> Result<Vec<Pair>, Failure> {
    let scenarios: Vec<&PathBuf> = std::iter::once(&args.run.scenario).chain(&args.others).collect();
    let measured = &args.run.measured;
    let pair = |scenario: &PathBuf, measured: Option<&PathBuf>| Pair {
        scenario: scenario.clone(),
        measured: measured.cloned(),
    };
    match (scenarios.as_slice(), measured.as_slice()) {
        (scenarios, []) => Ok(scenarios.iter().map(|scenario| pair(scenario, None)).collect()),
        ([scenario], measured) => Ok(measured.iter().map(|measured| pair(scenario, Some(measured))).collect()),
        (scenarios, measured) if scenarios.len() == measured.len() => {
            Ok(scenarios.iter().zip(measured).map(|(scenario, measured)| pair(scenario, Some(measured))).collect())
        }
        (scenarios, measured) => Err(Failure::Usage {
            message: format!("{} scenarios and {} measured files do not go together", scenarios.len(), measured.len()),
            help: "give one scenario and several --measured, or as many --measured as scenarios, in the same order"
                .to_owned(),
        }),
    }
}
