//! Cores of the hosts: work goes on at full speed, or shared when a host is oversubscribed or slows down.

use crate::platform::{HostId, Platform};
use crate::program::RankId;
use crate::units::{SimDuration, SimTime};

/// Cores of all hosts.
#[derive(Debug)]
pub(super) struct Cores {
    hosts: Vec<HostCores>,
}

#[derive(Debug)]
enum HostCores {
    /// Each rank has a core of its own that never slows down.
    Steady { speed: f64 },
    /// The speed of each rank depends on how many are at work.
    Shared(SharedCores),
}

#[derive(Debug)]
struct SharedCores {
    speed: f64,
    n_cores: u32,
    slowdown: Vec<f64>,
    at_work: Vec<Worker>,
    updated_at: SimTime,
    generation: u64,
}

#[derive(Debug)]
struct Worker {
    rank: RankId,
    /// Seconds of work left, on a core of speed 1.
    remaining_s: f64,
    ends_at: SimTime,
}

/// When work on a core ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// Then, for certain.
    At(SimTime),
    /// Look again then, if the generation is still the same.
    Forecast { at: SimTime, generation: u64 },
}

impl Cores {
    /// Prepares the cores for ranks on these hosts.
    pub(super) fn new(platform: &Platform, hosts_of_ranks: &[HostId]) -> Self {
        let mut n_ranks = vec![0_u32; platform.n_hosts()];
        for host in hosts_of_ranks {
            n_ranks[host.0 as usize] += 1;
        }
        let host_cores = |(host, n_ranks): (u32, u32)| {
            let host = HostId(host);
            let (speed, n_cores, slowdown) = (platform.speed(host), platform.cores(host), platform.slowdown(host));
            let never_slows_down = slowdown.iter().take(n_ranks as usize).all(|factor| *factor <= 1.0);
            if n_ranks <= n_cores && never_slows_down {
                return HostCores::Steady { speed };
            }
            HostCores::Shared(SharedCores {
                speed,
                n_cores,
                slowdown: slowdown.to_vec(),
                at_work: Vec::new(),
                updated_at: SimTime::ZERO,
                generation: 0,
            })
        };
        Self { hosts: (0..).zip(n_ranks).map(host_cores).collect() }
    }

    /// Starts `work` (time on a core of speed 1) of a rank.
    pub(super) fn start(&mut self, now: SimTime, host: HostId, rank: RankId, work: SimDuration) -> Ending {
        match &mut self.hosts[host.0 as usize] {
            HostCores::Steady { speed } => Ending::At(now + SimDuration::from_seconds_ceil(work.as_seconds() / *speed)),
            HostCores::Shared(shared) => {
                shared.go_on_until(now);
                shared.at_work.push(Worker { rank, remaining_s: work.as_seconds(), ends_at: now });
                shared.forecast().expect("invariant: somebody is at work")
            }
        }
    }

    /// Removes the ranks of a shared host whose work has ended by `now` and appends them to `ended`; returns the next
    /// forecast. Nothing happens if the wake-up is outdated.
    pub(super) fn collect_ended(
        &mut self,
        now: SimTime,
        host: HostId,
        generation: u64,
        ended: &mut Vec<RankId>,
    ) -> Option<Ending> {
        let HostCores::Shared(shared) = &mut self.hosts[host.0 as usize] else { return None };
        if generation != shared.generation {
            return None;
        }
        shared.go_on_until(now);
        ended.extend(shared.at_work.iter().filter(|worker| worker.ends_at <= now).map(|worker| worker.rank));
        shared.at_work.retain(|worker| worker.ends_at > now);
        shared.forecast()
    }
}

impl SharedCores {
    /// Seconds of work per second and rank: `speed / slowdown[k]` with k busy cores, times cores per rank if there are
    /// more ranks than cores (docs/model.md eq. 1 and 2).
    fn rate(&self) -> f64 {
        let n_at_work = u32::try_from(self.at_work.len()).expect("invariant: fewer than 2^32 ranks");
        let n_busy = n_at_work.min(self.n_cores);
        if n_busy == 0 {
            return 0.0;
        }
        let cores_per_rank = f64::from(n_busy) / f64::from(n_at_work);
        self.speed / self.slowdown[n_busy as usize - 1] * cores_per_rank
    }

    fn go_on_until(&mut self, now: SimTime) {
        let done = self.rate() * (now - self.updated_at).as_seconds();
        for worker in &mut self.at_work {
            worker.remaining_s = (worker.remaining_s - done).max(0.0);
        }
        self.updated_at = now;
    }

    fn forecast(&mut self) -> Option<Ending> {
        let rate = self.rate();
        for worker in &mut self.at_work {
            worker.ends_at = self.updated_at + SimDuration::from_seconds_ceil(worker.remaining_s / rate);
        }
        self.generation += 1;
        let at = self.at_work.iter().map(|worker| worker.ends_at).min()?;
        Some(Ending::Forecast { at, generation: self.generation })
    }
}
