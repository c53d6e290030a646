//! Noise of the cores: scatter of repeated work, and interruptions by the operating system.
//!
//! Cores that a quota or a hypervisor stops at regular times look interrupted to short work, but are just slower to long
//! work: an interruption that does not come at random is no noise, and belongs to the cost of the kernels.

use std::collections::BTreeMap;

use dlpc_engine::maths;
use dlpc_engine::stats;

use crate::calibration::experiment::{Experiment, WorkKernel};
use crate::calibration::sample::Sample;
use crate::fit::samples::cores::mean_cost;
use crate::fit::samples::cores::{ComputeCosts, ComputeNoise, InterruptionTimes};

/// How far above the rest, in standard deviations, a quantum of fixed work counts as interrupted.
const INTERRUPTED_SCORE: f64 = 5.0;
/// Shares of interrupted quanta between which they determine the interval between interruptions: fewer are accidents, more hide the base.
const INTERRUPTED_SHARES: std::ops::RangeInclusive<f64> = 0.003..=0.4;
/// Fewest interrupted quanta that determine an interval.
const INTERRUPTED_MIN: usize = 10;
/// Largest share of the time of work that interruptions may take: more is another program's part of the core.
const LOSS_MAX: f64 = 0.5;
/// Interruptions that a block of quanta holds in the mean, to see whether their number scatters as at random.
const PER_BLOCK: f64 = 3.0;
/// Fewest blocks that determine it.
const BLOCKS_MIN: usize = 8;
/// Variance over mean of the interruptions in a block, below which they are regular; it is 1 at random (Poisson).
const REGULAR_DISPERSION: f64 = 0.3;
/// Least time of fixed work beyond its fastest tenth, over the latter, that is called a stop.
const STOPPED_MIN: f64 = 0.1;
/// Fewest differences between repetitions that determine a standard deviation.
const DIFFERENCES_MIN: usize = 8;

/// One sample of fixed work: base and scatter of quanta that were not interrupted, and how much longer the others took.
struct Quanta<'a> {
    host: &'a str,
    base_s: f64,
    speed: f64,
    sigma: f64,
    /// Which quanta were interrupted.
    is_interrupted: Vec<bool>,
    /// Sum of what interrupted quanta took beyond the base, over the base.
    excess: f64,
}

/// Finds the noise.
pub(in crate::fit) fn fit(samples: &[&Sample], costs: &ComputeCosts) -> ComputeNoise {
    let fixed: Vec<&Sample> = samples.iter().copied().filter(|sample| is_fixed_work(sample)).collect();
    let quanta: Vec<Quanta<'_>> = fixed.iter().map(|sample| quanta(sample, costs.speed(&sample.host))).collect();
    let interruptions = interruptions(&quanta);
    let stops = if interruptions.is_none() { stops(&fixed) } else { None };
    let sigma_of = |kernel| match stops {
        Some(_) => sigma_of_samples(samples, kernel, costs),
        None => sigma_of_runs(samples, kernel, interruptions),
    };
    let kernels: BTreeMap<WorkKernel, f64> =
        WorkKernel::ALL.into_iter().filter_map(|kernel| Some((kernel, sigma_of(kernel)?))).collect();
    let sigmas: Vec<f64> = match kernels.get(&WorkKernel::ThrowDart) {
        Some(sigma) => vec![*sigma],
        None if kernels.is_empty() => quanta.iter().map(|quanta| quanta.sigma).collect(),
        None => kernels.values().copied().collect(),
    };
    let sigma = (!sigmas.is_empty()).then(|| stats::median(&sigmas));
    let run_sigma = run_sigma(samples, costs, stops.is_some());
    ComputeNoise { sigma, kernels, run_sigma, interruptions, stops }
}

fn is_fixed_work(sample: &Sample) -> bool {
    matches!(sample.experiment, Experiment::FixedWork { .. }) && sample.each_s.len() >= 8
}

/// Returns the sigma of a kernel by the differences of successive repetitions, which are `sqrt 2` times as wide.
///
/// Interruptions, whose number in a run of length T has the variance `T / interval`, are taken out.
fn sigma_of_runs(samples: &[&Sample], kernel: WorkKernel, interruptions: Option<InterruptionTimes>) -> Option<f64> {
    let alone = alone(samples, kernel);
    let differences: Vec<f64> = alone
        .iter()
        .flat_map(|sample| sample.each_s.windows(2).map(|pair| maths::ln(pair[1] / pair[0]).abs()))
        .collect();
    if differences.len() < DIFFERENCES_MIN {
        return None;
    }
    let sigma = stats::MAD_TO_SIGMA * stats::median(&differences) / std::f64::consts::SQRT_2;
    let run_s = stats::median(&alone.iter().map(|sample| sample.seconds).collect::<Vec<_>>());
    // Runs that hold none as a rule do not show them in their median difference.
    let of_interruptions = interruptions
        .filter(|times| times.interval_s < run_s)
        .map_or(0.0, |times| times.duration_s.powi(2) / (times.interval_s * run_s));
    Some((sigma.powi(2) - of_interruptions).max(0.0).sqrt())
}

/// Returns the sigma of a kernel by the scatter of whole samples, all repetitions together: the longest work that there is.
fn sigma_of_samples(samples: &[&Sample], kernel: WorkKernel, costs: &ComputeCosts) -> Option<f64> {
    let log = |sample: &&Sample| match sample.experiment {
        #[expect(clippy::cast_precision_loss, reason = "units need no more than 53 bits")]
        Experiment::Compute { units, .. } => {
            maths::ln(mean_cost::run_s(sample) * costs.speed(&sample.host) / units as f64)
        }
        _ => 0.0,
    };
    let logs: Vec<f64> = alone(samples, kernel).iter().map(log).collect();
    (logs.len() > DIFFERENCES_MIN).then(|| stats::mad(&logs))
}

/// Returns the sigma of whole launches, by the kernel that does nothing but compute.
///
/// A sample is a mean of `n` repetitions, so `sigma^2 / n` of its variance is theirs; where a quota stops the cores,
/// successive repetitions share its rhythm, and nothing is taken off.
fn run_sigma(samples: &[&Sample], costs: &ComputeCosts, is_stopped: bool) -> Option<f64> {
    let between = sigma_of_samples(samples, WorkKernel::ThrowDart, costs)?;
    let within = if is_stopped { 0.0 } else { sigma_of_runs(samples, WorkKernel::ThrowDart, None)? };
    let repeats = alone(samples, WorkKernel::ThrowDart).first().map_or(1, |sample| sample.each_s.len().max(1));
    #[expect(clippy::cast_precision_loss, reason = "a few repetitions")]
    let of_repeats = within.powi(2) / repeats as f64;
    Some((between.powi(2) - of_repeats).max(0.0).sqrt())
}

fn alone<'a>(samples: &[&'a Sample], kernel: WorkKernel) -> Vec<&'a Sample> {
    let is_alone =
        |sample: &&Sample| matches!(sample.experiment, Experiment::Compute { kernel: k, busy: 1, .. } if k == kernel);
    samples.iter().copied().filter(is_alone).collect()
}

/// Returns by how much fixed work takes longer in the mean than at its fastest, if the scatter of the fast half does not
/// explain it.
fn stops(fixed: &[&Sample]) -> Option<f64> {
    /// Distance of the quantiles 0.1 and 0.25 of a normal distribution, in standard deviations.
    const QUANTILES_APART: f64 = 0.607;
    let of_sample = |sample: &&Sample| {
        let fastest = stats::quantile(&sample.each_s, 0.1);
        let sigma = (stats::quantile(&sample.each_s, 0.25) / fastest - 1.0) / QUANTILES_APART;
        let excess = stats::mean(&sample.each_s) / fastest - 1.0;
        (excess, excess - 2.0 * sigma)
    };
    let (excesses, beyond): (Vec<f64>, Vec<f64>) = fixed.iter().map(of_sample).unzip();
    (!fixed.is_empty() && stats::median(&beyond) > STOPPED_MIN).then(|| stats::median(&excesses))
}

fn quanta(sample: &Sample, speed: f64) -> Quanta<'_> {
    let mut regular: Vec<f64> = sample.each_s.clone();
    let (mut base_s, mut sigma) = base(&regular);
    for _ in 0..20 {
        let limit = base_s * (1.0 + INTERRUPTED_SCORE * sigma);
        let next: Vec<f64> = sample.each_s.iter().copied().filter(|seconds| *seconds <= limit).collect();
        if next.len() == regular.len() || next.is_empty() {
            break;
        }
        regular = next;
        (base_s, sigma) = base(&regular);
    }
    let limit = base_s * (1.0 + INTERRUPTED_SCORE * sigma);
    let is_interrupted: Vec<bool> = sample.each_s.iter().map(|seconds| *seconds > limit).collect();
    let excess = sample.each_s.iter().filter(|seconds| **seconds > limit).map(|seconds| seconds / base_s - 1.0).sum();
    Quanta { host: &sample.host, base_s, speed, sigma, is_interrupted, excess }
}

/// Returns median and relative scatter.
fn base(times: &[f64]) -> (f64, f64) {
    let median = stats::median(times);
    (median, (stats::mad(times) / median).max(1e-6))
}

/// Interruptions are Poisson: a share `p` of interrupted quanta means `-ln(1 - p)` interruptions per quantum.
fn interruptions(quanta: &[Quanta<'_>]) -> Option<InterruptionTimes> {
    let n_interrupted: usize = quanta.iter().map(Quanta::n_interrupted).sum();
    if n_interrupted < INTERRUPTED_MIN {
        return None;
    }
    let n: usize = quanta.iter().map(|quanta| quanta.is_interrupted.len()).sum();
    let share = as_f64(n_interrupted) / as_f64(n);
    if !INTERRUPTED_SHARES.contains(&share) || is_regular(quanta, share) {
        return None;
    }
    let per_quantum = -maths::ln(1.0 - share);
    let works: Vec<f64> = quanta.iter().map(|quanta| quanta.base_s * quanta.speed).collect();
    let typical_s = stats::median(&works);
    let excess: f64 = quanta.iter().map(|quanta| quanta.excess).sum();
    let duration_s = excess / as_f64(n) / per_quantum * typical_s;
    let times = InterruptionTimes { interval_s: typical_s / per_quantum, duration_s };
    (times.loss() <= LOSS_MAX).then_some(times)
}

/// Returns whether interruptions come at about the same distances: their number in blocks of work scatters less than at
/// random.
///
/// Index of dispersion: Fisher, Thornton and Mackenzie, "The Accuracy of the Plating Method of Estimating the Density of
/// Bacterial Populations" (1922). Blocks are compared with those of the same host, as hosts may differ.
fn is_regular(quanta: &[Quanta<'_>], share: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is at least 0.003")]
    let length = (PER_BLOCK / share).ceil() as usize;
    let mut hosts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for quanta in quanta {
        let counts = quanta.counts(length.min(quanta.is_interrupted.len()));
        hosts.entry(quanta.host).or_default().extend(counts);
    }
    let (mut squares, mut freedom) = (0.0, 0);
    for counts in hosts.values().filter(|counts| counts.len() >= 2) {
        let mean = stats::mean(counts);
        if mean > 0.0 {
            squares += counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / mean;
            freedom += counts.len() - 1;
        }
    }
    freedom + 1 >= BLOCKS_MIN && squares / as_f64(freedom) < REGULAR_DISPERSION
}

impl Quanta<'_> {
    fn n_interrupted(&self) -> usize {
        self.is_interrupted.iter().filter(|is_interrupted| **is_interrupted).count()
    }

    /// Returns how many quanta of each whole block of `length` were interrupted.
    fn counts(&self, length: usize) -> impl Iterator<Item = f64> {
        let count = |block: &[bool]| as_f64(block.iter().filter(|is_interrupted| **is_interrupted).count());
        self.is_interrupted.chunks_exact(length).map(count)
    }
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 quanta")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

/// Returns what it means that short work takes longer by this share of its time.
pub(in crate::fit) fn doubt(excess: f64) -> String {
    format!(
        "short work takes {:.0} % longer in the mean than at its fastest, and not by interruptions at random: a CPU quota \
         or other work stops the cores. Kernel costs are means over long work and hold these stops; short work and \
         messages will scatter more than predicted",
        100.0 * excess
    )
}
