//! Analysing log files of a producer process.

use dlpc_hardware::workload::{AnalysisWork, RealLogStream, RealWorkload};

use crate::support::{RANKS, run_workload};

const ITEMS: u32 = 9;

fn stream(is_first_free: bool, work: AnalysisWork) -> RealWorkload {
    RealWorkload::LogStream(RealLogStream {
        items: ITEMS,
        interval_s: 0.01,
        first_s: 0.0,
        analysis_s: 0.02,
        poll_s: 0.005,
        item_bytes: 64,
        result_bytes: 64,
        is_first_free,
        work,
    })
}

/// Runs a log stream and returns how many log files each rank has analysed. Rank 0 itself fails if one of them is missing
/// or comes back twice.
fn analysed_by_rank(n_ranks: u32, is_first_free: bool, work: AnalysisWork) -> Vec<u64> {
    let found = run_workload(n_ranks, &stream(is_first_free, work), &[]).result;
    assert!(found["mean_celsius"].as_f64().is_some_and(|celsius| (-50.0..150.0).contains(&celsius)), "{found}");
    let counts = found["analysed_by_rank"].as_array().expect("counts");
    counts.iter().map(|count| count.as_u64().expect("a count")).collect()
}

#[test]
fn in_rounds_every_log_file_is_analysed_once() {
    for n_ranks in RANKS {
        let counts = analysed_by_rank(n_ranks, false, AnalysisWork::Sleep);
        assert_eq!((counts.len(), counts.iter().sum()), (n_ranks as usize, u64::from(ITEMS)), "{counts:?}");
        // The first of a round is for rank 0, so nobody has more.
        assert_eq!(counts.iter().max(), counts.first(), "{counts:?}");
    }
}

#[test]
fn by_the_first_free_worker_every_log_file_is_analysed_once() {
    for n_ranks in RANKS {
        let counts = analysed_by_rank(n_ranks, true, AnalysisWork::Sleep);
        assert_eq!((counts.len(), counts.iter().sum()), (n_ranks as usize, u64::from(ITEMS)), "{counts:?}");
        // Rank 0 only deals out, unless it is alone.
        assert_eq!(counts[0] > 0, n_ranks == 1, "{counts:?}");
    }
}

#[test]
fn an_analysis_may_compute() {
    let work = AnalysisWork::Compute { seconds_per_dart: 1e-6 };
    for is_first_free in [false, true] {
        assert_eq!(analysed_by_rank(2, is_first_free, work).iter().sum::<u64>(), u64::from(ITEMS));
    }
}
