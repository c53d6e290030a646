//! CPUs and network interfaces: when they are free, and who waits for them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::item::{Age, Item, ResourceId};
use crate::schedule::{OpId, Place, Schedule};
use crate::trace::replay::Cause;
use crate::units::SimTime;

/// All CPUs and interfaces.
#[derive(Debug)]
pub(super) struct Resources {
    all: Vec<Resource>,
    /// First CPU of each rank; one more at the end.
    first_cpu: Vec<u32>,
    /// First direction of the first interface of each rank, which ranks of one host share, and the number of interfaces.
    nics: Vec<(u32, u32)>,
}

#[derive(Debug)]
struct Resource {
    free_at: SimTime,
    user: User,
    waiting: BinaryHeap<Reverse<(Age, Item)>>,
    /// When, and for whom, it is to be asked again.
    wake: Option<(SimTime, Age)>,
}

/// What keeps, or last kept, a resource busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    Nothing,
    Op(OpId),
    Sending(u32),
    Receiving(u32),
}

impl User {
    /// Why something that waited for a CPU with this user did not start before.
    fn cpu_cause(self) -> Cause {
        match self {
            Self::Nothing => Cause::Beginning,
            Self::Op(op) => Cause::CpuBusyWith(op),
            Self::Sending(message) | Self::Receiving(message) => Cause::CpuReceiving(message),
        }
    }

    /// Why something that waited for an interface with this user did not start before.
    fn nic_cause(self) -> Cause {
        match self {
            Self::Nothing | Self::Op(_) => Cause::Beginning,
            Self::Sending(message) => Cause::NicSending(message),
            Self::Receiving(message) => Cause::NicReceiving(message),
        }
    }
}

impl Resources {
    /// Every rank has the CPUs that it uses, and at least one; ranks of one host share its interfaces.
    pub(super) fn new(schedule: &Schedule, host_of_rank: impl Fn(u32) -> u32) -> Self {
        let n_ranks = u32::try_from(schedule.n_ranks()).expect("invariant: ranks are a u32");
        let most: Vec<Place> = (0..n_ranks).map(|rank| schedule.most(rank)).collect();
        let mut first_cpu = Vec::with_capacity(most.len() + 1);
        let mut n = 0;
        for place in &most {
            first_cpu.push(n);
            n += u32::from(place.cpu) + 1;
        }
        first_cpu.push(n);
        let mut n_nics: Vec<u32> = Vec::new();
        for (rank, place) in (0..).zip(&most) {
            let host = host_of_rank(rank) as usize;
            n_nics.resize(n_nics.len().max(host + 1), 0);
            n_nics[host] = n_nics[host].max(u32::from(place.nic) + 1);
        }
        let mut first_nic = Vec::with_capacity(n_nics.len());
        for n_nics in &n_nics {
            first_nic.push((n, *n_nics));
            n += 2 * n_nics;
        }
        let idle = || Resource { free_at: SimTime::ZERO, user: User::Nothing, waiting: BinaryHeap::new(), wake: None };
        Self {
            all: (0..n).map(|_| idle()).collect(),
            first_cpu,
            nics: (0..n_ranks).map(|rank| first_nic[host_of_rank(rank) as usize]).collect(),
        }
    }

    /// Returns a CPU of a rank; the last one, if it has fewer.
    pub(super) fn cpu(&self, rank: u32, number: u8) -> ResourceId {
        let first = self.first_cpu[rank as usize];
        let n = self.first_cpu[rank as usize + 1] - first;
        ResourceId(first + u32::from(number).min(n - 1))
    }

    /// Returns the sending side of an interface of a rank.
    pub(super) fn sender(&self, rank: u32, number: u8) -> ResourceId {
        let (first, n) = self.nics[rank as usize];
        ResourceId(first + 2 * u32::from(number).min(n - 1))
    }

    /// Returns the receiving side of an interface of a rank.
    pub(super) fn receiver(&self, rank: u32, number: u8) -> ResourceId {
        ResourceId(self.sender(rank, number).0 + 1)
    }

    pub(super) fn n_cpus(&self, rank: u32) -> u32 {
        self.first_cpu[rank as usize + 1] - self.first_cpu[rank as usize]
    }

    pub(super) fn free_at(&self, id: ResourceId) -> SimTime {
        self.all[id.0 as usize].free_at
    }

    /// Returns why something that waited for a resource did not start before.
    pub(super) fn cause(&self, id: ResourceId) -> Cause {
        let user = self.all[id.0 as usize].user;
        let is_cpu = self.first_cpu.last().is_some_and(|end| id.0 < *end);
        if is_cpu { user.cpu_cause() } else { user.nic_cause() }
    }

    /// Occupies a resource until `until`; it must be free.
    pub(super) fn occupy(&mut self, id: ResourceId, until: SimTime, user: User) {
        let resource = &mut self.all[id.0 as usize];
        resource.free_at = until;
        resource.user = user;
    }

    /// Lets an item wait for a resource. Returns whether it is now the oldest that waits.
    pub(super) fn wait(&mut self, id: ResourceId, age: Age, item: Item) -> bool {
        let waiting = &mut self.all[id.0 as usize].waiting;
        waiting.push(Reverse((age, item)));
        waiting.peek().is_some_and(|Reverse((oldest, _))| *oldest == age)
    }

    /// Returns when, and for whom, a resource is to be asked again: for the oldest item that waits, when it is free.
    pub(super) fn schedule_wake(&mut self, id: ResourceId, now: SimTime) -> Option<(SimTime, Age)> {
        let resource = &mut self.all[id.0 as usize];
        resource.wake = resource.waiting.peek().map(|Reverse((age, _))| (resource.free_at.max(now), *age));
        resource.wake
    }

    /// Returns whether a wake-up is the one that was scheduled last.
    pub(super) fn is_scheduled(&self, id: ResourceId, now: SimTime, age: Age) -> bool {
        self.all[id.0 as usize].wake == Some((now, age))
    }

    /// Takes the oldest item that waits for a resource.
    pub(super) fn take_oldest(&mut self, id: ResourceId) -> Option<Item> {
        self.all[id.0 as usize].waiting.pop().map(|Reverse((_, item))| item)
    }
}
