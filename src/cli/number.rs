//! Whole numbers on the command line: each with its range in the message, in plain words.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::str::FromStr;

/// Most threads: more than any computer runs at once, and few enough to be started.
const THREADS_MAX: u32 = 4096;
/// Most replications, as in a scenario.
const REPLICATIONS_MAX: u32 = 1_000_000;

/// Reads a count of at least 1.
pub(crate) fn count(text: &str) -> Result<NonZeroU32, String> {
    within(text, NonZeroU32::MIN, NonZeroU32::MAX)
}

/// Reads how often a run is repeated.
pub(crate) fn replications(text: &str) -> Result<NonZeroU32, String> {
    within(text, NonZeroU32::MIN, NonZeroU32::new(REPLICATIONS_MAX).unwrap_or(NonZeroU32::MAX))
}

/// Reads a number of threads.
pub(crate) fn threads(text: &str) -> Result<NonZeroU32, String> {
    within(text, NonZeroU32::MIN, NonZeroU32::new(THREADS_MAX).unwrap_or(NonZeroU32::MAX))
}

/// Reads a seed, or another number from zero on.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    within(text, 0, u64::MAX)
}

/// Reads a number of at most 32 bits.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    within(text, 0, u32::MAX)
}

/// Reads a number of a range.
pub(crate) fn within<N: FromStr + PartialOrd + Display + Copy>(text: &str, least: N, most: N) -> Result<N, String> {
    let found = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    found.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_the_range() {
        let largest = "write a whole number from 1 to 4294967295".to_owned();
        for text in ["0", "-1", "4294967296", "1e3", "many", "", "1.5"] {
            assert_eq!(count(text), Err(largest.clone()), "{text}");
        }
        assert_eq!(replications("1000001"), Err("write a whole number from 1 to 1000000".to_owned()));
        assert_eq!(within("65536", 0, u16::MAX), Err("write a whole number from 0 to 65535".to_owned()));
        assert_eq!(seed("x"), Err("write a whole number from 0 to 18446744073709551615".to_owned()));
    }

    #[test]
    fn numbers_within_the_range_are_taken() {
        assert_eq!(count("1").map(NonZeroU32::get), Ok(1));
        assert_eq!(replications("1000000").map(NonZeroU32::get), Ok(1_000_000));
        assert_eq!((seed("0"), number("7"), within("8080", 0, u16::MAX)), (Ok(0), Ok(7), Ok(8080)));
    }
}
