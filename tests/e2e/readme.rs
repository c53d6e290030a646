//! The commands of README.md work.

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// Returns the arguments of every line of a `console` block that runs the program.
fn commands(markdown: &str) -> Vec<Vec<String>> {
    let mut is_console = false;
    let mut commands = Vec::new();
    for line in markdown.lines() {
        if let Some(language) = line.strip_prefix("```") {
            is_console = language.trim() == "console";
        } else if is_console {
            let line = line.split(" #").next().unwrap_or_default();
            let starts = ["$ cargo run --release -- ", "$ dlpc-sim "];
            let arguments = starts.into_iter().find_map(|start| line.strip_prefix(start));
            commands.extend(arguments.map(|text| text.split_whitespace().map(ToOwned::to_owned).collect()));
        }
    }
    commands
}

#[test]
fn every_command_of_the_readme_works() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let commands = commands(&text);
    assert!(!commands.is_empty(), "README.md shows no command");
    for arguments in commands {
        assert!(!arguments.iter().any(|word| ["|", ">", "&&", ";"].contains(&word.as_str())), "{arguments:?}");
        let folder = empty_folder();
        let mut command = dlpc_sim();
        command.args(&arguments);
        // What the README shows goes to the usual folder; a test leaves nothing there, and need not be exact.
        if ["predict", "compare"].contains(&arguments[0].as_str()) {
            if !arguments.iter().any(|word| word == "--out") {
                command.arg("--out").arg(folder.path());
            }
            if !arguments.iter().any(|word| word == "--replications") {
                command.args(["--replications", "3"]);
            }
        }
        let Ended { code, stderr, .. } = run(&mut command);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
    }
}

#[test]
fn commands_are_found_in_console_blocks_only() {
    let text = "$ dlpc-sim no\n```console\n$ dlpc-sim predict a.toml   # why\n...\n$ make test\n```\n```toml\n$ dlpc-sim no\n```\n\
                ```console\n$ cargo run --release -- check b.toml c.toml\n```\n";
    assert_eq!(commands(text), [vec!["predict", "a.toml"], vec!["check", "b.toml", "c.toml"]]);
}
