//! What the program says about itself: help, schemas and completions.

use crate::support::{dlpc_sim, succeeds};

/// Returns the names of the commands that the help lists.
fn commands(help: &str) -> Vec<String> {
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let lines = commands.lines().take_while(|line| !line.is_empty());
    // The lines of a long description are indented further.
    let names = lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    let all = succeeds(dlpc_sim().arg("--help"));
    let helps = commands(&all).into_iter().map(|name| {
        let help = succeeds(dlpc_sim().args([name.as_str(), "--help"]));
        (name, help)
    });
    let helps: Vec<_> = helps.chain([("dlpc-sim".to_owned(), all.clone())]).collect();
    assert!(helps.len() > 5);
    for (name, help) in helps {
        insta::with_settings!({ snapshot_path => "snapshots/help", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, help);
        });
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(succeeds(dlpc_sim().arg("--version")), format!("dlpc-sim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_schema_is_json_with_a_title() {
    for file in ["scenario", "machine", "prediction", "comparison", "explain", "fit", "replay"] {
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
