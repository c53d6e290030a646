//! A sweep over the ranks of an MPI job: rank 0 hands out, writes and computes nothing; the others compute.

mod order_book;

use std::path::PathBuf;
use std::sync::mpsc;

use dlpc_hardware::kernels::hand_out::{self, Ending, Foreman};
use dlpc_hardware::kernels::session::{self, Session};
use dlpc_predict::sweep::record::Record;
use dlpc_predict::sweep::tasks::{self, Task};
use serde::{Deserialize, Serialize};

use self::order_book::OrderBook;
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
        let needs = job.threads(0)?.install(|| job.needs(&inputs))?.needs;
        let store = Store::open(&job.store_path())?;
        Ok((job, needs, store))
    });
    let (job, needs, mut store) = begun.inspect_err(|_| brief(session, &Inputs::from_disk(), &[]))?;
    let open = tasks::open_tasks(&needs, &|key| store.has(key));
    messages::say_what_is_open(tasks::open_tasks(&needs, &|_| false).len(), &open, &store);
    messages::say_what_was_lost(&job, &open);
    brief(session, &inputs, &open);
    let (failed, silent) = hand_out(session, &job, &open, &mut store)?;
    let written = finish::write(&job, &needs, &store).and_then(|()| messages::cannot_compute(&job, failed));
    if silent.is_empty() {
        return written;
    }
    for rank in silent {
        files::warn(&format!("rank {rank} is silent: it hangs or is dead, and others have done its points"));
    }
    match written {
        Ok(()) => session.end(0),
        Err(failure) => end_job(session, &failure),
    }
}

fn brief(session: &Session, inputs: &Inputs, open: &[Task]) {
    let tasks = open.iter().map(|task| (task.point, task.ranks)).collect();
    let briefing = Briefing { files: inputs.so_far(), tasks };
    hand_out::brief(session, &serde_json::to_vec(&briefing).expect("invariant: paths of a command line are text"));
}

/// Tasks that could not be computed, and ranks that did not say goodbye.
type Remains = (Vec<Failed>, Vec<u32>);

/// Hands the tasks out and keeps the results.
fn hand_out(session: &Session, job: &Job<'_>, open: &[Task], store: &mut Store) -> Result<Remains, Failure> {
    let n_items = u32::try_from(open.len()).expect("invariant: at most two million results");
    let mut keeper = Keeper {
        open,
        store,
        book: OrderBook::begin(job)?,
        signals: Signals::listen(),
        progress: Progress::new(u64::from(n_items)),
        failed: Vec::new(),
        failure: None,
    };
    let ending = hand_out::lead(session, n_items, &mut keeper);
    let Keeper { store, progress, failed, failure, .. } = keeper;
    progress.finish();
    store.sync()?;
    if let Some(failure) = failure {
        end_job(session, &failure);
    }
    match ending {
        Ending::Stopped(lost) => {
            let tasks = |items: &[u32]| items.iter().map(|item| open[*item as usize]).collect();
            let lost: Vec<(u32, Vec<Task>)> = lost.iter().map(|(rank, items)| (*rank, tasks(items))).collect();
            end_job(session, &messages::ended(store, open.len() - store.n_appended(), &lost))
        }
        Ending::Done { silent } => Ok((failed, silent)),
    }
}

/// Keeps what comes back.
struct Keeper<'k> {
    open: &'k [Task],
    store: &'k mut Store,
    book: OrderBook,
    signals: Signals,
    progress: Progress,
    failed: Vec<Failed>,
    failure: Option<Failure>,
}

impl Foreman for Keeper<'_> {
    fn hand_out(&mut self, rank: u32, items: &[u32]) {
        let tasks: Vec<Task> = items.iter().map(|item| self.open[*item as usize]).collect();
        self.failure = self.failure.take().or(self.book.note(rank, &tasks).err());
    }

    fn take(&mut self, item: u32, answer: &[u8]) {
        self.progress.advance();
        let failed = |reason: String| Failed { task: self.open[item as usize], reason };
        match serde_json::from_slice(answer) {
            Ok(Answer::Record(record)) => self.failure = self.failure.take().or(self.store.append(record).err()),
            Ok(Answer::Failed(reason)) => self.failed.push(failed(reason)),
            Err(error) => self.failed.push(failed(format!("no answer: {error}"))),
        }
    }

    fn is_over(&mut self) -> bool {
        self.failure.is_some() || self.signals.was_told_to_end()
    }
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
