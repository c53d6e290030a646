//! A sweep over the ranks of an MPI job: rank 0 hands out, writes and computes nothing; the others compute.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::mpsc;

use dlpc_sim::measurement::kernels::hand_out::{self, Ending};
use dlpc_sim::measurement::kernels::session::{self, Session};
use dlpc_sim::sweep::record::Record;
use dlpc_sim::sweep::tasks::{self, Task};
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::job::{Failed, Job};
use super::store::Store;
use super::{finish, messages};
use crate::cli::sweep::SweepArgs;
use crate::failure::Failure;
use crate::files;
use crate::progress::Progress;
use crate::signals::Signals;

/// What rank 0 tells the others at the start; nothing, if there is nothing to do.
#[derive(Serialize, Deserialize)]
struct Briefing {
    files: Vec<(PathBuf, String)>,
    /// Point and rank count of each task.
    tasks: Vec<(u32, u32)>,
}

/// What a rank answers.
#[derive(Serialize, Deserialize)]
enum Answer {
    Record(Record),
    Failed(String),
}

pub(super) fn run(args: &SweepArgs, n_ranks: u32) -> Result<(), Failure> {
    let ended = session::run(n_ranks, None, |session| {
        Ok(if session.rank == 0 { lead(args, session) } else { follow(args, session) })
    });
    ended.map_err(|error| crate::commands::kernel::failure(&error))?
}

fn lead(args: &SweepArgs, session: &Session) -> Result<(), Failure> {
    let inputs = Inputs::from_disk();
    let begun = Job::prepare(args, &inputs).and_then(|job| {
        let needs = job.threads(0)?.install(|| job.needs(&inputs))?;
        let store = Store::open(&job.store_path())?;
        Ok((job, needs, store))
    });
    let (job, needs, mut store) = begun.inspect_err(|_| brief(session, &Inputs::from_disk(), &[]))?;
    let open = tasks::open_tasks(&needs, &|key| store.has(key));
    messages::say_what_is_open(tasks::open_tasks(&needs, &|_| false).len(), &open, &store);
    brief(session, &inputs, &open);
    let failed = hand_out(session, &open, &mut store)?;
    finish::write(&job, &needs, &store)?;
    messages::cannot_compute(&job, failed)
}

fn brief(session: &Session, inputs: &Inputs, open: &[Task]) {
    let tasks = open.iter().map(|task| (task.point, task.ranks)).collect();
    let briefing = Briefing { files: inputs.so_far(), tasks };
    hand_out::brief(session, &serde_json::to_vec(&briefing).expect("invariant: paths of a command line are text"));
}

/// Hands the tasks out and keeps the results.
fn hand_out(session: &Session, open: &[Task], store: &mut Store) -> Result<Vec<Failed>, Failure> {
    let signals = Signals::listen();
    let progress = Progress::new(open.len() as u64);
    let failure = RefCell::new(None);
    let mut failed = Vec::new();
    let mut take = |item: u32, answer: &[u8]| {
        progress.advance();
        match serde_json::from_slice(answer) {
            Ok(Answer::Record(record)) => {
                if let Err(error) = store.append(record) {
                    failure.borrow_mut().get_or_insert(error);
                }
            }
            Ok(Answer::Failed(reason)) => failed.push(Failed { task: open[item as usize], reason }),
            Err(error) => failed.push(Failed { task: open[item as usize], reason: format!("no answer: {error}") }),
        }
    };
    let mut is_over = || signals.was_told_to_end() || failure.borrow().is_some();
    let n_items = u32::try_from(open.len()).expect("invariant: at most a million points");
    let ending = hand_out::lead(session, n_items, &mut take, &mut is_over);
    progress.finish();
    store.sync()?;
    match (ending, failure.into_inner()) {
        (_, Some(failure)) => end_job(session, &failure),
        (Ending::Stopped(lost), None) => {
            let task = |item: &u32| open[*item as usize];
            let lost: Vec<(u32, Vec<Task>)> =
                lost.iter().map(|(rank, items)| (*rank, items.iter().map(task).collect())).collect();
            end_job(session, &messages::ended(store, n_open(open, store), &lost))
        }
        (Ending::Done { silent }, None) if silent.is_empty() => Ok(failed),
        (Ending::Done { silent }, None) => {
            for rank in silent {
                files::warn(&format!("rank {rank} is silent, so it hangs or is dead; others have done its points"));
            }
            Ok(failed)
        }
    }
}

fn n_open(open: &[Task], store: &Store) -> usize {
    open.len().saturating_sub(store.n_appended())
}

/// Ends all ranks at once: some of them may be dead, so that there is no orderly end.
fn end_job(session: &Session, failure: &Failure) -> ! {
    failure.report();
    session.end(failure.code())
}

/// Computes what rank 0 hands out.
fn follow(args: &SweepArgs, session: &Session) -> Result<(), Failure> {
    let briefing: Briefing =
        serde_json::from_slice(&hand_out::listen(session)).expect("invariant: rank 0 runs the same program");
    if briefing.tasks.is_empty() && briefing.files.is_empty() {
        return Ok(());
    }
    let inputs = Inputs::from_elsewhere(briefing.files);
    let job = Job::prepare(args, &inputs)?;
    let tasks: Vec<Task> = briefing.tasks.into_iter().map(|(point, ranks)| Task { point, ranks }).collect();
    let pool = job.threads(1)?;
    let answer = |item: u32| {
        let answer = match job.compute(tasks[item as usize], &inputs) {
            Ok(record) => Answer::Record(record),
            Err(failed) => Answer::Failed(failed.reason),
        };
        serde_json::to_vec(&answer).expect("invariant: an answer is JSON")
    };
    hand_out::follow(session, &mut |items, send| {
        pool.in_place_scope(|scope| {
            // MPI is called by this thread only.
            let (to_here, from_there) = mpsc::channel();
            for item in items.iter().copied() {
                let (to_here, answer) = (to_here.clone(), &answer);
                scope.spawn(move |_| drop(to_here.send((item, answer(item)))));
            }
            drop(to_here);
            for (item, answer) in from_there {
                send(item, &answer);
            }
        });
    });
    Ok(())
}
