//! Sweeps: the same bytes whichever way they ran and however often they were ended, and the same numbers as `predict`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{Ended, contents, dlpc_sim, empty_folder, root, run, succeeds};

const COUNT: &str = "scenarios/dlpc-pi-count.toml";
const COORDINATES: &str = "scenarios/dlpc-pi-coordinates.toml";
/// 400 x 25 = 10,000 points, each simulated once.
const MANY: [&str; 8] = [
    "--set",
    "machine.hosts.pi.nic.bandwidth=10 Mbit/s..=10 Gbit/s log 400",
    "--set",
    "run.ranks=1..=25",
    "--set",
    "run.replications=1",
    "--set",
    "run.network=loggops",
];
const STORE: &str = "sweep-points.jsonl";

fn sweep(scenario: &str, sets: &[&str], out: &Path) -> assert_cmd::Command {
    let mut command = dlpc_sim();
    command.args(["sweep", scenario, "--out"]).arg(out);
    command.args(sets.iter().flat_map(|set| ["--set", set]));
    command
}

/// Starts the sweep of many points, without waiting for its end.
fn start_many(out: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dlpc-sim"));
    command.current_dir(root()).args(["sweep", COUNT, "--threads", "2", "--out"]).arg(out).args(MANY);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Waits until a sweep has kept so many results, or has ended.
fn wait_for(child: &mut Child, out: &Path, n_results: usize) {
    while lines(&out.join(STORE)).len() < n_results && child.try_wait().expect("a state").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Returns the files of a sweep but the one that depends on the order of computing.
fn results(out: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut results = contents(out);
    assert!(results.remove(STORE).is_some());
    results
}

/// Returns the columns of a CSV file by name.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let i = headers.iter().position(|header| header == name).unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    reader.records().map(|record| record.expect("a row")[i].to_owned()).collect()
}

#[test]
fn ten_thousand_points_are_the_same_bytes_on_any_number_of_threads_and_after_being_killed() {
    let (whole, killed) = (empty_folder(), empty_folder());
    let mut command = dlpc_sim();
    succeeds(command.args(["sweep", COUNT, "--threads", "1", "--png", "--out"]).arg(whole.path()).args(MANY));
    let names: Vec<String> = results(whole.path()).into_keys().collect();
    assert_eq!(names, ["sweep.csv", "sweep.jsonl", "sweep.png", "sweep.svg"]);
    assert_eq!(lines(&whole.path().join("sweep.csv")).len(), 10_001);

    let mut child = start_many(killed.path());
    wait_for(&mut child, killed.path(), 1000);
    child.kill().expect("it is killed");
    child.wait().expect("an end");
    let store = killed.path().join(STORE);
    let kept = lines(&store);
    assert!((1000..10_000).contains(&kept.len()), "{}", kept.len());
    assert!(!killed.path().join("sweep.csv").exists());
    // As if the power had failed within a line.
    let torn = kept.join("\n") + "\n" + &kept[0][..kept[0].len() / 2];
    std::fs::write(&store, torn).expect("a file");

    let mut command = dlpc_sim();
    command.args(["sweep", COUNT, "--threads", "2", "--png", "--out"]).arg(killed.path()).args(MANY);
    let Ended { code, stderr, .. } = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains(&format!("{} of 10000 results are in", kept.len())), "{stderr}");
    assert!(results(whole.path()) == results(killed.path()));
    // Nothing twice: what was kept is still there, and each result once.
    let all = lines(&store);
    assert_eq!(all[..kept.len()], kept);
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (10_000, 10_000));
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_told_to_end_says_what_is_kept_and_how_to_go_on() {
    let folder = empty_folder();
    let mut child = start_many(folder.path());
    wait_for(&mut child, folder.path(), 1);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is told");
    let output = child.wait_with_output().expect("an end");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("the sweep was ended with") && stderr.contains("the same command goes on"), "{stderr}");
}

#[test]
fn a_sweep_gives_the_numbers_of_predict() {
    let (swept, predicted) = (empty_folder(), empty_folder());
    let sets = ["machine.hosts.pi.nic.bandwidth=941 Mbit/s", "machine.switch.latency=3 us", "run.replications=20"];
    succeeds(&mut sweep(COORDINATES, &sets, swept.path()));
    let gigabit = ["predict", "scenarios/dlpc-gigabit.toml", "--replications", "20", "--out"];
    succeeds(dlpc_sim().args(gigabit).arg(predicted.path()));
    let text = |path: std::path::PathBuf| std::fs::read_to_string(path).expect("a file");
    let sweep = text(swept.path().join("sweep.csv"));
    let prediction = text(predicted.path().join("prediction.csv"));
    for name in prediction.lines().next().expect("a header").split(',') {
        assert_eq!(column(&sweep, name), column(&prediction, name), "{name}");
    }
    assert_eq!(column(&sweep, "machine.hosts.pi.nic.bandwidth_bytes_per_s"), vec!["117625000"; 32]);
    for line in sweep_lines(swept.path()) {
        let sum: f64 = line["breakdown"].as_object().expect("parts").values().filter_map(Value::as_f64).sum();
        let makespan = line["makespan_s"].as_f64().expect("a time");
        assert!((sum - makespan).abs() < 0.05 * makespan, "{line}");
        assert_eq!(line["settings"]["machine.hosts.pi.nic.bandwidth"], "941 Mbit/s");
    }
}

fn sweep_lines(out: &Path) -> Vec<Value> {
    lines(&out.join("sweep.jsonl")).iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Every key that is listed can be set, and its own value changes nothing.
#[test]
fn the_listed_keys_with_their_values_are_the_scenario() {
    for scenario in
        [COORDINATES, "scenarios/dlpc-log-60s.toml", "scenarios/pi3-64-hosts.toml", "scenarios/custom-heat.toml"]
    {
        let listed = succeeds(dlpc_sim().args(["sweep", scenario, "--keys"]));
        let few = ["run.ranks", "run.replications"];
        let keys = listed.lines().filter_map(|line| line.split_once("  "));
        let same = keys.map(|(key, value)| (key.trim(), value.trim())).filter(|(_, value)| *value != "-");
        // A list, such as the speeds of hosts, is not one value; a kernel's cost that is set is known without an interval.
        let is_alike = |key: &str, value: &str| !value.contains(", ") && !key.starts_with("machine.kernels.");
        let same = same.filter(|(key, value)| !few.contains(key) && is_alike(key, value));
        let mut sets: Vec<String> = same.map(|(key, value)| format!("{key}={value}")).collect();
        assert!(sets.len() > 20, "{scenario}: {listed}");
        sets.extend(["run.ranks=2, 7".to_owned(), "run.replications=3".to_owned()]);
        let all: Vec<&str> = sets.iter().map(String::as_str).collect();
        let makespans = |sets: &[&str]| {
            let folder = empty_folder();
            succeeds(&mut sweep(scenario, sets, folder.path()));
            column(&std::fs::read_to_string(folder.path().join("sweep.csv")).expect("a file"), "makespan_s")
        };
        let (with_all, alone) = (makespans(&all), makespans(&all[all.len() - 2..]));
        assert_eq!(with_all, alone, "{scenario}");
    }
}

#[test]
fn what_another_sweep_has_computed_is_not_computed_again() {
    let folder = empty_folder();
    let replications = "run.replications=2";
    succeeds(&mut sweep(COUNT, &["run.seed=1..=4", "run.ranks=1, 4", replications], folder.path()));
    let Ended { code, stderr, .. } =
        run(&mut sweep(COUNT, &["run.ranks=2, 4", "run.seed=3..=5", replications], folder.path()));
    assert_eq!(code, 0, "{stderr}");
    // 3 seeds on 1, 2 and 4 ranks are 9 results; seeds 3 and 4 are there on 1 and 4 ranks. Point 0 is 2 ranks and seed 3.
    assert!(stderr.starts_with("4 of 9 results are in "), "{stderr}");
    assert!(stderr.ends_with("; to go: points 0 to 2, 5\n"), "{stderr}");
    assert_eq!(lines(&folder.path().join("sweep.csv")).len(), 1 + 6);
}

#[test]
fn a_sample_spreads_each_key_evenly_and_depends_on_its_seed() {
    let out = |seed: &str| {
        let folder = empty_folder();
        let sets = ["machine.hosts.pi.nic.bandwidth=100 Mbit/s..=1 Gbit/s", "run.ranks=1..=32", "run.replications=1"];
        let mut command = sweep(COUNT, &sets, folder.path());
        succeeds(command.args(["--samples", "16", "--seed", seed]));
        std::fs::read_to_string(folder.path().join("sweep.csv")).expect("a file")
    };
    let csv = out("1");
    // 16 parts of 32 rank counts: two rank counts each.
    let mut parts: Vec<u32> =
        column(&csv, "ranks").iter().map(|ranks| ranks.parse::<u32>().expect("a count").div_ceil(2)).collect();
    parts.sort_unstable();
    assert_eq!(parts, (1..=16).collect::<Vec<_>>());
    assert_eq!(csv, out("1"));
    assert_ne!(csv, out("2"));
}

#[test]
fn plots_are_well_formed_and_there_is_none_for_more_than_two_keys() {
    let ranks = "run.ranks=1, 2, 8";
    let replications = "run.replications=1";
    let placements = "run.placement=by-slot, by-node";
    let speeds = "machine.hosts.pi.speed=0.5..=2 log 3";
    for (sets, has_plot) in [
        (&[ranks, replications][..], true),
        (&["run.ranks=8", placements, replications], true),
        (&["run.ranks=8", speeds, replications], true),
        (&[ranks, placements, replications], true),
        (&["run.ranks=8", replications], false),
        (&[ranks, placements, speeds, replications], false),
    ] {
        let folder = empty_folder();
        succeeds(&mut sweep(COORDINATES, sets, folder.path()));
        let svg = folder.path().join("sweep.svg");
        assert_eq!(svg.exists(), has_plot, "{sets:?}");
        if has_plot {
            let text = std::fs::read_to_string(svg).expect("text");
            assert!(roxmltree::Document::parse(&text).is_ok() && !text.contains("NaN"), "{sets:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_keys_and_values_is_said_at_once() {
    let folder = empty_folder();
    let wrong = [
        "machine.link.bandwidth=100 Mbit/s",
        "run.rank=1",
        "machine.hosts.pie.count=3",
        "machine.hosts.pi.nic.bandwidth=100, 2 Gbits",
        "machine.hosts.pi.cores=1..4",
        "machine.hosts.pi.count=9..=3, x",
        "machine.messages.remote.segments[3].latency=1 us",
        "machine.messages.remote.segments=1 us",
        "machine.hosts.pi=1",
        "machine.switch.latency=1 us..=2 us",
        "machine.hosts.pi.speed=0..=2 log 3",
        "machine.kernels.setup=1 s..=2 s lin 1",
        "machine.provenance.mpi=x",
        "run.placement=by-slt",
        "run.oversubscribe=yes",
        "run.seed",
        "title=x",
        "workload.log_stream.items=3",
        "workload.pi.darts=1e6",
        "workload.pi.darts=10",
        "workload.pi.darts=20",
        "run.ranks[0]=3, 5",
        "run.placement=by-slot",
        "run.placement.order=by-node",
    ];
    let Ended { code, stdout, stderr } = run(&mut sweep(COUNT, &wrong, folder.path()));
    assert_eq!((code, stdout.as_str()), (3, ""));
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("wrong-sweep", stderr);
    });
    assert_eq!(contents(folder.path()).len(), 0);
}

#[test]
fn points_that_contradict_themselves_are_found_before_the_first_is_computed() {
    let folder = empty_folder();
    let Ended { code, stderr, .. } = run(&mut sweep(COUNT, &["run.ranks=30..=40"], folder.path()));
    assert_eq!(code, 3);
    assert!(stderr.contains(" --> --set (point 3):1:13") && stderr.contains("32 slots"), "{stderr}");
    assert!(stderr.contains("8 of 11 points are not valid"), "{stderr}");
    let Ended { code, stderr, .. } = run(&mut sweep(
        COUNT,
        &["run.seed=1..=1000", "run.ranks=1..=32", "machine.hosts.pi.count=8..=99"],
        folder.path(),
    ));
    assert_eq!(code, 3);
    assert!(stderr.contains("the sweep has 2944000 points, more than 1000000"), "{stderr}");
    assert_eq!(contents(folder.path()).len(), 0);
}

#[test]
fn two_sweeps_do_not_write_to_one_file() {
    let folder = empty_folder();
    let store = std::fs::File::create(folder.path().join(STORE)).expect("a file");
    store.lock().expect("a lock");
    let Ended { code, stderr, .. } = run(&mut sweep(COUNT, &["run.ranks=1"], folder.path()));
    assert_eq!(code, 2);
    assert!(stderr.contains("another sweep is writing"), "{stderr}");
}

/// The product of 500 x 500 numbers has an eighth of the work of that of 1000 x 1000, and no bytes that a rank alone would send.
#[test]
fn predict_takes_another_value_of_a_key() {
    let folder = empty_folder();
    let time = |sets: &[&str]| {
        let mut command = dlpc_sim();
        command
            .args(["predict", "scenarios/matrix-product.toml", "--set", "run.ranks=1..=2", "--out"])
            .arg(folder.path());
        succeeds(command.args(sets.iter().flat_map(|set| ["--set", set])));
        let csv = std::fs::read_to_string(folder.path().join("prediction.csv")).expect("a CSV");
        let times = column(&csv, "makespan_s");
        assert_eq!(times.len(), 2);
        times[0].parse::<f64>().expect("a number")
    };
    let (all, half) = (time(&[]), time(&["workload.custom.parameters.n=500"]));
    assert!((all / half - 8.0).abs() < 1e-6, "{all} and {half}");
}

#[test]
fn predict_wants_one_value_of_a_key_that_is_there() {
    let wrong = [
        ("workload.custom.parameters.n=500, 1000", "`workload.custom.parameters.n` has one value"),
        ("workload.custom.parameters.m=500", "did you mean `n`?"),
        ("workload.custom.parameters.n", "write KEY=VALUES"),
        ("workload.custom.parameters.t_flop=8 B", "`t_flop * 2 * n^2"),
    ];
    for (set, expected) in wrong {
        let Ended { code, stderr, .. } =
            run(dlpc_sim().args(["predict", "scenarios/matrix-product.toml", "--set", set]));
        assert_eq!(code, 3, "{stderr}");
        assert!(stderr.contains(expected), "{set}: {stderr}");
    }
}
