//! Results of a sweep are kept by name, and a sweep that goes on takes what is there: so the name must change with the
//! results.

use std::io;
use std::path::Path;

use dlpc_predict::sweep::point_key::RESULTS;
use dlpc_predict::sweep::record::Record;
use dlpc_predict::{input, prediction};
use sha2::{Digest, Sha256};

/// Two groups of hosts below two switches, with every kind of noise.
const MACHINE: &str = r#"format = 1
name = "all"
title = "All that a machine model can have"
[hosts.slow]
count = 3
cores = 2
speed = [1.0, 0.9, 1.1]
slowdown = [1.0, 1.2]
[hosts.slow.nic]
bandwidth = "94.4 Mbit/s"
duplex = "half"
[hosts.fast]
count = 2
cores = 4
speed = 2.0
[hosts.fast.nic]
bandwidth = "1 Gbit/s"
latency = "1 us"
[switch]
latency = "5 us"
backplane_bandwidth = "1.6 Gbit/s"
[switch.tree]
hosts_per_leaf = 2
uplink_bandwidth = "1 Gbit/s"
[messages.local]
eager_limit = "4 KiB"
calibrated_upto = "64 KiB"
[[messages.local.segments]]
send_overhead = "2 us"
recv_overhead = "2 us"
latency = "1 us"
byte_gap = "0.4 ns/B"
[messages.remote]
eager_limit = "16 KiB"
calibrated_upto = "64 KiB"
[[messages.remote.segments]]
upto = "1 KiB"
send_overhead = "10 us"
recv_overhead = "11 us"
latency = "60 us"
[[messages.remote.segments]]
send_overhead = "20 us"
recv_overhead = "20 us"
byte_overhead = "0.1 ns/B"
latency = "100 us"
byte_gap = "8 ns/B"
message_gap = "5 us"
[kernels]
setup = "34 ms"
throw_dart = "2.76 us"
[kernels.records]
store = "3 us"
pack = "4 us"
unpack = "5 us"
collect = "6 us"
bytes = "30 B"
[noise]
compute_sigma = 0.02
run_sigma = 0.01
latency_sigma = 0.1
[noise.interruptions]
interval = "10 ms"
duration = "20 us"
[intervals]
"kernels.setup" = ["30 ms", "38 ms"]
"kernels.throw_dart" = ["2.70 us", "2.82 us"]
"#;

/// One workload of each kind, and custom phases of all kinds.
const WORKLOADS: [&str; 5] = [
    "pi = { darts = 20000, returns = \"count\" }",
    "pi = { darts = 20000, returns = \"coordinates\" }",
    "log_stream = { items = 12, interval = \"1 s\", jitter = \"0.1 s\", \
     analysis = { lognormal = { median = \"4 s\", sigma = 0.3 } } }",
    "log_stream = { items = 12, interval = \"1 s\", dispatch = \"first-free\", \
     analysis = { uniform = { low = \"3 s\", high = \"5 s\" } } }",
    "custom.phases = [
        { compute = { work = \"20 ms\", share = \"divided\" } }, { bcast = { bytes = \"20 kB\" } },
        { repeat = { times = 3, phases = [{ compute = { work = \"1 ms\" } }, { halo = { bytes = \"8 KiB\" } }] } },
        { ring = { bytes = \"50 kB\" } }, { allreduce = { bytes = \"8 B\" } }, { scatter = { bytes = \"3 kB\" } },
        { gather = { bytes = \"90 kB\", share = \"divided\" } }, { barrier = {} }, { alltoall = { bytes = \"9 kB\" } },
        { allgather = { bytes = \"2 kB\" } }, { gatherv = { bytes = \"70 kB\" } }, { scatterv = { bytes = \"1 kB\" } },
        { reduce = { bytes = \"5 kB\" } }, { sleep = \"1 ms\" }, { compute = { work = \"1 ms\", share = \"rank-zero\" } }]",
];

const RUNS: [&str; 3] = [
    "network = \"flow\"",
    "network = \"loggops\"\nplacement = \"by-node\"",
    "network = \"flow\"\nplacement = { hosts = [\"fast0\", \"slow1\", \"fast0\"] }\noversubscribe = true",
];

/// Returns a program with each collective at small, middling and large sizes, at which libraries take other algorithms.
fn collectives() -> String {
    let kinds = ["bcast", "scatter", "scatterv", "gather", "gatherv", "reduce", "allreduce", "allgather", "alltoall"];
    let of_size = |bytes: &u32| kinds.map(|kind| format!("{{ {kind} = {{ bytes = \"{bytes} B\" }} }}")).join(", ");
    format!(
        "custom.phases = [{}]",
        [8, 1_000, 12_000, 40_000, 300_000, 1_500_000].iter().map(of_size).collect::<Vec<_>>().join(", ")
    )
}

/// Returns what a sweep keeps of the prediction, times to nine digits: the last bit of an `exp` is the platform's.
fn kept(scenario: &str) -> String {
    let read = |path: &Path| -> io::Result<Vec<u8>> {
        Ok(if path.ends_with("x.toml") { scenario } else { MACHINE }.as_bytes().to_vec())
    };
    let experiment = input::load_experiment(Path::new("x.toml"), &read).unwrap_or_else(|report| panic!("{report}"));
    let at = |ranks| {
        let result = prediction::predict_at(&experiment.scenario, &experiment.machine, ranks).expect("a result");
        let Record { makespan_s, makespan_p05_s, makespan_p95_s, limited_by, breakdown, warnings, .. } =
            Record::new(String::new(), &result);
        let parts = breakdown.iter().map(|(cause, part)| format!("{cause} {:.6e}", part.as_f64().expect("a time")));
        let parts: Vec<String> = parts.collect();
        format!(
            "{ranks} {makespan_s:.8e} {makespan_p05_s:.8e} {makespan_p95_s:.8e} {limited_by} {parts:?} {warnings:?}\n"
        )
    };
    [1, 2, 7].map(at).concat()
}

#[test]
fn results_that_change_get_another_name() {
    let mut hash = Sha256::new();
    for workload in WORKLOADS.map(str::to_owned).into_iter().chain([collectives()]) {
        for run in RUNS {
            let head = "format = 1\ntitle = \"x\"\nmachine = \"m.toml\"\n";
            let run = format!("[run]\nranks = [1, 2, 7]\nreplications = 4\n{run}\n");
            hash.update(kept(&format!("{head}{run}[workload]\n{workload}\n")));
        }
    }
    let found = hash.finalize().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_eq!(
        found, RESULTS,
        "predictions have changed: set RESULTS in src/sweep/point_key.rs to the left value, so that a sweep does not \
         mix old results with new ones, and name the change in CHANGELOG.md"
    );
}
