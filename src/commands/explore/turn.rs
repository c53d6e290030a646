//! Whose turn it is to simulate: one request at a time, the last that came first.
//!
//! So a flood of requests delays nobody who asks after it by more than the simulation that goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Requests that wait for their turn.
const WAITING_MAX: usize = 16;

/// Hands out the turn.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    /// Those that wait, in the order in which they came.
    waiting: Vec<oneshot::Sender<Turn>>,
}

/// The turn; it passes on with the value.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
}

impl Turns {
    /// Waits for the turn; none if too many have come since.
    pub(super) async fn take(self: Arc<Self>) -> Option<Turn> {
        let (sender, receiver) = oneshot::channel();
        self.enter(sender);
        receiver.await.ok()
    }

    fn enter(self: &Arc<Self>, sender: oneshot::Sender<Turn>) {
        let mut state = self.lock();
        if !state.is_taken {
            state.is_taken = true;
            drop(state);
            drop(sender.send(Turn { turns: Arc::clone(self) }));
            return;
        }
        state.waiting.retain(|waiting| !waiting.is_closed());
        if state.waiting.len() == WAITING_MAX {
            state.waiting.remove(0);
        }
        state.waiting.push(sender);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        let next = state.waiting.pop();
        state.is_taken = next.is_some();
        drop(state);
        if let Some(next) = next {
            // If nobody waits there any more, the turn comes back, is dropped and passes on again.
            drop(next.send(Turn { turns: Arc::clone(&self.turns) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_to_come_is_the_next_and_the_first_is_put_off_when_too_many_wait() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let turns = Arc::<Turns>::default();
            let first = Arc::clone(&turns).take().await.expect("nobody has it");
            let order = Arc::new(Mutex::new(Vec::new()));
            let spawn = |i: usize| {
                let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
                tokio::spawn(async move {
                    let turn = turns.take().await;
                    order.lock().expect("no panic").push((i, turn.is_some()));
                })
            };
            let tasks: Vec<_> = (0..=WAITING_MAX).map(spawn).collect();
            tokio::task::yield_now().await;
            // The client of this one goes away.
            tasks[5].abort();
            drop(first);
            for task in tasks {
                drop(task.await);
            }
            let rest = (1..=WAITING_MAX).rev().filter(|i| *i != 5).map(|i| (i, true));
            let expected: Vec<(usize, bool)> = std::iter::once((0, false)).chain(rest).collect();
            assert_eq!(*order.lock().expect("no panic"), expected);
        });
    }
}
