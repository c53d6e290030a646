//! Key paths in messages: whole ones, however the file writes its tables.

use std::io;
use std::path::{Path, PathBuf};

use dlpc_predict::diagnostic::Problem;
use dlpc_predict::input;
use regex_lite::Regex;
use serde_json::Value as Json;
use toml::{Table, Value};

/// How a file writes its tables.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// `[workload.pi]`
    Headers,
    /// `workload.pi.darts = 1`
    Dotted,
    /// `workload = { pi = { darts = 1 } }`
    Inline,
}

/// Writes a TOML file again; what is no TOML stays as it is.
fn rewritten(contents: Vec<u8>, shape: Shape) -> Vec<u8> {
    let Ok(root) = String::from_utf8(contents.clone()).unwrap_or_default().parse::<Table>() else { return contents };
    let text = match shape {
        Shape::Headers => toml::to_string(&root).expect("TOML"),
        Shape::Dotted => dotted("", &root),
        Shape::Inline => inline(&root),
    };
    text.into_bytes()
}

fn inline(root: &Table) -> String {
    let line = |(key, value): (&String, &Value)| format!("{} = {value}\n", quoted(key));
    root.iter().map(line).collect()
}

fn dotted(prefix: &str, table: &Table) -> String {
    let line = |(key, value): (&String, &Value)| match value {
        Value::Table(table) if !table.is_empty() => dotted(&format!("{prefix}{}.", quoted(key)), table),
        value => format!("{prefix}{} = {value}\n", quoted(key)),
    };
    table.iter().map(line).collect()
}

fn quoted(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if is_bare { key.to_owned() } else { format!("{key:?}") }
}

/// Returns what a check of the file reports; none: with the shape that the files have.
fn problems(path: &Path, shape: Option<Shape>) -> Vec<Problem> {
    let read = |path: &Path| -> io::Result<Vec<u8>> {
        let contents = std::fs::read(path)?;
        Ok(match shape {
            Some(shape) if path.extension().is_some_and(|extension| extension == "toml") => rewritten(contents, shape),
            _ => contents,
        })
    };
    let report = input::check_file(path, &read).expect_err("a report");
    report.problems().into_iter().cloned().collect()
}

fn wrong_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong");
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    paths.sort();
    assert!(paths.len() > 50);
    paths
}

/// Returns the key paths that a problem names: those with several steps, and those of one where only a path can stand.
fn paths_in(problem: &Problem) -> Vec<String> {
    let all = |pattern: &str, text: &str| -> Vec<String> {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
    };
    let missing = Regex::new("missing key `(.*?)`(?: in `(.*?)`)?").expect("a pattern");
    let mut paths = Vec::new();
    for text in [&problem.message, &problem.label, &problem.help] {
        // What the model does not have is said to be no key.
        if text.contains("which the model does not have") {
            continue;
        }
        paths.extend(all(r"`([a-z_0-9]+(?:\.[a-z_0-9]+|\[\d+\])+)`", text));
        paths.extend(all(r"`\[\[?([a-z_0-9.]+)\]?\]`", text));
        paths.extend(all(r"(?:\bin|belongs in) `([a-z_0-9]+)`", text));
        paths.extend(all("^`([a-z_0-9]+)`(?: is (?:an? |[-0-9\"]|zero|empty)|: | has )", text));
        paths.extend(missing.captures_iter(text).map(|found| match found.get(2) {
            Some(table) => format!("{}.{}", table.as_str(), &found[1]),
            None => found[1].to_owned(),
        }));
    }
    paths.retain(|path| ![".toml", ".csv"].iter().any(|extension| path.ends_with(extension)));
    paths
}

/// Whether the schema `at` of the document `root` has a value at `path`.
fn resolves(root: &Json, at: &Json, path: &[&str]) -> bool {
    if let Some(pointer) = at.get("$ref").and_then(Json::as_str) {
        return resolves(root, root.pointer(&pointer[1..]).expect("a definition"), path);
    }
    if let Some(alternatives) = at.get("anyOf").and_then(Json::as_array) {
        return alternatives.iter().any(|alternative| resolves(root, alternative, path));
    }
    let Some((step, rest)) = path.split_first() else { return true };
    let child = match step.parse::<usize>() {
        Ok(_) => at.get("items"),
        Err(_) => at.get("properties").and_then(|keys| keys.get(step)).or(at.get("additionalProperties")),
    };
    child.is_some_and(|child| child.is_object() && resolves(root, child, rest))
}

fn is_in_a_schema(path: &str, schemas: &[Json]) -> bool {
    // What overrides a machine model is checked against its schema.
    let path = path.strip_prefix("machine_override.").unwrap_or(path);
    let steps: Vec<&str> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    schemas.iter().any(|schema| resolves(schema, schema, &steps))
}

#[test]
fn every_key_path_in_a_message_is_one_of_the_schema() {
    let schemas = [input::scenario_schema(), input::machine_schema()];
    let mut n_paths = 0;
    for path in wrong_files() {
        for shape in [None, Some(Shape::Headers), Some(Shape::Dotted), Some(Shape::Inline)] {
            for problem in problems(&path, shape) {
                // Columns of measurements and hosts of hostfiles are no keys.
                if !["scenario::", "machine::"].iter().any(|prefix| problem.code.starts_with(prefix)) {
                    continue;
                }
                for key_path in paths_in(&problem) {
                    n_paths += 1;
                    let place = format!("{} as {shape:?}: {problem:?}", path.display());
                    assert!(is_in_a_schema(&key_path, &schemas), "`{key_path}` in {place}");
                }
            }
        }
    }
    assert!(n_paths > 200, "{n_paths}");
}

#[test]
fn messages_do_not_depend_on_how_tables_are_written() {
    for path in wrong_files() {
        let messages = |shape| {
            let of = |problem: Problem| (problem.code, problem.message, problem.label, problem.help);
            // Which of two keys comes first is another question.
            let compared = |problem: &Problem| !problem.code.ends_with("more_than_one");
            let mut messages: Vec<_> = problems(&path, Some(shape)).into_iter().filter(compared).map(of).collect();
            messages.sort();
            messages
        };
        let with_headers = messages(Shape::Headers);
        for shape in [Shape::Dotted, Shape::Inline] {
            assert_eq!(messages(shape), with_headers, "{} as {shape:?}", path.display());
        }
    }
}

#[test]
fn a_cut_path_is_not_one_of_the_schema() {
    let schemas = [input::scenario_schema(), input::machine_schema()];
    for whole in ["workload.pi.darts", "hosts.pie.nic.bandwidth", "workload.custom.phases[0].repeat.phases[2].barrier"]
    {
        assert!(is_in_a_schema(whole, &schemas), "{whole}");
    }
    for cut in ["pi.darts", "pi", "phases[0]", "nic.bandwidth", "workload.drats", "local.calibrated_upto"] {
        assert!(!is_in_a_schema(cut, &schemas), "{cut}");
    }
}
