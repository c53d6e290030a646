//! Time and memory of whole commands, as users start them. `cargo bench --locked --bench commands`, with a word to run
//! only the commands whose names hold it. Mean something on a quiet machine; docs/performance.md has results.

#![expect(clippy::disallowed_types, reason = "it measures how long the program takes")]
#![expect(clippy::print_stdout, reason = "prints a table")]

mod schedule;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command, what it is called, how often it runs, and what it should take at most.
struct Case {
    name: &'static str,
    words: Vec<String>,
    n_runs: u32,
    target: Duration,
}

/// What one run took.
struct Cost {
    time: Duration,
    peak_kib: u64,
}

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    println!("{:<44} {:>10} {:>10} {:>10} {:>9}", "command", "fastest", "median", "target", "memory");
    for case in cases(folder.path()).into_iter().filter(|case| case.name.contains(&wanted)) {
        if case.name.starts_with("replay") {
            schedule::write(&folder.path().join(schedule::FILE)).expect("a file");
        }
        measure(&case);
    }
}

fn cases(folder: &Path) -> Vec<Case> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    std::fs::write(path("count.toml"), many_ranks("[workload.pi]\ndarts = 1_000_000_000\nreturns = \"count\"\n"))
        .expect("a file");
    let stream = |dispatch: &str| {
        many_ranks(&format!(
            "[workload.log_stream]\nitems = 20\ninterval = \"5 s\"\nfirst = \"5 s\"\nanalysis = \"60 s\"\npoll = \"1 s\"\n\
             dispatch = \"{dispatch}\"\n"
        ))
    };
    std::fs::write(path("rounds.toml"), stream("rounds")).expect("a file");
    std::fs::write(path("first-free.toml"), stream("first-free")).expect("a file");
    let predict = |scenario: &str, more: &str| {
        let words = format!("predict {scenario} --out {} {more}", path("output"));
        words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let case = |name, words, n_runs, seconds| Case { name, words, n_runs, target: Duration::from_secs_f64(seconds) };
    let replay = |more: &str| format!("replay {}{more}", path(schedule::FILE)).split(' ').map(str::to_owned).collect();
    vec![
        case("version", vec!["--version".to_owned()], 50, 0.02),
        case("help", vec!["--help".to_owned()], 50, 0.02),
        case("pi-count, 1,000 replications, 2 threads", predict(PI_COUNT, "--replications 1000 --threads 2"), 9, 0.5),
        case("pi-count to 65,536 ranks", predict(&path("count.toml"), ""), 3, 10.0),
        case("log_stream in rounds to 65,536 ranks", predict(&path("rounds.toml"), ""), 3, 10.0),
        case("log_stream first-free to 65,536 ranks", predict(&path("first-free.toml"), ""), 3, 10.0),
        case("replay of 10^7 operations", replay(""), 1, 60.0),
        case("replay of 10^7 operations, without a path", replay(" --no-critical-path"), 1, 60.0),
    ]
}

const PI_COUNT: &str = "scenarios/dlpc-pi-count.toml";

/// Returns a scenario of 17 powers of two, on Pi 3B.
fn many_ranks(workload: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let ranks: Vec<String> = (0..17).map(|bit| (1_u32 << bit).to_string()).collect();
    format!(
        "format = 1\ntitle = \"Many ranks\"\nmachine = \"{root}/models/dlpc-2020.toml\"\n\
         [machine_override.hosts.pi]\ncount = 16384\n\
         [run]\nranks = [{}]\nplacement = \"by-slot\"\nreplications = 1\nseed = 1\n{workload}",
        ranks.join(", ")
    )
}

fn measure(case: &Case) {
    let mut costs: Vec<Cost> = (0..case.n_runs).map(|_| run(&case.words)).collect();
    costs.sort_by_key(|cost| cost.time);
    let (fastest, median) = (&costs[0], &costs[costs.len() / 2]);
    let peak_kib = costs.iter().map(|cost| cost.peak_kib).max().unwrap_or(0);
    println!(
        "{:<44} {:>8.3} s {:>8.3} s {:>8.3} s {:>6} MB",
        case.name,
        fastest.time.as_secs_f64(),
        median.time.as_secs_f64(),
        case.target.as_secs_f64(),
        peak_kib * 1024 / 1_000_000
    );
}

/// Runs `dlpc-sim` to its end. Panics if it does not succeed: its time would mean nothing.
fn run(words: &[String]) -> Cost {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dlpc-sim"));
    command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the binary starts");
    let mut peak_kib = 0;
    loop {
        peak_kib = peak_kib.max(peak_of(&child));
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{words:?}: {status}");
            return Cost { time: start.elapsed(), peak_kib };
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Returns the most memory that a process has had so far, in KiB; 0 where the system does not say.
fn peak_of(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
