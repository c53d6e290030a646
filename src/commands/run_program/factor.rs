//! Where the factor from this computer's CPU times to the cluster's comes from.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::fit::runs::MeasuredProgram;
use dlpc_predict::fit::runs::recording::{self, FactorFit};
use dlpc_predict::input::{Experiment, MeasuredCurve};
use dlpc_predict::scenario::Scenario;
use dlpc_predict::workload::Workload;
use dlpc_predict::workload::recorded::{Factor, PhaseScale, Recorded, Recording, Timed};

use super::{RECORDING, Stop, counts, play, quoted};
use crate::cli::run::{RunProgramArgs, Scale};
use crate::commands::calibrate;
use crate::failure::Failure;

/// Factors that can be written into a scenario.
const SCALES: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Returns the factor that is written on the command line.
pub(super) fn written(scale: Scale) -> Factor {
    let Scale { low, high } = scale;
    let interval = (low < high).then_some((low, high));
    // The middle of what is drawn.
    let scale = if low < high { (low * high).sqrt() } else { low };
    Factor { interval, source: Some("--scale".to_owned()), ..Factor::known(scale) }
}

/// Says the ways to a factor.
pub(super) fn none() -> Failure {
    Failure::Usage {
        message: "nothing says how long the CPU times of this computer are on the cluster".to_owned(),
        help: "write --runs RUNS.csv, with a few run times of the program on the cluster; or --scale X, the ratio of run times \
               on one rank there and here; or --scale LOW..=HIGH if you know it roughly, and the band says so; with --scale 1, \
               the cores of the machine model are as fast as this computer"
            .to_owned(),
    }
}

/// Returns about the factor that the runs on the fewest ranks mean: what the program is told of the time while it is recorded.
pub(super) fn guessed(
    args: &RunProgramArgs,
    experiment: &Experiment,
    runs: &MeasuredCurve,
    stop: &Stop,
) -> Result<Factor, Failure> {
    let rows = &runs.measurement.rows;
    let is_fitted = |ranks: u32| args.fit_ranks.is_empty() || args.fit_ranks.iter().any(|fitted| fitted.get() == ranks);
    let recorded = counts(experiment);
    let first = rows.iter().find(|run| is_fitted(run.ranks) && recorded.contains(&run.ranks));
    let first = first.ok_or_else(|| Failure::Usage {
        message: format!("{} has no run on rank counts that are recorded and fitted", runs.path.display()),
        help: "write rank counts that were measured after --ranks, and after --fit-ranks if it is there".to_owned(),
    })?;
    let (_, trace) = play(args, experiment, 1.0, first.ranks, stop)?;
    let here_s = (trace.makespan - SimTime::ZERO).as_seconds();
    Ok(Factor::known((first.seconds / here_s.max(f64::MIN_POSITIVE)).clamp(*SCALES.start(), *SCALES.end())))
}

/// Returns the factor that fits the runs best.
pub(super) fn fitted(
    args: &RunProgramArgs,
    experiment: &Experiment,
    recorded: &Recording,
    guess: &Factor,
    runs: &MeasuredCurve,
) -> Result<Factor, Failure> {
    let recorded = Recorded { recording: Arc::new(recorded.clone()), factor: guess.clone(), timed: timed(args) };
    let program = MeasuredProgram {
        scenario: Scenario { workload: Workload::Recorded(recorded), ..experiment.scenario.clone() },
        machine: experiment.machine.clone(),
        file: runs.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        measurement: runs.measurement.clone(),
    };
    let ranks: BTreeSet<u32> = args.fit_ranks.iter().map(|ranks| ranks.get()).collect();
    let FactorFit { factor, .. } =
        recording::fit_factor(&program, &ranks).map_err(|error| calibrate::runs_failure(&error))?;
    if SCALES.contains(&factor.scale) {
        return Ok(factor);
    }
    Err(Failure::Measurement {
        message: format!("the runs mean a factor of {}", factor.scale),
        help: "are they times of this program, in seconds, on the machine that --machine names?".to_owned(),
    })
}

/// Returns which part of a run is its time.
pub(super) fn timed(args: &RunProgramArgs) -> Timed {
    if args.timed == Timed::Program.name() { Timed::Program } else { Timed::Run }
}

/// Fails if rank 0 of a run does not look at a clock twice, where that is to be its time.
pub(super) fn check_clock(args: &RunProgramArgs, recorded: &Recording) -> Result<(), Failure> {
    let without = recorded.runs.iter().find(|run| timed(args) == Timed::Program && run.timed_between().is_none());
    without.map_or(Ok(()), |run| {
        Err(Failure::Usage {
            message: format!(
                "on {} ranks, rank 0 does not look at a clock twice: the program does not time itself",
                run.n_ranks()
            ),
            help: "leave out --timed, or call MPI_Wtime before and after what is to be timed".to_owned(),
        })
    })
}

/// Returns the recording and its factor as a scenario has them.
pub(super) fn section(factor: &Factor, timed: Timed) -> String {
    let mut lines = vec![
        "[workload.recorded]".to_owned(),
        format!("file = {}", quoted(RECORDING)),
        format!("scale = {:?}", factor.scale),
    ];
    lines.extend(factor.interval.map(|(low, high)| format!("scale_interval = [{low:?}, {high:?}]")));
    lines.extend(factor.source.as_ref().map(|source| format!("scale_source = {}", quoted(source))));
    if factor.setup > SimDuration::ZERO {
        lines.push(format!("setup = {}", quoted(&factor.setup.to_string())));
    }
    if timed != Timed::Run {
        lines.push(format!("timed = {}", quoted(timed.name())));
    }
    for PhaseScale { phase, scale, interval } in &factor.phases {
        lines.push("\n[[workload.recorded.phases]]".to_owned());
        lines.extend(phase.after.as_ref().map(|site| format!("after = {}", quoted(site))));
        lines.extend(phase.upto.as_ref().map(|site| format!("upto = {}", quoted(site))));
        lines.push(format!("scale = {scale:?}"));
        lines.extend(interval.map(|(low, high)| format!("scale_interval = [{low:?}, {high:?}]")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Returns the measured runs to show beside the prediction: those that it was fitted to, if no others are named.
pub(super) fn shown(args: &RunProgramArgs) -> Vec<PathBuf> {
    args.measured.iter().chain(&args.runs).take(1).cloned().collect()
}
