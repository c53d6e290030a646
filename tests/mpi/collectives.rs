//! What simulated collectives do, against what the libraries do on real ranks: `sent` compares messages, `returns` who waits for
//! whom. `make collectives` compares all cells, the tests by themselves a part of them.

#![expect(clippy::print_stdout, reason = "the tables are what `make collectives` is for")]

mod returns;
mod sent;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::Op;
use dlpc_engine::program::collective::{Arguments, Collective, selection};

use crate::support;

const COLLECTIVES: [&str; 15] = [
    "barrier",
    "bcast",
    "scatter",
    "gather",
    "reduce",
    "allreduce",
    "allgather",
    "allgatherv",
    "alltoall",
    "reduce_scatter",
    "reduce_scatter_block",
    "scan",
    // Beyond what is asked for.
    "scatterv",
    "gatherv",
    "exscan",
];

/// Bytes of a block, or of the vector: small, at thresholds of the rules and beside them, and large.
const BYTES: [u64; 14] = [1, 5, 8, 64, 200, 1000, 1024, 4096, 10_000, 32_768, 131_072, 300_000, 1 << 20, 4 << 20];

/// A call of a collective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    collective: &'static str,
    arguments: Arguments,
}

impl Cell {
    /// Returns the line that the programs read.
    fn line(self) -> String {
        let Arguments { elements, element_bytes, root, commutes } = self.arguments;
        format!("{} {elements} {element_bytes} {root} {}\n", self.collective, i32::from(commutes))
    }

    /// Returns the collective as predictions have it.
    fn simulated(self, p: u32, rules: CollectiveOverrides) -> Collective {
        let arguments = self.arguments;
        match self.collective {
            "barrier" => selection::barrier(p, rules),
            "bcast" => selection::bcast(p, arguments, rules),
            "scatter" => selection::scatter(p, arguments, rules),
            "scatterv" => selection::scatterv(arguments, rules),
            "gather" => selection::gather(p, arguments, rules),
            "gatherv" => selection::gatherv(arguments, rules),
            "reduce" => selection::reduce(p, arguments, rules),
            "allreduce" => selection::allreduce(p, arguments, rules),
            "allgather" => selection::allgather(p, arguments, rules),
            "allgatherv" => selection::allgatherv(p, arguments, rules),
            "alltoall" => selection::alltoall(p, arguments, rules),
            "reduce_scatter" => selection::reduce_scatter(p, arguments, rules),
            "reduce_scatter_block" => selection::reduce_scatter_block(p, arguments, rules),
            "scan" | "exscan" => selection::scan(arguments, rules),
            other => panic!("{other}"),
        }
    }
}

/// All collectives with so many bytes, in elements of so many bytes.
fn cells(bytes: &[u64], element_bytes: u64, with: impl Fn(Arguments) -> Arguments) -> Vec<Cell> {
    let of_size = |collective| {
        let arguments = |bytes: &u64| with(Arguments::of(bytes / element_bytes, element_bytes));
        bytes.iter().map(arguments).map(move |arguments| Cell { collective, arguments }).collect::<Vec<_>>()
    };
    COLLECTIVES.into_iter().flat_map(of_size).collect()
}

/// Returns the ops of a rank.
fn ops(collective: Collective, rank: u32, p: u32) -> impl Iterator<Item = Op> {
    (0..).map_while(move |step| collective.op(rank, p, step))
}

/// Returns whether all cells are asked for.
fn is_all() -> bool {
    env::var_os("DLPC_SIM_COLLECTIVES").is_some()
}

/// Compiles one of the programs beside this file for the library of this build.
fn compiled(name: &str, folder: &Path) -> OsString {
    let program = folder.join(name);
    let compiler = env::var_os("MPICC").unwrap_or_else(|| "mpicc".into());
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/mpi/collectives/{name}.c"));
    let status =
        Command::new(compiler).args(["-O1", "-Wall", "-Werror", "-rdynamic", "-o"]).arg(&program).arg(source).status();
    assert!(status.expect("a compiler").success(), "{name}.c does not compile");
    program.into()
}

/// Returns whether the launcher is that of Open MPI 4.1, whose rules and monitoring these are.
fn is_open_mpi_4_1() -> bool {
    let version = support::launcher_version();
    let is = (version.contains("Open MPI") || version.contains("OpenRTE")) && version.contains(" 4.1.");
    if !is {
        println!("not compared, because this is not Open MPI 4.1: {version}");
    }
    is
}

/// Returns whether the launcher is that of an MPICH 4 whose messages go by UCX, where `monitored.c` sees them.
fn is_mpich_4() -> bool {
    let build = support::launcher_build();
    let is_4 = build
        .lines()
        .any(|line| line.trim().strip_prefix("Version:").is_some_and(|version| version.trim().starts_with("4.")));
    let is = is_4 && build.contains("ch4:ucx");
    if !is {
        println!("not compared, because this is not MPICH 4 on UCX: {}", support::launcher_version());
    }
    is
}
