//! `explain` from the command line to its files.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json_schema;
use crate::support::{Ended, contents, dlpc_sim, empty_folder, files, run, succeeds, unbroken};

const SCENARIO: &str = "scenarios/dlpc-pi-coordinates.toml";

/// Returns what explain prints and leaves behind.
fn explained(scenario: &str, arguments: &[&str]) -> (String, BTreeMap<String, Vec<u8>>) {
    let folder = empty_folder();
    let mut command = dlpc_sim();
    command.args(["explain", scenario, "--replications", "5", "--out"]).arg(folder.path()).args(arguments);
    let stdout = succeeds(&mut command);
    (stdout.replace(&*folder.path().to_string_lossy(), "FOLDER"), contents(folder.path()))
}

fn refused(arguments: &[&str]) -> Ended {
    run(dlpc_sim().args(["explain", SCENARIO]).args(arguments))
}

#[test]
fn every_shipped_scenario_is_explained_by_a_document_that_follows_its_schema() {
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "explain"]))).expect("JSON");
    for scenario in files("scenarios", "toml") {
        let name = scenario.to_string_lossy().into_owned();
        let (stdout, results) = explained(&name, &["--ranks", "4", "--format", "json"]);
        assert_eq!(stdout.as_bytes(), results["explain.json"], "{name}");
        let document: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(json_schema::problems(&schema, &document), Vec::<String>::new(), "{name}");
        let detail = &document["details"][0];
        assert_eq!(detail["ranks"], 4, "{name}");
        assert!(detail["what_ifs"].as_array().is_some_and(|all| all.len() > 5), "{name}");
        assert!(document["summary"].as_array().is_some_and(|all| all.len() > 2), "{name}");
        let names: Vec<&str> = results.keys().map(String::as_str).collect();
        assert_eq!(names, ["breakdown.svg", "explain.csv", "explain.html", "explain.json", "report.html"], "{name}");
        assert_eq!(results["explain.html"], results["report.html"], "{name}");
    }
}

#[test]
fn the_breakdown_of_the_csv_adds_up_to_the_traced_run() {
    let (_, results) = explained(SCENARIO, &["--png"]);
    let mut reader = csv::Reader::from_reader(&results["explain.csv"][..]);
    let header = reader.headers().expect("a header").clone();
    let is_part = |name: &str| name.ends_with("_s") && !["makespan_s", "lower_bound_s"].contains(&name);
    let mut n = 0;
    for record in reader.records() {
        let record = record.expect("a row");
        let value = |name: &str| -> f64 {
            let at = header.iter().position(|of| of == name).expect("a column");
            record[at].parse().expect("a number")
        };
        let sum: f64 = header.iter().filter(|name| is_part(name)).map(value).sum();
        // The traced replication is the one nearest to the median: of five, the median itself.
        assert!((sum / value("makespan_s") - 1.0).abs() < 1e-9, "{record:?}");
        assert!(value("lower_bound_s") <= value("makespan_s"), "{record:?}");
        n += 1;
    }
    assert_eq!(n, 32);
    assert!(results["breakdown.png"].starts_with(b"\x89PNG\r\n\x1a\n"));
    roxmltree::Document::parse(std::str::from_utf8(&results["breakdown.svg"]).expect("UTF-8")).expect("XML");
}

#[test]
fn the_page_says_what_the_table_says_and_how_to_make_it_again() {
    let (stdout, results) = explained(SCENARIO, &["--within", "10%", "--timeline", "6"]);
    let said = unbroken(&stdout);
    let page = std::str::from_utf8(&results["explain.html"]).expect("UTF-8");
    let document: Value = serde_json::from_slice(&results["explain.json"]).expect("JSON");
    for sentence in document["summary"].as_array().expect("sentences") {
        let sentence = sentence.as_str().expect("text");
        assert!(said.contains(sentence) && page.contains(sentence), "{sentence}");
    }
    for text in
        ["One run on 6 ranks", "returning only the count", "kernels.records.unpack", "How close it is to the best"]
    {
        assert!(page.contains(text), "{text}");
    }
    let command = "dlpc-sim explain scenarios/dlpc-pi-coordinates.toml --replications 5 --within '10%' --timeline 6";
    assert!(page.contains(command), "{page}");
    assert!(results.contains_key("timeline.json") && results.contains_key("timeline.svg"));
}

#[test]
fn pages_of_other_commands_stay() {
    let folder = empty_folder();
    for command in ["predict", "compare", "explain"] {
        let arguments = [command, "scenarios/dlpc-pi-count.toml", "--replications", "2", "--out"];
        succeeds(dlpc_sim().args(arguments).arg(folder.path()));
    }
    let results = contents(folder.path());
    for (page, kind) in [
        ("prediction.html", "Prediction by"),
        ("comparison.html", "Prediction against measurement by"),
        ("explain.html", "Explanation by"),
        // That of the last command
        ("report.html", "Explanation by"),
    ] {
        assert!(String::from_utf8_lossy(&results[page]).contains(&format!(r#"<p class="kind">{kind}"#)), "{page}");
    }
}

#[test]
fn what_cannot_be_explained_is_a_clear_error_with_its_exit_code() {
    for (arguments, text) in [
        (&["--ranks", "33"][..], "--ranks 33 is not among the rank counts of the scenario"),
        (&["--ranks", "0"], "invalid value '0'"),
        (&["--within", "5"], "write a percentage with its sign"),
        (&["--efficiency", "101%"], "write a percentage from 0% to 100%"),
        (&["--timeline", "33"], "the scenario has at most 32 ranks"),
        (&["--paje"], "--timeline"),
    ] {
        let Ended { code, stdout, stderr } = refused(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.contains(text), "{arguments:?}: {stderr}");
    }
    let ended = run(dlpc_sim().args(["explain", "tests/wrong/key-typo.toml"]));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let folder = empty_folder();
    std::fs::write(folder.path().join("file"), "").expect("a file");
    let ended = run(dlpc_sim()
        .args(["explain", SCENARIO, "--ranks", "2", "--replications", "1", "--out"])
        .arg(folder.path().join("file")));
    assert_eq!(ended.code, 6, "{}", ended.stderr);
}

#[test]
fn neither_threads_nor_repetition_change_a_byte_of_an_explanation() {
    let results = |threads| explained("scenarios/dlpc-log-60s.toml", &["--ranks", "10", "--threads", threads]);
    assert!(results("1") == results("3"));
}
