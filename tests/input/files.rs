//! Input files in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use dlpc_predict::diagnostic::Diagnostics;
use dlpc_predict::input::{self, Experiment};

pub(crate) const SCENARIO: &str = r#"format = 1
title = "Throwing darts, returning only the count"
machine = "../models/tiny.toml"

[run]
ranks = "1..=8"

[workload.pi]
darts = 1_000_000
returns = "count"
"#;

pub(crate) const MACHINE: &str = r#"format = 1
name = "tiny"
title = "Three hosts"

[hosts.pi]
count = 2
cores = 4
speed = [1.0, 0.9]
slowdown = [1.0, 1.0, 1.1, 1.2]
[hosts.pi.nic]
bandwidth = "94.4 Mbit/s"

[hosts.fat]
count = 1
cores = 2
[hosts.fat.nic]
bandwidth = "1 Gbit/s"
latency = "1 us"
duplex = "half"

[switch]
latency = "5 us"
backplane_bandwidth = "1.6 Gbit/s"

[messages.local]
eager_limit = "4 KiB"
calibrated_upto = "4 MiB"
[[messages.local.segments]]
send_overhead = "2 us"
recv_overhead = "2 us"
latency = "1 us"

[messages.remote]
eager_limit = "64 KiB"
calibrated_upto = "4 MiB"
[[messages.remote.segments]]
upto = "1 KiB"
send_overhead = "10 us"
recv_overhead = "10 us"
latency = "60 us"
[[messages.remote.segments]]
send_overhead = "20 us"
recv_overhead = "20 us"
byte_overhead = "0.1 ns/B"
latency = "100 us"
byte_gap = "80 ns/B"
message_gap = "5 us"

[collectives]
barrier = "dissemination"

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
compute_sigma = 0.01
[noise.kernel_sigma]
unpack_record = 0.04
[noise.interruptions]
interval = "10 ms"
duration = "20 us"

[provenance]
fitted_ranks = [1, 2, 4]
fitted_measurements = ["pi-count.csv"]
[provenance.sources]
"switch.latency" = "data sheet"

[intervals]
"kernels.setup" = ["30 ms", "38 ms"]
"#;

/// Workload of log files, to be put in place of that of [`SCENARIO`].
pub(crate) const LOG_STREAM: &str = r#"[workload.log_stream]
items = 20
interval = "5 s"
analysis = { uniform = { low = "50 s", high = "70 s" } }
"#;

/// Workload of phases, to be put in place of that of [`SCENARIO`].
pub(crate) const CUSTOM: &str = r#"[[workload.custom.phases]]
compute = { work = "10 ms", share = "divided" }
[[workload.custom.phases]]
repeat = { times = 10, phases = [{ barrier = {} }, { ring = { bytes = "1 MiB" } }, { sleep = "1 s" }] }
"#;

/// A folder in memory: the scenario `scenarios/x.toml` and what it names.
#[derive(Debug, Clone)]
pub(crate) struct Folder(BTreeMap<PathBuf, Vec<u8>>);

impl Folder {
    pub(crate) fn good() -> Self {
        Self(BTreeMap::new()).with("scenarios/x.toml", SCENARIO).with("scenarios/../models/tiny.toml", MACHINE)
    }

    pub(crate) fn with(mut self, path: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), contents.into());
        self
    }

    pub(crate) fn without(mut self, path: &str) -> Self {
        self.0.remove(Path::new(path));
        self
    }

    /// Replaces `from` in the scenario.
    pub(crate) fn scenario(self, from: &str, to: &str) -> Self {
        self.replace("scenarios/x.toml", from, to)
    }

    /// Replaces `from` in the machine model.
    pub(crate) fn machine(self, from: &str, to: &str) -> Self {
        self.replace("scenarios/../models/tiny.toml", from, to)
    }

    /// Puts another workload into the scenario.
    pub(crate) fn workload(self, workload: &str) -> Self {
        let pi = SCENARIO.find("[workload.pi]").expect("a workload");
        self.scenario(&SCENARIO[pi..], workload)
    }

    /// Adds text at the end of the scenario.
    pub(crate) fn append(self, text: &str) -> Self {
        self.scenario("returns = \"count\"\n", &format!("returns = \"count\"\n{text}"))
    }

    fn replace(mut self, path: &str, from: &str, to: &str) -> Self {
        let contents = self.0.get_mut(Path::new(path)).expect("the file");
        let text = String::from_utf8(contents.clone()).expect("text");
        assert!(text.contains(from), "{from}");
        *contents = text.replace(from, to).into_bytes();
        self
    }

    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn load(&self) -> Result<Experiment, Diagnostics> {
        input::load_experiment(Path::new("scenarios/x.toml"), &|path| self.read(path))
    }

    pub(crate) fn loaded(&self) -> Experiment {
        self.load().unwrap_or_else(|report| panic!("{report}"))
    }

    pub(crate) fn report(&self) -> String {
        self.load().expect_err("a report").render(false)
    }
}
