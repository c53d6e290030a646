//! The time line of one run: which one is shown in the report, and the files of the one that was asked for.

use std::path::Path;

use dlpc_predict::analysis::timeline::Timeline;
use dlpc_predict::analysis::{Curve, knee};
use dlpc_predict::input::Experiment;
use dlpc_predict::prediction;
use dlpc_report::html::Excerpt;
use dlpc_report::timeline;

use crate::cli::TimelineArgs;
use crate::failure::Failure;
use crate::files;

/// How close to the best time the run of the report is.
const CLOSE: f64 = 0.05;
/// Rank counts that the report shows well, at least and at most.
const RANKS_OF_REPORT: (u32, u32) = (8, 16);

/// A time line as a report shows it.
pub(super) struct Shown {
    ranks: usize,
    svg: String,
}

impl Shown {
    pub(super) fn excerpt(&self) -> Excerpt<'_> {
        Excerpt { ranks: self.ranks, svg: &self.svg }
    }
}

/// Simulates the run that is shown, writes the files that were asked for, and returns what the report has of it.
pub(super) fn shown(
    args: &TimelineArgs,
    experiment: &Experiment,
    curve: &Curve,
    folder: &Path,
) -> Result<Option<Shown>, Failure> {
    let Some(timeline) = simulate(args, experiment, curve)? else { return Ok(None) };
    let title = &experiment.scenario.title;
    write(args, folder, &timeline, title)?;
    let ranks = timeline.rows.len();
    Ok(timeline::gantt(&timeline, title).map(|svg| Shown { ranks, svg }))
}

/// Simulates the run that is shown: that on as many ranks as was asked for, or one that is worth a look.
fn simulate(args: &TimelineArgs, experiment: &Experiment, curve: &Curve) -> Result<Option<Timeline>, Failure> {
    let Some(n_ranks) = args.timeline.map_or_else(|| of_report(curve), |ranks| Some(ranks.get())) else {
        return Ok(None);
    };
    let timeline = prediction::timeline(&experiment.scenario, &experiment.machine, n_ranks)?;
    if timeline.is_none() && args.timeline.is_some() {
        let limit = prediction::TRACED_EVENTS_MAX;
        files::warn(&format!("there is no time line: {n_ranks} ranks take more than {limit} events"));
    }
    Ok(timeline)
}

/// Checks that the scenario has as many ranks as was asked for.
pub(super) fn check(args: &TimelineArgs, experiment: &Experiment) -> Result<(), Failure> {
    let most = experiment.scenario.run.ranks.last().map_or(1, |most| most.get());
    match args.timeline {
        Some(ranks) if most < ranks.get() => Err(Failure::Usage {
            message: format!("--timeline {ranks}: the scenario has at most {most} ranks"),
            help: "name fewer ranks, or add them to `run.ranks`".to_owned(),
        }),
        Some(ranks) => experiment.scenario.workload.check_on(ranks.get()).map_err(Failure::on_ranks),
        None => Ok(()),
    }
}

/// Returns the most ranks that are worth a look and few enough for it.
fn of_report(curve: &Curve) -> Option<u32> {
    let (least, most) = RANKS_OF_REPORT;
    let enough = knee::least_within(curve, CLOSE)?.ranks.clamp(least, most);
    curve.points.iter().map(|point| point.ranks).rfind(|ranks| *ranks <= enough)
}

/// Writes the files that were asked for.
fn write(args: &TimelineArgs, folder: &Path, timeline: &Timeline, title: &str) -> Result<(), Failure> {
    if args.timeline.is_none() {
        return Ok(());
    }
    files::write(&folder.join("timeline.json"), timeline::chrome(timeline, title).as_bytes())?;
    if let Some(svg) = timeline::gantt(timeline, title) {
        files::write(&folder.join("timeline.svg"), svg.as_bytes())?;
    }
    if args.paje {
        files::write(&folder.join("timeline.paje"), timeline::paje(timeline).as_bytes())?;
    }
    Ok(())
}
