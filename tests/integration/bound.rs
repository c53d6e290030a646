//! Ranks that are bound to cores, as a rankfile says (docs/model.md eq. 2b).

use dlpc_engine::platform::HostId;
use dlpc_engine::platform::core_set::CoreSet;
use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::prediction;
use dlpc_predict::workload::Workload;

use crate::support::{cluster, scenario, seconds, us};

/// Returns how long ranks on one host take, each with `work` s of its own, bound to these ranges of cores.
fn makespan(n_cores: u32, work: SimDuration, share: Share, bound: &[(u32, u32)], slowdown: &[f64]) -> SimDuration {
    let n_ranks = u32::try_from(bound.len()).expect("few ranks");
    let mut scenario = scenario(Workload::Custom(vec![Phase::Compute { work, share }].into()), n_ranks);
    scenario.run.slots = vec![HostId(0); bound.len()];
    scenario.run.bound = bound.iter().map(|range| CoreSet::new(vec![*range]).expect("cores")).collect();
    let mut machine = cluster(1, n_cores);
    if !slowdown.is_empty() {
        machine.host_groups[0].slowdown = slowdown.to_vec();
    }
    let trace = prediction::simulate_once(&scenario, &machine, n_ranks, 0, Recording::Off).expect("a run");
    trace.makespan - SimTime::ZERO
}

#[test]
fn two_ranks_on_one_slot_are_as_slow_as_one() {
    // 1 s of work, 0.5 s each: one after the other on core 0 it takes 1 s; on cores 0 and 1 half of that.
    assert_eq!(makespan(4, seconds(1), Share::Divided, &[(0, 0), (0, 0)], &[]), us(1_000_000));
    assert_eq!(makespan(4, seconds(1), Share::Divided, &[(0, 0), (1, 1)], &[]), us(500_000));
}

#[test]
fn a_rank_that_may_go_elsewhere_leaves_the_core_to_the_others() {
    // 1 s of work each. Ranks 0 and 1 share core 0, rank 2 may use core 1, too, and has it for itself: 2 s.
    assert_eq!(makespan(4, seconds(1), Share::EachRank, &[(0, 0), (0, 0), (0, 1)], &[]), us(2_000_000));
    // Three ranks on two of the four cores: 2/3 of a core each, 1.5 s.
    assert_eq!(makespan(4, seconds(1), Share::EachRank, &[(0, 1), (0, 1), (0, 1)], &[]), us(1_500_000));
}

#[test]
fn bound_ranks_slow_down_by_the_cores_that_are_busy() {
    // Two ranks on core 0 and one on core 1 keep two cores busy, which slow down by 1.25: rank 2 needs 1.25 s, the others
    // have done 1.25 s / 1.25 / 2 = 0.5 s by then. The other 0.5 s each take 1 s on a core that is busy alone: 2.25 s.
    let slowdown = [1.0, 1.25, 1.5, 2.0];
    assert_eq!(makespan(4, seconds(1), Share::EachRank, &[(0, 0), (0, 0), (1, 1)], &slowdown), us(2_250_000));
}

#[test]
fn ranks_with_cores_of_their_own_run_as_if_they_were_not_bound() {
    let slowdown = [1.0, 1.25, 1.5, 2.0];
    // Three busy cores: 1.5 s.
    assert_eq!(makespan(4, seconds(1), Share::EachRank, &[(3, 3), (0, 1), (2, 2)], &slowdown), us(1_500_000));
}
