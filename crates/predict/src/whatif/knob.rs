//! The knobs of a scenario: what can be turned, how far, and where it stands.

use dlpc_engine::machine::{Kernel, Kernels, MachineModel};
use dlpc_engine::random::Distribution;
use dlpc_engine::workload::{Dispatch, LogStream, Pi, Returns, Workload};

use super::rounded::{rounded, rounded_down, rounded_up};
use crate::input::Experiment;

/// Something that can be turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Knob {
    /// Name in addresses.
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// What it can be, and what it is in the file.
    pub range: Range,
}

/// What a knob can be, and what it is in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// A number.
    Number(Number),
    /// One of several words.
    Choice(Choice),
}

/// A number that can be turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Unit, for instance `Mbit/s`.
    pub unit: &'static str,
    /// Least value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Value in the file, without the errors of floating-point numbers.
    pub value: f64,
    /// Whether it is a count.
    pub is_whole: bool,
    /// Whether equal steps of the slider are equal factors.
    pub is_logarithmic: bool,
}

/// A word that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Words of the file format, with what they mean.
    pub options: &'static [(&'static str, &'static str)],
    /// Word in the file.
    pub value: &'static str,
}

/// Most ranks on the page: what a browser shows well, and a login node bears.
const RANKS_MAX: f64 = 256.0;
/// How far physical quantities go, as factors of their value in the file.
const FACTOR: f64 = 20.0;
/// Significant digits of the ends of a knob.
const DIGITS_OF_ENDS: usize = 2;
/// Significant digits of the value in the file: all that a person writes.
const DIGITS_OF_VALUE: usize = 9;
/// Largest time of a knob whose time in the file is zero, in seconds.
const SECONDS: f64 = 10.0;
/// Most darts that a scenario may have.
const DARTS_MAX: f64 = 1e15;
/// Largest noise that anybody will ask for, in per cent.
const NOISE_MAX: f64 = 50.0;

/// Returns the knobs of a scenario.
pub(super) fn all(experiment: &Experiment, replications: u32) -> Vec<Knob> {
    let scenario = &experiment.scenario;
    let mut knobs = vec![whole("ranks", "Ranks, up to", "", most_ranks(experiment), RANKS_MAX)];
    if is_placed_by_rule(experiment) {
        knobs.extend(hosts(&experiment.machine));
    }
    knobs.extend(network(&experiment.machine));
    match &scenario.workload {
        Workload::Pi(pi) => knobs.extend(darts(pi)),
        Workload::LogStream(stream) => knobs.extend(log_stream(stream)),
        Workload::Custom(_) => {}
    }
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

/// Returns whether ranks fill the hosts by a rule, so that there may be other hosts.
pub(super) fn is_placed_by_rule(experiment: &Experiment) -> bool {
    let placement = &experiment.effective_scenario["run"]["placement"];
    placement.is_string() || placement.get("order").is_some()
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

fn darts(pi: &Pi) -> Vec<Knob> {
    #[expect(clippy::cast_precision_loss, reason = "at most 10^15 darts")]
    let darts = pi.darts as f64;
    let knob = Knob { id: "darts", label: "Darts", range: Range::Number(count_around(darts)) };
    let value = match pi.returns {
        Returns::Count => return vec![knob],
        Returns::Coordinates(_) => "coordinates",
    };
    let options = &[("count", "the count only"), ("coordinates", "every coordinate")];
    vec![knob, Knob { id: "returns", label: "Each rank returns", range: Range::Choice(Choice { options, value }) }]
}

fn log_stream(stream: &LogStream) -> Vec<Knob> {
    let value = match stream.dispatch {
        Dispatch::Rounds => "rounds",
        Dispatch::FirstFree => "first-free",
    };
    let options = &[("rounds", "in rounds"), ("first-free", "to the first free worker")];
    let interval = stream.interval.as_seconds();
    vec![
        whole("items", "Log files", "", f64::from(stream.items), f64::from(stream.items).max(200.0)),
        from_zero("interval", "Time between two log files", interval),
        analysis(scale_of(stream.analysis)),
        Knob { id: "dispatch", label: "Log files go", range: Range::Choice(Choice { options, value }) },
    ]
}

/// Returns the time that stands for a distribution: its constant, mean or median, in seconds.
pub(super) fn scale_of(distribution: Distribution) -> f64 {
    match distribution {
        Distribution::Constant(time) | Distribution::Exponential { mean: time } => time.as_seconds(),
        Distribution::Uniform { low, high } => f64::midpoint(low.as_seconds(), high.as_seconds()),
        Distribution::Lognormal { median, .. } => median.as_seconds(),
    }
}

fn analysis(seconds: f64) -> Knob {
    let (id, label) = ("analysis", "Analysis of a log file");
    if 0.0 < seconds { factor(id, label, "s", seconds) } else { from_zero(id, label, seconds) }
}

/// The sigma of the noisiest kernel; those of the others go with it.
fn noise(experiment: &Experiment) -> Knob {
    let value = rounded(100.0 * largest_sigma(experiment), DIGITS_OF_VALUE);
    let high = NOISE_MAX.max(value);
    let number = Number { unit: "%", low: 0.0, high, value, is_whole: false, is_logarithmic: false };
    Knob { id: "noise", label: "Noise of computing", range: Range::Number(number) }
}

/// Returns the largest sigma of what the workload computes.
pub(super) fn largest_sigma(experiment: &Experiment) -> f64 {
    let workload = &experiment.scenario.workload;
    let own = match workload {
        Workload::Pi(_) => None,
        Workload::LogStream(_) => Some(Kernel::Analyse),
        Workload::Custom(_) => Some(Kernel::Custom),
    };
    let of_model = workload.kernels().into_iter().flat_map(Kernels::costs).map(|(costed, _)| costed.kernel);
    of_model.chain(own).map(|kernel| experiment.machine.noise.sigma(kernel)).fold(0.0, f64::max)
}

/// A time that may be zero.
fn from_zero(id: &'static str, label: &'static str, seconds: f64) -> Knob {
    let value = rounded(seconds, DIGITS_OF_VALUE);
    let high = rounded_down(FACTOR * value, DIGITS_OF_ENDS).max(SECONDS);
    let number = Number { unit: "s", low: 0.0, high, value, is_whole: false, is_logarithmic: false };
    Knob { id, label, range: Range::Number(number) }
}

/// A count that may be some times as large or as small.
fn count_around(value: f64) -> Number {
    let (low, high) = ends_around(value);
    let (low, high) = (low.ceil(), high.floor().min(DARTS_MAX));
    Number { unit: "", low, high, value, is_whole: true, is_logarithmic: true }
}

/// Returns the ends of a quantity that goes some times as far up and down: short numbers within that range.
fn ends_around(value: f64) -> (f64, f64) {
    (rounded_up(value / FACTOR, DIGITS_OF_ENDS), rounded_down(value * FACTOR, DIGITS_OF_ENDS))
}

fn whole(id: &'static str, label: &'static str, unit: &'static str, value: f64, high: f64) -> Knob {
    let high = high.max(value);
    let number = Number { unit, low: 1.0, high, value, is_whole: true, is_logarithmic: 128.0 < high };
    Knob { id, label, range: Range::Number(number) }
}

fn factor(id: &'static str, label: &'static str, unit: &'static str, value: f64) -> Knob {
    let value = rounded(value, DIGITS_OF_VALUE);
    let (low, high) = ends_around(value);
    Knob { id, label, range: Range::Number(Number { unit, low, high, value, is_whole: false, is_logarithmic: true }) }
}
