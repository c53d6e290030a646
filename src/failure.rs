//! Why a command failed: what is printed, and the exit code.

use std::io;
use std::path::{Path, PathBuf};

use dlpc_engine::engine::SimError;
use dlpc_engine::engine::replay::ReplayError;
use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::plain_text;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line does not fit the scenario.
    Usage { message: String, help: String },
    /// Problems of input files.
    Input(Diagnostics),
    /// The simulation could not be finished.
    Simulation(SimError),
    /// Points of a sweep could not be simulated.
    Points { message: String },
    /// The schedule could not be replayed to its end.
    Replay(ReplayError),
    /// A prediction is further off than the user wants.
    Inaccurate { message: String },
    /// The cluster could not be measured.
    Measurement { message: String, help: String },
    /// A result could not be written.
    Output { path: PathBuf, source: io::Error },
    /// Whoever reads standard output has closed it: nothing more to say.
    Closed,
}

impl Failure {
    pub(crate) fn output(path: &Path, source: io::Error) -> Self {
        Self::Output { path: path.to_owned(), source }
    }

    /// What a workload does on the rank count of the command line is not known.
    pub(crate) fn on_ranks(message: String) -> Self {
        Self::Usage { message, help: "ask for one of the rank counts of the scenario".to_owned() }
    }

    /// Prints the failure to standard error.
    pub(crate) fn report(&self) {
        let text = match self {
            Self::Usage { message, help } | Self::Measurement { message, help } => {
                plain_text::lines(&format!("error: {message}\n  help: {help}"))
            }
            Self::Input(diagnostics) => render(diagnostics),
            Self::Simulation(error) => plain_text::lines(&format!("error: {error}")),
            Self::Replay(error) => plain_text::lines(&format!("error: {error}")),
            Self::Points { message } | Self::Inaccurate { message } => plain_text::lines(&format!("error: {message}")),
            Self::Output { path, source } => format!("error: cannot write {}: {source}", path.display()),
            Self::Closed => return,
        };
        anstream::eprintln!("{}", text.trim_end());
    }

    /// Returns the documented exit code.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Usage { .. } => 2,
            Self::Input(_) => 3,
            Self::Simulation(_) | Self::Replay(_) | Self::Points { .. } => 4,
            Self::Measurement { .. } => 5,
            Self::Output { .. } => 6,
            Self::Inaccurate { .. } => 7,
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Input(diagnostics)
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self::Simulation(error)
    }
}

/// Renders diagnostics, in colour where standard error shows it.
pub(crate) fn render(diagnostics: &Diagnostics) -> String {
    diagnostics.render(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
}
