//! Hand-written schedules; every finish time is derived in a comment.

use dlpc_sim::engine::replay::{Half, Later, ReplayError, Unmatched};

use super::{finish, loggops, path, try_finish, usual};

#[test]
fn calculations_of_one_cpu_follow_each_other() {
    let text = "num_ranks 1\nrank 0 {\na: calc 100\nb: calc 50\nb requires a\ncalc 7\n}\n";
    // a and the third start first, at 0 and 100; b waits for a and for the CPU: 107 + 50.
    assert_eq!(finish(text, usual()), [157]);
}

#[test]
fn an_eager_message_costs_o_twice_l_and_the_gap_of_all_bytes_but_the_first() {
    let text = "num_ranks 2\nrank 0 {\nsend 101b to 1\n}\nrank 1 {\nrecv 101b from 0\n}\n";
    // Sender: o = 1500. First byte at o + L = 4000; the receiver's CPU is busy for o + 100 G = 1500 + 600.
    assert_eq!(finish(text, usual()), [1500, 6100]);
    // Sender's overhead, latency, receiver's overhead, and 600 ns waiting for the further bytes.
    assert_eq!(path(text, usual()), [0, 3000, 2500, 600]);
}

#[test]
fn a_message_of_no_bytes_costs_as_much_as_one_byte() {
    for bytes in [0, 1] {
        let text = format!("num_ranks 2\nrank 0 {{\nsend {bytes}b to 1\n}}\nrank 1 {{\nrecv {bytes}b from 0\n}}\n");
        assert_eq!(finish(&text, usual()), [1500, 5500]);
    }
}

#[test]
fn the_overhead_per_byte_keeps_both_cpus_busy() {
    let text = "num_ranks 2\nrank 0 {\nsend 11b to 1\n}\nrank 1 {\nrecv 11b from 0\n}\n";
    // O = 20: sender o + 10 O = 1700. First byte at o + L = 4000; receiver o + max(10 O, 10 G) = 1500 + 200.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 6, 20, 65_535)), [1700, 5700]);
    // G = 30 is the larger of the two: 1500 + 300.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 30, 20, 65_535)), [1700, 5800]);
}

#[test]
fn the_gap_keeps_the_interface_busy_between_messages() {
    let text = "num_ranks 2\nrank 0 {\nsend 1b to 1\nsend 1b to 1\n}\nrank 1 {\nrecv 1b from 0\nrecv 1b from 0\n}\n";
    // g = 5000 > o: the second send starts at 5000 and ends at 6500; its first byte is there at 5000 + o + L = 9000,
    // when the receiving interface is free again (4000 + g); received at 10500.
    assert_eq!(finish(text, loggops(2500, 1500, 5000, 6, 0, 65_535)), [6500, 10_500]);
    // Back: o of the receive, L, o of the send, then 5000 ns of a busy interface.
    assert_eq!(path(text, loggops(2500, 1500, 5000, 6, 0, 65_535)), [0, 3000, 2500, 5000]);
}

#[test]
fn the_bytes_of_a_message_keep_the_interface_busy_and_not_the_sending_cpu() {
    let text = "num_ranks 3\nrank 0 {\na: send 1001b to 1\nsend 1b to 2\ncalc 10\n}\nrank 1 {\nrecv 1001b from 0\n}\n\
                rank 2 {\nrecv 1b from 0\n}\n";
    // First send: CPU until 1500, interface until g + 1000 G = 7000. The calculation runs at 1500. The second send
    // starts at 7000 and ends at 8500; its first byte is there at 7000 + 4000, received at 12500.
    // Rank 1: 4000 + o + 1000 G = 11500.
    assert_eq!(finish(text, usual()), [8500, 11_500, 12_500]);
}

#[test]
fn two_interfaces_send_without_waiting_for_each_other() {
    let text = "num_ranks 2\nrank 0 {\nsend 1001b to 1 tag 1\nsend 1b to 1 tag 2 nic 1\n}\n\
                rank 1 {\nrecv 1001b from 0 tag 1\nrecv 1b from 0 tag 2 nic 1 cpu 1\n}\n";
    // The second send starts when the CPU is free, at 1500, over interface 1: first byte at 5500, and received on CPU 1
    // at 7000. The first one: 4000 + o + 1000 G = 11500.
    assert_eq!(finish(text, usual()), [3000, 11_500]);
}

#[test]
fn a_rendezvous_send_is_done_when_its_message_meets_the_receive() {
    let text = "num_ranks 2\nrank 0 {\ns: send 11b to 1\nc: calc 100\nc requires s\n}\n\
                rank 1 {\nw: calc 10000\nr: recv 11b from 0\nr requires w\n}\n";
    // S = 10. The first byte is there at 4000, but rank 1 computes until 10000. Then the receive is posted and the
    // message taken: the send is done at 10000, c at 10100; the receive after o + 10 G = 1560.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 6, 0, 10)), [10_100, 11_560]);
    // c, then the wait of s for rank 1's calculation: all of it computing.
    // The path of the makespan is r: 1500 of overhead, 60 of bytes, then the calculation.
    assert_eq!(path(text, loggops(2500, 1500, 1000, 6, 0, 10)), [10_000, 1500, 0, 60]);
}

#[test]
fn an_eager_send_does_not_wait_for_the_receive() {
    let text = "num_ranks 2\nrank 0 {\ns: send 10b to 1\nc: calc 100\nc requires s\n}\n\
                rank 1 {\nw: calc 10000\nr: recv 10b from 0\nr requires w\n}\n";
    // S = 10: the send is done at 1500, c at 1600; the receive as above, 10000 + 1500 + 9 * 6.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 6, 0, 10)), [1600, 11_554]);
}

#[test]
fn a_rendezvous_waits_for_a_receive_that_is_posted_late_by_an_idle_rank() {
    let text = "num_ranks 3\nrank 0 {\nsend 20b to 1 tag 5\n}\n\
                rank 1 {\na: recv 1b from 2 tag 6\nb: recv 20b from 0 tag 5\nb requires a\n}\n\
                rank 2 {\nc: calc 20000\ns: send 1b to 1 tag 6\ns requires c\n}\n";
    // S = 10. Rank 0's message comes at 4000 and is taken in at once by the idle CPU, until 4000 + 1500 + 19 * 6 = 5614.
    // Rank 2's send starts at 20000, its message comes at 24000, a is done at 25500. Then b is posted and finds its
    // message: both b and rank 0's send are done at 25500.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 6, 0, 10)), [25_500, 25_500, 21_500]);
}

#[test]
fn irequires_waits_for_the_start_only() {
    let started = "num_ranks 1\nrank 0 {\na: calc 100 cpu 0\nb: calc 10 cpu 1\nb irequires a\n}\n";
    // b starts with a, on the other CPU.
    assert_eq!(finish(started, usual()), [100]);
    let done = started.replace("irequires", "requires");
    // b starts at 100.
    assert_eq!(finish(&done, usual()), [110]);
}

#[test]
fn irequires_of_a_rendezvous_send_does_not_wait_for_the_receiver() {
    let text = "num_ranks 2\nrank 0 {\ns: send 11b to 1\nc: calc 100\nc irequires s\n}\n\
                rank 1 {\nw: calc 10000\nr: recv 11b from 0\nr requires w\n}\n";
    // S = 10: c runs when the CPU is free, 1500 to 1600; the send is done at 10000.
    assert_eq!(finish(text, loggops(2500, 1500, 1000, 6, 0, 10)), [10_000, 11_560]);
}

#[test]
fn irequires_of_a_receive_is_released_when_it_is_posted() {
    let text = "num_ranks 2\nrank 0 {\nr: recv 1b from 1\nc: calc 100\nc irequires r\n}\n\
                rank 1 {\nw: calc 10000\ns: send 1b to 0\ns requires w\n}\n";
    // The receive is posted at 0, so c runs from 0 to 100. The message: 10000 + o + L = 14000, received at 15500.
    assert_eq!(finish(text, usual()), [15_500, 11_500]);
}

#[test]
fn several_cpus_compute_and_communicate_at_once() {
    let text = "num_ranks 2\nrank 0 {\nc: calc 10000 cpu 0\nsend 1b to 1 cpu 1\n}\n\
                rank 1 {\ncalc 9000 cpu 0\nrecv 1b from 0 cpu 3\n}\n";
    // Rank 0 sends on CPU 1 at once; rank 1 receives on CPU 3 at 4000, until 5500.
    assert_eq!(finish(text, usual()), [10_000, 9000]);
    let one_cpu = text.replace("cpu 1", "cpu 0").replace("cpu 3", "cpu 0");
    // On one CPU the send comes first (0 to 1500), then the calculation. At 4000 rank 1 computes: received at 10500.
    assert_eq!(finish(&one_cpu, usual()), [11_500, 10_500]);
}

#[test]
fn a_calculation_on_another_cpu_delays_what_requires_it() {
    let text = "num_ranks 2\nrank 0 {\nc: calc 9000 cpu 1\ns: send 1b to 1 cpu 0\ns requires c\n}\n\
                rank 1 {\nrecv 1b from 0\n}\n";
    // 9000 + o; 9000 + o + L + o
    assert_eq!(finish(text, usual()), [10_500, 14_500]);
}

#[test]
fn messages_to_one_rank_are_received_one_after_the_other() {
    let text = "num_ranks 4\nrank 0 {\nrecv 1b from 1\nrecv 1b from 2\nrecv 1b from 3\n}\n\
                rank 1 {\nsend 1b to 0\n}\nrank 2 {\nsend 1b to 0\n}\nrank 3 {\nsend 1b to 0\n}\n";
    // All three come at 4000; each keeps the CPU for o = 1500: 4000 + 3 * 1500.
    assert_eq!(finish(text, usual()), [8500, 1500, 1500, 1500]);
}

#[test]
fn a_ring_takes_as_many_steps_as_ranks() {
    let rank = |i: u32| {
        let (to, from) = ((i + 1) % 4, (i + 3) % 4);
        match i {
            0 => format!("rank 0 {{\ns: send 1b to {to}\nr: recv 1b from {from}\n}}\n"),
            _ => format!("rank {i} {{\nr: recv 1b from {from}\ns: send 1b to {to}\ns requires r\n}}\n"),
        }
    };
    let text = format!("num_ranks 4\n{}{}{}{}", rank(0), rank(1), rank(2), rank(3));
    // Each hop costs 2 o + L = 5500. Rank 1 has received at 5500 and sent at 7000, ...; the message is back at 22000.
    assert_eq!(finish(&text, usual()), [22_000, 7000, 12_500, 18_000]);
}

/// The example that the README of `LogGOPSim` tells the result of: 22000 ns on every host.
#[test]
fn the_dissemination_of_sixteen_ranks_takes_22000_ns() {
    // Four rounds of o + L + o = 5500.
    assert_eq!(finish(&dissemination(16), usual()), [22_000; 16]);
}

fn dissemination(p: u32) -> String {
    let mut lines = vec![format!("num_ranks {p}\n")];
    for rank in 0..p {
        lines.push(format!("rank {rank} {{"));
        for round in 0..p.ilog2() {
            let step = 1 << round;
            let (send, recv) = (2 * round + 1, 2 * round + 2);
            lines.push(format!("l{send}: send 1b to {} tag 0", (rank + step) % p));
            lines.push(format!("l{recv}: recv 1b from {} tag 0", (rank + p - step) % p));
            if round > 0 {
                lines.push(format!("l{send} requires l{}", recv - 2));
            }
        }
        lines.push("}\n".to_owned());
    }
    lines.join("\n")
}

#[test]
fn a_binomial_broadcast_of_eight_ranks() {
    let text = "num_ranks 8\n\
        rank 0 {\na: send 1b to 4\nb: send 1b to 2\nc: send 1b to 1\nb requires a\nc requires b\n}\n\
        rank 1 {\nrecv 1b from 0\n}\n\
        rank 2 {\nr: recv 1b from 0\ns: send 1b to 3\ns requires r\n}\n\
        rank 3 {\nrecv 1b from 2\n}\n\
        rank 4 {\nr: recv 1b from 0\na: send 1b to 6\nb: send 1b to 5\na requires r\nb requires a\n}\n\
        rank 5 {\nrecv 1b from 4\n}\n\
        rank 6 {\nr: recv 1b from 4\ns: send 1b to 7\ns requires r\n}\n\
        rank 7 {\nrecv 1b from 6\n}\n";
    // Sends of rank 0 end at 1500, 3000, 4500. A child that is sent to from t on has received at t + 5500.
    // 4: 5500, sends end at 7000, 8500. 2: 1500 + 5500 = 7000, its send 8500. 1: 3000 + 5500 = 8500.
    // 3: 7000 + 5500 = 12500. 6: 5500 + 5500 = 11000, its send 12500. 5: 7000 + 5500 = 12500. 7: 11000 + 5500 = 16500.
    assert_eq!(finish(text, usual()), [4500, 8500, 8500, 12_500, 8500, 12_500, 12_500, 16_500]);
}

#[test]
fn a_receive_from_any_rank_with_any_tag_takes_the_first_message() {
    let text = "num_ranks 3\n\
        rank 0 {\na: recv 1b from -1 tag -1\nb: calc 1000\nb requires a\nc: recv 1b from 1 tag 7\n}\n\
        rank 1 {\nw: calc 500\ns: send 1b to 0 tag 7\ns requires w\n}\nrank 2 {\nsend 1b to 0 tag 9\n}\n";
    // Rank 2's message comes at 4000 and goes to a, done at 5500. Rank 1's comes at 4500 and is older than b, so it is
    // received from 5500 to 7000; b runs from 7000 to 8000.
    assert_eq!(finish(text, usual()), [8000, 2000, 1500]);
}

#[test]
fn messages_of_a_channel_are_received_in_the_order_of_sending() {
    let text = "num_ranks 2\nrank 0 {\na: send 1001b to 1\nb: send 1b to 1\nb requires a\n}\n\
        rank 1 {\nr: recv 1001b from 0\nq: recv 1b from 0\nc: calc 5\nc requires r\n}\n";
    // a: interface until 7000; first byte at 4000, received at 4000 + 1500 + 6000 = 11500. b starts at 7000, its first
    // byte comes at 11000, received from 11500 to 13000. c became ready at 4000, when r met its message, and b's message
    // is younger: c runs from 11500 to 11505, and b's message is received until 13005.
    assert_eq!(finish(text, usual()), [8500, 13_005]);
}

#[test]
fn a_message_to_oneself_is_received_by_the_same_cpu() {
    let text = "num_ranks 1\nrank 0 {\nsend 1b to 0\nrecv 1b from 0\n}\n";
    assert_eq!(finish(text, usual()), [5500]);
}

#[test]
fn a_rank_without_operations_finishes_at_once() {
    assert_eq!(finish("num_ranks 2\nrank 0 {\ncalc 5\n}\nrank 1 {\n}\n", usual()), [5, 0]);
}

#[test]
fn ranks_that_wait_for_each_other_are_named_with_their_lines() {
    let text = "num_ranks 2\nrank 0 {\nr: recv 1b from 1 tag 3\ns: send 1b to 1\ns requires r\n}\n\
        rank 1 {\nr: recv 1b from 0\ns: send 1b to 0 tag 3\ns requires r\n}\n";
    let recv = |rank, line, tag, line_of_send| Unmatched {
        rank,
        line,
        half: Half::Recv { from: Some(1 - rank), tag: Some(tag) },
        later: Some(Later { rank: 1 - rank, line: line_of_send }),
    };
    let unmatched = vec![recv(0, 3, 3, 9), recv(1, 8, 0, 4)];
    assert_eq!(try_finish(text, usual()), Err(ReplayError::Unfinished { n_left: 4, n_unmatched: 2, unmatched }));
}

#[test]
fn ranks_that_all_wait_in_large_sends_are_told_where_the_receives_stand() {
    // 65536 B is one byte more than the eager limit; with one byte less both sends end.
    let both = |bytes: u32| {
        let rank = |rank: u32| {
            let peer = 1 - rank;
            format!("rank {rank} {{\ns: send {bytes}b to {peer}\nr: recv {bytes}b from {peer}\nr requires s\n}}\n")
        };
        try_finish(&format!("num_ranks 2\n{}{}", rank(0), rank(1)), usual())
    };
    let expected = "the schedule cannot be finished: 4 operations cannot be done; 2 sends or receives have not met their other half\n  \
        line 3: rank 0 sends 65536 B to rank 1 with tag 0, more than the eager limit: it waits for the receive, on line 9, to which \
        rank 1 has not come\n  \
        line 8: rank 1 sends 65536 B to rank 0 with tag 0, more than the eager limit: it waits for the receive, on line 4, to which \
        rank 0 has not come\n  \
        all of them wait in sends for receives that come later: let some ranks receive first, or start the sends and wait for \
        them after the receives";
    assert_eq!(both(65_536).unwrap_err().to_string(), expected);
    assert!(both(65_535).is_ok());
}

#[test]
fn a_receive_that_comes_later_is_promised_to_one_send_only() {
    let text = "num_ranks 2\nrank 0 {\nsend 70000b to 1\nsend 70000b to 1\n}\n\
                rank 1 {\na: recv 1b from 0 tag 5\nb: recv 70000b from 0\nb requires a\n}\n";
    let error = try_finish(text, usual()).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert!(lines[1].ends_with("it waits for the receive, on line 8, to which rank 1 has not come"), "{error}");
    assert!(
        lines[2].ends_with("line 4: rank 0 sends 70000 B to rank 1 with tag 0, which does not receive it"),
        "{error}"
    );
    assert!(lines[3].ends_with("with tag 5, which does not come"), "{error}");
    assert_eq!(lines.len(), 4, "{error}");
}

#[test]
fn an_eager_message_that_nobody_receives_is_an_error_at_the_end() {
    let text = "num_ranks 2\nrank 0 {\nsend 8b to 1 tag 4\n}\nrank 1 {\ncalc 5\n}\n";
    let error = try_finish(text, usual()).unwrap_err().to_string();
    let expected = "all operations are done, but 1 send or receive has not met its other half\n  \
        line 3: rank 0 sends 8 B to rank 1 with tag 4, which does not receive it";
    assert_eq!(error, expected);
}

#[test]
fn a_replay_beyond_simulated_time_is_an_error() {
    // 18446744073709551 ns are just within 213 days.
    let text = "num_ranks 1\nrank 0 {\na: calc 18446744073709551\nb: calc 18446744073709551\nb requires a\n}\n";
    assert_eq!(try_finish(text, usual()), Err(ReplayError::TimeOverflow));
}
