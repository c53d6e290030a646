//! Runs cases in a process of its own, which may use 1 GB of memory and a bounded time of a processor, and keeps the input
//! of each case that ends it.
//!
//! `DLPC_FUZZ_CASES=10000` asks for more cases, `DLPC_FUZZ_FIRST=4711` begins with another one.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Most memory of the process that runs the cases, in bytes.
const MEMORY_MAX: u64 = 1 << 30;
/// Cases of one process.
const BATCH: u64 = 500;
/// Most time of a processor for a batch, in seconds: what takes longer never ends.
const BATCH_SECONDS_MAX: u64 = 600;
/// Failures after which a hunt ends.
const FAILURES_MAX: usize = 20;

/// Cases of a child process, as `first..end`.
const CHILD: &str = "DLPC_FUZZ_CHILD";
/// File in which a child says which case it is at.
const PROGRESS: &str = "DLPC_FUZZ_PROGRESS";
const DONE: &str = "done";

/// Contents of the files of a case by path.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What is tried, and how.
pub(crate) struct Hunt {
    /// Name of the test with its module, as the test binary knows it.
    pub(crate) test: &'static str,
    /// Cases of an ordinary `cargo test`.
    pub(crate) n_short: u64,
    /// One in so many of the cases that `DLPC_FUZZ_CASES` asks for: cases that take long are rarer.
    pub(crate) one_in: u64,
    /// Makes the input of a case.
    pub(crate) make: fn(&mut ChaCha8Rng) -> Files,
    /// Panics if something is wrong.
    pub(crate) check: fn(&Files),
}

/// A case that ended its process.
struct Failure {
    case: u64,
    why: String,
}

impl Hunt {
    /// Tries all cases, and panics with those that failed.
    pub(crate) fn run(&self) {
        let failures = self.failures();
        assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
    }

    /// Returns the cases that failed; in a child process it only tries them.
    fn failures(&self) -> Vec<String> {
        let (Ok(cases), Some(progress)) = (env::var(CHILD), env::var_os(PROGRESS)) else {
            return self.all_of(self.asked_for());
        };
        self.try_all(range(&cases), Path::new(&progress));
        Vec::new()
    }

    fn files(&self, case: u64) -> Files {
        (self.make)(&mut ChaCha8Rng::seed_from_u64(case))
    }

    fn try_all(&self, cases: Range<u64>, progress: &Path) {
        limit();
        for case in cases {
            fs::write(progress, case.to_string()).expect("the progress file");
            (self.check)(&self.files(case));
        }
        fs::write(progress, DONE).expect("the progress file");
    }

    fn all_of(&self, cases: Range<u64>) -> Vec<String> {
        let mut failures = Vec::new();
        let mut next = cases.start;
        while next < cases.end && failures.len() < FAILURES_MAX {
            let batch = next..(next + BATCH).min(cases.end);
            next = batch.end;
            if let Some(failure) = self.child(batch) {
                next = failure.case + 1;
                failures.push(self.kept(&failure));
            }
        }
        failures
    }

    fn asked_for(&self) -> Range<u64> {
        let asked =
            |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{name}={text}")));
        let first = asked("DLPC_FUZZ_FIRST").unwrap_or(0);
        let n = asked("DLPC_FUZZ_CASES").map_or(self.n_short, |n| n.div_ceil(self.one_in));
        first..first + n
    }

    /// Runs cases in a process of their own; returns the one that ended it.
    fn child(&self, cases: Range<u64>) -> Option<Failure> {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let progress = folder.path().join("progress");
        let output = Command::new(env::current_exe().expect("the test binary"))
            .args(["--exact", self.test, "--nocapture", "--test-threads=1"])
            .env(CHILD, format!("{}..{}", cases.start, cases.end))
            .env(PROGRESS, &progress)
            .env("TMPDIR", folder.path())
            .env("RAYON_NUM_THREADS", "1")
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("the test binary runs");
        let at = fs::read_to_string(&progress).unwrap_or_default();
        if at == DONE && output.status.success() {
            return None;
        }
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let case = at.parse().unwrap_or_else(|_| panic!("{} tried no case: {text}", self.test));
        Some(Failure { case, why: format!("{}: {}", output.status, reason(&text)) })
    }

    /// Writes the input of a case into `target/fuzz-failures` and says how to try it again.
    fn kept(&self, failure: &Failure) -> String {
        let Failure { case, why } = failure;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("target/fuzz-failures").join(self.test.replace("::", "-")).join(case.to_string());
        for (path, contents) in self.files(*case) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, contents).expect("a file");
        }
        let again = format!("DLPC_FUZZ_FIRST={case} DLPC_FUZZ_CASES=1 cargo test --test fuzz {}", self.test);
        format!("case {case}: {why}\n  its input is in {}\n  again: {again}", folder.display())
    }
}

fn range(text: &str) -> Range<u64> {
    let (first, end) = text.split_once("..").expect("a range");
    first.parse().expect("a number")..end.parse().expect("a number")
}

/// Limits this process and those that it starts.
fn limit() {
    let limits = [(Resource::As, MEMORY_MAX), (Resource::Cpu, BATCH_SECONDS_MAX), (Resource::Core, 0)];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).expect("a limit can be lowered");
    }
}

/// Returns the lines that say why a test process ended.
fn reason(text: &str) -> String {
    let is_noise = |line: &&str| {
        let starts = ["running ", "test ", "failures:", "note: ", "error: test failed"];
        line.trim().is_empty() || starts.iter().any(|start| line.starts_with(start))
    };
    // What a test prints first stands behind its name.
    let text = text.replace(" ... ", "\n");
    let lines: Vec<&str> = text.lines().filter(|line| !is_noise(line)).take(12).collect();
    lines.join("\n  ")
}

/// Tries the cases 0 to 4, of which one fails, and returns what is said of it.
fn the_failure(test: &'static str, check: fn(&Files)) -> Option<String> {
    let make = |rng: &mut ChaCha8Rng| {
        let n = (0..5).find(|n| ChaCha8Rng::seed_from_u64(u64::from(*n)) == *rng).expect("one of five cases");
        [(PathBuf::from("n"), vec![n])].into()
    };
    let hunt = Hunt { test, n_short: 5, one_in: u64::MAX, make, check };
    if env::var_os(CHILD).is_some() { hunt.failures().pop() } else { hunt.all_of(0..5).pop() }
}

#[test]
fn a_case_that_panics_is_found() {
    let check = |files: &Files| assert_ne!(files[Path::new("n")][0], 3, "three");
    let failure = the_failure("hunt::a_case_that_panics_is_found", check);
    assert!(env::var_os(CHILD).is_some() || failure.is_some_and(|text| text.starts_with("case 3: exit status: 101")));
}

#[test]
fn a_case_that_takes_too_much_memory_is_found() {
    let check = |files: &Files| {
        let n = usize::from(files[Path::new("n")][0] == 2) << 30;
        assert_eq!(std::hint::black_box(vec![1_u8; n]).len(), n);
    };
    let failure = the_failure("hunt::a_case_that_takes_too_much_memory_is_found", check);
    assert!(env::var_os(CHILD).is_some() || failure.is_some_and(|text| text.starts_with("case 2: signal: 6")));
}
