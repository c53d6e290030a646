//! Broken traces: each has a clear message with its line.

use std::path::Path;

use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::input::load_recorded;

use super::{Files, load_files};

/// Returns the problems as `file:line: message`; problems of a whole file have no line.
fn problems_of(files: Files<'_>) -> Vec<String> {
    let Err(diagnostics) = load_files(files) else { panic!("accepted: {files:?}") };
    rendered(&diagnostics)
}

fn rendered(diagnostics: &Diagnostics) -> Vec<String> {
    let text = diagnostics.to_string();
    let places = text.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
    let places = places.map(|place| place.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
    let messages = diagnostics.problems().into_iter().map(|problem| problem.message.to_string());
    places.zip(messages).map(|(place, message)| format!("{place}: {message}")).collect()
}

fn problems(text: &str) -> Vec<String> {
    problems_of(&[("a", text)])
}

#[test]
fn every_kind_of_broken_line_has_its_message() {
    for (line, expected) in [
        ("0 sned 1 7 8 6", "`sned` cannot be replayed"),
        ("0 startall 2", "`startall` cannot be replayed"),
        ("0 ibcast 8 0 6", "`ibcast` cannot be replayed"),
        ("0 Isend 1 8", "`Isend` cannot be replayed"),
        ("0", "the line ends where an action should be"),
        ("x send 1 7 8 6", "`x` is not the number of a rank"),
        ("-1 send 1 7 8 6", "`-1` is not the number of a rank"),
        ("0 send", "the line ends where the number of a rank should be"),
        ("0 send 1 7", "the line ends where a size should be"),
        ("0 send one 7 8 6", "`one` is not the number of a rank"),
        ("0 send 2 7 8 6", "there is no rank 2"),
        ("0 send -2 7 8 6", "there is no rank -2"),
        ("0 recv 1 -7 8 6", "there is no tag -7"),
        ("0 send 1 -444 8 6", "a send cannot have any tag"),
        ("0 send 1 7 8b 6", "`8b` is not a size"),
        ("0 send 1 7 -8 6", "a size cannot be -8"),
        ("0 send 1 7 1e300 6", "a size is more than 9 PB"),
        ("0 send 1 7 8 60", "there is no datatype 60"),
        ("0 send 1 7 8 MPI_INT", "there is no datatype MPI_INT"),
        ("0 send 1 7 8 -1", "the trace does not say how large this datatype is"),
        ("0 compute", "the line ends where a number of operations should be"),
        ("0 compute nan", "a number of operations cannot be nan"),
        ("0 compute -1", "a number of operations cannot be -1"),
        ("0 sleep forever", "`forever` is not a time in seconds"),
        ("0 wait 0 1 7", "this rank has started no such send or receive, or has waited for it already"),
        ("0 test 0 1 7", "this rank has started no such send or receive, or has waited for it already"),
        ("0 bcast", "the line ends where a size should be"),
        ("0 bcast 8 2 6", "there is no rank 2"),
        ("0 bcast 8 -333 6", "a root is a rank"),
        ("0 gatherv 8 8", "the line ends where a size should be"),
        ("0 alltoallv 8 8 8 8 8", "the line ends where a size should be"),
        ("0 allreduce 8", "the line ends where a number of operations should be"),
    ] {
        assert_eq!(problems(&format!("0 init\n1 init\n{line}")), [format!("a:3: {expected}")], "{line}");
    }
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let files: Files<'_> = &[
        ("list", "0.txt\n1.txt\n2.txt\n3.txt"),
        ("0.txt", "0 init\n0 snd 1\n0 recv 9 1 8 6"),
        ("1.txt", "1 init\n0 send 1 7 8 6"),
        ("3.txt", "3 bcast 8 0 60"),
    ];
    let expected = [
        "0.txt:2: `snd` cannot be replayed",
        "0.txt:3: there is no rank 9",
        "1.txt:2: a line of rank 0 in the file of rank 1",
        "2.txt: cannot read `2.txt`: there is no such file",
        "3.txt:1: there is no datatype 60",
    ];
    assert_eq!(problems_of(files), expected);
}

#[test]
fn ranks_that_call_other_collectives_are_told_where_the_others_do() {
    let text = "0 bcast 8 0 6\n0 barrier\n1 bcast 8 1 6\n1 barrier";
    assert_eq!(problems(text), ["a:3: rank 1 has the root 1 here, but rank 0 has 0"]);
    let text = "0 bcast 8 0 6\n0 barrier\n1 bcast 8 0 6\n1 allreduce 8 0 6\n1 barrier";
    assert_eq!(problems(text), ["a:4: rank 1 calls allreduce here, but rank 0 calls barrier"]);
    let text = "0 bcast 8 0 6\n1 bcast 16 0 6\n1 barrier";
    assert_eq!(problems(text), ["a:2: rank 1 has 16 B here, but rank 0 has 8 B"]);
    let text = "0 bcast 8 0 6\n0 barrier\n1 bcast 8 0 6";
    assert_eq!(problems(text), ["a: rank 1 calls 1 collectives, but rank 0 goes on with barrier"]);
}

#[test]
fn receives_from_any_rank_and_from_nobody_that_look_alike_are_named() {
    let text = "0 send 1 7 8 6\n1 irecv -333 7 8 6\n1 irecv -333 7 8 6\n1 waitall 2";
    let expected =
        "a: rank 1 starts 2 receives from -333 with tag 7 (the first on line 2), but 1 messages are left for them";
    assert_eq!(problems(text), [expected]);
    // With what the help says to write, it is clear.
    assert!(load_files(&[("a", &text.replacen("-333", "-555", 1).replacen("-333", "-666", 1))]).is_ok());
}

#[test]
fn a_file_of_a_list_that_is_nowhere_is_named_as_seen_from_the_list() {
    let expected = "x/run/0.txt: cannot read `x/run/0.txt`: there is no such file";
    assert_eq!(problems_of(&[("x/list", "run/0.txt\nrun/0.txt"), ("0.txt", "")])[0], expected);
}

#[test]
fn a_rank_without_lines_is_missing() {
    assert_eq!(problems("0 init\n2 init"), ["a: rank 1 has no line, although there is a rank 2"]);
    let [problem] = &problems("0 init\n4294967295 init")[..] else { panic!("one problem") };
    assert!(problem.contains("a rank 4294967295 is too many"), "{problem}");
}

#[test]
fn no_more_than_a_hundred_problems_are_reported() {
    assert_eq!(problems(&"0 snd\n".repeat(1000)).len(), 100);
    assert_eq!(problems("0 init\n100000 init").len(), 100);
}

#[test]
fn damaged_files_are_no_panic() {
    let trace = "0 init\n0 isend 1 7 8 6\n0 wait 0 1 7\n0 alltoallv 9 1 2 9 1 2 6 6\n1 bcast 1e3 0 6\n";
    for cut in 0..trace.len() {
        for byte in [b' ', b'\n', b'-', b'9', 0xff] {
            let mut text = trace.as_bytes().to_vec();
            text[cut] = byte;
            let open = |_: &Path| Ok(Box::new(std::io::Cursor::new(text.clone())) as Box<dyn std::io::BufRead>);
            // Whether it is accepted depends on the byte.
            if let Err(diagnostics) = load_recorded(Path::new("a"), &open) {
                assert!(!diagnostics.to_string().is_empty());
            }
        }
    }
}
