//! A trace that SMPI took of a real MPI program (benches/peers/traces/heat.c), on the star on which it was taken.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use dlpc_engine::engine::replay::replay;
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::program::traced;
use dlpc_engine::schedule::cost::{MachineCosts, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::FlopsPerSecond;
use dlpc_predict::input::{self, Recorded};

/// When `smpi_replay` 3.32 ends it on the same star, with the same algorithms, in seconds: `make peers`.
const SMPI_REPLAY_S: f64 = 0.246_816;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/traces").join(name)
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    Ok(Box::new(BufReader::new(std::fs::File::open(path)?)))
}

#[test]
fn a_program_traced_by_smpi_ends_when_smpi_replay_ends_it() {
    let recorded = input::load_recorded(&file("heat.txt"), &open).unwrap_or_else(|error| panic!("{error}"));
    let Recorded::Calls(calls) = recorded else { panic!("a trace") };
    let machine = input::load_machine(&file("star.toml"), &|path| std::fs::read(path)).unwrap().model;
    let schedule = traced::schedule(&calls, FlopsPerSecond::new(1e9).unwrap(), machine.collectives);
    let costs = MachineCosts::by_slot(&machine, NetworkKind::Flow, calls.ranks.len()).unwrap();
    let trace = replay(&schedule, &ScheduleCosts::Machine(Box::new(costs)), Recording::Off).unwrap();
    let difference = trace.makespan.as_seconds() / SMPI_REPLAY_S - 1.0;
    assert!(difference.abs() < 0.01, "{} s, {:.3} %", trace.makespan.as_seconds(), 100.0 * difference);
}
