//! Bad files: each problem has its code, and points at the place that has to change.

use std::path::Path;

use dlpc_sim::input;

use crate::files::{CUSTOM, Folder, LOG_STREAM, MACHINE};

/// Returns code, file, line and marked text of each problem.
fn problems(folder: &Folder) -> Vec<String> {
    let report = folder.load().expect_err("a report");
    let shown = |problem: &dlpc_sim::diagnostic::Problem| {
        let span = problem.span;
        let (path, text) = (report.path(span.file).file_name(), report.text(span.file));
        let line = text[..span.start].matches('\n').count() + 1;
        let marked = &text[span.start..span.end];
        format!("{} {}:{line} {marked}", problem.code, path.unwrap_or_default().to_string_lossy())
    };
    report.problems().into_iter().map(shown).collect()
}

fn run(keys: &str) -> Folder {
    Folder::good().scenario("[run]\n", &format!("[run]\n{keys}\n"))
}

#[test]
fn an_unknown_key_is_marked_and_the_nearest_one_named() {
    let folder = run("replicatons = 200");
    assert_eq!(problems(&folder), ["scenario::unknown_key x.toml:6 replicatons"]);
    assert!(folder.report().contains("did you mean `replications`?"));
}

#[test]
fn a_key_in_the_wrong_table_is_told_where_it_belongs() {
    let folder = Folder::good().scenario("[run]", "seed = 3\n[run]");
    assert!(folder.report().contains("`seed` belongs in `run`"), "{}", folder.report());
}

#[test]
fn a_missing_key_is_reported_at_the_head_of_its_table() {
    assert_eq!(
        problems(&Folder::good().scenario("darts = 1_000_000\n", "")),
        ["scenario::missing_key x.toml:8 [workload.pi]"]
    );
    assert_eq!(problems(&Folder::good().scenario("title", "# title")), ["scenario::missing_key x.toml:1 "]);
}

#[test]
fn a_required_key_with_a_slip_is_one_problem() {
    let folder = Folder::good().scenario("darts", "drats");
    assert_eq!(problems(&folder), ["scenario::unknown_key x.toml:9 drats"]);
}

#[test]
fn a_value_that_toml_knows_but_no_file_uses_does_not_hide_other_problems() {
    let folder = Folder::good().scenario("1_000_000", "1979-05-27").scenario("\"count\"", "nan").scenario("1..=8", "0");
    let expected = [
        "scenario::out_of_range x.toml:6 \"0\"",
        "scenario::wrong_type x.toml:9 1979-05-27",
        "scenario::out_of_range x.toml:10 nan",
    ];
    assert_eq!(problems(&folder), expected);
}

#[test]
fn a_number_without_a_unit_is_told_what_to_append() {
    let folder = Folder::good().workload(LOG_STREAM).scenario("\"5 s\"", "5");
    assert_eq!(problems(&folder), ["scenario::missing_unit x.toml:10 5"]);
    assert!(folder.report().contains("append one, for instance \"5 s\""));
}

#[test]
fn a_number_in_place_of_a_short_form_is_told_what_to_append() {
    let workload = LOG_STREAM.replace("{ uniform = { low = \"50 s\", high = \"70 s\" } }", "60");
    assert_eq!(problems(&Folder::good().workload(&workload)), ["scenario::missing_unit x.toml:11 60"]);
}

#[test]
fn values_of_a_wrong_type_are_marked() {
    let expected =
        ["scenario::wrong_type x.toml:6 \"1\"", "scenario::wrong_type x.toml:7 1", "scenario::wrong_type x.toml:8 [1]"];
    assert_eq!(problems(&run("seed = \"1\"\noversubscribe = 1\nreplications = [1]")), expected);
    assert_eq!(problems(&run("placement = true")), ["scenario::wrong_type x.toml:6 true"]);
    assert_eq!(problems(&run("placement = 1979-05-27")), ["scenario::wrong_type x.toml:6 1979-05-27"]);
}

#[test]
fn a_float_that_should_be_an_integer_is_told_what_to_write() {
    let folder = Folder::good().scenario("1_000_000", "1e6");
    assert_eq!(problems(&folder), ["scenario::wrong_type x.toml:9 1e6"]);
    assert!(folder.report().contains("write 1000000"));
}

#[test]
fn numbers_out_of_range_are_marked() {
    for (keys, marked) in [
        ("replications = 0", "0"),
        ("seed = -1", "-1"),
        ("replications = 4294967296", "4294967296"),
        ("seed = 99999999999999999999", "99999999999999999999"),
    ] {
        assert_eq!(problems(&run(keys)), [format!("scenario::out_of_range x.toml:6 {marked}")]);
    }
    for darts in ["0", "1_000_000_000_000_001"] {
        let folder = Folder::good().scenario("1_000_000", darts);
        assert_eq!(problems(&folder), [format!("scenario::out_of_range x.toml:9 {darts}")]);
    }
}

#[test]
fn not_a_number_and_infinity_are_no_values() {
    for value in ["nan", "inf", "-inf", "1e999"] {
        let folder = Folder::good().machine("0.9]", &format!("{value}]"));
        assert_eq!(problems(&folder), [format!("machine::out_of_range tiny.toml:8 {value}")]);
    }
}

#[test]
fn another_format_is_the_only_problem_of_its_file() {
    let folder = Folder::good().scenario("format = 1", "format = 2\nnew_key = 1");
    assert_eq!(problems(&folder), ["scenario::format x.toml:1 2"]);
    assert!(folder.report().contains("reads format 1"));
}

#[test]
fn all_problems_of_all_files_are_reported_by_file_and_place() {
    let folder = run("seed = -1\nplacement = { hostfile = \"hosts\" }")
        .scenario("[run]", "measured = \"m.csv\"\n[run]")
        .with("scenarios/hosts", "pi7 slots=4\n")
        .with("scenarios/m.csv", "ranks,seconds\n1,x\n");
    let expected = [
        "scenario::out_of_range x.toml:7 -1",
        "measurement::out_of_range m.csv:2 x",
        "hostfile::unknown_host hosts:1 pi7",
    ];
    assert_eq!(problems(&folder), expected);
    let folder = folder.machine("cores = 4", "cores = \"4\"").machine("94.4 Mbit/s", "94.4");
    assert_eq!(
        problems(&folder)[1..3],
        ["machine::wrong_type tiny.toml:7 \"4\"", "machine::missing_unit tiny.toml:11 \"94.4\""]
    );
}

#[test]
fn several_syntax_errors_are_reported_at_once() {
    let folder = Folder::good()
        .scenario("title = ", "title = \"x\" \"y\"")
        .scenario("[run]", "[run")
        .machine("count = 2", "count = ");
    let codes: Vec<_> = problems(&folder).into_iter().map(|problem| problem[..17].to_owned()).collect();
    assert!(codes.iter().filter(|code| code.starts_with("scenario::syntax ")).count() >= 2, "{codes:?}");
    assert!(codes.iter().any(|code| code.starts_with("machine::syntax ")), "{codes:?}");
}

#[test]
fn files_that_cannot_be_read_are_reported_where_they_are_named() {
    let folder = Folder::good().without("scenarios/../models/tiny.toml");
    assert_eq!(problems(&folder), ["scenario::machine x.toml:3 \"../models/tiny.toml\""]);
    assert_eq!(problems(&run("placement = { hostfile = \"no\" }")), ["scenario::hostfile x.toml:6 \"no\""]);
    assert_eq!(problems(&Folder::good().without("scenarios/x.toml")), ["file::unreadable x.toml:1 "]);
}

#[test]
fn bytes_that_are_no_text_are_reported() {
    assert_eq!(problems(&Folder::good().with("scenarios/x.toml", &b"a\xff"[..])), ["file::not_utf8 x.toml:1 \u{fffd}"]);
}

#[test]
fn a_problem_of_an_override_points_into_the_scenario() {
    let folder = Folder::good().append("[machine_override.hosts.pi.nic]\nbandwidth = 940\nlatncy = \"1 us\"\n");
    assert_eq!(problems(&folder), ["machine::missing_unit x.toml:12 940", "machine::unknown_key x.toml:13 latncy"]);
    let folder = Folder::good().append("[machine_override.hosts.pi]\ncores = 3\n");
    assert_eq!(problems(&folder), ["machine::wrong_length tiny.toml:9 [1.0, 1.0, 1.1, 1.2]"]);
    let folder = Folder::good().append("[machine_override.hosts.new]\ncount = 1\ncores = 3\n");
    assert_eq!(problems(&folder), ["machine::missing_key x.toml:11 [machine_override.hosts.new]"]);
    let folder = Folder::good().scenario("[run]", "machine_override = 5\n[run]");
    assert_eq!(problems(&folder), ["scenario::wrong_type x.toml:5 5"]);
}

#[test]
fn more_ranks_than_slots_are_an_error_at_the_rank_counts() {
    let folder = Folder::good().scenario("1..=8", "1..=11");
    assert_eq!(problems(&folder), ["scenario::oversubscribed x.toml:6 \"1..=11\""]);
    assert!(folder.report().contains("10 slots"));
}

#[test]
fn hosts_that_do_not_exist_or_are_full_are_marked() {
    let hosts = |hosts: &str| run(&format!("placement = {{ hosts = [{hosts}] }}")).scenario("1..=8", "1..=3");
    assert_eq!(
        problems(&hosts("\"pi0\", \"pi2\", \"fat0\"")),
        ["scenario::unknown_host x.toml:6 \"pi2\"", "scenario::unknown_host x.toml:6 \"fat0\""]
    );
    assert_eq!(problems(&hosts("\"fat\", \"fat\", \"fat\"")), ["scenario::oversubscribed x.toml:6 \"fat\""]);
    assert_eq!(problems(&hosts("")), ["scenario::wrong_length x.toml:6 []"]);
}

#[test]
fn broken_lines_of_a_hostfile_are_marked() {
    let hostfile = "pi0 4\npi1 slots=-1\npi1:x\nfat slots=3\nfat slots=1 core=2\npi0 slots=2 max_slots=1\n\
                    rank 0=pi0 slot=0\nlocalhost\n+n3\n";
    let expected = [
        "hostfile::unknown_key hosts:1 pi0 4",
        "hostfile::out_of_range hosts:2 pi1 slots=-1",
        "hostfile::out_of_range hosts:3 pi1:x",
        "hostfile::oversubscribed hosts:4 fat slots=3",
        "hostfile::unknown_key hosts:5 fat slots=1 core=2",
        "hostfile::out_of_range hosts:6 pi0 slots=2 max_slots=1",
        "hostfile::unknown_key hosts:7 rank 0=pi0 slot=0",
        "hostfile::unknown_host hosts:8 localhost",
        "hostfile::unknown_host hosts:9 +n3",
    ];
    let folder = run("placement = { hostfile = \"hosts\" }").with("scenarios/hosts", hostfile);
    assert_eq!(problems(&folder), expected);
    assert!(folder.report().contains("write `pi0 slots=4`"));
    assert!(folder.report().contains("this is a line of a rankfile"));
    for nobody in ["# nobody\n", "pi0 slots=0\n"] {
        let folder = run("placement = { hostfile = \"hosts\" }").with("scenarios/hosts", nobody);
        assert_eq!(problems(&folder), ["hostfile::empty hosts:1 "]);
    }
}

#[test]
fn broken_lines_of_a_rankfile_are_marked() {
    let rankfile = |text: &str| run("placement = { rankfile = \"ranks\" }").with("scenarios/ranks", text);
    let text = "rank 0=pi0 slot=4\nrank 0=pi9 slot=0\nrank x=pi0 slot=0\nrank 1=pi0\nrank 2=pi0 slot=p\npi0\n\
                rank 3=pi0 slot=1:2\n";
    let expected = [
        "rankfile::out_of_range ranks:1 rank 0=pi0 slot=4",
        "rankfile::unknown_host ranks:2 pi9",
        "rankfile::malformed ranks:3 rank x=pi0 slot=0",
        "rankfile::malformed ranks:4 rank 1=pi0",
        "rankfile::malformed ranks:5 rank 2=pi0 slot=p",
        "rankfile::malformed ranks:6 pi0",
        "rankfile::out_of_range ranks:7 rank 3=pi0 slot=1:2",
    ];
    assert_eq!(problems(&rankfile(text)), expected);
    let gap = rankfile("rank 2=pi0 slot=0\nrank 0=pi0 slot=1\n");
    assert_eq!(problems(&gap), ["rankfile::missing_rank ranks:1 rank 2=pi0 slot=0"]);
    let twice = rankfile("rank 0=pi0 slot=0\nrank 0=pi0 slot=1\n");
    assert_eq!(problems(&twice), ["rankfile::duplicate_rank ranks:2 rank 0=pi0 slot=1"]);
}

#[test]
fn a_workload_needs_its_kernels() {
    let folder = Folder::good().machine("throw_dart = \"2.76 us\"\n", "");
    assert_eq!(problems(&folder), ["scenario::missing_kernel x.toml:8 [workload.pi]"]);
    assert!(folder.report().contains("tiny.toml"));
    let folder = Folder::good()
        .machine(&MACHINE[MACHINE.find("[kernels.records]").expect("it")..], "")
        .scenario("\"count\"", "\"coordinates\"");
    assert_eq!(problems(&folder), ["scenario::missing_kernel x.toml:10 \"coordinates\""]);
}

#[test]
fn exactly_one_workload_is_needed() {
    assert_eq!(problems(&Folder::good().workload("[workload]\n")), ["scenario::empty x.toml:8 [workload]"]);
    let folder = Folder::good().append(LOG_STREAM);
    assert_eq!(problems(&folder), ["scenario::more_than_one x.toml:11 log_stream"]);
}

#[test]
fn values_that_contradict_each_other_are_marked() {
    let stream = |from: &str, to: &str| problems(&Folder::good().workload(LOG_STREAM).scenario(from, to));
    assert_eq!(stream("70 s", "40 s"), ["scenario::out_of_range x.toml:11 \"40 s\""]);
    assert_eq!(stream("items", "poll = \"0 s\"\nitems"), ["scenario::out_of_range x.toml:9 \"0 s\""]);
    assert_eq!(stream("\"5 s\"", "\"200 d\""), ["scenario::out_of_range x.toml:10 \"200 d\""]);
}

#[test]
fn repeats_are_bounded() {
    let nested = |depth: usize| {
        let (open, close) = ("{ repeat = { times = 2, phases = [".repeat(depth), "] } }".repeat(depth));
        Folder::good().workload(&format!("[workload.custom]\nphases = [{open}{{ barrier = {{}} }}{close}]\n"))
    };
    assert!(nested(8).load().is_ok());
    assert!(problems(&nested(9))[0].starts_with("scenario::too_deep x.toml:9"));
    let folder = Folder::good().workload(&CUSTOM.replace("times = 10", "times = 400_000_000"));
    assert!(problems(&folder)[0].starts_with("scenario::too_many_phases x.toml:8"));
}

#[test]
fn contradictions_within_a_machine_model_are_marked() {
    for (from, to, expected) in [
        ("[1.0, 0.9]", "[1.0, 0.9, 0.8]", "wrong_length tiny.toml:8 [1.0, 0.9, 0.8]"),
        ("[1.0, 0.9]", "[1.0, 0]", "out_of_range tiny.toml:8 0"),
        ("1.0, 1.1, 1.2]", "1.0, 1.2, 1.1]", "out_of_range tiny.toml:9 1.1"),
        ("1.0, 1.1, 1.2]", "1.0, 1.1]", "wrong_length tiny.toml:9 [1.0, 1.0, 1.1]"),
        ("slowdown = [1.0", "slowdown = [1.1", "out_of_range tiny.toml:9 1.1"),
        ("hosts.fat", "hosts.pi1", "duplicate_host tiny.toml:13 pi1"),
        ("hosts.fat", "hosts.\"a b\"", "bad_name tiny.toml:13 \"a b\""),
        ("upto = \"1 KiB\"\n", "", "missing_key tiny.toml:36 [[messages.remote.segments]]"),
        ("backplane", "frame = \"0 B\"\nbackplane", "out_of_range tiny.toml:23 \"0 B\""),
        ("interval = \"10 ms\"", "interval = \"0 ms\"", "out_of_range tiny.toml:67 \"0 ms\""),
        ("compute_sigma = 0.01", "compute_sigma = 3", "out_of_range tiny.toml:63 3"),
        ("unpack_record", "unpack_records", "unknown_key tiny.toml:65 unpack_records"),
        ("dissemination", "binomial", "unknown_choice tiny.toml:50 \"binomial\""),
        ("[\"30 ms\", \"38 ms\"]", "[\"30 ms\"]", "wrong_length tiny.toml:77 [\"30 ms\"]"),
        ("count = 2", "count = 0", "out_of_range tiny.toml:6 0"),
        (
            "[switch]",
            "[switch.tree]\nhosts_per_leaf = 0\nuplink_bandwidth = \"1 Gbit/s\"\n[switch]",
            "out_of_range tiny.toml:22 0",
        ),
    ] {
        assert_eq!(problems(&Folder::good().machine(from, to)), [format!("machine::{expected}")], "{to}");
    }
}

#[test]
fn segments_must_ascend() {
    let folder = Folder::good().machine("send_overhead = \"20 us\"", "upto = \"1 KiB\"\nsend_overhead = \"20 us\"");
    assert_eq!(problems(&folder), ["machine::not_ascending tiny.toml:42 \"1 KiB\""]);
}

#[test]
fn a_machine_model_without_hosts_is_reported() {
    let hosts = &MACHINE[MACHINE.find("[hosts.pi]").expect("it")..MACHINE.find("[switch]").expect("it")];
    assert_eq!(problems(&Folder::good().machine(hosts, "[hosts]\n")), ["machine::empty tiny.toml:5 [hosts]"]);
}

#[test]
fn a_file_of_no_known_kind_is_reported() {
    let folder = Folder::good().with("a.toml", "x = 1\n").with("b.toml", "x = \n").with("c.csv", "x");
    for (path, code) in
        [("a.toml", "file::unknown_kind"), ("b.toml", "file::syntax"), ("c.csv", "measurement::missing_column")]
    {
        let report = input::check_file(Path::new(path), &|path| folder.read(path)).expect_err("a report");
        assert_eq!(&*report.problems()[0].code, code);
    }
}

#[test]
fn an_interval_must_hold_its_value_and_belong_to_one() {
    let report = Folder::good().machine("[\"30 ms\", \"38 ms\"]", "[\"35 ms\", \"38 ms\"]").report();
    assert!(
        report.contains("the interval of `kernels.setup`, 35 ms to 38 ms, does not hold its value, 34 ms"),
        "{report}"
    );
    let report = Folder::good().machine("\"kernels.setup\"", "\"kernels.setpu\"").report();
    assert!(report.contains("an interval for `kernels.setpu`, which the model does not have"), "{report}");
    let bandwidth = |bounds: &str| format!("[intervals]\n\"hosts.pi.nic.bandwidth\" = {bounds}");
    let of = |bounds: &str| Folder::good().machine("[intervals]", &bandwidth(bounds)).report();
    let report = of("[\"95 Mbit/s\", \"99 Mbit/s\"]");
    assert!(report.contains("`hosts.pi.nic.bandwidth`, 95 Mbit/s to 99 Mbit/s, does not hold its value"), "{report}");
    let report = of("[\"94 us\", \"99 Mbit/s\"]");
    assert!(report.contains("the interval of `hosts.pi.nic.bandwidth`: `us` is not a unit of"), "{report}");
}
