//! Estimating pi.

use std::f64::consts::PI;
use std::fs;

use dlpc_hardware::workload::RealWorkload;
use dlpc_predict::calibration::work;

use crate::support::{RANKS, run_workload};

const DARTS: u64 = 100_000;
const SEED: u64 = 2020;

fn pi(returns_coordinates: bool) -> RealWorkload {
    RealWorkload::Pi { darts: DARTS, returns_coordinates, seed: SEED }
}

#[test]
fn ranks_count_what_one_program_counts() {
    for n_ranks in RANKS {
        let found = run_workload(n_ranks, &pi(false), &[]).result;
        let each = DARTS.div_ceil(n_ranks.into());
        let inside: u64 = (0..n_ranks).map(|rank| work::throw_and_count(&mut work::stream(SEED, rank), each)).sum();
        assert_eq!(found["inside"], inside, "{n_ranks} ranks");
        assert_eq!(found["darts"], each * u64::from(n_ranks), "{n_ranks} ranks");
        let number = |key: &str| found[key].as_f64().expect("a number");
        assert!((number("pi") - PI).abs() < 4.0 * number("standard_error"), "{n_ranks} ranks: {found}");
    }
}

#[test]
fn rank_0_gets_all_coordinates_bit_for_bit() {
    for n_ranks in RANKS {
        let found = run_workload(n_ranks, &pi(true), &[]).result;
        let each = DARTS.div_ceil(n_ranks.into());
        let (mut records, mut packed) = (Vec::new(), Vec::new());
        for rank in 0..n_ranks {
            let mut own = Vec::new();
            work::throw_and_store(&mut work::stream(SEED, rank), rank, each, &mut own);
            records.append(&mut own);
        }
        work::pack_records(&records, &mut packed);
        let totals = work::collect_records(&records);
        assert_eq!(found["fingerprint"], format!("{:016x}", work::fingerprint(&packed)), "{n_ranks} ranks");
        assert_eq!(found["inside"], totals.inside, "{n_ranks} ranks");
    }
}

#[test]
fn rank_0_draws_and_lists_the_darts() {
    let folder = tempfile::tempdir().expect("a folder");
    let [picture, points] = ["board.png", "darts.csv"].map(|name| folder.path().join(name));
    let name = |path: &std::path::Path| path.to_str().expect("a name").to_owned();
    let args = ["--picture", &name(&picture), "--points", &name(&points)];
    let found = run_workload(3, &pi(true), &args).result;
    assert!(fs::read(&picture).expect("a picture").starts_with(b"\x89PNG"));
    let rows = fs::read_to_string(&points).expect("rows");
    let inside = rows.lines().filter(|row| row.ends_with(",1")).count();
    assert_eq!(found["inside"], inside);
    assert_eq!(rows.lines().count(), 1 + 3 * usize::try_from(DARTS.div_ceil(3)).expect("a count"));
}
