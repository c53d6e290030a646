//! What-ifs: a scenario with knobs, for a page on which people turn them.
//!
//! Every state of the knobs is a scenario file of its own, and is predicted from its text: what a saved file gives later
//! are the same numbers.

mod edit;
mod knobs;
mod refusal;
mod state;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use dlpc_engine::engine::SimError;
use dlpc_engine::trace::Recording;

use crate::analysis::accuracy::{self, Comparison, Scope};
use crate::diagnostic::Diagnostics;
use crate::explanation::{self, InTheory};
use crate::input::{self, Experiment, Read};
use crate::prediction::{self, Budget, Prediction};

pub use self::refusal::Refusal;
pub use self::state::State;
pub use crate::knob::{Choice, Knob, Number, Range};

/// Most events that one state may take to simulate: a second or two.
pub const EVENTS_MAX: u64 = 20_000_000;
/// Events that the knobs as they stand in the file may take, so that the page answers at once.
const EVENTS_AT_ONCE: u64 = 400_000;
/// Fewest replications that show a band.
const REPLICATIONS_MIN: u32 = 5;

/// A scenario with knobs.
#[derive(Debug)]
pub struct WhatIf {
    path: PathBuf,
    text: String,
    /// All files that the scenario names, as they were at the start.
    files: BTreeMap<PathBuf, Vec<u8>>,
    base: Experiment,
    comparison: Option<Comparison>,
    knobs: Vec<Knob>,
}

/// The answer to one state of the knobs.
#[derive(Debug)]
pub struct Answer {
    /// What was simulated.
    pub experiment: Experiment,
    /// Its prediction.
    pub prediction: Prediction,
    /// Least rank counts that keep up with the producer of a log stream.
    pub keep_up: Option<InTheory>,
    /// What the page should say of the state, for instance that the curve ends early.
    pub notes: Vec<String>,
}

/// Why a scenario cannot have knobs.
#[derive(Debug)]
pub enum WhatIfError {
    /// Its files have problems.
    Input(Diagnostics),
    /// It cannot be simulated as it stands.
    Simulation(SimError),
}

impl WhatIf {
    /// Reads a scenario and finds out which knobs it has; `path` is best absolute, as saved scenarios name files by it.
    ///
    /// # Errors
    /// [`WhatIfError`] if the scenario as it stands cannot be predicted.
    pub fn new(path: &Path, read: Read<'_>) -> Result<Self, WhatIfError> {
        let files = RefCell::new(BTreeMap::new());
        let keep = |path: &Path| {
            let bytes = read(path)?;
            files.borrow_mut().insert(path.to_owned(), bytes.clone());
            Ok(bytes)
        };
        let base = input::load_experiment(path, &keep).map_err(WhatIfError::Input)?;
        let files = files.into_inner();
        let text = String::from_utf8_lossy(files.get(path).map_or(&[][..], Vec::as_slice)).into_owned();
        let mut this = Self { path: path.to_owned(), text, files, base, comparison: None, knobs: Vec::new() };
        let replications = this.replications_at_once().map_err(WhatIfError::Simulation)?;
        this.knobs = knobs::all(&this.base, replications);
        this.comparison = this.compared().map_err(WhatIfError::Simulation)?;
        Ok(this)
    }

    /// Returns the scenario as it stands in its file.
    #[must_use]
    pub fn base(&self) -> &Experiment {
        &self.base
    }

    /// Returns the knobs, in the order of the page.
    #[must_use]
    pub fn knobs(&self) -> &[Knob] {
        &self.knobs
    }

    /// Returns the prediction of the file against its measured runs: which of them are outliers does not change with
    /// the knobs.
    #[must_use]
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()
    }

    /// Reads the positions of knobs from the query of an address: `ranks=8&bandwidth=941`.
    ///
    /// # Errors
    /// [`Refusal`] if there is no such knob, or a knob does not go there.
    pub fn state(&self, query: &str) -> Result<State, Refusal> {
        State::parse(query, &self.knobs)
    }

    /// Returns the scenario file of a state, and what the page should say of it.
    ///
    /// # Errors
    /// [`Refusal`] if the file cannot be changed that way.
    pub fn scenario(&self, state: &State) -> Result<(String, Vec<String>), Refusal> {
        edit::scenario(&self.text, &self.path, &self.base, state, &self.knobs)
    }

    /// Predicts a state, as long as the flag is not set by another thread: it says that nobody waits for the answer.
    ///
    /// # Errors
    /// [`Refusal`] if it is not a valid scenario, or takes too much to simulate, or nobody waits for it.
    pub fn predict(&self, state: &State, is_abandoned: &AtomicBool) -> Result<Answer, Refusal> {
        let (text, notes) = self.scenario(state)?;
        let experiment = input::load_experiment(&self.path, &|path| self.read(path, &text))?;
        let budget = Budget::unless_abandoned(EVENTS_MAX, is_abandoned);
        let prediction = prediction::predict_within(&experiment.scenario, &experiment.machine, &budget, &|| {})?;
        let keep_up = explanation::in_theory(&experiment.scenario, &experiment.machine);
        Ok(Answer { experiment, prediction, keep_up, notes })
    }

    fn read(&self, path: &Path, scenario: &str) -> io::Result<Vec<u8>> {
        if path == self.path {
            return Ok(scenario.as_bytes().to_vec());
        }
        let bytes = self.files.get(path).cloned();
        bytes.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the scenario did not name it at the start"))
    }

    /// Returns how many replications the file can have without a person waiting for them.
    fn replications_at_once(&self) -> Result<u32, SimError> {
        let Experiment { scenario, machine, .. } = &self.base;
        let mut n_events = 0;
        for ranks in &scenario.run.ranks {
            let trace = prediction::simulate_once(scenario, machine, ranks.get(), 0, Recording::Off)?;
            n_events += trace.n_events;
        }
        let affordable = |n_events_max: u64| u32::try_from(n_events_max / n_events.max(1)).unwrap_or(u32::MAX);
        let with_band = REPLICATIONS_MIN.min(affordable(EVENTS_MAX / 2));
        Ok(affordable(EVENTS_AT_ONCE).max(with_band).clamp(1, scenario.run.replications.get()))
    }

    fn compared(&self) -> Result<Option<Comparison>, SimError> {
        let Some(measured) = &self.base.measured else { return Ok(None) };
        let prediction = prediction::predict(&self.base.scenario, &self.base.machine, &|| {})?;
        let was_fitted = |ranks| self.base.provenance.was_fitted_on(&measured.path, ranks);
        Ok(Some(accuracy::compare(&prediction.curve, &measured.measurement, &was_fitted, Scope::All)))
    }
}
