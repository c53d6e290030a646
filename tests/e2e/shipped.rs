//! The scenarios and machine models that come with the program: right, predicted as reviewed, complete in their results.

use std::collections::BTreeSet;
use std::path::Path;

use dlpc_engine::units::significant;
use dlpc_report::plot::Plot;
use serde_json::Value;

use crate::json_schema;
use crate::support::{contents, dlpc_sim, empty_folder, files, root, stem, succeeds};

const HEADER: &str = "ranks,makespan_s,makespan_p05_s,makespan_p95_s,speedup,speedup_p05,speedup_p95,\
parallel_efficiency,karp_flatt,limited_by";

/// Replications of the snapshots: the seed is that of the scenario.
const REPLICATIONS: &str = "20";

/// Runs predict and returns the text of its CSV.
fn predict(scenario: &Path, out: &Path) -> String {
    let table = succeeds(dlpc_sim().args(["predict", "--replications", REPLICATIONS, "--out"]).arg(out).arg(scenario));
    assert!(table.ends_with(&format!("\n\nResults are in {}\n", out.display())), "{table}");
    std::fs::read_to_string(out.join("prediction.csv")).expect("a CSV")
}

/// Rounds every number to 4 significant digits: the rest differs between mathematical libraries.
fn rounded(csv: &str) -> String {
    let field = |field: &str| match field.parse::<f64>() {
        Ok(number) if field.contains('.') => significant(number, 4),
        Ok(_) | Err(_) => field.to_owned(),
    };
    csv.lines().map(|line| line.split(',').map(field).collect::<Vec<_>>().join(",") + "\n").collect()
}

#[test]
fn every_scenario_is_predicted_as_reviewed_and_its_results_are_complete() {
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "prediction"]))).expect("JSON");
    for scenario in files("scenarios", "toml") {
        let folder = empty_folder();
        let csv = predict(&scenario, folder.path());
        assert_eq!(csv.lines().next(), Some(HEADER));
        insta::with_settings!({ snapshot_path => "snapshots/shipped", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(stem(&scenario), rounded(&csv));
        });
        let results = contents(folder.path());
        let plots = Plot::OF_A_PREDICTION.map(|plot| format!("{}.svg", plot.file_stem()));
        let others = ["prediction.csv", "prediction.html", "prediction.json", "report.html"].map(str::to_owned);
        let names: BTreeSet<String> = results.keys().cloned().collect();
        assert_eq!(names, plots.iter().chain(&others).cloned().collect());
        let document: Value = serde_json::from_slice(&results["prediction.json"]).expect("JSON");
        assert_eq!(json_schema::problems(&schema, &document), Vec::<String>::new(), "{}", scenario.display());
        assert_eq!(document["points"].as_array().map(Vec::len), Some(csv.lines().count() - 1));
        assert_eq!(document["scenario"]["run"]["replications"].to_string(), REPLICATIONS);
        for name in &plots {
            let text = std::str::from_utf8(&results[name]).expect("UTF-8");
            let svg = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(svg.root_element().has_tag_name(("http://www.w3.org/2000/svg", "svg")), "{name}");
            assert!(!text.contains("NaN") && !text.contains("inf\""), "{name}");
        }
    }
}

#[test]
fn every_shipped_file_is_right_and_what_it_names_exists() {
    let measured = files("scenarios/measured/dlpc-2020", "csv");
    let curves = measured.into_iter().filter(|path| stem(path) != "manager-temperature");
    let models = files("models", "toml").into_iter().chain(files("models/priors", "toml"));
    let paths: Vec<_> = files("scenarios", "toml").into_iter().chain(models).chain(curves).collect();
    let stdout = succeeds(dlpc_sim().arg("check").args(&paths));
    assert_eq!(stdout.lines().count(), paths.len());
    for scenario in files("scenarios", "toml") {
        let text = std::fs::read_to_string(root().join(&scenario)).expect("text");
        let table: toml::Table = text.parse().expect("TOML");
        for key in ["machine", "measured"] {
            if let Some(named) = table.get(key) {
                let path = root().join("scenarios").join(named.as_str().expect("a path"));
                assert!(path.is_file(), "{} names {}", scenario.display(), path.display());
            }
        }
    }
}

/// An editor that checks files with the printed schemas agrees with the program.
#[test]
fn every_shipped_file_follows_the_printed_schema() {
    let strange = |name: &str| format!("tests/e2e/strange/{name}.toml").into();
    let scenarios = files("scenarios", "toml").into_iter().chain(["log", "phases", "darts"].map(strange));
    let models = files("models", "toml").into_iter().chain([strange("machine")]);
    let all = scenarios.map(|path| ("scenario", path)).chain(models.map(|path| ("machine", path)));
    for (kind, path) in all {
        let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", kind]))).expect("JSON");
        let text = std::fs::read_to_string(root().join(&path)).expect("text");
        let value = serde_json::to_value(text.parse::<toml::Table>().expect("TOML")).expect("JSON");
        assert_eq!(json_schema::problems(&schema, &value), Vec::<String>::new(), "{}", path.display());
    }
}

/// What results echo is a valid scenario and a valid machine model: it can be used again.
#[test]
fn the_echo_of_the_inputs_follows_their_schemas() {
    let folder = empty_folder();
    let echo = succeeds(
        dlpc_sim()
            .args(["predict", "scenarios/pi3-64-hosts.toml", "--format", "json", "--replications", "1", "--out"])
            .arg(folder.path()),
    );
    let echo: Value = serde_json::from_str(&echo).expect("JSON");
    for kind in ["scenario", "machine"] {
        let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", kind]))).expect("JSON");
        assert_eq!(json_schema::problems(&schema, &echo[kind]), Vec::<String>::new(), "{kind}");
    }
}
