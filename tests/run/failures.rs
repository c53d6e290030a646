//! Programs that go wrong: each ends with its message and exit code, and no process is left.

use std::fs;
use std::path::Path;

use crate::stand::{Stand, programs};

/// Returns whether a process runs that was started with these words.
fn is_running(program: &Path, word: &str) -> bool {
    let expected = format!("{}\0{word}\0", program.display());
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok()).any(|line| line == expected)
}

/// Runs a program of `programs.c` on three ranks.
fn fails(word: &str, code: i32, messages: &[&str]) {
    let Some(program) = programs() else { return };
    let stand = Stand::new();
    let ended = stand.run(&["--ranks", "3", "--scale", "1", "--time-limit", "2"], program, &[word]);
    assert_eq!(ended.code, code, "{}", ended.stderr);
    for message in messages {
        assert!(ended.stderr.contains(message), "{word}: {}", ended.stderr);
    }
    assert!(!is_running(program, word), "{word}: a process is left");
    assert!(!stand.path("recording.jsonl.gz").exists() && !stand.path("scenario.toml").exists(), "{word}");
}

#[test]
fn a_rank_that_crashes_is_named_with_its_last_call() {
    fails("crash", 5, &["on 3 ranks: rank 2 ended without MPI_Finalize (signal: 6 (SIGABRT)", "after MPI_Init"]);
}

#[test]
fn a_rank_that_exits_without_finalize_is_named() {
    fails("no-finalize", 5, &["rank 2 ended without MPI_Finalize (exit status: 0)"]);
}

#[test]
fn an_exit_code_is_no_success() {
    fails("exit-code", 5, &["rank 2 ended with an error (exit status: 3)"]);
}

#[test]
fn a_program_that_aborts_is_ended_with_its_code() {
    fails("abort", 5, &["rank 2 has ended the program with code 17: the program has called MPI_Abort"]);
}

#[test]
fn an_error_of_a_call_names_the_call() {
    fails("rank", 5, &["MPI_Send: rank 3 is not in `MPI_COMM_WORLD`, which has 3 ranks"]);
}

#[test]
fn a_message_that_is_too_long_is_an_error() {
    fails("truncate", 5, &["MPI_Sendrecv: a message of 8 bytes is longer than the receive of 4"]);
}

#[test]
fn what_is_not_implemented_is_refused_by_name() {
    fails("refused", 5, &["rank 2 calls MPI_Win_create, which virtual ranks cannot do", "docs/run.md"]);
}

#[test]
fn bits_of_floating_point_numbers_are_not_combined() {
    fails(
        "bits",
        5,
        &["rank 0 has ended the program with code 1: MPI_Allreduce: this operation does not combine these numbers"],
    );
}

#[test]
fn a_rank_that_computes_for_ever_is_ended() {
    fails("busy", 5, &["rank 2 has made no call of MPI for 2 s, after MPI_Init", "--time-limit"]);
}

#[test]
fn ranks_that_wait_for_each_other_are_told_with_their_calls() {
    fails(
        "deadlock",
        4,
        &["deadlock: 3 ranks cannot go on", "message from rank 1 with tag 4", "rank 0 is in MPI_Recv"],
    );
}

#[test]
fn ranks_that_call_other_collectives_are_told() {
    // Which one of them comes first depends on their CPU times.
    fails("mismatch", 5, &["rank 2 calls MPI_Barrier", "calls MPI_Bcast", "on the same communicator"]);
}

/// Runs what is no MPI program.
fn is_refused(program: &str, words: &[&str], arguments: &[&str], code: i32, message: &str) {
    let stand = Stand::new();
    let ended = stand.run(arguments, Path::new(program), words);
    assert_eq!(ended.code, code, "{}", ended.stderr);
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
}

#[test]
fn a_program_without_mpi_is_refused() {
    is_refused("true", &[], &["--ranks", "2", "--scale", "1"], 5, "rank 0 ended without a call of MPI_Init");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    is_refused("/nowhere/pi", &[], &["--ranks", "2", "--scale", "1"], 5, "cannot start `/nowhere/pi`");
}

#[test]
fn a_program_that_never_begins_is_ended() {
    let arguments = ["--ranks", "1", "--scale", "1", "--time-limit", "1"];
    is_refused("sleep", &["60"], &arguments, 5, "rank 0 has made no call of MPI for 1 s, after its start");
}

#[test]
fn without_a_factor_the_ways_to_one_are_said() {
    is_refused("true", &[], &["--ranks", "2"], 2, "write --runs RUNS.csv");
}

#[test]
fn more_ranks_than_cores_are_refused_before_anything_runs() {
    is_refused("true", &[], &["--ranks", "5", "--scale", "1"], 3, "there are 4 slots");
}
