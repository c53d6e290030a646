//! Why a state of the knobs is refused.

use dlpc_engine::engine::SimError;
use thiserror::Error;

use crate::diagnostic::Diagnostics;

/// Why a state of the knobs is refused; its text says what to do instead.
#[derive(Debug, Error)]
pub enum Refusal {
    /// There is no such knob.
    #[error("there is no knob `{name}`; those of this scenario are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The knobs that there are.
        known: String,
    },
    /// The knob does not go there.
    #[error("{label} cannot be `{value}`: {expected}")]
    OutOfRange {
        /// Name of the knob on the page.
        label: std::borrow::Cow<'static, str>,
        /// What was asked for.
        value: String,
        /// What can be had.
        expected: String,
    },
    /// The state is not a valid scenario.
    #[error("{}", .0.render(false).trim_end())]
    Invalid(Diagnostics),
    /// It takes too long to simulate.
    #[error("this takes more than {events_max} steps to simulate: ask for fewer ranks or replications")]
    TooMuch {
        /// The limit.
        events_max: u64,
    },
    /// Nobody waits for the answer any more.
    #[error("nobody waits for the answer any more")]
    Abandoned,
    /// It cannot be simulated.
    #[error("{0}")]
    Simulation(SimError),
    /// The scenario file is written in a way that cannot be changed here.
    #[error("the scenario file cannot be changed: {0}")]
    File(String),
}

impl From<Diagnostics> for Refusal {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Invalid(diagnostics)
    }
}

impl From<SimError> for Refusal {
    fn from(error: SimError) -> Self {
        match error {
            SimError::TooManyEvents { events_max } => Self::TooMuch { events_max },
            SimError::Abandoned => Self::Abandoned,
            SimError::Deadlock { .. } | SimError::TimeOverflow => Self::Simulation(error),
        }
    }
}
