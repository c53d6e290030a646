//! What a rank keeps of MPI: its communicators, datatypes and operations.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{COMM_SELF, COMM_WORLD, ERR_COMM, FIRST_COMM, FIRST_KEY, FIRST_OP, FIRST_TYPE, UserFunction};
use crate::errors::{Error, Result};
use crate::handles::Handles;
use crate::layout::Datatype;

static STATE: Mutex<State> = Mutex::new(State::new());

/// What a rank keeps of MPI.
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) host: String,
    pub(crate) world: Communicator,
    pub(crate) own: Communicator,
    pub(crate) communicators: Handles<Communicator>,
    pub(crate) datatypes: Handles<Datatype>,
    pub(crate) operations: Handles<UserFunction>,
    pub(crate) keys: Handles<Key>,
}

/// Copies a value when a communicator is duplicated, or not.
pub(crate) type Copy = Option<extern "C" fn(c_int, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int>;
/// Hears that a value goes away.
pub(crate) type Delete = Option<extern "C" fn(c_int, c_int, *mut c_void, *mut c_void) -> c_int>;

/// What the program has said of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) copy: Copy,
    pub(crate) delete: Delete,
    /// Address of what both functions are given.
    pub(crate) extra: usize,
}

/// How far the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    Within,
    After,
}

/// A communicator.
#[derive(Debug, Clone)]
pub(crate) struct Communicator {
    pub(crate) context: u32,
    /// Its ranks, among all, in its order.
    pub(crate) members: Vec<u32>,
    /// This rank in it.
    pub(crate) rank: u32,
    pub(crate) name: String,
    /// Addresses of the values that are attached, by key.
    pub(crate) attributes: BTreeMap<c_int, usize>,
    /// Its ranks as cells, if they are.
    pub(crate) grid: Option<Grid>,
}

/// A grid of ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Cells in each direction.
    pub(crate) sizes: Vec<usize>,
    /// Whether the last cell is beside the first one, by direction.
    pub(crate) are_periodic: Vec<bool>,
}

impl State {
    const fn new() -> Self {
        Self {
            phase: Phase::Before,
            host: String::new(),
            world: Communicator::nobody(),
            own: Communicator::nobody(),
            communicators: Handles::new(FIRST_COMM),
            datatypes: Handles::new(FIRST_TYPE),
            operations: Handles::new(FIRST_OP),
            keys: Handles::new(FIRST_KEY),
        }
    }

    pub(crate) fn communicator(&self, handle: c_int) -> Result<&Communicator> {
        if self.phase != Phase::Within {
            return Err(Error::new(ERR_COMM, "MPI is not initialised, or already finalised"));
        }
        match handle {
            COMM_WORLD => Ok(&self.world),
            COMM_SELF => Ok(&self.own),
            _ => self.communicators.get(handle).ok_or_else(|| no_communicator(handle)),
        }
    }

    pub(crate) fn communicator_mut(&mut self, handle: c_int) -> Result<&mut Communicator> {
        match handle {
            COMM_WORLD => Ok(&mut self.world),
            COMM_SELF => Ok(&mut self.own),
            _ => self.communicators.get_mut(handle).ok_or_else(|| no_communicator(handle)),
        }
    }
}

fn no_communicator(handle: c_int) -> Error {
    Error::new(ERR_COMM, format!("{handle:#x} is no communicator"))
}

impl Communicator {
    pub(crate) const fn nobody() -> Self {
        Self { context: 0, members: Vec::new(), rank: 0, name: String::new(), attributes: BTreeMap::new(), grid: None }
    }

    pub(crate) fn size(&self) -> usize {
        self.members.len()
    }

    /// Returns a rank of it as a rank of all.
    pub(crate) fn world_rank(&self, rank: c_int) -> Result<u32> {
        let member = usize::try_from(rank).ok().and_then(|rank| self.members.get(rank));
        member.copied().ok_or_else(|| {
            let what = format!("rank {rank} is not in `{}`, which has {} ranks", self.name, self.size());
            Error::new(crate::abi::ERR_RANK, what)
        })
    }

    /// Returns a rank of all as one of it.
    pub(crate) fn rank_of(&self, world_rank: u32) -> c_int {
        let place = self.members.iter().position(|member| *member == world_rank);
        place.and_then(|place| c_int::try_from(place).ok()).unwrap_or(crate::abi::UNDEFINED)
    }
}

/// Returns the state of this process, to be used until the value goes away.
pub(crate) fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a communicator.
pub(crate) fn communicator(handle: c_int) -> Result<Communicator> {
    state().communicator(handle).cloned()
}
