//! Python programs with the mpi4py of `PyPI`.

use crate::stand::{Stand, python};
use crate::support::root;

fn run(script: &str, ranks: &str) -> Option<String> {
    let python = python()?;
    let script = root().join("tests/run").join(script);
    let arguments = ["--ranks", ranks, "--scale", "1", "--oversubscribe"];
    let ended = Stand::new().run(&arguments, &python, &[&script.display().to_string()]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    Some(ended.stdout)
}

/// The script checks its results itself.
#[test]
fn objects_reach_the_ranks_that_they_are_sent_to() {
    run("objects.py", "1..=5");
}
