//! Rules about the code itself (STYLE and ARCHITECTURE) that a test can see.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Longest file, tests at its end included.
const LINES_MAX: usize = 450;

/// Files that are longer and should be split; the list may only get shorter.
const TOO_LONG: [&str; 0] = [];

/// Returns every Rust file below a folder with its text, by path.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![PathBuf::from(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("the folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push((path, std::fs::read_to_string(entry.path()).expect("text")));
            }
        }
    }
    sources.sort();
    assert!(!sources.is_empty(), "no source in {folder}");
    sources
}

/// Returns the lines of a file that are neither comments nor its tests, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
    lines.map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.starts_with("//"))
}

fn is_below(path: &Path, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place) || path == Path::new(&format!("{place}.rs")))
}

/// Returns each line of code outside `allowed` that has one of the words.
fn offences(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut offences = Vec::new();
    for (path, text) in sources("src") {
        if is_below(&path, allowed) {
            continue;
        }
        for (number, line) in code(&text) {
            if words.iter().any(|word| line.contains(word)) {
                offences.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    offences
}

fn none() -> Vec<String> {
    Vec::new()
}

/// Where the binary, which may print and read clocks, lives.
const BINARY: [&str; 7] = [
    "src/main.rs",
    "src/cli.rs",
    "src/commands",
    "src/failure.rs",
    "src/files.rs",
    "src/progress.rs",
    "src/signals.rs",
];

#[test]
fn every_file_begins_with_its_purpose() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        assert!(text.starts_with("//! "), "{} does not begin with `//! `", path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let n_lines = text.lines().count();
        let is_listed = TOO_LONG.iter().any(|listed| path == Path::new(listed));
        assert!(n_lines <= LINES_MAX || is_listed, "{} has {n_lines} lines", path.display());
        assert!(n_lines > LINES_MAX || !is_listed, "{} is short now: take it off TOO_LONG", path.display());
    }
}

#[test]
fn no_module_is_a_drawer() {
    let drawers = ["utils", "util", "common", "helpers", "types", "misc", "mod", "prelude"];
    for (path, _) in sources("src") {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!drawers.contains(&stem.as_str()), "{}", path.display());
    }
}

/// But for look-ups, where nobody sees their order: the lint `iter_over_hash_type` would say so.
#[test]
fn hash_maps_are_not_used() {
    assert_eq!(offences(&["HashMap", "HashSet"], &["src/engine/flow/class", "src/engine/pairs"]), none());
}

/// Progress bars read a clock of their own.
#[test]
fn only_measurements_read_a_clock() {
    assert_eq!(offences(&["Instant::now", "SystemTime", "thread::sleep"], &["src/measurement"]), none());
}

#[test]
fn random_numbers_come_from_named_streams_only() {
    assert_eq!(offences(&["thread_rng", "rand::rng(", "from_os_rng", "from_entropy", "rand::random"], &[]), none());
}

#[test]
fn the_library_prints_nothing_and_opens_no_file() {
    let words = ["println!", "print!", "eprint", "dbg!", "std::fs", "fs::read", "File::open", "std::env", "env::var"];
    let mut allowed = BINARY.to_vec();
    allowed.push("src/measurement");
    assert_eq!(offences(&words, &allowed), none());
}

#[test]
fn the_engine_knows_no_files() {
    for (path, text) in sources("src").iter().filter(|(path, _)| is_below(path, &["src/engine"])) {
        for (number, line) in code(text) {
            let words = ["toml", "serde", "csv", "std::path", "std::fs", "mpi::"];
            assert!(!words.iter().any(|word| line.contains(word)), "{}:{number}: {line}", path.display());
        }
    }
}

/// The data flow has one direction: input, then scenario and machine, then engine, then analysis, then report. Only the check
/// of how much a scenario simulates looks ahead: it asks the program how many ops that is.
#[test]
fn no_layer_looks_back() {
    let asks_the_program = Path::new("src/input/effort.rs");
    let rules: [(&str, &[&str]); 5] = [
        ("src/engine", &["crate::input", "crate::analysis", "crate::report", "crate::prediction"]),
        ("src/analysis", &["crate::input", "crate::report", "crate::prediction", "crate::engine"]),
        ("src/report", &["crate::input", "crate::engine", "crate::program", "crate::platform"]),
        ("src/input", &["crate::engine", "crate::analysis", "crate::report", "crate::prediction", "crate::program"]),
        ("src/program", &["crate::input", "crate::engine", "crate::analysis", "crate::report", "crate::platform"]),
    ];
    let sources = sources("src");
    for (layer, forbidden) in rules {
        for (path, text) in sources.iter().filter(|(path, _)| is_below(path, &[layer])) {
            for (number, line) in code(text) {
                let is_allowed = path == asks_the_program && line.starts_with("use crate::program::Program;");
                let is_offence = forbidden.iter().any(|word| line.contains(word)) && !is_allowed;
                assert!(!is_offence, "{}:{number}: {line}", path.display());
            }
        }
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("text");
    let mut is_list = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = line.ends_with("dependencies]");
        } else if is_list && !line.is_empty() {
            let comment = line.rsplit_once(" # ").map(|(_, comment)| comment);
            assert!(comment.is_some_and(|comment| !comment.is_empty()), "no comment: {line}");
        }
    }
}

/// Returns the numbers after each `eq. ` of a text: `eq. 1 and 2` are two.
fn equations(text: &str) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    for (at, _) in text.match_indices("eq. ") {
        for word in text[at + 4..].split([' ', ',']).filter(|word| !word.is_empty()) {
            let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
            match digits.parse() {
                Ok(number) => numbers.insert(number),
                Err(_) if ["and", "to", "or"].contains(&word) => continue,
                Err(_) => break,
            };
            if digits.len() < word.len() {
                break;
            }
        }
    }
    numbers
}

#[test]
fn every_equation_that_the_code_cites_is_in_the_model() {
    let model = std::fs::read_to_string(root().join("docs/model.md")).expect("docs/model.md");
    let known: BTreeSet<u32> = model.lines().filter(|line| line.contains("**eq. ")).flat_map(equations).collect();
    for (path, text) in sources("src") {
        // A citation may be wrapped: join the lines of comments.
        let text = text.replace("\n    ///", "").replace("\n///", "").replace("\n//!", "");
        for cited in text.split("docs/model.md").skip(1).filter(|rest| rest.trim_start().starts_with("eq. ")) {
            for number in equations(cited.split([')', ';']).next().unwrap_or_default()) {
                assert!(known.contains(&number), "{} cites eq. {number}", path.display());
            }
        }
    }
}

#[test]
fn numbers_of_equations_are_found_in_lists() {
    assert_eq!(equations("(docs/model.md eq. 10 and 11)"), [10, 11].into());
    assert_eq!(equations("eq. 3, 4 and 5; eq. 9. Then 12"), [3, 4, 5, 9].into());
}
