//! What is kept of a rank that has a host of its own, and of that host's interface.

use super::super::ring::Ring;
use crate::program::{Pattern, RankId, Source, Tag};
use crate::units::SimTime;

/// One rank and the interface of its host in one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Rank {
    pub(super) state: State,
    pub(super) receive: Receive,
    /// When its interface may send, and receive, the next message.
    pub(super) send_free_at: SimTime,
    pub(super) recv_free_at: SimTime,
    /// When the latest message for it entered the network.
    pub(super) latest_entry: SimTime,
    /// Messages that no receive has taken.
    pub(super) unexpected: Ring,
}

const _: () = assert!(size_of::<Rank>() == 64, "a rank fits in one cache line");

#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// Its core is busy with a message.
    Sending(Sending),
    /// The same, and then it waits for the receive.
    Exchanging(Sending),
    /// Inside an MPI call, for a message that has not come.
    Waiting {
        since: SimTime,
    },
    Finished {
        at: SimTime,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    pub(super) tag: Tag,
    pub(super) bytes: u32,
}

/// The receive that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Receive {
    None,
    /// Its message is not known.
    Posted(Wanted),
    /// Its message comes then.
    There {
        at: SimTime,
        bytes: u32,
    },
}

/// Which messages a receive takes, in 12 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// [`ANY`] takes the messages of all ranks.
    from: RankId,
    tag: Tag,
    takes_any_tag: bool,
}

const ANY: RankId = RankId(u32::MAX);

impl Rank {
    pub(super) const NEW: Self = Self {
        state: State::Waiting { since: SimTime::ZERO },
        receive: Receive::None,
        send_free_at: SimTime::ZERO,
        recv_free_at: SimTime::ZERO,
        latest_entry: super::NEVER,
        unexpected: Ring::EMPTY,
    };
}

impl From<Pattern> for Wanted {
    fn from(pattern: Pattern) -> Self {
        let from = match pattern.from {
            Source::Any => ANY,
            Source::Rank(rank) => rank,
        };
        Self { from, tag: pattern.tag.unwrap_or(Tag(0)), takes_any_tag: pattern.tag.is_none() }
    }
}

impl Wanted {
    pub(super) fn takes(self, from: RankId, tag: Tag) -> bool {
        (self.from == from || self.from == ANY) && (self.takes_any_tag || self.tag == tag)
    }
}
