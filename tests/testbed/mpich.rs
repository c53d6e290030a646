//! MPICH's launcher on hosts of their own, with hostfiles in both syntaxes.

use crate::cluster::Testbed;

const LAUNCHER: [&str; 2] = ["--launcher", "mpiexec.mpich"];

const SCENARIO: &str = r#"format = 1
title = "Who runs where"
machine = "two.toml"

[run]
ranks = [1, 4]

[[workload.custom.phases]]
compute = { work = "1 s", share = "divided" }
"#;

#[test]
fn mpichs_launcher_fills_the_slots_of_a_hostfile_in_any_syntax() {
    let testbed = Testbed::up(&["--hosts", "2", "--cores", "2", "--core-share", "0.2"]);
    let tiny = include_str!("../wrong/named/machine-without-kernels.toml").replace("cores = 4", "cores = 2");
    std::fs::write(testbed.path("two.toml"), tiny).expect("a machine model");
    std::fs::write(testbed.path("scenario.toml"), SCENARIO).expect("a scenario");
    for (name, hostfile) in [
        ("open-mpi", "dlpc1 slots=2\ndlpc2 slots=2\n"),
        ("hydra", "dlpc1:2\ndlpc2:2\n"),
        ("lines", "dlpc1\ndlpc1\ndlpc2\ndlpc2\n"),
    ] {
        std::fs::write(testbed.path("hosts"), hostfile).expect("a hostfile");
        let said = testbed.run(&[&["doctor", "--hostfile", "hosts"], &LAUNCHER[..]].concat());
        for host in ["dlpc1", "dlpc2"] {
            assert!(said.lines().any(|line| line.contains(host) && line.contains("2 slots")), "{name}: {said}");
        }
        let who = testbed.path(name);
        let command = format!("sh -c 'uname -n >>{}; echo Runtime is 1.5'", who.display());
        let arguments = ["measure", "scenario.toml", "--hostfile", "hosts", "--repeats", "1", "--command", &command];
        testbed.run(&[&arguments[..], &["--out", &format!("{name}.csv")], &LAUNCHER].concat());
        let ran = std::fs::read_to_string(&who).expect("the hosts");
        // One rank on dlpc1, and of four two on each host.
        let count = |host: &str| ran.lines().filter(|line| *line == host).count();
        assert_eq!((count("dlpc1"), count("dlpc2")), (3, 2), "{name}: {ran}");
    }
}
