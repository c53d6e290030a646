//! Where results go: into whole files, through links, and into what is no file without replacing it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Ended, contents, dlpc_sim, empty_folder, run, succeeds};

const GOOD: &str = "scenarios/dlpc-pi-count.toml";

fn export(out: &Path) -> Ended {
    run(dlpc_sim().args(["export-goal", GOOD, "--ranks", "2", "--out"]).arg(out))
}

fn exported(out: &Path) {
    let Ended { code, stderr, .. } = export(out);
    assert_eq!((code, stderr.as_str()), (0, ""));
}

/// Returns what `export-goal` prints.
fn schedule() -> String {
    succeeds(dlpc_sim().args(["export-goal", GOOD, "--ranks", "2"]))
}

#[test]
fn a_link_is_followed_and_stays_a_link() {
    let folder = empty_folder();
    let (link, file) = (folder.path().join("link"), folder.path().join("below/file"));
    symlink("below/file", &link).expect("a link");
    // First to a file that is not there, then to one that is.
    for _ in 0..2 {
        exported(&link);
        assert!(fs::symlink_metadata(&link).expect("it").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("the target").trim_end(), schedule().trim_end());
        assert_eq!(contents(&folder.path().join("below")).len(), 1);
    }
}

#[test]
fn links_that_lead_to_each_other_cannot_be_written() {
    let folder = empty_folder();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    symlink(&one, &other).expect("a link");
    symlink(&other, &one).expect("a link");
    let Ended { code, stderr, .. } = export(&one);
    assert_eq!(code, 6, "{stderr}");
    assert!(fs::symlink_metadata(&one).expect("it").is_symlink());
}

#[test]
fn a_pipe_gets_the_result_and_stays_a_pipe() {
    let folder = empty_folder();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).expect("what is written")
    });
    exported(&pipe);
    assert_eq!(reader.join().expect("the reader").trim_end(), schedule().trim_end());
    assert!(fs::symlink_metadata(&pipe).expect("it").file_type().is_fifo());
}

/// By way of a link, so that a fault would replace the link and not the device.
#[test]
fn a_device_is_written_to_and_not_replaced() {
    let folder = empty_folder();
    let link = folder.path().join("full");
    symlink("/dev/full", &link).expect("a link");
    let Ended { code, stderr, .. } = export(&link);
    assert_eq!(code, 6, "{stderr}");
    assert!(stderr.contains("cannot write") && stderr.contains("No space left"), "{stderr}");
    assert!(fs::symlink_metadata(&link).expect("it").is_symlink());
    assert!(fs::metadata(&link).expect("it").file_type().is_char_device());
}

#[test]
fn standard_output_by_name_is_standard_output() {
    let printed = succeeds(dlpc_sim().args(["export-goal", GOOD, "--ranks", "2", "--out", "/dev/stdout"]));
    assert_eq!(printed.trim_end(), schedule().trim_end());
}

#[test]
fn a_file_that_is_replaced_keeps_its_permissions() {
    let folder = empty_folder();
    let file = folder.path().join("file");
    fs::write(&file, "old").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
    exported(&file);
    assert_eq!(fs::metadata(&file).expect("it").permissions().mode() & 0o777, 0o640);
    assert_eq!(contents(folder.path()).len(), 1);
}

/// What is read again when a sweep goes on must be a file.
#[test]
fn a_pipe_in_place_of_the_results_of_a_sweep_is_refused() {
    let folder = empty_folder();
    let pipe = folder.path().join("sweep-points.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let Ended { code, stderr, .. } =
        run(dlpc_sim().args(["sweep", GOOD, "--set", "run.ranks=1, 2", "--out"]).arg(folder.path()));
    assert_eq!(code, 6, "{stderr}");
    assert!(stderr.contains("a device or a pipe, not a regular file"), "{stderr}");
    let Ended { code, stderr, .. } = run(dlpc_sim().args(["measure", GOOD, "--out"]).arg(&pipe));
    assert_eq!(code, 6, "{stderr}");
    assert!(stderr.contains("a device or a pipe, not a regular file"), "{stderr}");
}
