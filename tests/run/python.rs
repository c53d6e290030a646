//! Python programs with the mpi4py of `PyPI`.

use crate::stand::{Stand, python};
use crate::support::{self, dlpc_sim, root};

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

/// The darts are thrown on the line that gathers what has hit, in the shipped script: from its look at the clock to the gather, on each
/// rank; the time is that of the script's own clock.
#[test]
fn explain_names_lines_of_a_script() {
    let Some(python) = python() else { return };
    let stand = Stand::new();
    let path = root().join("scenarios/programs/pi_count.py");
    let source = std::fs::read_to_string(&path).expect("the script");
    let line_of = |words: &str| 1 + source.lines().position(|line| line.contains(words)).expect("the line");
    let script = path.display().to_string();
    let arguments = ["--ranks", "1,2", "--scale", "1", "--timed", "program"];
    let ended = stand.run(&arguments, &python, &[&script, "20000"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let first = line_of("start = MPI.Wtime()");
    let clock = format!("from pi_count.py:{first} to pi_count.py:{}", line_of("MPI.Wtime() - start"));
    assert!(ended.stderr.replace('\n', " ").contains(&clock), "{}", ended.stderr);
    let ended =
        support::run(dlpc_sim().arg("explain").arg(stand.path("scenario.toml")).arg("--out").arg(stand.path("why")));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let darts = format!("computing, pi_count.py:{first} to pi_count.py:{}", line_of("world.gather"));
    let row = ended.stdout.lines().find(|line| line.contains(&darts));
    assert!(row.is_some(), "{darts}: {}", ended.stdout);
    let json = std::fs::read_to_string(stand.path("why").join("explain.json")).expect("a result");
    assert!(json.contains("\"in_program\"") && json.contains("\"kind\": \"computing\""), "{json}");
}
