//! Workloads: which there are. A new one is a variant here and a folder; what other modules ask of it are `Facts`.

mod custom;
mod effort;
mod facts;
mod log_stream;
mod pi;
pub mod recorded;
mod service;
mod trace;

use std::sync::Arc;

use dlpc_engine::machine::{CollectiveOverrides, Kernel, Kernels};
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Diagnostics;
use crate::written::Spanned;

pub use self::custom::Custom;
pub(crate) use self::effort::{Excess, Size};
pub use self::facts::{Edit, KernelFacts, Scope};
pub(crate) use self::facts::{Facts, KernelSource, KnownRuns, Source};
pub use self::log_stream::{Dispatch, LogStream};
pub use self::pi::{Pi, Returns};
use self::recorded::{Recorded, Recording};
pub use self::trace::{Trace, TracedRun};

/// The program that all ranks run.
#[derive(Debug, Clone, PartialEq)]
pub enum Workload {
    /// Estimating pi by throwing darts.
    Pi(Pi),
    /// Analysing log files that a sequential producer writes.
    LogStream(LogStream),
    /// Phases described in the scenario.
    Custom(Custom),
    /// What a program of the user did on virtual ranks.
    Recorded(Recorded),
    /// What the ranks of a traced program called.
    Trace(Trace),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct RawWorkload {
    /// Estimating pi by throwing darts.
    pi: Option<Spanned<pi::RawPi>>,
    /// Analysing log files that a sequential producer writes.
    log_stream: Option<Spanned<log_stream::RawLogStream>>,
    /// Phases that this file describes.
    custom: Option<Spanned<custom::RawCustom>>,
    /// What a program of yours did on virtual ranks, as `dlpc-sim run` records it.
    recorded: Option<Spanned<recorded::RawRecorded>>,
    /// A program that was traced.
    trace: Option<Spanned<trace::RawTrace>>,
}

impl RawWorkload {
    /// Returns the file of the recording, if it names one.
    pub(crate) fn recording(&self) -> Option<&Spanned<String>> {
        self.recorded.as_ref()?.value.file.as_ref()
    }

    /// Returns the checked workload, or none if there is a problem or no machine model.
    pub(crate) fn read(
        &self,
        source: Source<'_>,
        recording: Option<Arc<Recording>>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Workload> {
        let Self { pi, log_stream, custom, recorded, trace } = self;
        let all = [
            pi.as_ref().map(|raw| pi::read(raw, source.kernels, diagnostics).map(Workload::Pi)),
            log_stream.as_ref().map(|raw| log_stream::read(&raw.value, diagnostics).map(Workload::LogStream)),
            custom.as_ref().map(|raw| custom::read(&raw.value, diagnostics).map(Workload::Custom)),
            recorded.as_ref().map(|raw| recorded::read(&raw.value, recording, diagnostics).map(Workload::Recorded)),
            trace.as_ref().map(|raw| trace::read(&raw.value, source, diagnostics).map(Workload::Trace)),
        ];
        let mut written = all.into_iter().flatten();
        match (written.next(), written.next()) {
            (Some(workload), None) => workload,
            // Not exactly one: reported with the keys.
            _ => None,
        }
    }
}

/// Returns what there is to say of a kernel, by the workload whose ranks run it.
#[must_use]
pub const fn facts_of(kernel: Kernel) -> KernelFacts {
    match kernel {
        Kernel::Setup => pi::SETUP,
        Kernel::ThrowDart => pi::THROW_DART,
        Kernel::StoreRecord => pi::STORE_RECORD,
        Kernel::PackRecord => pi::PACK_RECORD,
        Kernel::UnpackRecord => pi::UNPACK_RECORD,
        Kernel::CollectRecord => pi::COLLECT_RECORD,
        Kernel::Analyse => log_stream::ANALYSE,
        Kernel::Custom => custom::CUSTOM,
        Kernel::Recorded => recorded::RECORDED,
        Kernel::Traced => trace::TRACED,
    }
}

/// Returns the key path of a kernel's cost, in the machine model or in the scenario.
pub(crate) fn cost_key(kernel: Kernel) -> &'static str {
    kernel.cost_key().or(facts_of(kernel).scenario_key).unwrap_or(kernel.name())
}

impl Workload {
    /// Returns what other modules ask of it.
    pub(crate) fn facts(&self) -> &dyn Facts {
        match self {
            Self::Pi(pi) => pi,
            Self::LogStream(stream) => stream,
            Self::Custom(custom) => custom,
            Self::Recorded(recorded) => recorded,
            Self::Trace(trace) => trace,
        }
    }

    /// As [`Self::facts`], to change it.
    pub(crate) fn facts_mut(&mut self) -> &mut dyn Facts {
        match self {
            Self::Pi(pi) => pi,
            Self::LogStream(stream) => stream,
            Self::Custom(custom) => custom,
            Self::Recorded(recorded) => recorded,
            Self::Trace(trace) => trace,
        }
    }

    /// Returns what `n_ranks` ranks do; random service times come from `streams`.
    ///
    /// # Panics
    /// If `n_ranks` is zero.
    #[must_use]
    pub fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Program {
        assert!(n_ranks > 0, "bug: a program needs a rank");
        self.facts().program(n_ranks, overrides, streams)
    }

    /// Checks that it is known what `n_ranks` ranks do. It is so on the rank counts of a scenario, and on one rank.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_on(&self, n_ranks: u32) -> Result<(), String> {
        let facts = self.facts();
        if let Some(known) = facts.known_runs().filter(|known| !known.counts.contains(&n_ranks)) {
            return Err(format!("the workload has no {} of {n_ranks} ranks", known.of));
        }
        facts.problems_on(n_ranks).first().map_or(Ok(()), |problem| Err(problem.message.to_string()))
    }

    /// Returns the costs that the machine model gives; none where the workload says itself how long it computes.
    #[must_use]
    pub fn kernels(&self) -> Option<Kernels> {
        self.facts().costs()
    }

    /// Returns the same workload at other costs of its kernels; costs that `kernels` lacks stay as they are.
    #[must_use]
    pub fn with_kernels(&self, kernels: &Kernels) -> Self {
        let mut changed = self.clone();
        changed.facts_mut().set_costs(kernels);
        changed
    }

    /// Returns what stands for its values in commands that measure it, such as `{darts}`, with those values.
    #[must_use]
    pub fn placeholders(&self) -> Vec<(&'static str, String)> {
        self.facts().placeholders()
    }

    /// Returns the stream of log files, if it is one.
    #[must_use]
    pub fn as_log_stream(&self) -> Option<&LogStream> {
        match self {
            Self::LogStream(stream) => Some(stream),
            _ => None,
        }
    }
}
