//! Sensitivities against what really happens: each parameter raised by 1 % in the text of its file, read and simulated anew.
//!
//! Nothing here uses the library's own way to change a parameter. What a key is called is all that both sides share.

use std::path::Path;

use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::trace::Recording;
use dlpc_predict::analysis::advice::Rule;
use dlpc_predict::analysis::critical_path;
use dlpc_predict::explanation::{self, Options};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction::{self, Prediction};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// A random experiment. Times are in microseconds, bandwidths in Mbit/s.
struct Case {
    n_ranks: u32,
    slowdown: f64,
    bandwidth: f64,
    nic_latency: f64,
    switch_latency: f64,
    backplane: Option<f64>,
    uplink: Option<(f64, f64)>,
    /// For messages within a host, then between hosts: overheads of sending and receiving, latency, and ns per byte of
    /// `byte_overhead` and `byte_gap`.
    messages: [[f64; 5]; 2],
    eager_limit: u32,
    noise: f64,
    kernels: [f64; 6],
    record_bytes: u32,
    workload: Program,
}

enum Program {
    Pi { darts: u32, returns: &'static str },
    LogStream { items: u32, interval: f64, first: f64, analysis: f64, dispatch: &'static str },
    Custom { times: u32, work: f64, tail: f64, ring: u32, allreduce: u32 },
}

impl Case {
    fn random(rng: &mut ChaCha8Rng) -> Self {
        let workload = match rng.random_range(0..4) {
            0 => Program::LogStream {
                items: rng.random_range(1..30),
                interval: 1e6 * f64::from(rng.random_range(1..8)),
                first: 1e6 * f64::from(rng.random_range(1..8)),
                analysis: 1e6 * f64::from(rng.random_range(1..60)),
                dispatch: ["rounds", "first-free"][rng.random_range(0..2)],
            },
            1 => Program::Custom {
                times: rng.random_range(1..20),
                work: rng.random_range(100.0..100_000.0),
                tail: rng.random_range(1.0..5_000.0),
                ring: rng.random_range(0..100_000),
                allreduce: rng.random_range(0..10_000),
            },
            kind => Program::Pi {
                darts: rng.random_range(1_000..200_000),
                returns: if kind == 2 { "count" } else { "coordinates" },
            },
        };
        // Looks quantise time: with noise the median of a few runs jumps from one look to the next.
        let has_noise = rng.random_bool(0.3) && !matches!(workload, Program::LogStream { .. });
        let mut messages = || {
            [(1.0, 60.0), (1.0, 60.0), (1.0, 300.0), (0.0, 2.0), (0.0, 20.0)]
                .map(|(low, high)| rng.random_range(low..high))
        };
        Self {
            messages: [messages(), messages()],
            n_ranks: rng.random_range(1..=8),
            slowdown: rng.random_range(1.0..1.5),
            bandwidth: rng.random_range(20.0..2_000.0),
            nic_latency: rng.random_range(0.0..20.0),
            switch_latency: rng.random_range(0.0..50.0),
            backplane: rng.random_bool(0.2).then(|| rng.random_range(50.0..3_000.0)),
            uplink: rng.random_bool(0.3).then(|| (rng.random_range(20.0..3_000.0), rng.random_range(0.1..10.0))),
            eager_limit: [0, 4096, 65_536][rng.random_range(0..3)],
            noise: if has_noise { 0.01 } else { 0.0 },
            kernels: [(10.0, 20_000.0), (0.5, 5.0), (0.1, 3.0), (0.1, 3.0), (0.1, 8.0), (0.1, 5.0)]
                .map(|(low, high)| rng.random_range(low..high)),
            record_bytes: rng.random_range(1..60),
            workload,
        }
    }

    /// Returns the scenario file and that of the machine model, with one key raised by 1 %.
    fn files(&self, raised: Option<&str>) -> (String, String) {
        let text = Text { raised };
        (self.scenario(&text), self.machine(&text))
    }

    fn scenario(&self, text: &Text<'_>) -> String {
        let run = format!("ranks = {}\nplacement = \"by-slot\"\nreplications = 24", self.n_ranks);
        let workload = match &self.workload {
            Program::Pi { darts, returns } => format!("[workload.pi]\ndarts = {darts}\nreturns = \"{returns}\""),
            Program::LogStream { items, interval, first, analysis, dispatch } => format!(
                "[workload.log_stream]\nitems = {items}\ndispatch = \"{dispatch}\"\n{}{}{}{}",
                text.time("workload.log_stream.interval", *interval),
                text.time("workload.log_stream.first", *first),
                text.time("workload.log_stream.analysis", *analysis),
                text.time("workload.log_stream.poll", 1e6),
            ),
            Program::Custom { times, work, tail, ring, allreduce } => {
                let phase = "[[workload.custom.phases.repeat.phases]]\n";
                let of = |micros: f64| text.quantity("workload.custom.phases.compute.work", micros, "us");
                format!(
                    "[[workload.custom.phases]]\n[workload.custom.phases.repeat]\ntimes = {times}\n\
                     {phase}compute = {{ work = {}, share = \"divided\" }}\n{phase}ring = {{ bytes = \"{ring} B\" }}\n\
                     {phase}allreduce = {{ bytes = \"{allreduce} B\" }}\n\
                     {phase}compute = {{ work = {}, share = \"rank-zero\" }}\n",
                    of(*work),
                    of(*tail)
                )
            }
        };
        format!("format = 1\ntitle = \"random\"\nmachine = \"machine.toml\"\n[run]\n{run}\n{workload}\n")
    }

    fn machine(&self, text: &Text<'_>) -> String {
        let [setup, throw_dart, store, pack, unpack, collect] = self.kernels;
        let speed = 1.0 * text.factor("hosts.speed");
        let mut file = vec![format!(
            "format = 1\nname = \"random\"\ntitle = \"random\"\n[hosts.pi]\ncount = 4\ncores = 2\nspeed = {speed}\n\
             slowdown = [1.0, {}]\n[hosts.pi.nic]\n{}{}[switch]\n{}",
            self.slowdown,
            text.rate("hosts.nic.bandwidth", self.bandwidth),
            text.time("hosts.nic.latency", self.nic_latency),
            text.time("switch.latency", self.switch_latency),
        )];
        file.extend(self.backplane.map(|rate| text.rate("switch.backplane_bandwidth", rate)));
        if let Some((rate, latency)) = self.uplink {
            file.push("[switch.tree]\nhosts_per_leaf = 2\n".to_owned());
            file.push(text.rate("switch.tree.uplink_bandwidth", rate));
            file.push(text.time("switch.tree.uplink_latency", latency));
        }
        for (class, [send, recv, latency, per_byte, gap]) in ["local", "remote"].into_iter().zip(self.messages) {
            let key = |name: &str| format!("messages.{class}.{name}");
            let eager_limit = self.eager_limit;
            file.push(format!("[messages.{class}]\neager_limit = \"{eager_limit} B\"\ncalibrated_upto = \"1 GB\"\n"));
            file.push(format!("[[messages.{class}.segments]]\n"));
            for (name, micros) in [("send_overhead", send), ("recv_overhead", recv), ("latency", latency)] {
                file.push(text.time(&key(name), micros));
            }
            for (name, nanos) in [("byte_overhead", per_byte), ("byte_gap", gap)] {
                file.push(format!("{name} = {}\n", text.quantity(&key(name), nanos, "ns/B")));
            }
        }
        file.push(format!("[noise]\ncompute_sigma = {}\n[kernels]\n", self.noise));
        file.push(text.time("kernels.setup", setup));
        file.push(text.time("kernels.throw_dart", throw_dart));
        file.push(format!("[kernels.records]\nbytes = \"{} B\"\n", self.record_bytes));
        for (name, micros) in [("store", store), ("pack", pack), ("unpack", unpack), ("collect", collect)] {
            file.push(text.time(&format!("kernels.records.{name}"), micros));
        }
        file.concat()
    }
}

/// How the values of a file are written: one of them raised by 1 %.
struct Text<'a> {
    raised: Option<&'a str>,
}

impl Text<'_> {
    fn factor(&self, key: &str) -> f64 {
        if self.raised == Some(key) { 1.01 } else { 1.0 }
    }

    fn quantity(&self, key: &str, value: f64, unit: &str) -> String {
        format!("\"{:.6} {unit}\"", value * self.factor(key))
    }

    fn line(&self, key: &str, value: f64, unit: &str) -> String {
        let name = key.rsplit('.').next().unwrap();
        format!("{name} = {}\n", self.quantity(key, value, unit))
    }

    fn time(&self, key: &str, micros: f64) -> String {
        self.line(key, micros, "us")
    }

    fn rate(&self, key: &str, mbit: f64) -> String {
        self.line(key, mbit, "Mbit/s")
    }
}

fn read((scenario, machine): &(String, String)) -> Experiment {
    let read = |path: &Path| {
        let text = if path.ends_with("machine.toml") { machine } else { scenario };
        Ok(text.as_bytes().to_vec())
    };
    input::load_experiment(Path::new("/random/scenario.toml"), &read)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{scenario}\n{machine}"))
}

fn predict(experiment: &Experiment) -> Prediction {
    prediction::predict(&experiment.scenario, &experiment.machine, &|| ()).unwrap()
}

/// Within 5 % of each other, or both under 0.1 %.
fn agree(predicted: f64, real: f64) -> bool {
    (predicted - real).abs() <= 0.05 * real.abs() || (predicted.abs() < 1e-3 && real.abs() < 1e-3)
}

#[test]
fn one_percent_in_a_file_changes_what_the_sensitivity_says() {
    let (mut keys, mut n_large, mut failures) = (std::collections::BTreeSet::new(), 0, Vec::new());
    for i in 0..50 {
        let case = Case::random(&mut Streams::new(50, i).stream(Purpose::Plan, 0));
        let files = case.files(None);
        let experiment = read(&files);
        let prediction = predict(&experiment);
        let options = Options { rule: Rule::default(), ranks: None };
        let explanation =
            explanation::explain(&experiment.scenario, &experiment.machine, &prediction, &options).unwrap();
        for sensitivity in &explanation.details[0].sensitivities {
            let key = sensitivity.parameter.key();
            let raised = case.files(Some(&key));
            assert_ne!(raised, files, "{key} is in no file");
            let real = predict(&read(&raised)).curve.points[0].makespan_s / prediction.curve.points[0].makespan_s - 1.0;
            n_large += usize::from(1e-3 <= real.abs());
            keys.insert(key);
            if !agree(sensitivity.elasticity / 100.0, real) {
                failures.push(format!("{i}: {sensitivity:?}, really {:.4}", 100.0 * real));
            }
        }
    }
    assert!(keys.len() > 20 && n_large > 100, "{n_large} effects of at least 0.1 % of {keys:?}");
    assert_eq!(failures, Vec::<String>::new());
}

/// Where 1 % leaves the path as it is, its makespan alone says what the parameter does: the share of the path that is
/// spent on a kernel, from the trace of the run as it stands.
#[test]
fn the_share_of_a_kernel_in_the_path_is_what_one_percent_of_it_changes() {
    let (mut n, mut failures) = (0, Vec::new());
    for i in 0..50 {
        let mut case = Case::random(&mut Streams::new(51, i).stream(Purpose::Plan, 0));
        if matches!(case.workload, Program::LogStream { .. }) {
            continue;
        }
        // Contention depends on who else computes, and noise on nothing here.
        (case.slowdown, case.noise) = (1.0, 0.0);
        let experiment = read(&case.files(None));
        let trace =
            prediction::simulate_once(&experiment.scenario, &experiment.machine, case.n_ranks, 0, Recording::On)
                .unwrap();
        let before = critical_path::breakdown(&trace);
        for (key, cause) in [
            ("kernels.setup", dlpc_predict::analysis::Cause::Setup),
            ("kernels.records.pack", dlpc_predict::analysis::Cause::Pack),
        ] {
            let raised = read(&case.files(Some(key)));
            let after =
                prediction::simulate_once(&raised.scenario, &raised.machine, case.n_ranks, 0, Recording::Off).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let real = after.makespan.as_picos() as f64 / trace.makespan.as_picos() as f64 - 1.0;
            let part = before.iter().find(|(of, _)| *of == cause).unwrap().1.as_seconds();
            let share = part / (trace.makespan - dlpc_engine::units::SimTime::ZERO).as_seconds();
            n += usize::from(1e-3 <= real.abs());
            if !agree(share / 100.0, real) {
                failures.push(format!("{i}: {key} is {share} of the path, 1 % of it really {real}"));
            }
        }
    }
    assert!(n > 10, "{n}");
    assert_eq!(failures, Vec::<String>::new());
}
