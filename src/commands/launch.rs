//! What the commands that start ranks have in common: the launcher, the hosts and this program on them.

use std::ffi::OsString;
use std::time::Duration;

use dlpc_sim::input::{self, HostSlots};
use dlpc_sim::measurement::launcher::{self, Job, LaunchError, Launcher, MapBy};

use crate::cli::LauncherArgs;
use crate::failure::Failure;
use crate::files;
use crate::signals::Signals;

/// A launcher that was found, and what it says of itself.
pub(super) struct Cluster {
    pub(super) launcher: Launcher,
    pub(super) launcher_version: String,
    /// Hosts of the hostfile; empty without one.
    pub(super) hosts: Vec<HostSlots>,
    binary: OsString,
    silence_limit: Duration,
    signals: Signals,
}

impl Cluster {
    /// Finds the launcher and reads the hostfile.
    pub(super) fn find(args: &LauncherArgs) -> Result<Self, Failure> {
        let hosts = match &args.hostfile {
            Some(path) => input::load_hostfile(path, &files::read)?,
            None => Vec::new(),
        };
        let extra_args = shell_words::split(&args.extra_args).map_err(|error| Failure::Usage {
            message: format!("--launcher-args: {error}"),
            help: "quote as for a shell, for instance --launcher-args='--bind-to none'".to_owned(),
        })?;
        let signals = Signals::listen();
        let program = OsString::from(&args.launcher);
        let silence_limit = Duration::from_secs(args.time_limit.get().into());
        let (flavour, launcher_version) =
            launcher::flavour_of(&program, silence_limit).map_err(|error| failure_of(&error))?;
        let binary = match &args.binary {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(|error| Failure::Usage {
                message: format!("cannot find the path of this program: {error}"),
                help: "write it after --binary".to_owned(),
            })?,
        };
        let extra_args = extra_args.into_iter().map(OsString::from).collect();
        let launcher = Launcher { program, flavour, extra_args, hostfile: args.hostfile.clone() };
        Ok(Self { launcher, launcher_version, hosts, binary: binary.into(), silence_limit, signals })
    }

    /// Runs `job` with `launcher`; it ends early when this program is told to end.
    pub(super) fn run(&self, launcher: &Launcher, job: &Job, on_line: &mut dyn FnMut(&str)) -> Result<(), LaunchError> {
        launcher.run(job, &|| self.was_told_to_end(), on_line)
    }

    /// Whether this program has been told to end.
    pub(super) fn was_told_to_end(&self) -> bool {
        self.signals.was_told_to_end()
    }

    /// Returns a job that runs this program with `args` on `n_ranks` ranks.
    pub(super) fn job(&self, n_ranks: u32, map_by: MapBy, args: &[OsString], stdin: Vec<u8>) -> Job {
        let command = std::iter::once(&self.binary).chain(args).cloned().collect();
        Job { n_ranks, map_by, command, stdin, silence_limit: self.silence_limit }
    }
}

/// Returns a launcher that failed as the failure of the command.
fn failure_of(error: &LaunchError) -> Failure {
    Failure::Measurement { message: error.to_string(), help: help_for(error).to_owned() }
}

/// Returns what the user can do about a launcher that failed.
pub(super) const fn help_for(error: &LaunchError) -> &'static str {
    match error {
        LaunchError::Start { .. } => "install MPI (Debian: apt-get install openmpi-bin), or name it: --launcher PATH",
        LaunchError::Failed { .. } => "`dlpc-sim doctor` with the same arguments looks at each host by itself",
        LaunchError::Silent { .. } => "a host may hang or be cut off: `dlpc-sim doctor`; allow more by --time-limit",
        LaunchError::TooMuch { .. } => "start the same command by hand: something prints without end",
        LaunchError::Stopped | LaunchError::Output(_) => "run it again; what was measured is kept",
    }
}
