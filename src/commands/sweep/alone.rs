//! A sweep on this machine, over its cores.

use std::sync::{Mutex, PoisonError};

use dlpc_predict::sweep::record::Record;
use dlpc_predict::sweep::tasks::Task;
use rayon::prelude::*;

use super::inputs::Inputs;
use super::job::{Failed, Job};
use super::messages;
use super::store::Store;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::signals::Signals;

/// Computes `open` and keeps the results; returns the points that could not be computed.
///
/// # Errors
/// If a result cannot be kept, or this program is told to end.
pub(super) fn compute(
    job: &Job<'_>,
    inputs: &Inputs,
    open: &[Task],
    store: &mut Store,
) -> Result<Vec<Failed>, Failure> {
    let signals = Signals::listen();
    let progress = Progress::new(open.len() as u64);
    let shared = Mutex::new(Shared { store, failed: Vec::new(), failure: None });
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let one = |task: &Task| {
        if signals.was_told_to_end() || lock().failure.is_some() {
            return;
        }
        let result = job.compute(*task, inputs);
        lock().take(result);
        progress.advance();
    };
    // One at a time on each thread, so that the progress is even.
    open.par_iter().with_max_len(1).for_each(one);
    progress.finish();
    let Shared { store, failed, failure } = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    store.sync()?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let n_done = store.n_appended() + failed.len();
    if n_done < open.len() {
        return Err(messages::ended(store, open.len() - n_done, &[]));
    }
    Ok(failed)
}

/// What all threads add to.
struct Shared<'s> {
    store: &'s mut Store,
    failed: Vec<Failed>,
    failure: Option<Failure>,
}

impl Shared<'_> {
    fn take(&mut self, result: Result<Record, Failed>) {
        match result {
            Err(failed) => self.failed.push(failed),
            Ok(record) => {
                if let Err(failure) = self.store.append(record) {
                    self.failure.get_or_insert(failure);
                }
            }
        }
    }
}
