//! Shares of cores for ranks that may not use all cores of their host: max-min fair.
//!
//! Each rank uses at most one core at a time, and only its own ones. The ranks that get least are a set *S* with the
//! smallest ratio of the cores that it may use, *N(S)*, to its ranks; they get *|N(S)| / |S|* each, and the rest goes on
//! without them and without their cores (docs/model.md eq. 2b). The set is found by maximum flows from ranks to cores.

use crate::platform::core_set::CoreSet;

/// Returns the share of a core that each rank gets, from above zero to one.
pub(super) fn fair_shares(sets: &[&CoreSet]) -> Vec<f64> {
    if let Some(cores) = sets.iter().map(|set| set.only()).collect::<Option<Vec<u32>>>() {
        return cores.iter().map(|core| 1.0 / count(&cores, *core)).collect();
    }
    let mut cores: Vec<u32> = sets.iter().flat_map(|set| set.cores()).collect();
    cores.sort_unstable();
    cores.dedup();
    let numbered = |set: &&CoreSet| set.cores().filter_map(|core| cores.binary_search(&core).ok()).collect();
    let mut crowd = Crowd { cores_of: sets.iter().map(numbered).collect(), n_cores: cores.len() };
    let mut shares = vec![1.0; sets.len()];
    while let Some((tight, share)) = crowd.tightest() {
        for rank in &tight {
            shares[*rank] = share;
        }
        crowd.remove(&tight);
    }
    shares
}

fn count(cores: &[u32], core: u32) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^32 ranks")]
    let n = cores.iter().filter(|other| **other == core).count() as f64;
    n
}

/// Ranks that are not served yet, with the cores that are left for them; a rank without cores is served.
struct Crowd {
    cores_of: Vec<Vec<usize>>,
    n_cores: usize,
}

impl Crowd {
    /// Returns the ranks that get least and their share, if that is less than a core.
    fn tightest(&self) -> Option<(Vec<usize>, f64)> {
        // Dinkelbach's method: each set that breaks the last ratio has a smaller one, until none breaks it.
        let mut tight: Option<Vec<usize>> = None;
        let (mut demand, mut capacity) = (1, 1);
        while let Some(set) = self.unserved(demand, capacity) {
            (demand, capacity) = (self.cores_of_set(&set).len(), set.len());
            tight = Some(set);
        }
        #[expect(clippy::cast_precision_loss, reason = "few ranks and cores")]
        tight.map(|set| (set, demand as f64 / capacity as f64))
    }

    fn cores_of_set(&self, ranks: &[usize]) -> Vec<usize> {
        let mut cores: Vec<usize> = ranks.iter().flat_map(|rank| self.cores_of[*rank].iter().copied()).collect();
        cores.sort_unstable();
        cores.dedup();
        cores
    }

    fn remove(&mut self, ranks: &[usize]) {
        let used = self.cores_of_set(ranks);
        for cores in &mut self.cores_of {
            cores.retain(|core| used.binary_search(core).is_err());
        }
    }

    /// Returns ranks that together cannot get `demand` each from cores of `capacity` each, or nothing.
    fn unserved(&self, demand: usize, capacity: usize) -> Option<Vec<usize>> {
        let mut flow = vec![vec![0; self.n_cores]; self.cores_of.len()];
        let mut used = vec![0; self.n_cores];
        for rank in (0..self.cores_of.len()).filter(|rank| !self.cores_of[*rank].is_empty()) {
            for _ in 0..demand {
                let mut seen = vec![false; self.cores_of.len()];
                if !self.push(rank, capacity, &mut flow, &mut used, &mut seen) {
                    return Some((0..seen.len()).filter(|rank| seen[*rank]).collect());
                }
            }
        }
        None
    }

    /// Gives one unit more to `rank`, moving others aside; marks the ranks that were asked.
    fn push(
        &self,
        rank: usize,
        capacity: usize,
        flow: &mut [Vec<usize>],
        used: &mut [usize],
        seen: &mut [bool],
    ) -> bool {
        seen[rank] = true;
        for core in self.cores_of[rank].iter().copied() {
            if used[core] < capacity {
                used[core] += 1;
                flow[rank][core] += 1;
                return true;
            }
            let giver = (0..flow.len())
                .find(|other| 0 < flow[*other][core] && !seen[*other] && self.push(*other, capacity, flow, used, seen));
            if let Some(other) = giver {
                flow[other][core] -= 1;
                flow[rank][core] += 1;
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(ranges: &[&[(u32, u32)]]) -> Vec<f64> {
        let sets: Vec<CoreSet> = ranges.iter().map(|set| CoreSet::new(set.to_vec()).expect("cores")).collect();
        fair_shares(&sets.iter().collect::<Vec<_>>())
    }

    #[test]
    fn ranks_on_one_core_share_it() {
        assert_eq!(shares(&[&[(0, 0)], &[(0, 0)], &[(1, 1)]]), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn ranks_with_the_same_cores_share_them_as_unbound_ranks_do() {
        assert_eq!(shares(&[&[(0, 1)], &[(0, 1)], &[(0, 1)]]), [2.0 / 3.0; 3]);
    }

    #[test]
    fn who_can_go_elsewhere_does() {
        // Core 0 is for the first two; the third takes core 1, which it has for itself.
        assert_eq!(shares(&[&[(0, 0)], &[(0, 0)], &[(0, 1)]]), [0.5, 0.5, 1.0]);
        // Two on core 1, three more on cores 1 and 2: all five have two cores.
        assert_eq!(shares(&[&[(1, 1)], &[(1, 1)], &[(1, 2)], &[(1, 2)], &[(1, 2)]]), [0.4; 5]);
        // Cores in different places: {0, 2} and {2}.
        assert_eq!(shares(&[&[(0, 0), (2, 2)], &[(2, 2)]]), [1.0, 1.0]);
    }

    #[test]
    fn no_set_of_ranks_gets_more_than_its_cores_and_no_rank_could_get_more() {
        // All families of three ranks on three cores: shares against the definition, by all subsets.
        let sets: Vec<CoreSet> = (1_u32..8)
            .map(|bits| (0..3).filter(|core| bits & (1 << core) != 0).map(|core| (core, core)).collect())
            .map(|ranges| CoreSet::new(ranges).expect("cores"))
            .collect();
        for (i, j, k) in (0..343).map(|n| (n / 49, n / 7 % 7, n % 7)) {
            let family = [&sets[i], &sets[j], &sets[k]];
            let shares = fair_shares(&family);
            for rank in 0..3 {
                // A rank that has less than a core is in a set that uses up its cores, and in which nobody has more.
                let is_limited = (1..8_usize).filter(|subset| subset & (1 << rank) != 0).any(|subset| {
                    let members: Vec<usize> = (0..3).filter(|member| subset & (1 << member) != 0).collect();
                    let mut cores: Vec<u32> = members.iter().flat_map(|member| family[*member].cores()).collect();
                    cores.sort_unstable();
                    cores.dedup();
                    let used: f64 = (0..3)
                        .filter(|other| family[*other].cores().all(|core| cores.contains(&core)))
                        .map(|other| shares[other])
                        .sum();
                    let n_cores = f64::from(u32::try_from(cores.len()).expect("few cores"));
                    assert!(used <= n_cores + 1e-9, "{family:?}: {shares:?}");
                    let most = members.iter().map(|member| shares[*member]).fold(0.0, f64::max);
                    members.iter().map(|member| shares[*member]).sum::<f64>() >= n_cores - 1e-9
                        && most <= shares[rank] + 1e-9
                });
                assert!(shares[rank] >= 1.0 - 1e-9 || is_limited, "{family:?}: {shares:?}");
            }
        }
    }
}
