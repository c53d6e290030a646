//! Rank counts of a scenario: numbers, ranges and lists of them.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use super::raw::{RANKS_MAX, RawRanks};
use crate::diagnostic::{Diagnostics, Problem};
use crate::input::toml::spanned::Spanned;

/// Most rank counts of one scenario.
const COUNTS_MAX: u64 = 1_000_000;

/// Why a text is no list of rank counts.
struct Fault {
    code: &'static str,
    message: String,
    help: String,
}

/// Returns the rank counts, ascending and without duplicates, or none if there is a problem.
pub(in crate::input) fn validate(
    raw: &Spanned<Vec<Spanned<RawRanks>>>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<NonZeroU32>> {
    let mut counts = BTreeSet::new();
    let mut is_valid = true;
    let mut n_counts = 0;
    for item in &raw.value {
        match ranges(&item.value) {
            Err(fault) => {
                is_valid = false;
                let code = format!("scenario::{}", fault.code);
                diagnostics.push(Problem::error(code, item.span, fault.message).help(fault.help));
            }
            Ok(ranges) => {
                n_counts += ranges.iter().map(|(low, high)| u64::from(high - low) + 1).sum::<u64>();
                if n_counts <= COUNTS_MAX {
                    counts.extend(ranges.into_iter().flat_map(|(low, high)| low..=high));
                }
            }
        }
    }
    if n_counts > COUNTS_MAX {
        let message = format!("`run.ranks` has {n_counts} rank counts, more than {COUNTS_MAX}");
        let problem = Problem::error("scenario::out_of_range", raw.span, message);
        diagnostics.push(problem.help("name single rank counts, for instance [1, 10, 100, 1000]"));
        return None;
    }
    if counts.is_empty() && is_valid {
        diagnostics.push(Problem::error("scenario::empty", raw.span, "`run.ranks` is empty"));
    }
    let counts: Vec<_> = counts.into_iter().filter_map(NonZeroU32::new).collect();
    (is_valid && !counts.is_empty()).then_some(counts)
}

/// Returns the first and last rank count of each range.
fn ranges(raw: &RawRanks) -> Result<Vec<(u32, u32)>, Fault> {
    match raw {
        RawRanks::Count(count) => count_from(&count.to_string()).map(|count| vec![(count, count)]),
        RawRanks::Text(text) => text.split(',').map(|item| range(item.trim())).collect(),
    }
}

fn range(item: &str) -> Result<(u32, u32), Fault> {
    if let Some((low, high)) = item.split_once("..=") {
        let (low, high) = (count_from(low.trim())?, count_from(high.trim())?);
        if high < low {
            let message = format!("the range `{item}` is empty: {high} is below {low}");
            return Err(Fault { code: "out_of_range", message, help: format!("write \"{high}..={low}\"") });
        }
        return Ok((low, high));
    }
    if let Some((low, high)) = item.split_once("..").or_else(|| item.split_once('-'))
        && let (Ok(low), Ok(high)) = (count_from(low.trim()), count_from(high.trim()))
    {
        let message = format!("`{item}` is not a range of rank counts");
        let help = format!("write \"{low}..={high}\"; {high} is included");
        return Err(Fault { code: "not_a_range", message, help });
    }
    count_from(item).map(|count| (count, count))
}

fn count_from(text: &str) -> Result<u32, Fault> {
    let digits = text.replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("`{text}` is not a rank count");
        let help = "write rank counts and ranges, for instance \"1..=32\" or \"1, 2, 4..=8\"".to_owned();
        return Err(Fault { code: "not_a_range", message, help });
    }
    match digits.parse().ok().filter(|count| *count <= RANKS_MAX) {
        None => Err(Fault {
            code: "out_of_range",
            message: format!("the rank count {text} is too large"),
            help: format!("the largest value is {RANKS_MAX}"),
        }),
        Some(0) => Err(Fault {
            code: "out_of_range",
            message: "a program cannot run on 0 ranks".to_owned(),
            help: "the least rank count is 1".to_owned(),
        }),
        Some(count) => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Option<Vec<u32>> {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_source("x".as_ref(), text.to_owned());
        let item = Spanned { span: file.whole(), value: RawRanks::Text(text.to_owned()) };
        let raw = Spanned { span: file.whole(), value: vec![item] };
        let counts = validate(&raw, &mut diagnostics);
        assert_eq!(counts.is_none(), diagnostics.has_errors());
        counts.map(|counts| counts.into_iter().map(NonZeroU32::get).collect())
    }

    #[test]
    fn a_range_includes_its_end() {
        assert_eq!(counts("1..=4"), Some(vec![1, 2, 3, 4]));
    }

    #[test]
    fn numbers_and_ranges_are_sorted_and_merged() {
        assert_eq!(counts("8, 4..=6, 1,5 , 1"), Some(vec![1, 4, 5, 6, 8]));
    }

    #[test]
    fn rejects_what_is_no_rank_count() {
        for text in
            ["", "0", "0..=4", "4..=1", "1..4", "1-4", "x", "1,,2", "-1", "1.5", "99999999999", "..=", "1..=", "é"]
        {
            assert_eq!(counts(text), None, "{text}");
        }
    }

    #[test]
    fn rejects_more_than_a_million_rank_counts() {
        assert_eq!(counts("1..=1000001"), None);
        assert_eq!(counts("1..=1000000").map(|counts| counts.len()), Some(1_000_000));
    }
}
