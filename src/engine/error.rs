//! Why a simulation could not be finished.

use std::fmt;

use thiserror::Error;

use super::message::Messages;
use super::rank::{Rank, State, Wait};
use crate::program::{RankId, Source, Tag};

/// Why a simulation could not be finished.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimError {
    /// Nothing can happen any more, but ranks are not finished.
    #[error("deadlock: {} cannot go on{}", count(blocked.len()), list(blocked))]
    Deadlock {
        /// The ranks that are not finished, by number.
        blocked: Vec<BlockedRank>,
    },
    /// Simulated time has run out.
    #[error("the run takes longer than 213 days of simulated time, which is all the simulator can count")]
    TimeOverflow,
    /// The caller's limit was reached.
    #[error("the run takes more than {events_max} events")]
    TooManyEvents {
        /// The limit.
        events_max: u64,
    },
    /// The caller has ended the prediction before it was done.
    #[error("nobody waits for the result any more")]
    Abandoned,
}

/// A rank that cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedRank {
    /// The rank.
    pub rank: RankId,
    /// Number of its op, from 0.
    pub op: u64,
    /// What it waits for.
    pub waits_for: WaitsFor,
}

/// What a blocked rank waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitsFor {
    /// A message.
    Message {
        /// From whom.
        from: Source,
        /// With which tag; none: any.
        tag: Option<Tag>,
    },
    /// A receive at the other end of its send.
    Receive {
        /// By whom.
        by: RankId,
        /// With which tag.
        tag: Tag,
    },
    /// Started sends and receives.
    Requests {
        /// How many are not done.
        n: u32,
    },
}

impl WaitsFor {
    /// Returns what a rank that is not finished waits for.
    pub(super) fn of(rank: &Rank, messages: &Messages) -> Self {
        match rank.state {
            State::Waiting(Wait::Recv(pattern) | Wait::RecvWithin(pattern)) => {
                Self::Message { from: pattern.from, tag: pattern.tag }
            }
            State::Waiting(Wait::Send(message)) => {
                let message = messages.get(message);
                Self::Receive { by: message.to, tag: message.tag }
            }
            State::Waiting(Wait::All) | State::Computing | State::Sleeping(_) | State::Finished => {
                Self::Requests { n: rank.outstanding }
            }
        }
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 rank".to_owned() } else { format!("{n} ranks") }
}

fn list(blocked: &[BlockedRank]) -> String {
    const SHOWN: usize = 8;
    let shown = blocked.iter().take(SHOWN).map(ToString::to_string);
    let rest = (blocked.len() > SHOWN).then(|| "...".to_owned());
    shown.chain(rest).fold(String::new(), |text, line| text + "\n  " + &line)
}

impl fmt::Display for BlockedRank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} (op {}) waits for ", self.rank.0, self.op)?;
        match &self.waits_for {
            WaitsFor::Message { from, tag } => {
                match from {
                    Source::Rank(rank) => write!(f, "a message from rank {}", rank.0)?,
                    Source::Any => write!(f, "a message from any rank")?,
                }
                match tag {
                    Some(tag) => write!(f, " with tag {}", tag.0),
                    None => Ok(()),
                }
            }
            WaitsFor::Receive { by, tag } => write!(f, "rank {} to receive its message with tag {}", by.0, tag.0),
            WaitsFor::Requests { n } => write!(f, "{n} started sends or receives"),
        }
    }
}
