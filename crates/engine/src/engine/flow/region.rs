//! Shares out anew what a change has disturbed, and no more.
//!
//! The classes on the links that have changed are shared out anew while all others keep their rates. If that leaves
//! somebody without a bottleneck (a full link on which nobody is faster, or the cap), those who stand in the way or have
//! lost theirs join in, and it is done again. Once everybody has a bottleneck, the rates are max-min fair for the whole
//! network: Bertsekas and Gallager, Data Networks (1992), section 6.5.2.

use super::FlowNetwork;
use super::class::Bottleneck;
use super::filling::TouchedLink;
use super::link::TOLERANCE;
use crate::units::SimTime;

/// After so many attempts everybody who is connected joins in.
const MAX_ATTEMPTS: u32 = 6;

/// Rates and loads of different sums that differ by less than this ratio are the same.
const ROUNDING: f64 = 1e-9;

impl FlowNetwork {
    /// Shares out anew all that the dirty links have disturbed.
    pub(super) fn share_region(&mut self, now: SimTime) {
        self.begin_trial();
        let mut n_attempts = 0;
        loop {
            self.fill();
            n_attempts += 1;
            let n_free = self.filling.free.len();
            self.free_the_disturbed();
            if self.filling.free.len() == n_free {
                break;
            }
            if n_attempts == MAX_ATTEMPTS {
                self.free_the_connected();
            }
            self.next_epoch();
        }
        self.apply(now);
        self.describe_links();
    }

    fn begin_trial(&mut self) {
        self.filling.free.clear();
        self.filling.epoch += 1;
        let mut dirty = std::mem::take(&mut self.dirty);
        for link in dirty.drain(..) {
            self.links[link as usize].is_dirty = false;
            self.free_all_on(link);
        }
        self.dirty = dirty;
    }

    fn free_all_on(&mut self, link: u32) {
        for i in 0..self.links[link as usize].classes.len() {
            self.free(self.links[link as usize].classes[i]);
        }
    }

    fn free(&mut self, class: u32) {
        let trial = &mut self.classes.get_mut(class).trial;
        if trial.epoch != self.filling.epoch {
            trial.epoch = self.filling.epoch;
            self.filling.free.push(class);
        }
    }

    fn next_epoch(&mut self) {
        self.filling.epoch += 1;
        for class in &self.filling.free {
            self.classes.get_mut(*class).trial.epoch = self.filling.epoch;
        }
    }

    /// Frees the classes that the trial has left without a bottleneck, or that keep others from theirs.
    fn free_the_disturbed(&mut self) {
        for i in 0..self.filling.touched.len() {
            let touched = self.filling.touched[i];
            if touched.has_others {
                self.free_the_disturbed_on(&touched);
            }
        }
    }

    fn free_the_disturbed_on(&mut self, touched: &TouchedLink) {
        let (n_free, link) = (self.filling.free.len(), touched.link);
        let members = &self.links[link as usize].classes;
        let tried = |class: &u32| self.classes.get(*class).trial;
        let is_tried = |class: &&u32| self.is_free(**class);
        let fastest = members.iter().map(|class| self.rate_tried(*class)).fold(0.0, f64::max);
        let here = members.iter().filter(is_tried).map(tried).filter(|t| t.bottleneck == Bottleneck::Link(link));
        let level = here.map(|trial| trial.rate).fold(f64::INFINITY, f64::min);
        let is_full = touched.left <= ROUNDING * self.links[link as usize].capacity;
        let n_members = members.len();
        for i in 0..n_members {
            let class = self.links[link as usize].classes[i];
            if self.is_free(class) {
                continue;
            }
            let rate = self.rate(class);
            let is_in_the_way = rate > level * (1.0 + ROUNDING);
            let has_lost_its_bottleneck = self.classes.get(class).bottleneck == Bottleneck::Link(link)
                && !(is_full && rate >= fastest * (1.0 - ROUNDING));
            if is_in_the_way || has_lost_its_bottleneck {
                self.filling.free.push(class);
            }
        }
        // Marked only now: until then the rates of the new ones are those that they have.
        for i in n_free..self.filling.free.len() {
            let class = self.filling.free[i];
            let rate = self.rate(class);
            let trial = &mut self.classes.get_mut(class).trial;
            trial.epoch = self.filling.epoch;
            trial.rate = rate;
            trial.bottleneck = Bottleneck::Unknown;
        }
    }

    /// Returns the rate of a class in this trial.
    fn rate_tried(&self, class: u32) -> f64 {
        if self.is_free(class) { self.classes.get(class).trial.rate } else { self.rate(class) }
    }

    fn free_the_connected(&mut self) {
        let mut i = 0;
        while i < self.filling.free.len() {
            let class = self.filling.free[i];
            for k in 0..self.classes.get(class).links().len() {
                self.free_all_on(self.classes.get(class).links()[k]);
            }
            i += 1;
        }
    }

    fn apply(&mut self, now: SimTime) {
        let free = std::mem::take(&mut self.filling.free);
        for class in &free {
            let trial = self.classes.get(*class).trial;
            self.assign(*class, trial.bottleneck, trial.rate, now);
        }
        self.filling.free = free;
    }

    /// Finds out which of the touched links are loose, and which are simple.
    fn describe_links(&mut self) {
        for i in 0..self.filling.touched.len() {
            let TouchedLink { link, has_others, .. } = self.filling.touched[i];
            let state = &self.links[link as usize];
            let enough = state.fair_share() * (1.0 + TOLERANCE);
            let is_loose = !state.is_bottleneck() && state.classes.iter().all(|class| self.rate(*class) <= enough);
            self.links[link as usize].is_loose = is_loose;
            // All links that a free class crosses are touched, and described below.
            if !is_loose && has_others {
                self.disturb_simplicity_around(link);
            }
        }
        for i in 0..self.filling.touched.len() {
            self.describe_bottleneck(self.filling.touched[i].link);
        }
    }

    fn disturb_simplicity_around(&mut self, link: u32) {
        for i in 0..self.links[link as usize].classes.len() {
            let class = self.links[link as usize].classes[i];
            if let Bottleneck::Link(bottleneck) = self.classes.get(class).bottleneck
                && bottleneck != link
            {
                self.links[bottleneck as usize].is_simple = false;
            }
        }
    }

    fn describe_bottleneck(&mut self, link: u32) {
        let state = &self.links[link as usize];
        let members = &state.classes;
        let is_loose_elsewhere = |class: &u32| {
            let links = self.classes.get(*class).links().iter();
            links.filter(|other| **other != link).all(|other| self.links[*other as usize].is_loose)
        };
        let is_simple = state.n_own == state.n_flows && members.iter().all(is_loose_elsewhere);
        let limits = members.iter().map(|class| self.limit_elsewhere(*class, link));
        let limit = if is_simple { limits.fold(f64::INFINITY, f64::min) } else { 0.0 };
        let state = &mut self.links[link as usize];
        (state.is_simple, state.limit) = (is_simple, limit);
    }
}
