//! Cores of the hosts: work goes on at full speed, or shared when a host is oversubscribed or slows down.

mod sharing;

use super::memo::{Memo, MemoKey};
use crate::platform::core_set::{self, CoreSet};
use crate::platform::{HostId, Platform};
use crate::program::RankId;
use crate::units::{SimDuration, SimTime};

/// Cores of all hosts.
#[derive(Debug)]
pub(super) struct Cores<'a> {
    platform: &'a Platform,
    /// Cores that each rank is bound to; empty if none is.
    bound: &'a [CoreSet],
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
    /// Whether ranks that are bound to cores have to share some of them.
    is_bound: bool,
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
    /// Part of a core that it has.
    share: f64,
    /// Seconds of work per second.
    rate: f64,
    /// Seconds lost so far because there were more ranks at work than cores.
    oversubscribed_s: f64,
}

/// A rank whose work has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndedWork {
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
    /// Prepares the cores for ranks on these hosts, bound to these cores; `bound` is empty if none is.
    pub(super) fn new(platform: &'a Platform, hosts_of_ranks: &[HostId], bound: &'a [CoreSet]) -> Self {
        let mut n_ranks = vec![0_u32; platform.n_hosts()];
        for host in hosts_of_ranks {
            n_ranks[host.0 as usize] += 1;
        }
        let crowded = hosts_with_shared_cores(hosts_of_ranks, bound);
        let mut shared = Vec::new();
        for (host, n_ranks) in (0..).map(HostId).zip(n_ranks) {
            let slowdown = platform.slowdown(host);
            let never_slows_down = slowdown.iter().take(n_ranks as usize).all(|factor| *factor <= 1.0);
            let is_bound = crowded.binary_search(&host).is_ok();
            if n_ranks > platform.cores(host) || !never_slows_down || is_bound {
                shared.resize_with(host.0 as usize, || None);
                shared.push(Some(Box::new(SharedCores::new(platform, host, is_bound))));
            }
        }
        Self { platform, bound, shared, known: Memo::new() }
    }

    /// Starts `work` (time on a core of speed 1) of a rank.
    pub(super) fn start(&mut self, now: SimTime, host: HostId, rank: RankId, work: SimDuration) -> Ending {
        if let Some(Some(shared)) = self.shared.get_mut(host.0 as usize) {
            shared.go_on_until(now);
            let remaining_s = work.as_seconds();
            let worker = Worker { rank, remaining_s, ends_at: now, share: 1.0, rate: 0.0, oversubscribed_s: 0.0 };
            shared.at_work.push(worker);
            return shared.forecast(self.bound).expect("invariant: somebody is at work");
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
        ended: &mut Vec<EndedWork>,
    ) -> Option<Ending> {
        let shared = self.shared.get_mut(host.0 as usize)?.as_mut()?;
        if generation != shared.generation {
            return None;
        }
        shared.go_on_until(now);
        let have_ended = shared.at_work.iter().filter(|worker| worker.ends_at <= now);
        ended.extend(have_ended.map(|w| EndedWork { rank: w.rank, oversubscribed_s: w.oversubscribed_s }));
        shared.at_work.retain(|worker| worker.ends_at > now);
        shared.forecast(self.bound)
    }
}

/// Returns the hosts, ascending, on which two ranks are bound to the same core.
fn hosts_with_shared_cores(hosts_of_ranks: &[HostId], bound: &[CoreSet]) -> Vec<HostId> {
    let mut pairs: Vec<(HostId, &CoreSet)> = hosts_of_ranks.iter().copied().zip(bound).collect();
    pairs.sort_by_key(|(host, _)| *host);
    let by_host = pairs.chunk_by(|a, b| a.0 == b.0);
    let crowded = by_host.filter(|pairs| core_set::do_overlap(pairs.iter().map(|(_, cores)| *cores)));
    crowded.map(|pairs| pairs[0].0).collect()
}

/// Returns how long `work` (time on a core of speed 1) takes on an undisturbed core of `speed`.
pub(super) fn on_core(work: SimDuration, speed: f64) -> SimDuration {
    SimDuration::from_seconds_ceil(work.as_seconds() / speed)
}

impl SharedCores {
    fn new(platform: &Platform, host: HostId, is_bound: bool) -> Self {
        Self {
            speed: platform.speed(host),
            n_cores: platform.cores(host),
            slowdown: platform.slowdown(host).to_vec(),
            is_bound,
            at_work: Vec::new(),
            updated_at: SimTime::ZERO,
            generation: 0,
        }
    }

    /// Gives each rank at work its part of a core and its rate: `speed / slowdown[k]` with k busy cores, times that part
    /// (docs/model.md eq. 1, 2 and 2b).
    fn divide(&mut self, bound: &[CoreSet]) {
        if self.is_bound {
            let sets: Vec<&CoreSet> = self.at_work.iter().map(|worker| &bound[worker.rank.0 as usize]).collect();
            let shares = sharing::fair_shares(&sets);
            for (worker, share) in self.at_work.iter_mut().zip(shares) {
                worker.share = share;
            }
        } else {
            let share = self.cores_per_rank();
            for worker in &mut self.at_work {
                worker.share = share;
            }
        }
        let speed = self.speed / self.slowdown[self.n_busy().saturating_sub(1)];
        for worker in &mut self.at_work {
            worker.rate = speed * worker.share;
        }
    }

    /// Returns how many cores are at work. The parts that bound ranks have add up to a whole number.
    fn n_busy(&self) -> usize {
        let all = self.n_at_work().min(self.n_cores) as usize;
        if !self.is_bound {
            return all;
        }
        let busy: f64 = self.at_work.iter().map(|worker| worker.share).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from zero to the number of ranks")]
        let busy = busy.round() as usize;
        busy.min(all)
    }

    fn n_at_work(&self) -> u32 {
        u32::try_from(self.at_work.len()).expect("invariant: fewer than 2^32 ranks")
    }

    fn cores_per_rank(&self) -> f64 {
        f64::from(self.n_at_work().min(self.n_cores)) / f64::from(self.n_at_work())
    }

    fn go_on_until(&mut self, now: SimTime) {
        let elapsed = (now - self.updated_at).as_seconds();
        for worker in &mut self.at_work {
            worker.remaining_s = (worker.remaining_s - worker.rate * elapsed).max(0.0);
            worker.oversubscribed_s += elapsed * (1.0 - worker.share);
        }
        self.updated_at = now;
    }

    fn forecast(&mut self, bound: &[CoreSet]) -> Option<Ending> {
        self.divide(bound);
        for worker in &mut self.at_work {
            worker.ends_at = self.updated_at + SimDuration::from_seconds_ceil(worker.remaining_s / worker.rate);
        }
        self.generation = self.generation.wrapping_add(1);
        let at = self.at_work.iter().map(|worker| worker.ends_at).min()?;
        Some(Ending::Forecast { at, generation: self.generation })
    }
}
