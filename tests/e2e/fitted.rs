//! `calibrate --from-samples`: a campaign of an emulated cluster with one slow host, its model and the report of the fit.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::json_schema;
use crate::support::{Ended, contents, dlpc_sim, empty_folder, root, run, succeeds, unbroken};

/// Samples of eight hosts of one core each, in three launches; `dlpc3` had half of the others' share of a core.
const SAMPLES: &str = "tests/samples/testbed-slow-host.jsonl";

/// Returns the lines of the samples file that `is_wanted` takes, after a head of its own.
fn excerpt(hosts: &str, is_wanted: impl Fn(&Value) -> bool) -> String {
    let text = std::fs::read_to_string(root().join(SAMPLES)).expect("the samples");
    let (head, rest) = text.split_once('\n').expect("a head");
    let mut head: Value = serde_json::from_str(head).expect("JSON");
    if !hosts.is_empty() {
        head["campaign"]["hosts"] = serde_json::from_str(hosts).expect("JSON");
    }
    let sample = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["sample"].clone();
    let lines = rest.lines().filter(|line| is_wanted(&sample(line))).map(|line| format!("{line}\n"));
    std::iter::once(format!("{head}\n")).chain(lines).collect()
}

fn written(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("samples.jsonl");
    std::fs::write(&path, text).expect("a file");
    path
}

/// Fits samples; the model becomes `mine.toml`, the report goes to `report/`.
fn fit(folder: &TempDir, samples: &Path, more: &[&str]) -> Ended {
    let at = |name: &str| folder.path().join(name);
    let mut command = dlpc_sim();
    command.arg("calibrate").arg("--from-samples").arg(samples).args(more);
    run(command.arg("--out").arg(at("mine.toml")).arg("--report").arg(at("report")))
}

fn document(folder: &TempDir) -> Value {
    let text = std::fs::read_to_string(folder.path().join("report/fit.json")).expect("fit.json");
    serde_json::from_str(&text).expect("JSON")
}

fn parameter<'d>(document: &'d Value, key: &str) -> &'d Value {
    let all = document["parameters"].as_array().expect("parameters");
    all.iter().find(|parameter| parameter["key"] == key).unwrap_or_else(|| panic!("no {key}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn real_samples_give_a_model_and_a_report_without_mpi() {
    let folder = empty_folder();
    let Ended { code, stdout, stderr } = fit(&folder, Path::new(SAMPLES), &["--png"]);
    assert_eq!(code, 0, "{stderr}");
    let said = unbroken(&stderr);
    assert!(said.contains("`dlpc3` is 4") && said.contains("stops the cores"), "{stderr}");
    assert!(stdout.contains("Fitted to 504 samples of 3 launches on 8 hosts"), "{stdout}");
    assert!(stdout.contains("hosts.*.nic.bandwidth") && stdout.contains("ping_pong remote, fan_in"), "{stdout}");
    let results = contents(&folder.path().join("report"));
    let expected = [
        "fit-compute.png",
        "fit-compute.svg",
        "fit-network.png",
        "fit-network.svg",
        "fit-remote.png",
        "fit-remote.svg",
        "fit.html",
        "fit.json",
        "report.html",
    ];
    assert_eq!(results.keys().collect::<Vec<_>>(), expected);
    let page = std::str::from_utf8(&results["fit.html"]).expect("UTF-8");
    assert_eq!(page.matches("<svg ").count(), 3);
    for part in ["Calibration", "residuals-table", "parameters-table", "others-table", "segments-table", "dlpc3"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains(" src="));
    succeeds(dlpc_sim().arg("check").arg(folder.path().join("mine.toml")));
}

#[test]
fn the_document_follows_its_schema_and_holds_every_value_and_sample() {
    let folder = empty_folder();
    assert_eq!(fit(&folder, Path::new(SAMPLES), &[]).code, 0);
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "fit"]))).expect("JSON");
    let document = document(&folder);
    assert_eq!(json_schema::problems(&schema, &document), Vec::<String>::new());
    // The port was shaped to 94 Mbit/s, Open MPI's limit is 64 KiB, and dlpc3 had half a share of a core.
    let port = parameter(&document, "hosts.dlpc1.nic.bandwidth");
    assert!((number(&port["value"]) * 8e-6 / 94.0 - 1.0).abs() < 0.04, "{port}");
    assert_eq!(number(&parameter(&document, "messages.remote.eager_limit")["value"]).to_bits(), 65_536_f64.to_bits());
    let slow = parameter(&document, "hosts.dlpc3.speed[0]");
    assert!((number(&slow["value"]) / 0.5 - 1.0).abs() < 0.05, "{slow}");
    assert!(number(&slow["low"]) < number(&slow["value"]) && number(&slow["value"]) < number(&slow["high"]), "{slow}");
    assert_eq!((slow["origin"].as_str(), slow["from"].as_str()), (Some("fitted"), Some("compute")));
    assert_eq!(parameter(&document, "kernels.setup")["origin"], "assumed");
    let points =
        document["series"].as_array().expect("series").iter().flat_map(|s| s["points"].as_array().expect("points"));
    assert_eq!(points.count(), 504);
    assert!(document["warnings"].as_array().is_some_and(|warnings| warnings.len() >= 2));
}

#[test]
fn the_same_samples_give_the_same_bytes_and_json_goes_to_standard_output() {
    let (one, other) = (empty_folder(), empty_folder());
    let first = fit(&one, Path::new(SAMPLES), &["--format", "json"]);
    assert_eq!(fit(&other, Path::new(SAMPLES), &[]).code, 0);
    let text = |folder: &TempDir, name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        text.replace(&*folder.path().to_string_lossy(), "")
    };
    for name in ["mine.toml", "report/fit.json", "report/fit.html", "report/fit-remote.svg"] {
        assert!(text(&one, name) == text(&other, name), "{name} differs");
    }
    assert_eq!(first.stdout, std::fs::read_to_string(one.path().join("report/fit.json")).expect("fit.json"));
}

/// The pictures of docs/calibration.md are those that its command makes.
#[test]
fn the_pictures_of_the_documentation_are_those_of_the_shipped_samples() {
    let folder = empty_folder();
    let (model, report) = (folder.path().join("testbed-slow-host.toml"), folder.path().join("report"));
    let mut command = dlpc_sim();
    command.args(["calibrate", "--from-samples", SAMPLES, "--out"]).arg(model).arg("--report").arg(&report);
    assert_eq!(run(&mut command).code, 0);
    for name in ["fit-remote.svg", "fit-compute.svg"] {
        let made = std::fs::read_to_string(report.join(name)).expect("a picture");
        let shown = std::fs::read_to_string(root().join("docs/images").join(name)).expect("a picture");
        let advice =
            "calibrate --from-samples tests/samples/testbed-slow-host.jsonl makes another one: copy it to docs/images";
        assert!(made == shown, "{name}: {advice}");
    }
}

#[test]
fn a_last_line_that_was_cut_short_is_left_out_and_said() {
    let folder = empty_folder();
    let text = excerpt("", |_| true);
    let samples = written(&folder, &text[..text.len() - 40]);
    let Ended { code, stdout, stderr } = fit(&folder, &samples, &[]);
    assert_eq!(code, 0, "{stderr}");
    assert!(unbroken(&stderr).contains("samples.jsonl: line 505 was cut short: its sample does not count"), "{stderr}");
    assert!(stdout.contains("Fitted to 503 samples"), "{stdout}");
}

#[test]
fn lines_that_are_no_samples_are_named_all_at_once_and_nothing_is_written() {
    let folder = empty_folder();
    let mut lines: Vec<String> = excerpt("", |_| true).lines().map(str::to_owned).collect();
    lines[2] = "what is this?".to_owned();
    lines[9] = lines[9].replace("\"launch\"", "\"lunch\"");
    let samples = written(&folder, &(lines.join("\n") + "\n"));
    let Ended { code, stderr, .. } = fit(&folder, &samples, &[]);
    assert_eq!(code, 3, "{stderr}");
    for part in
        ["samples.jsonl:3:1", "line 3 is no sample", "samples.jsonl:10:1", "unknown field `lunch`", "take the line out"]
    {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert!(!folder.path().join("mine.toml").exists() && !folder.path().join("report").exists());
}

#[test]
fn files_that_cannot_be_fitted_are_refused_with_a_reason() {
    const OTHERS: &str = r#"[["pi0",1],["pi1",1],["pi2",1],["pi3",1],["pi4",1],["pi5",1],["pi6",1],["pi7",1]]"#;
    let folder = empty_folder();
    let of_kind = |kind: &'static str| move |sample: &Value| sample["experiment"].get(kind).is_none();
    let cases: [(String, i32, &str); 5] = [
        ("nonsense\n".to_owned(), 3, "does not begin with the line of a campaign"),
        (excerpt("", |_| false), 5, "no samples"),
        (excerpt(OTHERS, |_| true), 5, "which is not one of the cluster's: pi0, pi1"),
        (excerpt("", of_kind("send")), 5, "sizes of `send remote`"),
        (excerpt("", of_kind("recv")), 5, "sizes of `recv remote` up to the eager limit"),
    ];
    for (text, expected, reason) in cases {
        let Ended { code, stderr, .. } = fit(&folder, &written(&folder, &text), &[]);
        assert_eq!(code, expected, "{stderr}");
        assert!(stderr.contains(reason), "{reason}: {stderr}");
        assert!(!folder.path().join("mine.toml").exists() && !folder.path().join("report").exists(), "{reason}");
    }
    let Ended { code, stderr, .. } = fit(&folder, Path::new("nowhere.jsonl"), &[]);
    assert!(code == 3 && stderr.contains("there is no such file"), "{stderr}");
}

#[test]
fn one_host_says_what_it_cannot_tell_and_keeps_the_prior_marked_so() {
    let folder = empty_folder();
    let is_alone = |sample: &Value| {
        sample["host"] == "dlpc1"
            && ["compute", "fixed_work"].iter().any(|kind| sample["experiment"].get(kind).is_some())
    };
    let samples = written(&folder, &excerpt("[[\"dlpc1\",1]]", is_alone));
    let Ended { code, stderr, .. } = fit(&folder, &samples, &[]);
    assert!(code == 5 && stderr.contains("messages between hosts: measure them (two hosts needed)"), "{stderr}");
    assert!(stderr.contains("--prior FILE"), "{stderr}");
    assert!(!folder.path().join("mine.toml").exists());

    let Ended { code, stdout, stderr } = fit(&folder, &samples, &["--prior", "models/dlpc-2020.toml"]);
    assert_eq!(code, 0, "{stderr}");
    for what in ["messages between hosts, which takes two hosts", "messages within a host, which takes"] {
        assert!(stderr.contains(what) && stderr.contains("those of `dlpc-2020`"), "{what}: {stderr}");
    }
    assert!(stdout.contains("messages.remote: not measured: kept from the prior model"), "{stdout}");
    let document = document(&folder);
    for key in ["hosts.dlpc1.nic.bandwidth", "messages.remote.segments[0].latency", "messages.local.eager_limit"] {
        let kept = parameter(&document, key);
        assert!(kept["origin"] == "prior" && kept["low"].is_null(), "{kept}");
    }
    assert_eq!(parameter(&document, "kernels.throw_dart")["origin"], "fitted");
    let model = std::fs::read_to_string(folder.path().join("mine.toml")).expect("a model");
    assert!(model.contains("not measured: kept from `dlpc-2020`"), "{model}");
}

#[test]
fn too_few_launches_give_a_warning_and_no_intervals() {
    let folder = empty_folder();
    let samples = written(&folder, &excerpt("", |sample| sample["launch"] == 0));
    let Ended { code, stderr, .. } = fit(&folder, &samples, &[]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("1 launches do not show how far launches differ: run at least 3"), "{stderr}");
    let document = document(&folder);
    assert_eq!(document["n_launches"], 1);
    assert!(parameter(&document, "kernels.throw_dart")["low"].is_null());
}

#[test]
fn times_of_whole_programs_have_a_report_too() {
    let folder = empty_folder();
    let at = |name: &str| folder.path().join(name);
    let mut command = dlpc_sim();
    command.args(["calibrate", "--from-runs", "scenarios/dlpc-pi-count.toml", "--ranks", "1,2,4,8,16", "--out"]);
    let Ended { code, stdout, stderr } = run(command.arg(at("mine.toml")).arg("--report").arg(at("report")));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Fitted to 5 measured runs on 8 hosts"), "{stdout}");
    assert_eq!(
        contents(&at("report")).keys().collect::<Vec<_>>(),
        ["fit-runs.svg", "fit.html", "fit.json", "report.html"]
    );
    let document = document(&folder);
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "fit"]))).expect("JSON");
    assert_eq!(json_schema::problems(&schema, &document), Vec::<String>::new());
    assert_eq!(document["method"], "runs");
    let runs = &document["series"][0];
    assert_eq!((runs["kind"].as_str(), runs["over"].as_str()), (Some("pi-count.csv"), Some("ranks")));
    // 2.79 s on one rank, as published.
    let first = &runs["points"][0];
    assert!(number(&first["x"]).to_bits() == 1_f64.to_bits() && (number(&first["measured_s"]) - 2.79).abs() < 0.01);
    let error = number(&first["fitted_s"]) / number(&first["measured_s"]) - 1.0;
    assert!((error - number(&first["relative_error"])).abs() < 1e-12);
    assert_eq!(parameter(&document, "messages.remote.eager_limit")["origin"], "prior");
}
