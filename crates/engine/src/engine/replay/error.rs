//! Why a schedule could not be replayed to its end.

use std::fmt;

use thiserror::Error;

/// Why a schedule could not be replayed to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// Operations never became ready, or messages were never received.
    #[error("{}", text(*n_left, *n_unmatched, unmatched))]
    Unfinished {
        /// Operations that are not done.
        n_left: u64,
        /// Sends and receives without their other half.
        n_unmatched: u64,
        /// The first of them, by rank and line.
        unmatched: Vec<Unmatched>,
    },
    /// Simulated time has run out.
    #[error("the replay takes longer than 213 days of simulated time, which is all the simulator can count")]
    TimeOverflow,
}

/// A send or a receive without its other half.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmatched {
    /// Its rank.
    pub rank: u32,
    /// Its line in the file; 0 if it comes from none.
    pub line: u32,
    /// What it is.
    pub half: Half,
}

/// Half of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// A send that nobody receives.
    Send {
        /// Receiving rank.
        to: u32,
        /// Tag.
        tag: u32,
        /// Size.
        bytes: u64,
    },
    /// A receive that gets no message; none stands for any.
    Recv {
        /// Sending rank.
        from: Option<u32>,
        /// Tag.
        tag: Option<u32>,
    },
}

fn text(n_left: u64, n_unmatched: u64, unmatched: &[Unmatched]) -> String {
    let plural = |n: u64, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let left = match n_left {
        0 => "all operations are done, but ".to_owned(),
        n => format!("the schedule cannot be finished: {} cannot be done; ", plural(n, "operation")),
    };
    let have = if n_unmatched == 1 { "has" } else { "have" };
    let first = format!(
        "{left}{} {have} no other half",
        if n_unmatched == 1 { "1 send or receive".to_owned() } else { format!("{n_unmatched} sends or receives") }
    );
    let shown = unmatched.iter().map(|half| format!("  {half}"));
    let rest = (n_unmatched > unmatched.len() as u64).then(|| "  ...".to_owned());
    std::iter::once(first).chain(shown).chain(rest).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        match &self.half {
            Half::Send { to, tag, bytes } => {
                write!(f, "rank {} sends {bytes} B to rank {to} with tag {tag}, which does not receive it", self.rank)
            }
            Half::Recv { from, tag } => {
                let from = from.map_or_else(|| "any rank".to_owned(), |from| format!("rank {from}"));
                let tag = tag.map_or_else(|| "any tag".to_owned(), |tag| format!("tag {tag}"));
                write!(f, "rank {} waits for a message from {from} with {tag}, which does not come", self.rank)
            }
        }
    }
}
