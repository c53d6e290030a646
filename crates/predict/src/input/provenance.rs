//! Where the values of a machine model come from.

use std::collections::BTreeMap;
use std::path::Path;

use super::raw_machine::RawMachine;

/// Where the values of a machine model come from; free text as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// What the cluster is, in one line.
    pub title: Option<String>,
    /// When the model was made.
    pub created: Option<String>,
    /// Where the cluster stands or stood.
    pub place: Option<String>,
    /// MPI library.
    pub mpi: Option<String>,
    /// Version of the tool that made the model.
    pub tool_version: Option<String>,
    /// How the values were found.
    pub method: Option<String>,
    /// Command that makes the model.
    pub command: Option<String>,
    /// Launches of the calibration.
    pub launches: Option<u32>,
    /// File with the samples of the calibration.
    pub samples: Option<String>,
    /// SHA-256 hash of that file, in hexadecimal.
    pub samples_sha256: Option<String>,
    /// Reasons to doubt the calibration.
    pub warnings: Vec<String>,
    /// Relative errors of the calibration experiments, by kind of experiment.
    pub residuals: BTreeMap<String, String>,
    /// Rank counts of the measured runs that the values were fitted to.
    pub fitted_ranks: Vec<u32>,
    /// File names of the measured curves that the values were fitted to.
    pub fitted_measurements: Vec<String>,
    /// Literature source of single values, by key path.
    pub sources: BTreeMap<String, String>,
    /// 95 % intervals of single values, by key path.
    pub intervals: BTreeMap<String, [String; 2]>,
}

impl Provenance {
    pub(super) fn of(raw: &RawMachine) -> Self {
        let entries = raw.intervals.iter().flat_map(|intervals| &intervals.value.0);
        let intervals = entries.map(|(key, bounds)| (key.value.clone(), bounds.value.clone())).collect();
        let title = raw.title.as_ref().map(|title| title.value.clone());
        let Some(raw) = raw.provenance.as_ref().map(|provenance| &provenance.value) else {
            return Self { title, intervals, ..Self::default() };
        };
        Self {
            title,
            created: raw.created.clone(),
            place: raw.place.clone(),
            mpi: raw.mpi.clone(),
            tool_version: raw.tool_version.clone(),
            method: raw.method.clone(),
            command: raw.command.clone(),
            launches: raw.launches,
            samples: raw.samples.clone(),
            samples_sha256: raw.samples_sha256.clone(),
            warnings: raw.warnings.clone().unwrap_or_default(),
            residuals: raw.residuals.clone().unwrap_or_default(),
            fitted_ranks: raw.fitted_ranks.clone().unwrap_or_default(),
            fitted_measurements: raw.fitted_measurements.clone().unwrap_or_default(),
            sources: raw.sources.clone().unwrap_or_default(),
            intervals,
        }
    }

    /// Returns whether the model was fitted to the point `ranks` of the measured curve in the file `measured`.
    #[must_use]
    pub fn was_fitted_on(&self, measured: &Path, ranks: u32) -> bool {
        let name = measured.file_name().map(|name| name.to_string_lossy());
        let is_fitted = |fitted: &String| Path::new(fitted).file_name().map(|name| name.to_string_lossy()) == name;
        name.is_some() && self.fitted_ranks.contains(&ranks) && self.fitted_measurements.iter().any(is_fitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_was_fitted_if_its_file_name_and_ranks_are_listed() {
        let provenance = Provenance {
            fitted_ranks: vec![1, 2],
            fitted_measurements: vec!["pi-count.csv".to_owned()],
            ..Provenance::default()
        };
        assert!(provenance.was_fitted_on(Path::new("measured/dlpc-2020/pi-count.csv"), 2));
        assert!(!provenance.was_fitted_on(Path::new("measured/dlpc-2020/pi-count.csv"), 3));
        assert!(!provenance.was_fitted_on(Path::new("measured/dlpc-2020/log-1s.csv"), 2));
        assert!(!provenance.was_fitted_on(Path::new(""), 2));
    }
}
