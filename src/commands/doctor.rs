//! `doctor`: is this machine, or this cluster, fit for measurements?

use std::ffi::OsString;
use std::io::Write;

use dlpc_sim::input::HostSlots;
use dlpc_sim::measurement::diagnosis::{self, Finding, Grade};
use dlpc_sim::measurement::host_report::HostReport;
use dlpc_sim::measurement::launcher::{LaunchError, Launcher, MapBy};
use dlpc_sim::report::table;

use super::launch::Cluster;
use crate::cli::LauncherArgs;
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &LauncherArgs) -> Result<(), Failure> {
    let cluster = match Cluster::find(args) {
        Ok(cluster) => cluster,
        Err(Failure::Measurement { message, help }) => {
            return conclude(&[diagnosis::bad("launcher", &message, &help)]);
        }
        Err(failure) => return Err(failure),
    };
    let program = cluster.launcher.program.to_string_lossy().into_owned();
    let mut findings = vec![diagnosis::good("launcher", &format!("`{program}`: {}", cluster.launcher_version))];
    let (reports, failures) = ask_hosts(&cluster)?;
    findings.extend(failures);
    findings.extend(diagnosis::diagnose(&reports, &cluster.hosts));
    conclude(&findings)
}

fn conclude(findings: &[Finding]) -> Result<(), Failure> {
    files::print(&table::findings(findings))?;
    let n_bad = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    if n_bad == 0 {
        return Ok(());
    }
    Err(Failure::Measurement {
        message: format!("{n_bad} of {} findings must be mended before anything can be measured", findings.len()),
        help: "the last column says what to do".to_owned(),
    })
}

/// Asks all hosts at once; if that fails, one by one, to tell who is to blame.
fn ask_hosts(cluster: &Cluster) -> Result<(Vec<HostReport>, Vec<Finding>), Failure> {
    let n_hosts = u32::try_from(cluster.hosts.len().max(1)).unwrap_or(u32::MAX);
    let error = match ask(cluster, &cluster.launcher, n_hosts) {
        Ok(reports) => return Ok((reports, Vec::new())),
        Err(error) => error,
    };
    let advice = "start the same command by hand; the hosts are asked one by one below";
    let mut findings = vec![diagnosis::bad("launcher", &error.to_string(), advice)];
    let mut reports = Vec::new();
    for host in &cluster.hosts {
        match ask_one(cluster, host)? {
            Ok(answer) => reports.extend(answer),
            Err(error) => findings.push(diagnosis::bad(&host.name, &error.to_string(), "see what the launcher says")),
        }
    }
    Ok((reports, findings))
}

fn ask(cluster: &Cluster, launcher: &Launcher, n_ranks: u32) -> Result<Vec<HostReport>, LaunchError> {
    let args = ["kernel", "host"].map(OsString::from);
    let job = cluster.job(n_ranks, MapBy::Node, &args, Vec::new());
    let mut reports = Vec::new();
    launcher.run(&job, &mut |line| reports.extend(serde_json::from_str::<HostReport>(line).ok()))?;
    Ok(reports)
}

fn ask_one(cluster: &Cluster, host: &HostSlots) -> Result<Result<Vec<HostReport>, LaunchError>, Failure> {
    let write = || -> std::io::Result<tempfile::NamedTempFile> {
        let mut hostfile = tempfile::NamedTempFile::new()?;
        writeln!(hostfile, "{} slots={}", host.name, host.slots)?;
        Ok(hostfile)
    };
    let hostfile = write().map_err(|error| Failure::output(std::env::temp_dir().as_path(), error))?;
    let launcher = Launcher { hostfile: Some(hostfile.path().to_owned()), ..cluster.launcher.clone() };
    Ok(ask(cluster, &launcher, 1))
}
