//! Costs of messages in the segments of a table: overheads, latency and gaps from ping-pongs, sends and receives.

pub(in crate::fit) mod eager;
pub(in crate::fit) mod pairs;
pub(in crate::fit) mod segments;

use dlpc_engine::maths;

use crate::fit::samples::messages::pairs::{N_COSTS, PairSample, PairSamples, SegmentCosts, as_f64};
use crate::fit::samples::messages::segments::TableShape;
use crate::fit::statistics::least_squares::{self, Equation, Solution};

/// Index of L among the unknowns.
pub(in crate::fit) const LATENCY: usize = 3;
/// Index of the time per byte on the wire among the unknowns.
pub(in crate::fit) const WIRE: usize = 4;
/// By how much the slope of a rendezvous may be below what eager messages say, before their byte overhead is doubted.
const SLOPE_TOLERANCE: f64 = 0.03;
/// Least share of the slope of a rendezvous that is the wire's, whatever eager messages say about cores.
const WIRE_SHARE_MIN: f64 = 0.02;
/// Least improvement of the sum of squares, in units of `ln n`, for a gap of its own.
const GAP_EVIDENCE: f64 = 3.0;
/// Least share of a segment's largest time that a gap of its own must make.
const GAP_SHARE_MIN: f64 = 0.03;

/// What is known of the time per byte on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) enum Wire {
    /// Nothing.
    Free,
    /// It is that of the port.
    Port(f64),
    /// It is that of the port, or longer.
    AtLeast(f64),
}

/// Estimates all segments; `wires` holds what is known of each.
///
/// Rendezvous messages show only the sum of overheads and latency, and the sum of `2 O` and the wire: their overheads
/// are taken to be those of the largest eager messages, and the rest is latency and wire.
pub(in crate::fit) fn estimate(pairs: &PairSamples, shape: &TableShape, wires: &[Wire]) -> Vec<SegmentCosts> {
    let mut table: Vec<SegmentCosts> = Vec::with_capacity(shape.uptos.len());
    for (i, (upto, wire)) in shape.uptos.iter().zip(wires).enumerate() {
        let above = i.checked_sub(1).map(|before| shape.uptos[before]);
        let costs = if i < shape.n_eager {
            eager(pairs, above, (*upto).min(shape.eager_limit.bytes), *wire, &shape.sigmas)
        } else {
            let known = Known { empty: table[0], overheads: table[shape.n_eager - 1] };
            rendezvous(pairs, (above.unwrap_or(0), *upto), *wire, &known, &shape.sigmas)
        };
        table.push(SegmentCosts { upto: *upto, ..costs });
    }
    table
}

/// Returns the time per byte on the wire in the largest messages, and its standard error; none if they show none.
pub(in crate::fit) fn last_wire(pairs: &PairSamples, shape: &TableShape, table: &[SegmentCosts]) -> Option<(f64, f64)> {
    let last = table.len() - 1;
    let above = last.checked_sub(1).map(|before| shape.uptos[before]);
    let equations = if last < shape.n_eager {
        pairs.eager_equations(above, shape.uptos[last])
    } else {
        pairs.rendezvous_equations(above.unwrap_or(0), u64::MAX, |_| 0.0)
    };
    let solution = least_squares::solve(&equations, Some(&shape.sigmas));
    let error = least_squares::standard_error(&solution, WIRE).unwrap_or(f64::INFINITY);
    (table[last].wire > 0.0).then_some((table[last].wire, error))
}

/// Returns for each segment whether its messages are slower on the wire than the port, `port` seconds per byte.
///
/// One after the other, because rendezvous messages take over the byte overhead of eager ones, and an eager segment
/// without the gap that it needs has too large a one.
pub(in crate::fit) fn slower_than_port(pairs: &PairSamples, shape: &TableShape, port: f64) -> Vec<bool> {
    let mut wires = vec![Wire::Port(port); shape.uptos.len()];
    let mut has_gap = Vec::with_capacity(wires.len());
    for i in 0..wires.len() {
        let with_port = fit_of(pairs, shape, &wires, i);
        wires[i] = Wire::AtLeast(port);
        let with_gap = fit_of(pairs, shape, &wires, i);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
        let evidence = GAP_EVIDENCE * maths::ln(with_gap.n as f64);
        let largest = as_f64(shape.uptos[i].min(shape.largest));
        let gap_share = (with_gap.costs.wire - port) * largest / time_of(&with_gap.costs, largest);
        let is_slower = with_port.squares - with_gap.squares > evidence && gap_share > GAP_SHARE_MIN;
        if !is_slower {
            wires[i] = Wire::Port(port);
        }
        has_gap.push(is_slower);
    }
    has_gap
}

/// Estimates one unknown of segment `i` without its bound at zero: it is below zero if the samples ask for that. Of rendezvous
/// messages, L and the wire only. None if the equations do not tell it from others.
///
/// The unknown is shifted up so far that the bound does not matter.
pub(in crate::fit) fn unbounded(
    pairs: &PairSamples,
    shape: &TableShape,
    wires: &[Wire],
    i: usize,
    unknown: usize,
) -> Option<f64> {
    let above = i.checked_sub(1).map(|before| shape.uptos[before]);
    if i < shape.n_eager {
        let equations = pairs.eager_equations(above, shape.uptos[i].min(shape.eager_limit.bytes));
        return shifted(equations, wires[i], &shape.sigmas, unknown);
    }
    let table = estimate(pairs, shape, wires);
    let (own, overheads) = (table[i], table[shape.n_eager - 1]);
    let above = above.unwrap_or(0);
    let offset = |sample: &PairSample| {
        handshake(&table[0], sample) + 2.0 * sample.mean_slowness * own.byte_overhead * as_f64(sample.bytes)
    };
    let found = shifted(pairs.rendezvous_equations(above, shape.uptos[i], offset), wires[i], &shape.sigmas, unknown)?;
    let overhead = pairs.mean_slowness(above) * (overheads.send_overhead + overheads.recv_overhead);
    Some(if unknown == LATENCY { found - overhead } else { found })
}

fn shifted(mut equations: Vec<Equation<N_COSTS>>, wire: Wire, sigmas: &[f64], unknown: usize) -> Option<f64> {
    let most = |equation: &Equation<N_COSTS>| equation.value / equation.factors[unknown];
    let has_it = |equation: &&Equation<N_COSTS>| equation.factors[unknown] > 0.0;
    let shift = equations.iter().filter(has_it).map(most).fold(0.0, f64::max);
    for equation in &mut equations {
        equation.offset -= shift * equation.factors[unknown];
    }
    // At its bound even so: the equations do not tell it from others.
    let found = solve(equations, wire, sigmas)[unknown];
    (found > 0.0).then_some(found - shift)
}

/// How well one segment fits.
struct SegmentFit {
    costs: SegmentCosts,
    squares: f64,
    n: usize,
}

fn fit_of(pairs: &PairSamples, shape: &TableShape, wires: &[Wire], i: usize) -> SegmentFit {
    let table = estimate(pairs, shape, wires);
    let equations = equations_of(pairs, shape, &table, i);
    let squares = least_squares::truncated_squares(&equations, &unknowns(&table[i]), &shape.sigmas);
    SegmentFit { costs: table[i], squares, n: equations.len() }
}

/// Eager time of a message at speed 1.
fn time_of(costs: &SegmentCosts, bytes: f64) -> f64 {
    costs.send_overhead + costs.recv_overhead + costs.latency + (2.0 * costs.byte_overhead + costs.wire) * bytes
}

/// The equations of segment `i`, complete: the overheads of a rendezvous are known parts.
fn equations_of(pairs: &PairSamples, shape: &TableShape, table: &[SegmentCosts], i: usize) -> Vec<Equation<N_COSTS>> {
    let above = i.checked_sub(1).map(|before| shape.uptos[before]);
    if i < shape.n_eager {
        return pairs.eager_equations(above, shape.uptos[i].min(shape.eager_limit.bytes));
    }
    let own = table[i];
    pairs.rendezvous_equations(above.unwrap_or(0), shape.uptos[i], |sample| {
        handshake(&table[0], sample)
            + sample.mean_slowness
                * (own.send_overhead + own.recv_overhead + 2.0 * own.byte_overhead * as_f64(sample.bytes))
    })
}

fn unknowns(costs: &SegmentCosts) -> [f64; N_COSTS] {
    let [send_behind, recv_behind] = costs.behind;
    [costs.send_overhead, costs.recv_overhead, costs.byte_overhead, costs.latency, costs.wire, send_behind, recv_behind]
}

fn costs_of(x: &[f64; N_COSTS]) -> SegmentCosts {
    let [send_overhead, recv_overhead, byte_overhead, latency, wire, send_behind, recv_behind] = *x;
    let behind = [send_behind, recv_behind];
    SegmentCosts { upto: 0, send_overhead, recv_overhead, byte_overhead, latency, wire, behind }
}

fn eager(pairs: &PairSamples, above: Option<u64>, upto: u64, wire: Wire, sigmas: &[f64]) -> SegmentCosts {
    let solution = solve(pairs.eager_equations(above, upto), wire, sigmas);
    costs_of(&solution)
}

/// Solves with what is known of the wire; returns all unknowns.
fn solve(mut equations: Vec<Equation<N_COSTS>>, wire: Wire, sigmas: &[f64]) -> [f64; N_COSTS] {
    let floor = match wire {
        Wire::Free => 0.0,
        Wire::Port(floor) | Wire::AtLeast(floor) => floor,
    };
    for equation in &mut equations {
        equation.offset += floor * equation.factors[WIRE];
        if matches!(wire, Wire::Port(_)) {
            equation.factors[WIRE] = 0.0;
        }
    }
    let Solution { mut x, .. } = least_squares::solve(&equations, Some(sigmas));
    x[WIRE] += floor;
    x
}

/// What eager messages say about a rendezvous.
struct Known {
    /// Costs of an empty message.
    empty: SegmentCosts,
    /// Costs of the largest eager messages.
    overheads: SegmentCosts,
}

/// Returns the time of request and answer: `2 (m o_s(0) + L(0) + m o_r(0))`.
fn handshake(empty: &SegmentCosts, sample: &PairSample) -> f64 {
    2.0 * (sample.mean_slowness * (empty.send_overhead + empty.recv_overhead) + empty.latency)
}

fn rendezvous(
    pairs: &PairSamples,
    (above, upto): (u64, u64),
    wire: Wire,
    known: &Known,
    sigmas: &[f64],
) -> SegmentCosts {
    let m = pairs.mean_slowness(above);
    let Known { empty, overheads } = known;
    let sums = solve(pairs.rendezvous_equations(above, upto, |s| handshake(empty, s)), Wire::Free, sigmas);
    let slope = sums[WIRE];
    let floor = match wire {
        Wire::Free => WIRE_SHARE_MIN * slope,
        Wire::Port(floor) | Wire::AtLeast(floor) => floor,
    };
    // The slope is 2 m O + w, w at least that of the port.
    let room = (slope * (1.0 + SLOPE_TOLERANCE) - floor).max(0.0) / (2.0 * m);
    let byte_overhead = overheads.byte_overhead.min(room);
    let offset = |sample: &PairSample| {
        handshake(empty, sample) + 2.0 * sample.mean_slowness * byte_overhead * as_f64(sample.bytes)
    };
    let x = solve(pairs.rendezvous_equations(above, upto, offset), wire, sigmas);
    // The intercept is m (o_s + o_r) + L.
    let overhead = m * (overheads.send_overhead + overheads.recv_overhead);
    let share = if overhead > x[LATENCY] { x[LATENCY] / overhead } else { 1.0 };
    SegmentCosts {
        upto: 0,
        send_overhead: share * overheads.send_overhead,
        recv_overhead: share * overheads.recv_overhead,
        byte_overhead,
        latency: (x[LATENCY] - overhead).max(0.0),
        wire: x[WIRE],
        behind: overheads.behind,
    }
}
