//! How many ranks to use: a stated rule, applied to a curve.

use super::{Curve, CurvePoint};

/// When a rank count is worth its ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// How much longer than the best one a run may take, as a ratio: 0.05 is 5 %.
    pub within: f64,
    /// Least parallel efficiency.
    pub efficiency: f64,
}

impl Default for Rule {
    /// Within 5 % of the best time, at least 25 % efficient.
    fn default() -> Self {
        Self { within: 0.05, efficiency: 0.25 }
    }
}

/// How many ranks to use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recommendation {
    /// Recommended rank count.
    pub ranks: u32,
    /// Its median makespan, in seconds.
    pub makespan_s: f64,
    /// Its speedup.
    pub speedup: f64,
    /// Its parallel efficiency.
    pub parallel_efficiency: f64,
    /// Rank count with the shortest median makespan; the smallest of equals.
    pub best_ranks: u32,
    /// That makespan, in seconds.
    pub best_s: f64,
    /// Smallest rank count that is fast enough, whatever its efficiency.
    pub fast_enough_ranks: u32,
    /// Whether running in parallel pays at all: some rank count beats the smallest one by more than the rule's margin.
    pub pays: bool,
}

/// Recommends a rank count of `curve`, which has at least one point (docs/model.md eq. 44).
///
/// A rank count is fast enough if both its median and its 95 % quantile are at most `1 + within` times those of the best
/// rank count: the typical run and the unlucky one. The smallest such rank count is recommended if its parallel
/// efficiency is at least `efficiency`; otherwise the largest smaller rank count that is efficient enough, and failing
/// that the smallest rank count of all.
///
/// # Panics
/// If the curve is empty.
#[must_use]
pub fn recommend(curve: &Curve, rule: Rule) -> Recommendation {
    let points = &curve.points;
    let best = points.iter().reduce(|a, b| if b.makespan_s < a.makespan_s { b } else { a });
    let best = best.expect("invariant: a curve has a point");
    let is_fast_enough = |point: &&CurvePoint| {
        point.makespan_s <= (1.0 + rule.within) * best.makespan_s
            && point.makespan_p95_s <= (1.0 + rule.within) * best.makespan_p95_s
    };
    let fast_enough = points.iter().find(is_fast_enough).unwrap_or(best);
    let is_efficient =
        |point: &&CurvePoint| point.ranks <= fast_enough.ranks && rule.efficiency <= point.parallel_efficiency;
    let chosen = points.iter().rev().find(is_efficient).unwrap_or(&points[0]);
    Recommendation {
        ranks: chosen.ranks,
        makespan_s: chosen.makespan_s,
        speedup: chosen.speedup,
        parallel_efficiency: chosen.parallel_efficiency,
        best_ranks: best.ranks,
        best_s: best.makespan_s,
        fast_enough_ranks: fast_enough.ranks,
        pays: (1.0 + rule.within) * best.makespan_s < points[0].makespan_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::amdahl;

    fn rule(within: f64, efficiency: f64) -> Rule {
        Rule { within, efficiency }
    }

    #[test]
    fn the_smallest_rank_count_that_is_fast_enough_is_recommended() {
        // 8/P + 2: 10, 6, 4, 3, 2.5 s on 1, 2, 4, 8, 16 ranks. Within 25 % of 2.5 s (3.125 s): 8 ranks, 10/3/8 = 42 %.
        let advice = recommend(&amdahl::curve(8.0, 2.0, [1, 2, 4, 8, 16]), rule(0.25, 0.4));
        assert_eq!((advice.ranks, advice.best_ranks, advice.fast_enough_ranks), (8, 16, 8));
        assert!(advice.pays);
    }

    #[test]
    fn ranks_that_do_too_little_are_not_recommended() {
        // Efficiencies are 1, 0.83, 0.63, 0.42, 0.25: at least 0.6 have up to 4 ranks.
        let advice = recommend(&amdahl::curve(8.0, 2.0, [1, 2, 4, 8, 16]), rule(0.05, 0.6));
        assert_eq!((advice.ranks, advice.fast_enough_ranks), (4, 16));
    }

    #[test]
    fn what_hardly_helps_does_not_pay() {
        // 0.1/P + 10: 10.1 s at best becomes 10.006 s.
        let advice = recommend(&amdahl::curve(0.1, 10.0, [1, 2, 16]), Rule::default());
        assert_eq!((advice.ranks, advice.pays), (1, false));
    }

    #[test]
    fn an_unlucky_run_must_be_fast_enough_too() {
        let mut curve = amdahl::curve(8.0, 2.0, [1, 8, 16]);
        // The median on 8 ranks (3 s) is within 25 % of 2.5 s, its 95 % quantile is not.
        curve.points[1].makespan_p95_s = 4.0;
        assert_eq!(recommend(&curve, rule(0.25, 0.1)).ranks, 16);
    }
}
