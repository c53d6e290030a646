//! Speed of the engine on typical patterns of messages, and of whole predictions. `make bench`; ratios within one run
//! mean something, single times only on a quiet machine. docs/performance.md has results.

mod cluster;
mod special_purpose;

use divan::Bencher;
use divan::counter::ItemsCount;
use dlpc_engine::trace::Recording;
use dlpc_predict::input::Experiment;
use dlpc_predict::prediction;

use crate::cluster::load;

fn main() {
    divan::main();
}

fn bench_run(bencher: Bencher<'_, '_>, experiment: &Experiment) {
    let Experiment { scenario, machine, .. } = experiment;
    let n_ranks = scenario.run.ranks[0].get();
    let run = || prediction::simulate_once(scenario, machine, n_ranks, 0, Recording::Off).expect("no deadlock");
    bencher.counter(ItemsCount::new(run().n_messages)).bench(run);
}

/// Patterns on the `loggops` network: L = 2.5 us, o = 1.5 us, g = 1 us, one rank per host.
mod loggops {
    use divan::Bencher;
    use divan::counter::ItemsCount;
    use dlpc_engine::machine::{BarrierAlgorithm, BcastAlgorithm, GatherAlgorithm};
    use dlpc_engine::program::phase::Phase;
    use dlpc_engine::random::Distribution;
    use dlpc_engine::trace::Recording;
    use dlpc_engine::units::{Bytes, SimDuration};
    use dlpc_predict::input::Experiment;
    use dlpc_predict::prediction;
    use dlpc_predict::workload::{Dispatch, LogStream, Workload};

    use super::bench_run;
    use crate::cluster::{self, logp};
    use crate::special_purpose;

    const SIZES: [u32; 4] = [1 << 10, 1 << 14, 1 << 16, 1 << 20];

    #[divan::bench(args = SIZES, max_time = 5)]
    fn dissemination(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_run(bencher, &barrier(n_ranks));
    }

    fn barrier(n_ranks: u32) -> Experiment {
        let mut experiment = logp(n_ranks, Workload::Custom(vec![Phase::Barrier].into()));
        experiment.machine.collectives.barrier = Some(BarrierAlgorithm::Dissemination);
        experiment
    }

    /// The same arithmetic and nothing else, over the heap of the standard library: what dissemination is compared with.
    #[divan::bench(args = SIZES, max_time = 5)]
    fn dissemination_over_binary_heap(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_special_purpose::<special_purpose::Binary>(bencher, n_ranks);
    }

    /// The same over the crate `radix-heap`.
    #[divan::bench(args = SIZES, max_time = 5)]
    fn dissemination_over_radix_heap(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_special_purpose::<special_purpose::OfTheCrate>(bencher, n_ranks);
    }

    /// The same over the fastest heap we know for it.
    #[divan::bench(args = SIZES, max_time = 5)]
    fn dissemination_special_purpose(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_special_purpose::<special_purpose::CutDown>(bencher, n_ranks);
    }

    fn bench_special_purpose<H: special_purpose::Heap>(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let n_messages = u64::from(n_ranks) * u64::from(n_ranks.next_power_of_two().ilog2());
        let run = || special_purpose::dissemination::<H>(n_ranks, cluster::L, cluster::O, cluster::GAP);
        let Experiment { scenario, machine, .. } = barrier(n_ranks);
        let trace = prediction::simulate_once(&scenario, &machine, n_ranks, 0, Recording::Off);
        assert_eq!(trace.expect("no deadlock").makespan.as_picos(), run(), "both must do the same work");
        bencher.counter(ItemsCount::new(n_messages)).bench(run);
    }

    #[divan::bench(args = SIZES, max_time = 5)]
    fn binomial_bcast(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let mut experiment = logp(n_ranks, Workload::Custom(vec![Phase::Bcast(Bytes(8))].into()));
        experiment.machine.collectives.bcast = Some(BcastAlgorithm::Binomial);
        bench_run(bencher, &experiment);
    }

    #[divan::bench(args = SIZES, max_time = 5)]
    fn flat_gather(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let mut experiment = logp(n_ranks, Workload::Custom(vec![Phase::Gather(Bytes(8))].into()));
        experiment.machine.collectives.gather = Some(GatherAlgorithm::Linear);
        bench_run(bencher, &experiment);
    }

    #[divan::bench(args = SIZES, max_time = 5)]
    fn ring(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let phases = vec![Phase::Ring(Bytes(8))];
        bench_run(bencher, &logp(n_ranks, Workload::Custom(vec![Phase::Repeat { times: 10, phases }].into())));
    }

    /// One item for each rank, which rank 0 hands to whoever is free.
    #[divan::bench(args = SIZES, max_time = 5)]
    fn master_worker(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let stream = LogStream {
            items: n_ranks,
            interval: SimDuration::ZERO,
            first: SimDuration::ZERO,
            jitter: SimDuration::ZERO,
            analysis: Distribution::Constant(SimDuration::from_micros(1000)),
            poll: SimDuration::from_micros(100),
            item_bytes: Bytes(8),
            result_bytes: Bytes(8),
            dispatch: Dispatch::FirstFree,
        };
        bench_run(bencher, &logp(n_ranks, Workload::LogStream(stream)));
    }
}

/// Patterns on the `flow` network: Pi 3B, four ranks per host, 100 Mbit/s ports.
mod flow {
    use divan::Bencher;
    use dlpc_engine::machine::AlltoallAlgorithm;
    use dlpc_engine::platform::NetworkKind;
    use dlpc_engine::program::phase::Phase;
    use dlpc_engine::units::Bytes;

    use super::bench_run;
    use crate::cluster::pi3;

    #[divan::bench(args = [64, 1024, 4096, 16384])]
    fn flat_gather(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_run(bencher, &pi3(n_ranks, Phase::Gatherv(Bytes(1000)), NetworkKind::Flow));
    }

    #[divan::bench(args = [64, 1024, 16384], max_time = 5)]
    fn barrier(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_run(bencher, &pi3(n_ranks, Phase::Barrier, NetworkKind::Flow));
    }

    #[divan::bench(args = [64, 1024])]
    fn ring(bencher: Bencher<'_, '_>, n_ranks: u32) {
        bench_run(bencher, &pi3(n_ranks, Phase::Ring(Bytes(100_000)), NetworkKind::Flow));
    }

    /// Two rounds around the ring for each rank, as an allreduce along a ring does.
    #[divan::bench(args = [64, 512], max_time = 5)]
    fn ring_rounds(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let phases = vec![Phase::Ring(Bytes(10_000))];
        let phase = Phase::Repeat { times: 2 * (n_ranks - 1), phases };
        bench_run(bencher, &pi3(n_ranks, phase, NetworkKind::Flow));
    }

    #[divan::bench(args = [64, 256, 1024], max_time = 5)]
    fn alltoall(bencher: Bencher<'_, '_>, n_ranks: u32) {
        let mut experiment = pi3(n_ranks, Phase::Alltoall(Bytes(10_000)), NetworkKind::Flow);
        experiment.machine.collectives.alltoall = Some(AlltoallAlgorithm::Pairwise);
        bench_run(bencher, &experiment);
    }
}

/// What `predict` computes for shipped scenarios.
#[divan::bench(args = ["dlpc-pi-count.toml", "dlpc-pi-coordinates.toml", "dlpc-log-60s.toml"], max_time = 5)]
fn predict(bencher: Bencher<'_, '_>, name: &str) {
    let Experiment { scenario, machine, .. } = load(name);
    bencher.bench(|| prediction::predict(&scenario, &machine, &|| ()).expect("no deadlock"));
}
