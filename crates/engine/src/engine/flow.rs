//! The `flow` network: transfers that share links max-min fairly, brought up to date only where something changes.
//!
//! Flows of one route and one cap form a class. Each class has a bottleneck: a full link on which nobody is faster, or its
//! cap. All classes with one bottleneck have one rate and are served by one clock, so that a new rate costs the same for
//! two flows and for two thousand. When flows start or end, `local.rs` handles the usual case, in which one link gets
//! another share and no bottleneck moves; otherwise `region.rs` shares out anew, beginning at the links that have changed
//! and going on only as far as rates change.

mod agenda;
mod class;
mod clock;
mod earliest;
mod filling;
mod link;
mod local;
#[cfg(test)]
mod oracle;
mod progress;
mod region;
mod rising;
mod shares;
#[cfg(test)]
mod tests;

use self::class::{Bottleneck, Classes, FlowEnd};
use self::clock::{Clock, Known};
use self::earliest::Earliest;
use self::filling::Filling;
use self::link::LinkState;
use self::progress::Progress;
use super::network::{Transfer, UnderWay};
use crate::platform::{Platform, Route};
use crate::units::{Bytes, BytesPerSecond, SimTime};

/// Flows that share links.
#[derive(Debug)]
pub(super) struct FlowNetwork {
    links: Vec<LinkState>,
    classes: Classes,
    /// Those of the links, then those of the classes that have their caps.
    clocks: Vec<Clock>,
    known: Known,
    /// When the next flow on each clock ends.
    ends: Earliest,
    /// Flows that have started and not ended.
    n_under_way: usize,
    filling: Filling,
    /// Flows that have started at this instant.
    started: Vec<Started>,
    /// Classes with flows that have started or ended at this instant.
    changed: Vec<u32>,
    /// Links whose flows have to be shared out anew.
    dirty: Vec<u32>,
    /// Clocks whose next end has to be looked up anew.
    noted: Vec<u32>,
    /// Clocks on which a flow ends at this instant.
    due: Vec<u32>,
    ended: Vec<(u64, Transfer)>,
    next_sequence: u64,
    is_dirty: bool,
    /// Counts the changes of rates, so that an outdated wake-up is known as such.
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
struct Started {
    class: u32,
    bytes: Bytes,
    transfer: Transfer,
}

impl FlowNetwork {
    pub(super) fn new(platform: &Platform) -> Self {
        Self::over(platform.links())
    }

    fn over(links: &[BytesPerSecond]) -> Self {
        Self {
            links: links.iter().map(|link| LinkState::new(link.as_f64())).collect(),
            classes: Classes::default(),
            clocks: links.iter().map(|_| Clock::new()).collect(),
            known: Known::new(),
            ends: Earliest::new(),
            n_under_way: 0,
            filling: Filling::default(),
            started: Vec::new(),
            changed: Vec::new(),
            dirty: Vec::new(),
            noted: Vec::new(),
            due: Vec::new(),
            ended: Vec::new(),
            next_sequence: 0,
            is_dirty: false,
            generation: 0,
        }
    }

    /// Adds a flow of at least one byte that takes at most `cap` bytes per second.
    pub(super) fn start(&mut self, transfer: Transfer, route: &Route, bytes: Bytes, cap: f64) {
        let class = self.classes.of(route, cap);
        self.classes.get_mut(class).n_flows += 1;
        self.note_change(class);
        self.started.push(Started { class, bytes, transfer });
        self.n_under_way += 1;
        self.is_dirty = true;
    }

    /// Shares the links anew where flows have started or ended; to be called once at the end of each instant. Returns
    /// when the next flow ends (docs/model.md eq. 16), and the generation of that forecast.
    pub(super) fn settle(&mut self, now: SimTime) -> Option<(SimTime, u64)> {
        if !std::mem::take(&mut self.is_dirty) {
            return None;
        }
        self.share_anew(now);
        self.admit(now);
        self.look_up_ends();
        self.generation += 1;
        let end = self.ends.first().unwrap_or(SimTime::from_picos(u64::MAX));
        (self.n_under_way > 0).then_some((end, self.generation))
    }

    /// Returns the flows under way at their present rates, for the record.
    pub(super) fn under_way(&self) -> impl Iterator<Item = UnderWay<'_>> {
        let classes = self.classes.slots.iter().zip(0..).filter(|(class, _)| class.n_flows > 0);
        classes.flat_map(|(class, id)| {
            let (links, cap, rate) = (class.links(), class.cap, self.rate(id));
            class.flows.iter().map(move |flow| UnderWay { id: flow.transfer.id, links, cap, rate })
        })
    }

    /// Removes the flows that have ended by `now` and appends their transfers to `ended`, in the order in which they
    /// started; nothing if the wake-up is outdated.
    pub(super) fn collect_ended(&mut self, now: SimTime, generation: u64, ended: &mut Vec<Transfer>) {
        if generation != self.generation {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.ends.take_due(now, &mut due);
        for clock in due.drain(..) {
            self.collect_from(clock, now);
            self.note_clock(clock);
        }
        self.due = due;
        self.n_under_way -= self.ended.len();
        self.ended.sort_unstable_by_key(|(sequence, _)| *sequence);
        ended.extend(self.ended.drain(..).map(|(_, transfer)| transfer));
        self.is_dirty = true;
    }

    fn collect_from(&mut self, clock: u32, now: SimTime) {
        let mut reached = None;
        loop {
            let clock = &mut self.clocks[clock as usize];
            let Some((end, id)) = clock.first_end(|class| self.classes.get(class).stamp) else { return };
            // What ends no later than something that has ended need not be worked out.
            if reached < Some(end) && clock.reaches(end, &mut self.known) > now {
                return;
            }
            reached = reached.max(Some(end));
            clock.pop_end();
            let class = self.classes.get_mut(id);
            while let Some(flow) = class.flows.first() {
                let end = flow.end.minus(class.lead);
                if reached < Some(end) && clock.reaches(end, &mut self.known) > now {
                    break;
                }
                self.ended.push((flow.sequence, flow.transfer));
                class.flows.pop();
                class.n_flows -= 1;
            }
            self.forecast(id);
            self.note_change(id);
        }
    }

    fn share_anew(&mut self, now: SimTime) {
        let mut changed = std::mem::take(&mut self.changed);
        for class in changed.drain(..) {
            self.change(class, now);
        }
        self.changed = changed;
        if !self.dirty.is_empty() {
            self.share_region(now);
        }
    }

    /// Lets the flows that have started at this instant be served.
    fn admit(&mut self, now: SimTime) {
        let mut started = std::mem::take(&mut self.started);
        for flow in &started {
            let sequence = self.next_sequence;
            self.next_sequence += 1;
            let clock = self.clock_of(flow.class);
            let served = self.clocks[clock as usize].advance(now, &mut self.known);
            let class = self.classes.get_mut(flow.class);
            let end = served.plus(class.lead).plus(Progress::of_bytes(flow.bytes));
            class.flows.push(FlowEnd { end, sequence, transfer: flow.transfer });
            let is_next = class.flows.first().is_some_and(|first| first.sequence == sequence);
            if is_next {
                self.forecast(flow.class);
            }
            self.note_clock(clock);
        }
        started.clear();
        self.started = started;
    }

    /// Enters the end of the first flow of a class on its clock.
    fn forecast(&mut self, id: u32) {
        let clock = self.clock_of(id);
        let class = self.classes.get_mut(id);
        class.stamp = class.stamp.wrapping_add(1);
        let Some(first) = class.flows.first() else { return };
        let (end, stamp) = (first.end.minus(class.lead), class.stamp);
        let classes = &self.classes;
        self.clocks[clock as usize].push_end(end, id, stamp, |class| classes.get(class).stamp);
    }

    fn look_up_ends(&mut self) {
        let mut noted = std::mem::take(&mut self.noted);
        for id in noted.drain(..) {
            let clock = &mut self.clocks[id as usize];
            clock.is_noted = false;
            let end = clock.first_end(|class| self.classes.get(class).stamp);
            self.ends.set(id, end.map(|(end, _)| clock.reaches(end, &mut self.known)));
        }
        self.noted = noted;
    }

    fn note_change(&mut self, id: u32) {
        if !std::mem::replace(&mut self.classes.get_mut(id).is_changed, true) {
            self.changed.push(id);
        }
    }

    fn note_clock(&mut self, id: u32) {
        if !std::mem::replace(&mut self.clocks[id as usize].is_noted, true) {
            self.noted.push(id);
        }
    }

    /// Returns the clock of a class whose bottleneck is known.
    fn clock_of(&self, id: u32) -> u32 {
        match self.classes.get(id).bottleneck {
            Bottleneck::Link(link) => link,
            Bottleneck::Cap | Bottleneck::Unknown => self.own_clock(id),
        }
    }

    fn own_clock(&self, id: u32) -> u32 {
        u32::try_from(self.links.len()).expect("invariant: fewer than 2^32 links") + id
    }

    /// Returns the rate of each flow of a class, in bytes per second.
    fn rate(&self, id: u32) -> f64 {
        self.clocks[self.clock_of(id) as usize].rate
    }

    fn set_rate(&mut self, clock: u32, now: SimTime, rate: f64) {
        let old = self.clocks[clock as usize].rate;
        if (rate - old).abs() > link::TOLERANCE * rate {
            self.clocks[clock as usize].set_rate(now, rate, &mut self.known);
            self.note_clock(clock);
        }
    }

    /// Moves a class to the clock of its new bottleneck, which serves each flow with `rate`.
    fn assign(&mut self, id: u32, bottleneck: Bottleneck, rate: f64, now: SimTime) {
        let old = self.classes.get(id).bottleneck;
        if old != bottleneck {
            let served = self.leave_clock(id, now);
            self.classes.get_mut(id).bottleneck = bottleneck;
            let clock = self.clock_of(id);
            self.ensure_clock(clock);
            let class = self.classes.get_mut(id);
            class.lead = served.minus(self.clocks[clock as usize].advance(now, &mut self.known));
            if let Bottleneck::Link(link) = bottleneck {
                self.links[link as usize].n_own += class.n_flows;
            }
            self.forecast(id);
            self.note_clock(clock);
        }
        self.set_rate(self.clock_of(id), now, rate);
    }

    /// Takes a class off its clock and returns the bytes that it has been served.
    fn leave_clock(&mut self, id: u32, now: SimTime) -> Progress {
        let class = self.classes.get(id);
        let (bottleneck, lead, n_flows) = (class.bottleneck, class.lead, class.n_flows);
        if bottleneck == Bottleneck::Unknown {
            return Progress::ZERO;
        }
        let clock = self.clock_of(id);
        self.note_clock(clock);
        let served = self.clocks[clock as usize].advance(now, &mut self.known).plus(lead);
        if let Bottleneck::Link(link) = bottleneck {
            self.links[link as usize].n_own -= n_flows;
            self.reset_if_idle(link);
        } else {
            self.clocks[clock as usize].reset();
        }
        served
    }

    fn reset_if_idle(&mut self, link: u32) {
        if self.links[link as usize].n_own == 0 {
            self.clocks[link as usize].reset();
            self.note_clock(link);
        }
    }

    fn ensure_clock(&mut self, clock: u32) {
        while self.clocks.len() <= clock as usize {
            self.clocks.push(Clock::new());
        }
    }
}
