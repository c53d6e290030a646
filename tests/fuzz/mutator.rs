//! Damages a file: bytes, lines, words and numbers. What it does depends on the random numbers only.

use rand::{Rng, RngExt};

/// Pieces of text that are put somewhere.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "\"", "'", "[", "]]", "{", "}", "=", ".", ",", ";", ":", "\n", "\r", "\r\n", "\t", " ", "\u{0}", "\u{1b}[31m",
    "\u{feff}", "é", "\u{2028}", "#", "//", "/*", "*/", "nan", "-1", "0", "9", "e", "_", "1e999",
    "99999999999999999999", "\"5\"", "\"5 s\"", "{}", "[]", "[[x]]\n", "\n[workload]\n", "\n[hosts.new]\n", "1..=4",
    "''", "\"\"\"", "1979-05-27", "true", "\"940 Mbit/s\"", "a.b.c", "0x7f", "\\", "-", "%00", "&", "</script>", "rank",
    "slots=", "requires", "null",
];

/// Numbers that are put in place of others.
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "0", "-0", "-1", "1", "2", "3", "7", "64", "100", "1000", "65535", "65536", "1000000", "10000000", "100000000",
    "1000000000", "1000000000000000", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "0.1", "0.5", "1.5", "1e-9", "1e6", "1e18",
    "1e19", "1e100", "1e-100", "1e300", "1e-300", "1e308", "1.7976931348623157e308", "1e309", "-1e308",
    "2.2250738585072014e-308", "5e-324", "nan", "inf", "-inf", "+1", "00", "0x10", "1_000", "1.", ".5", "1e",
    "9999999999999999999999999999",
];

/// Values that are put in place of others: extreme, but of a kind that some key wants.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "0", "1", "2", "3", "64", "1000", "65536", "10000000", "100000000", "1000000000", "1000000000000000", "4294967295",
    "18446744073709551615", "-1", "0.0", "1e-300", "0.5", "1.5", "2.0", "5", "1e6", "true", "false", "\"0 s\"",
    "\"1 ps\"", "\"1 ns\"", "\"1 us\"", "\"1 s\"", "\"1 d\"", "\"213 d\"", "\"0 B\"", "\"1 B\"", "\"1 MB\"", "\"1 GB\"",
    "\"9 000 000 TB\"", "\"9e18 B\"", "\"1 bit/s\"", "\"1e-9 bit/s\"", "\"1e-300 bit/s\"", "\"5e-324 B/s\"",
    "\"1 Gbit/s\"", "\"1e300 B/s\"", "\"0 ns/B\"", "\"1 s/B\"", "\"1e-300 s/B\"", "\"1e300 s/B\"", "\"1..=64\"",
    "\"63..=64\"", "\"1, 2, 64\"", "[1, 64]", "[1.0]", "[]", "{}", "\"loggops\"", "\"flow\"", "\"by-node\"",
    "\"first-free\"", "\"rounds\"", "\"coordinates\"", "\"linear\"", "[\"0 s\", \"213 d\"]", "[\"1 ps\", \"1 s\"]",
    "{ exponential = { mean = \"100 d\" } }", "{ lognormal = { median = \"1 d\", sigma = 5 } }",
    "\"a\\u001b[31m\\n<b>&\"",
];

/// Makes one to four changes.
pub(crate) fn damage(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    for _ in 0..rng.random_range(1..=4) {
        change(bytes, rng);
    }
}

fn change(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    match rng.random_range(0..32) {
        0 | 1 => flip(bytes, rng),
        2 | 3 => delete(bytes, rng),
        4 => bytes.truncate(rng.random_range(0..=bytes.len())),
        5..=7 => insert(bytes, rng),
        8 => repeat(bytes, rng),
        9 | 10 => lines(bytes, rng, duplicate_line),
        11 | 12 => lines(bytes, rng, |lines, rng| drop(lines.remove(rng.random_range(0..lines.len())))),
        13 => lines(bytes, rng, |lines, rng| swap_lines(lines, rng)),
        14..=16 => lines(bytes, rng, |lines, rng| swap_values(lines, rng)),
        17..=22 => lines(bytes, rng, |lines, rng| set_value(lines, rng)),
        23..=28 => replace_number(bytes, rng),
        _ => swap_words(bytes, rng),
    }
}

/// Returns one of some texts.
pub(crate) fn one_of<'t>(texts: &[&'t str], rng: &mut impl Rng) -> &'t str {
    texts[rng.random_range(0..texts.len())]
}

/// Returns a number as text, mostly a strange one.
pub(crate) fn number(rng: &mut impl Rng) -> &'static str {
    one_of(NUMBERS, rng)
}

fn flip(bytes: &mut [u8], rng: &mut impl Rng) {
    if !bytes.is_empty() {
        let at = rng.random_range(0..bytes.len());
        bytes[at] = rng.random();
    }
}

fn delete(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let at = rng.random_range(0..=bytes.len());
    bytes.drain(at..(at + rng.random_range(0..60)).min(bytes.len()));
}

fn insert(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let at = rng.random_range(0..=bytes.len());
    bytes.splice(at..at, one_of(PIECES, rng).bytes());
}

/// Writes a piece of the file many times.
fn repeat(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let from = rng.random_range(0..=bytes.len());
    let piece = bytes[from..(from + rng.random_range(1..80)).min(bytes.len())].repeat(rng.random_range(2..40));
    bytes.splice(from..from, piece);
}

fn lines<R: Rng>(bytes: &mut Vec<u8>, rng: &mut R, change: fn(&mut Vec<String>, &mut R)) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines: Vec<String> = text.split('\n').map(ToOwned::to_owned).collect();
    change(&mut lines, rng);
    *bytes = lines.join("\n").into_bytes();
}

fn duplicate_line(lines: &mut Vec<String>, rng: &mut impl Rng) {
    let line = lines[rng.random_range(0..lines.len())].clone();
    lines.insert(rng.random_range(0..=lines.len()), line);
}

fn swap_lines(lines: &mut [String], rng: &mut impl Rng) {
    let (one, other) = (rng.random_range(0..lines.len()), rng.random_range(0..lines.len()));
    lines.swap(one, other);
}

/// Returns the number of a line that has a value after `=`.
fn with_value(lines: &[String], rng: &mut impl Rng) -> Option<usize> {
    let with_value: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains('=')).collect();
    (!with_value.is_empty()).then(|| with_value[rng.random_range(0..with_value.len())])
}

fn value(line: &str) -> (String, String) {
    line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap_or_default()
}

fn swap_values(lines: &mut [String], rng: &mut impl Rng) {
    if let (Some(i), Some(j)) = (with_value(lines, rng), with_value(lines, rng)) {
        let ((key, one), (other_key, other)) = (value(&lines[i]), value(&lines[j]));
        lines[i] = format!("{key}={other}");
        lines[j] = format!("{other_key}={one}");
    }
}

fn set_value(lines: &mut [String], rng: &mut impl Rng) {
    if let Some(i) = with_value(lines, rng) {
        lines[i] = format!("{}= {}", value(&lines[i]).0, one_of(VALUES, rng));
    }
}

/// Returns the places of all pieces whose bytes are of a kind.
fn pieces(bytes: &[u8], is_part: fn(u8) -> bool) -> Vec<(usize, usize)> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    for (i, byte) in bytes.iter().enumerate().filter(|(_, byte)| is_part(**byte)) {
        debug_assert!(is_part(*byte));
        match pieces.last_mut().filter(|(_, end)| *end == i) {
            Some((_, end)) => *end = i + 1,
            None => pieces.push((i, i + 1)),
        }
    }
    pieces
}

fn replace_number(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let numbers = pieces(bytes, |byte| byte.is_ascii_digit() || byte == b'.');
    if !numbers.is_empty() {
        let (start, end) = numbers[rng.random_range(0..numbers.len())];
        bytes.splice(start..end, number(rng).bytes());
    }
}

/// Puts a word of the file in place of another one.
fn swap_words(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let words = pieces(bytes, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !words.is_empty() {
        let (start, end) = words[rng.random_range(0..words.len())];
        let (from, upto) = words[rng.random_range(0..words.len())];
        let word = bytes[from..upto].to_vec();
        bytes.splice(start..end, word);
    }
}

#[test]
fn damage_depends_on_the_random_numbers_only() {
    use rand::SeedableRng;
    let damaged = |seed| {
        let mut bytes = b"a = 1\nb = \"2 s\"\n".to_vec();
        damage(&mut bytes, &mut rand::rngs::ChaCha8Rng::seed_from_u64(seed));
        bytes
    };
    assert_eq!((0..100).map(damaged).collect::<Vec<_>>(), (0..100).map(damaged).collect::<Vec<_>>());
    assert!((0..100).map(damaged).collect::<std::collections::BTreeSet<_>>().len() > 50);
}
