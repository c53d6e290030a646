//! Messages about the work rather than of it: whoever waits for one keeps no core busy.

use std::thread;
use std::time::Duration;

use mpi::point_to_point::{Destination, Source};
use mpi::topology::Communicator;
use mpi::traits::MatchedReceiveVec;

use super::session::{Session, rank_from_mpi};

/// Time between two looks for a message: short beside anything that a person waits for, long beside a look.
const NAP: Duration = Duration::from_millis(1);

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Plan or workload, from rank 0.
    Assignment = 100,
    /// Which team is next, from rank 0.
    Order,
    /// What came of it, to rank 0.
    Report,
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
    loop {
        if let Some((message, status)) = session.world.any_process().immediate_matched_probe_with_tag(topic.tag()) {
            let (content, _) = (message, status).matched_receive_vec();
            return (rank_from_mpi(status.source_rank()), content);
        }
        thread::sleep(NAP);
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
