//! What-ifs: every position of every knob is a scenario file that gives the numbers of the page.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use dlpc_engine::machine::Kernel;
use dlpc_predict::input;
use dlpc_predict::prediction;
use dlpc_predict::whatif::{Range, Refusal, WhatIf, WhatIfError};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

fn path_of(scenario: &str) -> PathBuf {
    root().join("scenarios").join(scenario).with_extension("toml")
}

fn whatif(scenario: &str) -> WhatIf {
    WhatIf::new(&path_of(scenario), &read).expect("a scenario with knobs")
}

/// Predicts a saved scenario, which lies anywhere.
fn predicted(text: &str) -> prediction::Prediction {
    predicted_with(text, &read)
}

fn predicted_with(text: &str, others: input::Read<'_>) -> prediction::Prediction {
    let path = Path::new("/elsewhere/saved.toml");
    let read_saved = |wanted: &Path| if wanted == path { Ok(text.as_bytes().to_vec()) } else { others(wanted) };
    let experiment = input::load_experiment(path, &read_saved).expect("a valid scenario");
    prediction::predict(&experiment.scenario, &experiment.machine, &|| {}).expect("a prediction")
}

/// Returns the ends of a knob, as an address says them.
fn ends(range: &Range) -> Vec<String> {
    match range {
        Range::Number(number) => vec![number.low.to_string(), number.high.to_string()],
        Range::Choice(choice) => choice.options.iter().map(|(word, _)| (*word).to_owned()).collect(),
    }
}

/// Returns a cluster with what every machine model has, and costs of darts, so that it can throw them.
fn machine(speed: &str, more: &str) -> String {
    let costs = "send_overhead = \"2 us\", recv_overhead = \"2 us\"";
    format!(
        "format = 1
         name = \"small\"
         hosts.pi = {{ count = 2, cores = 4, {speed}nic.bandwidth = \"94.4 Mbit/s\" }}
         switch.latency = \"5 us\"
         kernels.throw_dart = \"3 us\"
         {more}
         [messages.local]
         eager_limit = \"4 KiB\"
         calibrated_upto = \"4 MiB\"
         segments = [{{ {costs}, latency = \"1 us\" }}]
         [messages.remote]
         eager_limit = \"4 KiB\"
         calibrated_upto = \"4 MiB\"
         segments = [{{ upto = \"1 KiB\", {costs}, latency = \"50 us\" }}, {{ {costs}, latency = \"70 us\" }}]
         "
    )
}

/// Returns the same cluster as a calibration leaves it: a speed for each host, the ends of intervals close to the values.
fn calibrated() -> String {
    let intervals = "noise = { kernel_sigma = { throw_dart = 0.03 } }
         intervals.\"hosts.pi.speed[1]\" = [\"0.99\", \"1.01\"]
         intervals.\"hosts.pi.nic.bandwidth\" = [\"94 Mbit/s\", \"95 Mbit/s\"]
         intervals.\"messages.remote.segments[0].latency\" = [\"49 us\", \"51 us\"]";
    machine("speed = [1.0, 1.0], ", intervals)
}

/// Shapes of a scenario file: optional tables left out, and tables written as headers, dotted keys and inline tables.
const SHAPES: [(&str, &str); 6] = [
    ("headers", "[run]\nranks = [1, 2, 4]\n[workload.pi]\ndarts = 100_000\nreturns = \"count\"\n"),
    ("dotted keys", "run.ranks = 3\nworkload.pi.darts = 1\nworkload.pi.returns = \"count\"\n"),
    (
        "inline tables",
        "run = { ranks = \"1..=4\" }\nworkload = { pi = { darts = 7, returns = \"count\" } }\nmachine_override = {}\n",
    ),
    (
        "inline tables within others",
        "run = { ranks = 4, placement = { order = \"by-node\" } }\n
         workload.log_stream = { items = 3, interval = \"0 s\", first = \"1 s\", analysis = \"0 s\" }\n
         machine_override = { hosts = {}, noise = { kernel_sigma = {} } }\n",
    ),
    (
        "headers of the deepest tables",
        "[run]\nranks = [2, 3]\n[run.placement]\norder = \"by-slot\"\n[workload.log_stream]\nitems = 3\ninterval = \"1 s\"\n
         [workload.log_stream.analysis.uniform]\nlow = \"1 s\"\nhigh = \"3 s\"\n[machine_override.noise]\ncompute_sigma = 0.8\n",
    ),
    (
        "phases",
        "[run]\nranks = 2\n[[workload.custom.phases]]\ncompute.work = \"1 s\"\n
         [machine_override]\nhosts.pi.nic.bandwidth = \"1 Gbit/s\"\nswitch.port_bandwidth = \"1 Gbit/s\"\n",
    ),
];

const SMALL: &str = "/cluster/small.toml";

/// Reads a small scenario and its machine model, as text, and all others from their files.
fn read_small<'t>(scenario: &'t str, machine: &'t str) -> impl Fn(&Path) -> std::io::Result<Vec<u8>> + 't {
    move |wanted| match wanted.to_str() {
        Some(SMALL) => Ok(scenario.as_bytes().to_vec()),
        Some("/cluster/machine.toml") => Ok(machine.as_bytes().to_vec()),
        _ => read(wanted),
    }
}

fn small(shape: &str) -> String {
    format!("format = 1\ntitle = \"small\"\nmachine = \"machine.toml\"\n{shape}")
}

fn shown(error: WhatIfError) -> String {
    match error {
        WhatIfError::Input(diagnostics) => diagnostics.render(false),
        WhatIfError::Simulation(error) => error.to_string(),
    }
}

#[test]
fn every_end_of_every_knob_of_the_smallest_files_is_a_scenario_that_gives_the_same_numbers() {
    let machines = [machine("", ""), calibrated()];
    for ((shape, text), machine) in SHAPES.iter().flat_map(|shape| machines.iter().map(move |machine| (shape, machine)))
    {
        let text = small(text);
        let files = read_small(&text, machine);
        let whatif = WhatIf::new(Path::new(SMALL), &files).unwrap_or_else(|error| panic!("{shape}: {}", shown(error)));
        let ends =
            whatif.knobs().iter().flat_map(|knob| ends(&knob.range).into_iter().map(|end| (knob.id.clone(), end)));
        let queries = ends.map(|(id, end)| format!("{id}={end}&replications=3"));
        for query in queries.chain([String::new()]) {
            let has_noise = whatif.knobs().iter().any(|knob| knob.id == "replications");
            let query = if has_noise { query } else { query.replace("&replications=3", "") };
            let state = whatif.state(&query).unwrap_or_else(|refusal| panic!("{shape} {query}: {refusal}"));
            let (saved, _) = whatif.scenario(&state).expect("a file");
            let answer = whatif.predict(&state, &AtomicBool::new(false));
            let answer = answer.unwrap_or_else(|refusal| panic!("{shape} {query}: {refusal}\n{saved}"));
            assert_eq!(predicted_with(&saved, &files).curve, answer.prediction.curve, "{shape} {query}\n{saved}");
            assert!(text.contains("placement") || !saved.contains("placement"), "{saved}");
        }
    }
}

#[test]
fn no_number_of_a_knob_has_more_digits_than_a_person_would_write() {
    let is_short = |number: f64| number.to_string().trim_matches(['0', '.']).len() <= 10;
    for scenario in SCENARIOS {
        for knob in whatif(scenario).knobs() {
            if let Range::Number(number) = &knob.range {
                let all = [number.low, number.value, number.high];
                assert!(all.into_iter().all(is_short), "{scenario} {knob:?}");
                assert!(number.low <= number.value && number.value <= number.high, "{scenario} {knob:?}");
            }
        }
    }
}

/// Returns what each kernel's noise is in a state of `dlpc-pi-coordinates`.
fn sigmas(query: &str) -> [f64; Kernel::ALL.len()] {
    let whatif = whatif("dlpc-pi-coordinates");
    let state = whatif.state(query).expect("a state");
    let answer = whatif.predict(&state, &AtomicBool::new(false)).expect("an answer");
    answer.experiment.machine.noise.compute_sigma
}

#[test]
fn the_knob_of_noise_is_the_noise_of_the_noisiest_kernel_and_the_others_keep_their_proportion() {
    let of_file = sigmas("ranks=1&replications=1");
    let largest = of_file.iter().copied().fold(0.0, f64::max);
    let knob = whatif("dlpc-pi-coordinates").knobs().iter().find(|knob| knob.id == "noise").cloned();
    let Some(Range::Number(number)) = knob.map(|knob| knob.range) else { panic!("no knob") };
    assert!((number.value - 100.0 * largest).abs() < 1e-9, "{number:?}");
    let turned = sigmas("ranks=1&replications=1&noise=50");
    for (of_file, turned) in of_file.into_iter().zip(turned) {
        assert!((turned - 0.5 * of_file / largest).abs() < 1e-9 && turned <= 0.5, "{of_file} becomes {turned}");
    }
    assert!(sigmas("ranks=1&replications=1&noise=0").iter().all(|sigma| sigma.abs() < f64::EPSILON));
}

#[test]
fn noise_comes_to_every_kernel_of_a_cluster_without_any() {
    let text = small(SHAPES[0].1);
    let whatif = WhatIf::new(Path::new(SMALL), &read_small(&text, &machine("", ""))).expect("a scenario with knobs");
    let state = whatif.state("noise=10").expect("a state");
    let answer = whatif.predict(&state, &AtomicBool::new(false)).expect("an answer");
    let sigmas = answer.experiment.machine.noise.compute_sigma;
    assert!(sigmas.iter().all(|sigma| (sigma - 0.1).abs() < 1e-12), "{sigmas:?}");
}

#[test]
fn a_state_that_nobody_waits_for_is_not_simulated() {
    let whatif = whatif("dlpc-pi-count");
    let state = whatif.state("ranks=8").expect("a state");
    let refusal = whatif.predict(&state, &AtomicBool::new(true)).expect_err("nobody waits");
    assert!(matches!(refusal, Refusal::Abandoned), "{refusal}");
}

const SCENARIOS: [&str; 10] = [
    "custom-heat",
    "dlpc-gigabit",
    "dlpc-log-1s",
    "dlpc-log-60s",
    "dlpc-log-60s-first-free",
    "dlpc-pi-coordinates",
    "dlpc-pi-count",
    "pi3-64-hosts",
    "pi4-pi-coordinates",
    "matrix-product",
];

#[test]
fn every_end_of_every_knob_is_a_scenario_that_gives_the_same_numbers() {
    for name in SCENARIOS {
        let whatif = whatif(name);
        for knob in whatif.knobs().iter().filter(|knob| !["ranks", "replications"].contains(&knob.id.as_ref())) {
            for end in ends(&knob.range) {
                let has_noise = whatif.knobs().iter().any(|knob| knob.id == "replications");
                let replications = if has_noise { "&replications=1" } else { "" };
                let query = format!("{}={end}&ranks=5{replications}", knob.id);
                let state = whatif.state(&query).expect("a state");
                let answer = whatif
                    .predict(&state, &AtomicBool::new(false))
                    .unwrap_or_else(|refusal| panic!("{name} {query}: {refusal}"));
                let (text, _) = whatif.scenario(&state).expect("a file");
                assert_eq!(predicted(&text).curve, answer.prediction.curve, "{name} {query}\n{text}");
            }
        }
    }
}

#[test]
fn knobs_as_in_the_file_change_nothing_but_replications_and_paths() {
    let whatif = whatif("dlpc-log-60s");
    let (text, notes) = whatif.scenario(&whatif.state("").expect("a state")).expect("a file");
    let file = std::fs::read_to_string(path_of("dlpc-log-60s")).expect("text");
    let differing: Vec<&str> = text.lines().zip(file.lines()).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    let keys: Vec<&str> = differing.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert!(notes.is_empty() && text.lines().count() == file.lines().count(), "{text}");
    assert!(keys.iter().all(|key| ["machine", "measured", "replications"].contains(key)), "{differing:?}");
}

#[test]
fn a_faster_network_shortens_the_predicted_time_of_many_coordinates() {
    let whatif = whatif("dlpc-pi-coordinates");
    let time = |query: &str| {
        let answer =
            whatif.predict(&whatif.state(query).expect("a state"), &AtomicBool::new(false)).expect("an answer");
        answer.prediction.curve.points.last().expect("a point").makespan_s
    };
    // The last of 32 ranks gets 30 MB * 28 / 32 through one port: 2.2 s at 94.4 Mbit/s, a tenth of it at 944.
    let gain = time("noise=0") - time("noise=0&bandwidth=944");
    assert!((1.8..2.1).contains(&gain), "{gain}");
}

#[test]
fn a_curve_ends_where_the_cores_end_and_says_so() {
    let whatif = whatif("dlpc-pi-count");
    let answer =
        whatif.predict(&whatif.state("hosts=2&cores=3").expect("a state"), &AtomicBool::new(false)).expect("an answer");
    assert_eq!(answer.prediction.curve.points.last().map(|point| point.ranks), Some(6));
    assert_eq!(answer.notes, ["The curve ends at 6 ranks: that is how many cores this cluster has."]);
}

#[test]
fn what_takes_too_long_is_refused() {
    let whatif = whatif("custom-heat");
    let state = whatif.state("hosts=64&ranks=256&replications=200").expect("a state");
    let refusal = whatif.predict(&state, &AtomicBool::new(false)).expect_err("more than any page should take");
    assert!(matches!(refusal, Refusal::TooMuch { .. }), "{refusal}");
}

#[test]
fn a_broken_scenario_has_no_knobs() {
    let path = path_of("dlpc-pi-count");
    let broken = |wanted: &Path| if wanted == path { Ok(b"format = 1\n".to_vec()) } else { read(wanted) };
    assert!(WhatIf::new(&path, &broken).is_err());
}
