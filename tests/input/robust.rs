//! Files that nobody would write on purpose: a report or a result, never a panic.

use std::path::Path;

use dlpc_predict::input;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::files::{CUSTOM, Folder, LOG_STREAM, SCENARIO};

const HOSTFILE: &str = "# hosts\npi0 slots=4 max_slots=4\npi1 slots = 2\n";
const RANKFILE: &str = "rank 0=pi0 slot=0\nrank 1=pi1 slot=0:1-2\n";
const CURVE: &str = "# by hand\nranks,seconds,reading_error_s,host\n1,2.5,0.1,pi0\n2,1.5,,\"a,b\"\n";

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Delete(Index, u8),
    Duplicate(Index, Index),
    Insert(Index, &'static str),
    Swap(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = select(vec![
        "\"",
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
        "1e999",
        "99999999999999999999",
        "\"5\"",
        "\"5 s\"",
        "{}",
        "[]",
        "[[x]]\n",
        "\n[workload]\n",
        "\n[hosts]\n",
        "1..=4",
        "''",
        "\"\"\"",
        "1979-05-27",
        "true",
        "\"940 Mbit/s\"",
        "a.b.c",
        "0x7f",
        "\\",
    ]);
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, n)| Change::Delete(at, n)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Duplicate(from, to)),
        (any::<Index>(), pieces).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Change::Swap(one, other)),
    ]
}

fn apply(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let n = bytes.len() + 1;
        match change {
            Change::Flip(at, byte) => {
                if let Some(place) = bytes.get_mut(at.index(n)) {
                    *place = *byte;
                }
            }
            Change::Delete(at, length) => {
                let at = at.index(n);
                bytes.drain(at..(at + usize::from(*length)).min(n - 1));
            }
            Change::Duplicate(from, to) => {
                let (from, to) = (from.index(n), to.index(n));
                let piece = bytes[from..(from + 40).min(n - 1)].to_vec();
                bytes.splice(to..to, piece);
            }
            Change::Insert(at, piece) => {
                let at = at.index(n);
                bytes.splice(at..at, piece.bytes());
            }
            Change::Swap(one, other) => swap_values(&mut bytes, *one, *other),
        }
    }
    bytes
}

/// Swaps what stands after the `=` of two lines.
fn swap_values(bytes: &mut Vec<u8>, one: Index, other: Index) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let with_value: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains('=')).collect();
    if with_value.is_empty() {
        return;
    }
    let (one, other) = (with_value[one.index(with_value.len())], with_value[other.index(with_value.len())]);
    let split = |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    let (Some((key, value)), Some((other_key, other_value))) = (split(&lines[one]), split(&lines[other])) else {
        return;
    };
    lines[one] = format!("{key}={other_value}");
    lines[other] = format!("{other_key}={value}");
    *bytes = lines.join("\n").into_bytes();
}

/// Loads and checks everything, and renders what is reported.
fn load_all(folder: &Folder) {
    if let Err(report) = folder.load() {
        assert!(report.has_errors());
        assert!(!report.render(true).is_empty());
    }
    for path in ["scenarios/x.toml", "scenarios/../models/tiny.toml", "scenarios/m.csv"] {
        if let Err(report) = input::check_file(Path::new(path), &|path| folder.read(path)) {
            assert!(report.has_errors());
            assert!(!report.render(false).contains("internal::"), "{report}");
        }
    }
}

fn folder(workload: &str, placement: &str) -> Folder {
    let head = SCENARIO[..SCENARIO.find("[workload.pi]").expect("a workload")].replace("1..=8", "1..=2");
    let head = head.replace("[run]\n", &format!("measured = \"m.csv\"\n[run]\nplacement = {placement}\n"));
    let overrides = "[machine_override.hosts.pi.nic]\nbandwidth = \"940 Mbit/s\"\n";
    Folder::good()
        .with("scenarios/x.toml", format!("{head}{workload}{overrides}"))
        .with("scenarios/hosts", HOSTFILE)
        .with("scenarios/ranks", RANKFILE)
        .with("scenarios/m.csv", CURVE)
}

fn good_folder() -> impl Strategy<Value = Folder> {
    let pi = &SCENARIO[SCENARIO.find("[workload.pi]").expect("a workload")..];
    let workloads = select(vec![pi, LOG_STREAM, CUSTOM]);
    let placements = select(vec!["\"by-node\"", "{ hostfile = \"hosts\" }", "{ rankfile = \"ranks\" }"]);
    (workloads, placements).prop_map(|(workload, placement)| folder(workload, placement))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_never_a_panic(
        folder in good_folder(),
        which in select(vec!["scenarios/x.toml", "scenarios/../models/tiny.toml", "scenarios/hosts", "scenarios/ranks", "scenarios/m.csv"]),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let contents = folder.read(Path::new(which)).expect("the file");
        load_all(&folder.with(which, apply(contents, &changes)));
    }

    #[test]
    fn arbitrary_text_is_never_a_panic(text in "\\PC{0,200}") {
        load_all(&Folder::good().with("scenarios/x.toml", text.clone()));
        load_all(&Folder::good().with("scenarios/../models/tiny.toml", text.clone()));
        load_all(&folder(CUSTOM, "{ hostfile = \"hosts\" }").with("scenarios/hosts", text.clone()));
        load_all(&folder(CUSTOM, "{ rankfile = \"ranks\" }").with("scenarios/ranks", text.clone()));
        load_all(&folder(CUSTOM, "\"by-slot\"").with("scenarios/m.csv", text));
    }
}

#[test]
fn the_undamaged_files_are_good() {
    for placement in ["\"by-node\"", "{ hostfile = \"hosts\" }", "{ rankfile = \"ranks\" }"] {
        folder(CUSTOM, placement).loaded();
    }
}

#[test]
fn strange_files_are_reported() {
    let long_line = format!("title = \"{}\"\nx = 1\n", "é".repeat(100_000));
    let many_keys = (0..5_000).map(|i| format!("k{i} = {i}")).collect::<Vec<_>>().join("\n");
    let nested = format!("x = {}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let dotted = format!("{} = 1", vec!["a"; 5_000].join("."));
    let headers = "[[a.b.c]]\n".repeat(2_000);
    let nested_dotted = format!("x = {}1{}", format!("{{ {} = ", vec!["a"; 70].join(".")).repeat(70), " }".repeat(70));
    for text in [
        "",
        "\u{feff}",
        "\u{0}",
        "\n\n\n",
        "=",
        "[",
        "a",
        "\"",
        long_line.as_str(),
        &many_keys,
        &nested,
        &dotted,
        &headers,
        &nested_dotted,
    ] {
        load_all(&Folder::good().with("scenarios/x.toml", text));
        load_all(&Folder::good().with("scenarios/../models/tiny.toml", text));
        assert!(Folder::good().with("scenarios/x.toml", text).load().is_err());
    }
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let folder = Folder::good().with("scenarios/x.toml", vec![b'\n'; (16 << 20) + 1]);
    assert!(folder.report().contains("file::too_large"));
}

#[test]
fn the_largest_machine_model_that_is_allowed_can_be_used() {
    let folder = Folder::good().machine("count = 2", "count = 9_999_999").machine("speed = [1.0, 0.9]", "speed = 2");
    let hosts = folder.clone().scenario("[run]", "[run]\nplacement = \"by-node\"").scenario("1..=8", "10_000_000");
    assert_eq!(hosts.loaded().scenario.run.slots.len(), 10_000_000);
    let folder = folder.machine("count = 9_999_999", "count = 10_000_000");
    assert!(folder.report().contains("more than 10000000"));
}
