//! Runs what is left of a calibration's plan and appends each sample to the file as it comes.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use dlpc_hardware::launcher::{LaunchError, MapBy};
use dlpc_predict::calibration::campaign::{self, Campaign, Head};
use dlpc_predict::calibration::experiment::PlanLine;
use dlpc_predict::calibration::plan::{self, HostInfo};

use super::read_campaign;
use crate::cli::calibrate::{CalibrateArgs, SuiteName};
use crate::commands::launch::{self, Cluster};
use crate::commands::roll_call;
use crate::failure::Failure;
use crate::progress::Progress;

/// Launches in a row that may fail without a single sample.
const FRUITLESS_MAX: u32 = 2;

/// Returns all samples of the campaign: those that the file held, and those that were still to do.
pub(super) fn collect(args: &CalibrateArgs, path: &Path) -> Result<(Campaign, PathBuf), Failure> {
    if cfg!(not(feature = "mpi")) && args.cluster.binary.is_none() {
        return Err(Failure::Measurement {
            message: "this dlpc-sim was built without MPI".to_owned(),
            help: "build it with `cargo build --release --features mpi`; --from-samples FILE fits without MPI"
                .to_owned(),
        });
    }
    let cluster = Cluster::find(&args.cluster)?;
    check_hosts(args, &cluster)?;
    let (cluster, names) = cluster.introduced()?;
    let head = head(args, &cluster, names);
    let campaign = open(path, &head)?;
    let suite = match args.suite {
        SuiteName::Quick => plan::Suite::Quick,
        SuiteName::Full => plan::Suite::Full,
    };
    let all = plan::plan(suite, &head.cluster(), head.largest_message, head.launches, head.seed);
    let open = campaign.still_to_do(all);
    let n_open = open.iter().map(Vec::len).sum::<usize>();
    let mut session = Session {
        cluster: &cluster,
        n_ranks: head.hosts.iter().map(|(_, cores)| cores).sum(),
        file: crate::files::open_growing(path)?,
        path,
        progress: Progress::new(n_open as u64),
    };
    for (launch, lines) in (0..).zip(open) {
        session.run_launch(launch, lines)?;
    }
    session.progress.finish();
    Ok((read_campaign(path)?, path.to_owned()))
}

/// Says at once what a calibration would say in the end.
fn check_hosts(args: &CalibrateArgs, cluster: &Cluster) -> Result<(), Failure> {
    let usage = |message: &str, help: &str| Failure::Usage { message: message.to_owned(), help: help.to_owned() };
    match (cluster.hosts.len(), &args.prior) {
        (0, _) => Err(usage(
            "which hosts?",
            "write them into a file, `pi0 slots=4` a line, and name it: --hostfile FILE; under Slurm, --launcher srun \
             takes those of the allocation",
        )),
        (1, None) => Err(usage(
            "one host does not tell the costs of messages between hosts",
            "name two hosts or more, or take what one host does not tell from another model: --prior FILE",
        )),
        (_, _) => Ok(()),
    }
}

/// Returns what makes the plan; hosts are called as they call themselves, since samples name them so.
fn head(args: &CalibrateArgs, cluster: &Cluster, names: Vec<String>) -> Head {
    let cores = cluster.hosts.iter().map(|host| host.slots.unwrap_or(1));
    let hosts: Vec<HostInfo> = names.into_iter().zip(cores).map(|(name, cores)| HostInfo { name, cores }).collect();
    let suite = match args.suite {
        SuiteName::Quick => "quick",
        SuiteName::Full => "full",
    };
    Head::new(suite, args.launches.get(), args.largest_message.0, args.seed, &hosts)
}

/// Opens the samples file of this campaign, or begins one.
fn open(path: &Path, head: &Head) -> Result<Campaign, Failure> {
    crate::files::check_regular(path)?;
    if !path.exists() {
        crate::files::write(path, format!("{}\n", campaign::head_line(head)).as_bytes())?;
        return Ok(Campaign::new(head.clone()));
    }
    let campaign = read_campaign(path)?;
    if campaign.head == *head {
        mend(path)?;
        return Ok(campaign);
    }
    Err(Failure::Usage {
        message: format!("{} belongs to a calibration with other hosts or another plan", path.display()),
        help: "name another file after --samples, or fit that one: --from-samples".to_owned(),
    })
}

/// Takes away a last line that was cut short, so that the next sample begins a line of its own.
fn mend(path: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::output(path, error))?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole == bytes.len() {
        return Ok(());
    }
    crate::files::write(path, &bytes[..whole])
}

struct Session<'a> {
    cluster: &'a Cluster,
    n_ranks: u32,
    file: File,
    path: &'a Path,
    progress: Progress,
}

impl Session<'_> {
    /// Runs the lines of one launch; starts it again without what hangs or fails.
    fn run_launch(&mut self, launch: u32, mut open: Vec<PlanLine>) -> Result<(), Failure> {
        let mut n_fruitless = 0;
        while !open.is_empty() {
            let n_before = open.len();
            let result = self.start(launch, &mut open)?;
            n_fruitless = if open.len() < n_before { 0 } else { n_fruitless + 1 };
            match result {
                Ok(()) if open.is_empty() => {}
                Ok(()) => self.skip(&mut open, "the kernels ended without an answer")?,
                Err(error @ LaunchError::Silent { .. }) => {
                    self.progress.say(&format!("warning: {}: {error}", open[0].experiment.name()));
                    self.skip(&mut open, "no answer within the time limit")?;
                }
                Err(error) if n_fruitless >= FRUITLESS_MAX || matches!(error, LaunchError::Stopped) => {
                    return Err(self.give_up(&error.to_string(), launch::help_for(&error)));
                }
                Err(error) => self.progress.say(&format!("warning: launch {launch} is started again: {error}")),
            }
            if n_fruitless > FRUITLESS_MAX {
                return Err(
                    self.give_up("the kernels give no answers", "`dlpc-sim doctor` looks at each host by itself")
                );
            }
        }
        Ok(())
    }

    fn give_up(&self, message: &str, help: &str) -> Failure {
        self.progress.finish();
        Failure::Measurement {
            message: roll_call::blame(self.cluster, message),
            help: format!("{help}; samples so far are kept in {}: the same command goes on", self.path.display()),
        }
    }

    /// Starts the kernels with the open lines; takes each line away that gets an answer.
    fn start(&mut self, launch: u32, open: &mut Vec<PlanLine>) -> Result<Result<(), LaunchError>, Failure> {
        let stdin: String =
            open.iter().map(|line| serde_json::to_string(line).expect("a line is JSON") + "\n").collect();
        let (n_ranks, launch) = (self.n_ranks.to_string(), launch.to_string());
        let args = ["kernel", "calibration", "--expect-ranks", &n_ranks, "--launch", &launch].map(OsString::from);
        let job = self.cluster.job(self.n_ranks, MapBy::Slot, &args, stdin.into_bytes());
        let mut written = Ok(());
        let result = self.cluster.run(&self.cluster.launcher, &job, &mut |line| {
            let Some(id) = campaign::id_of(line) else { return };
            if written.is_ok() {
                written = writeln!(self.file, "{line}").and_then(|()| self.file.sync_data());
            }
            let n_before = open.len();
            open.retain(|line| line.id != id);
            if open.len() < n_before {
                self.progress.advance();
            }
        });
        written.map_err(|error| Failure::output(self.path, error))?;
        Ok(result)
    }

    fn skip(&mut self, open: &mut Vec<PlanLine>, reason: &str) -> Result<(), Failure> {
        let line = open.remove(0);
        self.progress.advance();
        writeln!(self.file, "{}", campaign::skipped_line(line.id, reason))
            .map_err(|error| Failure::output(self.path, error))
    }
}
