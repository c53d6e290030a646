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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// Its rank.
    pub rank: u32,
    /// Its line in the file; 0 if it comes from none.
    pub line: u32,
    /// What it is.
    pub half: Half,
    /// The other half, if there is one to which its rank has not come.
    pub later: Option<Later>,
}

/// A send or a receive to which its rank has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// Its rank.
    pub rank: u32,
    /// Its line in the file; 0 if it comes from none.
    pub line: u32,
}

/// Why a send waits for its receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Its message is larger than the eager limit.
    Large,
    /// It is synchronous.
    Synchronous,
}

/// Half of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Half {
    /// A send that nobody receives.
    Send {
        /// Receiving rank.
        to: u32,
        /// Tag.
        tag: u32,
        /// Size.
        bytes: u64,
        /// Why it waits for its receive; none if it does not.
        waits: Option<Waits>,
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
    let (halves, have) = match n_unmatched {
        1 => ("1 send or receive".to_owned(), "has"),
        n => (format!("{n} sends or receives"), "have"),
    };
    let first = format!("{left}{halves} {have} not met {} other half", if n_unmatched == 1 { "its" } else { "their" });
    let shown = unmatched.iter().map(|half| format!("  {half}"));
    let rest = (n_unmatched > unmatched.len() as u64).then(|| "  ...".to_owned());
    let lines = std::iter::once(first).chain(shown).chain(rest).chain(advice(n_unmatched, unmatched));
    lines.collect::<Vec<_>>().join("\n")
}

/// Says what to do if all that is known waits in sends whose receives come later.
fn advice(n_unmatched: u64, unmatched: &[Unmatched]) -> Option<String> {
    let waits = |unmatched: &Unmatched| {
        unmatched.later.is_some() && matches!(unmatched.half, Half::Send { waits: Some(_), .. })
    };
    let is_all = n_unmatched == unmatched.len() as u64 && n_unmatched > 0;
    (is_all && unmatched.iter().all(waits)).then(|| {
        "  all of them wait in sends for receives that come later: let some ranks receive first, or start the sends and wait \
         for them after the receives"
            .to_owned()
    })
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        match &self.half {
            Half::Send { to, tag, bytes, waits } => {
                write!(f, "rank {} sends {bytes} B to rank {to} with tag {tag}", self.rank)?;
                let Some(later) = self.later else { return write!(f, ", which does not receive it") };
                match waits {
                    Some(Waits::Large) => write!(f, ", more than the eager limit: it waits for the receive, {later}"),
                    Some(Waits::Synchronous) => write!(f, ", synchronously: it waits for the receive, {later}"),
                    None => write!(f, ", whose receive is {later}"),
                }
            }
            Half::Recv { from, tag } => {
                let from = from.map_or_else(|| "any rank".to_owned(), |from| format!("rank {from}"));
                let tag = tag.map_or_else(|| "any tag".to_owned(), |tag| format!("tag {tag}"));
                write!(f, "rank {} waits for a message from {from} with {tag}", self.rank)?;
                match self.later {
                    Some(later) => write!(f, ", whose send is {later}"),
                    None => write!(f, ", which does not come"),
                }
            }
        }
    }
}

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "one to which rank {} has not come", self.rank),
            line => write!(f, "on line {line}, to which rank {} has not come", self.rank),
        }
    }
}
