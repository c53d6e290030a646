//! What the model itself gets wrong about a port, added to the interval of its bandwidth.
//!
//! Launches may agree to a thousandth, and the model still be a hundredth off: gathers and disjoint pairs, say, do not use a
//! real switch equally well, whatever one bandwidth is fitted. A workload is one more such use of the port. So the designs (one
//! experiment, with sizes within a factor of four) that the port limits are taken as a random sample of uses: the mean square
//! of their median errors, less what their scatter explains, is the variance of the discrepancy (docs/model.md eq. 49; the
//! moment estimator of `DerSimonian` and Laird, "Meta-analysis in clinical trials", 1986, equal weights, a mean of zero).

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;
use dlpc_engine::maths;
use dlpc_engine::stats;

use crate::calibration::experiment::{Experiment, PairClass};
use crate::calibration::sample::Sample;
use crate::fit::statistics::intervals::Z_975;

/// Share of its fitted time that a sample must spend on the wire, so that what other costs get wrong counts for a twentieth.
const WIRE_SHARE_MIN: f64 = 0.95;
/// Fewest samples of a design: one in twenty may be an outlier, and the median should not be one.
const SAMPLES_MIN: usize = 5;
/// Fewest designs that tell of a discrepancy.
const DESIGNS_MIN: usize = 3;
/// Standard error of a median of n normal values, times the square root of n.
const OF_MEDIAN: f64 = 1.253;

/// Widens the interval of each port's bandwidth; `errors` are those of `samples`, relative.
pub(in crate::fit) fn widen(
    intervals: &mut BTreeMap<String, (f64, f64)>,
    machine: &MachineModel,
    samples: &[Sample],
    errors: &[Option<f64>],
) {
    let sigma = sigma(&errors_by_design(machine, samples, errors));
    for group in &machine.host_groups {
        let bandwidth = group.nic.bandwidth.as_f64();
        if let Some((low, high)) = intervals.get_mut(&format!("hosts.{}.nic.bandwidth", group.name)) {
            let wider = |half: f64| maths::hypot(half, Z_975 * sigma * bandwidth);
            (*low, *high) = ((bandwidth - wider(bandwidth - *low)).max(0.0), bandwidth + wider(*high - bandwidth));
        }
    }
}

/// Returns the relative standard deviation of the discrepancy: zero if the scatter explains all of it.
fn sigma(designs: &[Vec<f64>]) -> f64 {
    if designs.len() < DESIGNS_MIN {
        return 0.0;
    }
    let excess = |errors: &Vec<f64>| {
        #[expect(clippy::cast_precision_loss, reason = "a few samples")]
        let of_median = OF_MEDIAN * stats::mad(errors) / (errors.len() as f64).sqrt();
        stats::median(errors).powi(2) - of_median.powi(2)
    };
    let excesses: Vec<f64> = designs.iter().map(excess).collect();
    stats::mean(&excesses).max(0.0).sqrt()
}

/// Returns the errors of each design that spends nearly all of its time on the wire of a port.
fn errors_by_design(machine: &MachineModel, samples: &[Sample], errors: &[Option<f64>]) -> Vec<Vec<f64>> {
    let mut designs: BTreeMap<(&str, u32, u32), Vec<f64>> = BTreeMap::new();
    for (sample, error) in samples.iter().zip(errors) {
        let Some((bytes, n)) = through_one_port(&sample.experiment) else { continue };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let wire_s = (bytes * u64::from(n)) as f64 / machine.host_groups[0].nic.bandwidth.as_f64();
        let fitted_s = |error: f64| sample.seconds * (1.0 + error);
        if let Some(error) = error.filter(|error| wire_s >= WIRE_SHARE_MIN * fitted_s(*error)) {
            let size_class = bytes.checked_ilog2().map_or(0, |log2| log2 / 2);
            designs
                .entry((sample.experiment.name(), count_of(&sample.experiment), size_class))
                .or_default()
                .push(error);
        }
    }
    designs.into_values().filter(|errors| errors.len() >= SAMPLES_MIN).collect()
}

/// Returns how many take part, which makes another design.
fn count_of(experiment: &Experiment) -> u32 {
    match *experiment {
        Experiment::FanIn { senders, .. } => senders,
        Experiment::Pairs { pairs, .. } => pairs,
        _ => 1,
    }
}

/// Returns size and number of the messages that pass one port, one way, in the time of an experiment.
fn through_one_port(experiment: &Experiment) -> Option<(u64, u32)> {
    match *experiment {
        Experiment::FanIn { senders, bytes } => Some((bytes, senders)),
        Experiment::PingPong { class: PairClass::Remote, bytes } | Experiment::Pairs { bytes, .. } => Some((bytes, 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nine errors around `median`, with a MAD of 0.01: deviations 0 and twice each of 0.4, 0.6745, 1 and 2 times
    /// 0.01, whose median is 0.006745, and 0.006745 * 1.4826 = 0.0100.
    fn errors(median: f64) -> Vec<f64> {
        let steps = [-2.0, -1.0, -0.6745, -0.4, 0.0, 0.4, 0.6745, 1.0, 2.0];
        steps.iter().map(|step| median + 0.01 * step).collect()
    }

    #[test]
    fn medians_that_differ_more_than_their_scatter_tell_of_a_discrepancy() {
        // Standard error of each median: 1.253 * 0.01 / 3 = 0.004177, squared 1.745e-5.
        // Medians 0.01, -0.01, 0.02: squares 1, 1 and 4 times 1e-4, mean 2e-4; 2e-4 - 1.745e-5 = 1.826e-4 = 0.01351^2.
        let found = sigma(&[errors(0.01), errors(-0.01), errors(0.02)]);
        assert!((found - 0.01351).abs() < 1e-5, "{found}");
    }

    #[test]
    fn medians_within_their_scatter_tell_of_none() {
        assert_eq!(sigma(&[errors(0.002), errors(-0.003), errors(0.0)]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn two_designs_tell_of_none() {
        assert_eq!(sigma(&[errors(0.02), errors(-0.02)]).to_bits(), 0.0_f64.to_bits());
    }
}
