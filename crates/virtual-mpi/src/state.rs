//! What a rank keeps of MPI: its communicators and datatypes.

use std::ffi::c_int;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::abi::{COMM_SELF, COMM_WORLD, ERR_COMM, ERR_RANK, FIRST_COMM, FIRST_TYPE, UNDEFINED};
use crate::errors::{self, Error, Result};
use crate::handles::Handles;
use crate::layout::Datatype;

static STATE: Mutex<State> = Mutex::new(State::new());

/// What a rank keeps of MPI.
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) host: String,
    /// Number of the host among those of the cluster.
    pub(crate) host_number: c_int,
    pub(crate) world: Communicator,
    pub(crate) own: Communicator,
    pub(crate) communicators: Handles<Communicator>,
    pub(crate) datatypes: Handles<Arc<Datatype>>,
}

/// Pairs of keys and values that the program gives as hints.
pub(crate) type Hints = Vec<(String, String)>;

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
    /// Its ranks, among all, in its order; of an intercommunicator, those of this rank's side.
    pub(crate) members: Vec<u32>,
    /// This rank in it.
    pub(crate) rank: u32,
    /// Of an intercommunicator, the other side.
    pub(crate) remote: Option<Remote>,
    pub(crate) name: String,
    /// Which ranks are neighbours, if that was said.
    pub(crate) topology: Option<Arc<Topology>>,
    pub(crate) hints: Hints,
}

/// The other side of an intercommunicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) members: Vec<u32>,
    /// Whether it comes second where both sides are counted.
    pub(crate) is_second: bool,
}

/// Which ranks are neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topology {
    Grid(Grid),
    /// The neighbours of each rank.
    Graph(Vec<Vec<c_int>>),
    Adjacent(Adjacent),
}

/// A grid of ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Cells in each direction.
    pub(crate) sizes: Vec<usize>,
    /// Whether the last cell is beside the first one, by direction.
    pub(crate) are_periodic: Vec<bool>,
}

/// The neighbours of this rank in a graph of which each rank knows its own part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Adjacent {
    pub(crate) sources: Vec<c_int>,
    pub(crate) source_weights: Vec<c_int>,
    pub(crate) targets: Vec<c_int>,
    pub(crate) target_weights: Vec<c_int>,
    pub(crate) is_weighted: bool,
}

impl State {
    const fn new() -> Self {
        Self {
            phase: Phase::Before,
            host: String::new(),
            host_number: 0,
            world: Communicator::nobody(),
            own: Communicator::nobody(),
            communicators: Handles::new(FIRST_COMM),
            datatypes: Handles::new(FIRST_TYPE),
        }
    }

    pub(crate) fn communicator(&self, handle: c_int) -> Result<&Communicator> {
        if self.phase != Phase::Within {
            return Err(Error::new(ERR_COMM, "MPI is not initialised, or already finalised"));
        }
        let found = match handle {
            COMM_WORLD => &self.world,
            COMM_SELF => &self.own,
            _ => self.communicators.get(handle).ok_or_else(|| no_communicator(handle))?,
        };
        errors::concern(handle);
        Ok(found)
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
        Self {
            context: 0,
            members: Vec::new(),
            rank: 0,
            remote: None,
            name: String::new(),
            topology: None,
            hints: Vec::new(),
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.members.len()
    }

    /// Returns the ranks that messages go to and come from: of an intercommunicator, the other side.
    pub(crate) fn peers(&self) -> &[u32] {
        self.remote.as_ref().map_or(&self.members, |remote| &remote.members)
    }

    /// Returns the ranks of both sides, in the same order on both.
    pub(crate) fn everybody(&self) -> Vec<u32> {
        match &self.remote {
            None => self.members.clone(),
            Some(Remote { members, is_second: true }) => [&self.members[..], members].concat(),
            Some(Remote { members, is_second: false }) => [&members[..], &self.members].concat(),
        }
    }

    /// Returns this rank among all.
    pub(crate) fn me(&self) -> u32 {
        self.members[self.rank as usize]
    }

    /// Returns a peer as a rank of all.
    pub(crate) fn world_rank(&self, rank: c_int) -> Result<u32> {
        let peers = self.peers();
        let member = usize::try_from(rank).ok().and_then(|rank| peers.get(rank));
        member.copied().ok_or_else(|| {
            let what = format!("rank {rank} is not in `{}`, which has {} ranks", self.name, peers.len());
            Error::new(ERR_RANK, what)
        })
    }

    /// Returns a rank of all as a peer.
    pub(crate) fn rank_of(&self, world_rank: u32) -> c_int {
        place_of(self.peers(), world_rank)
    }
}

/// Returns the place of a rank of all among others.
pub(crate) fn place_of(members: &[u32], world_rank: u32) -> c_int {
    let place = members.iter().position(|member| *member == world_rank);
    place.and_then(|place| c_int::try_from(place).ok()).unwrap_or(UNDEFINED)
}

/// Returns the state of this process, to be used until the value goes away.
pub(crate) fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a communicator.
pub(crate) fn communicator(handle: c_int) -> Result<Communicator> {
    state().communicator(handle).cloned()
}
