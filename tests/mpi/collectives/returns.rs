//! Who waits for whom: one rank comes late to each collective, or early, and the same ranks are held up under Open MPI as in the
//! simulation.
//!
//! `returned.c` takes the times on real ranks, over TCP as on a cluster (MPICH takes each rank for one on a host of its own). A rank is held up if it is in the call for more than half
//! of the time by which the others, or the one, come late.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::num::NonZeroU32;

use dlpc_engine::engine::{self, Setup};
use dlpc_engine::machine::{
    CollectiveLibrary, CollectiveOverrides, Duplex, Forwarding, HostGroup, Kernels, MachineModel, MessageTable, Nic,
    Noise, Segment, Switch, Topology, Uncertainty,
};
use dlpc_engine::platform::{HostId, NetworkKind, Platform};
use dlpc_engine::program::{Op, Program, SleepReason};
use dlpc_engine::random::Streams;
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration};

use super::{Cell, cells, compiled, is_all, is_mpich_4, is_open_mpi_4_1, ops};
use crate::support;

/// By how much a rank comes late, and more than which a rank is held up, as in `returned.c`.
const LATE: SimDuration = SimDuration::from_millis(500);
const HELD_UP: SimDuration = SimDuration::from_millis(250);

/// The eager limit of Open MPI's TCP.
const EAGER_LIMIT: Bytes = Bytes(65_536);

/// Small and large eager messages, and a rendezvous.
const BYTES: [u64; 3] = [8, 10_000, 300_000];

/// Hosts with free overheads on a network that takes next to no time.
fn cluster(n_hosts: u32) -> MachineModel {
    let messages =
        MessageTable { eager_limit: EAGER_LIMIT, segments: vec![Segment::FREE], calibrated_upto: Bytes(u64::MAX) };
    MachineModel {
        name: "returns".to_owned(),
        host_groups: vec![HostGroup {
            name: "host".to_owned(),
            cores: NonZeroU32::MIN,
            speeds: vec![1.0; n_hosts as usize],
            slowdown: vec![1.0],
            nic: Nic {
                bandwidth: BytesPerSecond::from_mbit(10_000.0),
                latency: SimDuration::ZERO,
                duplex: Duplex::Full,
            },
        }],
        switch: Switch {
            latency: SimDuration::ZERO,
            port_bandwidth: None,
            backplane_bandwidth: None,
            forwarding: Forwarding::CutThrough,
            topology: Topology::Star,
        },
        local: messages.clone(),
        remote: messages,
        collectives: CollectiveOverrides::default(),
        kernels: Kernels::default(),
        noise: Noise::NONE,
        uncertainty: Uncertainty::default(),
    }
}

/// Returns which ranks a call holds up, as `returned.c` writes it.
fn simulated(cell: Cell, p: u32, rules: CollectiveOverrides) -> Vec<String> {
    let collective = cell.simulated(p, rules);
    let machine = cluster(p);
    let (platform, hosts) = (Platform::new(&machine), (0..p).map(HostId).collect::<Vec<_>>());
    let setup = Setup {
        platform: &platform,
        local: &machine.local,
        remote: &machine.remote,
        noise: &machine.noise,
        network: NetworkKind::Flow,
        hosts_of_ranks: &hosts,
        bound: &[],
        streams: Streams::new(1, 0),
        production: None,
        recording: Recording::Off,
    };
    let sleep = Op::Sleep { duration: LATE, reason: SleepReason::Program };
    let mut held_up = vec![String::new(); p as usize];
    for time in 0..2 * p {
        let is_late = |rank| (rank == time % p) == (time < p);
        let of_rank = |rank| is_late(rank).then_some(sleep).into_iter().chain(ops(collective, rank, p)).collect();
        let mut program = Program::Fixed((0..p).map(of_rank).collect::<Vec<VecDeque<Op>>>());
        let trace = engine::simulate(&setup, &mut program).unwrap_or_else(|error| panic!("{cell:?}: {error}"));
        for (line, at) in held_up.iter_mut().zip(&trace.finished_at) {
            line.push(if at.as_picos() > HELD_UP.as_picos() { '+' } else { '-' });
        }
    }
    held_up
}

/// Returns the same of all cells on real ranks.
fn returned(p: u32, cells: &[Cell], arguments: &[&str]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let program = compiled("returned", folder.path());
    std::fs::write(at("calls"), cells.iter().map(|cell| cell.line()).collect::<String>()).expect("a file");
    let command = vec![program, at("calls").into(), at("held_up").into()];
    let arguments = arguments.iter().map(OsString::from).collect();
    support::start_with(p, arguments, command, "").unwrap_or_else(|error| panic!("{p} ranks: {error}"));
    let of_rank = |rank| std::fs::read_to_string(at(&format!("held_up.{rank}"))).expect("what a rank wrote");
    let of_ranks: Vec<String> = (0..p).map(of_rank).collect();
    let of_cell =
        |i| of_ranks.iter().map(|text| text.lines().nth(i).expect("a line for each call").to_owned()).collect();
    (0..cells.len()).map(of_cell).collect()
}

/// Compares a third of the cells of 3 ranks, or all cells of 3, 5 and 8.
fn compare(rules: CollectiveOverrides, arguments: &[&str]) {
    let (ranks, bytes): (&[u32], &[u64]) = if is_all() { (&[3, 5, 8], &BYTES) } else { (&[3], &BYTES[2..]) };
    let (mut n_cells, mut differences) = (0, Vec::new());
    for &p in ranks {
        let every = if is_all() { 1 } else { 3 };
        let cells: Vec<Cell> = cells(bytes, 1, |arguments| arguments).into_iter().step_by(every).collect();
        let of_cells = returned(p, &cells, arguments);
        n_cells += cells.len();
        for (cell, returned) in cells.iter().zip(of_cells) {
            let simulated = simulated(*cell, p, rules);
            if simulated != returned {
                let algorithm = cell.simulated(p, rules).algorithm;
                differences
                    .push(format!("p={p} {cell:?} as {algorithm:?}:\n  {returned:?}\n  simulated\n  {simulated:?}"));
            }
        }
    }
    println!("{} of {n_cells} cells hold up the same ranks", n_cells - differences.len());
    assert!(differences.is_empty(), "{} cells differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn ranks_that_come_late_hold_up_those_that_open_mpi_holds_up() {
    if is_open_mpi_4_1() {
        let over_tcp = ["--mca", "pml", "ob1", "--mca", "btl", "self,tcp", "--mca", "btl_tcp_if_include", "lo"];
        compare(CollectiveOverrides::default(), &over_tcp);
    }
}

#[test]
fn ranks_that_come_late_hold_up_those_that_mpich_holds_up() {
    // Its ranks wait by asking all the time: on few cores, 15 cells take minutes.
    if is_all() && is_mpich_4() {
        let rules = CollectiveOverrides { library: Some(CollectiveLibrary::Mpich4), ..CollectiveOverrides::default() };
        compare(
            rules,
            &["-genv", "MPIR_CVAR_NOLOCAL", "1", "-genv", "UCX_TLS", "tcp,self", "-genv", "UCX_NET_DEVICES", "lo"],
        );
    }
}
