//! Who takes part in an experiment: pure, and the same on every rank.

use dlpc_predict::calibration::experiment::{Experiment, PairClass};

/// One host and the ranks on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name.
    pub name: String,
    /// Ranks, ascending; at least one.
    pub ranks: Vec<u32>,
}

/// The ranks of one experiment; the first takes the time. What the others do depends on the experiment:
///
/// * `ping_pong`, `send`, `train`, `exchange`: the one who gets the message
/// * `recv`: the one who sends it
/// * `fan_in`: the senders
/// * `pairs`: its partner, then the next pair, ...
/// * `compute`: the other busy ones
pub type Team = Vec<u32>;

/// Returns the teams that run the experiment one after the other: one for each host in `compute` and `fixed_work`, else
/// one. `turn` (a number that rises with the experiments) rotates over hosts and pairs of hosts, so that all get their
/// turn.
///
/// # Errors
/// Why these ranks cannot run it.
pub fn teams(experiment: &Experiment, turn: u64, hosts: &[Host]) -> Result<Vec<Team>, String> {
    match *experiment {
        Experiment::PingPong { class, .. }
        | Experiment::Send { class, .. }
        | Experiment::Recv { class, .. }
        | Experiment::Train { class, .. }
        | Experiment::Exchange { class, .. } => pair(class, turn, hosts).map(|team| vec![team]),
        Experiment::FanIn { senders, .. } => Ok(vec![on_different_hosts(u64::from(senders) + 1, turn, hosts)?]),
        Experiment::Pairs { pairs, .. } => Ok(vec![on_different_hosts(2 * u64::from(pairs), turn, hosts)?]),
        Experiment::Compute { busy, .. } => on_each_host(busy, turn, hosts),
        Experiment::FixedWork { .. } => on_each_host(1, turn, hosts),
    }
}

fn pair(class: PairClass, turn: u64, hosts: &[Host]) -> Result<Team, String> {
    match class {
        PairClass::Local => {
            let able: Vec<&Host> = hosts.iter().filter(|host| host.ranks.len() > 1).collect();
            if able.is_empty() {
                return Err("no host has two ranks".to_owned());
            }
            let (round, host) = divide(turn, able.len());
            Ok(rotated(&able[host].ranks, round, 2))
        }
        PairClass::Remote => {
            let n = hosts.len();
            if n < 2 {
                return Err("all ranks are on one host".to_owned());
            }
            // All ordered pairs: the second host is 1, 2, ... behind the first.
            let (round, first) = divide(turn, n);
            let (round, distance) = divide(round, n - 1);
            let second = (first + 1 + distance) % n;
            Ok([first, second].iter().flat_map(|&host| rotated(&hosts[host].ranks, round, 1)).collect())
        }
    }
}

fn on_different_hosts(n_ranks: u64, turn: u64, hosts: &[Host]) -> Result<Team, String> {
    let n = usize::try_from(n_ranks).unwrap_or(usize::MAX);
    if n < 2 {
        return Err("it is about two hosts at least".to_owned());
    }
    if hosts.len() < n {
        return Err(format!("it needs {n} hosts, and there are {}", hosts.len()));
    }
    let (round, first) = divide(turn, hosts.len());
    Ok(hosts.iter().cycle().skip(first).take(n).flat_map(|host| rotated(&host.ranks, round, 1)).collect())
}

fn on_each_host(busy: u32, turn: u64, hosts: &[Host]) -> Result<Vec<Team>, String> {
    let busy = usize::try_from(busy).unwrap_or(usize::MAX);
    if busy == 0 {
        return Err("it is about one busy rank at least".to_owned());
    }
    let able = hosts.iter().filter(|host| host.ranks.len() >= busy);
    let teams: Vec<Team> = able.map(|host| rotated(&host.ranks, turn, busy)).collect();
    if teams.is_empty() {
        let most = hosts.iter().map(|host| host.ranks.len()).max().unwrap_or(0);
        return Err(format!("it needs {busy} ranks on one host, and no host has more than {most}"));
    }
    Ok(teams)
}

/// Returns `n` of the ranks, another one first in each round.
fn rotated(ranks: &[u32], round: u64, n: usize) -> Vec<u32> {
    let (_, first) = divide(round, ranks.len());
    ranks.iter().cycle().skip(first).take(n).copied().collect()
}

/// Returns quotient and rest.
fn divide(turn: u64, n: usize) -> (u64, usize) {
    let n = n as u64;
    (turn / n, usize::try_from(turn % n).expect("invariant: less than a length"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use dlpc_predict::calibration::experiment::WorkKernel;

    use super::*;

    fn hosts(ranks_per_host: &[u32]) -> Vec<Host> {
        let mut next = 0;
        let host = |(i, &n): (usize, &u32)| {
            next += n;
            Host { name: format!("h{i}"), ranks: (next - n..next).collect() }
        };
        ranks_per_host.iter().enumerate().map(host).collect()
    }

    fn ping_pong(class: PairClass) -> Experiment {
        Experiment::PingPong { class, bytes: 1 }
    }

    #[test]
    fn local_pairs_rotate_over_the_hosts_that_have_two_ranks() {
        let hosts = hosts(&[2, 1, 3]);
        let team = |turn| teams(&ping_pong(PairClass::Local), turn, &hosts).expect("a team")[0].clone();
        assert_eq!([team(0), team(1), team(2), team(3)], [vec![0, 1], vec![3, 4], vec![1, 0], vec![4, 5]]);
    }

    #[test]
    fn remote_pairs_rotate_over_all_ordered_pairs_of_hosts() {
        let hosts = hosts(&[1, 1, 1]);
        let pairs: BTreeSet<Team> =
            (0..6).map(|turn| teams(&ping_pong(PairClass::Remote), turn, &hosts).expect("a team")[0].clone()).collect();
        assert_eq!(pairs.len(), 6);
        assert!(pairs.iter().all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn fan_in_and_pairs_use_one_rank_of_each_host() {
        let hosts = hosts(&[2, 2, 2, 2]);
        let fan_in = Experiment::FanIn { senders: 2, bytes: 1 };
        assert_eq!(teams(&fan_in, 3, &hosts), Ok(vec![vec![6, 0, 2]]));
        let pairs = Experiment::Pairs { pairs: 2, bytes: 1 };
        assert_eq!(teams(&pairs, 0, &hosts), Ok(vec![vec![0, 2, 4, 6]]));
    }

    #[test]
    fn compute_runs_on_each_host_with_enough_ranks() {
        let hosts = hosts(&[1, 2, 3]);
        let compute = |busy| Experiment::Compute { kernel: WorkKernel::ThrowDart, busy, units: 1 };
        assert_eq!(teams(&compute(2), 0, &hosts), Ok(vec![vec![1, 2], vec![3, 4]]));
        assert_eq!(teams(&compute(2), 1, &hosts), Ok(vec![vec![2, 1], vec![4, 5]]));
        let fixed = Experiment::FixedWork { darts: 1, n: 1 };
        assert_eq!(teams(&fixed, 0, &hosts), Ok(vec![vec![0], vec![1], vec![3]]));
    }

    #[test]
    fn says_why_it_cannot_be_run() {
        let hosts = hosts(&[1, 1]);
        let reason = |experiment| teams(&experiment, 0, &hosts).expect_err("a reason");
        assert_eq!(reason(ping_pong(PairClass::Local)), "no host has two ranks");
        assert_eq!(reason(Experiment::FanIn { senders: 2, bytes: 1 }), "it needs 3 hosts, and there are 2");
        assert_eq!(
            reason(Experiment::Pairs { pairs: u32::MAX, bytes: 1 }),
            "it needs 8589934590 hosts, and there are 2"
        );
        assert_eq!(
            reason(Experiment::Compute { kernel: WorkKernel::ThrowDart, busy: 2, units: 1 }),
            "it needs 2 ranks on one host, and no host has more than 1"
        );
        let one = &hosts[..1];
        assert_eq!(teams(&ping_pong(PairClass::Remote), 0, one), Err("all ranks are on one host".to_owned()));
    }
}
