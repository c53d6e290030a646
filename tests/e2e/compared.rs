//! `compare` from the command line to its table.

use std::path::Path;

use serde_json::Value;

use crate::json_schema;
use crate::support::{Ended, contents, dlpc_sim, empty_folder, run, succeeds, unbroken};

const SCENARIO: &str = "scenarios/dlpc-pi-count.toml";

/// Made up: near the prediction, but a tenth above it at 8 ranks and far above it at 12.
const MEASURED: &str = "ranks,seconds,reading_error_s\n1,2.8,0.01\n1,2.82,0.01\n2,1.43,0.01\n3,0.97,0.01\n4,0.73,0.01\n\
5,0.59,0.01\n6,0.495,0.01\n8,0.40,0.01\n10,0.31,0.01\n12,0.9,0.01\n64,0.1,0.01\n";

fn compare(folder: &Path, arguments: &[&str]) -> Ended {
    // The name of a curve that the machine model was fitted to, at 1, 2, 4, 8 and 16 ranks.
    let measured = folder.join("pi-count.csv");
    std::fs::write(&measured, MEASURED).expect("a file");
    let mut command = dlpc_sim();
    command.args(["compare", SCENARIO, "--replications", "20", "--measured"]).arg(measured);
    run(command.arg("--out").arg(folder.join("out")).args(arguments))
}

/// Returns the table without the path of the folder.
fn table(arguments: &[&str]) -> String {
    let folder = empty_folder();
    let Ended { code, stdout, stderr } = compare(folder.path(), arguments);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let names: Vec<String> = contents(&folder.path().join("out")).into_keys().collect();
    assert_eq!(names, ["comparison.html", "comparison.json", "comparison.svg", "report.html"]);
    stdout.replace(&*folder.path().to_string_lossy(), "FOLDER")
}

#[test]
fn the_table_shows_errors_and_names_outliers() {
    insta::assert_snapshot!(table(&[]));
}

/// Both leave out the rank counts that the machine model was fitted to.
#[test]
fn the_page_of_a_prediction_has_the_same_error_as_the_comparison() {
    let folder = empty_folder();
    for command in ["predict", "compare"] {
        let out = folder.path().join(command);
        succeeds(dlpc_sim().args([command, SCENARIO, "--replications", "20", "--out"]).arg(out));
    }
    let accuracy = |out: &str| {
        let page = std::fs::read_to_string(folder.path().join(out).join("report.html")).expect("a page");
        let start = page.find("<h2 id=\"accuracy\">").expect("a section");
        let end = page[start..].find("</table>").expect("a table");
        page[start..start + end].to_owned()
    };
    assert_eq!(accuracy("predict"), accuracy("compare"));
}

#[test]
fn all_points_can_be_summed_up_instead_of_the_held_out_ones() {
    insta::assert_snapshot!(table(&["--points", "all"]));
}

#[test]
fn the_document_follows_its_schema() {
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "comparison"]))).expect("JSON");
    let folder = empty_folder();
    let Ended { stdout, .. } = compare(folder.path(), &["--format", "json"]);
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(json_schema::problems(&schema, &document), Vec::<String>::new());
    let accuracy = document["accuracy"].as_object().expect("a table");
    for key in ["mape", "median", "p90", "max", "bias", "band_coverage", "noise_floor", "n_outliers"] {
        assert!(accuracy.contains_key(key), "{key}");
    }
    for key in ["ranks", "measured_s", "predicted_s", "relative_error", "inside_band", "is_outlier", "used_for_fit"] {
        assert!(document["points"][0].get(key).is_some(), "{key}");
    }
}

#[test]
fn scripts_can_ask_whether_the_prediction_is_good_enough() {
    let folder = empty_folder();
    assert_eq!(compare(folder.path(), &["--fail-above", "50%"]).code, 0);
    let Ended { code, stdout, stderr } = compare(folder.path(), &["--fail-above", "0.1 %"]);
    assert_eq!(code, 7);
    assert!(stdout.contains("Mean absolute error"), "the results are there all the same");
    assert!(stderr.starts_with("error: Throwing darts") && stderr.contains("%, above 0.1 %"), "{stderr}");
    let Ended { code, stderr, .. } = compare(folder.path(), &["--fail-above", "10"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("write a percentage with its sign: 10%"), "{stderr}");
}

/// Before and after a change: all times 10 % shorter.
#[test]
fn several_measured_curves_are_compared_with_each_other() {
    let folder = empty_folder();
    for (name, factor) in [("before", 1.0), ("after", 0.9)] {
        let times = [(1, 2.8), (2, 1.43), (3, 0.97), (4, 0.74), (6, 0.5), (8, 0.385)];
        let rows = times.iter().map(|(ranks, seconds)| format!("{ranks},{}", seconds * factor));
        let lines: Vec<String> = std::iter::once("ranks,seconds".to_owned()).chain(rows).collect();
        std::fs::write(folder.path().join(format!("{name}.csv")), lines.join("\n")).expect("a file");
    }
    let mut command = dlpc_sim();
    command.args(["compare", SCENARIO, "--replications", "20", "--png", "--out"]).arg(folder.path().join("out"));
    for name in ["before.csv", "after.csv"] {
        command.arg("--measured").arg(folder.path().join(name));
    }
    let stdout = succeeds(&mut command);
    assert!(
        unbroken(&stdout)
            .contains("after against before: measured -10.0 %, predicted 0.0 % (median over 6 rank counts)."),
        "{stdout}"
    );
    let results = contents(&folder.path().join("out"));
    let names: Vec<&str> = results.keys().map(String::as_str).collect();
    assert_eq!(names, ["comparisons.html", "comparisons.json", "comparisons.png", "comparisons.svg", "report.html"]);
    let page = String::from_utf8_lossy(&results["comparisons.html"]);
    assert!(
        page.contains("after against before: measured -10.0 %") && page.contains("before.csv --measured"),
        "{page}"
    );
    let document: Value = serde_json::from_slice(&results["comparisons.json"]).expect("JSON");
    let labels: Vec<&str> =
        document["comparisons"].as_array().expect("a list").iter().filter_map(|one| one["label"].as_str()).collect();
    assert_eq!(labels, ["before", "after"]);
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "comparison"]))).expect("JSON");
    let mut one = document["comparisons"][0].clone();
    one.as_object_mut().expect("a table").remove("label");
    assert_eq!(json_schema::problems(&schema, &one), Vec::<String>::new());
}

#[test]
fn several_scenarios_are_compared_each_with_its_own_runs() {
    let folder = empty_folder();
    let scenarios = [SCENARIO, "scenarios/dlpc-pi-coordinates.toml"];
    let mut command = dlpc_sim();
    command.arg("compare").args(scenarios).args(["--replications", "20", "--fail-above", "20%", "--out"]);
    let stdout = succeeds(command.arg(folder.path()));
    for text in [
        "dlpc-pi-count ",
        "dlpc-pi-coordinates ",
        "dlpc-pi-coordinates against dlpc-pi-count: measured 66.2 times as long",
    ] {
        assert!(stdout.contains(text), "{text} in {stdout}");
    }
    let mut command = dlpc_sim();
    command.arg("compare").args(scenarios).args([
        "scenarios/dlpc-log-1s.toml",
        "--measured",
        "a.csv",
        "--measured",
        "b.csv",
    ]);
    let Ended { code, stderr, .. } = run(&mut command);
    assert_eq!(code, 2);
    assert!(stderr.contains("3 scenarios and 2 measured files do not go together"), "{stderr}");
}

#[test]
fn slow_runs_and_hosts_are_named() {
    let folder = empty_folder();
    let measured = folder.path().join("measured.csv");
    let times = [(1, 2.8), (2, 1.43), (3, 0.97), (4, 0.74), (6, 0.5), (8, 0.385), (12, 0.27)];
    let row = |(ranks, seconds): &(u32, f64), host: &str, factor: f64| format!("{ranks},{},{host}\n", seconds * factor);
    let rows = times.iter().flat_map(|at| [row(at, "pi0", 1.0), row(at, "pi1", 1.07), row(at, "pi2", 1.0)]);
    let rows: String = rows.chain(["6,0.9,pi0\n".to_owned()]).collect();
    std::fs::write(&measured, format!("ranks,seconds,host\n{rows}")).expect("a file");
    let mut command = dlpc_sim();
    command.args(["compare", SCENARIO, "--replications", "20", "--measured"]).arg(&measured);
    let stdout = succeeds(command.arg("--out").arg(folder.path().join("out")));
    assert!(stdout.contains("6 ranks: one run on pi0 took 0.9 s, the others 0.5 s."), "{stdout}");
    assert!(stdout.contains("Host pi1 takes 7.0 % longer than the others, over 7 runs."), "{stdout}");
}

#[test]
fn a_scenario_without_a_measured_curve_cannot_be_compared() {
    let folder = empty_folder();
    let mut command = dlpc_sim();
    command.args(["compare", "scenarios/dlpc-gigabit.toml", "--out"]).arg(folder.path().join("out"));
    let Ended { code, stdout, stderr } = run(&mut command);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!(stderr);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_measured_curve_of_other_rank_counts_cannot_be_compared() {
    let folder = empty_folder();
    let measured = folder.path().join("measured.csv");
    std::fs::write(&measured, "ranks,seconds\n64,0.1\n").expect("a file");
    let mut command = dlpc_sim();
    command.args(["compare", SCENARIO, "--replications", "1", "--measured"]).arg(&measured);
    let Ended { code, stderr, .. } = run(command.arg("--out").arg(folder.path().join("out")));
    assert_eq!(code, 2);
    assert!(stderr.contains("measured.csv has no rank count of the scenario"), "{stderr}");
    assert!(stderr.contains("help: measure and predict at the same rank counts"), "{stderr}");
}
