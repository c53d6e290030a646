//! `replay` of traces of `SimGrid` from end to end.

use std::path::Path;

use crate::support::{Ended, dlpc_sim, empty_folder, run, succeeds};

const HEAT: &str = "benches/peers/traces/heat.txt";
const STAR: &str = "benches/peers/traces/star.toml";

fn replay(text: &str) -> Ended {
    let folder = empty_folder();
    let path = folder.path().join("trace.txt");
    std::fs::write(&path, text).expect("a file");
    let mut ended = run(dlpc_sim().args(["replay", "--format", "json"]).arg(&path));
    ended.stderr = ended.stderr.replace(&*path.to_string_lossy(), "trace.txt");
    ended
}

#[test]
fn a_trace_of_smpi_is_reported_as_reviewed() {
    let text = succeeds(dlpc_sim().args(["replay", HEAT, "--machine", STAR, "--core-speed", "1 Gflop/s"]));
    let (table, _) = text.split_once("\nReplayed ").expect("a rate");
    insta::assert_snapshot!("replay-heat", table);
}

#[test]
fn a_faster_core_computes_faster() {
    let compute_s = |speed: &str| {
        let text = succeeds(dlpc_sim().args(["replay", HEAT, "--core-speed", speed, "--format", "json"]));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        json["hosts"][0]["compute_s"].as_f64().expect("a number")
    };
    let (slow, fast) = (compute_s("1Gf"), compute_s("2 Gflop/s"));
    assert!((slow / fast - 2.0).abs() < 1e-6, "{slow} s, {fast} s");
}

#[test]
fn a_trace_that_computes_needs_the_speed_of_a_core() {
    let Ended { code, stdout, stderr } = replay("0 init\n0 compute 5e9\n0 finalize\n");
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!("replay-speed", stderr);
    let Ended { code, stderr, .. } = replay("0 init\n0 sleep 1\n0 finalize\n");
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn a_broken_trace_is_shown_with_its_lines() {
    let Ended { code, stdout, stderr } = replay(
        "0 init\n0 bcast 8 0 6\n0 wait 0 1 7\n1 init\n1 bcast 8 1 6\n1 Isend 0 8\n2 init\n2 isned 0 7 8 6\n2 wait 2 0 7\n",
    );
    assert_eq!((code, stdout.as_str()), (3, ""));
    insta::assert_snapshot!("replay-trace-broken", stderr);
}

#[test]
fn a_list_names_its_files_from_where_it_is() {
    let folder = empty_folder();
    std::fs::create_dir(folder.path().join("files")).expect("a folder");
    std::fs::write(folder.path().join("list.txt"), "files/0.txt\nfiles/1.txt\n").expect("a file");
    std::fs::write(folder.path().join("files/0.txt"), "0 send 1 7 8 6\n").expect("a file");
    let list = folder.path().join("list.txt");
    let Ended { code, stderr, .. } = run(dlpc_sim().arg("replay").arg(&list));
    assert_eq!(code, 3);
    assert!(stderr.contains(&*Path::new("files").join("1.txt").to_string_lossy()), "{stderr}");
    std::fs::write(folder.path().join("files/1.txt"), "1 recv 0 7 8 6\n").expect("a file");
    succeeds(dlpc_sim().arg("replay").arg(&list));
}
