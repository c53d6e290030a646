//! Good files become the values that they state, with defaults for what they leave out.

use std::path::Path;

use dlpc_engine::machine::{Forwarding, Kernel, Topology};
use dlpc_engine::platform::{HostId, NetworkKind};
use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::random::Distribution;
use dlpc_engine::units::{Bytes, BytesPerSecond, SimDuration};
use dlpc_predict::input::{self, FileKind};
use dlpc_predict::workload::{Dispatch, Returns, Workload};

use crate::files::{CUSTOM, Folder, LOG_STREAM};

fn slots(placement: &str, ranks: &str) -> Vec<u32> {
    let run = format!("[run]\nplacement = {placement}\n");
    let folder = Folder::good().scenario("[run]\n", &run).scenario("1..=8", ranks);
    slots_of(&folder)
}

fn slots_of(folder: &Folder) -> Vec<u32> {
    folder.loaded().scenario.run.slots.into_iter().map(|HostId(host)| host).collect()
}

#[test]
fn defaults_fill_what_a_scenario_leaves_out() {
    let run = Folder::good().loaded().scenario.run;
    assert_eq!((run.replications.get(), run.seed, run.network), (200, 1, NetworkKind::Flow));
    assert_eq!(run.ranks.len(), 8);
}

#[test]
fn pi_takes_its_costs_from_the_machine_model() {
    let experiment = Folder::good().scenario("\"count\"", "\"coordinates\"").loaded();
    let Workload::Pi(pi) = experiment.scenario.workload else { panic!("not pi") };
    assert_eq!((pi.darts, pi.setup), (1_000_000, SimDuration::from_millis(34)));
    assert_eq!(pi.throw_dart, SimDuration::from_picos(2_760_000));
    let Returns::Coordinates(records) = pi.returns else { panic!("not coordinates") };
    assert_eq!((records.unpack, records.bytes), (SimDuration::from_micros(5), Bytes(30)));
}

#[test]
fn a_log_stream_has_the_defaults_of_the_dlpc() {
    let experiment = Folder::good().workload(LOG_STREAM).loaded();
    let Workload::LogStream(stream) = experiment.scenario.workload else { panic!("not a log stream") };
    assert_eq!((stream.items, stream.interval), (20, SimDuration::from_seconds(5)));
    assert_eq!(
        (stream.poll, stream.first, stream.jitter),
        (SimDuration::from_seconds(1), SimDuration::ZERO, SimDuration::ZERO)
    );
    assert_eq!((stream.item_bytes, stream.result_bytes, stream.dispatch), (Bytes(64), Bytes(64), Dispatch::Rounds));
    let (low, high) = (SimDuration::from_seconds(50), SimDuration::from_seconds(70));
    assert_eq!(stream.analysis, Distribution::Uniform { low, high });
}

#[test]
fn a_bare_time_is_short_for_a_constant_distribution() {
    let workload = LOG_STREAM.replace("{ uniform = { low = \"50 s\", high = \"70 s\" } }", "\"60 s\"");
    let experiment = Folder::good().workload(&workload).loaded();
    assert_eq!(experiment.effective_scenario["workload"]["log_stream"]["analysis"]["constant"], "60 s");
    let Workload::LogStream(stream) = experiment.scenario.workload else { panic!("not a log stream") };
    assert_eq!(stream.analysis, Distribution::Constant(SimDuration::from_seconds(60)));
}

#[test]
fn phases_keep_their_order_and_nesting() {
    let experiment = Folder::good().workload(CUSTOM).loaded();
    let repeated = vec![Phase::Barrier, Phase::Ring(Bytes(1 << 20)), Phase::Sleep(SimDuration::from_seconds(1))];
    let expected = vec![
        Phase::Compute { work: SimDuration::from_millis(10), share: Share::Divided },
        Phase::Repeat { times: 10, phases: repeated },
    ];
    assert_eq!(experiment.scenario.workload, Workload::Custom(expected.into()));
}

#[test]
fn bytes_are_those_of_each_rank_or_of_all_together() {
    let phases = "[workload.custom]\nphases = [{ halo = { bytes = \"8 KiB\" } }, \
                  { gather = { bytes = \"1 MiB\", share = \"divided\" } }]\n";
    let experiment = Folder::good().workload(phases).loaded();
    let expected = vec![Phase::Halo(Bytes(8192)), Phase::Divided(Box::new(Phase::Gather(Bytes(1 << 20))))];
    assert_eq!(experiment.scenario.workload, Workload::Custom(expected.into()));
}

#[test]
fn by_slot_fills_one_host_after_the_other() {
    assert_eq!(slots("\"by-slot\"", "1..=10"), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
}

#[test]
fn by_node_goes_round_and_passes_over_full_hosts() {
    assert_eq!(slots("\"by-node\"", "1..=10"), [0, 1, 2, 0, 1, 2, 0, 1, 0, 1]);
    assert_eq!(slots("{ order = \"by-node\" }", "1..=4"), [0, 1, 2, 0]);
}

#[test]
fn hosts_can_be_named_rank_by_rank() {
    assert_eq!(slots("{ hosts = [\"pi1\", \"fat\", \"pi1\"] }", "3"), [1, 2, 1]);
}

#[test]
fn a_hostfile_is_filled_by_slot_and_a_host_named_again_adds_slots() {
    let hostfile = "# hosts\npi1 slots=1 max_slots=4\n\nfat slots = 2 # two\npi1 slots=3\n";
    let folder = Folder::good().with("scenarios/hosts", hostfile).scenario("1..=8", "1..=6");
    let folder = folder.scenario("[run]\n", "[run]\nplacement = { hostfile = \"hosts\" }\n");
    assert_eq!(slots_of(&folder), [1, 1, 1, 1, 2, 2]);
}

#[test]
fn a_rankfile_places_ranks_in_any_order_of_its_lines() {
    let rankfile = "rank 1=fat slot=0\nrank 0=pi1 slot=3\nrank 2=pi0 slot=0:1-2\n";
    let folder = Folder::good().with("scenarios/ranks", rankfile).scenario("1..=8", "1..=3");
    let folder = folder.scenario("[run]\n", "[run]\nplacement = { rankfile = \"ranks\" }\n");
    assert_eq!(slots_of(&folder), [1, 2, 0]);
}

#[test]
fn oversubscription_keeps_the_slots_that_ranks_share() {
    let folder = Folder::good().scenario("1..=8", "1..=64").scenario("[run]", "[run]\noversubscribe = true");
    assert_eq!(slots_of(&folder).len(), 10);
}

#[test]
fn ranks_may_be_a_number_or_a_list() {
    let ranks = |ranks: &str| {
        let run = Folder::good().scenario("\"1..=8\"", ranks).loaded().scenario.run;
        run.ranks.into_iter().map(std::num::NonZeroU32::get).collect::<Vec<_>>()
    };
    assert_eq!(ranks("8"), [8]);
    assert_eq!(ranks("[4, 1, 2, 4]"), [1, 2, 4]);
    assert_eq!(ranks("[1, \"4..=6\"]"), [1, 4, 5, 6]);
}

#[test]
fn reads_a_machine_model() {
    let machine = Folder::good().loaded().machine;
    assert_eq!(machine.host_names(), ["pi0", "pi1", "fat"]);
    assert_eq!(machine.host_groups[0].speeds, [1.0, 0.9]);
    assert_eq!(machine.host_groups[1].slowdown, [1.0, 1.0]);
    assert_eq!(machine.host_groups[0].nic.bandwidth, BytesPerSecond::from_mbit(94.4));
    assert_eq!(machine.switch.forwarding, Forwarding::StoreAndForward { frame: Bytes(1500) });
    assert_eq!(machine.switch.topology, Topology::Star);
    assert_eq!(machine.remote.segments.iter().map(|s| s.upto).collect::<Vec<_>>(), [Bytes(1024), Bytes(u64::MAX)]);
    assert!((machine.noise.sigma(Kernel::UnpackRecord) - 0.04).abs() < 1e-12);
    assert!((machine.noise.sigma(Kernel::Setup) - 0.01).abs() < 1e-12);
}

#[test]
fn hosts_keep_the_order_of_the_file_not_of_the_alphabet() {
    let machine =
        Folder::good().append("[machine_override.hosts.a]\ncount = 1\ncores = 1\nnic.bandwidth = \"1 Gbit/s\"\n");
    assert_eq!(machine.loaded().machine.host_names(), ["pi0", "pi1", "fat", "a"]);
}

#[test]
fn an_override_wins_over_the_machine_file_and_leaves_the_rest() {
    let experiment = Folder::good().append("[machine_override.hosts.pi.nic]\nbandwidth = \"940 Mbit/s\"\n").loaded();
    assert_eq!(experiment.machine.host_groups[0].nic.bandwidth, BytesPerSecond::from_mbit(940.0));
    assert_eq!(experiment.machine.host_groups[0].speeds, [1.0, 0.9]);
    assert_eq!(experiment.effective_machine["hosts"]["pi"]["nic"]["bandwidth"], "940 Mbit/s");
}

#[test]
fn the_effective_files_state_every_default() {
    let experiment = Folder::good().loaded();
    assert_eq!(experiment.effective_scenario["run"]["replications"], 200);
    assert_eq!(experiment.effective_scenario["run"]["placement"]["order"], "by-slot");
    assert_eq!(experiment.effective_machine["switch"]["frame"], "1500 B");
    assert_eq!(experiment.effective_machine["hosts"]["fat"]["speed"], serde_json::json!([1.0]));
    let keys = experiment.effective_scenario["run"].as_object().map(|run| run.keys().cloned().collect::<Vec<_>>());
    assert_eq!(keys.unwrap_or_default(), ["ranks", "placement", "oversubscribe", "replications", "seed", "network"]);
}

#[test]
fn the_measured_curve_lies_beside_the_scenario() {
    let folder = Folder::good().with("scenarios/m/x.csv", "ranks,seconds\n1,2\n");
    let experiment = folder.scenario("[run]", "measured = \"m/x.csv\"\n[run]").loaded();
    let curve = experiment.measured.expect("a curve");
    assert_eq!((curve.path.as_path(), curve.measurement.rows.len()), (Path::new("scenarios/m/x.csv"), 1));
}

#[test]
fn a_measured_curve_of_other_rank_counts_is_a_warning() {
    let folder = Folder::good().scenario("[run]", "measured = \"x.csv\"\n[run]");
    let warnings = |curve: &str| folder.clone().with("scenarios/x.csv", curve).loaded().warnings;
    assert!(warnings("ranks,seconds\n8,2\n").is_empty());
    let report = warnings("ranks,seconds\n9,2\n").render(false);
    assert!(report.starts_with("warning[scenario::measured_elsewhere]"), "{report}");
}

#[test]
fn a_machine_model_can_be_read_on_its_own() {
    let folder = Folder::good();
    let machine = input::load_machine(Path::new("scenarios/../models/tiny.toml"), &|path| folder.read(path));
    let machine = machine.expect("a machine model");
    assert_eq!((machine.model.name.as_str(), machine.provenance.title.as_deref()), ("tiny", Some("Three hosts")));
    assert_eq!(machine.effective["switch"]["forwarding"], "store-and-forward");
}

#[test]
fn provenance_says_which_points_were_fitted() {
    let provenance = Folder::good().loaded().provenance;
    assert!(provenance.was_fitted_on(Path::new("measured/pi-count.csv"), 4));
    assert!(!provenance.was_fitted_on(Path::new("measured/pi-count.csv"), 3));
    assert_eq!(provenance.sources.unwrap_or_default()["switch.latency"], "data sheet");
    assert_eq!(provenance.intervals["kernels.setup"], ["30 ms", "38 ms"]);
}

#[test]
fn tells_scenarios_machine_models_and_measurements_apart() {
    let folder = Folder::good().with("m.CSV", "ranks,seconds\n1,2\n");
    let kind = |path: &str| input::check_file(Path::new(path), &|path| folder.read(path)).ok();
    assert_eq!(kind("scenarios/x.toml"), Some(FileKind::Scenario));
    assert_eq!(kind("scenarios/../models/tiny.toml"), Some(FileKind::Machine));
    assert_eq!(kind("m.CSV"), Some(FileKind::Measurement));
    assert_eq!(kind("absent.toml"), None);
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    let text = format!("\u{feff}{}", crate::files::SCENARIO.replace('\n', "\r\n"));
    assert_eq!(Folder::good().with("scenarios/x.toml", text).loaded().scenario, Folder::good().loaded().scenario);
}

#[test]
fn a_prediction_draws_kernel_costs_from_their_intervals() {
    let experiment = Folder::good().loaded();
    // 34 ms with 30 to 38 ms at 95 %: a half-width of 4 ms is 1.96 standard errors: 4 / 1.96 / 34 = 0.06
    let sigma = experiment.machine.noise.cost_sigma[Kernel::Setup as usize];
    assert!((sigma - 4.0 / 1.96 / 34.0).abs() < 1e-12, "{sigma}");
    assert!(experiment.machine.noise.cost_sigma[Kernel::ThrowDart as usize] == 0.0);
}

#[test]
fn an_overridden_value_loses_the_interval_of_the_fitted_one() {
    let override_ = "[machine_override.kernels]\nsetup = \"1 s\"\n[run]";
    let experiment = Folder::good().scenario("[run]", override_).loaded();
    assert!(experiment.machine.noise.cost_sigma.iter().all(|sigma| *sigma == 0.0));
    assert!(!experiment.provenance.intervals.contains_key("kernels.setup"));
}

#[test]
fn a_prediction_draws_hosts_ports_and_messages_from_their_intervals() {
    let intervals = "[intervals]\n\"hosts.pi.nic.bandwidth\" = [\"84.4 Mbit/s\", \"104.4 Mbit/s\"]\n\
                     \"hosts.pi.speed[1]\" = [\"0.8\", \"1.0\"]\n\
                     \"messages.remote.segments[1].latency\" = [\"60 us\", \"140 us\"]\n\
                     \"messages.remote.segments[1].send_overhead\" = [\"0 us\", \"50 us\"]\n\
                     \"messages.remote.segments[1].byte_overhead\" = [\"0 ns/B\", \"0.2 ns/B\"]";
    let uncertainty = Folder::good().machine("[intervals]", intervals).loaded().machine.uncertainty;
    // 10 of 94.4, 0.1 of 0.9 (the second of three hosts)
    assert!((uncertainty.bandwidth - 10.0 / 1.96 / 94.4).abs() < 1e-9, "{uncertainty:?}");
    assert!((uncertainty.speeds[1] - 0.1 / 1.96 / 0.9).abs() < 1e-9 && uncertainty.speeds[0] == 0.0);
    // 40 and 25 us, independent: sqrt(40^2 + 25^2) = 47.170 of 20 + 20 + 100 = 140 us
    let segment = uncertainty.remote[1];
    assert!((segment.fixed - 47.170 / 1.96 / 140.0).abs() < 1e-6, "{segment:?}");
    assert!((segment.per_byte - 1.0 / 1.96).abs() < 1e-9, "{segment:?}");
    assert!(uncertainty.remote[0].fixed == 0.0 && uncertainty.local.is_empty());
}
