//! Sends and receives that ranks have started under a number, and the calls that wait for them or test them.

use super::matching::Wanted;
use super::message::MessageId;
use crate::program::{Enough, Outcome, RankId, Request, Status};
use crate::units::SimTime;

/// So many tests one after the other, in which no time passes, are the last.
const ASKED_MAX: u32 = 1_000_000;

/// The numbers of all ranks. Ranks that use none cost nothing.
#[derive(Debug, Default)]
pub(super) struct Requests {
    of_ranks: Vec<OfRank>,
}

/// The numbers of one rank.
#[derive(Debug, Default)]
struct OfRank {
    slots: Vec<Slot>,
    /// What the next call is about, or the latest was.
    watched: Vec<Request>,
    /// How many of the watched have been given, or passed over because they were not done.
    n_given: usize,
    /// Whether the next one that is watched begins a new list.
    is_list_over: bool,
    asked: Option<Asked>,
    /// When a test was made that found nothing, and how many have been made since then.
    unanswered: (Option<SimTime>, u32),
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Free,
    /// A send or receive that is not done; a receive has a message when they have met.
    Open(Option<MessageId>),
    /// A message that a matched probe has found.
    Held(MessageId),
    Done(Status),
}

/// What a rank waits for, or asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) question: Question,
    /// Whether it waits for the answer.
    pub(super) is_waiting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Is this one done?
    Request(Request),
    /// Are enough of the watched ones done?
    Watched(Enough),
    /// Is such a message there?
    Message(Wanted),
    /// The same; it is to be held under this number.
    Matched(Request, Wanted),
}

/// Returns where a number has its slot: those of collectives have the first ones.
fn place(request: Request) -> usize {
    let n_of_collectives = u32::try_from(Request::OF_COLLECTIVES.len()).expect("invariant: two");
    request.0.wrapping_add(n_of_collectives) as usize
}

impl Requests {
    /// Returns the numbers of a rank.
    fn of(&mut self, rank: RankId) -> &mut OfRank {
        let i = rank.0 as usize;
        if self.of_ranks.len() <= i {
            self.of_ranks.resize_with(i + 1, OfRank::default);
        }
        &mut self.of_ranks[i]
    }

    /// Returns what a number stands for.
    pub(super) fn slot(&self, rank: RankId, request: Request) -> Slot {
        let slots = self.of_ranks.get(rank.0 as usize).map_or(&[][..], |of_rank| &of_rank.slots);
        slots.get(place(request)).copied().unwrap_or(Slot::Free)
    }

    fn set(&mut self, rank: RankId, request: Request, slot: Slot) {
        let (slots, i) = (&mut self.of(rank).slots, place(request));
        if slots.len() <= i {
            slots.resize(i + 1, Slot::Free);
        }
        slots[i] = slot;
    }

    /// Opens a number for a send or receive that starts.
    #[cold]
    pub(super) fn open(&mut self, rank: RankId, request: Request, message: Option<MessageId>) {
        self.check_free(rank, request);
        self.set(rank, request, Slot::Open(message));
    }

    /// Keeps a message under a number.
    pub(super) fn hold(&mut self, rank: RankId, request: Request, message: MessageId) {
        self.check_free(rank, request);
        self.set(rank, request, Slot::Held(message));
    }

    /// Takes the message that is kept under a number; none if it was from nobody.
    pub(super) fn take_held(&mut self, rank: RankId, request: Request) -> Option<MessageId> {
        let slot = self.slot(rank, request);
        let Slot::Held(message) = slot else {
            assert!(slot == Slot::Free, "bug: rank {} has no message as its request {}", rank.0, request.0);
            return None;
        };
        self.set(rank, request, Slot::Open(Some(message)));
        Some(message)
    }

    fn check_free(&self, rank: RankId, request: Request) {
        let is_free = self.slot(rank, request) == Slot::Free;
        assert!(is_free, "bug: rank {} uses request {} again before it is done", rank.0, request.0);
    }

    /// A receive has met its message.
    #[cold]
    pub(super) fn meet(&mut self, rank: RankId, request: Request, message: MessageId) {
        self.set(rank, request, Slot::Open(Some(message)));
    }

    /// A send or receive is done.
    #[cold]
    pub(super) fn finish(&mut self, rank: RankId, request: Request, status: Status) {
        self.set(rank, request, Slot::Done(status));
    }

    pub(super) fn free(&mut self, rank: RankId, request: Request) {
        self.set(rank, request, Slot::Free);
    }

    /// Adds a request to the list of what the next call is about.
    pub(super) fn watch(&mut self, rank: RankId, request: Request) {
        let of_rank = self.of(rank);
        if std::mem::take(&mut of_rank.is_list_over) {
            of_rank.watched.clear();
        }
        of_rank.watched.push(request);
    }

    /// Returns the watched requests of a rank.
    pub(super) fn watched(&self, rank: RankId) -> &[Request] {
        self.of_ranks.get(rank.0 as usize).map_or(&[], |of_rank| &of_rank.watched)
    }

    /// Notes what a rank asks.
    pub(super) fn ask(&mut self, rank: RankId, asked: Asked) {
        let of_rank = self.of(rank);
        if matches!(asked.question, Question::Watched(_)) {
            (of_rank.n_given, of_rank.is_list_over) = (0, true);
        }
        of_rank.asked = Some(asked);
    }

    /// Returns what a rank has asked.
    pub(super) fn asked(&self, rank: RankId) -> Option<Asked> {
        self.of_ranks.get(rank.0 as usize)?.asked
    }

    /// Returns the result of a request that is done, or was not started, and frees its number.
    pub(super) fn take(&mut self, rank: RankId, request: Request) -> Option<Outcome> {
        match self.slot(rank, request) {
            Slot::Done(status) => {
                self.free(rank, request);
                Some(Outcome::Completed(request, status))
            }
            Slot::Free => Some(Outcome::Completed(request, Status::NONE)),
            Slot::Open(_) | Slot::Held(_) => None,
        }
    }

    /// Returns the answer to whether enough of the watched requests are done.
    pub(super) fn take_watched(&mut self, rank: RankId, enough: Enough) -> Option<Outcome> {
        match enough {
            Enough::All => {
                let is_done = |request: &Request| matches!(self.slot(rank, *request), Slot::Done(_) | Slot::Free);
                self.watched(rank).iter().all(is_done).then_some(Outcome::Done)
            }
            Enough::One => {
                self.of(rank).n_given = 0;
                let next = self.next_done(rank);
                let is_none_started =
                    || self.watched(rank).iter().all(|request| self.slot(rank, *request) == Slot::Free);
                next.or_else(|| is_none_started().then_some(Outcome::Done))
            }
        }
    }

    /// Returns the next of the watched requests that is done, and frees its number.
    pub(super) fn next_done(&mut self, rank: RankId) -> Option<Outcome> {
        let n_given = self.of(rank).n_given;
        let watched = &self.watched(rank)[n_given..];
        let next = watched.iter().position(|request| matches!(self.slot(rank, *request), Slot::Done(_)));
        self.of(rank).n_given = n_given + next.map_or(0, |i| i + 1);
        let request = self.watched(rank)[n_given + next?];
        self.take(rank, request)
    }

    /// Notes that a test has found nothing, and returns whether that makes too many in which no time has passed.
    pub(super) fn find_nothing(&mut self, rank: RankId, now: SimTime) -> bool {
        let (since, n) = &mut self.of(rank).unanswered;
        if *since != Some(now) {
            (*since, *n) = (Some(now), 0);
        }
        *n += 1;
        *n > ASKED_MAX
    }
}
