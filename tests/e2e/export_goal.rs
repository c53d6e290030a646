//! `export-goal` from end to end: what it writes can be replayed.

use crate::support::{dlpc_sim, empty_folder, run, succeeds};

#[test]
fn the_schedule_of_a_scenario_is_as_reviewed_and_can_be_replayed() {
    let folder = empty_folder();
    let path = folder.path().join("pi.goal");
    let text = succeeds(dlpc_sim().args(["export-goal", "scenarios/dlpc-pi-count.toml", "--ranks", "4"]));
    insta::assert_snapshot!("export-goal", text.replace(env!("CARGO_PKG_VERSION"), "[version]"));
    let export = ["export-goal", "scenarios/dlpc-pi-count.toml", "--ranks", "4", "--out"];
    assert_eq!(succeeds(dlpc_sim().args(export).arg(&path)), "");
    assert_eq!(std::fs::read_to_string(&path).expect("the schedule"), text);
    assert!(succeeds(dlpc_sim().arg("replay").arg(&path)).contains("Makespan"));
}

#[test]
fn a_schedule_that_depends_on_time_says_so() {
    let ended = run(dlpc_sim().args(["export-goal", "scenarios/dlpc-log-1s.toml", "--ranks", "3"]));
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.starts_with("warning: what the ranks do depends on when things happen"), "{}", ended.stderr);
    assert!(ended.stdout.contains("in one simulated run"));
}
