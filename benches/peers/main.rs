//! This simulator and `SimGrid` side by side, in one run and on one platform: how fast they are, and whether they agree.
//!
//! `make peers`, or `cargo bench --locked --bench peers -- [agreement] [patterns] [PATTERN...] [replay]`. Every run is a
//! process of its own; what is compared is the time from its start to its end, the fastest of three (of fewer, if one takes
//! seconds). docs/performance.md has results.

#![expect(clippy::disallowed_types, reason = "it measures how long the program takes")]
#![expect(clippy::print_stdout, reason = "prints tables")]

mod agreement;
mod child;
mod ours;
mod simgrid;

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::child::Run;
use crate::simgrid::SimGrid;

/// Seconds after which a run of `SimGrid` is given up.
const LIMIT_S: u32 = 60;
/// Runs of each program.
const TIMES: u32 = 3;
/// Largest relative difference of simulated times.
const DIFFERENCE_MAX: f64 = 0.01;

const PATTERNS: [(&str, u32); 5] =
    [("gather", 4096), ("gather", 16_384), ("dissemination", 16_384), ("alltoall", 1024), ("ring", 512)];
/// Ranks of the barrier as an SMPI program.
const SMPI_RANKS: u32 = 2048;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [first, pattern, n_ranks] = &arguments[..]
        && first == "ours"
    {
        ours::run(pattern, n_ranks.parse().expect("a number of ranks"));
        return ExitCode::SUCCESS;
    }
    let Some(simgrid) = SimGrid::build() else {
        println!("LEFT OUT: SimGrid is not installed; benches/peers/setup installs it");
        return ExitCode::SUCCESS;
    };
    let is_wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    if arguments.iter().any(|argument| argument == "fixture") {
        fixture(&simgrid);
        return ExitCode::SUCCESS;
    }
    println!("SimGrid {}, its corrections for TCP off; times are from start to end of the process", simgrid.version);
    if is_wanted("agreement") && !agree(&simgrid) {
        return ExitCode::FAILURE;
    }
    compare_patterns(&simgrid, |name| is_wanted("patterns") || is_wanted(name));
    if is_wanted("replay") {
        compare_replays(&simgrid);
    }
    ExitCode::SUCCESS
}

fn compare_patterns(simgrid: &SimGrid, is_wanted: impl Fn(&str) -> bool) {
    println!(
        "\n{:<24} {:>7} {:>9} {:>10} {:>10} {:>7} {:>13} {:>11} {:>9} {:>9}",
        "pattern",
        "ranks",
        "messages",
        "SimGrid",
        "dlpc-sim",
        "ratio",
        "SimGrid sim.",
        "difference",
        "SimGrid",
        "dlpc-sim"
    );
    for (pattern, n_ranks) in PATTERNS.into_iter().filter(|(pattern, _)| is_wanted(pattern)) {
        print_row(&format!("{pattern}, S4U"), n_ranks, &simgrid.pattern(pattern, n_ranks), &ours(pattern, n_ranks));
    }
    if is_wanted("barrier") {
        print_row("barrier, SMPI", SMPI_RANKS, &simgrid.smpi_barrier(SMPI_RANKS), &ours("barrier", SMPI_RANKS));
    }
}

/// Replays a trace with both and prints when the program ends.
fn compare_replays(simgrid: &SimGrid) {
    const RANKS: u32 = 8;
    let trace = file("traces/heat.txt");
    let mut ours = Command::new(env!("CARGO_BIN_EXE_dlpc-sim"));
    ours.args(["replay", "--core-speed", "1 Gflop/s", "--format", "json", "--machine"]);
    ours.arg(file("traces/star.toml")).arg(&trace);
    let (theirs, their_wall_s) = child::output(&simgrid.replay(&trace, RANKS), LIMIT_S).expect("within the limit");
    let (ours, our_wall_s) = child::output(&ours, LIMIT_S).expect("within the limit");
    let number_after = |text: &str, key: &str| -> f64 {
        let rest = text.split_once(key).unwrap_or_else(|| panic!("no {key} in\n{text}")).1;
        let number = rest.split(|c: char| c.is_whitespace() || c == ',').find(|word| !word.is_empty());
        number.and_then(|number| number.parse().ok()).expect("a number")
    };
    let theirs = number_after(&theirs, "Simulation time ");
    let ours = number_after(&ours, "\"makespan_s\":");
    println!(
        "\nreplay of traces/heat.txt, {RANKS} ranks: smpi_replay {theirs:.6} s in {their_wall_s:.3} s, dlpc-sim {ours:.6} s in \
         {our_wall_s:.3} s, difference {:.4} %",
        100.0 * (ours / theirs - 1.0)
    );
}

fn ours(pattern: &str, n_ranks: u32) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["ours", pattern, &n_ranks.to_string()]);
    command
}

fn print_row(name: &str, n_ranks: u32, theirs: &Command, ours: &Command) {
    let ours = child::fastest(ours, LIMIT_S, TIMES).expect("a run within the limit");
    let Some(theirs) = child::fastest(theirs, LIMIT_S, TIMES) else {
        println!("{name:<24} {n_ranks:>7} {:>9}   > {LIMIT_S} s {:>8.3} s", ours.n_messages, ours.wall_s);
        return;
    };
    assert_eq!(theirs.n_messages, ours.n_messages, "both must do the same work");
    let ratio = theirs.wall_s / ours.wall_s;
    let difference = 100.0 * (ours.simulated_s / theirs.simulated_s - 1.0);
    let [their_mb, our_mb] = [theirs, ours].map(|run: Run| run.peak_kb / 1024);
    println!(
        "{name:<24} {n_ranks:>7} {:>9} {:>8.3} s {:>8.3} s {ratio:>6.1}x {:>11.6} s {difference:>9.3} % {their_mb:>6} MB {our_mb:>6} MB",
        ours.n_messages, theirs.wall_s, ours.wall_s, theirs.simulated_s
    );
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// Compares the ends of the flows of each configuration; returns whether all agree.
fn agree(simgrid: &SimGrid) -> bool {
    let path = file("agreement.txt");
    println!(
        "\n{:<56} {:>5} {:>14} {:>14} {:>12}",
        "configuration", "flows", "SimGrid ends", "dlpc-sim ends", "most apart"
    );
    let mut do_agree = true;
    for configuration in agreement::read(&std::fs::read_to_string(&path).expect("a file")) {
        let (csv, _) = child::output(&simgrid.flows(&path, &configuration.name), LIMIT_S).expect("within the limit");
        let (theirs, ours) = (agreement::finish_of_simgrid(&csv, &configuration.name), configuration.finish_s());
        let difference = agreement::largest_difference(&ours, &theirs);
        let last = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
        println!(
            "{:<56} {:>5} {:>12.6} s {:>12.6} s {:>10.6} %",
            configuration.name,
            ours.len(),
            last(&theirs),
            last(&ours),
            100.0 * difference
        );
        do_agree &= difference <= DIFFERENCE_MAX;
    }
    println!(
        "{}",
        if do_agree { "all flows end within 1 % of SimGrid's" } else { "FAILED: a flow ends more than 1 % apart" }
    );
    do_agree
}

/// Prints `SimGrid`'s times as they are stored in simgrid-3.32.csv.
fn fixture(simgrid: &SimGrid) {
    let command = simgrid.flows(Path::new("agreement.txt"), "CONFIGURATION");
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    println!(
        "# When flows end in SimGrid {}, made by `cargo bench --locked --bench peers -- fixture`:",
        simgrid.version
    );
    println!("# flows {}", arguments.join(" "));
    println!("configuration,flow,finish_s");
    for path in [file("agreement.txt"), file("differences.txt")] {
        for configuration in agreement::read(&std::fs::read_to_string(&path).expect("a file")) {
            let (csv, _) =
                child::output(&simgrid.flows(&path, &configuration.name), LIMIT_S).expect("within the limit");
            print!("{csv}");
        }
    }
}
