//! Runs a program as a process of its own, within a time limit.

use std::process::{Command, Stdio};
use std::time::Instant;

/// What a run of a pattern says, and what it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) simulated_s: f64,
    pub(crate) n_messages: u64,
    pub(crate) peak_kb: u64,
    /// From start to end of the process.
    pub(crate) wall_s: f64,
}

/// Runs a command; returns what it printed and the seconds from start to end of the process, none if it took too long.
///
/// `timeout` ends its whole group of processes: `smpirun` is a script.
pub(crate) fn output(command: &Command, limit_s: u32) -> Option<(String, f64)> {
    let mut limited = Command::new("timeout");
    limited.args(["--kill-after=1", &limit_s.to_string()]).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    let start = Instant::now();
    let output = limited.stdin(Stdio::null()).stderr(Stdio::piped()).output().expect("timeout(1)");
    let wall_s = start.elapsed().as_secs_f64();
    if matches!(output.status.code(), Some(124 | 137)) {
        return None;
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{limited:?} failed:\n{stderr}");
    Some((format!("{}{stderr}", String::from_utf8_lossy(&output.stdout)), wall_s))
}

/// Runs a pattern some times, or until that has taken 5 s, and returns the fastest run; none if one took too long.
pub(crate) fn fastest(command: &Command, limit_s: u32, times: u32) -> Option<Run> {
    const ENOUGH_S: f64 = 5.0;
    let (mut fastest, mut total_s) = (run(command, limit_s)?, 0.0);
    for _ in 1..times {
        total_s += fastest.wall_s;
        if total_s > ENOUGH_S {
            break;
        }
        let again = run(command, limit_s)?;
        fastest = if again.wall_s < fastest.wall_s { again } else { fastest };
    }
    Some(fastest)
}

fn run(command: &Command, limit_s: u32) -> Option<Run> {
    let (text, wall_s) = output(command, limit_s)?;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let line = text.lines().map(words).find(|words| words.len() == 3 && words[0].parse::<f64>().is_ok());
    let [simulated, messages, peak] = &line.unwrap_or_else(|| panic!("{command:?} printed no result:\n{text}"))[..]
    else {
        unreachable!("three words")
    };
    Some(Run {
        simulated_s: simulated.parse().expect("seconds"),
        n_messages: messages.parse().expect("messages"),
        peak_kb: peak.parse().expect("a size"),
        wall_s,
    })
}
