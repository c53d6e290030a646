//! What the commands that start ranks have in common: the launcher, the hosts and this program on them.

use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use dlpc_sim::input::{self, HostSlots};
use dlpc_sim::measurement::allocation;
use dlpc_sim::measurement::launcher::hostfile::hostfile;
use dlpc_sim::measurement::launcher::{self, Flavour, Job, LaunchError, Launcher, MapBy};
use tempfile::NamedTempFile;

use super::roll_call;
use crate::cli::LauncherArgs;
use crate::failure::Failure;
use crate::files;
use crate::signals::Signals;

/// A launcher that was found, and what it says of itself.
pub(super) struct Cluster {
    pub(super) launcher: Launcher,
    pub(super) launcher_version: String,
    /// Hosts of the hostfile, or of the allocation of Slurm; empty without one.
    pub(super) hosts: Vec<HostSlots>,
    binary: OsString,
    silence_limit: Duration,
    signals: Signals,
    /// The hosts as the launcher reads them; taken away at the end.
    _hostfile: Option<NamedTempFile>,
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
        let launcher = Launcher { program, flavour, extra_args, hosts: None };
        let hosts = if hosts.is_empty() && flavour == Flavour::Slurm { of_allocation() } else { hosts };
        check_hosts(flavour, &hosts)?;
        let (launcher, file) = on_hosts(&launcher, &hosts)?;
        let binary = binary.into();
        Ok(Self { launcher, launcher_version, hosts, binary, silence_limit, signals, _hostfile: file })
    }

    /// Asks the hosts for what the hostfile leaves out, the slots of a host and the name that it gives itself, and returns
    /// the cluster with the slots, and the names.
    ///
    /// A host that does not answer keeps the name of the hostfile; if its slots are not known either, that is a failure.
    pub(super) fn introduced(mut self) -> Result<(Self, Vec<String>), Failure> {
        let mut names: Vec<String> = Vec::new();
        let answers = roll_call::call(&self)?;
        for (host, answer) in self.hosts.iter_mut().zip(answers) {
            let report = answer.map(|reports| reports.into_iter().next());
            if let (None, Err(error)) = (host.slots, &report) {
                let message = format!("host `{}` does not answer: {error}", host.name);
                return Err(Failure::Measurement { message, help: help_for(error).to_owned() });
            }
            let report = report.unwrap_or_default();
            if host.slots.is_none() {
                host.slots = Some(report.as_ref().map_or(1, |report| report.cores));
            }
            names.push(report.map_or_else(|| host.name.clone(), |report| report.host));
        }
        let is_unique = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
        if !names.iter().all(is_unique) {
            names = self.hosts.iter().map(|host| host.name.clone()).collect();
        }
        let (launcher, file) = on_hosts(&self.launcher, &self.hosts)?;
        Ok((Self { launcher, _hostfile: file, ..self }, names))
    }

    /// Returns the cluster with the slots of each host, if this launcher has to be told.
    pub(super) fn with_slots(self) -> Result<Self, Failure> {
        let is_open = self.hosts.iter().any(|host| host.slots.is_none());
        if is_open && self.launcher.flavour == Flavour::Hydra { Ok(self.introduced()?.0) } else { Ok(self) }
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

/// Returns `launcher` on these hosts, if there are any, and the file that names them in its own syntax.
pub(super) fn on_hosts(launcher: &Launcher, hosts: &[HostSlots]) -> Result<(Launcher, Option<NamedTempFile>), Failure> {
    if hosts.is_empty() {
        return Ok((Launcher { hosts: None, ..launcher.clone() }, None));
    }
    let text = hostfile(launcher.flavour, hosts);
    if launcher.flavour == Flavour::Slurm {
        return Ok((Launcher { hosts: Some(text.into()), ..launcher.clone() }, None));
    }
    let write = || {
        let mut file = NamedTempFile::with_prefix("dlpc-sim-hosts-")?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    let file = write().map_err(|error| Failure::output(&std::env::temp_dir(), error))?;
    Ok((Launcher { hosts: Some(file.path().into()), ..launcher.clone() }, Some(file)))
}

/// Returns the hosts that Slurm has given to this job, if there is one.
fn of_allocation() -> Vec<HostSlots> {
    let [nodes, cpus] = ["SLURM_JOB_NODELIST", "SLURM_JOB_CPUS_PER_NODE"].map(std::env::var);
    let (Ok(nodes), Ok(cpus)) = (nodes, cpus) else { return Vec::new() };
    allocation::hosts(&nodes, &cpus).unwrap_or_default()
}

/// Refuses what only Open MPI's launcher can be told of a host.
fn check_hosts(flavour: Flavour, hosts: &[HostSlots]) -> Result<(), Failure> {
    if flavour == Flavour::OpenMpi {
        return Ok(());
    }
    let usage = |message: String, help: &str| Err(Failure::Usage { message, help: help.to_owned() });
    for HostSlots { name, port, .. } in hosts {
        if port.is_some() {
            let message = format!("this launcher cannot be told the port of `{name}`");
            return usage(message, "write it into ~/.ssh/config, and leave it out of the hostfile");
        }
        if name.contains(':') {
            let message = format!("this launcher cannot be told the address `{name}`");
            return usage(message, "give the host a name in /etc/hosts, and write that into the hostfile");
        }
    }
    Ok(())
}

/// Returns a launcher that failed as the failure of the command.
pub(super) fn failure_of(error: &LaunchError) -> Failure {
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
