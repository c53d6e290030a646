//! The recording that a scenario names: its runs are the rank counts that the scenario can have.

use std::path::Path;

use super::raw::RawScenario;
use crate::diagnostic::{Diagnostics, Problem};
use crate::input::files::{FILE_BYTES_MAX, Files, unreadable};
use crate::input::toml::spanned::Spanned;
use crate::input::toml::tree;
use crate::scenario::Run;
use crate::workload::Workload;
use crate::workload::recorded::{Recording, read_recording};

/// Reads the recording that the scenario at `path` names.
pub(super) fn read(named: &Spanned<String>, path: &Path, files: &mut Files<'_>) -> Option<Recording> {
    let path = tree::beside(path, &named.value);
    let problem = match (files.read)(&path) {
        Err(error) => unreadable(&error, "scenario::recording", named.span, &path),
        Ok(bytes) if bytes.len() > FILE_BYTES_MAX => {
            let message = format!("`{}` has more than {} MiB", path.display(), FILE_BYTES_MAX >> 20);
            Problem::error("file::too_large", named.span, message).help("record a shorter run, or fewer rank counts")
        }
        Ok(bytes) => match read_recording(&bytes) {
            Ok(recording) => return Some(recording),
            Err(unreadable) => {
                let message = format!("`{}` is no recording: {unreadable}", path.display());
                let problem = Problem::error("scenario::recording", named.span, message);
                problem.help("name a file that `dlpc-sim run` has written")
            }
        },
    };
    files.diagnostics.push(problem);
    None
}

/// Reports rank counts that the workload cannot run on. One rank is always needed: speedups are against it.
pub(super) fn check_ranks(
    raw: &RawScenario,
    run: &Run,
    workload: &Workload,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let Some(possible) = workload.facts().rank_counts() else { return Some(()) };
    let wanted = std::iter::once(1).chain(run.ranks.iter().map(|ranks| ranks.get()));
    let Some(missing) = wanted.into_iter().find(|ranks| !possible.contains(ranks)) else { return Some(()) };
    let span = raw.run.as_ref()?.value.ranks.as_ref()?.span;
    let listed: Vec<String> = possible.iter().map(ToString::to_string).collect();
    let message = format!("the recording has no run on {missing} ranks");
    let help = format!("it has runs on {}; record more with `dlpc-sim run --ranks`", listed.join(", "));
    diagnostics.push(Problem::error("scenario::not_recorded", span, message).label("not recorded").help(help));
    None
}
