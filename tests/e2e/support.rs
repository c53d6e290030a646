//! The binary, the folders of the repository and what is in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Returns the folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the binary, in the folder of the repository and without what the surroundings say about colour and width.
pub(crate) fn dlpc_sim() -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("dlpc-sim");
    command.current_dir(root()).env("NO_COLOR", "1").env("COLUMNS", "100").env_remove("CLICOLOR_FORCE");
    command
}

/// Returns an empty folder, which goes away with the value.
pub(crate) fn empty_folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code().expect("no signal"), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a command that has to succeed without a warning, and returns what it printed.
pub(crate) fn succeeds(command: &mut Command) -> String {
    let Ended { code, stdout, stderr } = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""), "{command:?}");
    stdout
}

/// Returns the files of a folder with an extension, sorted, as seen from the folder of the repository.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut paths: Vec<PathBuf> = names.map(|name| Path::new(folder).join(name)).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    assert!(!paths.is_empty(), "no .{extension} in {folder}");
    paths
}

/// Returns the name of a file without folder and extension.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().expect("a file name").to_string_lossy().into_owned()
}

/// Returns the contents of all files of a folder by name.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a file name").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read(&path).expect("a file"))).collect()
}

/// Returns what a text says on one line: how its lines are broken does not matter.
pub(crate) fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
