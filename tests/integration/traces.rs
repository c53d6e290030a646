//! Time-independent traces of `SimGrid`: finish times derived in comments, collectives, and broken traces.

mod broken;
mod by_hand;
mod collectives;
mod smpi;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, BufRead, Cursor};
use std::path::Path;

use dlpc_engine::calls::Calls;
use dlpc_engine::engine::replay::{ReplayError, replay};
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::traced;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::{Loggops, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::FlopsPerSecond;
use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::input::{Recorded, load_recorded};

/// Files by name, each of which is opened once: the first one is read, and may name the others.
type Files<'f> = &'f [(&'f str, &'f str)];

fn load_files(files: Files<'_>) -> Result<Calls, Diagnostics> {
    let opened = RefCell::new(BTreeSet::new());
    let open = |path: &Path| -> io::Result<Box<dyn BufRead>> {
        let is_first = opened.borrow_mut().insert(path.to_owned());
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        let (name, text) = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        assert!(is_first, "{name} is opened again: a pipe has no more text then");
        Ok(Box::new(Cursor::new(text.as_bytes().to_vec())))
    };
    load_recorded(Path::new(files[0].0), &open).map(|recorded| match recorded {
        Recorded::Calls(calls) => calls,
        Recorded::Schedule(_) => panic!("a schedule"),
    })
}

/// Reads one file with the lines of all ranks.
fn load(text: &str) -> Result<Calls, Diagnostics> {
    load_files(&[("trace.txt", text)])
}

/// Returns the schedule of a trace on cores of 1 Gflop/s.
fn schedule(calls: &Calls) -> Schedule {
    traced::schedule(calls, FlopsPerSecond::new(1e9).unwrap(), CollectiveOverrides::default())
}

/// Replays a trace with the defaults of `LogGOPSim`: L = 2500, o = 1500, g = 1000 ns, G = 6 ns/B, O = 0, S = 65535 B.
fn try_finish(text: &str) -> Result<Vec<u64>, ReplayError> {
    let calls = load(text).unwrap_or_else(|error| panic!("{error}"));
    finish_of(&schedule(&calls))
}

fn finish_of(schedule: &Schedule) -> Result<Vec<u64>, ReplayError> {
    let trace = replay(schedule, &ScheduleCosts::Loggops(Loggops::usual()), Recording::Off)?;
    Ok(trace.finished_at.iter().map(|at| at.as_picos() / 1000).collect())
}

/// Returns when each rank finishes, in ns.
fn finish(text: &str) -> Vec<u64> {
    try_finish(text).unwrap_or_else(|error| panic!("{error}"))
}
