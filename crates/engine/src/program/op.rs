//! Ops: what a rank can do, one step at a time, and how a step can end.
//!
//! They are the point-to-point calls of MPI. A send or receive that is started gets a number from its program, a
//! [`Request`], and is waited for or tested by that number; the number is free again when a wait or a test has given the
//! result. Calls that wait for several requests are given them one by one, by [`Op::Watch`]:
//!
//! | MPI | ops |
//! |---|---|
//! | `Send`, `Ssend`, `Bsend`, `Rsend` | [`Op::Send`], by [`Envelope::mode`] |
//! | `Isend` and its kind, `Irecv`, `Start` | [`Op::StartSend`], [`Op::StartRecv`] |
//! | `Wait`, `Test` | [`Op::Wait`], [`Op::Test`] |
//! | `Waitall` | [`Op::Wait`] for one after the other |
//! | `Waitany`, `Testany` | [`Op::Watch`] for each, then [`Op::WaitWatched`] or [`Op::TestWatched`] for one |
//! | `Waitsome`, `Testsome` | the same, then [`Op::NextDone`] until there is none |
//! | `Testall` | [`Op::TestWatched`] for all, then [`Op::NextDone`] for each |
//! | `Probe`, `Iprobe` | [`Op::Probe`], [`Op::Iprobe`] |
//! | `Mprobe`, `Improbe` | [`Op::Mprobe`], [`Op::Improbe`] |
//! | `Imrecv`, `Mrecv` | [`Op::StartMatched`], and a wait |
//! | `Request_free`, `Cancel` | [`Op::Free`], [`Op::Cancel`] |
//! | `Finalize`, `Buffer_detach` | [`Op::WaitAll`] |

use super::SendMode;
use crate::machine::Kernel;
use crate::units::{Bytes, SimDuration};

/// Index of a rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RankId(pub u32);

impl RankId {
    /// No rank, `MPI_PROC_NULL`: a send to it, and a receive from it, are done at once.
    pub const NOBODY: Self = Self(u32::MAX);
}

/// Tag of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

/// Messages of one context meet only receives of the same: the point-to-point messages of a communicator, or those of
/// its collectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Context(pub u32);

impl Context {
    /// That of programs with one communicator.
    pub const WORLD: Self = Self(0);
}

/// The number by which a rank names a send or receive that it has started. Numbers are those of the rank, and small:
/// memory is kept for all up to the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(pub u32);

impl Request {
    /// The numbers of receives inside collectives, which are none of the program's: the largest, with places of their own.
    pub const OF_COLLECTIVES: [Self; 2] = [Self(u32::MAX - 1), Self(u32::MAX)];

    /// Returns whether it is one of those inside collectives.
    #[must_use]
    pub const fn is_of_collective(self) -> bool {
        self.0 >= Self::OF_COLLECTIVES[0].0
    }
}

/// Whose messages a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Those of one rank; those of [`RankId::NOBODY`] have no bytes and are there at once.
    Rank(RankId),
    /// Those of all ranks.
    Any,
}

/// What is sent to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Receiver.
    pub to: RankId,
    /// Tag.
    pub tag: Tag,
    /// Size.
    pub bytes: Bytes,
    /// Context.
    pub context: Context,
    /// What the send waits for.
    pub mode: SendMode,
}

impl Envelope {
    /// Returns the envelope of a standard send in the context of programs with one communicator.
    #[must_use]
    pub const fn new(to: RankId, tag: Tag, bytes: Bytes) -> Self {
        Self { to, tag, bytes, context: Context::WORLD, mode: SendMode::Standard }
    }
}

/// Which messages a receive takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Sender.
    pub from: Source,
    /// Tag; none takes any.
    pub tag: Option<Tag>,
    /// Context.
    pub context: Context,
}

impl Pattern {
    /// Returns the pattern of messages in the context of programs with one communicator; without a tag, of any.
    #[must_use]
    pub const fn new(from: Source, tag: Option<Tag>) -> Self {
        Self { from, tag, context: Context::WORLD }
    }

    /// Returns whether it takes no message, because it is from nobody.
    #[must_use]
    pub fn is_from_nobody(&self) -> bool {
        self.from == Source::Rank(RankId::NOBODY)
    }
}

/// How many of the watched requests a wait or a test is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// Any one: the first of those that are done, in the order in which they were named.
    One,
    /// All of them.
    All,
}

/// One step of a rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Works on the rank's core.
    Compute {
        /// What it does.
        kernel: Kernel,
        /// How long it takes on a core of speed 1, without noise.
        work: SimDuration,
    },
    /// Leaves the core idle.
    Sleep {
        /// How long.
        duration: SimDuration,
        /// Why.
        reason: SleepReason,
    },
    /// Sends and waits until the buffer is free again, or for what the mode says.
    Send(Envelope),
    /// Starts a send without a number; [`Op::WaitAll`] waits for it.
    Isend(Envelope),
    /// Waits for a message.
    Recv(Pattern),
    /// Starts a receive without a number; [`Op::WaitAll`] waits for it.
    Irecv(Pattern),
    /// Waits for a message, at most for a time.
    RecvWithin {
        /// Which messages.
        pattern: Pattern,
        /// How long to wait for a match.
        timeout: SimDuration,
    },
    /// Waits for all sends and receives that were started without a number, and for the data of buffered sends and of
    /// freed requests.
    WaitAll,
    /// Looks how many files the producer has completed; takes no time.
    Look,
    /// Asks what time it is, which a reactive program is told by [`super::Reactive::tell`]; takes no time.
    Time,
    /// Starts a send.
    StartSend(Request, Envelope),
    /// Starts a receive.
    StartRecv(Request, Pattern),
    /// Starts to receive the message that a matched probe has put under this number.
    StartMatched(Request),
    /// Waits until a request is done.
    Wait(Request),
    /// Does what there is to do for messages, and looks whether a request is done. Takes only the time of that work.
    Test(Request),
    /// Names a request for the next wait or test of several. The first after such a call begins a new list.
    Watch(Request),
    /// Waits until enough of the watched requests are done.
    WaitWatched(Enough),
    /// As [`Op::Test`], of the watched requests.
    TestWatched(Enough),
    /// Asks for the next of the watched requests that is done; takes no time.
    NextDone,
    /// Waits until a message is there, and leaves it there.
    Probe(Pattern),
    /// As [`Op::Test`]: looks whether a message is there, and leaves it there.
    Iprobe(Pattern),
    /// Waits until a message is there, and keeps it from other receives, under a number.
    Mprobe(Request, Pattern),
    /// As [`Op::Test`]: looks whether a message is there, and keeps it from other receives.
    Improbe(Request, Pattern),
    /// Lets a send or receive go on without its number, which is free when it is done.
    Free(Request),
    /// Takes back a receive that has not met a message: then it is done, its number free. Takes no time.
    Cancel(Request),
}

/// Why a rank sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SleepReason {
    /// The program says so.
    Program,
    /// Until the next look for what the producer has completed.
    Poll,
}

/// What a receive got, or a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Sender.
    pub from: RankId,
    /// Tag.
    pub tag: Tag,
    /// Size.
    pub bytes: Bytes,
}

impl Status {
    /// That of sends, of receives from nobody and of requests that were not started.
    pub const NONE: Self = Self { from: RankId::NOBODY, tag: Tag(u32::MAX), bytes: Bytes(0) };
}

/// How the previous op of a rank ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none: the rank starts.
    Started,
    /// Done. Of a wait or a test for all requests: all are; for one: none of them was started.
    Done,
    /// A message was received.
    Received(Status),
    /// No message came in time.
    TimedOut,
    /// So many files are complete.
    Looked {
        /// Files completed since the start.
        complete: u32,
    },
    /// A request is done, and its number free.
    Completed(Request, Status),
    /// A message is there.
    Found(Status),
    /// Not done, not there, or (of a cancelled receive) too late.
    Pending,
}
