//! Which rank count is fastest, and how few ranks are nearly as fast.

use super::{Curve, CurvePoint};

/// Returns the point with the shortest median makespan; the first of equals, none of an empty curve.
#[must_use]
pub fn fastest(curve: &Curve) -> Option<&CurvePoint> {
    curve.points.iter().min_by(|a, b| a.makespan_s.total_cmp(&b.makespan_s))
}

/// Returns the point with the fewest ranks whose median makespan is at most `1 + share` times the shortest one.
///
/// ```
/// use dlpc_predict::analysis::{Curve, knee};
/// assert_eq!(knee::least_within(&Curve { points: Vec::new() }, 0.05), None);
/// ```
#[must_use]
pub fn least_within(curve: &Curve, share: f64) -> Option<&CurvePoint> {
    let limit_s = fastest(curve)?.makespan_s * (1.0 + share);
    curve.points.iter().find(|point| point.makespan_s <= limit_s)
}

#[cfg(test)]
mod tests {
    use dlpc_engine::units::SimDuration;

    use super::*;
    use crate::analysis::scaling::{self, Replications};

    fn curve(seconds: &[(u32, u64)]) -> Curve {
        let point = |(ranks, seconds): &(u32, u64)| {
            let makespans = vec![SimDuration::from_seconds(*seconds)];
            scaling::point(&Replications { ranks: *ranks, makespans }, 100.0, Vec::new())
        };
        Curve { points: seconds.iter().map(point).collect() }
    }

    fn ranks(point: Option<&CurvePoint>) -> Option<u32> {
        point.map(|point| point.ranks)
    }

    #[test]
    fn the_fastest_is_the_first_of_equals() {
        assert_eq!(ranks(fastest(&curve(&[(1, 100), (2, 50), (4, 50), (8, 60)]))), Some(2));
    }

    #[test]
    fn a_point_just_within_the_share_is_enough() {
        // 1.05 * 100 s = 105 s
        let curve = curve(&[(1, 200), (2, 106), (3, 105), (4, 100)]);
        assert_eq!(ranks(least_within(&curve, 0.05)), Some(3));
        assert_eq!(ranks(least_within(&curve, 0.0)), Some(4));
    }
}
