//! Finish times derived by hand. A message of 8 B keeps the sender's CPU for o = 1500 ns, its first byte is there
//! o + L = 4000 ns after the start of the send, and it keeps the receiver's CPU for o + 7 G = 1542 ns.

use super::{Files, finish, finish_of, load_files, schedule, try_finish};

#[test]
fn a_core_computes_first_and_then_sends() {
    // 1000 operations take 1000 ns. Rank 0: 1000 + 1500; rank 1: 1000 + 4000 + 1542.
    assert_eq!(
        finish("0 init\n1 init\n0 compute 1e3\n0 send 1 7 8 6\n1 recv 0 7 8 6\n0 finalize\n1 finalize"),
        [2500, 6542]
    );
}

#[test]
fn started_messages_overlap_with_computing_until_they_are_waited_for() {
    let trace = "0 isend 1 7 8 6\n0 compute 10000\n0 wait 0 1 7\n0 compute 500\n\
                 1 irecv 0 7 8 6\n1 compute 10000\n1 wait 0 1 7\n1 compute 500";
    // Rank 0: 1500 + 10000 + 500. Rank 1: its CPU is busy until 10000, then receives for 1542.
    assert_eq!(finish(trace), [12_000, 12_042]);
}

#[test]
fn what_follows_a_wait_waits_for_the_message() {
    let trace = "0 send 1 7 8 6\n1 irecv 0 7 8 6\n1 wait 0 1 7\n1 compute 1000";
    assert_eq!(finish(trace), [1500, 4000 + 1542 + 1000]);
    // Without a wait rank 1 computes first, until 1000; the message comes at 4000.
    let trace = "0 send 1 7 8 6\n1 irecv 0 7 8 6\n1 compute 1000\n1 finalize";
    assert_eq!(finish(trace), [1500, 4000 + 1542]);
}

#[test]
fn a_wait_is_for_the_oldest_request_of_its_pair_and_tag_and_waitall_for_the_rest() {
    // Tag 8 comes at 4000, tag 7 is sent at 1500 + 5000 and there at 10500. Waiting for tag 8 alone: 5542, then 1000.
    let sends = "0 send 1 8 8 6\n0 compute 5000\n0 send 1 7 8 6\n";
    let one = format!(
        "{sends}1 irecv 0 7 8 6\n1 irecv 0 8 8 6\n1 wait 0 1 8\n1 compute 1000\n1 send 0 9 8 6\n0 recv 1 9 8 6"
    );
    // Rank 1 sends at 6542, until 8042; rank 0 has it at 6542 + 4000 = 10542, until 12084. Tag 7 is received from 10500.
    assert_eq!(finish(&one), [12_084, 12_042]);
    let all = format!("{sends}1 irecv 0 7 8 6\n1 irecv 0 8 8 6\n1 waitall 2\n1 compute 1000");
    assert_eq!(finish(&all)[1], 10_500 + 1542 + 1000);
}

#[test]
fn a_test_takes_no_time_and_leaves_its_request_open() {
    let trace = "0 send 1 7 8 6\n1 irecv 0 7 8 6\n1 test 0 1 7\n1 test 0 1 7\n1 compute 100\n1 wait 0 1 7";
    assert_eq!(finish(trace), [1500, 5542]);
}

#[test]
fn any_source_and_any_tag_are_as_the_tracer_writes_them() {
    for any in ["-333", "-555"] {
        // Both stand for any rank here, because a message is left.
        let trace = format!("0 send 1 7 8 6\n1 irecv {any} -444 8 6\n1 wait {any} 1 -444\n1 compute 100");
        assert_eq!(finish(&trace), [1500, 5642]);
    }
    // A rank's own collectives are none of its business: the receive of anything waits for the send after the barrier.
    let trace = "0 barrier\n1 irecv -333 -444 8 6\n1 barrier\n0 send 1 7 8 6\n1 wait -333 1 7";
    let barrier = finish("0 barrier\n1 barrier");
    assert_eq!(finish(trace), [barrier[0] + 1500, barrier[0] + 5542]);
}

#[test]
fn receives_from_minus_333_are_from_nobody_where_no_message_is_left_for_them() {
    // Halo exchange of three ranks as SMPI 3.32 traces it; the neighbours of the borders are MPI_PROC_NULL.
    let trace = "0 irecv -333 1 1 0\n0 irecv 1 2 1 0\n0 isend 1 1 1 0\n0 isend -333 2 1 0\n\
                 0 wait -333 0 1\n0 wait 1 0 2\n0 wait 0 1 1\n0 wait 0 -333 2\n\
                 1 irecv 0 1 1 0\n1 irecv 2 2 1 0\n1 isend 2 1 1 0\n1 isend 0 2 1 0\n\
                 1 wait 0 1 1\n1 wait 2 1 2\n1 wait 1 2 1\n1 wait 1 0 2\n\
                 2 irecv 1 1 1 0\n2 irecv -333 2 1 0\n2 isend -333 1 1 0\n2 isend 1 2 1 0\n2 waitall 4\n2 waitall 4";
    // Rank 1 sends to rank 2 at 0, there at 4000 and taken until 5542, and to rank 0 at 1500, taken until 7042. Its own two
    // messages left at 0 and are there at 4000: it takes one until 5542 and the other until 7084.
    assert_eq!(finish(trace), [7042, 7084, 5542]);
}

#[test]
fn receives_from_minus_333_are_from_any_rank_where_messages_are_left() {
    // The second message of rank 0 has a receive that names it; the first is for the one that does not.
    let trace = "0 send 1 7 8 6\n0 send 1 8 8 6\n1 irecv -333 7 8 6\n1 irecv -333 9 8 6\n1 recv 0 8 8 6\n1 waitall 2";
    // There at 4000 and 5500, received until 5542 and 7084.
    assert_eq!(finish(trace), [3000, 7084]);
    // A receive that waits is never from nobody: SMPI does not trace that.
    let error = try_finish("0 init\n1 recv -333 7 8 6").unwrap_err().to_string();
    assert!(error.contains("waits for a message from any rank with tag 7, which does not come"), "{error}");
    // Nor is half of an exchange: rank 0 sends until 1500, and so does rank 1, which takes what comes.
    let trace = "0 sendRecv 8 1 8 1 6 6\n1 sendRecv 8 0 8 -333 6 6";
    assert_eq!(finish(trace), [5542, 5542]);
}

#[test]
fn synchronous_sends_wait_for_their_receive() {
    // Rank 1 computes for 1 s, then posts its receive and takes the message, which has long been there (4000 ns), in 1542 ns. A
    // synchronous send is done when that begins; then rank 0 computes for 1 s. Otherwise it is done after 1500 ns.
    let late = |send: &str| format!("0 {send} 1 7 8 6\n0 compute 1e9\n1 compute 1e9\n1 recv 0 7 8 6");
    for send in ["ssend", "Ssend"] {
        assert_eq!(finish(&late(send)), [2_000_000_000, 1_000_001_542], "{send}");
    }
    assert_eq!(finish(&late("send")), [1_000_001_500, 1_000_001_542]);
    let started = |send: &str| format!("0 {send} 1 7 8 6\n0 wait 0 1 7\n0 compute 1e9\n1 compute 1e9\n1 recv 0 7 8 6");
    for send in ["issend", "ISsend"] {
        assert_eq!(finish(&started(send)), [2_000_000_000, 1_000_001_542], "{send}");
    }
    assert_eq!(finish(&started("isend")), [1_000_001_500, 1_000_001_542]);
}

#[test]
fn two_ranks_that_send_synchronously_first_never_receive() {
    let error = try_finish("0 ssend 1 7 8 6\n0 recv 1 7 8 6\n1 ssend 0 7 8 6\n1 recv 0 7 8 6").unwrap_err().to_string();
    let expected = "the schedule cannot be finished: 4 operations cannot be done; 2 sends or receives have not met their other \
                    half\n  line 1: rank 0 sends 8 B to rank 1 with tag 7, synchronously: it waits for the receive, on line 4, \
                    to which rank 1 has not come\n  line 3: rank 1 sends 8 B to rank 0 with tag 7, synchronously: it waits for the \
                    receive, on line 2, to which rank 0 has not come\n  all of them wait in sends for receives that come later: \
                    let some ranks receive first, or start the sends and wait for them after the receives";
    assert_eq!(error, expected);
}

#[test]
fn a_wait_for_what_a_waitall_has_finished_is_nothing() {
    let trace = "0 send 1 7 8 6\n1 irecv 0 7 8 6\n1 waitall 1\n1 wait 0 1 7\n1 test 0 1 7\n1 compute 100";
    assert_eq!(finish(trace), [1500, 5642]);
}

#[test]
fn a_wait_for_any_takes_the_oldest_request_of_a_schedule() {
    let trace = "0 send 1 7 8 6\n0 send 1 8 8 6\n1 irecv 0 7 8 6\n1 irecv 0 8 8 6\n1 testall\n1 waitAny 2\n1 compute 1000\n\
                 1 waitAny 2\n1 waitAny 2\n1 wait 0 1 7";
    // Tag 7 is there at 4000 and received until 5542; then 1000. Tag 8 is there at 5500 and received from 6542.
    assert_eq!(finish(trace), [3000, 8084]);
}

#[test]
fn operations_that_take_longer_than_can_be_counted_are_an_error() {
    for line in ["0 compute 1e308", "0 sleep 1e308", "0 sleep 1e7\n0 sleep 1e7"] {
        assert_eq!(try_finish(line), Err(dlpc_engine::engine::replay::ReplayError::TimeOverflow), "{line}");
    }
}

#[test]
fn messages_to_nobody_cost_nothing() {
    let trace = "0 send -666 7 8 6\n0 isend -333 7 8 6\n0 wait 0 -333 7\n0 recv -666 7 8 6\n0 sendRecv 8 -333 8 -666 6 6\n\
                 0 compute 10";
    assert_eq!(finish(trace), [10]);
}

#[test]
fn sizes_are_elements_of_a_datatype() {
    // One MPI_DOUBLE (0), two MPI_INT (1), 8 MPI_BYTE where none is named, or one MPI_DOUBLE after `init 1`.
    for (init, fields) in [("0 init", "1 0"), ("0 init", "2 1"), ("0 init", "8"), ("0 init 1", "1"), ("# text", "8 6")]
    {
        assert_eq!(finish(&format!("{init}\n0 send 1 7 {fields}\n1 recv 0 7 {fields}")), [1500, 5542], "{fields}");
    }
}

#[test]
fn both_halves_of_an_exchange_overlap() {
    // Both send until 1500 and have the message of the other at 4000, until 5542.
    assert_eq!(finish("0 sendRecv 8 1 8 1 6 6\n1 sendRecv 8 0 8 0 6 6\n0 compute 8\n1 compute 8"), [5550, 5550]);
}

#[test]
fn sleeping_takes_seconds_and_what_says_nothing_of_time_takes_none() {
    let trace = "0 init\n0 comm_size 1\n0 comm_dup\n0 comm_split 3\n0 location heat.c 12\n0 sleep 0.25\n0 finalize";
    assert_eq!(finish(trace), [250_000_000]);
}

#[test]
fn a_trace_in_one_file_and_in_several_are_the_same() {
    let files: [Files<'_>; 3] = [
        &[("a/trace.txt", "0 send 1 7 8 6\n# rank 1\n\n1 recv 0 7 8 6\n0 compute 5\n")],
        &[("a/list.txt", "all.trace"), ("a/all.trace", "0 send 1 7 8 6\n1 recv 0 7 8 6\n0 compute 5")],
        &[
            ("a/list.txt", "files/0.txt\n  files/x.txt \n"),
            ("a/files/x.txt", "1 recv\t0 7  8 6"),
            ("a/files/0.txt", "0 send 1 7 8 6\r\n0 compute 5"),
        ],
    ];
    for files in files {
        let calls = load_files(files).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(finish_of(&schedule(&calls)).unwrap(), [1505, 5542]);
    }
}

#[test]
fn files_of_a_list_are_found_below_its_folder_by_the_end_of_their_names() {
    // `smpirun -trace-file run/t.txt` names them from where it ran; moved since, with all that is below `run`.
    for name in ["run/t.txt_files/0.txt", "/home/me/run/t.txt_files/0.txt", "t.txt_files/0.txt"] {
        let list = format!("{name}\n{}", name.replace('0', "1"));
        let files: Files<'_> = &[
            ("moved/t.txt", &list),
            ("moved/t.txt_files/0.txt", "0 send 1 7 8 6"),
            ("moved/t.txt_files/1.txt", "1 recv 0 7 8 6"),
        ];
        let calls = load_files(files).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(finish_of(&schedule(&calls)).unwrap(), [1500, 5542], "{name}");
    }
}

#[test]
fn what_never_meets_is_named_with_its_line() {
    let error = try_finish("0 init\n0 send 1 7 8 6\n1 recv 0 8 8 6").unwrap_err().to_string();
    assert!(error.contains("line 2: rank 0 sends 8 B to rank 1 with tag 7"), "{error}");
    assert!(error.contains("line 3: rank 1 waits for a message from rank 0 with tag 8"), "{error}");
}
