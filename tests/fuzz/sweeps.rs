//! What varies in a sweep, and stored results, damaged.

use std::path::{Path, PathBuf};

use dlpc_predict::input;
use dlpc_predict::sweep::plan::{Design, Plan};
use dlpc_predict::sweep::record::{Record, Records};
use dlpc_predict::sweep::rows::Row;
use dlpc_report::{plot, sweep as report};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{is_a_report, is_json, is_svg, prediction_of, shorten};
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, one_of};

const SETS: &[&str] = &[
    "run.ranks=1,2,4..=6",
    "run.ranks=2",
    "run.seed=1..=3",
    "run.network=flow,loggops",
    "run.placement=by-node,by-slot",
    "workload.pi.darts=1e6,2e6",
    "workload.log_stream.items=10,20",
    "workload.log_stream.interval=1 s..10 s",
    "machine.switch.latency=0 s,5 us,1 ms",
    "machine.hosts.pi.nic.bandwidth=10 Mbit/s..1 Gbit/s",
    "machine.messages.remote.eager_limit=0 B, 4 KiB",
    "machine.messages.remote.segments[1].byte_gap=80 ns/B",
    "machine.kernels.throw_dart=1 us..2 us",
    "machine.noise.compute_sigma=0, 0.1",
    "run.ranks[0]=3,5",
];
const SCENARIOS: &[&str] = &[
    "scenarios/dlpc-pi-count.toml",
    "scenarios/dlpc-log-1s.toml",
    "tests/e2e/strange/log.toml",
    "tests/e2e/strange/darts.toml",
];
/// Points that are looked at.
const POINTS_MAX: usize = 4;
/// The largest plan that is made.
const PLAN_MAX: u64 = 5000;
const RECORD: &str = "{\"key\":\"KEY\",\"ranks\":4,\"makespan_s\":1.5,\"makespan_p05_s\":1.25,\"makespan_p95_s\":1.75,\
                      \"limited_by\":\"compute\",\"breakdown\":{\"compute\":1.5},\"warnings\":[]}\n";
const RECORDS: &str = "sweep-points.jsonl";

#[test]
fn damaged_axes_are_reported_or_varied() {
    let test = "sweeps::damaged_axes_are_reported_or_varied";
    Hunt { test, n_short: 60, one_in: 1, make: damaged_axes, check: check_axes }.run();
}

#[test]
fn damaged_records_are_left_out_or_drawn() {
    let test = "sweeps::damaged_records_are_left_out_or_drawn";
    Hunt { test, n_short: 60, one_in: 1, make: damaged_records, check: check_records }.run();
}

fn damaged_axes(rng: &mut ChaCha8Rng) -> Files {
    let mut files: Files = [(PathBuf::from("scenario"), one_of(SCENARIOS, rng).into())].into();
    if rng.random_bool(0.3) {
        files.insert(PathBuf::from("samples"), Vec::new());
    }
    for i in 0..rng.random_range(1..=3) {
        let mut set = one_of(SETS, rng).as_bytes().to_vec();
        if rng.random_bool(0.8) {
            damage(&mut set, rng);
        }
        files.insert(PathBuf::from(format!("set{i}")), set);
    }
    files
}

fn check_axes(files: &Files) {
    let path = crate::experiments::path_of(files);
    let read = |path: &Path| corpus::reading(files, path);
    let is_sample = files.contains_key(Path::new("samples"));
    let design = if is_sample { Design::LatinHypercube { n: 7, seed: 1 } } else { Design::Grid };
    let is_set = |path: &&PathBuf| path.to_string_lossy().starts_with("set");
    let sets: Vec<String> =
        files.keys().filter(is_set).map(|path| String::from_utf8_lossy(&files[path]).into_owned()).collect();
    let axes = match input::load_axes(&path, &sets, design, &read) {
        Err(report) => return is_a_report(&report),
        Ok(axes) => axes,
    };
    if dlpc_predict::sweep::plan::n_points(&axes, design).is_none_or(|n| n > PLAN_MAX) {
        return;
    }
    let plan = Plan::new(axes, design);
    for point in 0..plan.n_points().min(POINTS_MAX) {
        let keys = plan.axes().iter().map(|axis| axis.key.as_str());
        let changes: Vec<input::Change<'_>> = keys.zip(plan.point(point)).collect();
        match input::load_varied(&path, &changes, "a point", &read) {
            Err(report) => is_a_report(&report),
            Ok(mut experiment) => {
                let _ = shorten(&mut experiment) && prediction_of(&experiment).is_some();
            }
        }
    }
}

fn damaged_records(rng: &mut ChaCha8Rng) -> Files {
    let n = rng.random_range(1..7);
    let mut bytes: Vec<u8> = (0..n).flat_map(|i| RECORD.replace("KEY", &i.to_string()).into_bytes()).collect();
    if rng.random_bool(0.9) {
        damage(&mut bytes, rng);
    }
    let set = one_of(SETS, rng);
    [
        (PathBuf::from(RECORDS), bytes),
        (PathBuf::from("set0"), set.into()),
        (PathBuf::from("scenario"), SCENARIOS[3].into()),
    ]
    .into()
}

fn check_records(files: &Files) {
    let records = Records::parse(&String::from_utf8_lossy(&files[Path::new(RECORDS)]));
    let records: Vec<&Record> = records.by_key.values().collect();
    let Some(baseline) = records.first() else { return };
    let read = |path: &Path| corpus::reading(files, path);
    let sets = ["run.ranks=1..=3".to_owned(), String::from_utf8_lossy(&files[Path::new("set0")]).into_owned()];
    let Ok(axes) = input::load_axes(&crate::experiments::path_of(files), &sets, Design::Grid, &read) else { return };
    let plan = Plan::new(axes, Design::Grid);
    let rows: Vec<Row<'_>> = (0..plan.n_points())
        .zip(&records)
        .map(|(point, record)| Row::new(point, plan.point(point), record, baseline))
        .collect();
    assert_eq!(report::csv(&plan, &rows).lines().count(), 1 + rows.len());
    report::json_lines(&plan, &rows).lines().for_each(is_json);
    assert!(!report::summary(&plan, &rows).is_empty());
    if let Some(svg) = plot::sweep::svg("a sweep", &plan, &rows) {
        is_svg(&svg);
        assert!(plot::sweep::png("a sweep", &plan, &rows).is_some());
    }
}
