//! Shipped files, damaged at random: a report, a prediction or a simulation error, in bounded time, but never a panic.
//!
//! `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=1 cargo test --test e2e mutation` looks further.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU32;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use dlpc_engine::units::SimDuration;
use dlpc_engine::workload::{Phase, Workload};
use dlpc_predict::analysis::accuracy::{self, Scope};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;
use dlpc_predict::report::{csv, json, plot, table};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use crate::support::{files, root};

/// Pieces of text that are put somewhere.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "\r",
    "\u{0}",
    "\u{feff}",
    "é",
    "#",
    "nan",
    "-1",
    "0",
    "9",
    "e",
    "_",
    "1e999",
    "99999999999999999999",
    "\"5\"",
    "\"5 s\"",
    "{}",
    "[]",
    "[[x]]\n",
    "\n[workload]\n",
    "\n[hosts.new]\n",
    "1..=4",
    "''",
    "\"\"\"",
    "1979-05-27",
    "true",
    "\"940 Mbit/s\"",
    "a.b.c",
    "0x7f",
    "\\",
    "-",
];

/// Values that are put in place of others: extreme, but of a kind that some key wants.
const VALUES: [&str; 64] = [
    "0",
    "1",
    "2",
    "3",
    "64",
    "1000",
    "65536",
    "10000000",
    "100000000",
    "1000000000",
    "1000000000000000",
    "4294967295",
    "18446744073709551615",
    "-1",
    "0.0",
    "1e-300",
    "0.5",
    "1.5",
    "2.0",
    "5",
    "1e6",
    "true",
    "false",
    "\"0 s\"",
    "\"1 ps\"",
    "\"1 ns\"",
    "\"1 us\"",
    "\"1 s\"",
    "\"1 d\"",
    "\"213 d\"",
    "\"0 B\"",
    "\"1 B\"",
    "\"1 MB\"",
    "\"1 GB\"",
    "\"9 000 000 TB\"",
    "\"9e18 B\"",
    "\"1 bit/s\"",
    "\"1e-9 bit/s\"",
    "\"1e-300 bit/s\"",
    "\"5e-324 B/s\"",
    "\"1 Gbit/s\"",
    "\"1e300 B/s\"",
    "\"0 ns/B\"",
    "\"1 s/B\"",
    "\"1e-300 s/B\"",
    "\"1e300 s/B\"",
    "\"1..=64\"",
    "\"63..=64\"",
    "\"1, 2, 64\"",
    "[1, 64]",
    "[1.0]",
    "[]",
    "{}",
    "\"loggops\"",
    "\"flow\"",
    "\"by-node\"",
    "\"first-free\"",
    "\"rounds\"",
    "\"coordinates\"",
    "\"linear\"",
    "[\"0 s\", \"213 d\"]",
    "[\"1 ps\", \"1 s\"]",
    "{ exponential = { mean = \"100 d\" } }",
    "{ lognormal = { median = \"1 d\", sigma = 5 } }",
];

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Delete(Index, u8),
    Truncate(Index),
    Insert(Index, &'static str),
    DuplicateLine(Index, Index),
    DeleteLine(Index),
    SwapValues(Index, Index),
    SetValue(Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, n)| Change::Delete(at, n)),
        1 => any::<Index>().prop_map(Change::Truncate),
        3 => (any::<Index>(), select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::DuplicateLine(from, to)),
        2 => any::<Index>().prop_map(Change::DeleteLine),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Change::SwapValues(one, other)),
        16 => (any::<Index>(), select(&VALUES[..])).prop_map(|(at, value)| Change::SetValue(at, value)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let n = bytes.len();
        match self {
            Self::Flip(at, byte) => bytes.iter_mut().skip(at.index(n + 1)).take(1).for_each(|place| *place = *byte),
            Self::Delete(at, length) => {
                let at = at.index(n + 1);
                bytes.drain(at..(at + usize::from(*length)).min(n));
            }
            Self::Truncate(at) => bytes.truncate(at.index(n + 1)),
            Self::Insert(at, piece) => {
                let at = at.index(n + 1);
                bytes.splice(at..at, piece.bytes());
            }
            Self::DuplicateLine(..) | Self::DeleteLine(_) | Self::SwapValues(..) | Self::SetValue(..) => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    *bytes = self.apply_to_lines(text.lines().map(ToOwned::to_owned).collect()).into_bytes();
                }
            }
        }
    }

    fn apply_to_lines(&self, mut lines: Vec<String>) -> String {
        let n = lines.len();
        match self {
            Self::DuplicateLine(from, to) if n > 0 => lines.insert(to.index(n), lines[from.index(n)].clone()),
            Self::DeleteLine(at) if n > 0 => drop(lines.remove(at.index(n))),
            Self::SwapValues(one, other) => {
                if let (Some((i, one)), Some((j, other))) = (value(&lines, *one), value(&lines, *other)) {
                    set_value(&mut lines[i], &other);
                    set_value(&mut lines[j], &one);
                }
            }
            Self::SetValue(at, new) => {
                if let Some((i, _)) = value(&lines, *at) {
                    set_value(&mut lines[i], new);
                }
            }
            _ => {}
        }
        lines.join("\n")
    }
}

/// Returns what stands after the `=` of a line, and which line it is.
fn value(lines: &[String], at: Index) -> Option<(usize, String)> {
    let with_value: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains('=')).collect();
    let i = *with_value.get(at.index(with_value.len().max(1)))?;
    lines[i].split_once('=').map(|(_, value)| (i, value.to_owned()))
}

fn set_value(line: &mut String, value: &str) {
    if let Some((key, _)) = line.split_once('=') {
        *line = format!("{key}= {value}");
    }
}

/// All files of the repository that scenarios name, by their path without `..`.
static SHIPPED: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let strange = ["hostfile", "rankfile"].map(|name| Path::new("tests/e2e/strange").join(name));
    let folders = [
        ("scenarios", "toml"),
        ("models", "toml"),
        ("scenarios/measured/dlpc-2020", "csv"),
        ("tests/e2e/strange", "toml"),
        ("tests/e2e/strange", "csv"),
    ];
    let paths = folders.into_iter().flat_map(|(folder, extension)| files(folder, extension)).chain(strange);
    paths.map(|path| (path.clone(), std::fs::read(root().join(path)).expect("the file"))).collect()
});

static SCENARIOS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let is_scenario = |path: &&PathBuf| {
        path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("machine.toml")
    };
    SHIPPED.keys().filter(is_scenario).filter(|path| !path.starts_with("models")).cloned().collect()
});

fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// Reads a scenario with what it names; `damaged` stands in for the files of these paths.
fn load(path: &Path, damaged: &BTreeMap<PathBuf, Vec<u8>>) -> Option<Experiment> {
    let read = |path: &Path| {
        let path = without_parents(path);
        let contents = damaged.get(&path).or_else(|| SHIPPED.get(&path));
        contents.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    match input::load_experiment(path, &read) {
        Ok(experiment) => Some(experiment),
        Err(report) => {
            assert!(report.has_errors());
            let text = report.render(false);
            assert!(!text.contains("internal::"), "{text}");
            None
        }
    }
}

/// Makes a valid experiment one that a test has time for: what is left out is only more of the same.
fn shorten(experiment: &mut Experiment) {
    let run = &mut experiment.scenario.run;
    run.replications = NonZeroU32::MIN;
    run.ranks.retain(|ranks| ranks.get() <= 64);
    let n = run.ranks.len();
    run.ranks = (0..4.min(n)).map(|i| run.ranks[i * (n - 1) / 3.min(n - 1).max(1)]).collect();
    run.ranks.dedup();
    match &mut experiment.scenario.workload {
        Workload::Pi(_) => {}
        Workload::LogStream(stream) => {
            stream.items = stream.items.min(100);
            let least = stream.interval.max(stream.first).max(stream.jitter).max(SimDuration::from_picos(100));
            stream.poll = stream.poll.max(SimDuration::from_picos(least.as_picos() / 100));
        }
        Workload::Custom(phases) => shorten_phases(phases),
    }
}

fn shorten_phases(phases: &mut [Phase]) {
    for phase in phases {
        if let Phase::Repeat { times, phases } = phase {
            *times = (*times).min(5);
            shorten_phases(phases);
        }
    }
}

/// Goes all the way, from the experiment to every result.
fn predict(experiment: &Experiment) {
    let title = &experiment.scenario.title;
    let Ok(prediction) = prediction::predict(&experiment.scenario, &experiment.machine, &|| ()) else { return };
    for point in &prediction.curve.points {
        assert!(point.makespan_s.is_finite() && point.makespan_p05_s <= point.makespan_p95_s, "{point:?}");
    }
    let measurement = experiment.measured.as_ref().map(|measured| &measured.measurement);
    let comparison = measurement.map(|runs| accuracy::compare(&prediction.curve, runs, &|_| false, Scope::All));
    let document = json::PredictionDocument {
        title,
        scenario: &experiment.effective_scenario,
        machine: &experiment.effective_machine,
        warnings: &prediction.warnings,
        curve: &prediction.curve,
        measured: measurement,
    };
    serde_json::from_str::<serde_json::Value>(&json::prediction(&document)).expect("JSON");
    assert_eq!(csv::prediction(&prediction.curve).lines().count(), 1 + prediction.curve.points.len());
    assert!(!table::prediction(&prediction.curve, measurement).is_empty());
    let data =
        plot::PlotData { title, curve: &prediction.curve, measured: measurement, comparison: comparison.as_ref() };
    for kind in [plot::Plot::Time, plot::Plot::Speedup, plot::Plot::Breakdown] {
        assert!(plot::svg(kind, &data).ends_with("</svg>\n"));
    }
    if let Some(comparison) = comparison.as_ref().filter(|comparison| !comparison.points.is_empty()) {
        assert!(!table::comparison(comparison).is_empty() && !table::comparison_summary(comparison).is_empty());
        assert!(plot::svg(plot::Plot::Comparison, &data).ends_with("</svg>\n"));
    }
}

/// Returns the files that a scenario reads, itself first.
fn files_of(scenario: &Path) -> Vec<PathBuf> {
    let read = std::cell::RefCell::new(Vec::new());
    let report = input::load_experiment(scenario, &|path| {
        read.borrow_mut().push(without_parents(path));
        SHIPPED.get(&without_parents(path)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    });
    report.unwrap_or_else(|report| panic!("{report}"));
    read.into_inner()
}

/// Returns as many cases as asked for by the surroundings, the same ones each time.
fn config(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    let rng_seed = if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(2020) } else { asked.rng_seed };
    ProptestConfig {
        cases: if is_asked { asked.cases } else { cases },
        rng_seed,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..asked
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_damaged_file_is_reported_or_predicted(
        scenario in select(SCENARIOS.as_slice()),
        changes in proptest::collection::vec((any::<Index>(), change()), 1..4),
    ) {
        let files = files_of(&scenario);
        let mut damaged = BTreeMap::new();
        for (which, change) in &changes {
            let path = which.get(&files);
            change.apply(damaged.entry(path.clone()).or_insert_with(|| SHIPPED[path].clone()));
        }
        if let Some(mut experiment) = load(&scenario, &damaged) {
            shorten(&mut experiment);
            if !experiment.scenario.run.ranks.is_empty() {
                predict(&experiment);
            }
        }
    }
}
