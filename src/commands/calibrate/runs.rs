//! `calibrate --from-runs`: a machine model from the times of whole programs.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use dlpc_predict::fit::runs::recording;
use dlpc_predict::fit::runs::{self, MeasuredProgram, RunsError, RunsFit, RunsOptions};
use dlpc_predict::fit::{FileProvenance, FittedTo, evidence, to_toml};
use dlpc_predict::input::{self, Machine};
use dlpc_predict::measurement::Measurement;
use dlpc_predict::scenario::Scenario;
use dlpc_predict::workload::Workload;
use dlpc_report::fit::Method;

use super::report;
use crate::cli::calibrate::CalibrateArgs;
use crate::commands::experiment;
use crate::failure::Failure;
use crate::files;

pub(super) fn run(args: &CalibrateArgs) -> Result<(), Failure> {
    let sources: Vec<Source> = args.from_runs.iter().map(|text| Source::parse(text)).collect();
    let prior_path = prior_path(args, &sources)?;
    let prior = input::load_machine(&prior_path, &files::read)?;
    let programs =
        sources.iter().map(|source| source.load(&prior_path, &args.ranks)).collect::<Result<Vec<_>, Failure>>()?;
    if let ([source], [program]) = (sources.as_slice(), programs.as_slice())
        && matches!(program.scenario.workload, Workload::Recorded(_))
    {
        return of_recording(args, source, program);
    }
    let found = fit(args, &programs, &prior)?;
    let made = report::Made {
        fit: &found.fit,
        series: &evidence::of_runs(&found),
        method: Method::Runs,
        source: &args.from_runs.join(", "),
        command: &command(args),
    };
    report::write(args, &made, &to_toml(&found.fit, &provenance(args, &found, &programs, &prior)))
}

/// Fits the factor of a recorded program: what is written is its scenario with that factor.
fn of_recording(args: &CalibrateArgs, source: &Source, program: &MeasuredProgram) -> Result<(), Failure> {
    let folder = |path: &Path| std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
    if folder(&args.out) != folder(&source.scenario) {
        return Err(Failure::Usage {
            message: format!("{} is not beside {}", args.out.display(), source.scenario.display()),
            help: "a factor is written into a copy of the scenario, which names other files from its folder: write --out there"
                .to_owned(),
        });
    }
    let ranks = args.ranks.iter().map(|ranks| ranks.get()).collect();
    let found = recording::fit_factor(program, &ranks).map_err(|error| failure(&error))?;
    let bytes = files::read(&source.scenario).map_err(|error| Failure::output(&source.scenario, error))?;
    let text = recording::written_into(&String::from_utf8_lossy(&bytes), &found.factor);
    let text = text.map_err(|message| Failure::Usage { message, help: "write --from-runs SCENARIO".to_owned() })?;
    files::write(&args.out, text.as_bytes())?;
    files::print(&format!("{}\n", found.in_words()))
}

/// A scenario, and where its runs are if not where it says.
struct Source {
    scenario: PathBuf,
    runs: Option<PathBuf>,
}

impl Source {
    /// Splits `SCENARIO=RUNS`; a file that has `=` in its name is not split.
    fn parse(text: &str) -> Self {
        match text.split_once(".toml=") {
            Some((scenario, runs)) => Self { scenario: format!("{scenario}.toml").into(), runs: Some(runs.into()) },
            None => Self { scenario: text.into(), runs: None },
        }
    }

    fn load(&self, prior: &Path, ranks: &[NonZeroU32]) -> Result<MeasuredProgram, Failure> {
        let experiment = input::load_experiment_on(&self.scenario, prior, &files::read)?;
        let measured = match &self.runs {
            Some(runs) => Some(experiment::measured(runs)?),
            None => experiment.measured,
        };
        let measured = measured.ok_or_else(|| Failure::Usage {
            message: format!("{} names no measured runs", self.scenario.display()),
            help: format!("write `--from-runs {}=RUNS`, or `measured = \"FILE\"` into it", self.scenario.display()),
        })?;
        self.check_ranks(&experiment.scenario, &measured.measurement, ranks)?;
        Ok(MeasuredProgram {
            scenario: experiment.scenario,
            machine: experiment.machine,
            file: measured.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            measurement: measured.measurement,
        })
    }
}

impl Source {
    /// Refuses runs on more ranks than the scenario has been checked for: they would share cores in silence.
    fn check_ranks(&self, scenario: &Scenario, measured: &Measurement, fitted: &[NonZeroU32]) -> Result<(), Failure> {
        let most = scenario.run.ranks.last().map_or(1, |ranks| ranks.get());
        let is_fitted = |ranks: u32| fitted.is_empty() || fitted.iter().any(|fitted| fitted.get() == ranks);
        let too_many =
            measured.rows.iter().map(|row| row.ranks).filter(|ranks| most < *ranks && is_fitted(*ranks)).max();
        let Some(ranks) = too_many else { return Ok(()) };
        let scenario = self.scenario.display();
        Err(Failure::Usage {
            message: format!("a run on {ranks} ranks was measured, but {scenario} goes up to {most} ranks"),
            help: format!(
                "raise its `run.ranks` to {ranks} if the cluster has so many slots, or name the rank counts to fit: --ranks"
            ),
        })
    }
}

/// Returns the machine model to start from: the one named, or that of all scenarios.
fn prior_path(args: &CalibrateArgs, sources: &[Source]) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.prior {
        return Ok(path.clone());
    }
    let named: Result<BTreeSet<PathBuf>, Failure> =
        sources.iter().map(|source| Ok(input::machine_of_scenario(&source.scenario, &files::read)?)).collect();
    let mut named = named?;
    match (named.pop_first(), named.is_empty()) {
        (Some(path), true) => Ok(path),
        (_, _) => Err(Failure::Usage {
            message: "the scenarios name different machine models".to_owned(),
            help: "name the one that has the hardware and first guesses of the kernel costs: --prior FILE".to_owned(),
        }),
    }
}

fn fit(args: &CalibrateArgs, programs: &[MeasuredProgram], prior: &Machine) -> Result<RunsFit, Failure> {
    let name = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let options = RunsOptions {
        title: prior.provenance.title.clone().unwrap_or_else(|| name.clone()),
        name,
        prior: &prior.model,
        ranks: args.ranks.iter().map(|ranks| ranks.get()).collect(),
    };
    runs::fit_runs(programs, &options).map_err(|error| failure(&error))
}

pub(crate) fn failure(error: &RunsError) -> Failure {
    let help = match error {
        RunsError::Simulation(error) => return Failure::Simulation(error.clone()),
        RunsError::NoRuns { .. } => "name rank counts that were measured, after --ranks",
        RunsError::NoKernels { .. } => "name scenarios of `pi`; other workloads say themselves how long they compute",
        RunsError::NotRecorded { .. } => "name the scenario that `dlpc-sim run` has written",
        RunsError::NoWork { .. } => {
            "are they times of this program, in seconds, on the machine that the scenario names?"
        }
        RunsError::Overridden { .. } => "take `kernels` out of its [machine_override]",
        RunsError::TooFew { .. } => "fit more rank counts, after --ranks, or measure more",
    };
    Failure::Measurement { message: format!("the runs cannot be fitted: {error}"), help: help.to_owned() }
}

fn provenance(args: &CalibrateArgs, found: &RunsFit, programs: &[MeasuredProgram], prior: &Machine) -> FileProvenance {
    FileProvenance {
        created: args.created.clone(),
        place: prior.provenance.place.clone(),
        mpi: prior.provenance.mpi.clone(),
        prior: Some(prior.model.name.clone()),
        prior_sources: prior.provenance.sources.clone().unwrap_or_default(),
        prior_intervals: prior.provenance.intervals.clone(),
        command: Some(command(args)),
        runs: Some(FittedTo {
            ranks: found.ranks.clone(),
            measurements: programs.iter().map(|program| program.file.clone()).collect(),
        }),
        ..FileProvenance::default()
    }
}

/// Returns the command line that makes this model, in one order.
fn command(args: &CalibrateArgs) -> String {
    let mut words = vec!["dlpc-sim".to_owned(), "calibrate".to_owned()];
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    for source in &args.from_runs {
        option("--from-runs", source.clone());
    }
    if !args.ranks.is_empty() {
        let ranks: Vec<String> = args.ranks.iter().map(ToString::to_string).collect();
        option("--ranks", ranks.join(","));
    }
    if let Some(prior) = &args.prior {
        option("--prior", prior.display().to_string());
    }
    if let Some(created) = &args.created {
        option("--created", created.clone());
    }
    option("--out", args.out.display().to_string());
    shell_words::join(words)
}
