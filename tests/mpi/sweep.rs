//! Sweeps over ranks: the bytes of one machine, also after a rank has died or hangs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{failure, start};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/dlpc-pi-count.toml");
const STORE: &str = "sweep-points.jsonl";
/// 400 x 25 = 10,000 points, each simulated once.
const MANY: [&str; 4] = [
    "machine.hosts.pi.nic.bandwidth=10 Mbit/s..=10 Gbit/s log 400",
    "run.ranks=1..=25",
    "run.replications=1",
    "run.network=loggops",
];
/// 100 x 20 = 2,000 points.
const SEEDS: [&str; 3] = ["run.seed=1..=100", "run.ranks=1..=20", "run.replications=1"];
const FEW: [&str; 3] = ["machine.hosts.pi.speed=0.5..=2 log 10", "run.ranks=1..=20", "run.replications=1"];

fn command(sets: &[&str], out: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = [env!("CARGO_BIN_EXE_dlpc-sim"), "sweep", SCENARIO].map(OsString::from).to_vec();
    words.extend(sets.iter().flat_map(|set| ["--set", set]).map(OsString::from));
    words.extend(["--out".into(), out.into()]);
    words
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Returns the results of a sweep on this machine, without a launcher.
fn alone(sets: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = folder();
    let words = command(sets, folder.path());
    let output = Command::new(&words[0]).args(&words[1..]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    results(folder.path())
}

/// Returns the files of a sweep but the one that depends on the order of computing.
fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut results: BTreeMap<String, Vec<u8>> =
        entries.map(|path| (name(&path), fs::read(&path).expect("a file"))).collect();
    assert!(results.remove(STORE).is_some());
    assert_eq!(results.keys().collect::<Vec<_>>(), ["sweep.csv", "sweep.jsonl", "sweep.svg"]);
    results
}

fn n_results(out: &Path) -> usize {
    fs::read_to_string(out.join(STORE)).unwrap_or_default().lines().count()
}

/// Returns the process of a rank of the sweep that writes to `out`.
fn process_of(rank: u32, out: &Path) -> Option<Pid> {
    let names = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
    let out = out.to_string_lossy().into_owned();
    let has = |pid: &str, file: &str, wanted: &[String]| {
        let content = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        content.split(|byte| *byte == 0).any(|word| wanted.iter().any(|wanted| wanted.as_bytes() == word))
    };
    // The launcher names the folder, too, but is no rank.
    let is_it = |pid: &String| has(pid, "environ", &names) && has(pid, "cmdline", std::slice::from_ref(&out));
    let pids = fs::read_dir("/proc").expect("processes").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let pid = pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).find(is_it)?;
    Pid::from_raw(pid.parse().expect("a number"))
}

/// Runs a sweep on 3 ranks and sends `signal` to rank 2 when there are so many results.
fn disturbed(sets: &[&str], out: &Path, n_before: usize, signal: Signal) -> Result<Vec<String>, (Option<i32>, String)> {
    thread::scope(|scope| {
        let job = scope.spawn(|| start(3, command(sets, out), ""));
        while n_results(out) < n_before && !job.is_finished() {
            thread::sleep(Duration::from_millis(10));
        }
        let process = process_of(2, out).expect("rank 2 is at work");
        kill_process(process, signal).expect("it is told");
        let result = job.join().expect("no panic");
        if signal == Signal::STOP {
            // The launcher may have ended it already.
            let _ = kill_process(process, Signal::KILL);
        }
        if result.is_ok() { Ok(result.unwrap_or_default()) } else { Err(failure(result)) }
    })
}

#[test]
fn ranks_give_the_bytes_of_one_machine() {
    let whole = alone(&FEW);
    for n_ranks in [1, 2, 3, 5] {
        let folder = folder();
        start(n_ranks, command(&FEW, folder.path()), "").unwrap_or_else(|error| panic!("{n_ranks} ranks: {error}"));
        assert!(results(folder.path()) == whole, "{n_ranks} ranks");
    }
}

#[test]
fn after_a_rank_has_died_the_same_command_completes_ten_thousand_points() {
    let folder = folder();
    disturbed(&MANY, folder.path(), 500, Signal::KILL).expect_err("the launcher ends the job");
    let n_kept = n_results(folder.path());
    assert!((500..10_000).contains(&n_kept), "{n_kept}");
    start(3, command(&MANY, folder.path()), "").expect("the rest");
    assert!(results(folder.path()) == alone(&MANY));
    assert_eq!(n_results(folder.path()), 10_000);
}

#[test]
fn the_next_sweep_says_what_a_dead_rank_was_working_on() {
    let folder = folder();
    disturbed(&SEEDS, folder.path(), 20, Signal::KILL).expect_err("the launcher ends the job");
    let words = command(&SEEDS, folder.path());
    let output = Command::new(&words[0]).args(&words[1..]).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("when the last sweep was ended, rank 2 was working on point"), "{stderr}");
}

#[test]
fn a_rank_that_hangs_holds_nothing_up() {
    let folder = folder();
    disturbed(&SEEDS, folder.path(), 20, Signal::STOP).expect("the others do it");
    assert!(results(folder.path()) == alone(&SEEDS));
}

#[test]
fn wrong_values_end_all_ranks() {
    let folder = folder();
    let (code, stderr) = failure(start(3, command(&["run.ranks=0"], folder.path()), ""));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("`run.ranks` is 0, not at least 1"), "{stderr}");
}
