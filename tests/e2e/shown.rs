//! The pages that show commands: what is shown, and what the commands print and write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ended, dlpc_sim, empty_folder, root, run};

/// Pages whose commands are run.
pub(crate) const PAGES: [&str; 3] = ["README.md", "docs/sweep.md", "docs/tutorial.md"];

/// Scenarios of the README's table of accuracy.
const COMPARED: [&str; 4] = ["dlpc-pi-count", "dlpc-pi-coordinates", "dlpc-log-1s", "dlpc-log-60s"];
/// Name of the README's own scenario, without the slip that `check` finds there.
pub(crate) const OWN: &str = "what-if";

/// A command line of a `console` block, and the output that follows it there (`...` stands for any lines).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) arguments: Vec<String>,
    /// Number of the first line of the output, from 0.
    pub(crate) line: usize,
    pub(crate) output: Vec<String>,
}

/// What the commands of all pages print and write.
pub(crate) struct Results {
    /// Each command of each page, in their order, and how it ended.
    pub(crate) ended: Vec<(&'static str, Shown, Ended)>,
    /// `prediction.json` by scenario.
    pub(crate) predictions: BTreeMap<String, Value>,
    /// `comparison.json` by scenario.
    pub(crate) comparisons: BTreeMap<String, Value>,
}

/// All results; the commands are run once.
pub(crate) static RESULTS: LazyLock<Results> = LazyLock::new(|| {
    // The slip that the README lets `check` find.
    let folder = reader_with(&scenario_of_the_readme().replace("[run]\n", "[run]\nreplicatons = 200\n"));
    let ended = PAGES.iter().flat_map(|page| commands(&text_of(page)).into_iter().map(move |shown| (*page, shown)));
    let ended = ended.map(|(page, shown)| {
        let ended = run_in(folder.path(), &shown.arguments);
        (page, shown, ended)
    });
    let ended = ended.collect();
    let own = scenario_of_the_readme().replace("../models", "models");
    std::fs::write(folder.path().join(OWN).with_extension("toml"), own).expect("a file");
    run_in(folder.path(), &["predict".to_owned(), format!("{OWN}.toml")]);
    for scenario in COMPARED {
        run_in(folder.path(), &["compare".to_owned(), format!("scenarios/{scenario}.toml")]);
    }
    let documents = |name| documents(&folder.path().join("output"), name);
    Results { ended, predictions: documents("prediction.json"), comparisons: documents("comparison.json") }
});

/// Returns the documents of a name by the folder that they are in.
fn documents(output: &Path, name: &str) -> BTreeMap<String, Value> {
    let folders = std::fs::read_dir(output).expect("the folder").map(|entry| entry.expect("an entry").path());
    let read = |folder: std::path::PathBuf| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        Some((folder.file_name()?.to_string_lossy().into_owned(), serde_json::from_str(&text).expect("JSON")))
    };
    folders.filter_map(read).collect()
}

/// Returns the text of a page.
pub(crate) fn text_of(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).expect(page)
}

/// Returns the commands of all `console` blocks that run the program.
pub(crate) fn commands(markdown: &str) -> Vec<Shown> {
    let mut is_console = false;
    let mut is_ours = false;
    let mut commands: Vec<Shown> = Vec::new();
    for (i, line) in markdown.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            (is_console, is_ours) = (language.trim() == "console", false);
        } else if is_console && line.starts_with("$ ") {
            let line = line.split(" #").next().unwrap_or_default();
            let starts = ["$ cargo run --release -- ", "$ dlpc-sim "];
            let arguments = starts.into_iter().find_map(|start| line.strip_prefix(start));
            is_ours = arguments.is_some();
            let arguments = arguments.map(|text| shell_words::split(text).expect("quotes that end"));
            commands.extend(arguments.map(|arguments| Shown { arguments, line: i + 1, output: Vec::new() }));
        } else if let Some(shown) = commands.last_mut().filter(|_| is_ours) {
            shown.output.push(line.trim_end().to_owned());
        }
    }
    commands
}

/// Returns the scenario that the README spells out.
pub(crate) fn scenario_of_the_readme() -> String {
    let text = text_of("README.md");
    let (_, rest) = text.split_once("```toml\n").expect("a scenario");
    rest.split("```").next().unwrap_or_default().to_owned()
}

/// Lays the repository's `models` and the README's scenario out in a folder, beside `scenarios`, where commands run.
pub(crate) fn reader_with(scenario: &str) -> TempDir {
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

/// Returns what a command printed, line by line.
pub(crate) fn printed(ended: &Ended) -> Vec<&str> {
    ended.stdout.lines().chain(ended.stderr.lines()).map(str::trim_end).collect()
}
