//! Schedules on a machine model: placement by slot, message tables, shared links.

use dlpc_engine::engine::replay::replay;
use dlpc_engine::machine::{MachineModel, Segment};
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::schedule::cost::{MachineCosts, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, SecondsPerByte, SimDuration, SimTime};
use dlpc_predict::analysis;

use super::load;
use crate::support::{Run, cluster, recv, send, table, us};

const MB: u64 = 1_000_000;

/// o = 10 us to send and 12 us to receive, L = 50 us; ports of 12.5 B/us.
fn machine(n_hosts: usize, cores: u32) -> MachineModel {
    let post = Segment { send_overhead: us(10), recv_overhead: us(12), latency: us(50), ..Segment::FREE };
    let mut machine = cluster(n_hosts, cores);
    machine.remote = table(post, Bytes(u64::MAX));
    machine
}

fn finish(text: &str, machine: &MachineModel, network: NetworkKind) -> Vec<SimDuration> {
    let schedule = load(text).unwrap_or_else(|error| panic!("{error}"));
    let costs = MachineCosts::by_slot(machine, network, schedule.n_ranks()).unwrap();
    let costs = ScheduleCosts::Machine(Box::new(costs));
    let trace = replay(&schedule, &costs, Recording::On).unwrap();
    let parts = analysis::replay::breakdown(&schedule, &costs, &trace);
    let total: SimDuration = parts.iter().map(|(_, part)| *part).sum();
    assert_eq!(total, trace.makespan - SimTime::ZERO);
    trace.finished_at.iter().map(|at| *at - SimTime::ZERO).collect()
}

const GATHER: &str = "num_ranks 4\nrank 0 {\na: recv 1000000b from 1\nb: recv 1000000b from 2\n\
    c: recv 1000000b from 3\nb requires a\nc requires b\n}\nrank 1 {\nsend 1000000b to 0\n}\n\
    rank 2 {\nsend 1000000b to 0\n}\nrank 3 {\nsend 1000000b to 0\n}\n";

#[test]
fn flows_share_the_port_of_their_receiver_as_in_a_prediction() {
    let machine = machine(4, 1);
    // All start at 10 us and share the port: 3 MB / 12.5 B/us = 240000 us; then L = 50 and three receives of 12 us.
    let expected = [us(240_096), us(10), us(10), us(10)];
    assert_eq!(finish(GATHER, &machine, NetworkKind::Flow), expected);
    let run = (1..4).fold(Run::new(machine, &[0, 1, 2, 3]).rank(0, &[recv(1), recv(2), recv(3)]), |run, rank| {
        run.rank(rank, &[send(0, MB)])
    });
    assert_eq!(run.finish_times(), expected);
}

#[test]
fn loggops_keeps_the_receiver_busy_for_the_bytes_of_each_message() {
    // No sharing: the port's 0.08 us per byte are G. First bytes at 10 + 50 = 60 us, then three times 12 + 999999 G
    // (79999.92 us), one after the other on the CPU.
    let times = finish(GATHER, &machine(4, 1), NetworkKind::Loggops);
    assert_eq!(times[0], us(60) + SimDuration::from_picos(3 * 80_011_920_000));
}

#[test]
fn ranks_of_one_host_do_not_use_the_network() {
    let mut machine = machine(2, 2);
    let gap = SecondsPerByte::new(1e-9).unwrap();
    machine.local =
        table(Segment { send_overhead: us(1), recv_overhead: us(2), byte_gap: gap, ..Segment::FREE }, Bytes(u64::MAX));
    let text = "num_ranks 3\nrank 0 {\nsend 1000b to 1 tag 1\nsend 1250b to 2 tag 2\n}\n\
        rank 1 {\nrecv 1000b from 0 tag 1\n}\nrank 2 {\nrecv 1250b from 0 tag 2\n}\n";
    // Rank 1 shares the host of rank 0: 1 us, 1000 B at 1 ns/B, 2 us. Rank 2 is on the second host: its send starts at
    // 1 us and ends at 11 us, 1250 B / 12.5 B/us = 100 us, L = 50, 12 us.
    assert_eq!(finish(text, &machine, NetworkKind::Flow), [us(11), us(4), us(173)]);
}

#[test]
fn a_small_message_does_not_overtake_a_large_one_of_its_pair() {
    let text = "num_ranks 2\nrank 0 {\na: send 125000b to 1 tag 1\nb: send 0b to 1 tag 2\nb requires a\n}\n\
        rank 1 {\nx: recv 0b from 0 tag -1\ny: recv 0b from 0 tag -1\ny requires x\n}\n";
    // The large one: 10 us, 10000 us on the wire, 50 us: there at 10060 us. The empty one would be there at 20 + 50 us,
    // and waits for its turn: received after it, 10060 + 12 + 12.
    assert_eq!(finish(text, &machine(2, 1), NetworkKind::Flow), [us(20), us(10_084)]);
}

#[test]
fn calculations_take_longer_on_slower_hosts() {
    let mut machine = machine(2, 1);
    machine.host_groups[0].speeds = vec![1.0, 0.5];
    let text = "num_ranks 2\nrank 0 {\ncalc 5000\n}\nrank 1 {\ncalc 5000\n}\n";
    assert_eq!(finish(text, &machine, NetworkKind::Flow), [us(5), us(10)]);
}

#[test]
fn more_ranks_than_cores_have_no_place() {
    assert!(MachineCosts::by_slot(&machine(2, 2), NetworkKind::Flow, 4).is_some());
    assert!(MachineCosts::by_slot(&machine(2, 2), NetworkKind::Flow, 5).is_none());
}
