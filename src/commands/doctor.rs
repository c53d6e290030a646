//! `doctor`: is this machine, or this cluster, fit for measurements?

use dlpc_hardware::diagnosis::{self, Grade, HostFinding};
use dlpc_hardware::host_report::HostReport;
use dlpc_hardware::launcher::LaunchError;
use dlpc_predict::input::HostSlots;
use dlpc_report::table;

use super::launch::{self, Cluster};
use super::roll_call;
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

fn conclude(findings: &[HostFinding]) -> Result<(), Failure> {
    files::print(&table(findings))?;
    let n_bad = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    if n_bad == 0 {
        return Ok(());
    }
    Err(Failure::Measurement {
        message: format!("{n_bad} of {} findings must be mended before anything can be measured", findings.len()),
        help: "the last column says what to do".to_owned(),
    })
}

/// Returns the findings as a table: one row each.
fn table(findings: &[HostFinding]) -> String {
    let cells = |cell: fn(&HostFinding) -> String| findings.iter().map(cell).collect();
    table::words(vec![
        ("", cells(|finding| finding.grade.name().to_owned())),
        ("of", cells(|finding| finding.subject.clone())),
        ("found", cells(|finding| finding.found.clone())),
        ("what to do", cells(|finding| finding.advice.clone())),
    ])
}

/// Asks all hosts at once; if that fails, one by one, to tell who is to blame.
fn ask_hosts(cluster: &Cluster) -> Result<(Vec<HostReport>, Vec<HostFinding>), Failure> {
    let error = match roll_call::ask_all(cluster) {
        Ok(reports) if is_complete(&reports, &cluster.hosts) => return Ok((reports, Vec::new())),
        Ok(_) => return ask_one_by_one(cluster, Vec::new()),
        Err(error @ LaunchError::Stopped) => return Err(launch::failure_of(&error)),
        Err(error) => error,
    };
    let advice = "start the same command by hand; the hosts are asked one by one below";
    ask_one_by_one(cluster, vec![diagnosis::bad("launcher", &error.to_string(), advice)])
}

/// Returns whether each host has answered under its name in the hostfile.
fn is_complete(reports: &[HostReport], hosts: &[HostSlots]) -> bool {
    hosts.iter().all(|host| reports.iter().any(|report| diagnosis::is_same_host(&report.host, &host.name)))
}

/// Asks each host by itself: then it is known which one answers, whatever it calls itself.
fn ask_one_by_one(
    cluster: &Cluster,
    mut findings: Vec<HostFinding>,
) -> Result<(Vec<HostReport>, Vec<HostFinding>), Failure> {
    let mut reports = Vec::new();
    for (host, answer) in cluster.hosts.iter().zip(roll_call::call(cluster)?) {
        match answer {
            Ok(answer) => {
                for report in answer.into_iter().take(1) {
                    if !diagnosis::is_same_host(&report.host, &host.name) {
                        findings.push(diagnosis::good(&host.name, &format!("calls itself `{}`", report.host)));
                    }
                    reports.push(HostReport { host: host.name.clone(), ..report });
                }
            }
            Err(error) => findings.push(diagnosis::bad(&host.name, &error.to_string(), "see what the launcher says")),
        }
    }
    Ok((reports, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_fit_a_terminal() {
        let advice = "write slots=2 for it in the hostfile: ranks that share a core cannot be timed, and so on and on";
        let cause =
            format!("`mpirun` ended with exit status: 255\n  | ssh: Could not resolve hostname {}", "x".repeat(90));
        let found = [
            HostFinding {
                grade: Grade::Doubtful,
                subject: "pi0".into(),
                found: "4 cores".into(),
                advice: advice.into(),
            },
            HostFinding { grade: Grade::Bad, subject: "raspberrypi.local".into(), found: cause, advice: advice.into() },
        ];
        let text = table(&found);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("raspberrypi.local"), "{text}");
    }
}
