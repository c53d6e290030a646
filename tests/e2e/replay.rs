//! `replay` from end to end: what is printed, gzip, exit codes.

use std::io::Write;
use std::path::Path;

use crate::support::{Ended, dlpc_sim, empty_folder, run, succeeds};

const RING: &str = "scenarios/goal/ring.goal";

fn replay(path: &Path) -> Ended {
    run(dlpc_sim().args(["replay", "--format", "json"]).arg(path))
}

fn write(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("a.goal");
    std::fs::write(&path, text).expect("a file");
    path
}

#[test]
fn the_ring_is_reported_as_reviewed() {
    let text = succeeds(dlpc_sim().args(["replay", RING]));
    let (table, rate) = text.split_once("\nReplayed 16 events in ").expect("a rate");
    assert!(rate.trim_end().ends_with("million events per second"), "{rate}");
    insta::assert_snapshot!("replay-ring", table);
}

#[test]
fn the_json_document_has_its_keys_and_the_same_bytes_each_time() {
    let text = succeeds(dlpc_sim().args(["replay", RING, "--format", "json"]));
    assert_eq!(text, succeeds(dlpc_sim().args(["replay", RING, "--format", "json"])));
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // A hop: 2000 + o + L + o + 7 G = 2000 + 5500 + 42 = 7542 ns; four of them.
    assert_eq!(json["makespan_s"], 30_168e-9);
    // Ranks pass the token on 2000 + o after they have it; rank 0 has it back after four hops.
    assert_eq!(json["host_finish_s"], serde_json::json!([30_168e-9, 11_042e-9, 18_584e-9, 26_126e-9]));
    let path = &json["critical_path"];
    let sum: f64 = ["compute", "overhead", "latency", "bandwidth"].iter().filter_map(|key| path[key].as_f64()).sum();
    assert!((sum - 30_168e-9).abs() < 1e-15);
}

#[test]
fn parameters_are_plain_numbers_or_have_units() {
    let makespan = |arguments: &[&str]| {
        let text = succeeds(dlpc_sim().args(["replay", RING, "--format", "json"]).args(arguments));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        (json["makespan_s"].as_f64().expect("a number") * 1e9).round().to_string()
    };
    // Four hops of 2000 + 2 o + L + 7 G.
    let all = ["--L", "1000", "--o", "500", "--g", "100", "--G", "2", "--O", "1", "--S", "4"];
    assert_eq!(makespan(&all), "16056");
    let all = ["-L", "1 us", "-o", "0.5 us", "-g", "100 ns", "-G", "2 ns/B", "-O", "1", "-S", "1 KiB"];
    assert_eq!(makespan(&all), "16056");
}

#[test]
fn a_compressed_schedule_is_the_same_and_half_of_it_is_an_invalid_file() {
    let folder = empty_folder();
    let plain = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(RING)).expect("the ring");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&plain).expect("memory");
    let compressed = encoder.finish().expect("memory");
    let path = folder.path().join("ring.goal.gz");
    std::fs::write(&path, &compressed).expect("a file");
    let ended = replay(&path);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let plain = replay(Path::new(RING)).stdout.replace(RING, &path.to_string_lossy());
    assert_eq!(ended.stdout, plain);
    std::fs::write(&path, &compressed[..compressed.len() / 2]).expect("a file");
    let ended = replay(&path);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot read on after line"), "{}", ended.stderr);
}

#[test]
fn a_broken_schedule_is_shown_with_its_line() {
    let folder = empty_folder();
    let path = write(folder.path(), "num_ranks 1\n\nrank 0 {\nl1: calc 5\nl2: send 8 to 0\nl2 requires l3\n}\n");
    let Ended { code, stdout, stderr } = replay(&path);
    assert_eq!((code, stdout.as_str()), (3, ""));
    insta::assert_snapshot!("replay-broken", stderr.replace(&*path.to_string_lossy(), "a.goal"));
}

#[test]
fn what_never_meets_is_a_simulation_error() {
    let folder = empty_folder();
    let path =
        write(folder.path(), "num_ranks 2\nrank 0 {\nsend 8b to 1 tag 1\n}\nrank 1 {\nrecv 8b from 0 tag 2\n}\n");
    let Ended { code, stdout, stderr } = replay(&path);
    assert_eq!((code, stdout.as_str()), (4, ""));
    insta::assert_snapshot!("replay-unmatched", stderr);
}

#[test]
fn files_that_cannot_be_read_are_invalid() {
    let folder = empty_folder();
    for path in [folder.path().to_owned(), folder.path().join("no.goal")] {
        let ended = replay(&path);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("cannot read"), "{}", ended.stderr);
    }
}

#[test]
fn a_receive_of_another_size_is_a_warning() {
    let folder = empty_folder();
    let path = write(folder.path(), "num_ranks 2\nrank 0 {\nsend 8b to 1\n}\nrank 1 {\nrecv 9b from 0\n}\n");
    let ended = replay(&path);
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.starts_with("warning: 1 receives name another size"), "{}", ended.stderr);
}
