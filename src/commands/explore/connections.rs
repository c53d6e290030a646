//! The open connections: when there is no place for one more, the oldest that is not being answered makes it.
//!
//! So clients that connect and stay silent, or never read, keep nobody out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::AbortHandle;

/// Connections at a time.
const OPEN_MAX: usize = 256;

/// Whether a connection is being answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answering(Arc<AtomicBool>);

/// Ends the answering with the value.
pub(super) struct Answered(Arc<AtomicBool>);

impl Answering {
    /// Says that the connection is being answered, as long as the value lives.
    pub(super) fn begin(&self) -> Answered {
        self.0.store(true, Ordering::Relaxed);
        Answered(Arc::clone(&self.0))
    }

    fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The open connections, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Vec<(AbortHandle, Answering)>,
}

impl Connections {
    /// Makes place for a new connection.
    pub(super) fn make_place(&mut self) {
        self.open.retain(|(task, _)| !task.is_finished());
        if OPEN_MAX <= self.open.len()
            && let Some(silent) = self.open.iter().position(|(_, answering)| !answering.goes_on())
        {
            self.open.remove(silent).0.abort();
        }
    }

    /// Keeps a new connection.
    pub(super) fn add(&mut self, task: AbortHandle, answering: Answering) {
        self.open.push((task, answering));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_connection_that_is_not_answered_makes_place() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut connections = Connections::default();
            let all: Vec<_> =
                (0..OPEN_MAX).map(|_| (tokio::spawn(std::future::pending::<()>()), Answering::default())).collect();
            for (task, answering) in &all {
                connections.add(task.abort_handle(), answering.clone());
            }
            let answered = all[0].1.begin();
            connections.make_place();
            tokio::task::yield_now().await;
            let ended: Vec<usize> = (0..OPEN_MAX).filter(|i| all[*i].0.is_finished()).collect();
            assert_eq!((ended, connections.open.len()), (vec![1], OPEN_MAX - 1));
            drop(answered);
            connections.make_place();
            assert_eq!(connections.open.len(), OPEN_MAX - 1, "there is a place");
        });
    }
}
