//! Into how many pieces the costs of messages fall, and where: dynamic programming over the sampled sizes, BIC.

use std::collections::BTreeMap;

use dlpc_engine::maths;

use crate::fit::samples::messages::eager::{self, EagerLimit};
use crate::fit::samples::messages::pairs::{Copying, N_COSTS, PairSamples, RECV, SEND};
use crate::fit::statistics::least_squares::{self, Equation, SIGMA_MIN};

/// Fewest sizes of ping-pongs that make a segment.
pub(in crate::fit) const SIZES_MIN: usize = 5;
/// Fewest sizes of sends, and of receives, in a segment of eager messages.
const OVERHEAD_SIZES_MIN: usize = 3;
/// Most segments of eager messages.
const EAGER_SEGMENTS_MAX: usize = 3;
/// Most segments of rendezvous messages.
const RENDEZVOUS_SEGMENTS_MAX: usize = 2;
/// Most places for a border in the first search; the second looks at all places around the best ones.
const PLACES_MAX: usize = 28;
/// As how many unknowns a border counts: being looked for everywhere, it explains more than one.
///
/// Hall, Osborn and Sakkas, "Inference on Structural Breaks using Information Criteria" (2013).
const UNKNOWNS_OF_BORDER: usize = 3;
/// Series of measurements.
const N_SERIES: usize = 3;

/// Pieces of a message table.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fit) struct TableShape {
    pub(in crate::fit) copying: Copying,
    pub(in crate::fit) eager_limit: EagerLimit,
    /// Largest size of each segment, ascending; the last is `u64::MAX`.
    pub(in crate::fit) uptos: Vec<u64>,
    /// How many of them hold eager messages.
    pub(in crate::fit) n_eager: usize,
    /// Largest sampled message.
    pub(in crate::fit) largest: u64,
    /// Relative standard deviation of each series.
    pub(in crate::fit) sigmas: [f64; N_SERIES],
}

/// Distinct sizes of ping-pongs on one side of the eager limit, and what it costs to have a segment from one to another.
struct Side<'a> {
    pairs: &'a PairSamples,
    sizes: Vec<u64>,
    is_eager: bool,
    /// Size below the smallest: none at the start of the table.
    above: Option<u64>,
    /// Largest size that belongs to it.
    upto: u64,
    sigmas: [f64; N_SERIES],
    n_samples: usize,
    costs: BTreeMap<(usize, usize), f64>,
}

/// Finds the segments of one table.
pub(in crate::fit) fn find(pairs: &PairSamples, eager_limit: EagerLimit) -> TableShape {
    let mut eager = Side::new(pairs, None, eager_limit.bytes, true);
    let mut rendezvous = Side::new(pairs, Some(eager_limit.bytes), u64::MAX, false);
    // The scatter decides what is a step; it shows only once the steps are out. So: many segments, then their scatter.
    let mut sigmas = [0.02; N_SERIES];
    let mut cuts = (Vec::new(), Vec::new());
    for round in 0..3 {
        let selection = if round < 2 { Selection::Most } else { Selection::Bic };
        cuts = (
            eager.cuts(sigmas, EAGER_SEGMENTS_MAX, selection),
            rendezvous.cuts(sigmas, RENDEZVOUS_SEGMENTS_MAX, selection),
        );
        if round < 2 {
            sigmas = scatter(&[(&eager, &cuts.0), (&rendezvous, &cuts.1)]);
        }
    }
    let mut uptos: Vec<u64> = cuts.0.iter().map(|cut| eager.border(*cut)).collect();
    let n_eager = uptos.len() + 1;
    if rendezvous.sizes.is_empty() {
        uptos.push(u64::MAX);
    } else {
        uptos.push(eager_limit.bytes);
        uptos.extend(cuts.1.iter().map(|cut| rendezvous.border(*cut)));
        uptos.push(u64::MAX);
    }
    let largest = pairs.ping_pongs.last().map_or(0, |sample| sample.bytes);
    TableShape { copying: pairs.copying, eager_limit, uptos, n_eager, largest, sigmas }
}

/// How the number of segments is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selection {
    /// As many as allowed.
    Most,
    /// The least Bayesian information criterion. Schwarz (1978).
    Bic,
}

impl<'a> Side<'a> {
    fn new(pairs: &'a PairSamples, above: Option<u64>, upto: u64, is_eager: bool) -> Self {
        let is_inside = |bytes: u64| above.is_none_or(|above| above < bytes) && bytes <= upto;
        let mut sizes: Vec<u64> = pairs.ping_pongs.iter().map(|s| s.bytes).filter(|bytes| is_inside(*bytes)).collect();
        let n_overheads = if is_eager { pairs.sends.len() + pairs.recvs.len() } else { 0 };
        let n_samples = sizes.len() + n_overheads;
        sizes.dedup();
        Self { pairs, sizes, is_eager, above, upto, sigmas: [0.0; N_SERIES], n_samples, costs: BTreeMap::new() }
    }

    /// Returns the border between the sizes before and from number `cut` on.
    fn border(&self, cut: usize) -> u64 {
        eager::natural(self.sizes[cut - 1], self.sizes[cut])
    }

    /// Returns where new segments start.
    fn cuts(&mut self, sigmas: [f64; N_SERIES], most: usize, selection: Selection) -> Vec<usize> {
        self.sigmas = sigmas;
        self.costs.clear();
        let n = self.sizes.len();
        if n < 2 * SIZES_MIN {
            return Vec::new();
        }
        let stride = (n - 2 * SIZES_MIN + 1).div_ceil(PLACES_MAX).max(1);
        let places: Vec<usize> = (SIZES_MIN..=n - SIZES_MIN).step_by(stride).collect();
        let n_unknowns = if self.is_eager { self.pairs.copying.n_unknowns() } else { 2 };
        #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
        let penalty = (n_unknowns + UNKNOWNS_OF_BORDER) as f64 * maths::ln(self.n_samples as f64);
        let mut best: Option<(f64, Vec<usize>)> = None;
        for n_segments in 1..=most {
            let Some(cuts) = self.best_cuts(&places, n_segments) else { continue };
            let cuts = self.refined(cuts, stride);
            #[expect(clippy::cast_precision_loss, reason = "a handful of segments")]
            let criterion = match selection {
                Selection::Most => -(n_segments as f64),
                Selection::Bic => self.total(&cuts) + penalty * n_segments as f64,
            };
            if best.as_ref().is_none_or(|(least, _)| criterion < *least) {
                best = Some((criterion, cuts));
            }
        }
        best.map(|(_, cuts)| cuts).unwrap_or_default()
    }

    /// Returns the best `n_segments - 1` of the places (Bellman 1961), if there is room for them.
    fn best_cuts(&mut self, places: &[usize], n_segments: usize) -> Option<Vec<usize>> {
        let ends: Vec<usize> = places.iter().copied().chain([self.sizes.len()]).collect();
        // Least cost of all segments up to each end, and their cuts.
        let mut rows: Vec<Option<(f64, Vec<usize>)>> = ends.iter().map(|end| self.reached(0, *end)).collect();
        for _ in 1..n_segments {
            let mut next: Vec<Option<(f64, Vec<usize>)>> = Vec::with_capacity(ends.len());
            for (i, end) in ends.iter().enumerate() {
                let mut best: Option<(f64, Vec<usize>)> = None;
                for (from, row) in ends.iter().zip(&rows).take(i) {
                    let Some((cost, cuts)) = row else { continue };
                    let total = cost + self.cost(*from, *end);
                    if total.is_finite() && best.as_ref().is_none_or(|(least, _)| total < *least) {
                        best = Some((total, cuts.iter().copied().chain([*from]).collect()));
                    }
                }
                next.push(best);
            }
            rows = next;
        }
        rows.pop().flatten().map(|(_, cuts)| cuts)
    }

    fn reached(&mut self, from: usize, to: usize) -> Option<(f64, Vec<usize>)> {
        let cost = self.cost(from, to);
        cost.is_finite().then_some((cost, Vec::new()))
    }

    /// Moves each cut to the best place within `reach`, until none moves.
    fn refined(&mut self, mut cuts: Vec<usize>, reach: usize) -> Vec<usize> {
        for _ in 0..5 {
            let before = cuts.clone();
            for i in 0..cuts.len() {
                let around = cuts[i].saturating_sub(reach)..=(cuts[i] + reach).min(self.sizes.len());
                let mut least = self.total(&cuts);
                for place in around {
                    let mut moved = cuts.clone();
                    moved[i] = place;
                    let cost = self.total(&moved);
                    if cost < least {
                        (least, cuts) = (cost, moved);
                    }
                }
            }
            if cuts == before {
                break;
            }
        }
        cuts
    }

    fn total(&mut self, cuts: &[usize]) -> f64 {
        let ends: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([self.sizes.len()]).collect();
        ends.windows(2).map(|pair| self.cost(pair[0], pair[1])).sum()
    }

    /// Returns the truncated squares of one segment; infinite if it has too few sizes.
    fn cost(&mut self, from: usize, to: usize) -> f64 {
        if to < from + SIZES_MIN {
            return f64::INFINITY;
        }
        if let Some(cost) = self.costs.get(&(from, to)) {
            return *cost;
        }
        let equations = self.equations(from, to);
        let has_overheads = !self.is_eager || [SEND, RECV].iter().all(|series| has_sizes(&equations, *series));
        let is_whole = from == 0 && to == self.sizes.len();
        let cost = if has_overheads || is_whole {
            let solution = least_squares::solve(&equations, Some(&self.sigmas));
            least_squares::truncated_squares(&equations, &solution.x, &self.sigmas)
        } else {
            f64::INFINITY
        };
        self.costs.insert((from, to), cost);
        cost
    }

    fn equations(&self, from: usize, to: usize) -> Vec<Equation<N_COSTS>> {
        let above = if from == 0 { self.above } else { Some(self.border(from)) };
        let upto = if to < self.sizes.len() { self.border(to) } else { self.upto };
        if self.is_eager {
            return self.pairs.eager_equations(above, upto);
        }
        self.pairs.rendezvous_equations(above.unwrap_or(0), upto, |_| 0.0)
    }
}

/// Returns whether the equations of a series are of enough different sizes.
fn has_sizes(equations: &[Equation<N_COSTS>], series: usize) -> bool {
    let mut sizes: Vec<f64> = equations.iter().filter(|e| e.series == series).map(|e| e.factors[2]).collect();
    sizes.dedup();
    sizes.len() >= OVERHEAD_SIZES_MIN
}

/// Returns the scatter of each series around the segments of both sides.
fn scatter(sides: &[(&Side<'_>, &Vec<usize>)]) -> [f64; N_SERIES] {
    let mut residuals: [Vec<f64>; N_SERIES] = Default::default();
    for (side, cuts) in sides.iter().filter(|(side, _)| !side.sizes.is_empty()) {
        let ends: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([side.sizes.len()]).collect();
        for pair in ends.windows(2) {
            let equations = side.equations(pair[0], pair[1]);
            let solution = least_squares::solve(&equations, None);
            for equation in &equations {
                residuals[equation.series].push(equation.relative_residual(&solution.x).abs());
            }
        }
    }
    residuals.map(|residuals| {
        if residuals.is_empty() {
            return SIGMA_MIN;
        }
        (dlpc_engine::stats::MAD_TO_SIGMA * dlpc_engine::stats::median(&residuals)).max(SIGMA_MIN)
    })
}
