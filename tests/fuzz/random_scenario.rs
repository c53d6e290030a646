//! Random small scenarios with a machine model, and the same ones changed in one way.

use std::fmt::Write;
use std::path::Path;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::hunt::Files;

/// In which way a scenario is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    /// All times are so many times as long, and all rates as slow.
    pub(crate) slower: u64,
    /// Links are so many times as fast.
    pub(crate) faster_links: u64,
    /// Has tables that nothing uses.
    pub(crate) has_unused: bool,
}

/// The scenario as it is drawn.
pub(crate) const PLAIN: Variant = Variant { slower: 1, faster_links: 1, has_unused: false };

/// Which scenarios are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Any.
    Any,
    /// Two ranks on two hosts, without noise, wildcards and links that both directions share.
    Pair,
}

/// Writes `scenario.toml` and `machine.toml` into a folder. The same seed gives the same scenario.
pub(crate) fn write(folder: &str, class: Class, variant: Variant, seed: u64, files: &mut Files) {
    let mut writer = Writer { rng: ChaCha8Rng::seed_from_u64(seed), variant, is_pair: class == Class::Pair };
    let (machine, n_cores) = writer.machine();
    let scenario = writer.scenario(n_cores);
    files.insert(Path::new(folder).join("machine.toml"), machine.into_bytes());
    files.insert(Path::new(folder).join("scenario.toml"), scenario.into_bytes());
}

struct Writer {
    rng: ChaCha8Rng,
    variant: Variant,
    is_pair: bool,
}

impl Writer {
    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.rng.random_range(0..texts.len())]
    }

    /// Returns a time of `1..=most` units, twice as long where all times are.
    fn time(&mut self, most: u64, unit: &str) -> String {
        format!("\"{} {unit}\"", self.variant.slower * self.rng.random_range(1..=most))
    }

    /// Returns a bandwidth; its half is a whole number of bits, too.
    fn bandwidth(&mut self) -> String {
        let kbit = self.rng.random_range(1_000..500_000_u64) * self.variant.faster_links;
        format!("\"{} bit/s\"", 2_000 * kbit / self.variant.slower)
    }

    fn size(&mut self) -> String {
        let most = [10, 2_000, 100_000, 2_000_000][self.rng.random_range(0..4)];
        format!("\"{} B\"", self.rng.random_range(0..most))
    }

    /// Returns a machine model and its number of cores.
    fn machine(&mut self) -> (String, u32) {
        let mut text = "format = 1\nname = \"random\"\ntitle = \"Random\"\n".to_owned();
        let mut n_cores = 0;
        for group in ["a", "b"].into_iter().take(if self.is_pair || self.chance(0.6) { 1 } else { 2 }) {
            let count = if self.is_pair { 2 } else { self.rng.random_range(1..5) };
            let cores = if self.is_pair { 1 } else { self.rng.random_range(1..5) };
            n_cores += count * cores;
            let (speed, duplex) = (self.pick(&["1", "0.5", "2"]), self.pick(&["full", "half"]));
            let duplex = if self.is_pair { "full" } else { duplex };
            write!(text, "\n[hosts.{group}]\ncount = {count}\ncores = {cores}\nspeed = {speed}\n").expect("memory");
            if self.chance(0.3) {
                let factors: Vec<String> = (0..cores).map(|busy| format!("{}", 1.0 + 0.25 * f64::from(busy))).collect();
                writeln!(text, "slowdown = [{}]", factors.join(", ")).expect("memory");
            }
            let (bandwidth, latency) = (self.bandwidth(), self.time(20, "us"));
            write!(text, "[hosts.{group}.nic]\nbandwidth = {bandwidth}\nlatency = {latency}\nduplex = \"{duplex}\"\n")
                .expect("memory");
        }
        text += &self.switch();
        text += &self.messages();
        text += &self.kernels();
        text += &self.noise();
        (text, n_cores)
    }

    fn switch(&mut self) -> String {
        let mut text =
            format!("\n[switch]\nlatency = {}\nport_bandwidth = {}\n", self.time(50, "us"), self.bandwidth());
        if self.chance(0.3) && !self.is_pair {
            writeln!(text, "backplane_bandwidth = {}", self.bandwidth()).expect("memory");
        }
        if self.chance(0.5) {
            text += "forwarding = \"cut-through\"\n";
        }
        if self.chance(0.3) && !self.is_pair {
            let (bandwidth, latency) = (self.bandwidth(), self.time(50, "us"));
            let hosts = self.rng.random_range(1..4);
            write!(
                text,
                "[switch.tree]\nhosts_per_leaf = {hosts}\nuplink_bandwidth = {bandwidth}\nuplink_latency = {latency}\n"
            )
            .expect("memory");
        }
        text
    }

    fn messages(&mut self) -> String {
        let mut text = String::new();
        for class in ["local", "remote"] {
            let limit = self.pick(&["0 B", "1 KiB", "64 KiB", "10 MB"]);
            write!(text, "\n[messages.{class}]\neager_limit = \"{limit}\"\ncalibrated_upto = \"1 TB\"\n")
                .expect("memory");
            if self.chance(0.5) {
                text += &self.segment(class, Some("1000 B"));
            }
            let last = self.segment(class, None);
            if self.variant.has_unused {
                // The last segment, in two.
                text += &last.replacen("]]\n", "]]\nupto = \"1 GB\"\n", 1);
            }
            text += &last;
        }
        text
    }

    fn segment(&mut self, class: &str, upto: Option<&str>) -> String {
        let upto = upto.map_or_else(String::new, |upto| format!("upto = \"{upto}\"\n"));
        let [send, recv, latency, gap] = [50, 50, 200, 20].map(|most| self.time(most, "us"));
        let byte_gap = self.rng.random_range(0..20_000) * self.variant.slower;
        let byte_overhead = self.rng.random_range(0..500) * self.variant.slower;
        format!(
            "[[messages.{class}.segments]]\n{upto}send_overhead = {send}\nrecv_overhead = {recv}\nlatency = {latency}\n\
             message_gap = {gap}\nbyte_gap = \"{byte_gap} ps/B\"\nbyte_overhead = \"{byte_overhead} ps/B\"\n"
        )
    }

    fn kernels(&mut self) -> String {
        let mut text =
            format!("\n[kernels]\nsetup = {}\nthrow_dart = {}\n", self.time(50, "ms"), self.time(5000, "ns"));
        // No program of these scenarios returns records.
        let costs = [5; 4].map(|most| self.time(most, "us"));
        if self.variant.has_unused {
            text += "[kernels.records]\nbytes = \"30 B\"\n";
            for (name, cost) in ["store", "pack", "unpack", "collect"].into_iter().zip(costs) {
                writeln!(text, "{name} = {cost}").expect("memory");
            }
        }
        text
    }

    fn noise(&mut self) -> String {
        if self.is_pair || self.chance(0.5) {
            return String::new();
        }
        let mut text = "\n[noise]\ncompute_sigma = 0.05\n".to_owned();
        if self.chance(0.5) {
            text += "latency_sigma = 0.2\n";
        }
        if self.chance(0.4) {
            let (interval, duration) = (self.time(20, "ms"), self.time(100, "us"));
            write!(text, "[noise.interruptions]\ninterval = {interval}\nduration = {duration}\n").expect("memory");
        }
        text
    }

    fn scenario(&mut self, n_cores: u32) -> String {
        let (placement, network) = (self.pick(&["by-slot", "by-node"]), self.pick(&["flow", "loggops"]));
        let most = if self.is_pair { 2 } else { self.rng.random_range(1..=n_cores) };
        let seed = self.rng.random_range(0..1000);
        let ranks = if most == 2 { "2".to_owned() } else { format!("[1, {most}]") };
        let ranks = if most == 1 { "1".to_owned() } else { ranks };
        format!(
            "format = 1\ntitle = \"Random\"\nmachine = \"machine.toml\"\n\n[run]\nranks = {ranks}\nplacement = \"{placement}\"\n\
             network = \"{network}\"\nreplications = 2\nseed = {seed}\n\n{}",
            self.workload()
        )
    }

    fn workload(&mut self) -> String {
        match self.rng.random_range(0..if self.is_pair { 3 } else { 4 }) {
            0 => format!("[workload.pi]\ndarts = {}\nreturns = \"count\"\n", self.rng.random_range(1..5000)),
            3 => self.log_stream(),
            _ => format!("[workload.custom]\nphases = [\n{}]\n", self.phases(0)),
        }
    }

    fn log_stream(&mut self) -> String {
        let (items, dispatch) = (self.rng.random_range(1..12), self.pick(&["rounds", "first-free"]));
        let [interval, first, poll] = [5000, 3000, 1000].map(|most| self.time(most, "ms"));
        let analysis = match self.rng.random_range(0..3) {
            0 => self.time(20_000, "ms"),
            1 => format!("{{ exponential = {{ mean = {} }} }}", self.time(9000, "ms")),
            _ => format!("{{ lognormal = {{ median = {}, sigma = 0.3 }} }}", self.time(9000, "ms")),
        };
        let jitter = if self.chance(0.3) { self.time(1000, "ms") } else { "\"0 s\"".to_owned() };
        format!(
            "[workload.log_stream]\nitems = {items}\ninterval = {interval}\nfirst = {first}\njitter = {jitter}\npoll = {poll}\n\
             analysis = {analysis}\ndispatch = \"{dispatch}\"\nitem_bytes = {}\nresult_bytes = {}\n",
            self.size(),
            self.size()
        )
    }

    fn phases(&mut self, depth: u32) -> String {
        let phases: Vec<String> = (0..self.rng.random_range(1..5)).map(|_| self.phase(depth)).collect();
        format!("    {{ {} }},\n", phases.join(" },\n    { "))
    }

    fn phase(&mut self, depth: u32) -> String {
        const COLLECTIVES: &[&str] = &[
            "bcast",
            "scatter",
            "scatterv",
            "gather",
            "gatherv",
            "reduce",
            "allreduce",
            "allgather",
            "alltoall",
            "ring",
        ];
        match self.rng.random_range(0..10) {
            0..=2 => {
                let share = self.pick(&["each-rank", "divided", "rank-zero"]);
                format!("compute = {{ work = {}, share = \"{share}\" }}", self.time(10_000, "us"))
            }
            3 => format!("sleep = {}", self.time(2000, "us")),
            4 => "barrier = {}".to_owned(),
            5 if depth < 1 => {
                let times = self.rng.random_range(1..4);
                format!("repeat = {{ times = {times}, phases = [\n{}    ] }}", self.phases(depth + 1))
            }
            _ => format!("{} = {{ bytes = {} }}", self.pick(COLLECTIVES), self.size()),
        }
    }
}
