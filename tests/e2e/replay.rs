//! `replay` from end to end: what is printed, gzip, exit codes.

use std::io::Write;
use std::path::Path;

use crate::support::{Ended, dlpc_sim, empty_folder, run, succeeds, unbroken};

const RING: &str = "scenarios/goal/ring.goal";
const STAR: &str = "benches/peers/traces/star.toml";

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
fn a_byte_may_take_a_fraction_of_a_nanosecond() {
    for gap in ["0.04", "4e-2", "0.04 ns/B", "40 ps/B"] {
        let text = succeeds(dlpc_sim().args(["replay", RING, "--format", "json", "-G", gap]));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        // Four hops of 2000 + 2 o + L + 7 G = 7500.28 ns: 30,001,120 ps.
        assert_eq!(json["makespan_s"], 30_001_120e-12, "{gap}");
    }
    for (option, text) in [("-G", "-0.04"), ("-G", "nan"), ("-L", "inf"), ("-S", "0.5"), ("-o", "")] {
        let ended = run(dlpc_sim().args(["replay", RING, &format!("{option}={text}")]));
        assert_eq!(ended.code, 2, "{option} {text}: {}", ended.stdout);
    }
}

#[test]
fn a_schedule_may_begin_with_a_comment() {
    let folder = empty_folder();
    for comment in ["/*", "/* of several\nlines", "//word", "// two words", "//", "/**/", "# no\n\n/*"] {
        let end = if comment.contains("/*") && !comment.contains("*/") { "*/" } else { "" };
        let text = format!("{comment}\n{end}num_ranks 1\nrank 0 {{\ncalc 7\n}}\n");
        let is_goal = !comment.starts_with('#');
        let ended = replay(&write(folder.path(), &text));
        assert_eq!(ended.code, if is_goal { 0 } else { 3 }, "{comment}: {}", ended.stderr);
        assert!(!is_goal || ended.stdout.contains("7e-9"), "{comment}: {}", ended.stdout);
        assert!(ended.stderr.is_empty() || ended.stderr.contains("goal::"), "{comment}: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let schedule = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(RING)).expect("the ring");
    let trace = "0 send 1 7 8 6\n1 recv 0 7 8 6\n";
    // The ring as above; a message: 2 o + L + 7 G = 5542 ns.
    for (text, makespan_s) in [(schedule.as_str(), 30_168e-9), (trace, 5542e-9)] {
        let mut command = dlpc_sim();
        command.args(["replay", "/dev/stdin", "--format", "json"]);
        let ended = run(command.write_stdin(text));
        let json: serde_json::Value = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
        assert_eq!(json["makespan_s"], makespan_s);
    }
}

/// Two ranks of one host compute 1 s each; with two busy cores work takes twice as long there.
#[test]
fn what_a_replay_leaves_out_of_a_machine_model_is_a_warning() {
    let folder = empty_folder();
    let path = write(folder.path(), "num_ranks 2\nrank 0 {\ncalc 1000000000\n}\nrank 1 {\ncalc 1000000000\n}\n");
    let model = |slowdown: &str, noise: &str| {
        let file = folder.path().join("machine.toml");
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(STAR)).expect("a model");
        let text = text.replacen("cores = 1\n", &format!("cores = 2\n{slowdown}\n"), 1) + noise;
        std::fs::write(&file, text).expect("a file");
        let ended = run(dlpc_sim().args(["replay", "--format", "json", "--machine"]).args([&file, &path]));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr
    };
    assert_eq!(model("slowdown = [1.0, 1.0]", ""), "");
    let of_slowdown = model("slowdown = [1.0, 2.0]", "");
    assert!(
        of_slowdown.starts_with("warning: `slowdown` of") && unbroken(&of_slowdown).contains("up to 2 times"),
        "{of_slowdown}"
    );
    let of_noise = model("", "\n[noise]\ncompute_sigma = 0.1\n");
    assert!(of_noise.starts_with("warning: the noise of"), "{of_noise}");
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
