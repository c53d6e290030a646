//! The knobs of a scenario: what can be turned, how far, and where it stands.

use dlpc_engine::machine::MachineModel;

use crate::input::Experiment;
use crate::knob::rounded::rounded;
use crate::knob::{DIGITS_OF_VALUE, Knob, Number, Range, factor, whole};

/// Most ranks on the page: what a browser shows well, and a login node bears.
const RANKS_MAX: f64 = 256.0;
/// Largest noise that anybody will ask for, in per cent.
const NOISE_MAX: f64 = 50.0;

/// Returns the knobs of a scenario.
pub(super) fn all(experiment: &Experiment, replications: u32) -> Vec<Knob> {
    let scenario = &experiment.scenario;
    let mut knobs = vec![whole("ranks", "Ranks, up to", "", most_ranks(experiment), RANKS_MAX)];
    // By a rule ranks can fill other hosts, too.
    if experiment.scenario.run.order.is_some() {
        knobs.extend(hosts(&experiment.machine));
    }
    knobs.extend(network(&experiment.machine));
    knobs.extend(scenario.workload.facts().knobs());
    knobs.push(noise(experiment));
    if experiment.machine.is_random() {
        let most = f64::from(scenario.run.replications.get()).max(200.0);
        knobs.push(whole("replications", "Replications", "", f64::from(replications), most));
    }
    knobs
}

fn most_ranks(experiment: &Experiment) -> f64 {
    experiment.scenario.run.ranks.last().map_or(1.0, |most| f64::from(most.get()))
}

/// Hosts and cores can be turned where there is one group of them.
fn hosts(machine: &MachineModel) -> Vec<Knob> {
    let [group] = machine.host_groups.as_slice() else { return Vec::new() };
    #[expect(clippy::cast_precision_loss, reason = "at most 10^7 hosts")]
    let n_hosts = group.speeds.len() as f64;
    let cores = f64::from(group.cores.get());
    vec![
        whole("hosts", "Hosts", "", n_hosts, (4.0 * n_hosts).max(64.0)),
        whole("cores", "Cores per host", "", cores, (4.0 * cores).max(64.0)),
    ]
}

fn network(machine: &MachineModel) -> Vec<Knob> {
    let mut knobs = vec![factor("speed", "Speed of the cores", "×", 1.0)];
    if let Some(group) = machine.host_groups.first() {
        knobs.push(factor("bandwidth", "Bandwidth of a host", "Mbit/s", group.nic.bandwidth.as_f64() * 8.0 / 1e6));
    }
    let latency = machine.remote.segments.first().map_or(0.0, |segment| segment.latency.as_seconds() * 1e6);
    if 0.0 < latency {
        knobs.push(factor("latency", "Latency of a message", "µs", latency));
    }
    knobs
}

/// The sigma of the noisiest kernel; those of the others go with it.
fn noise(experiment: &Experiment) -> Knob {
    let value = rounded(100.0 * largest_sigma(experiment), DIGITS_OF_VALUE);
    let high = NOISE_MAX.max(value);
    let number = Number { unit: "%", low: 0.0, high, value, is_whole: false, is_logarithmic: false };
    Knob { id: "noise".into(), label: "Noise of computing".into(), range: Range::Number(number) }
}

/// Returns the largest sigma of what the workload computes.
pub(super) fn largest_sigma(experiment: &Experiment) -> f64 {
    let kernels = experiment.scenario.workload.facts().kernels();
    kernels.iter().map(|kernel| experiment.machine.noise.sigma(*kernel)).fold(0.0, f64::max)
}
