//! What the program says about itself: help, schemas and completions.

use crate::support::{dlpc_sim, root, succeeds};

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    for command in ["", "predict", "compare", "check", "schema", "completions"] {
        let help = succeeds(dlpc_sim().args(Some(command).filter(|command| !command.is_empty())).arg("--help"));
        let name = if command.is_empty() { "dlpc-sim" } else { command };
        insta::with_settings!({ snapshot_path => "snapshots/help", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, help);
        });
    }
}

/// A new command without a snapshot of its help would not be noticed.
#[test]
fn every_command_has_a_snapshot_of_its_help() {
    let help = succeeds(dlpc_sim().arg("--help"));
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let names = commands.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        let snapshot = root().join(format!("tests/e2e/snapshots/help/{name}.snap"));
        assert!(snapshot.exists(), "add `{name}` to the_help_of_every_command_is_as_reviewed");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(succeeds(dlpc_sim().arg("--version")), format!("dlpc-sim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_schema_is_json_with_a_title() {
    for file in ["scenario", "machine", "prediction", "comparison"] {
        let schema: serde_json::Value =
            serde_json::from_str(&succeeds(dlpc_sim().args(["schema", file]))).expect("JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{file}");
        assert!(schema["title"].is_string() && schema["properties"]["format"].is_object(), "{file}");
    }
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeeds(dlpc_sim().args(["completions", shell]));
        assert!(script.contains("predict") && script.contains("replications"), "{shell}");
    }
}
