//! One run of a program: what it prints is handed over line by line, within limits, and nothing of it is left behind.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};

use super::said::Said;
use super::{LaunchError, session};

/// Longest line that is handed over; the rest of a longer one is left out.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Lines that wait to be handed over.
const LINES_WAITING: usize = 16;
/// How often to look whether the program has ended, or is to be ended.
const LOOK: Duration = Duration::from_millis(50);
/// How long the output of a program that has ended may still come: what it started can hold the pipe for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// How a run is limited.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    /// Longest time without a line.
    pub(super) silence: Duration,
    /// Longest standard output, in bytes.
    pub(super) output_bytes: usize,
    /// Whether the run is to be ended now.
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

/// How a run ended.
enum Ending {
    Exit(ExitStatus),
    Silent,
    Stopped,
    TooMuch,
}

/// Runs a program with its arguments and hands each line of its standard output to `on_line`.
///
/// It leads a session of its own, without a terminal. At the end nothing is left of that session.
pub(super) fn run(
    command_line: &[OsString],
    stdin: &[u8],
    limits: Limits<'_>,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), LaunchError> {
    let program = command_line[0].clone();
    let mut command = Command::new(&program);
    command.args(&command_line[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = CommandWrap::from(command)
        .wrap(ProcessSession)
        .spawn()
        .map_err(|source| LaunchError::Start { program: program.clone(), source })?;
    let said = listen(child.as_mut());
    feed(child.as_mut(), stdin.to_vec());
    let ending = follow(child.as_mut(), limits, on_line);
    session::end(child.as_mut())?;
    let stderr = said.text();
    match ending? {
        Ending::Exit(status) if status.success() => Ok(()),
        Ending::Exit(status) => Err(LaunchError::Failed { program, status, stderr }),
        Ending::Silent => Err(LaunchError::Silent { limit: limits.silence, stderr }),
        Ending::TooMuch => Err(LaunchError::TooMuch { limit_bytes: limits.output_bytes }),
        Ending::Stopped => Err(LaunchError::Stopped),
    }
}

/// Hands over lines until the program has ended or breaks a limit.
fn follow(child: &mut dyn ChildWrapper, limits: Limits<'_>, on_line: &mut dyn FnMut(&str)) -> io::Result<Ending> {
    let lines = lines_of(child.stdout().take().expect("invariant: standard output is a pipe"));
    let mut is_open = true;
    let mut heard_at = Instant::now();
    let mut n_bytes = 0;
    loop {
        match next_line(&lines, is_open) {
            Ok(line) => {
                let line = line?;
                n_bytes += line.len();
                if limits.output_bytes < n_bytes {
                    return Ok(Ending::TooMuch);
                }
                on_line(String::from_utf8_lossy(&line).trim_end());
                heard_at = Instant::now();
                if !(limits.stop)() {
                    continue;
                }
            }
            Err(RecvTimeoutError::Disconnected) => is_open = false,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if (limits.stop)() {
            return Ok(Ending::Stopped);
        }
        match child.try_wait()? {
            Some(status) if !is_open || DRAIN <= heard_at.elapsed() => return Ok(Ending::Exit(status)),
            None if limits.silence <= heard_at.elapsed() => return Ok(Ending::Silent),
            Some(_) | None => {}
        }
    }
}

fn next_line(lines: &Receiver<io::Result<Vec<u8>>>, is_open: bool) -> Result<io::Result<Vec<u8>>, RecvTimeoutError> {
    if is_open {
        return lines.recv_timeout(LOOK);
    }
    thread::sleep(LOOK / 10);
    Err(RecvTimeoutError::Timeout)
}

/// Reads lines in the background, only so far ahead as memory allows.
fn lines_of(stdout: ChildStdout) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, lines) = mpsc::sync_channel(LINES_WAITING);
    thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        while let Some(line) = read_line(&mut stdout).transpose() {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Returns the next line, or as much of it as is kept; nothing at the end.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if line.len() as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok((!line.is_empty()).then_some(line))
}

/// Standard error, as it is read in the background.
struct Listener {
    said: Arc<Mutex<Said>>,
    reader: JoinHandle<()>,
}

impl Listener {
    /// Returns what was said, once it has come; whoever holds the pipe is not waited for.
    fn text(&self) -> String {
        let asked_at = Instant::now();
        while !self.reader.is_finished() && asked_at.elapsed() < DRAIN {
            thread::sleep(LOOK / 10);
        }
        self.said.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

fn listen(child: &mut dyn ChildWrapper) -> Listener {
    let mut stderr = child.stderr().take().expect("invariant: standard error is a pipe");
    let said = Arc::new(Mutex::new(Said::default()));
    let kept = Arc::clone(&said);
    let reader = thread::spawn(move || {
        let mut bytes = [0; 8192];
        // What could be read before an error is still worth showing.
        while let Ok(n) = stderr.read(&mut bytes)
            && 0 < n
        {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(&bytes[..n]);
        }
    });
    Listener { said, reader }
}

fn feed(child: &mut dyn ChildWrapper, input: Vec<u8>) {
    let mut stdin = child.stdin().take().expect("invariant: standard input is a pipe");
    thread::spawn(move || {
        // A job that does not read its input is judged by its output.
        let _ = stdin.write_all(&input);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(300);
    /// What a limit may be exceeded by.
    const MARGIN: Duration = Duration::from_secs(2);

    fn run_limited(script: &str, limits: Limits<'_>) -> (Vec<String>, Result<(), LaunchError>, Duration) {
        let mut lines = Vec::new();
        let command_line = ["sh", "-c", script].map(OsString::from);
        let started_at = Instant::now();
        let result = run(&command_line, b"first\nsecond\n", limits, &mut |line| {
            if lines.len() < 10 {
                lines.push(line.to_owned());
            }
        });
        (lines, result, started_at.elapsed())
    }

    fn run_script(script: &str, silence: Duration) -> (Vec<String>, Result<(), LaunchError>, Duration) {
        run_limited(script, Limits { silence, output_bytes: 1 << 22, stop: &|| false })
    }

    fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.trim_start().starts_with('Z'))
    }

    #[test]
    fn hands_over_each_line_and_gives_the_input() {
        let (lines, result, _) = run_script("cat; echo last", LONG);
        assert!(result.is_ok());
        assert_eq!(lines, ["first", "second", "last"]);
    }

    #[test]
    fn a_failed_job_says_why_and_keeps_its_lines() {
        let (lines, result, _) = run_script("echo sample; echo reason >&2; exit 3", LONG);
        assert_eq!(lines, ["sample"]);
        let message = result.expect_err("a failure").to_string();
        assert!(message.contains("exit status: 3") && message.ends_with("| reason"), "{message}");
    }

    #[test]
    fn a_silent_job_is_ended_and_keeps_its_lines() {
        let (lines, result, elapsed) = run_script("echo sample; exec sleep 600", SHORT);
        assert_eq!(lines, ["sample"]);
        assert!(matches!(result, Err(LaunchError::Silent { .. })));
        assert!(elapsed < SHORT + MARGIN, "{elapsed:?}");
    }

    #[test]
    fn a_job_that_ignores_being_asked_is_ended_with_all_that_it_started() {
        // As Open MPI with an ssh that hangs: the child is in a group of its own, and holds both pipes.
        let script = "trap '' TERM; set -m; sleep 600 & echo $!; while :; do sleep 600; done";
        let (lines, result, elapsed) = run_script(script, SHORT);
        assert!(matches!(result, Err(LaunchError::Silent { .. })));
        assert!(elapsed < SHORT + MARGIN, "{elapsed:?}");
        assert!(!is_alive(&lines[0]), "an orphan is left");
    }

    #[test]
    fn a_job_that_ends_does_not_wait_for_a_child_that_holds_its_pipes() {
        for (script, is_good) in [("sleep 600 & echo $!", true), ("sleep 600 & echo $!; exit 3", false)] {
            let (lines, result, elapsed) = run_script(script, LONG);
            assert_eq!(result.is_ok(), is_good);
            assert!(elapsed < MARGIN, "{elapsed:?}");
            assert!(!is_alive(&lines[0]), "an orphan is left");
        }
    }

    #[test]
    fn a_job_that_closes_its_output_and_goes_on_is_ended() {
        let (_, result, elapsed) = run_script("exec >&- 2>&-; exec sleep 600", SHORT);
        assert!(matches!(result, Err(LaunchError::Silent { .. })));
        assert!(elapsed < SHORT + MARGIN, "{elapsed:?}");
    }

    #[test]
    fn a_job_that_is_to_be_ended_is_ended_at_once() {
        let (_, result, elapsed) =
            run_limited("exec sleep 600", Limits { silence: LONG, output_bytes: 1 << 22, stop: &|| true });
        assert!(matches!(result, Err(LaunchError::Stopped)));
        assert!(elapsed < MARGIN, "{elapsed:?}");
    }

    #[test]
    fn endless_output_ends_the_job() {
        let (lines, result, _) = run_script("while :; do head -c 100000 /dev/zero | tr '\\0' x; echo; done", LONG);
        assert!(matches!(result, Err(LaunchError::TooMuch { .. })));
        assert_eq!(lines[0].len(), 100_000);
    }

    #[test]
    fn an_endless_line_is_silence_and_what_is_kept_of_a_long_one_is_short() {
        let (lines, result, _) = run_script("exec cat /dev/zero", SHORT);
        assert!(matches!(result, Err(LaunchError::Silent { .. })));
        assert!(lines.is_empty());
        let (lines, result, _) = run_script("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo next", LONG);
        assert!(result.is_ok());
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [1 << 20, 4]);
    }

    #[test]
    fn endless_text_on_standard_error_does_not_hide_its_beginning() {
        let script = "echo 'ssh: no route' >&2; yes advice >&2 & sleep 600";
        let (_, result, _) = run_script(script, SHORT);
        let message = result.expect_err("silence").to_string();
        assert!(message.contains("ssh: no route"), "{message}");
    }

    #[test]
    fn a_launcher_that_is_not_there_is_named() {
        let limits = Limits { silence: LONG, output_bytes: 1 << 22, stop: &|| false };
        let result = run(&["/nowhere/mpirun".into()], b"", limits, &mut |_| ());
        assert!(result.expect_err("a failure").to_string().starts_with("cannot start `/nowhere/mpirun`"));
    }
}
