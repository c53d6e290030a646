//! Calibration samples to a machine model, with intervals and residuals: pure.
//!
//! What each experiment tells, and how, is in docs/calibration.md; the equations are those of docs/model.md.

pub mod evidence;
mod file;
pub mod origin;
pub mod runs;
mod samples;
mod statistics;
mod trust;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::machine::MachineModel;
use thiserror::Error;

use self::samples::{assemble, estimate};
use self::trust::{bounded, discrepancy, doubts, identified, readable};
use crate::calibration::plan::HostInfo;
use crate::calibration::sample::{SECONDS, Sample};

pub use self::file::{FileProvenance, FittedTo, to_toml};
pub use self::trust::residuals::{self, Residual, kind, relative_errors};
pub use self::values::values;

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
    let (shape, rest) = samples::shape_of(&sorted, options, &mut warnings)?;
    let mut machine = match estimate::estimate(&sorted, &shape, options) {
        Some((machine, _)) => machine,
        None => assemble::assemble(&rest, &shape, options)?,
    };
    let identified = identified::identified(&machine, &rest, &shape, options);
    let mut intervals = trust::intervals_of(&sorted, &shape, &machine, &identified, options);
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
        segments: samples::segment_reports(&sorted, &shape, &rest),
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
