//! Ports, switch and gaps between messages: each sample of contention is turned into the bandwidth with which the
//! simulator would take just as long.

use dlpc_engine::machine::{Duplex, MachineModel};
use dlpc_engine::maths;
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::random::Streams;
use dlpc_engine::stats;
use dlpc_engine::units::BytesPerSecond;

use crate::calibration::experiment::{Experiment, PairClass};
use crate::calibration::sample::Sample;
use crate::calibration::simulated::Bench;
use crate::fit::samples::assemble;
use crate::fit::samples::messages::pairs::{PairSamples, SegmentCosts, as_f64};
use crate::fit::samples::messages::segments::TableShape;
use crate::fit::samples::messages::{self, Wire};
use crate::fit::samples::parameters::{Estimate, NetworkShape, PortSource, RemoteEstimate, RemoteShape, Shape};
use crate::fit::statistics::least_squares::robust_mean;
use crate::fit::{FitError, FitOptions};

/// Least relative change of a time per relative change of the bandwidth for a sample to determine the bandwidth.
const ELASTICITY_MIN: f64 = 0.5;
/// Relative uncertainty beyond the scatter of samples: what a launch deals to all of one kind.
const COMMON_ERROR: f64 = 0.005;
/// Relative difference above which one flow and many do not share the same limit.
const SAME_LIMIT: f64 = 0.03;
/// Relative slow-down of pairs at once above which the switch is a limit.
const BACKPLANE_EFFECT: f64 = 0.08;
/// Relative difference between half and full duplex that an exchange must be able to show.
const DUPLEX_EFFECT: f64 = 0.1;
/// By how much the interval of a train must exceed what cores need, to be a gap.
const GAP_EFFECT: f64 = 0.1;

/// What was found, and what the user should know of it.
pub(in crate::fit) struct Found {
    pub(in crate::fit) shape: NetworkShape,
    /// By how many standard errors one message alone takes longer per byte than many of them do.
    pub(in crate::fit) difference: f64,
    pub(in crate::fit) warnings: Vec<String>,
}

/// Standard errors by which one message alone may be faster than its port.
const TOO_FAST_ERRORS: f64 = 3.0;
const TOO_FAST: &str = "many senders to one receiver get less than one sender alone, which shared ports do not explain: gathers \
                        of large messages will be predicted too short";

/// Samples that say nothing of messages between hosts.
const NOT_TOLD: FitError = FitError::Unidentified { what: "messages between hosts", needed: "two hosts" };

/// Finds what limits transfers between hosts.
///
/// # Errors
/// [`FitError`] if the samples do not determine it, or the value is one that no machine has.
pub(in crate::fit) fn find(
    samples: &[&Sample],
    table: &TableShape,
    rest: &Estimate,
    kind: &Shape,
    options: &FitOptions<'_>,
) -> Result<Found, FitError> {
    let mut warnings = Vec::new();
    let pairs = PairSamples::of(samples, PairClass::Remote, &rest.costs, table.copying);
    let free = messages::estimate(&pairs, table, &vec![Wire::Free; table.uptos.len()]);
    let mut shape = NetworkShape {
        port: PortSource::OneFlow,
        has_gap: vec![true; table.uptos.len()],
        duplex: Duplex::Full,
        has_backplane: false,
        has_message_gap: false,
    };
    let (one_flow, one_flow_error) = messages::last_wire(&pairs, table, &free).ok_or(NOT_TOLD)?;
    let fan_in = fan_in_gaps(samples, &free, one_flow, &shape, (table, rest, kind, options))?;
    let (port, difference) = port_source((one_flow, one_flow_error), &fan_in);
    if difference < -TOO_FAST_ERRORS {
        warnings.push(TOO_FAST.to_owned());
    }
    shape.port = port;
    let port = port_gap(shape.port, one_flow, &fan_in);
    shape.has_gap = messages::slower_than_port(&pairs, table, port);

    let remote = RemoteShape { table: table.clone(), network: shape.clone() };
    let plain = estimate(samples, &remote, rest, kind, options)?;
    let machine = assembled(&plain, table, &shape, (rest, kind, options))?;
    let slower = ratios(samples, &machine, |e| matches!(e, Experiment::Pairs { pairs, .. } if *pairs > 1));
    shape.has_backplane = !slower.is_empty() && stats::median(&slower) > BACKPLANE_EFFECT;

    let remote = RemoteShape { table: table.clone(), network: shape.clone() };
    let with_backplane = estimate(samples, &remote, rest, kind, options)?;
    let machine = assembled(&with_backplane, table, &shape, (rest, kind, options))?;
    shape.duplex = duplex(samples, &machine, &mut warnings);
    shape.has_message_gap = message_gap(samples, &with_backplane.table, rest).is_some();
    Ok(Found { shape, difference, warnings })
}

/// Estimates the parameters of messages between hosts.
pub(in crate::fit) fn estimate(
    samples: &[&Sample],
    remote: &RemoteShape,
    rest: &Estimate,
    kind: &Shape,
    options: &FitOptions<'_>,
) -> Result<RemoteEstimate, FitError> {
    let RemoteShape { table, network } = remote;
    let pairs = PairSamples::of(samples, PairClass::Remote, &rest.costs, table.copying);
    let free = messages::estimate(&pairs, table, &vec![Wire::Free; table.uptos.len()]);
    let (one_flow, _) = messages::last_wire(&pairs, table, &free).ok_or(NOT_TOLD)?;
    let fan_in = match network.port {
        PortSource::OneFlow => Vec::new(),
        PortSource::FanIn | PortSource::Both { .. } => {
            fan_in_gaps(samples, &free, one_flow, network, (table, rest, kind, options))?
        }
    };
    let port = port_gap(network.port, one_flow, &fan_in);
    let wires: Vec<Wire> =
        network.has_gap.iter().map(|has_gap| if *has_gap { Wire::AtLeast(port) } else { Wire::Port(port) }).collect();
    let costs = messages::estimate(&pairs, table, &wires);
    let message_gap = if network.has_message_gap { message_gap(samples, &costs, rest).unwrap_or(0.0) } else { 0.0 };
    let mut estimate = RemoteEstimate { table: costs, port, backplane: None, message_gap };
    if network.has_backplane {
        let machine = assembled(&estimate, table, network, (rest, kind, options))?;
        estimate.backplane = backplane(samples, &machine);
    }
    Ok(estimate)
}

type Rest<'a> = (&'a Estimate, &'a Shape, &'a FitOptions<'a>);

fn assembled(
    remote: &RemoteEstimate,
    table: &TableShape,
    network: &NetworkShape,
    (rest, kind, options): Rest<'_>,
) -> Result<MachineModel, FitError> {
    let estimate = Estimate { remote: Some(remote.clone()), ..rest.clone() };
    let remote = RemoteShape { table: table.clone(), network: network.clone() };
    let kind = Shape { remote: Some(remote), ..kind.clone() };
    assemble::assemble(&estimate, &kind, options)
}

/// Returns the seconds per byte of the port from each fan-in.
fn fan_in_gaps(
    samples: &[&Sample],
    free: &[SegmentCosts],
    one_flow: f64,
    network: &NetworkShape,
    (table, rest, kind, options): (&TableShape, &Estimate, &Shape, &FitOptions<'_>),
) -> Result<Vec<f64>, FitError> {
    let plain = RemoteEstimate { table: free.to_vec(), port: one_flow, backplane: None, message_gap: 0.0 };
    let capped = NetworkShape { has_gap: vec![true; free.len()], duplex: Duplex::Full, ..network.clone() };
    let machine = assembled(&plain, table, &capped, (rest, kind, options))?;
    let is_fan_in = |sample: &&&Sample| matches!(sample.experiment, Experiment::FanIn { senders, .. } if senders > 1);
    let gaps = samples
        .iter()
        .filter(is_fan_in)
        .filter_map(|sample| inverted(sample, one_flow, |gap| with_port(machine.clone(), gap)));
    Ok(gaps.collect())
}

fn with_port(mut machine: MachineModel, gap: f64) -> MachineModel {
    if let Some(bandwidth) = BytesPerSecond::new(1.0 / gap) {
        for group in &mut machine.host_groups {
            group.nic.bandwidth = bandwidth;
        }
    }
    machine
}

/// Returns from what the port is known, and by how many standard errors one message alone is slower than many.
fn port_source((one_flow, error): (f64, f64), fan_in: &[f64]) -> (PortSource, f64) {
    if fan_in.is_empty() {
        return (PortSource::OneFlow, 0.0);
    }
    let logs: Vec<f64> = fan_in.iter().map(|gap| maths::ln(*gap)).collect();
    let center = robust_mean(&logs);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    let many_error = maths::hypot(stats::mad(&logs) / (logs.len() as f64).sqrt(), COMMON_ERROR);
    let one_error = maths::hypot(error / one_flow, COMMON_ERROR);
    let difference = maths::ln(one_flow) - center;
    let of_both = maths::hypot(many_error, one_error);
    let source = if difference > SAME_LIMIT.max(4.0 * of_both) {
        PortSource::FanIn
    } else if difference < -TOO_FAST_ERRORS * of_both {
        // Nothing but an error makes one message alone faster than its port.
        PortSource::OneFlow
    } else {
        let (one, many) = (one_error.powi(-2), many_error.powi(-2));
        PortSource::Both { one_flow: one / (one + many) }
    };
    (source, difference / of_both)
}

/// Returns the seconds per byte of the port.
fn port_gap(source: PortSource, one_flow: f64, fan_in: &[f64]) -> f64 {
    let many = || {
        let logs: Vec<f64> = fan_in.iter().map(|gap| maths::ln(*gap)).collect();
        if logs.is_empty() { maths::ln(one_flow) } else { robust_mean(&logs) }
    };
    match source {
        PortSource::OneFlow => one_flow,
        PortSource::FanIn => maths::exp(many()),
        PortSource::Both { one_flow: weight } => maths::exp(weight * maths::ln(one_flow) + (1.0 - weight) * many()),
    }
}

/// Returns the seconds per byte of the switch from pairs at once; none if they do not determine it.
fn backplane(samples: &[&Sample], machine: &MachineModel) -> Option<f64> {
    let port = 1.0 / machine.host_groups[0].nic.bandwidth.as_f64();
    let with_backplane = |gap: f64| {
        let mut machine = machine.clone();
        machine.switch.backplane_bandwidth = BytesPerSecond::new(1.0 / gap);
        machine
    };
    let gaps: Vec<f64> = samples
        .iter()
        .filter_map(|sample| {
            let Experiment::Pairs { pairs, .. } = sample.experiment else { return None };
            // Slow enough to be a limit for sure: a fifth of what the pairs could use.
            (pairs > 1).then(|| inverted(sample, 5.0 * port / f64::from(pairs), with_backplane)).flatten()
        })
        .map(maths::ln)
        .collect();
    (!gaps.is_empty()).then(|| maths::exp(robust_mean(&gaps)))
}

/// Returns full or half duplex, whichever explains the exchanges better.
fn duplex(samples: &[&Sample], machine: &MachineModel, warnings: &mut Vec<String>) -> Duplex {
    let is_exchange = |e: &Experiment| matches!(e, Experiment::Exchange { class: PairClass::Remote, .. });
    let with = |duplex: Duplex| {
        let mut machine = machine.clone();
        machine.host_groups.iter_mut().for_each(|group| group.nic.duplex = duplex);
        ratios(samples, &machine, is_exchange)
    };
    let (full, half) = (with(Duplex::Full), with(Duplex::Half));
    if full.is_empty() {
        warnings.push("no exchange was measured: ports are taken to be full duplex".to_owned());
        return Duplex::Full;
    }
    let telling: Vec<(f64, f64)> =
        full.into_iter().zip(half).filter(|(full, half)| (full - half).abs() > DUPLEX_EFFECT).collect();
    let votes = telling.iter().filter(|(full, half)| half.abs() < full.abs()).count();
    if 2 * votes > telling.len() { Duplex::Half } else { Duplex::Full }
}

/// Returns `ln(measured / simulated)` of each sample whose experiment `is_wanted`.
fn ratios(samples: &[&Sample], machine: &MachineModel, is_wanted: impl Fn(&Experiment) -> bool) -> Vec<f64> {
    let bench = Bench::new(machine, NetworkKind::Flow).quiet();
    samples
        .iter()
        .filter(|sample| is_wanted(&sample.experiment))
        .filter_map(|sample| Some(maths::ln(sample.seconds / simulated_s(&bench, sample)?)))
        .collect()
}

/// Returns the time that the machine of `bench` takes for the experiment of a sample, on the same hosts.
pub(in crate::fit) fn simulated_s(bench: &Bench, sample: &Sample) -> Option<f64> {
    let lead = bench.host_named(&sample.host).unwrap_or(HostId(0));
    let mut hosts = bench.hosts_for(&sample.experiment, lead).ok()?;
    let peers: Option<Vec<HostId>> = sample.peers.iter().map(|peer| bench.host_named(peer)).collect();
    if let Some(peers) = peers.filter(|peers| peers.len() + 1 == hosts.len()) {
        hosts[1..].copy_from_slice(&peers);
    }
    Some(bench.observe(&sample.experiment, &hosts, Streams::new(0, 0)).ok()?.seconds)
}

/// Returns the gap (seconds per byte) with which the machine takes as long as the sample: Newton's method, exact where
/// the time is linear in the gap. None if the time hardly depends on it.
fn inverted(sample: &Sample, start: f64, machine: impl Fn(f64) -> MachineModel) -> Option<f64> {
    const ROUNDS: usize = 5;
    const STEP: f64 = 1.02;
    let time = |gap: f64| simulated_s(&Bench::new(&machine(gap), NetworkKind::Flow).quiet(), sample);
    let mut gap = start;
    let mut elasticity = 0.0;
    for _ in 0..ROUNDS {
        let here = time(gap)?;
        let slope = (time(gap * STEP)? - here) / (gap * (STEP - 1.0));
        elasticity = slope * gap / here;
        if elasticity < ELASTICITY_MIN / 2.0 {
            return None;
        }
        let next = (gap + (sample.seconds - here) / slope).clamp(gap / 4.0, gap * 4.0);
        let is_settled = (next / gap - 1.0).abs() < 1e-6;
        gap = next;
        if is_settled {
            break;
        }
    }
    (elasticity >= ELASTICITY_MIN).then_some(gap)
}

/// Returns the least time between two small messages, if trains are slower than cores and wire explain.
///
/// `g + G s = (PRTT(n, 0, s) - PRTT(1, 0, s)) / (n - 1)`: Hoefler, Lichei and Rehm, "Low-Overhead `LogGP` Parameter
/// Assessment for Modern Interconnection Networks" (2007).
fn message_gap(samples: &[&Sample], table: &[SegmentCosts], rest: &Estimate) -> Option<f64> {
    let train = |sample: &&Sample| match sample.experiment {
        Experiment::Train { class: PairClass::Remote, bytes, n, delay_s: 0.0 } => Some((bytes, n)),
        _ => None,
    };
    let mut gaps = Vec::new();
    for long in samples {
        let Some((bytes, n)) = train(long).filter(|(_, n)| *n > 1) else { continue };
        let is_alone = |s: &&&Sample| s.launch == long.launch && train(s) == Some((bytes, 1));
        let Some(alone) = samples.iter().find(is_alone) else { continue };
        let costs = table.iter().find(|costs| bytes <= costs.upto).unwrap_or(&table[table.len() - 1]);
        let slowness = 1.0 / rest.costs.speed(&long.host);
        let core = slowness * (costs.send_overhead.max(costs.recv_overhead) + costs.byte_overhead * as_f64(bytes));
        let wire = costs.wire * as_f64(bytes);
        // Larger messages show the wire, not the gap.
        if wire < core {
            let interval = (long.seconds - alone.seconds) / f64::from(n - 1);
            gaps.push(if interval > (1.0 + GAP_EFFECT) * core { interval - wire } else { 0.0 });
        }
    }
    let gap = if gaps.is_empty() { 0.0 } else { stats::median(&gaps) };
    (gap > 0.0).then_some(gap)
}
