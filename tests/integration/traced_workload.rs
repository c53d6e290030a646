//! Traced programs as workloads: as long as `SimGrid` says, and what is wrong with scenarios that name traces.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;
use dlpc_predict::sweep::point_key::point_key;

use crate::support::us;

/// What `SimGrid` 3.32 (`smpirun -replay`, options as in benches/peers) took for the traces of scenarios/traces/jacobi.c on
/// the star of benches/peers, without their lines from and to -333, which it does not replay.
const SIMGRID_S: [(u32, f64); 3] = [(4, 0.159_241), (16, 0.087_691), (64, 0.070_618)];

/// Files by name; others are those of the project.
type Files<'f> = BTreeMap<&'f str, String>;

fn load(files: &Files<'_>) -> Result<Experiment, Diagnostics> {
    let read = |path: &Path| match path.to_str().and_then(|name| files.get(name)) {
        Some(text) => Ok(text.clone().into_bytes()),
        None => std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)),
    };
    let read: input::Read<'_> = &|path: &Path| -> io::Result<Vec<u8>> { read(path) };
    input::load_experiment(Path::new("scenario.toml"), read)
}

/// A scenario of these rank counts and runs on the star, with as many hosts as ranks.
fn scenario(ranks: &str, runs: &str) -> String {
    format!(
        "format = 1\ntitle = \"t\"\nmachine = \"benches/peers/traces/star.toml\"\n[run]\nranks = {ranks}\n\
         [workload.trace]\ncore_speed = \"1 Gflop/s\"\nruns = {runs}\n[machine_override.hosts.host]\ncount = 64\n"
    )
}

fn with(ranks: &str, runs: &str, files: &[(&'static str, &str)]) -> Result<Experiment, Diagnostics> {
    let mut all: Files<'static> = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    all.insert("scenario.toml", scenario(ranks, runs));
    load(&all)
}

fn makespan(experiment: &Experiment, n_ranks: u32) -> SimDuration {
    let Experiment { scenario, machine, .. } = experiment;
    let trace = prediction::simulate_once(scenario, machine, n_ranks, 0, Recording::Off).unwrap();
    trace.makespan - SimTime::ZERO
}

#[test]
fn a_jacobi_with_borders_ends_when_simgrid_ends_it() {
    let run = |ranks: &u32| format!("{{ ranks = {ranks}, file = \"scenarios/traces/jacobi-{ranks}.txt.gz\" }}");
    let runs = SIMGRID_S.iter().map(|(ranks, _)| run(ranks)).collect::<Vec<_>>().join(", ");
    let experiment = with("[4, 16, 64]", &format!("[{runs}]"), &[]).unwrap_or_else(|error| panic!("{error}"));
    for (ranks, simgrid_s) in SIMGRID_S {
        let difference = makespan(&experiment, ranks).as_seconds() / simgrid_s - 1.0;
        assert!(difference.abs() < 0.01, "{ranks} ranks: {:.3} %", 100.0 * difference);
    }
}

const TWO: &str = "0 init\n1 init\n0 compute 3e6\n1 compute 4e6\n0 send 1 7 1250000 6\n1 recv 0 7 1250000 6";

#[test]
fn one_rank_does_all_computing_where_no_run_on_one_rank_was_traced() {
    let experiment = with("2", "[{ ranks = 2, file = \"two\" }]", &[("two", TWO)]).unwrap();
    // 7e6 operations at 1 Gflop/s
    assert_eq!(makespan(&experiment, 1), us(7000));
    // The receiver computes until 4 ms. Then the answer to the request, the data of 1.25 MB at 12.5 MB/s, and a latency of 50
    // us for each: 4 + 0.05 + 100 + 0.05 ms.
    assert_eq!(makespan(&experiment, 2), us(104_100));
    let one = "0 compute 5e6";
    let runs = "[{ ranks = 1, file = \"one\" }, { ranks = 2, file = \"two\" }]";
    let experiment = with("[1, 2]", runs, &[("one", one), ("two", TWO)]).unwrap();
    assert_eq!(makespan(&experiment, 1), us(5000));
}

#[test]
fn a_list_is_looked_up_beside_itself_and_its_files_beside_it() {
    let files = [
        ("runs/list", "elsewhere/two_files/0\nelsewhere/two_files/1"),
        ("runs/two_files/0", "0 compute 3e6"),
        ("runs/two_files/1", "1 compute 4e6"),
    ];
    let experiment = with("2", "[{ ranks = 2, file = \"runs/list\" }]", &files).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(makespan(&experiment, 2), us(4000));
}

fn problem(ranks: &str, runs: &str, files: &[(&'static str, &str)]) -> String {
    let diagnostics = with(ranks, runs, files).expect_err("a problem");
    let problems = diagnostics.problems();
    let place = |file| PathBuf::from(diagnostics.path(file)).display().to_string();
    let said = problems.iter().map(|p| format!("{} {}: {}", place(p.span.file), p.code, p.message));
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_wrong_with_traces_is_said_at_its_place() {
    let two = [("two", TWO)];
    let run = "[{ ranks = 2, file = \"two\" }]";
    let said = [
        problem("[2, 3]", run, &two),
        problem("3", "[{ ranks = 3, file = \"two\" }]", &two),
        problem("2", "[{ ranks = 2, file = \"two\" }, { ranks = 2, file = \"two\" }]", &two),
        problem("2", run, &[("two", "0 init\n1 send 7 8")]),
        problem("2", run, &[("two", "num_ranks 1\nrank 0 {\n}\n")]),
        problem("2", "[{ ranks = 2, file = \"no-such-file\" }]", &[]),
    ];
    assert_eq!(
        said,
        [
            "scenario.toml scenario::unknown_ranks: `run.ranks` has 3, but the workload has no trace of so many ranks",
            "scenario.toml scenario::trace_ranks: the trace has 2 ranks, not 3",
            "scenario.toml scenario::trace_twice: there are two traces of 2 ranks",
            "two trace::unknown_rank: there is no rank 7",
            "scenario.toml scenario::trace: `two` is a schedule, not a trace",
            "scenario.toml scenario::trace: cannot read `no-such-file`: there is no such file",
        ]
    );
}

#[test]
fn a_result_of_a_sweep_depends_on_what_the_trace_says() {
    let key = |text: &str| {
        let experiment = with("2", "[{ ranks = 2, file = \"two\" }]", &[("two", text)]).unwrap();
        let Experiment { effective_scenario, effective_machine, scenario, .. } = &experiment;
        point_key(effective_scenario, effective_machine, scenario, 2)
    };
    assert_eq!(key(TWO), key(TWO));
    assert_ne!(key(TWO), key(&TWO.replace("3e6", "2e6")));
}
