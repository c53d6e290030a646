//! The workload `recorded`: what a program of the user did on virtual ranks, run by run, as `dlpc-sim run` has recorded it.

mod collective;
mod file;
mod input;
mod phase;
mod recording;
mod repeats;

use std::collections::BTreeMap;
use std::sync::Arc;

use dlpc_engine::machine::{CollectiveOverrides, Kernel};
use dlpc_engine::maths;
use dlpc_engine::program::{Op, Program};
use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::units::{SimDuration, significant};

use super::effort::{OPS_MAX, rough};
use super::{Excess, Facts, KernelFacts, KnownRuns, RawWorkload, Size};
use crate::cause::Cause;

pub(crate) use self::file::read as read_recording;
pub use self::file::{Unreadable, write as write_recording};
pub(super) use self::input::{RawRecorded, read};
use self::phase::Between;
pub use self::phase::{Phase, Timed, short};
pub use self::recording::{
    COLLECTIVES, CONTEXTS_MAX, Call, Communicator, EXCHANGE_REQUESTS, Posted, REQUESTS_MAX, Recording, Run, Sent, Step,
};

pub(super) const RECORDED: KernelFacts =
    KernelFacts { scenario_key: Some("workload.recorded.scale"), cause: Cause::Compute, in_words: None };

/// What a program did, and how long its CPU times are on the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What it did.
    pub recording: Arc<Recording>,
    /// How long its CPU times are there.
    pub factor: Factor,
    /// Which part of a run its time is.
    pub timed: Timed,
}

/// From CPU times of the computer that recorded to times on a core of speed 1 of the machine model.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Seconds on such a core for each CPU second; above zero.
    pub scale: f64,
    /// 95 % interval of the scale, from which each replication draws; none if it is taken as known.
    pub interval: Option<(f64, f64)>,
    /// What each rank computes there before its first step, such as the start of Python.
    pub setup: SimDuration,
    /// Where it comes from, in words; none if nobody says.
    pub source: Option<String>,
    /// Phases that have a scale of their own; none twice.
    pub phases: Vec<PhaseScale>,
}

/// From CPU times to times on the cluster in one phase of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseScale {
    /// Which one.
    pub phase: Phase,
    /// As [`Factor::scale`].
    pub scale: f64,
    /// As [`Factor::interval`].
    pub interval: Option<(f64, f64)>,
}

/// Returns the standard deviation of the logarithm of a scale with this 95 % interval.
fn sigma_of(interval: Option<(f64, f64)>) -> f64 {
    interval.map_or(0.0, |(low, high)| maths::ln(high / low) / (2.0 * HALF_WIDTH_SIGMAS))
}

/// Says how well a scale is known.
fn known_to(interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{} to {}", significant(low, DIGITS), significant(high, DIGITS)),
        None => "taken as exact".to_owned(),
    }
}

/// Half-width of a 95 % interval of a normal distribution, in standard deviations.
const HALF_WIDTH_SIGMAS: f64 = 1.959_964;

impl Factor {
    /// Returns a scale that is known, without set-up.
    #[must_use]
    pub const fn known(scale: f64) -> Self {
        Self { scale, interval: None, setup: SimDuration::ZERO, source: None, phases: Vec::new() }
    }

    /// Returns the standard deviation of the logarithm of the scale; zero if it is taken as known.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        sigma_of(self.interval)
    }

    /// Returns the scales of phases in a run, drawn from their intervals.
    fn of_phases(&self, run: &Run, streams: Streams) -> BTreeMap<Between, f64> {
        let mut scales = BTreeMap::new();
        for (stream, of) in (1..).zip(&self.phases) {
            if let Some(between) = run.numbered(&of.phase) {
                let drawn = streams.mirrored_factor(Purpose::Scale, stream, sigma_of(of.interval));
                scales.insert(between, of.scale * drawn);
            }
        }
        scales
    }

    /// Says in one sentence what the factor is and where it comes from.
    #[must_use]
    pub fn in_words(&self) -> String {
        let interval = known_to(self.interval);
        let of_phase = |of: &PhaseScale| {
            format!(" {} times ({}) in {},", significant(of.scale, DIGITS), known_to(of.interval), of.phase)
        };
        let phases: String = self.phases.iter().map(of_phase).collect();
        let others = if phases.is_empty() { "" } else { " elsewhere" };
        let setup =
            if self.setup == SimDuration::ZERO { String::new() } else { format!(", after a set-up of {}", self.setup) };
        format!(
            "CPU times of the recording count{phases} {} times ({interval}){others}{setup}, by {}",
            significant(self.scale, DIGITS),
            self.source.as_deref().unwrap_or("the scenario file, which does not say how it was found")
        )
    }
}

impl Recorded {
    /// Says which part of a run its time is, if that is a question.
    fn clock(&self) -> Option<String> {
        let (from, to) = self.recording.runs.last()?.timed_between()?;
        let name = |site: Option<&str>| site.map_or("a place that is not known", short).to_owned();
        let span = format!("on rank 0 from {} to {}", name(from), name(to));
        Some(match self.timed {
            Timed::Program => format!("times are those that the program itself takes, by its clock {span}"),
            Timed::Run => format!(
                "the program times itself, {span}: this is the time of all of it, from MPI_Init to MPI_Finalize; for the other one \
                 write `timed = \"program\"` under [workload.recorded], or --timed program after `run`"
            ),
        })
    }
}

/// Digits of a factor in sentences.
const DIGITS: usize = 3;

impl Facts for Recorded {
    fn program(&self, n_ranks: u32, overrides: CollectiveOverrides, streams: Streams) -> Program {
        let run = self.recording.on(n_ranks).expect("invariant: rank counts of a scenario were recorded");
        let scale = self.factor.scale * streams.mirrored_factor(Purpose::Scale, 0, self.factor.sigma());
        let of_phases = self.factor.of_phases(run, streams);
        let mut ops = run.ops(scale, &of_phases, self.timed, overrides);
        if self.factor.setup > SimDuration::ZERO {
            let setup = Op::Compute { kernel: Kernel::Recorded, work: self.factor.setup };
            for ops in &mut ops {
                ops.push_front(setup);
            }
        }
        Program::Fixed(ops)
    }

    fn is_random(&self) -> bool {
        self.factor.sigma() > 0.0 || self.factor.phases.iter().any(|of| sigma_of(of.interval) > 0.0)
    }

    fn phases(&self, n_ranks: u32) -> Option<Vec<Vec<Phase>>> {
        let run = self.recording.on(n_ranks).filter(|run| !run.sites.is_empty())?;
        let setup = (self.factor.setup > SimDuration::ZERO).then_some(Phase { after: None, upto: None });
        let of_rank = |rank: usize| {
            let phases = run.between(rank).into_iter().map(|between| run.named(between));
            setup.iter().cloned().chain(phases).collect()
        };
        Some((0..run.ranks.len()).map(of_rank).collect())
    }

    fn is_timed_by_itself(&self) -> bool {
        self.timed == Timed::Program
    }

    fn cautions(&self) -> Vec<String> {
        let n_any = self.recording.runs.iter().map(Run::n_of_any_source).max().unwrap_or(0);
        let order = (n_any > 0).then(|| {
            format!(
                "up to {n_any} receives from any source of a run get the messages that they got when it was recorded, also \
                 where others would come first: on another cluster, record again"
            )
        });
        std::iter::once(self.factor.in_words()).chain(self.clock()).chain(order).collect()
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Recorded]
    }

    fn scale_kernel(&mut self, kernel: Kernel, factor: f64) {
        if kernel == Kernel::Recorded {
            self.factor.scale *= factor;
            self.factor.interval = self.factor.interval.map(|(low, high)| (low * factor, high * factor));
            self.factor.setup = self.factor.setup.scaled_by(factor);
            for of in &mut self.factor.phases {
                of.scale *= factor;
                of.interval = of.interval.map(|(low, high)| (low * factor, high * factor));
            }
        }
    }

    fn excess(&self, raw: &RawWorkload, size: &Size<'_>) -> Option<Excess> {
        let most = self.recording.rank_counts().filter(|n_ranks| *n_ranks <= size.n_ranks).max();
        let n_ops = most.map_or(0, |n_ranks| Size { n_ranks, ..*size }.n_ops(self));
        (n_ops > OPS_MAX).then(|| Excess {
            code: "too_long_recording",
            at: raw.recorded.as_ref().map(|raw| raw.span),
            message: format!("the ranks have {} steps to do, more than {OPS_MAX:e}", rough(n_ops)),
            help: "record a shorter run, or fewer ranks".to_owned(),
        })
    }

    fn known_runs(&self) -> Option<KnownRuns> {
        let counts = self.recording.rank_counts().collect();
        Some(KnownRuns { counts, needs_one: true, of: "recording", how: "record with `dlpc-sim run --ranks` on" })
    }

    fn fingerprint(&self, _n_ranks: u32) -> Option<&str> {
        Some(&self.recording.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use dlpc_engine::stats::mean;

    use super::*;

    fn of_one_second(factor: Factor) -> Recorded {
        let mut run = Run::new(2);
        for rank in 0..2 {
            run.add(rank, Step::Compute(1_000_000_000));
        }
        Recorded {
            recording: Arc::new(Recording { runs: vec![run], ..Recording::default() }),
            factor,
            timed: Timed::Run,
        }
    }

    /// Returns the seconds that each rank computes, op by op.
    fn work_s(recorded: &Recorded, replication: u32) -> Vec<Vec<f64>> {
        let program = recorded.program(2, CollectiveOverrides::default(), Streams::new(1, replication));
        let Program::Fixed(ranks) = program else { panic!("ops of a recording are fixed") };
        let seconds = |op: &Op| match op {
            Op::Compute { work, .. } => work.as_seconds(),
            _ => panic!("nothing else is recorded"),
        };
        ranks.iter().map(|ops| ops.iter().map(seconds).collect()).collect()
    }

    #[test]
    fn a_known_factor_is_not_drawn_and_comes_after_the_set_up() {
        let setup = SimDuration::from_picos(500_000_000_000);
        let recorded = of_one_second(Factor { setup, ..Factor::known(8.5) });
        assert!(!recorded.is_random());
        assert_eq!(work_s(&recorded, 7), [[0.5, 8.5], [0.5, 8.5]]);
    }

    /// From 8 to 12.5, the geometric mean is 10 and the deviation ln(12.5 / 8) / (2 * 1.96) = 0.1138. Partners mirror each
    /// other, so the mean logarithm is that of 10; of 1000 pairs the deviation is within 3 * 0.1138 / sqrt(2000) = 0.0076.
    #[test]
    fn a_factor_is_drawn_from_its_interval_the_same_for_all_ranks() {
        let recorded = of_one_second(Factor { interval: Some((8.0, 12.5)), ..Factor::known(10.0) });
        assert!(recorded.is_random());
        let mut logs = Vec::new();
        for replication in 0..2000 {
            let work = work_s(&recorded, replication);
            assert_eq!(work[0], work[1]);
            logs.push(maths::ln(work[0][0] / 10.0));
        }
        assert!(mean(&logs).abs() < 1e-9, "{}", mean(&logs));
        let squares: Vec<f64> = logs.iter().map(|log| log * log).collect();
        assert!((mean(&squares).sqrt() - 0.1138).abs() < 0.0076, "{}", mean(&squares).sqrt());
    }

    #[test]
    fn results_say_where_the_factor_comes_from_and_what_order_is_kept() {
        let known = of_one_second(Factor { source: Some("--scale".to_owned()), ..Factor::known(8.5) });
        assert_eq!(known.cautions(), ["CPU times of the recording count 8.5 times (taken as exact), by --scale"]);
        let mut run = Run::new(1);
        let posted = Posted { from: Some(0), tag: None, context: 0, was_any: true };
        run.add(0, Step::Call(Call::Recv(posted)));
        run.add(0, Step::Call(Call::Recv(Posted { was_any: false, ..posted })));
        let recording = Arc::new(Recording { runs: vec![run], ..Recording::default() });
        let cautions = Recorded { recording, ..known }.cautions();
        assert!(cautions[1].starts_with("up to 1 receives from any source"), "{cautions:?}");
    }
}
