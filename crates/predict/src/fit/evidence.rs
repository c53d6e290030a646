//! What a person judges a fit by: every sample beside what the fitted model makes of it, and the model's line between them.

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;
use dlpc_engine::maths;
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::random::Streams;
use rayon::prelude::*;

use super::runs::RunsFit;
use crate::calibration::experiment::Experiment;
use crate::calibration::sample::Sample;
use crate::calibration::simulated::{Bench, machine_kernel};
use crate::fit::samples::cores::mean_cost;
use crate::fit::trust::residuals::{self, Residual};

/// Sizes at which a line is simulated, besides the borders of segments.
const LINE_SIZES: u32 = 72;

/// What a time depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Size of the message.
    Bytes,
    /// Number of the host, from 0, in the order of the machine model.
    Host,
    /// Rank count.
    Ranks,
}

/// One kind of experiment, or one measured program, sample by sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Kind of experiment as in the residuals, for instance `ping_pong remote`, or the file of measured runs.
    pub kind: String,
    /// Which of its kind, for instance `7 senders`; empty if there is but one.
    pub variant: String,
    /// Number in the variant, for instance senders or busy cores; 1 if there is none.
    pub count: u32,
    /// What the times depend on.
    pub over: Over,
    /// The samples, in the order in which they came.
    pub points: Vec<Point>,
    /// The fitted model: where, and its time in seconds, on hosts of speed 1; ascending.
    pub line: Vec<(f64, f64)>,
}

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Bytes, number of the host or ranks.
    pub x: f64,
    /// Measured time in seconds; of computing, per unit of work.
    pub measured_s: f64,
    /// The same of the fitted model, on the sample's hosts.
    pub fitted_s: f64,
    /// (fitted - measured) / measured.
    pub relative_error: f64,
    /// Half-width of the interval in which the true time lies, in seconds.
    pub reading_error_s: f64,
    /// Launch; none for measured runs.
    pub launch: Option<u32>,
    /// Host of the rank that took the time; none for measured runs.
    pub host: Option<String>,
    /// Whether it lies too far off to count.
    pub is_outlier: bool,
}

/// Samples of one kind and variant with their relative errors.
type Group<'a> = Vec<(&'a Sample, f64)>;

/// Returns the samples that the machine can run beside what it makes of them, by kind and variant.
#[must_use]
pub fn of_samples(machine: &MachineModel, samples: &[Sample]) -> Vec<Series> {
    let errors = residuals::relative_errors(machine, samples);
    let summaries = residuals::by_kind(samples, &errors);
    let hosts = machine.host_names();
    let mut groups: BTreeMap<(String, u32, String), Group<'_>> = BTreeMap::new();
    for (sample, error) in samples.iter().zip(errors) {
        let (count, variant) = variant(&sample.experiment);
        if let Some(error) = error {
            groups.entry((residuals::kind(&sample.experiment), count, variant)).or_default().push((sample, error));
        }
    }
    let groups: Vec<_> = groups.into_iter().collect();
    groups
        .into_par_iter()
        .map(|((kind, count, variant), group)| {
            let summary = summaries[&kind];
            let points: Vec<Point> =
                group.iter().map(|(sample, error)| point(sample, *error, &summary, &hosts)).collect();
            let over = over(&group[0].0.experiment);
            let line = line(machine, over, &group, &points);
            Series { kind, variant, count, over, points, line }
        })
        .collect()
}

/// Returns the measured runs beside what the fitted model makes of them, program by program.
#[must_use]
pub fn of_runs(found: &RunsFit) -> Vec<Series> {
    let mut programs: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
    for run in &found.runs {
        programs.entry(&run.file).or_default().push(Point {
            x: f64::from(run.ranks),
            measured_s: run.measured_s,
            fitted_s: run.fitted_s,
            relative_error: run.fitted_s / run.measured_s - 1.0,
            reading_error_s: run.reading_error_s,
            launch: None,
            host: None,
            is_outlier: run.is_outlier,
        });
    }
    let series = |(file, points): (&str, Vec<Point>)| Series {
        kind: file.to_owned(),
        variant: String::new(),
        count: 1,
        over: Over::Ranks,
        line: fitted_line(&points),
        points,
    };
    programs.into_iter().map(series).collect()
}

/// Returns a number and words that tell experiments of one kind apart.
fn variant(experiment: &Experiment) -> (u32, String) {
    match *experiment {
        Experiment::Train { n, .. } => (n, format!("{n} messages")),
        Experiment::FanIn { senders, .. } => (senders, format!("{senders} senders")),
        Experiment::Pairs { pairs, .. } => (pairs, format!("{pairs} pairs")),
        Experiment::Compute { kernel, busy, .. } => (busy, machine_kernel(kernel).name().to_owned()),
        Experiment::PingPong { .. }
        | Experiment::Send { .. }
        | Experiment::Recv { .. }
        | Experiment::Exchange { .. }
        | Experiment::FixedWork { .. } => (1, String::new()),
    }
}

fn over(experiment: &Experiment) -> Over {
    if experiment.bytes().is_some() { Over::Bytes } else { Over::Host }
}

/// Returns how many units of work a sample is divided by: 1 for messages.
fn units(experiment: &Experiment) -> f64 {
    match *experiment {
        Experiment::Compute { units, .. } | Experiment::FixedWork { darts: units, .. } => as_f64(units),
        _ => 1.0,
    }
}

fn point(sample: &Sample, error: f64, summary: &Residual, hosts: &[String]) -> Point {
    let measured_s = mean_cost::run_s(sample) / units(&sample.experiment);
    let host = || hosts.iter().position(|host| *host == sample.host).unwrap_or(0);
    Point {
        x: sample.experiment.bytes().map_or_else(|| as_f64(host() as u64), as_f64),
        measured_s,
        fitted_s: measured_s * (1.0 + error),
        relative_error: error,
        reading_error_s: 0.0,
        launch: Some(sample.launch),
        host: Some(sample.host.clone()),
        is_outlier: summary.is_outlier(error),
    }
}

fn line(machine: &MachineModel, over: Over, group: &[(&Sample, f64)], points: &[Point]) -> Vec<(f64, f64)> {
    match over {
        Over::Bytes => message_line(machine, group),
        Over::Host | Over::Ranks => fitted_line(points),
    }
}

/// Returns the fitted time at each place that has a sample.
fn fitted_line(points: &[Point]) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.fitted_s)).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    line.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    line
}

/// Simulates the experiment at many sizes, on the hosts whose speed is nearest to 1.
fn message_line(machine: &MachineModel, group: &[(&Sample, f64)]) -> Vec<(f64, f64)> {
    let bench = Bench::new(machine, NetworkKind::Flow).quiet();
    let mut experiments: Vec<(u64, &Experiment)> =
        group.iter().filter_map(|(sample, _)| Some((sample.experiment.bytes()?, &sample.experiment))).collect();
    experiments.sort_by_key(|(bytes, _)| *bytes);
    let (Some((least, _)), Some((most, _))) = (experiments.first(), experiments.last()) else { return Vec::new() };
    let time = |bytes: u64| {
        let experiment = between(&experiments, bytes);
        let hosts = typical_hosts(&bench, machine, &experiment)?;
        Some((as_f64(bytes), bench.observe(&experiment, &hosts, Streams::new(0, 0)).ok()?.seconds))
    };
    line_sizes(machine, *least, *most).into_iter().filter_map(time).collect()
}

/// Returns sizes at equal distances of their logarithm, and those at and after each border of the tables.
fn line_sizes(machine: &MachineModel, least: u64, most: u64) -> Vec<u64> {
    let step = |i: u32| {
        let share = f64::from(i) / f64::from(LINE_SIZES);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two sizes")]
        let bytes = (as_f64(least.max(1)) * maths::powf(as_f64(most) / as_f64(least.max(1)), share)).round() as u64;
        bytes.clamp(least, most)
    };
    let borders = [&machine.local, &machine.remote]
        .into_iter()
        .flat_map(|table| table.segments.iter().map(|segment| segment.upto.0).chain([table.eager_limit.0]))
        .flat_map(|border| [border, border.saturating_add(1)])
        .filter(|bytes| (least..=most).contains(bytes));
    let mut sizes: Vec<u64> = (0..=LINE_SIZES).map(step).chain(borders).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Returns the experiment at a size, its delay between those of the next smaller and the next larger sample.
fn between(experiments: &[(u64, &Experiment)], bytes: u64) -> Experiment {
    let next = experiments.partition_point(|(size, _)| *size < bytes).min(experiments.len() - 1);
    let (low, high) = (experiments[next.saturating_sub(1)], experiments[next]);
    let mut experiment = with_bytes(high.1, bytes);
    if let (Experiment::Send { recv_delay_s: from, .. }, Experiment::Send { recv_delay_s, .. }) =
        (low.1, &mut experiment)
    {
        let share = if low.0 < high.0 { (as_f64(bytes) - as_f64(low.0)) / as_f64(high.0 - low.0) } else { 1.0 };
        *recv_delay_s = from + share * (*recv_delay_s - from);
    }
    experiment
}

fn with_bytes(experiment: &Experiment, size: u64) -> Experiment {
    let mut experiment = experiment.clone();
    match &mut experiment {
        Experiment::PingPong { bytes, .. }
        | Experiment::Send { bytes, .. }
        | Experiment::Recv { bytes, .. }
        | Experiment::Train { bytes, .. }
        | Experiment::FanIn { bytes, .. }
        | Experiment::Pairs { bytes, .. }
        | Experiment::Exchange { bytes, .. } => *bytes = size,
        Experiment::Compute { .. } | Experiment::FixedWork { .. } => {}
    }
    experiment
}

/// Returns hosts for an experiment, those first whose speed is nearest to 1.
fn typical_hosts(bench: &Bench, machine: &MachineModel, experiment: &Experiment) -> Option<Vec<HostId>> {
    let speeds: Vec<f64> = machine.host_groups.iter().flat_map(|group| group.speeds.iter().copied()).collect();
    let mut hosts: Vec<(f64, u32)> = speeds.iter().map(|speed| maths::ln(*speed).abs()).zip(0..).collect();
    hosts.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let usual = bench.hosts_for(experiment, HostId(hosts.first()?.1)).ok()?;
    let is_spread = usual.windows(2).any(|pair| pair[0] != pair[1]);
    let typical = hosts.iter().map(|(_, host)| HostId(*host)).take(usual.len()).collect();
    Some(if is_spread { typical } else { usual })
}

#[expect(clippy::cast_precision_loss, reason = "sizes need no more than 53 bits")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
