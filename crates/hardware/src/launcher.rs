//! Starts a program on the ranks of a cluster and reads what it prints, line by line; no shell in between.

pub mod hostfile;
mod process;
mod said;
pub(crate) mod session;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use self::process::Limits;
use self::said::excerpt;

/// More than this on standard output is no answer to anything.
const OUTPUT_BYTES_MAX: usize = 64 << 20;

/// How ranks are started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// The launcher, for instance `mpirun`.
    pub program: OsString,
    /// Whose options it takes.
    pub flavour: Flavour,
    /// Arguments of the user, after the tool's own.
    pub extra_args: Vec<OsString>,
    /// A file of hosts and slots in the launcher's own syntax ([`hostfile::hostfile`]), for Slurm their names; without it,
    /// the launcher's default (this host, or the allocation of the batch system).
    pub hosts: Option<OsString>,
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
    #[error("`{}` ended with {status}{}", program.to_string_lossy(), excerpt(stderr))]
    Failed {
        /// The launcher.
        program: OsString,
        /// How it ended.
        status: ExitStatus,
        /// What it printed on standard error.
        stderr: String,
    },
    /// The job has been silent for too long and was ended.
    #[error("no answer for {} s, so the job was ended{}", limit.as_secs(), excerpt(stderr))]
    Silent {
        /// The limit.
        limit: Duration,
        /// What it printed on standard error.
        stderr: String,
    },
    /// The job printed more than any answer has, and was ended.
    #[error("the job printed more than {} MiB, so it was ended", limit_bytes >> 20)]
    TooMuch {
        /// The limit.
        limit_bytes: usize,
    },
    /// This program has been told to end, and has ended the job.
    #[error("the job was ended, as this program was told to end")]
    Stopped,
    /// Its output could not be read.
    #[error("cannot read the output of the job: {0}")]
    Output(#[from] io::Error),
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
                if let Some(hostfile) = &self.hosts {
                    line.extend(["--hostfile".into(), hostfile.clone()]);
                }
                let order = match job.map_by {
                    MapBy::Slot => "slot",
                    MapBy::Node => "node",
                };
                line.extend(["--map-by".into(), order.into()]);
            }
            Flavour::Hydra => {
                line.extend(["-n".into(), n_ranks.into()]);
                if let Some(hostfile) = &self.hosts {
                    line.extend(["-f".into(), hostfile.clone()]);
                }
                if job.map_by == MapBy::Node {
                    line.extend(["-ppn".into(), "1".into()]);
                }
            }
            Flavour::Slurm => {
                line.extend(["--ntasks".into(), n_ranks.into()]);
                if let Some(names) = &self.hosts {
                    line.extend(["--nodelist".into(), names.clone()]);
                }
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

    /// Runs `job` and hands each line of its standard output to `on_line`; ends it as soon as `stop` says so.
    ///
    /// Whatever ends it, nothing of what the launcher started on this host is left.
    ///
    /// # Errors
    /// [`LaunchError`] with what the job printed on standard error. Lines that came before have been handed over.
    pub fn run(
        &self,
        job: &Job,
        stop: &(dyn Fn() -> bool + Sync),
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(), LaunchError> {
        let limits = Limits { silence: job.silence_limit, output_bytes: OUTPUT_BYTES_MAX, stop };
        process::run(&self.command_line(job), &job.stdin, limits, on_line)
    }
}

/// Tells whose launcher `program` is, by its name and by what it says of itself, and its version.
///
/// # Errors
/// [`LaunchError`] if it cannot be started, or says nothing for `silence_limit`.
pub fn flavour_of(program: &OsStr, silence_limit: Duration) -> Result<(Flavour, String), LaunchError> {
    let mut text = String::new();
    let limits = Limits { silence: silence_limit, output_bytes: 1 << 20, stop: &|| false };
    let asked = process::run(&[program.to_owned(), "--version".into()], b"", limits, &mut |line| {
        text.push_str(line);
        text.push('\n');
    });
    match asked {
        // A launcher that does not know the option is told by its name.
        Ok(()) | Err(LaunchError::Failed { .. }) => {}
        Err(error) => return Err(error),
    }
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

    #[test]
    fn launchers_are_known_by_what_they_say_of_themselves() {
        let hydra = "HYDRA build details:\n    Launchers available:                     ssh rsh fork slurm ll lsf sge";
        assert_eq!(flavour_by("mpiexec", hydra), Flavour::Hydra);
        assert_eq!(flavour_by("srun", "slurm 22.05.8"), Flavour::Slurm);
        assert_eq!(flavour_by("mpirun", "mpirun (Open MPI) 4.1.4"), Flavour::OpenMpi);
    }

    #[test]
    fn arguments_reach_the_launcher_one_by_one() {
        let launcher = Launcher {
            program: "mpirun".into(),
            flavour: Flavour::OpenMpi,
            extra_args: vec!["--bind-to".into(), "none".into()],
            hosts: Some("my hosts; rm".into()),
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
