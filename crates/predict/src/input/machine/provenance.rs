//! Where the values of a machine model come from.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::raw::RawMachine;

/// Where the values of a machine model come from; free text as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RawProvenance", description = "")]
pub struct Provenance {
    /// What the cluster is, in one line: the key `title` of the file.
    #[serde(skip)]
    pub title: Option<String>,
    /// 95 % intervals of single values, by key path: the table `intervals` of the file.
    #[serde(skip)]
    pub intervals: BTreeMap<String, [String; 2]>,
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
    #[schemars(range(min = 1))]
    pub launches: Option<u32>,
    /// File with the samples of the calibration.
    pub samples: Option<String>,
    /// SHA-256 hash of that file, in hexadecimal.
    pub samples_sha256: Option<String>,
    /// Reasons to doubt the calibration.
    pub warnings: Option<Vec<String>>,
    /// Relative errors of the calibration experiments, simulated with the model, by kind of experiment.
    pub residuals: Option<BTreeMap<String, String>>,
    /// Rank counts of the measured runs that the values were fitted to.
    #[schemars(inner(range(min = 1)))]
    pub fitted_ranks: Option<Vec<u32>>,
    /// File names of the measured curves that the values were fitted to.
    pub fitted_measurements: Option<Vec<String>>,
    /// Literature source of a value, by its key path: `"switch.latency" = "data sheet"`.
    pub sources: Option<BTreeMap<String, String>>,
}

impl Provenance {
    pub(in crate::input) fn of(raw: &RawMachine) -> Self {
        let entries = raw.intervals.iter().flat_map(|intervals| &intervals.value.0);
        Self {
            title: raw.title.as_ref().map(|title| title.value.clone()),
            intervals: entries.map(|(key, bounds)| (key.value.clone(), bounds.value.clone())).collect(),
            ..raw.provenance.as_ref().map(|provenance| provenance.value.clone()).unwrap_or_default()
        }
    }

    /// Returns whether the model was fitted to the point `ranks` of the measured curve in the file `measured`.
    #[must_use]
    pub fn was_fitted_on(&self, measured: &Path, ranks: u32) -> bool {
        let name = measured.file_name().map(|name| name.to_string_lossy());
        let is_fitted = |fitted: &String| Path::new(fitted).file_name().map(|name| name.to_string_lossy()) == name;
        name.is_some()
            && self.fitted_ranks.iter().flatten().any(|fitted| *fitted == ranks)
            && self.fitted_measurements.iter().flatten().any(is_fitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_was_fitted_if_its_file_name_and_ranks_are_listed() {
        let provenance = Provenance {
            fitted_ranks: Some(vec![1, 2]),
            fitted_measurements: Some(vec!["pi-count.csv".to_owned()]),
            ..Provenance::default()
        };
        assert!(provenance.was_fitted_on(Path::new("measured/dlpc-2020/pi-count.csv"), 2));
        assert!(!provenance.was_fitted_on(Path::new("measured/dlpc-2020/pi-count.csv"), 3));
        assert!(!provenance.was_fitted_on(Path::new("measured/dlpc-2020/log-1s.csv"), 2));
        assert!(!provenance.was_fitted_on(Path::new(""), 2));
    }
}
