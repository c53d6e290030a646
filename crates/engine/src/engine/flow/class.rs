//! Classes: flows of one route and one cap, which always have the same rate.

use rustc_hash::FxHashMap;

use super::link::{LinkState, TOLERANCE};
use super::progress::Progress;
use super::rising::Rising;
use crate::engine::network::Transfer;
use crate::platform::Route;

/// Flows of one route and one cap. What is looked at while links are filled is in the first cache line.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Class {
    pub(super) trial: Trial,
    links: [u32; Route::MAX_LINKS],
    /// Flows, with those that have just started.
    pub(super) n_flows: u32,
    /// Of the class's entry on its clock.
    pub(super) stamp: u32,
    n_links: u8,
    /// Its cap is not above what one flow could get of its links.
    pub(super) may_have_its_cap: bool,
    pub(super) is_changed: bool,
    pub(super) is_attached: bool,
    /// Bytes served by the class minus those of its clock.
    pub(super) lead: Progress,
    pub(super) bottleneck: Bottleneck,
    /// The most that one flow can take, in bytes per second.
    pub(super) cap: f64,
    /// Flows at the end of the previous instant.
    pub(super) n_settled: u32,
    /// Where the class stands in the list of each of its links.
    places: [u32; Route::MAX_LINKS],
    /// Flows that are on their way, by the bytes of the class at which they end.
    pub(super) flows: Rising<FlowEnd>,
}

const _: () = assert!(std::mem::offset_of!(Class, lead) == 64, "the first cache line ends before");

/// What limits the rate of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bottleneck {
    /// Not known yet: the class is new.
    Unknown,
    /// Its cap.
    Cap,
    /// A link that is full, and on which no flow is faster.
    Link(u32),
}

/// Rate and bottleneck of a class while they are worked out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// The class takes part in the trial of this number.
    pub(super) epoch: u32,
    pub(super) rate: f64,
    pub(super) bottleneck: Bottleneck,
}

/// The end of one flow; those of one class are ordered by bytes, then by the order in which they started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FlowEnd {
    pub(super) end: Progress,
    pub(super) sequence: u64,
    pub(super) transfer: Transfer,
}

impl PartialOrd for FlowEnd {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FlowEnd {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.end, self.sequence).cmp(&(other.end, other.sequence))
    }
}

impl Class {
    fn new() -> Self {
        Self {
            links: [0; Route::MAX_LINKS],
            n_links: 0,
            places: [0; Route::MAX_LINKS],
            cap: 0.0,
            may_have_its_cap: false,
            n_flows: 0,
            n_settled: 0,
            bottleneck: Bottleneck::Unknown,
            flows: Rising::new(),
            lead: Progress::ZERO,
            stamp: 0,
            is_changed: false,
            is_attached: false,
            trial: Trial { epoch: 0, rate: 0.0, bottleneck: Bottleneck::Unknown },
        }
    }

    pub(super) fn links(&self) -> &[u32] {
        &self.links[..usize::from(self.n_links)]
    }

    fn key(&self) -> (u32, u32, u64) {
        (self.links[0], self.links[usize::from(self.n_links) - 1], self.cap.to_bits())
    }
}

/// All classes that have flows. A class without flows is forgotten and its index used again.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub(super) slots: Vec<Class>,
    free: Vec<u32>,
    /// Look-ups only, so that the order of the map does not matter. First and last link name the two hosts.
    index: FxHashMap<(u32, u32, u64), u32>,
}

impl Classes {
    pub(super) fn get(&self, id: u32) -> &Class {
        &self.slots[id as usize]
    }

    pub(super) fn get_mut(&mut self, id: u32) -> &mut Class {
        &mut self.slots[id as usize]
    }

    /// Returns the class of a route and a cap, a new one if there is none.
    pub(super) fn of(&mut self, route: &Route, cap: f64) -> u32 {
        let links = route.links();
        let key = (links[0].0, links[links.len() - 1].0, cap.to_bits());
        if let Some(id) = self.index.get(&key) {
            return *id;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Class::new());
            u32::try_from(self.slots.len() - 1).expect("invariant: fewer than 2^32 classes")
        });
        self.index.insert(key, id);
        let class = self.get_mut(id);
        for (to, from) in class.links.iter_mut().zip(links) {
            *to = from.0;
        }
        class.n_links = u8::try_from(links.len()).expect("invariant: a route has few links");
        class.cap = cap;
        class.lead = Progress::ZERO;
        id
    }

    /// Enters the class in the lists of its links.
    pub(super) fn attach(&mut self, id: u32, links: &mut [LinkState]) {
        let class = &mut self.slots[id as usize];
        class.is_attached = true;
        let narrowest = class.links().iter().map(|link| links[*link as usize].capacity).fold(f64::INFINITY, f64::min);
        class.may_have_its_cap = class.cap <= narrowest * (1.0 + TOLERANCE);
        for (link, place) in class.links[..usize::from(class.n_links)].iter().zip(&mut class.places) {
            let members = &mut links[*link as usize].classes;
            *place = u32::try_from(members.len()).expect("invariant: fewer than 2^32 classes");
            members.push(id);
        }
    }

    /// Takes the class out of the lists of its links and forgets it.
    pub(super) fn forget(&mut self, id: u32, links: &mut [LinkState]) {
        for i in 0..self.get(id).links().len() {
            let class = self.get(id);
            let (link, place) = (class.links[i], class.places[i]);
            let members = &mut links[link as usize].classes;
            members.swap_remove(place as usize);
            if members.is_empty() {
                links[link as usize].clear();
                continue;
            }
            if let Some(moved) = members.get(place as usize) {
                let moved = self.get_mut(*moved);
                let i = moved.links().iter().position(|other| *other == link).expect("invariant: it is on the link");
                moved.places[i] = place;
            }
        }
        let class = self.get_mut(id);
        class.is_attached = false;
        class.bottleneck = Bottleneck::Unknown;
        class.stamp += 1;
        let key = class.key();
        self.index.remove(&key);
        self.free.push(id);
    }
}
