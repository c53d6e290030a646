//! Where eager becomes rendezvous.

use crate::fit::samples::messages::pairs::PairSamples;

/// The eager limit and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fit) struct EagerLimit {
    /// The limit.
    pub(in crate::fit) bytes: u64,
    /// Largest message that was seen to go eagerly.
    pub(in crate::fit) low: u64,
    /// Smallest message that was seen to wait for its receive; none if none did.
    pub(in crate::fit) high: Option<u64>,
}

/// Finds the limit that most sends agree with: up to it they return at once, above it they wait for the receive.
///
/// It lies between two sampled sizes. If exactly one power of two does, too, that is it, since libraries' limits are
/// such; else the largest eager size. None without sends.
pub(in crate::fit) fn find(pairs: &PairSamples) -> Option<EagerLimit> {
    let mut sizes: Vec<u64> = pairs.sends.iter().map(|send| send.sample.bytes).collect();
    sizes.dedup();
    let (first, last) = (*sizes.first()?, *sizes.last()?);
    // Limit below the smallest size, then between each two, then above the largest.
    let lows = std::iter::once(first.saturating_sub(1)).chain(sizes.iter().copied());
    let n_wrong =
        |limit: u64| pairs.sends.iter().filter(|send| send.is_rendezvous() != (limit < send.sample.bytes)).count();
    let low = lows.min_by_key(|low| n_wrong(*low))?;
    let high = sizes.iter().copied().find(|size| low < *size);
    let bytes = match high {
        Some(high) => natural(low, high),
        None => pairs.ping_pongs.last().map_or(last, |sample| sample.bytes.max(last)),
    };
    Some(EagerLimit { bytes, low, high })
}

/// Returns the one power of two from `low` to below `high`, if there is exactly one, else `low`.
pub(in crate::fit) fn natural(low: u64, high: u64) -> u64 {
    let mut powers = (0..63).map(|exponent| 1_u64 << exponent).filter(|power| (low..high).contains(power));
    match (powers.next(), powers.next()) {
        (Some(power), None) => power,
        (Some(_), Some(_)) | (None, _) => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::samples::messages::pairs::{LateSend, PairSample};

    fn sends(times: &[(u64, f64)]) -> PairSamples {
        let send = |(bytes, seconds): &(u64, f64)| LateSend {
            sample: PairSample { bytes: *bytes, seconds: *seconds, own_slowness: 1.0, mean_slowness: 1.0 },
            recv_delay_s: 1.0,
        };
        PairSamples { sends: times.iter().map(send).collect(), ..PairSamples::default() }
    }

    #[test]
    fn a_power_of_two_between_the_sizes_is_the_limit() {
        let found = find(&sends(&[(100, 0.01), (3000, 0.01), (5000, 1.1), (9000, 1.1)]));
        assert_eq!(found, Some(EagerLimit { bytes: 4096, low: 3000, high: Some(5000) }));
    }

    #[test]
    fn without_one_power_of_two_the_largest_eager_size_is_the_limit() {
        assert_eq!(natural(3000, 4000), 3000);
        assert_eq!(natural(3000, 9000), 3000);
        assert_eq!(natural(4096, 5000), 4096);
    }

    #[test]
    fn one_slow_send_does_not_move_the_limit() {
        let times: Vec<(u64, f64)> = (1..20).map(|i| (100 * i, if i == 3 || i > 12 { 1.2 } else { 0.01 })).collect();
        assert_eq!(find(&sends(&times)).map(|limit| (limit.low, limit.high)), Some((1200, Some(1300))));
    }

    #[test]
    fn all_eager_or_all_rendezvous() {
        let all_eager = find(&sends(&[(10, 0.1), (2000, 0.1)]));
        assert_eq!(all_eager, Some(EagerLimit { bytes: 2000, low: 2000, high: None }));
        let none_eager = find(&sends(&[(10, 1.1), (2000, 1.1)]));
        assert_eq!(none_eager.map(|limit| limit.low), Some(9));
        assert_eq!(find(&sends(&[])), None);
    }
}
