//! Hostfiles of real clusters, and host- and rankfiles of scenarios, damaged.

use std::path::{Path, PathBuf};

use dlpc_predict::input;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::is_a_report;
use crate::hunt::{Files, Hunt};
use crate::mutator::{damage, one_of};

const HOSTFILES: &[&str] = &[
    "# hosts\npi0 slots=4 max_slots=4\npi1 slots = 2\n",
    "pi0\npi0\npi1\npi2\n",
    "pi0:4\npi1:2\n",
    "root@192.168.0.10 slots=4\r\nlocalhost slots=1 // here\r\n",
    "+n0 slots=2\n[::1] slots=1\npi0.local max_slots=2\n",
];
const RANKFILES: &[&str] = &[
    "rank 0=pi0 slot=0\nrank 1=pi1 slot=0:1-2\n",
    "rank 0=+n0 slot=1:0-2\nrank 1=+n1 slot=0:0,1;1:0\nrank 2=pi0 slot=p0\n",
];
const CLUSTER: &str = "hosts";
const HOSTFILE: &str = "tests/e2e/strange/hostfile";
const RANKFILE: &str = "tests/e2e/strange/rankfile";

#[test]
fn a_damaged_hostfile_or_rankfile_is_reported_or_used() {
    let test = "hosts::a_damaged_hostfile_or_rankfile_is_reported_or_used";
    Hunt { test, n_short: 150, one_in: 1, make: damaged, check }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let mut file = |path: &str, texts: &[&str]| {
        let mut bytes = one_of(texts, rng).as_bytes().to_vec();
        if rng.random_bool(0.9) {
            damage(&mut bytes, rng);
        }
        (PathBuf::from(path), bytes)
    };
    [file(CLUSTER, HOSTFILES), file(HOSTFILE, HOSTFILES), file(RANKFILE, RANKFILES)].into()
}

fn check(files: &Files) {
    let read = |path: &Path| corpus::reading(files, path);
    match input::load_hostfile(Path::new(CLUSTER), &read) {
        Err(report) => is_a_report(&report),
        Ok(hosts) => assert!(!hosts.is_empty()),
    }
    for scenario in ["tests/e2e/strange/log.toml", "tests/e2e/strange/phases.toml"] {
        if let Err(report) = input::load_experiment(Path::new(scenario), &read) {
            is_a_report(&report);
        }
    }
}
