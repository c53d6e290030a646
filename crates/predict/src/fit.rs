//! Calibration samples to a machine model, with intervals and residuals: pure.
//!
//! What each experiment tells, and how, is in docs/calibration.md; the equations are those of docs/model.md.

mod bounded;
mod compute;
mod cores;
mod discrepancy;
mod doubts;
mod eager;
mod estimate;
pub mod evidence;
mod file;
mod identified;
mod intervals;
mod launches;
mod least_squares;
mod mean_cost;
mod messages;
mod model;
mod network;
mod noise;
pub mod origin;
mod pairs;
mod parameters;
mod readable;
mod residuals;
pub mod runs;
mod segments;

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::machine::MachineModel;
use thiserror::Error;

use self::identified::Identified;
use self::pairs::{Copying, PairSamples};
use self::parameters::{Estimate, RemoteShape, Shape};
use self::segments::{SIZES_MIN, TableShape};
use crate::measurement::experiment::PairClass;
use crate::measurement::plan::HostInfo;
use crate::measurement::sample::{SECONDS, Sample};

pub use self::file::{FileProvenance, FittedTo, to_toml};
pub use self::model::values;
pub use self::residuals::{Residual, kind, relative_errors};

/// What a fit needs besides the samples.
#[derive(Debug, Clone)]
pub struct FitOptions<'a> {
    /// Name of the machine model.
    pub name: String,
    /// What the cluster is, in one line.
    pub title: String,
    /// Model from which values are kept that the samples do not show.
    pub prior: Option<&'a MachineModel>,
    /// All hosts, in their order.
    pub hosts: Vec<HostInfo>,
    /// Seed of the resampling.
    pub seed: u64,
    /// Resamples of the launches; all that there are, if they are fewer.
    pub bootstrap: u32,
}

/// A fitted machine model and how far to trust it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The model; its kernel costs carry what the intervals say of them.
    pub machine: MachineModel,
    /// What the cluster is, in one line.
    pub title: String,
    /// 95 % interval of each fitted value by key path, in SI units.
    pub intervals: BTreeMap<String, (f64, f64)>,
    /// Standard error of each kernel's cost in seconds, by key path, where the interval is not 1.96 of them.
    pub standard_errors: BTreeMap<String, f64>,
    /// Which experiments tell each fitted value.
    pub identified_by: BTreeMap<String, String>,
    /// Values that are taken to be those of others, and why.
    pub assumed: BTreeMap<String, String>,
    /// Relative errors of the simulated experiments, by kind of experiment.
    pub residuals: BTreeMap<String, Residual>,
    /// Segments of the tables that were fitted, by class: `local`, `remote`.
    pub segments: BTreeMap<String, Vec<SegmentReport>>,
    /// Reasons to doubt the model, and what to do.
    pub warnings: Vec<String>,
    /// Tables and values that were not measured and come from the prior model, if there is one.
    pub kept_from_prior: Vec<String>,
    /// Launches.
    pub n_launches: usize,
    /// Samples.
    pub n_samples: usize,
}

/// One segment of a message table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentReport {
    /// Largest message of the segment; none for the last.
    pub upto: Option<u64>,
    /// Whether its messages go eagerly.
    pub is_eager: bool,
    /// Ping-pongs that lie in it.
    pub n_samples: usize,
}

/// Why samples do not make a machine model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitError {
    /// No samples at all.
    #[error("no samples")]
    NoSamples,
    /// A sample that is no time.
    #[error("sample {id} of launch {launch} is {seconds} s, expected a time of 1 ps to 1e9 s")]
    BadSample {
        /// Number of the experiment.
        id: u64,
        /// Launch.
        launch: u32,
        /// Its time.
        seconds: f64,
    },
    /// A host that is not in the cluster.
    #[error("samples of host `{host}`, which is not one of the cluster's: {known}")]
    UnknownHost {
        /// The host.
        host: String,
        /// Hosts of the cluster.
        known: String,
    },
    /// A host that is in the cluster twice, perhaps under two names.
    #[error("host `{host}` is in the campaign more than once")]
    SameHost {
        /// The host.
        host: String,
    },
    /// Too few samples of an experiment.
    #[error("{found} sizes of `{experiment}` {range}, expected at least {needed}: {} missing", needed - found)]
    TooFew {
        /// Kind of experiment.
        experiment: String,
        /// Which sizes.
        range: String,
        /// Distinct sizes that there are.
        found: usize,
        /// Distinct sizes that are needed.
        needed: usize,
    },
    /// A value that no machine has, as samples with wrong times or sizes give.
    #[error("the samples tell {what} that no machine has: {why}")]
    Impossible {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Something that the samples do not show and no prior model holds.
    #[error(
        "nothing tells the costs of {what}: measure them ({needed} needed), or name a machine model to keep them from"
    )]
    Unidentified {
        /// What.
        what: &'static str,
        /// What it takes to measure it.
        needed: &'static str,
    },
}

/// Fits a machine model to `samples`.
///
/// Values that the samples cannot show are kept from the prior model and named in [`Fit::kept_from_prior`]. The result
/// depends on the samples and options only, not on the order of the samples or the number of threads.
///
/// # Errors
/// [`FitError`] if samples are too few, or not of this cluster, or something is neither measured nor in a prior model.
pub fn fit(samples: &[Sample], options: &FitOptions<'_>) -> Result<Fit, FitError> {
    check(samples, options)?;
    let mut sorted: Vec<&Sample> = samples.iter().collect();
    sorted.sort_by(|a, b| (a.launch, a.id, &a.host).cmp(&(b.launch, b.id, &b.host)));
    let mut warnings = Vec::new();
    let (shape, rest) = shape_of(&sorted, options, &mut warnings)?;
    let mut machine = match estimate::estimate(&sorted, &shape, options) {
        Some((machine, _)) => machine,
        None => model::assemble(&rest, &shape, options)?,
    };
    let identified = identified::identified(&machine, &rest, &shape, options);
    let mut intervals = intervals_of(&sorted, &shape, &machine, &identified, options);
    bounded::widen(&mut intervals, &sorted, &shape, &rest, options);
    let errors = relative_errors(&machine, samples);
    discrepancy::widen(&mut intervals, &machine, samples, &errors);
    warnings.extend(readable::limit(&mut intervals, &machine));
    machine.noise.cost_sigma = file::cost_sigma(&machine, &intervals);
    machine.uncertainty = file::uncertainty(&machine, &intervals);
    let residuals = residuals::by_kind(samples, &errors);
    warnings.extend(doubts::of_fit(&machine, &residuals, &intervals, n_launches(samples)));
    warnings.extend(doubts::of_kept(&identified, options));
    Ok(Fit {
        segments: segment_reports(&sorted, &shape, &rest),
        machine,
        title: options.title.clone(),
        intervals,
        standard_errors: BTreeMap::new(),
        identified_by: identified.fitted,
        assumed: identified.assumed,
        residuals,
        warnings,
        kept_from_prior: identified.kept,
        n_launches: n_launches(samples),
        n_samples: samples.len(),
    })
}

fn check(samples: &[Sample], options: &FitOptions<'_>) -> Result<(), FitError> {
    if samples.is_empty() {
        return Err(FitError::NoSamples);
    }
    let mut names = BTreeSet::new();
    if let Some(host) = options.hosts.iter().find(|host| !names.insert(&host.name)) {
        return Err(FitError::SameHost { host: host.name.clone() });
    }
    for sample in samples {
        let wrong = [&sample.seconds].into_iter().chain(&sample.each_s).find(|seconds| !SECONDS.contains(seconds));
        if let Some(seconds) = wrong {
            return Err(FitError::BadSample { id: sample.id, launch: sample.launch, seconds: *seconds });
        }
        let known: BTreeSet<&str> = options.hosts.iter().map(|host| host.name.as_str()).collect();
        if let Some(host) = [&sample.host].into_iter().chain(&sample.peers).find(|host| !known.contains(host.as_str()))
        {
            let known = options.hosts.iter().map(|host| host.name.clone()).collect::<Vec<_>>().join(", ");
            return Err(FitError::UnknownHost { host: host.clone(), known });
        }
    }
    Ok(())
}

fn n_launches(samples: &[Sample]) -> usize {
    samples.iter().map(|sample| sample.launch).collect::<BTreeSet<_>>().len()
}

/// Finds what kind of machine it is, and all that does not need the network.
fn shape_of(
    samples: &[&Sample],
    options: &FitOptions<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Shape, Estimate), FitError> {
    let (costs, noise) = estimate::compute_part(samples, true);
    warnings.extend(noise.stops.map(doubts::stopped));
    let mut shape = Shape { has_interruptions: noise.interruptions.is_some(), ..Shape::default() };
    let mut rest = Estimate { costs, noise, ..Estimate::default() };
    shape.local = table_shape(samples, (PairClass::Local, Copying::BesidesTheWire), &rest, warnings)?;
    if let Some(table) = &shape.local {
        let pairs = PairSamples::of(samples, PairClass::Local, &rest.costs, table.copying);
        let wires = vec![messages::Wire::Free; table.uptos.len()];
        rest.local = Some(messages::estimate(&pairs, table, &wires));
    }
    if let Some(looked) = remote_shape(samples, &rest, &shape, options)? {
        warnings.extend(looked.warnings);
        rest.remote = Some(network::estimate(samples, &looked.remote, &rest, &shape, options)?);
        shape.remote = Some(looked.remote);
    }
    Ok((shape, rest))
}

/// What one way of copying makes of messages between hosts.
struct Looked {
    remote: RemoteShape,
    difference: f64,
    warnings: Vec<String>,
}

/// Finds the kind of the network; none if it was not measured.
///
/// Cores copy besides the wire, unless one message alone would then be faster than its port, and would be less so if they
/// copied behind it.
fn remote_shape(
    samples: &[&Sample],
    rest: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Result<Option<Looked>, FitError> {
    let Some(besides) = look(samples, Copying::BesidesTheWire, rest, shape, options)? else { return Ok(None) };
    if besides.difference > -1.0 {
        return Ok(Some(besides));
    }
    let behind = look(samples, Copying::BehindTheWire, rest, shape, options)?;
    let is_better = |behind: &Looked| behind.difference.abs() + 1.0 < besides.difference.abs();
    Ok(Some(behind.filter(is_better).unwrap_or(besides)))
}

fn look(
    samples: &[&Sample],
    copying: Copying,
    rest: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Result<Option<Looked>, FitError> {
    let mut warnings = Vec::new();
    let Some(table) = table_shape(samples, (PairClass::Remote, copying), rest, &mut warnings)? else { return Ok(None) };
    let found = network::find(samples, &table, rest, shape, options)?;
    warnings.extend(found.warnings);
    let remote = RemoteShape { table, network: found.shape };
    Ok(Some(Looked { remote, difference: found.difference, warnings }))
}

/// Finds the segments of one class of pairs; none if it was not measured.
fn table_shape(
    samples: &[&Sample],
    (class, copying): (PairClass, Copying),
    rest: &Estimate,
    warnings: &mut Vec<String>,
) -> Result<Option<TableShape>, FitError> {
    let pairs = PairSamples::of(samples, class, &rest.costs, copying);
    if pairs.ping_pongs.is_empty() && pairs.sends.is_empty() {
        return Ok(None);
    }
    let (name, place) = match class {
        PairClass::Local => ("local", "within a host"),
        PairClass::Remote => ("remote", "between hosts"),
    };
    let Some(eager_limit) = eager::find(&pairs) else {
        return Err(too_few(&format!("send {name}"), "of any size", 0));
    };
    let limit = eager_limit.bytes;
    let sends = pairs.sends.iter().map(|send| send.sample.bytes);
    for (kind, sizes) in [
        ("ping_pong", distinct(pairs.ping_pongs.iter().map(|sample| sample.bytes), |bytes| bytes <= limit)),
        ("send", distinct(sends, |bytes| bytes <= limit)),
        ("recv", distinct(pairs.recvs.iter().map(|sample| sample.bytes), |bytes| bytes <= limit)),
    ] {
        if sizes < SIZES_MIN {
            return Err(too_few(&format!("{kind} {name}"), &format!("up to the eager limit of {limit} B"), sizes));
        }
    }
    let above = distinct(pairs.ping_pongs.iter().map(|sample| sample.bytes), |bytes| bytes > limit);
    if (1..SIZES_MIN).contains(&above) {
        return Err(too_few(&format!("ping_pong {name}"), &format!("above the eager limit of {limit} B"), above));
    }
    if eager_limit.high.is_none() {
        warnings.push(format!(
            "no message {place} of up to {} B waited for its receive, so all are taken to be eager: measure larger ones \
             to find the eager limit",
            eager_limit.low
        ));
    }
    Ok(Some(segments::find(&pairs, eager_limit)))
}

fn distinct(sizes: impl Iterator<Item = u64>, is_wanted: impl Fn(u64) -> bool) -> usize {
    sizes.filter(|bytes| is_wanted(*bytes)).collect::<BTreeSet<_>>().len()
}

fn too_few(experiment: &str, range: &str, found: usize) -> FitError {
    FitError::TooFew { experiment: experiment.to_owned(), range: range.to_owned(), found, needed: SIZES_MIN }
}

/// Returns the intervals of all fitted values.
fn intervals_of(
    samples: &[&Sample],
    shape: &Shape,
    machine: &MachineModel,
    identified: &Identified,
    options: &FitOptions<'_>,
) -> BTreeMap<String, (f64, f64)> {
    let fitted: BTreeMap<String, f64> =
        values(machine).into_iter().filter(|(key, _)| identified.fitted.contains_key(key)).collect();
    let mut intervals = BTreeMap::new();
    for (launches, keys) in launches::telling(samples, machine, &identified.fitted) {
        let resampled = |times: &[u32]| {
            let of_launch = |sample: &&&Sample| launches.binary_search(&sample.launch).map_or(0, |i| times[i]);
            let drawn: Vec<&Sample> =
                samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, of_launch(&sample) as usize)).collect();
            let (machine, estimate) = estimate::estimate(&drawn, shape, options)?;
            // What a resample does not tell is the prior's there, and no draw.
            let told = identified::identified(&machine, &estimate, shape, options).fitted;
            Some(values(&machine).into_iter().filter(|(key, _)| told.contains_key(key)).collect())
        };
        let found = fitted.iter().filter(|(key, _)| keys.contains(*key)).map(|(key, value)| (key.clone(), *value));
        let draws = (options.bootstrap, options.seed);
        intervals.extend(intervals::intervals(&found.collect(), launches.len(), draws, &resampled));
    }
    let tables = [("local", shape.local.as_ref()), ("remote", shape.remote.as_ref().map(|remote| &remote.table))];
    for (class, table) in tables {
        let Some(table) = table else { continue };
        let high = table.eager_limit.high.map_or(table.largest, |high| high - 1);
        let bounds = (pairs::as_f64(table.eager_limit.low), pairs::as_f64(high));
        intervals.insert(format!("messages.{class}.eager_limit"), bounds);
    }
    intervals
}

fn segment_reports(samples: &[&Sample], shape: &Shape, rest: &Estimate) -> BTreeMap<String, Vec<SegmentReport>> {
    let tables = [
        ("local", PairClass::Local, shape.local.as_ref()),
        ("remote", PairClass::Remote, shape.remote.as_ref().map(|remote| &remote.table)),
    ];
    let report = |class: PairClass, table: &TableShape| {
        let pairs = PairSamples::of(samples, class, &rest.costs, table.copying);
        let mut above = None;
        let of_segment = |(i, upto): (usize, &u64)| {
            let is_inside = |bytes: u64| above.is_none_or(|above: u64| above < bytes) && bytes <= *upto;
            let n_samples = pairs.ping_pongs.iter().filter(|sample| is_inside(sample.bytes)).count();
            above = Some(*upto);
            SegmentReport { upto: (*upto < u64::MAX).then_some(*upto), is_eager: i < table.n_eager, n_samples }
        };
        table.uptos.iter().enumerate().map(of_segment).collect()
    };
    tables.into_iter().filter_map(|(name, class, table)| Some((name.to_owned(), report(class, table?)))).collect()
}
