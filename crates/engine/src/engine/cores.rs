//! Cores of the hosts: work goes on at full speed, or shared when a host is oversubscribed or slows down.

use super::memo::{Memo, MemoKey};
use crate::platform::{HostId, Platform};
use crate::program::RankId;
use crate::units::{SimDuration, SimTime};

/// Cores of all hosts.
#[derive(Debug)]
pub(super) struct Cores<'a> {
    platform: &'a Platform,
    /// Hosts on which the speed of each rank depends on how many are at work, up to the last one. On the others each rank
    /// has a core of its own that never slows down.
    shared: Vec<Option<Box<SharedCores>>>,
    known: Memo<WorkKey, SimDuration>,
}

/// Work on a core of a speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WorkKey {
    work: SimDuration,
    speed_bits: u64,
}

impl MemoKey for WorkKey {
    fn number(self) -> u64 {
        self.work.as_picos() ^ self.speed_bits
    }
}

#[derive(Debug)]
struct SharedCores {
    speed: f64,
    n_cores: u32,
    slowdown: Vec<f64>,
    at_work: Vec<Worker>,
    updated_at: SimTime,
    generation: u32,
}

#[derive(Debug)]
struct Worker {
    rank: RankId,
    /// Seconds of work left, on a core of speed 1.
    remaining_s: f64,
    ends_at: SimTime,
    /// Seconds lost so far because there were more ranks at work than cores.
    oversubscribed_s: f64,
}

/// A rank whose work has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) rank: RankId,
    /// Seconds lost because there were more ranks at work than cores.
    pub(super) oversubscribed_s: f64,
}

/// When work on a core ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// Then, for certain.
    At(SimTime),
    /// Look again then, if the generation is still the same.
    Forecast { at: SimTime, generation: u32 },
}

impl<'a> Cores<'a> {
    /// Prepares the cores for ranks on these hosts.
    pub(super) fn new(platform: &'a Platform, hosts_of_ranks: &[HostId]) -> Self {
        let mut n_ranks = vec![0_u32; platform.n_hosts()];
        for host in hosts_of_ranks {
            n_ranks[host.0 as usize] += 1;
        }
        let mut shared = Vec::new();
        for (host, n_ranks) in (0..).map(HostId).zip(n_ranks) {
            let slowdown = platform.slowdown(host);
            let never_slows_down = slowdown.iter().take(n_ranks as usize).all(|factor| *factor <= 1.0);
            if n_ranks > platform.cores(host) || !never_slows_down {
                shared.resize_with(host.0 as usize, || None);
                shared.push(Some(Box::new(SharedCores::new(platform, host))));
            }
        }
        Self { platform, shared, known: Memo::new() }
    }

    /// Starts `work` (time on a core of speed 1) of a rank.
    pub(super) fn start(&mut self, now: SimTime, host: HostId, rank: RankId, work: SimDuration) -> Ending {
        if let Some(Some(shared)) = self.shared.get_mut(host.0 as usize) {
            shared.go_on_until(now);
            let remaining_s = work.as_seconds();
            shared.at_work.push(Worker { rank, remaining_s, ends_at: now, oversubscribed_s: 0.0 });
            return shared.forecast().expect("invariant: somebody is at work");
        }
        let speed = self.platform.speed(host);
        let key = WorkKey { work, speed_bits: speed.to_bits() };
        Ending::At(now + *self.known.get(key, || on_core(work, speed)))
    }

    /// Returns the speed of an undisturbed core of a host.
    pub(super) fn speed(&self, host: HostId) -> f64 {
        self.platform.speed(host)
    }

    /// Removes the ranks of a shared host whose work has ended by `now` and appends them to `ended`; returns the next
    /// forecast. Nothing happens if the wake-up is outdated.
    pub(super) fn collect_ended(
        &mut self,
        now: SimTime,
        host: HostId,
        generation: u32,
        ended: &mut Vec<Ended>,
    ) -> Option<Ending> {
        let shared = self.shared.get_mut(host.0 as usize)?.as_mut()?;
        if generation != shared.generation {
            return None;
        }
        shared.go_on_until(now);
        let have_ended = shared.at_work.iter().filter(|worker| worker.ends_at <= now);
        ended.extend(have_ended.map(|w| Ended { rank: w.rank, oversubscribed_s: w.oversubscribed_s }));
        shared.at_work.retain(|worker| worker.ends_at > now);
        shared.forecast()
    }
}

/// Returns how long `work` (time on a core of speed 1) takes on an undisturbed core of `speed`.
pub(super) fn on_core(work: SimDuration, speed: f64) -> SimDuration {
    SimDuration::from_seconds_ceil(work.as_seconds() / speed)
}

impl SharedCores {
    fn new(platform: &Platform, host: HostId) -> Self {
        Self {
            speed: platform.speed(host),
            n_cores: platform.cores(host),
            slowdown: platform.slowdown(host).to_vec(),
            at_work: Vec::new(),
            updated_at: SimTime::ZERO,
            generation: 0,
        }
    }

    /// Seconds of work per second and rank: `speed / slowdown[k]` with k busy cores, times cores per rank if there are
    /// more ranks than cores (docs/model.md eq. 1 and 2).
    fn rate(&self) -> f64 {
        let n_busy = self.n_at_work().min(self.n_cores);
        if n_busy == 0 {
            return 0.0;
        }
        self.speed / self.slowdown[n_busy as usize - 1] * self.cores_per_rank()
    }

    fn n_at_work(&self) -> u32 {
        u32::try_from(self.at_work.len()).expect("invariant: fewer than 2^32 ranks")
    }

    fn cores_per_rank(&self) -> f64 {
        f64::from(self.n_at_work().min(self.n_cores)) / f64::from(self.n_at_work())
    }

    fn go_on_until(&mut self, now: SimTime) {
        let elapsed = (now - self.updated_at).as_seconds();
        let done = self.rate() * elapsed;
        let oversubscribed_s =
            if self.n_cores < self.n_at_work() { elapsed * (1.0 - self.cores_per_rank()) } else { 0.0 };
        for worker in &mut self.at_work {
            worker.remaining_s = (worker.remaining_s - done).max(0.0);
            worker.oversubscribed_s += oversubscribed_s;
        }
        self.updated_at = now;
    }

    fn forecast(&mut self) -> Option<Ending> {
        let rate = self.rate();
        for worker in &mut self.at_work {
            worker.ends_at = self.updated_at + SimDuration::from_seconds_ceil(worker.remaining_s / rate);
        }
        self.generation = self.generation.wrapping_add(1);
        let at = self.at_work.iter().map(|worker| worker.ends_at).min()?;
        Some(Ending::Forecast { at, generation: self.generation })
    }
}
