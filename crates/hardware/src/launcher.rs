//! Starts a program on the ranks of a cluster and reads what it prints, line by line; no shell in between.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

/// How ranks are started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// The launcher, for instance `mpirun`.
    pub program: OsString,
    /// Whose options it takes.
    pub flavour: Flavour,
    /// Arguments of the user, after the tool's own.
    pub extra_args: Vec<OsString>,
    /// Hosts and slots; without it, the launcher's default (this host, or the allocation of the batch system).
    pub hostfile: Option<PathBuf>,
}

/// Whose options a launcher takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `mpirun` of Open MPI.
    OpenMpi,
    /// `mpiexec.hydra`, of MPICH and its relatives.
    Hydra,
    /// `srun` of Slurm.
    Slurm,
}

/// In which order ranks fill the slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapBy {
    /// All slots of a host, then the next host.
    Slot,
    /// One slot of each host in turn.
    Node,
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Ranks.
    pub n_ranks: u32,
    /// Their order.
    pub map_by: MapBy,
    /// Program and arguments, the same for all ranks.
    pub command: Vec<OsString>,
    /// Standard input of rank 0.
    pub stdin: Vec<u8>,
    /// Longest time without a line on standard output.
    pub silence_limit: Duration,
}

/// Why a job did not end well.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// The launcher could not be started.
    #[error("cannot start `{}`: {source}", program.to_string_lossy())]
    Start {
        /// The launcher.
        program: OsString,
        /// Why.
        source: io::Error,
    },
    /// The launcher ended with an error.
    #[error("`{}` ended with {status}{}", program.to_string_lossy(), tail(stderr))]
    Failed {
        /// The launcher.
        program: OsString,
        /// How it ended.
        status: ExitStatus,
        /// What it printed on standard error.
        stderr: String,
    },
    /// The job has been silent for too long and was ended.
    #[error("no answer for {} s, so the job was ended{}", limit.as_secs(), tail(stderr))]
    Silent {
        /// The limit.
        limit: Duration,
        /// What it printed on standard error.
        stderr: String,
    },
    /// Its output could not be read.
    #[error("cannot read the output of the job: {0}")]
    Output(#[from] io::Error),
}

/// Last lines of what a job printed on standard error, for messages.
fn tail(stderr: &str) -> String {
    const LINES: usize = 12;
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines.len().saturating_sub(LINES);
    lines[first..].iter().fold(String::new(), |text, line| text + "\n  | " + line)
}

impl Launcher {
    /// Returns program and arguments that start `job`.
    #[must_use]
    pub fn command_line(&self, job: &Job) -> Vec<OsString> {
        let mut line = vec![self.program.clone()];
        let n_ranks = job.n_ranks.to_string();
        match self.flavour {
            Flavour::OpenMpi => {
                line.extend(["-np".into(), n_ranks.into()]);
                if let Some(hostfile) = &self.hostfile {
                    line.extend(["--hostfile".into(), hostfile.into()]);
                }
                let order = match job.map_by {
                    MapBy::Slot => "slot",
                    MapBy::Node => "node",
                };
                line.extend(["--map-by".into(), order.into()]);
            }
            Flavour::Hydra => {
                line.extend(["-n".into(), n_ranks.into()]);
                if let Some(hostfile) = &self.hostfile {
                    line.extend(["-f".into(), hostfile.into()]);
                }
                if job.map_by == MapBy::Node {
                    line.extend(["-ppn".into(), "1".into()]);
                }
            }
            Flavour::Slurm => {
                line.extend(["--ntasks".into(), n_ranks.into()]);
                let order = match job.map_by {
                    MapBy::Slot => "block",
                    MapBy::Node => "cyclic",
                };
                line.push(format!("--distribution={order}").into());
            }
        }
        line.extend(self.extra_args.iter().cloned());
        line.extend(job.command.iter().cloned());
        line
    }

    /// Runs `job` and hands each line of its standard output to `on_line`.
    ///
    /// # Errors
    /// [`LaunchError`] with what the job printed on standard error. Lines that came before have been handed over.
    pub fn run(&self, job: &Job, on_line: &mut dyn FnMut(&str)) -> Result<(), LaunchError> {
        run_process(&self.command_line(job), &job.stdin, job.silence_limit, on_line)
    }
}

/// Runs a program with its arguments and hands each line of its standard output to `on_line`.
fn run_process(
    command_line: &[OsString],
    stdin: &[u8],
    silence_limit: Duration,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), LaunchError> {
    let program = command_line[0].clone();
    let mut child = Command::new(&program)
        .args(&command_line[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| LaunchError::Start { program: program.clone(), source })?;
    let stderr = read_in_background(&mut child);
    feed_in_background(&mut child, stdin.to_vec());
    if !hand_over_lines(&mut child, silence_limit, on_line)? {
        end(&mut child)?;
        return Err(LaunchError::Silent { limit: silence_limit, stderr: stderr.join().unwrap_or_default() });
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(());
    }
    Err(LaunchError::Failed { program, status, stderr: stderr.join().unwrap_or_default() })
}

/// Returns whether standard output has ended before a silence of `limit`.
fn hand_over_lines(child: &mut Child, limit: Duration, on_line: &mut dyn FnMut(&str)) -> io::Result<bool> {
    let stdout = child.stdout.take().expect("invariant: standard output is a pipe");
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n') {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        match lines.recv_timeout(limit) {
            Ok(line) => on_line(String::from_utf8_lossy(&line?).trim_end()),
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
        }
    }
}

fn read_in_background(child: &mut Child) -> thread::JoinHandle<String> {
    let mut stderr = child.stderr.take().expect("invariant: standard error is a pipe");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read before an error is still worth showing.
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn feed_in_background(child: &mut Child, input: Vec<u8>) {
    let mut stdin = child.stdin.take().expect("invariant: standard input is a pipe");
    thread::spawn(move || {
        // A job that does not read its input is judged by its output.
        let _ = stdin.write_all(&input);
    });
}

/// Asks the launcher to end, so that it can end its ranks; ends it by force if it does not.
fn end(child: &mut Child) -> io::Result<()> {
    const PATIENCE: Duration = Duration::from_millis(100);
    const TRIES: u32 = 50;
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // If it has just ended by itself, there is nobody to ask.
        let _ = kill_process(pid, Signal::TERM);
    }
    for _ in 0..TRIES {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(PATIENCE);
    }
    child.kill()?;
    child.wait().map(drop)
}

/// Tells whose launcher `program` is, by its name and by what it says of itself.
///
/// # Errors
/// [`LaunchError::Start`] if it cannot be started.
pub fn flavour_of(program: &OsStr) -> Result<(Flavour, String), LaunchError> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| LaunchError::Start { program: program.to_owned(), source })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((flavour_by(&name, &text), version))
}

/// Hydra first: it names Slurm among the launchers that it can use.
fn flavour_by(name: &str, text: &str) -> Flavour {
    if text.contains("HYDRA") || text.contains("MPICH") || name.contains("hydra") {
        Flavour::Hydra
    } else if text.contains("slurm") || name.starts_with("srun") {
        Flavour::Slurm
    } else {
        Flavour::OpenMpi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn run(script: &str, silence_limit: Duration) -> (Vec<String>, Result<(), LaunchError>) {
        let mut lines = Vec::new();
        let command_line = ["sh", "-c", script].map(OsString::from);
        let result =
            run_process(&command_line, b"first\nsecond\n", silence_limit, &mut |line| lines.push(line.to_owned()));
        (lines, result)
    }

    #[test]
    fn launchers_are_known_by_what_they_say_of_themselves() {
        let hydra = "HYDRA build details:\n    Launchers available:                     ssh rsh fork slurm ll lsf sge";
        assert_eq!(flavour_by("mpiexec", hydra), Flavour::Hydra);
        assert_eq!(flavour_by("srun", "slurm 22.05.8"), Flavour::Slurm);
        assert_eq!(flavour_by("mpirun", "mpirun (Open MPI) 4.1.4"), Flavour::OpenMpi);
    }

    #[test]
    fn hands_over_each_line_and_gives_the_input() {
        let (lines, result) = run("cat; echo last", LONG);
        assert!(result.is_ok());
        assert_eq!(lines, ["first", "second", "last"]);
    }

    #[test]
    fn a_failed_job_says_why_and_keeps_its_lines() {
        let (lines, result) = run("echo sample; echo reason >&2; exit 3", LONG);
        assert_eq!(lines, ["sample"]);
        let message = result.expect_err("a failure").to_string();
        assert!(message.contains("exit status: 3") && message.ends_with("| reason"), "{message}");
    }

    #[test]
    fn a_silent_job_is_ended_and_keeps_its_lines() {
        let (lines, result) = run("echo sample; exec sleep 600", Duration::from_millis(300));
        assert_eq!(lines, ["sample"]);
        assert!(matches!(result, Err(LaunchError::Silent { .. })));
    }

    #[test]
    fn a_launcher_that_is_not_there_is_named() {
        let result = run_process(&["/nowhere/mpirun".into()], b"", LONG, &mut |_| ());
        assert!(result.expect_err("a failure").to_string().starts_with("cannot start `/nowhere/mpirun`"));
    }

    #[test]
    fn arguments_reach_the_launcher_one_by_one() {
        let launcher = Launcher {
            program: "mpirun".into(),
            flavour: Flavour::OpenMpi,
            extra_args: vec!["--bind-to".into(), "none".into()],
            hostfile: Some("my hosts; rm".into()),
        };
        let job = Job {
            n_ranks: 4,
            map_by: MapBy::Node,
            command: vec!["dlpc-sim".into(), "kernel".into()],
            stdin: Vec::new(),
            silence_limit: LONG,
        };
        let expected = [
            "mpirun",
            "-np",
            "4",
            "--hostfile",
            "my hosts; rm",
            "--map-by",
            "node",
            "--bind-to",
            "none",
            "dlpc-sim",
            "kernel",
        ];
        assert_eq!(launcher.command_line(&job), expected.map(OsString::from));
    }
}
