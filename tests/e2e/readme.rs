//! The commands of README.md and of pages in `docs/` work, and print what is shown there.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run, succeeds};

/// A command line of a `console` block, and the output that follows it there (`...` stands for any lines).
#[derive(Debug, PartialEq)]
struct Shown {
    arguments: Vec<String>,
    output: Vec<String>,
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// Returns the commands of all `console` blocks that run the program.
fn commands(markdown: &str) -> Vec<Shown> {
    let mut is_console = false;
    let mut is_ours = false;
    let mut commands: Vec<Shown> = Vec::new();
    for line in markdown.lines() {
        if let Some(language) = line.strip_prefix("```") {
            (is_console, is_ours) = (language.trim() == "console", false);
        } else if is_console && line.starts_with("$ ") {
            let line = line.split(" #").next().unwrap_or_default();
            let starts = ["$ cargo run --release -- ", "$ dlpc-sim "];
            let arguments = starts.into_iter().find_map(|start| line.strip_prefix(start));
            is_ours = arguments.is_some();
            let arguments = arguments.map(|text| shell_words::split(text).expect("quotes that end"));
            commands.extend(arguments.map(|arguments| Shown { arguments, output: Vec::new() }));
        } else if let Some(shown) = commands.last_mut().filter(|_| is_ours) {
            shown.output.push(line.trim_end().to_owned());
        }
    }
    commands
}

/// Returns whether `actual` is `shown` with any lines in place of each `...`.
fn agrees(shown: &[&str], actual: &[&str]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|n| agrees(rest, &actual[n..])),
        Some((line, rest)) => actual.first() == Some(line) && agrees(rest, &actual[1..]),
    }
}

/// Returns the scenario that the README spells out.
fn scenario_of_the_readme() -> String {
    let text = readme();
    let (_, rest) = text.split_once("```toml\n").expect("a scenario");
    rest.split("```").next().unwrap_or_default().to_owned()
}

/// Lays the repository's `models` and the README's scenario out in a folder, beside `scenarios`, where commands run.
fn reader_with(scenario: &str) -> TempDir {
    let folder = empty_folder();
    let copy = |from: &str| {
        std::fs::create_dir_all(folder.path().join(from)).expect("a folder");
        for entry in std::fs::read_dir(root().join(from)).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::copy(&path, folder.path().join(from).join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    };
    ["models", "scenarios", "scenarios/measured/dlpc-2020"].into_iter().for_each(copy);
    // As the README has it, beside the folder that it is called from: paths are those of the scenario.
    std::fs::write(folder.path().join("my-scenario.toml"), scenario.replace("../models", "models")).expect("a file");
    folder
}

fn run_in(folder: &Path, arguments: &[String]) -> Ended {
    run(dlpc_sim().current_dir(folder).args(arguments))
}

#[test]
fn every_command_that_is_shown_prints_what_is_shown() {
    let pages = ["README.md", "docs/sweep.md", "docs/tutorial.md"].map(|page| {
        let shown = commands(&std::fs::read_to_string(root().join(page)).expect(page));
        assert!(!shown.is_empty(), "{page} shows no command");
        shown
    });
    // The slip that the README lets `check` find.
    let folder = reader_with(&scenario_of_the_readme().replace("[run]\n", "[run]\nreplicatons = 200\n"));
    for Shown { arguments, output } in pages.into_iter().flatten() {
        assert!(!arguments.iter().any(|word| ["|", ">", "&&", ";"].contains(&word.as_str())), "{arguments:?}");
        let Ended { code, stdout, stderr } = run_in(folder.path(), &arguments);
        let is_error_shown = output.iter().any(|line| line.starts_with("error"));
        assert_eq!(code, if is_error_shown { 3 } else { 0 }, "{arguments:?}: {stderr}");
        let shown: Vec<&str> = output.iter().map(String::as_str).collect();
        let actual: Vec<&str> = stdout.lines().chain(stderr.lines()).map(str::trim_end).collect();
        assert!(shown.is_empty() || agrees(&shown, &actual), "{arguments:?} prints\n{stdout}{stderr}");
    }
}

#[test]
fn the_scenario_of_the_readme_is_right() {
    let folder = reader_with(&scenario_of_the_readme());
    succeeds(dlpc_sim().current_dir(folder.path()).args(["check", "my-scenario.toml"]));
    let predict = ["predict", "my-scenario.toml", "--replications", "1"];
    succeeds(dlpc_sim().current_dir(folder.path()).args(predict));
}

#[test]
fn commands_are_found_in_console_blocks_only() {
    let text = "$ dlpc-sim no\n```console\n$ dlpc-sim predict a.toml   # why\n1\n...\n$ make test\n2\n```\n```toml\n\
                $ dlpc-sim no\n```\n```console\n$ cargo run --release -- check b.toml c.toml\n```\n";
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = [
        Shown { arguments: words(&["predict", "a.toml"]), output: words(&["1", "..."]) },
        Shown { arguments: words(&["check", "b.toml", "c.toml"]), output: Vec::new() },
    ];
    assert_eq!(commands(text), expected);
}

#[test]
fn dots_stand_for_any_lines() {
    assert!(agrees(&["a", "...", "c"], &["a", "b", "b", "c"]) && agrees(&["...", "a"], &["a"]));
    assert!(!agrees(&["a", "..."], &["b", "a"]) && !agrees(&["a"], &["a", "b"]));
}
