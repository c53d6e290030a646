//! C programs, compiled for MPICH.

use crate::stand::{Stand, programs};
use crate::support::{self, dlpc_sim};

/// Runs a program of `programs.c`, which checks its own results; returns what is printed.
fn run(stand: &Stand, arguments: &[&str], words: &[&str]) -> Option<String> {
    let ended = stand.run(arguments, programs()?, words);
    assert_eq!(ended.code, 0, "{words:?}: {}\n{}", ended.stdout, ended.stderr);
    let warnings: Vec<&str> = ended.stderr.split("warning: ").skip(1).collect();
    let expected = ["CPU times of the", "from any source", "the program times itself", "by its clock on rank 0"];
    let is_expected = |warning: &&str| expected.iter().any(|part| warning.contains(part));
    assert!(ended.stderr.starts_with("warning: ") && warnings.iter().all(is_expected), "{words:?}: {}", ended.stderr);
    assert!(warnings[0].contains("CPU times of the recording count"), "{}", ended.stderr);
    Some(ended.stdout)
}

/// Returns the column of a prediction.
fn column(stand: &Stand, name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(stand.path("prediction.csv")).expect("a prediction");
    let mut lines = text.lines();
    let place = lines.next().expect("a header").split(',').position(|column| column == name).expect("the column");
    lines.map(|line| line.split(',').nth(place).expect("a cell").parse().expect("a number")).collect()
}

/// 125,000 B are 10^6 bit, which take 10 ms at 100 Mbit/s; there and back 20 ms. What the program computes counts a millionth.
#[test]
fn the_program_is_told_the_time_of_the_cluster() {
    let stand = Stand::new();
    let Some(printed) = run(&stand, &["--ranks", "2", "--scale", "0.000001"], &["ping"]) else { return };
    assert_eq!(printed.lines().next(), Some("0.020000"), "{printed}");
    let [makespan] = column(&stand, "makespan_s")[..] else { panic!("one rank count") };
    assert!((makespan - 0.02).abs() < 1e-5, "{makespan}");
}

/// All work but the start of the program is divided, so on four ranks it takes about a fourth of the time on one; how long the same
/// work takes here differs by tens of per cent from run to run.
#[test]
fn darts_are_thrown_in_less_time_on_more_ranks() {
    let stand = Stand::new();
    let Some(printed) = run(&stand, &["--ranks", "1,2,4", "--scale", "1000"], &["pi"]) else { return };
    assert!(printed.contains("speedup"), "{printed}");
    let makespans = column(&stand, "makespan_s");
    assert!(makespans[2] < makespans[0] && makespans[0] < 16.0 * makespans[2], "{makespans:?}");
}

#[test]
fn a_recording_is_predicted_to_the_same_bytes_every_time() {
    let stand = Stand::new();
    if run(&stand, &["--ranks", "1..=4", "--scale", "2"], &["farm"]).is_none() {
        return;
    }
    let first = std::fs::read(stand.path("prediction.csv")).expect("a prediction");
    for out in ["again", "once-more"] {
        let scenario = stand.path("scenario.toml");
        assert_eq!(support::run(dlpc_sim().arg("predict").arg(scenario).arg("--out").arg(stand.path(out))).code, 0);
        assert_eq!(std::fs::read(stand.path(out).join("prediction.csv")).expect("a prediction"), first);
    }
    assert_eq!(
        support::run(dlpc_sim().arg("explain").arg(stand.path("scenario.toml")).arg("--out").arg(stand.path("why")))
            .code,
        0
    );
}

#[test]
fn a_scenario_asks_for_rank_counts_that_were_recorded() {
    let stand = Stand::new();
    if run(&stand, &["--ranks", "2", "--scale", "2"], &["pi"]).is_none() {
        return;
    }
    let text = std::fs::read_to_string(stand.path("scenario.toml")).expect("a scenario");
    std::fs::write(stand.path("scenario.toml"), text.replace("ranks = \"2\"", "ranks = \"1..=3\"")).expect("a file");
    let ended = support::run(dlpc_sim().arg("predict").arg(stand.path("scenario.toml")));
    assert_eq!(ended.code, 3);
    assert!(
        ended.stderr.contains("`run.ranks` has 3, but the workload has no recording of so many ranks"),
        "{}",
        ended.stderr
    );
}

/// Three sleeps of 20, 10 and 30 minutes, side by side on all ranks: 3600 s, and what the calls compute.
#[test]
fn an_hour_of_sleep_is_an_hour_of_the_cluster_only() {
    let stand = Stand::new();
    if run(&stand, &["--ranks", "3", "--scale", "1"], &["hour"]).is_none() {
        return;
    }
    let [makespan] = column(&stand, "makespan_s")[..] else { panic!("one rank count") };
    assert!((3600.0..3601.0).contains(&makespan), "{makespan}");
}

#[test]
fn who_asks_first_gets_the_next_task() {
    run(&Stand::new(), &["--ranks", "1..=4", "--scale", "1"], &["farm"]);
}

#[test]
fn every_way_to_wait_gives_the_data_that_were_sent() {
    run(&Stand::new(), &["--ranks", "1..=4", "--scale", "1"], &["started"]);
}

#[test]
fn every_collective_gives_its_result() {
    let arguments = ["--ranks", "1..=8", "--scale", "1", "--oversubscribe"];
    run(&Stand::new(), &arguments, &["collectives"]);
}

/// Whatever the program takes here, it took 100 s on one rank there, and a tenth of a per cent more or less than a half and a
/// fourth of that on two and four. What is predicted is at most the error of one factor off.
#[test]
fn the_factor_is_fitted_to_runs_and_results_say_so() {
    let stand = Stand::new();
    let runs = stand.path("runs.csv");
    std::fs::write(&runs, "ranks,seconds\n1,100\n2,50.05\n4,24.98\n").expect("a file");
    let arguments = ["--ranks", "1,2,4", "--runs", &runs.display().to_string(), "--fit-ranks", "1,2"];
    if run(&stand, &arguments, &["pi"]).is_none() {
        return;
    }
    let scenario = std::fs::read_to_string(stand.path("scenario.toml")).expect("a scenario");
    assert!(scenario.contains("scale_source = \"a fit to runs.csv on 1, 2 ranks"), "{scenario}");
    assert!(scenario.contains("scale_interval = ["), "{scenario}");
    let result = std::fs::read_to_string(stand.path("prediction.json")).expect("a prediction");
    assert!(result.contains("by a fit to runs.csv on 1, 2 ranks"), "{result}");
    let source = format!("{}={}", stand.path("scenario.toml").display(), runs.display());
    let fitted = stand.path("fitted.toml");
    let fit = |out: &std::path::Path| dlpc_sim_fit(&source, out);
    assert_eq!(fit(&fitted).code, 0, "{}", fit(&fitted).stderr);
    let text = std::fs::read_to_string(&fitted).expect("a scenario");
    assert!(text.contains("a fit to runs.csv on 1, 2, 4 ranks"), "{text}");
    assert_eq!(support::run(dlpc_sim().arg("predict").arg(&fitted).arg("--out").arg(stand.path("again"))).code, 0);
    let elsewhere = fit(&stand.path("there").join("fitted.toml"));
    assert_eq!(elsewhere.code, 2, "{}", elsewhere.stderr);
    assert!(elsewhere.stderr.contains("is not beside"), "{}", elsewhere.stderr);
}

fn dlpc_sim_fit(source: &str, out: &std::path::Path) -> support::Ended {
    support::run(dlpc_sim().args(["calibrate", "--from-runs", source, "--out"]).arg(out))
}

/// Recursive doubling on four ranks: two rounds in which each rank sends 10^6 bit and receives as many, 10 ms each at 100 Mbit/s. The first
/// one goes on while all sleep for 15 ms, the second one starts when they wait: 15 + 10 ms. A test after 12 ms starts it then: it is over
/// at 22 ms, before they wake up at 24 ms. What is computed counts a millionth.
#[test]
fn a_collective_goes_on_in_rounds_that_start_in_calls() {
    for (word, expected) in [("beside", "0.025000"), ("beside-tested", "0.024000")] {
        let stand = Stand::new();
        let Some(printed) = run(&stand, &["--ranks", "4", "--scale", "0.000001"], &[word]) else { return };
        // On one rank, which is run first, there is nothing to send.
        assert_eq!(printed.lines().nth(1), Some(expected), "{word}: {printed}");
        let makespans = column(&stand, "makespan_s");
        let seconds: f64 = expected.parse().expect("a number");
        assert!(makespans.last().is_some_and(|last| (last - seconds).abs() < 1e-5), "{word}: {makespans:?}");
    }
}

#[test]
fn collectives_go_on_beside_each_other_and_beside_messages() {
    let arguments = ["--ranks", "1..=8", "--scale", "1", "--oversubscribe"];
    run(&Stand::new(), &arguments, &["going-on"]);
}

/// Returns the number of the line of `programs.c` that has these words.
fn line_of(words: &str) -> usize {
    let source = std::fs::read_to_string(support::root().join("tests/run/programs.c")).expect("the source");
    1 + source.lines().position(|line| line.contains(words)).expect("the line")
}

/// The program sleeps an hour between its first and its last look at a clock; what it computes counts a millionth.
#[test]
fn the_time_that_the_program_takes_itself_is_its_time() {
    let stand = Stand::new();
    let arguments = ["--ranks", "2", "--scale", "0.000001", "--timed", "program"];
    if run(&stand, &arguments, &["hour"]).is_none() {
        return;
    }
    let [makespan] = column(&stand, "makespan_s")[..] else { panic!("one rank count") };
    assert!((makespan - 3600.0).abs() < 1e-3, "{makespan}");
    let scenario = std::fs::read_to_string(stand.path("scenario.toml")).expect("a scenario");
    assert!(scenario.contains("timed = \"program\""), "{scenario}");
}

#[test]
fn a_program_that_looks_at_no_clock_does_not_time_itself() {
    let stand = Stand::new();
    let Some(program) = programs() else { return };
    let ended = stand.run(&["--ranks", "2", "--scale", "1", "--timed", "program"], program, &["farm"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("rank 0 does not look at a clock twice"), "{}", ended.stderr);
    assert!(!stand.path("recording.jsonl.gz").exists());
}

/// On two ranks, all of the time but what is computed goes to two messages of 10 ms each, which are sent and received on these lines.
#[test]
fn explain_names_lines_of_a_c_program() {
    let stand = Stand::new();
    if run(&stand, &["--ranks", "2", "--scale", "0.000001"], &["ping"]).is_none() {
        return;
    }
    let ended =
        support::run(dlpc_sim().arg("explain").arg(stand.path("scenario.toml")).arg("--out").arg(stand.path("why")));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let there = format!("calls at programs.c:{}", line_of("MPI_Send(data, sizeof data, MPI_CHAR, 1, 1"));
    let back = format!("calls at programs.c:{}", line_of("MPI_Send(data, sizeof data, MPI_CHAR, 0, 2"));
    for place in [there, back] {
        let row = ended.stdout.lines().find(|line| line.contains(&place));
        assert!(row.is_some_and(|row| row.contains("50.0 %")), "{place}: {}", ended.stdout);
    }
    let page = std::fs::read_to_string(stand.path("why").join("explain.html")).expect("a page");
    assert!(page.contains("calls at programs.c:"));
}

/// Of several recordings, the one that is kept is one, and it is predicted.
#[test]
fn a_rank_count_can_be_recorded_several_times() {
    let stand = Stand::new();
    let Some(printed) = run(&stand, &["--ranks", "2", "--scale", "0.000001", "--repeat", "2"], &["ping"]) else {
        return;
    };
    assert_eq!(printed.matches("0.020000").count(), 2, "{printed}");
    let [makespan] = column(&stand, "makespan_s")[..] else { panic!("one rank count") };
    assert!((makespan - 0.02).abs() < 1e-5, "{makespan}");
}
