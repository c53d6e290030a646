//! Messages about the work rather than of it: whoever waits for one keeps no core busy.

use std::thread;
use std::time::{Duration, Instant};

use mpi::point_to_point::{Destination, Source};
use mpi::request::{Request, Scope};
use mpi::topology::Communicator;
use mpi::traits::MatchedReceiveVec;

use super::session::{Session, rank_from_mpi};

/// Naps between two looks for a message: each twice as long as the one before, so that a message that comes soon is
/// seen soon, and one that comes late costs no time of the core.
#[derive(Debug)]
struct Naps {
    next: Duration,
}

impl Naps {
    const FIRST: Duration = Duration::from_micros(50);
    const LONGEST: Duration = Duration::from_millis(1);

    const fn new() -> Self {
        Self { next: Self::FIRST }
    }

    fn nap(&mut self, at_most: Duration) {
        thread::sleep(self.next.min(at_most));
        self.next = (2 * self.next).min(Self::LONGEST);
    }
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Plan or workload, from rank 0.
    Assignment = 100,
    /// Which team is next, from rank 0.
    Order,
    /// What came of it, to rank 0.
    Report,
    /// There will be no more, to rank 0.
    Farewell,
}

impl Topic {
    const fn tag(self) -> i32 {
        self as i32
    }
}

/// Sends a message.
pub(super) fn send(session: &Session, to: u32, topic: Topic, message: &[u8]) {
    session.process(to).send_with_tag(message, topic.tag());
}

/// Waits quietly for the next message about `topic`; returns its sender, too.
pub(super) fn receive(session: &Session, topic: Topic) -> (u32, Vec<u8>) {
    receive_within(session, topic, Duration::MAX).expect("invariant: it waits for ever")
}

/// Waits quietly for the next message about `topic`, but not longer than `patience`.
pub(super) fn receive_within(session: &Session, topic: Topic, patience: Duration) -> Option<(u32, Vec<u8>)> {
    let start = Instant::now();
    let mut naps = Naps::new();
    loop {
        if let Some((message, status)) = session.world.any_process().immediate_matched_probe_with_tag(topic.tag()) {
            let (content, _) = (message, status).matched_receive_vec();
            return Some((rank_from_mpi(status.source_rank()), content));
        }
        let left = patience.saturating_sub(start.elapsed());
        if left.is_zero() {
            return None;
        }
        naps.nap(left);
    }
}

/// Waits quietly for the end of an operation that does not block.
pub(super) fn finish<'a, D: ?Sized, S: Scope<'a>>(mut request: Request<'a, D, S>) {
    let mut naps = Naps::new();
    while let Err(open) = request.test() {
        request = open;
        naps.nap(Duration::MAX);
    }
}

/// Hands `text`, which only rank 0 has, to all ranks.
pub(super) fn share(session: &Session, text: Option<Vec<u8>>) -> Vec<u8> {
    let Some(text) = text else { return receive(session, Topic::Assignment).1 };
    for rank in 1..session.n_ranks {
        send(session, rank, Topic::Assignment, &text);
    }
    text
}

/// Returns numbers as the bytes of a message.
pub(super) fn bytes_of(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Returns the numbers that [`bytes_of`] made bytes of.
pub(super) fn numbers_of(bytes: &[u8]) -> Vec<f64> {
    let (chunks, _) = bytes.as_chunks();
    chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}
