//! Same input and seed, same bytes: at any number of threads, each time.

use crate::support::{contents, dlpc_sim, empty_folder, succeeds};

/// Returns everything that predict leaves behind and prints.
fn results(scenario: &str, arguments: &[&str]) -> (String, std::collections::BTreeMap<String, Vec<u8>>) {
    let folder = empty_folder();
    let mut command = dlpc_sim();
    command.args(["predict", scenario, "--png", "--format", "json", "--replications", "9", "--out"]).arg(folder.path());
    let stdout = succeeds(command.args(arguments));
    (stdout, contents(folder.path()))
}

#[test]
fn neither_threads_nor_repetition_change_a_byte() {
    for name in ["dlpc-pi-count", "dlpc-pi-coordinates", "dlpc-log-60s-first-free"] {
        let scenario = format!("scenarios/{name}.toml");
        let first = results(&scenario, &["--threads", "1"]);
        assert!(!first.1.is_empty());
        for arguments in [&["--threads", "2"][..], &["--threads", "1"], &["--threads", "7"], &[]] {
            assert!(first == results(&scenario, arguments), "{name} {arguments:?}");
        }
    }
}

#[test]
fn another_seed_gives_other_bytes() {
    let scenario = "scenarios/dlpc-pi-count.toml";
    assert_ne!(results(scenario, &["--seed", "1"]).0, results(scenario, &["--seed", "2"]).0);
}
