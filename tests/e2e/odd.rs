//! Inputs at the edge: programs that take no time, sweeps over nothing, names that a terminal would obey.

use std::path::{Path, PathBuf};

use dlpc_report::plot::Plot;
use serde_json::Value;

use crate::json_schema;
use crate::support::{Ended, contents, dlpc_sim, empty_folder, root, run, succeeds};

/// Writes a scenario on the DLPC with a title and phases.
fn scenario(folder: &Path, title: &str, phases: &str) -> PathBuf {
    let machine = root().join("models/dlpc-2020.toml").to_string_lossy().replace('\\', "/");
    let text = format!(
        "format = 1\ntitle = {title}\nmachine = \"{machine}\"\n[run]\nranks = [1, 2, 4]\nreplications = 2\n\
         [workload.custom]\nphases = [{phases}]\n"
    );
    let path = folder.join("odd.toml");
    std::fs::write(&path, text).expect("a file");
    path
}

const NOTHING: &str = "{ sleep = \"0 s\" }";

#[test]
fn a_program_that_takes_no_time_has_no_speedup() {
    let folder = empty_folder();
    let path = scenario(folder.path(), "\"Nothing\"", NOTHING);
    let out = folder.path().join("out");
    let text = succeeds(dlpc_sim().arg("predict").arg(&path).arg("--png").arg("--out").arg(&out));
    let results = contents(&out);
    let prediction: Value = serde_json::from_slice(&results["prediction.json"]).expect("JSON");
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "prediction"]))).expect("JSON");
    assert_eq!(json_schema::problems(&schema, &prediction), Vec::<String>::new());
    assert_eq!(prediction["points"][1]["makespan_s"], 0.0);
    assert_eq!(prediction["points"][1]["speedup"], Value::Null);
    let csv = String::from_utf8_lossy(&results["prediction.csv"]).into_owned();
    assert!(csv.lines().nth(2).is_some_and(|row| row.starts_with("2,0,0,0,,,,,,")), "{csv}");
    assert_is_free_of_nan(&text);
    let plots = Plot::OF_A_PREDICTION.map(|plot| format!("{}.svg", plot.file_stem()));
    for name in plots.iter().map(String::as_str).chain(["prediction.csv", "prediction.html"]) {
        assert_is_free_of_nan(&String::from_utf8_lossy(&results[name]).replace("isNaN", "").replace("NaN,", ""));
    }
    let explain = succeeds(dlpc_sim().arg("explain").arg(&path).arg("--out").arg(&out));
    assert_is_free_of_nan(&explain);
    let explained: Value = serde_json::from_slice(&contents(&out)["explain.json"]).expect("JSON");
    let schema: Value = serde_json::from_str(&succeeds(dlpc_sim().args(["schema", "explain"]))).expect("JSON");
    assert_eq!(json_schema::problems(&schema, &explained), Vec::<String>::new());
}

/// Checks what people read: scripts that pages hold are cut out.
fn assert_is_free_of_nan(text: &str) {
    let read: String = text.split("<script").map(|part| part.split("</script>").last().unwrap_or(part)).collect();
    assert!(!["NaN", ">inf<", " inf ", "inf %"].iter().any(|none| read.contains(none)), "{read}");
}

fn sweep(path: &Path, out: &Path, set: &str) -> Ended {
    run(dlpc_sim().arg("sweep").arg(path).args(["--set", set, "--set", "run.ranks=2", "--out"]).arg(out))
}

#[test]
fn a_sweep_over_equal_values_is_drawn() {
    let folder = empty_folder();
    let path = scenario(folder.path(), "\"Equal\"", "{ compute = { work = \"1 s\", share = \"divided\" } }");
    for set in ["machine.switch.latency=5 us,5 us", "run.seed=7,7", "machine.switch.latency=0 us,0 us"] {
        let Ended { code, stderr, .. } = sweep(&path, &folder.path().join("out"), set);
        assert_eq!(code, 0, "{set}: {stderr}");
    }
    let path = scenario(folder.path(), "\"Nothing\"", NOTHING);
    let Ended { code, stdout, stderr } = sweep(&path, &folder.path().join("none"), "run.seed=1,2");
    assert_eq!(code, 0, "{stderr}");
    assert_is_free_of_nan(&stdout);
}

#[test]
fn a_sweep_of_which_one_point_succeeds_says_what_is_wrong_with_the_others() {
    let folder = empty_folder();
    let work = "{ compute = { work = \"1 s\", share = \"each-rank\" } }";
    let path = scenario(folder.path(), "\"Too long\"", &format!("{{ repeat = {{ times = 1, phases = [{work}] }} }}"));
    // Simulated time ends after 213 days (2^64 ps).
    let text = std::fs::read_to_string(&path).expect("text").replace("\"1 s\"", "\"4800 h\"");
    std::fs::write(&path, text).expect("a file");
    let speeds = "machine.hosts.pi.speed=1,0.5,0.25";
    let Ended { code, stderr, .. } = sweep(&path, &folder.path().join("out"), speeds);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("cannot be computed") && !stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_title_that_a_terminal_would_obey_is_refused_with_its_place() {
    let folder = empty_folder();
    for (title, code, what) in [
        ("\"a\\u001b[2J\"", "U+001B", "characters that can be seen"),
        ("\"a\\u009b2J\"", "U+009B", "characters that can be seen"),
        ("\"a\\nb\"", "U+000A", "in one line"),
        ("\"\"\"a\nb\"\"\"", "U+000A", "in one line"),
    ] {
        let path = scenario(folder.path(), title, NOTHING);
        for (command, more) in [("check", &[][..]), ("predict", &[]), ("export-goal", &["--ranks", "2"])] {
            let Ended { code: exit, stdout, stderr } = run(dlpc_sim().arg(command).arg(&path).args(more));
            assert_eq!(exit, 3, "{title}: {stderr}");
            assert!(stderr.contains(code) && stderr.contains(what) && stderr.contains("odd.toml:2:9"), "{stderr}");
            assert!(!format!("{stdout}{stderr}").contains(['\u{1b}', '\u{9b}']), "{stderr}");
        }
    }
}

#[test]
fn what_files_hold_reaches_no_terminal_as_it_is() {
    let folder = empty_folder();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let evil = "\u{1b}]0;x\u{7}\u{9b}31m";
    let files = [
        ("check", path("a.toml", &format!("format = 1\n\"{evil}\" = 1\n"))),
        ("check", path("b.toml", &format!("format = 1\ntitle = \"{evil}\"\n"))),
        ("check", path("c.csv", &format!("ranks,seconds\n1,{evil}\n"))),
        ("check", path("d.csv", &format!("ranks,{evil}\n1,1\n"))),
        ("replay", path("e.goal", &format!("num_ranks 1\nrank 0 {{\n{evil}: calc 5\n}}\n"))),
        ("replay", path("f.goal", &format!("num_ranks 1\nrank 0 {{\nl1: {evil} 5\nl2 requires l{evil}\n}}\n"))),
        ("replay", path("g.txt", &format!("0 compute {evil}\n"))),
    ];
    for (command, path) in files {
        let mut command_line = dlpc_sim();
        let Ended { code, stdout, stderr } = run(command_line.env_remove("NO_COLOR").arg(command).arg(&path));
        assert_ne!(code, 101, "{path:?}: {stderr}");
        assert_ne!(stderr, "", "{path:?}: {stdout}");
        let shown = format!("{stdout}{stderr}");
        let obeyed = shown.chars().find(|symbol| symbol.is_control() && *symbol != '\n');
        assert_eq!(obeyed, None, "{path:?}: {shown:?}");
    }
}
