//! What simulated collectives send, against what Open MPI sends: each rank's messages in the order in which it sends them, by
//! receiver and size. So numbers of messages, bytes and sizes of each pair of ranks are the same, too.
//!
//! Open MPI says itself what it sends (`pml_monitoring`) while `monitored.c` calls the collectives on real ranks; of MPICH the
//! program sees each call of the library below. A rank that is early does not disturb the others, since each rank lists what it
//! sends.

use std::collections::BTreeMap;
use std::ffi::OsString;

use dlpc_engine::machine::{BarrierAlgorithm, BcastAlgorithm, CollectiveLibrary, CollectiveOverrides};
use dlpc_engine::program::Op;
use dlpc_engine::program::collective::{Arguments, Collective};

use super::{BYTES, Cell, cells, compiled, is_all, is_mpich_4, is_open_mpi_4_1, ops};
use crate::support;

/// Messages of a call: those of each rank, by receiver and bytes, in the order of their sends.
type Sent = Vec<Vec<(u32, u64)>>;

/// Returns what the ops of all ranks send.
fn sent(collective: Collective, p: u32) -> Sent {
    let of_op = |op| match op {
        Op::Send(envelope) | Op::Isend(envelope) => Some((envelope.to.0, envelope.bytes.0)),
        _ => None,
    };
    (0..p).map(|rank| ops(collective, rank, p).filter_map(of_op).collect()).collect()
}

/// What the launcher is told so that the library says what it sends, and the rules that are those of the library.
#[derive(Debug, Clone)]
struct Library {
    arguments: Vec<OsString>,
    rules: CollectiveOverrides,
}

impl Library {
    /// Open MPI with parameters of its own.
    fn open_mpi(rules: CollectiveOverrides, parameters: &[(String, u32)]) -> Self {
        let mut arguments = ["--mca", "pml_monitoring_enable", "2"].map(OsString::from).to_vec();
        for (parameter, value) in parameters {
            arguments.extend(["--mca".into(), parameter.into(), value.to_string().into()]);
        }
        Self { arguments, rules }
    }

    /// MPICH that takes each rank for one on a host of its own.
    fn mpich() -> Self {
        let rules = CollectiveOverrides { library: Some(CollectiveLibrary::Mpich4), ..CollectiveOverrides::default() };
        Self { arguments: ["-genv", "MPIR_CVAR_NOLOCAL", "1"].map(OsString::from).to_vec(), rules }
    }
}

/// Runs all cells on `p` ranks, and returns what each of them sent.
fn monitored(p: u32, cells: &[Cell], arguments: Vec<OsString>) -> Vec<Sent> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let program = compiled("monitored", folder.path());
    std::fs::write(at("calls"), cells.iter().map(|cell| cell.line()).collect::<String>()).expect("a file");
    let command = vec![program, at("calls").into(), at("sent").into()];
    support::start_with(p, arguments, command, "").unwrap_or_else(|error| panic!("{p} ranks: {error}"));
    let mut by_call = vec![vec![Vec::new(); p as usize]; cells.len()];
    for rank in 0..p {
        let text = std::fs::read_to_string(at(&format!("sent.{rank}"))).expect("what a rank sent");
        for line in text.lines() {
            let words: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            let [call, to, bytes] = words[..] else { panic!("{line}") };
            let to = u32::try_from(to).expect("a rank");
            by_call[usize::try_from(call).expect("a call")][rank as usize].push((to, bytes));
        }
    }
    by_call
}

/// Equal cells and all cells of each collective.
type Table = BTreeMap<&'static str, (usize, usize)>;

/// Compares cells on `p` ranks, counts them, and returns how those that differ do.
fn compare(p: u32, cells: &[Cell], library: &Library, table: &mut Table) -> Vec<String> {
    let monitored = monitored(p, cells, library.arguments.clone());
    let mut differences = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let collective = cell.simulated(p, library.rules);
        let (monitored, simulated) = (&monitored[i], sent(collective, p));
        let (equal, all) = table.entry(cell.collective).or_default();
        *all += 1;
        match monitored.iter().zip(&simulated).position(|(monitored, simulated)| monitored != simulated) {
            None => *equal += 1,
            Some(rank) => differences.push(format!(
                "p={p} {cell:?} as {:?}: rank {rank} sends {:?}, simulated {:?}",
                collective.algorithm, monitored[rank], simulated[rank]
            )),
        }
    }
    differences
}

fn report(table: &Table, differences: &[String]) {
    for (collective, (equal, all)) in table {
        println!("{collective:22} {equal:5} of {all:5} cells equal");
    }
    let (equal, all) = table.values().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    println!("{:22} {equal:5} of {all:5}", "all");
    assert!(differences.is_empty(), "{} cells differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn simulated_collectives_send_what_open_mpi_sends() {
    if !is_open_mpi_4_1() {
        return;
    }
    let is_all = is_all();
    let open_mpi = Library::open_mpi(CollectiveOverrides::default(), &[]);
    let (mut table, mut differences) = (Table::new(), Vec::new());
    let few = [1, 8, 200, 10_000, 300_000];
    let (ranks, bytes): (Vec<u32>, &[u64]) = if is_all { ((2..=17).collect(), &BYTES) } else { (vec![2, 5, 8], &few) };
    for p in ranks {
        differences.extend(compare(p, &cells(bytes, 1, |arguments| arguments), &open_mpi, &mut table));
    }
    report(&table, &differences);
}

/// Nothing of nothing, doubles instead of bytes, the last rank as root, and operations that do not commute.
#[test]
fn other_elements_roots_and_operations_send_what_open_mpi_sends() {
    if !is_open_mpi_4_1() {
        return;
    }
    let is_all = is_all();
    let open_mpi = Library::open_mpi(CollectiveOverrides::default(), &[]);
    let (mut table, mut differences) = (Table::new(), Vec::new());
    let bytes: &[u64] =
        if is_all { &[0, 8, 16, 64, 200, 1024, 4096, 32_768, 300_000, 2 << 20] } else { &[0, 8, 1024, 32_768] };
    for p in if is_all { vec![2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17] } else { vec![3, 6] } {
        let mut all = cells(bytes, 8, |arguments| arguments);
        all.extend(cells(bytes, 8, |arguments| arguments.at_root(p - 1)));
        all.extend(cells(bytes, 1, |arguments| arguments.at_root(1)));
        all.extend(cells(bytes, 8, |arguments| arguments.at_root(p / 2).in_order()));
        differences.extend(compare(p, &all, &open_mpi, &mut table));
    }
    report(&table, &differences);
}

/// Roots, sizes of elements and operations are taken together here: each cell of a run on MPICH takes longer.
#[test]
fn simulated_collectives_send_what_mpich_sends() {
    if !is_mpich_4() {
        return;
    }
    let (mut table, mut differences) = (Table::new(), Vec::new());
    let few = [1, 8, 300, 10_000, 700_000];
    // Of more than 32 ranks not all send at once.
    let cases: Vec<(u32, &[u64])> = if is_all() {
        // Ranks that wait keep their cores busy: fewer of the larger numbers.
        (2..=9).chain([12, 16, 17]).map(|p| (p, &BYTES[..])).chain([(33, &few[..])]).collect()
    } else {
        [3, 5, 8].map(|p| (p, &few[..])).to_vec()
    };
    for (p, bytes) in cases {
        let mut all = cells(bytes, 1, |arguments| arguments);
        all.extend(cells(&bytes[bytes.len() / 5..], 8, |arguments| arguments.at_root(p - 1)));
        all.extend(cells(&bytes[bytes.len() / 5..], 8, |arguments| arguments.at_root(1).in_order()));
        differences.extend(compare(p, &all, &Library::mpich(), &mut table));
        println!("{p} ranks: {} cells differ so far", differences.len());
    }
    report(&table, &differences);
}

/// Algorithms that no rule reaches on so few ranks; Open MPI has numbers for them.
#[test]
fn algorithms_that_are_named_send_what_open_mpi_sends() {
    if !is_open_mpi_4_1() {
        return;
    }
    let rules = CollectiveOverrides::default();
    let barrier = |number, algorithm| ("barrier", number, CollectiveOverrides { barrier: Some(algorithm), ..rules });
    let bcast = |number, algorithm| ("bcast", number, CollectiveOverrides { bcast: Some(algorithm), ..rules });
    let named = [
        barrier(2, BarrierAlgorithm::DoubleRing),
        barrier(6, BarrierAlgorithm::Tree),
        bcast(4, BcastAlgorithm::SplitBinary),
        bcast(9, BcastAlgorithm::ScatterAllgatherRing),
    ];
    let (mut table, mut differences) = (Table::new(), Vec::new());
    for p in if is_all() { vec![2, 3, 6, 7, 8, 13, 16] } else { vec![5] } {
        for (collective, number, rules) in named {
            let with = |parameter: &str, value| (format!("coll_tuned_{parameter}"), value);
            let algorithm = with(&format!("{collective}_algorithm"), number);
            let of_size =
                |bytes| [0, p - 1].map(|root| Cell { collective, arguments: Arguments::of(bytes, 1).at_root(root) });
            let cells: Vec<Cell> = [1, 3, 16, 1000, 40_000].into_iter().flat_map(of_size).collect();
            let parameters = [with("use_dynamic_rules", 1), algorithm];
            differences.extend(compare(p, &cells, &Library::open_mpi(rules, &parameters), &mut table));
        }
    }
    report(&table, &differences);
}
