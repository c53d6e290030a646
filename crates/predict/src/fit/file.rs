//! The machine-model file of a fit.

mod text;

use std::collections::BTreeMap;

use dlpc_engine::machine::{Kernel, MachineModel, Uncertainty};

use super::{Fit, values};
use crate::input::{self, Provenance};

/// Where the samples of a fit come from: what a fit itself cannot know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileProvenance {
    /// When the model was made.
    pub created: Option<String>,
    /// Where the cluster stands.
    pub place: Option<String>,
    /// MPI library.
    pub mpi: Option<String>,
    /// File with the samples.
    pub samples: Option<String>,
    /// Its SHA-256 hash, in hexadecimal.
    pub samples_sha256: Option<String>,
    /// Name of the prior machine model.
    pub prior: Option<String>,
    /// Where the prior's values come from, by key path.
    pub prior_sources: BTreeMap<String, String>,
    /// 95 % intervals of the prior's values, by key path.
    pub prior_intervals: BTreeMap<String, [String; 2]>,
    /// Command that makes the model.
    pub command: Option<String>,
    /// What the model was fitted to, if not to the samples of a calibration.
    pub runs: Option<FittedTo>,
}

/// Runs of whole programs that a model was fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedTo {
    /// Rank counts, ascending.
    pub ranks: Vec<u32>,
    /// Names of the measurements.
    pub measurements: Vec<String>,
}

const SAMPLES_METHOD: &str = "fit: robust least squares by segment, segments by BIC, contention by inverting the \
simulator; intervals: bootstrap over launches, Student's t";
const RUNS_METHOD: &str = "fit: robust least squares of simulated makespans, weighted by reading error and scatter; \
intervals: standard errors, Student's t; hardware and messages from the prior";

/// Returns the fit as a machine-model file, which [`input::load_machine`] reads as the same model.
#[must_use]
pub fn to_toml(fit: &Fit, provenance: &FileProvenance) -> String {
    let errors = fit.standard_errors.iter().map(|(key, error)| (key.as_str(), values::rounded(*error))).collect();
    let body = input::machine_text(&fit.machine, provenance_of(fit, provenance), &errors);
    let made_from = match &provenance.runs {
        Some(runs) => format!("{} runs of whole programs: {}", fit.n_samples, runs.measurements.join(", ")),
        None => format!("{} samples of {} launches", fit.n_samples, fit.n_launches),
    };
    format!("# Made by dlpc-sim calibrate from {made_from}.\n{body}")
}

/// Returns the relative standard error of each kernel's cost, as a reader of the file would find it.
pub(super) fn cost_sigma(machine: &MachineModel, intervals: &BTreeMap<String, (f64, f64)>) -> [f64; Kernel::ALL.len()] {
    let mut sigma = [0.0; Kernel::ALL.len()];
    for (costed, cost) in machine.kernels.costs() {
        if let Some(bounds) = intervals.get(costed.key) {
            let (low, high) = text::time_bounds(*bounds);
            sigma[costed.kernel as usize] = input::relative_sigma(low, high, cost);
        }
    }
    sigma
}

/// Returns how well hosts, ports and messages are known, as a reader of the file would find it.
pub(super) fn uncertainty(machine: &MachineModel, intervals: &BTreeMap<String, (f64, f64)>) -> Uncertainty {
    let bounds: Vec<(&str, [String; 2])> =
        intervals.iter().map(|(key, bounds)| (key.as_str(), text::bounds(key, *bounds))).collect();
    input::uncertainty(machine, bounds.iter().map(|(key, bounds)| (*key, bounds)))
}

/// Returns the intervals of fitted values, and those that the prior gives the values that are kept.
fn intervals(fit: &Fit, provenance: &FileProvenance) -> BTreeMap<String, [String; 2]> {
    let from_prior = provenance.prior_intervals.iter().filter(|(key, _)| is_kept(fit, key));
    let from_prior = from_prior.map(|(key, bounds)| (key.clone(), bounds.clone()));
    from_prior.chain(fit.intervals.iter().map(|(key, bounds)| (key.clone(), text::bounds(key, *bounds)))).collect()
}

fn provenance_of(fit: &Fit, provenance: &FileProvenance) -> Provenance {
    let runs = provenance.runs.as_ref();
    Provenance {
        title: Some(fit.title.clone()),
        intervals: intervals(fit, provenance),
        created: provenance.created.clone(),
        place: provenance.place.clone(),
        mpi: provenance.mpi.clone(),
        tool_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        method: Some(if runs.is_some() { RUNS_METHOD } else { SAMPLES_METHOD }.to_owned()),
        command: provenance.command.clone(),
        launches: if runs.is_some() { None } else { u32::try_from(fit.n_launches).ok() },
        samples: provenance.samples.clone(),
        samples_sha256: provenance.samples_sha256.clone(),
        warnings: some_of(&fit.warnings),
        residuals: Some(fit.residuals.iter().map(|(kind, of)| (kind.clone(), text::residual(of))).collect()),
        fitted_ranks: runs.and_then(|runs| some_of(&runs.ranks)),
        fitted_measurements: runs.and_then(|runs| some_of(&runs.measurements)),
        sources: Some(sources(fit, provenance)),
    }
}

/// Returns a list, if there is anything in it.
fn some_of<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn sources(fit: &Fit, provenance: &FileProvenance) -> BTreeMap<String, String> {
    let kept = match &provenance.prior {
        Some(prior) => format!("not measured: kept from `{prior}`"),
        None => "not measured".to_owned(),
    };
    // What the prior says of a kept value, or of a part of a kept table, says more than that it was kept.
    let from_prior = provenance.prior_sources.iter().filter(|(key, _)| is_kept(fit, key));
    let from_prior = from_prior.map(|(key, source)| (key.clone(), source.clone()));
    let fitted = fit.identified_by.iter().map(|(key, experiments)| (key.clone(), format!("fit: {experiments}")));
    let assumed = fit.assumed.iter().map(|(key, why)| (key.clone(), format!("assumed: {why}")));
    let kept = fit.kept_from_prior.iter().map(|key| (key.clone(), kept.clone()));
    fitted.chain(assumed).chain(kept).chain(from_prior).collect()
}

/// Returns whether the value of a key path, or all of the table that it is in, comes from the prior.
fn is_kept(fit: &Fit, key: &str) -> bool {
    fit.kept_from_prior.iter().any(|kept| is_part(key, kept))
}

/// Returns whether a key path is another one or leads into it.
fn is_part(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
