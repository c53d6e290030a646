//! Rules about the code itself (STYLE and ARCHITECTURE) that a test can see.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Longest file, tests at its end included.
const LINES_MAX: usize = 450;

/// Files that are longer and should be split; the list may only get shorter.
const TOO_LONG: [&str; 0] = [];

/// The code of all crates.
fn all_sources() -> Vec<(PathBuf, String)> {
    [
        "src",
        "crates/engine/src",
        "crates/formats/src",
        "crates/hardware/src",
        "crates/predict/src",
        "crates/report/src",
        "crates/virtual-mpi/src",
    ]
    .into_iter()
    .flat_map(sources)
    .collect()
}

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
    for (path, text) in all_sources() {
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

#[test]
fn every_file_begins_with_its_purpose() {
    for (path, text) in all_sources().into_iter().chain(sources("tests")) {
        assert!(text.starts_with("//! "), "{} does not begin with `//! `", path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in all_sources().into_iter().chain(sources("tests")) {
        let n_lines = text.lines().count();
        let is_listed = TOO_LONG.iter().any(|listed| path == Path::new(listed));
        assert!(n_lines <= LINES_MAX || is_listed, "{} has {n_lines} lines", path.display());
        assert!(n_lines > LINES_MAX || !is_listed, "{} is short now: take it off TOO_LONG", path.display());
    }
}

#[test]
fn no_module_is_a_drawer() {
    let drawers = ["utils", "util", "common", "helpers", "types", "misc", "mod", "prelude"];
    for (path, _) in all_sources() {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!drawers.contains(&stem.as_str()), "{}", path.display());
    }
}

/// But for look-ups, where nobody sees their order: the lint `iter_over_hash_type` would say so.
#[test]
fn hash_maps_are_not_used() {
    assert_eq!(
        offences(&["HashMap", "HashSet"], &["crates/engine/src/engine/flow/class", "crates/engine/src/engine/pairs"]),
        none()
    );
}

/// Clocks are refused by `clippy.toml`.
#[test]
fn only_measurements_sleep() {
    assert_eq!(offences(&["thread::sleep"], &["crates/hardware"]), none());
}

#[test]
fn random_numbers_come_from_named_streams_only() {
    assert_eq!(offences(&["thread_rng", "rand::rng(", "from_os_rng", "from_entropy", "rand::random"], &[]), none());
}

#[test]
fn the_library_prints_nothing_and_opens_no_file() {
    let words = ["println!", "print!", "eprint", "dbg!", "std::fs", "fs::read", "File::open", "std::env", "env::var"];
    assert_eq!(offences(&words, &["src", "crates/hardware", "crates/virtual-mpi"]), none());
}

/// A module and the modules of its crate that it may use.
type MayUse = (&'static str, &'static [&'static str]);

/// What each module may use of its own crate: the rows go upwards, so that there is no circle.
const MAY_USE: [(&str, &[MayUse]); 6] = [
    (
        "crates/engine",
        &[
            ("maths", &[]),
            ("named", &[]),
            ("units", &["maths"]),
            ("stats", &[]),
            ("random", &["maths", "units"]),
            ("machine", &["named", "units"]),
            ("platform", &["machine", "named", "units"]),
            ("schedule", &["machine", "platform", "units"]),
            ("calls", &["named", "schedule", "units"]),
            ("program", &["calls", "machine", "named", "schedule", "units"]),
            ("trace", &["machine", "platform", "program", "schedule", "units"]),
            ("engine", &["machine", "maths", "platform", "program", "random", "schedule", "trace", "units"]),
        ],
    ),
    (
        "crates/formats",
        &[
            ("plain_text", &[]),
            ("diagnostic", &["plain_text"]),
            ("fault", &["diagnostic"]),
            ("goal", &["diagnostic", "fault"]),
            ("simgrid", &["diagnostic", "fault", "goal"]),
        ],
    ),
    (
        "crates/predict",
        &[
            ("diagnostic", &[]),
            ("plain_text", &[]),
            ("written", &["diagnostic"]),
            ("knob", &[]),
            ("cause", &[]),
            ("workload", &["cause", "diagnostic", "knob", "written"]),
            ("scenario", &["workload"]),
            ("measurement", &[]),
            ("calibration", &[]),
            ("analysis", &["cause", "measurement", "scenario", "workload"]),
            ("prediction", &["analysis", "scenario"]),
            ("explanation", &["analysis", "prediction", "scenario", "workload"]),
            ("sweep", &["analysis", "prediction", "scenario", "workload"]),
            ("input", &["calibration", "diagnostic", "measurement", "scenario", "sweep", "workload", "written"]),
            ("fit", &["calibration", "input", "measurement", "prediction", "scenario", "workload"]),
            ("whatif", &["analysis", "diagnostic", "explanation", "input", "knob", "prediction"]),
        ],
    ),
    (
        "crates/report",
        &[
            ("number", &[]),
            ("font", &[]),
            ("csv", &[]),
            ("goal", &[]),
            ("fit", &[]),
            ("finding", &["number"]),
            ("sentence", &["number"]),
            ("table", &["fit", "number", "sentence"]),
            ("json", &["finding", "fit"]),
            ("comparisons", &["json"]),
            ("replay", &["number"]),
            ("plot", &["font", "number"]),
            ("sweep", &["plot"]),
            ("timeline", &["number", "plot"]),
            ("html", &["finding", "fit", "number", "plot", "sentence", "table"]),
        ],
    ),
    (
        "crates/hardware",
        &[
            ("launcher", &[]),
            ("virtual_ranks", &["launcher"]),
            ("allocation", &[]),
            ("core_count", &[]),
            ("host_report", &["core_count"]),
            ("workload", &[]),
            ("diagnosis", &["host_report"]),
            ("kernels", &["host_report", "workload"]),
        ],
    ),
    (
        "crates/virtual-mpi",
        &[
            ("wire", &[]),
            ("arithmetic", &["wire"]),
            ("abi", &[]),
            ("handles", &[]),
            ("memory", &["abi"]),
            ("places", &["memory", "wire"]),
            ("link", &["places", "wire"]),
            ("clocks", &["link", "memory", "places", "wire"]),
            ("errors", &["abi", "handles", "link", "memory"]),
            ("layout", &["wire"]),
            ("generalised", &["abi", "errors"]),
            ("state", &["abi", "errors", "handles", "layout"]),
            ("groups", &["abi", "errors", "handles", "memory", "state"]),
            ("info", &["abi", "errors", "handles", "memory", "state"]),
            ("attributes", &["abi", "errors", "handles", "layout", "memory", "state"]),
            ("datatypes", &["abi", "attributes", "errors", "layout", "memory", "state"]),
            ("type_arrays", &["abi", "datatypes", "errors", "layout", "memory"]),
            ("type_names", &[]),
            ("type_contents", &["abi", "attributes", "datatypes", "errors", "layout", "memory", "state", "type_names"]),
            ("buffer", &["abi", "datatypes", "errors", "layout", "memory"]),
            ("packing", &["abi", "buffer", "datatypes", "errors", "layout", "memory", "state"]),
            ("messages", &["abi", "errors", "state", "wire"]),
            ("plan", &["abi", "buffer", "errors", "link", "memory", "state", "wire"]),
            (
                "requests",
                &[
                    "abi",
                    "buffer",
                    "errors",
                    "generalised",
                    "handles",
                    "link",
                    "memory",
                    "messages",
                    "plan",
                    "state",
                    "wire",
                ],
            ),
            ("completion", &["abi", "buffer", "errors", "generalised", "memory", "messages", "requests", "wire"]),
            ("point_to_point", &["abi", "buffer", "errors", "link", "memory", "messages", "requests", "state", "wire"]),
            ("collectives", &["abi", "buffer", "errors", "memory", "plan", "requests", "state", "wire"]),
            (
                "reductions",
                &["abi", "arithmetic", "buffer", "collectives", "errors", "handles", "memory", "plan", "state", "wire"],
            ),
            (
                "communicators",
                &[
                    "abi",
                    "attributes",
                    "errors",
                    "groups",
                    "info",
                    "link",
                    "memory",
                    "plan",
                    "requests",
                    "state",
                    "wire",
                ],
            ),
            (
                "intercommunicators",
                &["abi", "communicators", "errors", "groups", "link", "memory", "messages", "plan", "state", "wire"],
            ),
            ("grids", &["abi", "communicators", "errors", "memory", "state"]),
            ("graphs", &["abi", "communicators", "errors", "link", "memory", "plan", "state", "wire"]),
            ("neighbours", &["abi", "buffer", "collectives", "errors", "plan", "state", "wire"]),
            ("session", &["abi", "attributes", "clocks", "errors", "link", "memory", "state", "wire"]),
        ],
    ),
];

/// The same of the rooms of large modules.
const ROOMS: [(&str, &[MayUse]); 2] = [
    (
        "crates/predict/src/input",
        &[
            ("files", &[]),
            ("toml", &[]),
            ("changes", &["toml"]),
            ("machine", &["toml"]),
            ("traced", &["files"]),
            ("scenario", &["files", "machine", "toml", "traced"]),
            ("on_machine", &["changes", "files", "toml"]),
            ("vary", &["changes", "files", "on_machine", "toml"]),
            ("measurement", &["toml"]),
            ("campaign", &["files"]),
        ],
    ),
    (
        "crates/predict/src/fit",
        &[
            ("statistics", &[]),
            ("values", &[]),
            ("samples", &["statistics", "values"]),
            ("trust", &["samples", "statistics", "values"]),
            ("runs", &["statistics", "trust", "values"]),
            ("evidence", &["runs", "samples", "trust"]),
            ("origin", &["values"]),
            ("file", &["values"]),
        ],
    ),
];

/// Returns each line of a folder's modules that uses a module of the same folder that it may not use. `prefix` is how the code
/// names the folder, `crate::` for a whole crate; `rows` are its modules.
fn uses_of_modules_above(folder: &str, prefix: &str, rows: &[MayUse]) -> Vec<String> {
    let mut offences = Vec::new();
    for (path, text) in sources(folder) {
        let module = module_of(path.strip_prefix(folder).expect("below its folder"));
        // A module's tests may ask for programs that the module itself knows nothing of.
        if module == "lib" || path.ends_with("tests.rs") {
            continue;
        }
        let row = rows.iter().find(|(name, _)| *name == module);
        let (_, may_use) = row.unwrap_or_else(|| panic!("`{module}` of {folder} has no row"));
        for (number, line) in code(&text) {
            for rest in line.split(prefix).skip(1) {
                let used = rest.split(|c| !is_of_a_name(c)).next().expect("a piece");
                // Types and functions of the door are no modules.
                let is_module = prefix == "crate::" || rows.iter().any(|(name, _)| *name == used);
                if is_module && used != module && !may_use.contains(&used) {
                    offences.push(format!("{}:{number}: `{module}` may not use `{used}`", path.display()));
                }
            }
        }
    }
    offences
}

#[test]
fn no_module_uses_one_above_it() {
    for (folder, rows) in MAY_USE {
        assert_eq!(uses_of_modules_above(&format!("{folder}/src"), "crate::", rows), none());
    }
    for (folder, rows) in ROOMS {
        let prefix = format!("crate::{}::", folder.rsplit('/').next().expect("a name"));
        assert_eq!(uses_of_modules_above(folder, &prefix, rows), none());
    }
}

#[test]
fn the_rows_of_what_modules_may_use_go_upwards() {
    for (folder, rows) in MAY_USE.into_iter().chain(ROOMS) {
        for (i, (name, may_use)) in rows.iter().enumerate() {
            for used in *may_use {
                assert!(rows[..i].iter().any(|(below, _)| below == used), "{folder}: `{used}` is not below `{name}`");
            }
        }
    }
}

/// Returns the name of the module that a file `MODULE...` belongs to.
fn module_of(path: &Path) -> String {
    let component = path.components().next().expect("a file");
    component.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

const fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("text");
    let mut is_list = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = line == "[workspace.dependencies]";
        } else if is_list && !line.is_empty() && !line.starts_with("dlpc-") {
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
    for (path, text) in all_sources() {
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
