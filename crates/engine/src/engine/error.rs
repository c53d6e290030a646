//! Why a simulation could not be finished.

use std::fmt;

use thiserror::Error;

use crate::program::{Context, Enough, Pattern, RankId, Source, Tag};
use crate::units::Bytes;

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
    /// Line of the file that this op stands in, if the program is from a file.
    pub line: Option<u32>,
    /// The call that it is in.
    pub call: BlockedIn,
    /// What it waits for.
    pub needs: Vec<Need>,
}

/// A call that does not return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedIn {
    /// A send.
    Send,
    /// A receive.
    Recv,
    /// A probe.
    Probe,
    /// A wait for all that was started without a number.
    WaitAll,
    /// A wait for a request.
    Wait,
    /// A wait for several requests.
    WaitWatched(Enough),
    /// None: it has made a million tests, and no time has passed.
    Tests,
}

/// What a blocked rank waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A message that nobody has sent.
    Message {
        /// Which.
        pattern: Pattern,
        /// Whether the rank that would have to send it has finished.
        is_over: bool,
    },
    /// A receive at the other end of its send, which has not been called.
    Receive {
        /// By whom.
        by: RankId,
        /// With which tag.
        tag: Tag,
        /// In which context.
        context: Context,
        /// Size of the message.
        bytes: Bytes,
        /// Why the send waits.
        reason: Reason,
        /// Whether that rank has finished.
        is_over: bool,
    },
    /// An answer to its send, whose receive has been started: the other rank is in no call that would give it.
    Answer {
        /// Whose.
        by: RankId,
    },
    /// The data of a message that it is to receive: the other rank is in no call that would send it.
    Data {
        /// Whose.
        from: RankId,
    },
}

/// Why a send waits for its receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The message is large.
    Large {
        /// Size of the largest message that is not.
        eager_limit: Bytes,
    },
    /// The send is synchronous.
    Synchronous,
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
        const SHOWN: usize = 3;
        match self.line {
            Some(line) => write!(f, "rank {} (line {line}) {}", self.rank.0, self.call)?,
            None => write!(f, "rank {} (op {}) {}", self.rank.0, self.op, self.call)?,
        }
        for (i, need) in self.needs.iter().take(SHOWN).enumerate() {
            write!(f, "{}{need}", if i == 0 { " for " } else { "; for " })?;
        }
        if self.needs.len() > SHOWN { write!(f, "; and {} more", self.needs.len() - SHOWN) } else { Ok(()) }
    }
}

impl fmt::Display for BlockedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Send => "waits in a send",
            Self::Recv => "waits in a receive",
            Self::Probe => "waits in a probe",
            Self::WaitAll => "waits for all it has started,",
            Self::Wait => "waits for a request,",
            Self::WaitWatched(Enough::One) => "waits for one of its requests,",
            Self::WaitWatched(Enough::All) => "waits for several requests,",
            Self::Tests => "tests again and again, and does nothing in between that takes time",
        })
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Message { pattern, is_over } => {
                match pattern.from {
                    Source::Rank(rank) => write!(f, "a message from rank {}", rank.0)?,
                    Source::Any => write!(f, "a message from any rank")?,
                }
                if let Some(tag) = pattern.tag {
                    write!(f, " with tag {}", tag.0)?;
                }
                write_context(f, pattern.context)?;
                match (is_over, pattern.from) {
                    (false, _) => Ok(()),
                    (true, Source::Rank(_)) => write!(f, ", which has finished"),
                    (true, Source::Any) => write!(f, ", and all others have finished"),
                }
            }
            Self::Receive { by, tag, context, bytes, reason, is_over } => {
                write!(f, "rank {} to receive its message of {} B with tag {}", by.0, bytes.0, tag.0)?;
                write_context(f, context)?;
                write!(f, " ({reason}); rank {} has ", by.0)?;
                f.write_str(if is_over { "finished without it" } else { "not come to that receive" })
            }
            Self::Answer { by } => {
                write!(f, "rank {}, which has started the receive, but is in no call that goes on with it", by.0)
            }
            Self::Data { from } => {
                write!(
                    f,
                    "the data of rank {}, which has started the send, but is in no call that goes on with it",
                    from.0
                )
            }
        }
    }
}

fn write_context(f: &mut fmt::Formatter<'_>, context: Context) -> fmt::Result {
    if context == Context::WORLD { Ok(()) } else { write!(f, " in context {}", context.0) }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Large { eager_limit } => {
                write!(f, "above the eager limit of {} B, a send waits for its receive", eager_limit.0)
            }
            Self::Synchronous => write!(f, "a synchronous send waits for its receive"),
        }
    }
}
