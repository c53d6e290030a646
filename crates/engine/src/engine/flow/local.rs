//! Changes of one class that leave all bottlenecks where they are: one link gets another share, or none does.

use super::FlowNetwork;
use super::class::Bottleneck;
use super::link::TOLERANCE;
use crate::units::SimTime;

/// On a link with more classes than this, a full look is worth its while.
const FEW: usize = 16;

impl FlowNetwork {
    /// Takes note of the flows of a class that have started and ended, and gives everybody their rates, if that can be done
    /// right here; otherwise the links of the class become dirty.
    pub(super) fn change(&mut self, id: u32, now: SimTime) {
        let class = self.classes.get_mut(id);
        class.is_changed = false;
        let is_more = class.n_flows > class.n_settled;
        if class.n_flows != class.n_settled {
            if !class.is_attached {
                self.classes.attach(id, &mut self.links);
            }
            self.count(id);
            if !self.change_here(id, is_more, now) {
                self.soil(id);
            }
        }
        if self.classes.get(id).n_flows == 0 {
            self.forget(id);
        }
    }

    /// Brings the counts of the links up to date.
    fn count(&mut self, id: u32) {
        let class = &mut self.classes.slots[id as usize];
        let (now, before) = (class.n_flows, std::mem::replace(&mut class.n_settled, class.n_flows));
        let class = self.classes.get(id);
        for link in class.links() {
            let link = &mut self.links[*link as usize];
            link.n_flows = link.n_flows + now - before;
        }
        if let Bottleneck::Link(link) = class.bottleneck {
            let link = &mut self.links[link as usize];
            link.n_own = link.n_own + now - before;
        }
    }

    fn change_here(&mut self, id: u32, is_more: bool, now: SimTime) -> bool {
        let class = self.classes.get(id);
        let mut bottleneck = None;
        for link in class.links() {
            let state = &self.links[*link as usize];
            if state.is_dirty || (state.is_bottleneck() && bottleneck.replace(*link).is_some()) {
                return false;
            }
        }
        match (bottleneck, is_more) {
            (None, true) => self.add_at_cap(id, now),
            // Where nobody has a bottleneck, nobody gains by it.
            (None, false) => true,
            (Some(link), _) => self.share_of_one_link(id, link, is_more, now),
        }
    }

    /// More flows of a class that has its cap, on links that have enough for everybody.
    fn add_at_cap(&mut self, id: u32, now: SimTime) -> bool {
        let cap = self.classes.get(id).cap;
        if !self.all_have_room(id, None, cap) {
            return false;
        }
        self.assign(id, Bottleneck::Cap, cap, now);
        true
    }

    /// More or fewer flows of a class at the bottleneck `link`: all its flows get another share.
    fn share_of_one_link(&mut self, id: u32, link: u32, is_more: bool, now: SimTime) -> bool {
        let class = self.classes.get(id);
        let is_new = class.bottleneck == Bottleneck::Unknown;
        let state = &self.links[link as usize];
        if !state.is_simple || (class.bottleneck != Bottleneck::Link(link) && !is_new) {
            return false;
        }
        let share = state.fair_share();
        if is_more {
            let room = self.limit_elsewhere(id, link);
            if share > room || !self.all_have_room(id, Some(link), share) {
                return false;
            }
            let state = &mut self.links[link as usize];
            state.limit = state.limit.min(room);
            self.assign(id, Bottleneck::Link(link), share, now);
        } else if share <= state.limit {
            self.set_rate(link, now, share);
        } else {
            return false;
        }
        true
    }

    /// Returns the least of the cap and the even shares of a class's links other than `link`.
    pub(super) fn limit_elsewhere(&self, id: u32, link: u32) -> f64 {
        let class = self.classes.get(id);
        let others = class.links().iter().filter(|other| **other != link);
        others.map(|other| self.links[*other as usize].fair_share()).fold(class.cap, f64::min)
    }

    /// Whether all links of a class but `except` remain loose when its flows have `rate`; those who share them get new
    /// limits.
    fn all_have_room(&mut self, id: u32, except: Option<u32>, rate: f64) -> bool {
        let n_links = self.classes.get(id).links().len();
        (0..n_links).all(|i| {
            let link = self.classes.get(id).links()[i];
            Some(link) == except || self.has_room(id, link, rate)
        })
    }

    fn has_room(&mut self, id: u32, link: u32, rate: f64) -> bool {
        let state = &self.links[link as usize];
        let fair_share = state.fair_share();
        if !state.is_loose || state.classes.len() > FEW || rate > fair_share {
            return false;
        }
        for i in 0..self.links[link as usize].classes.len() {
            let other = self.links[link as usize].classes[i];
            if other == id {
                continue;
            }
            if self.rate(other) > fair_share * (1.0 + TOLERANCE) {
                return false;
            }
            if let Bottleneck::Link(bottleneck) = self.classes.get(other).bottleneck {
                let bottleneck = &mut self.links[bottleneck as usize];
                bottleneck.limit = bottleneck.limit.min(fair_share);
            }
        }
        true
    }

    fn soil(&mut self, id: u32) {
        for link in self.classes.get(id).links() {
            if !std::mem::replace(&mut self.links[*link as usize].is_dirty, true) {
                self.dirty.push(*link);
            }
        }
    }

    /// Forgets a class that has no flows any more.
    fn forget(&mut self, id: u32) {
        match self.classes.get(id).bottleneck {
            Bottleneck::Link(link) => self.reset_if_idle(link),
            Bottleneck::Cap => {
                let clock = self.own_clock(id);
                self.clocks[clock as usize].reset();
                self.note_clock(clock);
            }
            Bottleneck::Unknown => {}
        }
        self.classes.forget(id, &mut self.links);
    }
}
