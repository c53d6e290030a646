//! Numbers in sentences of README.md and of the tutorial are those of the results, or of the files that they are about.
//!
//! `make docs` writes the numbers of the results into the sentences.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::shown::{OWN, RESULTS, text_of};
use crate::support::root;

const README: &str = "README.md";
const TUTORIAL: &str = "docs/tutorial.md";

/// A sentence with `{}` for each number, and the numbers.
struct Claim {
    page: &'static str,
    says: &'static str,
    numbers: fn() -> Vec<String>,
}

/// A piece of a sentence with a number that is not a result, and the text of the file that has it.
struct Given {
    page: &'static str,
    says: &'static str,
    file: &'static str,
    has: &'static str,
}

const CLAIMS: &[Claim] = &[
    Claim {
        page: README,
        says: "the curve falls from {} s to {} s at 4 ranks and stays there",
        numbers: || vec![fixed(time("dlpc-pi-coordinates", 1), 1), fixed(time("dlpc-pi-coordinates", 4), 1)],
    },
    Claim {
        page: README,
        says: "took {} s on one rank and {} s on 32.",
        numbers: || vec![fixed(measured("dlpc-pi-count", 1), 2), fixed(measured("dlpc-pi-count", 32), 2)],
    },
    Claim {
        page: README,
        says: "the time stays at {} s.",
        numbers: || vec![fixed(time("dlpc-pi-coordinates", 32), 0)],
    },
    Claim {
        page: README,
        says: "Of the {} s on 32 ranks, {} s go to rank 0",
        numbers: || {
            let tail = part("dlpc-pi-coordinates", 32, "serial_tail");
            vec![fixed(time("dlpc-pi-coordinates", 32), 1), fixed(tail, 1)]
        },
    },
    Claim {
        page: README,
        says: "and {} s to the network",
        numbers: || vec![fixed(part("dlpc-pi-coordinates", 32, "bandwidth"), 1)],
    },
    Claim {
        page: README,
        says: "ten times the bandwidth, gains {} s:",
        numbers: || vec![fixed(time("dlpc-pi-coordinates", 32) - time("dlpc-gigabit", 32), 0)],
    },
    Claim {
        page: README,
        says: "about {} s, whatever the number of ranks",
        numbers: || vec![fixed(time("dlpc-log-1s", 32), 0)],
    },
    Claim {
        page: README,
        says: "13 ranks need {} s instead of {} s.",
        numbers: || vec![fixed(time("dlpc-log-60s-first-free", 13), 0), fixed(time("dlpc-log-60s", 13), 0)],
    },
    Claim {
        page: README,
        says: "{} s on 4 ranks, then more with every rank that is added ({} s on 32)",
        numbers: || vec![fixed(time(OWN, 4), 1), fixed(time(OWN, 32), 1)],
    },
    Claim {
        page: README,
        says: "| `dlpc-pi-count` | {} | {} % | {} % | {} % |",
        numbers: || accuracy("dlpc-pi-count"),
    },
    Claim {
        page: README,
        says: "| `dlpc-pi-coordinates` | {} | {} % | {} % | {} % |",
        numbers: || accuracy("dlpc-pi-coordinates"),
    },
    Claim { page: README, says: "| `dlpc-log-1s` | {} | {} % | {} % | {} % |", numbers: || accuracy("dlpc-log-1s") },
    Claim { page: README, says: "| `dlpc-log-60s` | {} | {} % | {} % | {} % |", numbers: || accuracy("dlpc-log-60s") },
    Claim {
        page: TUTORIAL,
        says: "On 32 ranks it is {}, and not 32. *Efficiency* is the speedup over N: {} %.",
        numbers: || {
            let of = |key| point("dlpc-pi-count", 32, key);
            vec![fixed(of("/speedup"), 1), fixed(100.0 * of("/parallel_efficiency"), 0)]
        },
    },
    Claim {
        page: TUTORIAL,
        says: "Each rank needs {} ms to start, whatever its share of the darts. On one rank that is {} % of {} s; on 32 ranks the \
               darts take only {} ms,",
        numbers: || {
            let setup = setup_s();
            let darts = part("dlpc-pi-count", 32, "compute");
            let alone = time("dlpc-pi-count", 1);
            vec![fixed(1e3 * setup, 0), fixed(100.0 * setup / alone, 0), fixed(alone, 1), fixed(1e3 * darts, 0)]
        },
    },
    Claim {
        page: TUTORIAL,
        says: "It stays at {} s from 4 ranks on.",
        numbers: || vec![fixed(time("dlpc-pi-coordinates", 4), 0)],
    },
    Claim {
        page: TUTORIAL,
        says: "already takes {} s instead of {} s.",
        numbers: || vec![fixed(time("dlpc-pi-coordinates", 1), 1), fixed(time("dlpc-pi-count", 1), 1)],
    },
    Claim {
        page: TUTORIAL,
        says: "It gains {} s of {} s. A network that costs nothing would still leave {} s.",
        numbers: || {
            let (slow, fast) = (time("dlpc-pi-coordinates", 32), time("dlpc-gigabit", 32));
            let free = slow - part("dlpc-pi-coordinates", 32, "bandwidth");
            vec![fixed(slow - fast, 0), fixed(slow, 1), fixed(free, 0)]
        },
    },
    Claim {
        page: TUTORIAL,
        says: "13 of them (one hands out) need {} s instead of {} s:",
        numbers: || vec![fixed(time("dlpc-log-60s-first-free", 13), 0), fixed(time("dlpc-log-60s", 13), 0)],
    },
];

const DLPC: &str = "models/dlpc-2020.toml";
const ONE_SECOND: &str = "scenarios/dlpc-log-1s.toml";
const A_MINUTE: &str = "scenarios/dlpc-log-60s.toml";

const GIVEN: &[Given] = &[
    Given { page: README, says: "on a 100 Mbit/s switch", file: DLPC, has: "bandwidth = \"94.4 Mbit/s\"" },
    Given { page: README, says: "one every 5 s", file: ONE_SECOND, has: "interval = \"5 s\"" },
    Given { page: README, says: "one analysis takes 1 s:", file: ONE_SECOND, has: "analysis = \"1 s\"" },
    Given { page: README, says: "The band of the 1 s log file runs", file: ONE_SECOND, has: "analysis = \"1 s\"" },
    Given { page: README, says: "With 60 s per analysis", file: A_MINUTE, has: "analysis = \"60 s\"" },
    Given {
        page: README,
        says: "within 2 to 5 % in the mean",
        file: "docs/accuracy.md",
        has: "| **all** | 64 | 2.0 % |",
    },
    Given { page: TUTORIAL, says: "on a 100 Mbit/s switch", file: DLPC, has: "bandwidth = \"94.4 Mbit/s\"" },
    Given { page: TUTORIAL, says: "records of 30 bytes over 100 Mbit/s:", file: DLPC, has: "bytes = \"30 B\"" },
    Given { page: TUTORIAL, says: "analyses log files, 1 s each,", file: ONE_SECOND, has: "analysis = \"1 s\"" },
    Given { page: TUTORIAL, says: "writes one every 5 s.", file: ONE_SECOND, has: "interval = \"5 s\"" },
    Given {
        page: TUTORIAL,
        says: "Twenty files at 5 s each are there after about 100 s,",
        file: ONE_SECOND,
        has: "items = 20",
    },
    Given { page: TUTORIAL, says: "With 60 s of analysis", file: A_MINUTE, has: "analysis = \"60 s\"" },
    Given { page: TUTORIAL, says: "One file every 5 s, 60 s each:", file: A_MINUTE, has: "interval = \"5 s\"" },
];

fn fixed(number: f64, decimals: usize) -> String {
    format!("{number:.decimals$}")
}

/// Returns a number of the prediction of a scenario at a rank count.
fn point(scenario: &str, ranks: u32, key: &str) -> f64 {
    let points = RESULTS.predictions[scenario]["points"].as_array().expect("points");
    let point = points.iter().find(|point| point["ranks"] == ranks).expect("the rank count");
    point.pointer(key).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("no number {key}"))
}

fn time(scenario: &str, ranks: u32) -> f64 {
    point(scenario, ranks, "/makespan_s")
}

fn part(scenario: &str, ranks: u32, cause: &str) -> f64 {
    point(scenario, ranks, &format!("/breakdown/{cause}"))
}

/// Returns the fixed work of each rank in seconds.
fn setup_s() -> f64 {
    let setup = RESULTS.predictions["dlpc-pi-count"].pointer("/machine/kernels/setup").and_then(|text| text.as_str());
    let time: dlpc_engine::units::SimDuration =
        dlpc_engine::units::Quantity::parse(setup.expect("a time")).expect("a time with its unit");
    time.as_seconds()
}

/// Returns the measured time of a scenario at a rank count, in seconds.
fn measured(scenario: &str, ranks: u32) -> f64 {
    let points = RESULTS.comparisons[scenario]["points"].as_array().expect("points");
    let point = points.iter().find(|point| point["ranks"] == ranks).expect("the rank count");
    point["measured_s"].as_f64().expect("a number")
}

/// Returns the numbers of a row of the README's table.
fn accuracy(scenario: &str) -> Vec<String> {
    let accuracy = &RESULTS.comparisons[scenario]["accuracy"];
    let percent = |key: &str, decimals| fixed(100.0 * accuracy[key].as_f64().expect("a number"), decimals);
    vec![accuracy["n_points"].to_string(), percent("mape", 1), percent("noise_floor", 1), percent("band_coverage", 0)]
}

/// Patterns of all sentences.
static PATTERNS: LazyLock<BTreeMap<&str, Regex>> = LazyLock::new(|| {
    let says = CLAIMS.iter().map(|claim| claim.says).chain(GIVEN.iter().map(|given| given.says));
    says.map(|says| (says, pattern_of(says))).collect()
});

fn pattern(says: &str) -> &'static Regex {
    &PATTERNS[says]
}

/// Returns the pattern of a sentence: it may be broken into lines anywhere, and `{}` is any number.
fn pattern_of(says: &str) -> Regex {
    let words: Vec<String> =
        says.split(' ').map(|word| regex_lite::escape(word).replace(r"\{\}", r"([0-9]+(?:\.[0-9]+)?)")).collect();
    Regex::new(&words.join(r"\s+")).expect("a pattern")
}

/// Returns the numbers with a unit in the sentences of a page: not in code, tables and addresses.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let left_out = Regex::new(r"(?ms)^```.*?^```|`[^`\n]*`|\]\([^)]*\)|^\|[^\n]*$").expect("a pattern");
    let left_out: Vec<Range<usize>> = left_out.find_iter(text).map(|found| found.range()).collect();
    let number = Regex::new(r"[0-9][0-9.,]*\s(?:(?:s|ms|us|ns|min|Mbit/s|Gbit/s|bytes)\b|%)").expect("a pattern");
    let is_text = |place: &Range<usize>| !left_out.iter().any(|out| out.contains(&place.start));
    number.find_iter(text).map(|found| found.range()).filter(is_text).collect()
}

/// Returns what is wrong with the numbers of a page.
fn problems(page: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut known: Vec<Range<usize>> = Vec::new();
    for claim in CLAIMS.iter().filter(|claim| claim.page == page) {
        let expected = (claim.numbers)();
        let Some(found) = pattern(claim.says).captures(text) else {
            problems.push(format!("{page} does not say: {}", claim.says));
            continue;
        };
        let said: Vec<&str> = found.iter().skip(1).flatten().map(|group| group.as_str()).collect();
        if said != expected {
            problems.push(format!("{page} says {said:?}, but results are {expected:?}: {}", claim.says));
        }
        known.push(found.get(0).expect("the whole").range());
    }
    for given in GIVEN.iter().filter(|given| given.page == page) {
        match pattern(given.says).find(text) {
            Some(found) => known.push(found.range()),
            None => problems.push(format!("{page} does not say: {}", given.says)),
        }
    }
    let is_known = |place: &Range<usize>| known.iter().any(|known| known.contains(&place.start));
    let unknown = numbers(text).into_iter().filter(|place| !is_known(place));
    problems.extend(unknown.map(|place| format!("{page}: where does {:?} come from?", &text[place])));
    problems
}

/// Writes the numbers of the results into the sentences of a page.
fn renew(page: &str) {
    let mut text = text_of(page);
    for claim in CLAIMS.iter().filter(|claim| claim.page == page) {
        let Some(found) = pattern(claim.says).captures(&text) else { continue };
        let places: Vec<Range<usize>> = found.iter().skip(1).flatten().map(|group| group.range()).collect();
        for (place, number) in places.into_iter().zip((claim.numbers)()).rev() {
            text.replace_range(place, &number);
        }
    }
    std::fs::write(root().join(page), text).expect("a page");
}

#[test]
fn every_number_in_a_sentence_is_that_of_the_results() {
    let pages = [README, TUTORIAL];
    if std::env::var_os("DLPC_UPDATE_FIGURES").is_some() {
        for page in pages {
            renew(page);
        }
    }
    let problems: Vec<String> = pages.iter().flat_map(|page| problems(page, &text_of(page))).collect();
    assert!(problems.is_empty(), "{}\n`make docs` writes the numbers of results into the pages", problems.join("\n"));
}

#[test]
fn every_number_that_is_given_stands_in_its_file() {
    for Given { says, file, has, .. } in GIVEN {
        assert!(text_of(file).contains(has), "{file} has no {has}, which `{says}` is about");
    }
}

/// Whatever digit of whatever number in a sentence is changed, it is found.
#[test]
fn a_changed_digit_is_found() {
    let mut n_changed = 0;
    for page in [README, TUTORIAL] {
        let text = text_of(page);
        let groups =
            CLAIMS.iter().filter(|claim| claim.page == page).filter_map(|claim| pattern(claim.says).captures(&text));
        let said =
            groups.flat_map(|found| found.iter().skip(1).flatten().map(|group| group.range()).collect::<Vec<_>>());
        for place in said.chain(numbers(&text)) {
            let digit = text[place.start..].chars().next().and_then(|symbol| symbol.to_digit(10)).expect("a digit");
            let mut changed = text.clone();
            changed.replace_range(place.start..=place.start, &((digit + 1) % 10).to_string());
            assert_ne!(problems(page, &changed), Vec::<String>::new(), "{:?}", &text[place]);
            n_changed += 1;
        }
    }
    assert!(n_changed > 40, "{n_changed} numbers");
}
