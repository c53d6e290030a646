//! The plan of a calibration: which experiments each launch runs, in which order.

use dlpc_engine::maths;
use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::units::SimDuration;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;

use super::experiment::{Experiment, PairClass, PlanLine, WorkKernel};

/// Least number of launches: a launch is one sample, and two are too few to tell their scatter.
pub const LAUNCHES_MIN: u32 = 3;
/// Largest message whose eager limit is looked for: no MPI library sends larger ones eagerly.
const SEND_BYTES_MAX: u64 = 1 << 20;
/// Messages of at least this size show bandwidth rather than latency.
const LARGE_BYTES: u64 = 1 << 16;

/// A host of the cluster to be calibrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInfo {
    /// Name, as in the samples.
    pub name: String,
    /// Cores, at least 1.
    pub cores: u32,
}

/// How thorough a calibration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Minutes.
    Quick,
    /// As precise as useful.
    Full,
}

/// How many of each experiment a launch runs.
#[derive(Debug, Clone, Copy)]
struct Counts {
    ping_pongs: u32,
    sends: u32,
    recvs: u32,
    trains: u32,
    large: u32,
    repeats_min: u32,
    repeats_max: u32,
    compute_units: u64,
    compute_repeats: u32,
    quanta: u32,
}

impl Suite {
    const fn counts(self) -> Counts {
        match self {
            Self::Quick => Counts {
                ping_pongs: 36,
                sends: 20,
                recvs: 16,
                trains: 6,
                large: 6,
                repeats_min: 3,
                repeats_max: 50,
                compute_units: 200_000,
                compute_repeats: 5,
                quanta: 400,
            },
            Self::Full => Counts {
                ping_pongs: 80,
                sends: 40,
                recvs: 32,
                trains: 12,
                large: 12,
                repeats_min: 5,
                repeats_max: 200,
                compute_units: 1_000_000,
                compute_repeats: 9,
                quanta: 2000,
            },
        }
    }
}

/// Returns the lines of each launch, each in an order of its own.
///
/// Sizes of messages are drawn anew for each launch, log-uniform and stratified: one in each of as many equal intervals
/// of the logarithm, from 1 byte to `largest_message`. Short experiments are repeated more often than long ones. At
/// least [`LAUNCHES_MIN`] launches.
///
/// Result: numbers of lines are unique over all launches; same arguments, same plan.
#[must_use]
pub fn plan(suite: Suite, cluster: &[HostInfo], largest_message: u64, launches: u32, seed: u64) -> Vec<Vec<PlanLine>> {
    let mut next_id = 0;
    (0..launches.max(LAUNCHES_MIN))
        .map(|launch| {
            let mut rng = Streams::new(seed, launch).stream(Purpose::Plan, 0);
            let counts = suite.counts();
            let mut experiments = messages(&counts, cluster, largest_message.max(16), &mut rng);
            experiments.extend(contention(&counts, cluster, largest_message.max(16), &mut rng));
            experiments.extend(compute(&counts, cluster));
            experiments.shuffle(&mut rng);
            experiments
                .into_iter()
                .map(|experiment| {
                    next_id += 1;
                    PlanLine { id: next_id, repeats: repeats(&counts, &experiment), experiment }
                })
                .collect()
        })
        .collect()
}

/// Returns how long a launch takes, roughly, on slow hosts: 100 Mbit/s, 100 us per message, 1 us per unit of work.
#[must_use]
pub fn duration_estimate(lines: &[PlanLine]) -> SimDuration {
    let seconds: f64 =
        lines.iter().map(|line| f64::from(line.repeats.max(1)) * seconds_estimate(&line.experiment)).sum();
    SimDuration::from_seconds_ceil(seconds)
}

/// Point to point, for pairs on one host and across.
fn messages(counts: &Counts, cluster: &[HostInfo], largest: u64, rng: &mut ChaCha8Rng) -> Vec<Experiment> {
    let mut experiments = Vec::new();
    for class in classes(cluster) {
        experiments
            .extend(sizes(1, largest, counts.ping_pongs, rng).map(|bytes| Experiment::PingPong { class, bytes }));
        let largest_send = largest.min(SEND_BYTES_MAX);
        for bytes in sizes(1, largest_send, counts.sends, rng) {
            experiments.push(Experiment::Send { class, bytes, recv_delay_s: recv_delay_s(bytes) });
        }
        experiments.extend(sizes(1, largest_send, counts.recvs, rng).map(|bytes| Experiment::Recv { class, bytes }));
        for bytes in sizes(1, largest_send, counts.trains, rng) {
            for n in [1, 8] {
                experiments.push(Experiment::Train { class, bytes, n, delay_s: 0.0 });
            }
        }
    }
    experiments
}

/// Many senders, many pairs, both directions.
fn contention(counts: &Counts, cluster: &[HostInfo], largest: u64, rng: &mut ChaCha8Rng) -> Vec<Experiment> {
    let n_hosts = u32::try_from(cluster.len()).expect("invariant: fewer than 2^32 hosts");
    let mut experiments = Vec::new();
    let smallest = LARGE_BYTES.min(largest / 2);
    for class in classes(cluster) {
        experiments
            .extend(sizes(smallest, largest, counts.large, rng).map(|bytes| Experiment::Exchange { class, bytes }));
    }
    let mut senders: Vec<u32> = vec![2, (n_hosts / 2).max(2), n_hosts.saturating_sub(1)];
    senders.retain(|senders| (2..n_hosts).contains(senders));
    senders.dedup();
    for senders in senders {
        experiments
            .extend(sizes(smallest, largest, counts.large, rng).map(|bytes| Experiment::FanIn { senders, bytes }));
    }
    let mut pairs: Vec<u32> = vec![2, n_hosts / 2];
    pairs.retain(|pairs| (2..=n_hosts / 2).contains(pairs));
    pairs.dedup();
    for pairs in pairs {
        experiments.extend(sizes(smallest, largest, counts.large, rng).map(|bytes| Experiment::Pairs { pairs, bytes }));
    }
    experiments
}

/// Every kernel at every number of busy cores, and fixed work.
fn compute(counts: &Counts, cluster: &[HostInfo]) -> Vec<Experiment> {
    let most_cores = cluster.iter().map(|host| host.cores).max().unwrap_or(1);
    let mut busy: Vec<u32> = (1..=most_cores.min(4)).chain([most_cores / 2, most_cores]).filter(|n| *n > 0).collect();
    busy.sort_unstable();
    busy.dedup();
    let mut experiments = Vec::new();
    for kernel in WorkKernel::ALL {
        for &busy in &busy {
            experiments.push(Experiment::Compute { kernel, busy, units: counts.compute_units });
        }
    }
    experiments.push(Experiment::FixedWork { darts: counts.compute_units / 100, n: counts.quanta });
    experiments
}

fn classes(cluster: &[HostInfo]) -> Vec<PairClass> {
    let mut classes = Vec::new();
    // Local pairs sit on the first host, beside rank 0.
    if cluster.first().is_some_and(|host| host.cores >= 2) {
        classes.push(PairClass::Local);
    }
    if cluster.len() >= 2 {
        classes.push(PairClass::Remote);
    }
    classes
}

/// Draws one size in each of `n` equal intervals of the logarithm from `low` to `high`.
fn sizes(low: u64, high: u64, n: u32, rng: &mut ChaCha8Rng) -> impl Iterator<Item = u64> {
    #[expect(clippy::cast_precision_loss, reason = "sizes need no more than 53 bits")]
    let (low_ln, high_ln) = (maths::ln(low.max(1) as f64), maths::ln(high as f64));
    let draws: Vec<f64> = (0..n).map(|i| (f64::from(i) + rng.random::<f64>()) / f64::from(n)).collect();
    draws.into_iter().map(move |share| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the two sizes")]
        let bytes = maths::exp(low_ln + share * (high_ln - low_ln)).round() as u64;
        bytes.clamp(low.max(1), high)
    })
}

/// Returns a delay that no eager send takes half of: twice what 100 Mbit/s need, and 1 ms.
fn recv_delay_s(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sizes need no more than 53 bits")]
    let wire_s = bytes as f64 * 80e-9;
    1e-3 + 2.0 * wire_s
}

/// Returns how often to repeat an experiment: often enough for 20 ms, within limits.
fn repeats(counts: &Counts, experiment: &Experiment) -> u32 {
    match experiment {
        Experiment::Compute { .. } => counts.compute_repeats,
        Experiment::FixedWork { .. } => 1,
        _ => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
            let wanted = (20e-3 / seconds_estimate(experiment)).ceil() as u32;
            // Odd: the median is one of the times.
            wanted.clamp(counts.repeats_min, counts.repeats_max) | 1
        }
    }
}

fn seconds_estimate(experiment: &Experiment) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sizes need no more than 53 bits")]
    let message = |bytes: u64| 100e-6 + bytes as f64 * 85e-9;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let work = |units: u64| units as f64 * 1e-6;
    match *experiment {
        Experiment::PingPong { bytes, .. } | Experiment::Exchange { bytes, .. } | Experiment::Pairs { bytes, .. } => {
            2.0 * message(bytes)
        }
        Experiment::Send { bytes, recv_delay_s, .. } => recv_delay_s + message(bytes),
        // The message is there before: the wait for it counts.
        Experiment::Recv { bytes, .. } => 1e-3 + message(bytes),
        Experiment::Train { bytes, n, delay_s, .. } => f64::from(n) * (delay_s + message(bytes)) + message(0),
        Experiment::FanIn { senders, bytes } => f64::from(senders) * message(bytes),
        Experiment::Compute { units, .. } => work(units),
        Experiment::FixedWork { darts, n } => f64::from(n) * work(darts),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn cluster(n_hosts: u32, cores: u32) -> Vec<HostInfo> {
        (0..n_hosts).map(|i| HostInfo { name: format!("pi{i}"), cores }).collect()
    }

    fn kinds(lines: &[PlanLine]) -> BTreeSet<&'static str> {
        lines.iter().map(|line| line.experiment.name()).collect()
    }

    #[test]
    fn a_cluster_runs_every_kind_of_experiment_in_every_launch() {
        let plan = plan(Suite::Quick, &cluster(8, 4), 1 << 22, 5, 1);
        assert_eq!(plan.len(), 5);
        for lines in &plan {
            assert_eq!(kinds(lines).len(), 9);
        }
    }

    #[test]
    fn one_host_has_no_remote_pairs_and_one_core_no_local_ones() {
        let of = |n_hosts, cores| plan(Suite::Quick, &cluster(n_hosts, cores), 1 << 20, 3, 1);
        let is_remote = |line: &PlanLine| {
            matches!(line.experiment, Experiment::PingPong { class: PairClass::Remote, .. } | Experiment::FanIn { .. })
        };
        assert!(!of(1, 4).iter().flatten().any(is_remote));
        assert_eq!(kinds(&of(1, 1)[0]), BTreeSet::from(["compute", "fixed_work"]));
    }

    #[test]
    fn launches_differ_in_sizes_and_order_and_numbers_are_unique() {
        let plan = plan(Suite::Full, &cluster(4, 4), 1 << 22, 3, 1);
        let ids: BTreeSet<u64> = plan.iter().flatten().map(|line| line.id).collect();
        assert_eq!(ids.len(), plan.iter().map(Vec::len).sum::<usize>());
        let order = |lines: &[PlanLine]| lines.iter().map(|line| line.experiment.name()).collect::<Vec<_>>();
        assert_ne!(order(&plan[0]), order(&plan[1]));
    }

    #[test]
    fn there_are_at_least_three_launches() {
        assert_eq!(plan(Suite::Quick, &cluster(2, 1), 1024, 1, 1).len(), 3);
    }

    #[test]
    fn a_quick_launch_on_eight_hosts_takes_minutes() {
        let plan = plan(Suite::Quick, &cluster(8, 4), 4 << 20, 3, 1);
        for lines in &plan {
            let seconds = duration_estimate(lines).as_seconds();
            assert!((10.0..=180.0).contains(&seconds), "{seconds} s");
        }
    }

    #[test]
    fn sizes_cover_the_whole_range() {
        let mut rng = Streams::new(1, 0).stream(Purpose::Plan, 0);
        let drawn: Vec<u64> = sizes(1, 1 << 20, 20, &mut rng).collect();
        // Each interval of the logarithm is a factor of two wide.
        for (i, bytes) in drawn.iter().enumerate() {
            assert!((1 << i..=2 << i).contains(bytes), "{bytes} in interval {i}");
        }
    }
}
