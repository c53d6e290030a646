//! Virtual ranks: an unmodified MPI program whose ranks are processes here and whose time is that of a simulated cluster.
//!
//! Each rank is a process that has loaded the virtual MPI library (`dlpc-virtual-mpi`). It runs, alone, from one call of MPI to
//! the next, and tells the call with the CPU time that it has used; the call becomes the next ops of the rank in the engine
//! (`translation`), and when they are over the process gets its answer and goes on. Data move between the processes at once
//! and cost only simulated time.

mod mail;
mod meeting;
mod process;
mod sites;
mod stage;
mod translation;

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dlpc_engine::engine::SimError;
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::{Op, Outcome, Program, RankId, Reactive, Request, Status};
use dlpc_engine::trace::Trace;
use dlpc_engine::units::SimTime;
use dlpc_predict::workload::recorded::Run;
use thiserror::Error;

use self::process::Theatre;
use self::stage::Stage;

/// A program that is to run on virtual ranks.
#[derive(Debug, Clone)]
pub struct Play {
    /// Program and arguments, the same for all ranks.
    pub command: Vec<OsString>,
    /// The host of each rank by its name, as the program is told it.
    pub hosts: Vec<String>,
    /// Seconds on a core of speed 1 for each CPU second here; above zero.
    pub scale: f64,
    /// Algorithms of collectives.
    pub overrides: CollectiveOverrides,
    /// Longest time that a rank may take here from one call to the next.
    pub time_limit: Duration,
    /// Whether what ranks print to standard output goes to standard error instead.
    pub prints_to_stderr: bool,
}

/// Why a program could not be run to its end.
#[derive(Debug, Error)]
pub enum PlayError {
    /// This computer has no virtual MPI library.
    #[error("virtual ranks need Linux")]
    NotHere,
    /// Something of the operating system failed.
    #[error("cannot {what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The program could not be started.
    #[error("cannot start `{}`: {source}", program.to_string_lossy())]
    Start {
        /// The program.
        program: OsString,
        /// Why.
        source: io::Error,
    },
    /// A process ended before it was a rank.
    #[error("rank {rank} ended without a call of MPI_Init ({status})")]
    NoMpi {
        /// The rank.
        rank: u32,
        /// How it ended.
        status: ExitStatus,
    },
    /// A rank ended although it was not done.
    #[error("rank {rank} ended without MPI_Finalize ({status}), after {after}")]
    Ended {
        /// The rank.
        rank: u32,
        /// How it ended.
        status: ExitStatus,
        /// Its last call.
        after: String,
    },
    /// A rank ended with an error after `MPI_Finalize`.
    #[error("rank {rank} ended with an error ({status})")]
    Failed {
        /// The rank.
        rank: u32,
        /// How it ended.
        status: ExitStatus,
    },
    /// A rank has called `MPI_Abort`, or made an error that ends the program.
    #[error("rank {rank} has ended the program with code {code}: {why}")]
    Aborted {
        /// The rank.
        rank: u32,
        /// The code.
        code: i64,
        /// What it said.
        why: String,
    },
    /// A rank calls what is not implemented.
    #[error("rank {rank} calls {function}, which virtual ranks cannot do{}", because(why))]
    Refused {
        /// The rank.
        rank: u32,
        /// The function of MPI.
        function: String,
        /// More of it; may be empty.
        why: String,
    },
    /// A rank makes no call.
    #[error("rank {rank} has made no call of MPI for {} s, after {after}", limit.as_secs())]
    Silent {
        /// The rank.
        rank: u32,
        /// The limit.
        limit: Duration,
        /// Its last call.
        after: String,
    },
    /// Ranks call collectives that do not belong together.
    #[error("rank {rank} calls {function}, where rank {other} calls {theirs} on the same communicator{}", because(why))]
    Mismatch {
        /// The rank.
        rank: u32,
        /// Its function.
        function: String,
        /// The rank that came first.
        other: u32,
        /// Its function.
        theirs: String,
        /// What differs, if not the functions; may be empty.
        why: String,
    },
    /// The ranks wait for each other, or the simulation could not be finished for another reason.
    #[error("{error}{}", calls(waiting))]
    Simulation {
        /// What the engine says.
        error: SimError,
        /// The call of each rank that is not done, as far as the engine has named it.
        waiting: Vec<(u32, String)>,
    },
    /// The program was to be ended.
    #[error("the program was ended, as dlpc-sim was told to end")]
    Stopped,
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

fn calls(waiting: &[(u32, String)]) -> String {
    const SHOWN: usize = 8;
    let shown = waiting.iter().take(SHOWN).map(|(rank, call)| format!("\n  rank {rank} is in {call}"));
    let rest = (waiting.len() > SHOWN).then(|| "\n  ...".to_owned());
    shown.chain(rest).collect()
}

/// How the ranks are simulated: their program goes to the engine.
pub type Simulate<'s> = &'s mut dyn FnMut(&mut Program) -> Result<Trace, SimError>;

/// Runs the program and returns what its ranks did, and how long that took on the cluster. Whatever ends it, no process is left.
///
/// `stop` tells whether the program is to be ended.
///
/// # Errors
/// [`PlayError`] if it could not be run to its end.
pub fn run(
    play: &Play,
    stop: Arc<dyn Fn() -> bool + Send + Sync>,
    simulate: Simulate<'_>,
) -> Result<(Run, Trace), PlayError> {
    let stage = Arc::new(Mutex::new(Stage::new(play, Theatre::new(play, stop)?)));
    let mut program = Program::Reactive(Box::new(Ranks(Arc::clone(&stage))));
    let result = simulate(&mut program);
    let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
    stage.close();
    // What a rank did wrong is why others wait for it.
    match (stage.failure(), result) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(PlayError::Simulation { error, waiting: stage.waiting() }),
        (None, Ok(trace)) => Ok((stage.recorded(), trace)),
    }
}

/// The ranks as a program of the engine.
#[derive(Debug)]
struct Ranks(Arc<Mutex<Stage>>);

impl Reactive for Ranks {
    fn next(&mut self, rank: RankId, outcome: Outcome) -> Option<Op> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next(rank.0, outcome)
    }

    fn n_ops_at_most(&self) -> u64 {
        u64::MAX
    }

    fn tell(&mut self, now: SimTime) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tell(now);
    }

    fn meet(&mut self, receiver: RankId, request: Request, message: Status) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).meet_message(receiver.0, request.0, message);
    }

    /// There are the same processes behind it: they cannot be copied.
    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(Self(Arc::clone(&self.0)))
    }
}
