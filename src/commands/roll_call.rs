//! The roll call: hosts are asked one by one, since a launcher does not always say for which of them a job failed.

use std::ffi::OsString;
use std::thread;

use dlpc_sim::measurement::host_report::HostReport;
use dlpc_sim::measurement::launcher::{LaunchError, Launcher, MapBy};

use super::launch::{self, Cluster};
use crate::failure::Failure;

/// Hosts that are asked at the same time.
const AT_ONCE: usize = 16;

/// What a host says of itself, or why it says nothing.
pub(super) type Answer = Result<Vec<HostReport>, LaunchError>;

/// Asks all hosts in one job.
pub(super) fn ask_all(cluster: &Cluster) -> Answer {
    let n_hosts = u32::try_from(cluster.hosts.len().max(1)).unwrap_or(u32::MAX);
    ask(cluster, &cluster.launcher, n_hosts)
}

/// Asks each host of the hostfile in a job of its own; answers are in the order of the hosts.
pub(super) fn call(cluster: &Cluster) -> Result<Vec<Answer>, Failure> {
    let alone: Vec<(Launcher, _)> = cluster
        .hosts
        .iter()
        .map(|host| launch::on_hosts(&cluster.launcher, std::slice::from_ref(host)))
        .collect::<Result<_, Failure>>()?;
    let ask_some = |alone: &[(Launcher, _)]| -> Vec<Answer> {
        thread::scope(|scope| {
            let asked: Vec<_> =
                alone.iter().map(|(launcher, _)| scope.spawn(move || ask(cluster, launcher, 1))).collect();
            asked.into_iter().map(|answer| answer.join().expect("bug: a host is asked without a panic")).collect()
        })
    };
    Ok(alone.chunks(AT_ONCE).flat_map(ask_some).collect())
}

/// Returns `message` of a job that failed, after the names of the hosts that do not answer by themselves either.
pub(super) fn blame(cluster: &Cluster, message: &str) -> String {
    if cluster.was_told_to_end() {
        return message.to_owned();
    }
    // Whoever cannot be blamed is left out; the message itself is what counts.
    let answers = call(cluster).unwrap_or_default();
    let absent: Vec<String> = cluster
        .hosts
        .iter()
        .zip(answers)
        .filter(|(_, answer)| answer.is_err())
        .map(|(host, _)| format!("`{}`", host.name))
        .collect();
    match &absent[..] {
        [] => message.to_owned(),
        [host] => format!("host {host} does not answer: {message}"),
        hosts => format!("hosts {} do not answer: {message}", hosts.join(", ")),
    }
}

fn ask(cluster: &Cluster, launcher: &Launcher, n_ranks: u32) -> Answer {
    let args = ["kernel", "host"].map(OsString::from);
    let job = cluster.job(n_ranks, MapBy::Node, &args, Vec::new());
    let mut reports = Vec::new();
    cluster.run(launcher, &job, &mut |line| reports.extend(serde_json::from_str::<HostReport>(line).ok()))?;
    Ok(reports)
}
