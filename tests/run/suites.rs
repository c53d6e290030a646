//! The test programs of MPICH on virtual ranks. `.ci/mpi-suites` brings them; `make mpi-suites` runs all of them, the tests
//! of every day a sample.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dlpc_hardware::virtual_ranks::{self, Play, PlayError};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;

use crate::support::{empty_folder, root};

/// Folders of MPICH's test programs.
const FOLDERS: [&str; 9] = ["pt2pt", "coll", "comm", "datatype", "group", "attr", "errhan", "topo", "init"];

/// One line of a list of tests.
#[derive(Debug, Clone)]
struct Case {
    folder: &'static str,
    program: String,
    n_ranks: u32,
    arguments: Vec<String>,
    /// Whether MPICH itself does not pass it.
    is_expected_to_fail: bool,
    /// `TestStatus`: an exit code that is no success; `TestErrFatal`: the program is ended.
    is_ended: bool,
}

impl Case {
    /// Reads a line: program, ranks, then words like `arg=-x`; none where it needs more memory than a test may take.
    fn read(folder: &'static str, line: &str) -> Option<Self> {
        let line = line.trim();
        let mut words = line.split_whitespace().filter(|word| !line.starts_with('#') && !word.starts_with("test/"));
        let program =
            words.next()?.strip_prefix("@largetest@").map_or_else(|| line.split_whitespace().next(), |_| None)?;
        let n_ranks = words.next()?.parse().ok()?;
        let rest: Vec<&str> = words.collect();
        let value = |word: &&str, key: &str| word.strip_prefix(key).map(str::to_owned);
        let memory = rest.iter().find_map(|word| value(word, "mem=")).and_then(|gb| gb.parse::<f64>().ok());
        (memory.is_none_or(|gb| gb < 2.0)).then(|| Self {
            folder,
            program: program.to_owned(),
            n_ranks,
            arguments: rest.iter().filter_map(|word| value(word, "arg=")).collect(),
            is_expected_to_fail: rest.iter().any(|word| word.starts_with("xfail=")),
            is_ended: rest.iter().any(|word| word.starts_with("resultTest=")),
        })
    }

    fn name(&self) -> String {
        let words = [self.n_ranks.to_string()].into_iter().chain(self.arguments.iter().cloned());
        format!("{}/{} {}", self.folder, self.program, words.collect::<Vec<_>>().join(" "))
    }
}

fn suites() -> PathBuf {
    env::var_os("DLPC_TEST_MPI_SUITES").map_or_else(|| root().join("target/mpi-suites"), PathBuf::from)
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for folder in FOLDERS {
        let place = suites().join("mpich").join(folder);
        let list = ["testlist", "testlist.in"].iter().find_map(|name| fs::read_to_string(place.join(name)).ok());
        // The same with other settings of MPICH is the same here.
        for case in list.unwrap_or_default().lines().filter_map(|line| Case::read(folder, line)) {
            if !cases.iter().any(|known| known.name() == case.name()) {
                cases.push(case);
            }
        }
    }
    cases
}

/// A cluster whose hosts take any number of ranks.
fn experiment(n_ranks: u32) -> Experiment {
    let scenario = root().join("tests/run/suites.toml");
    let text = format!(
        "format = 1\ntitle = \"A test\"\nmachine = \"star.toml\"\n[run]\nranks = \"{n_ranks}\"\noversubscribe = true\n\
         [[workload.custom.phases]]\nbarrier = {{}}\n"
    );
    let read = |path: &Path| if path == scenario { Ok(text.clone().into_bytes()) } else { fs::read(path) };
    input::load_experiment(&scenario, &read).unwrap_or_else(|problems| panic!("the machine of the tests: {problems:?}"))
}

/// Runs a program; returns what it has printed, or why it did not come to its end.
fn run(command: &[String], n_ranks: u32, time_limit: Duration) -> Result<String, String> {
    let folder = empty_folder();
    let printed = folder.path().join("printed");
    let shell = format!("cd {} && ulimit -t 20 && exec \"$@\" >>{} 2>&1", folder.path().display(), printed.display());
    let words = ["sh", "-c", &shell, "sh"].into_iter().map(str::to_owned).chain(command.iter().cloned());
    let experiment = experiment(n_ranks);
    let Experiment { scenario, machine, .. } = &experiment;
    let names = machine.host_names();
    let hosts = prediction::hosts_of_ranks(scenario, n_ranks);
    let play = Play {
        command: words.map(Into::into).collect(),
        hosts: hosts.iter().map(|host| names[host.0 as usize].clone()).collect(),
        scale: 1.0,
        overrides: machine.collectives,
        time_limit,
        prints_to_stderr: true,
    };
    let mut simulate = |program: &mut _| prediction::rehearse(scenario, machine, program, n_ranks);
    let ended = virtual_ranks::run(&play, Arc::new(|| false), &mut simulate);
    let text = fs::read(&printed).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match ended {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{}\n{text}", first_lines(&error))),
    }
}

fn first_lines(error: &PlayError) -> String {
    error.to_string().lines().take(4).collect::<Vec<_>>().join(" | ")
}

/// Returns what is wrong, if anything is.
fn failure(case: &Case) -> Option<String> {
    let program = suites().join("mpich").join(case.folder).join(&case.program);
    if !program.exists() {
        return Some("it was not compiled".to_owned());
    }
    let command: Vec<String> =
        std::iter::once(program.display().to_string()).chain(case.arguments.iter().cloned()).collect();
    match run(&command, case.n_ranks, Duration::from_mins(1)) {
        Ok(_) if case.is_ended => Some("it was to be ended".to_owned()),
        Ok(text) if ["No Errors", "No errors", "Test passed"].iter().any(|word| text.contains(word)) => None,
        Ok(text) => Some(format!("it prints {:?}", text.chars().take(400).collect::<String>())),
        Err(_) if case.is_ended => None,
        Err(why) => Some(why.chars().take(600).collect()),
    }
}

/// Reads which programs are not passed, and why: `folder/program: reason`.
fn left_out(file: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/run").join(file)).expect("the list");
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let (name, reason) = line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
        (name.to_owned(), reason.to_owned())
    })
    .collect()
}

/// Runs cases; prints those that fail and are not listed, and those that are listed and do not fail.
fn check(cases: &[Case]) {
    let listed = left_out("mpich-left-out.txt");
    let (mut wrong, mut n_passed, mut failing) = (Vec::new(), 0, BTreeMap::new());
    for case in cases {
        let key = format!("{}/{}", case.folder, case.program);
        let failure = failure(case);
        println!("{}: {}", case.name(), failure.as_deref().unwrap_or("passed").replace('\n', " / "));
        n_passed += usize::from(failure.is_none());
        let is_known = listed.contains_key(&key) || case.is_expected_to_fail;
        *failing.entry(key).or_insert(false) |= failure.is_some();
        if let Some(why) = failure.filter(|_| !is_known) {
            wrong.push(format!("{}: {why}", case.name()));
        }
    }
    let too_many = listed.keys().filter(|key| failing.get(*key) == Some(&false)).cloned();
    wrong.extend(too_many.map(|key| format!("{key} passes: take it off tests/run/mpich-left-out.txt")));
    println!("{n_passed} of {} runs are passed", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn programs_of_mpich_find_no_errors() {
    let wanted = env::var("DLPC_SIM_MPI_SUITES").unwrap_or_default();
    if !suites().join("mpich/util/libmtest.la").exists() {
        println!("LEFT OUT: MPICH's test programs: `make mpi-suites` brings them");
        return;
    }
    let all = cases();
    let sample = fs::read_to_string(root().join("tests/run/mpich-sample.txt")).expect("the sample");
    let is_chosen = |case: &&Case| match wanted.as_str() {
        "" => sample.lines().any(|line| line == case.name()),
        "1" => true,
        words => case.name().contains(words),
    };
    check(&all.iter().filter(is_chosen).cloned().collect::<Vec<_>>());
}
