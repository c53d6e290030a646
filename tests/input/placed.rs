//! Hostfiles and rankfiles of the shapes that people have, and where ranks go.
//!
//! What Open MPI 4.1.4 makes of a hostfile was shown by
//! `mpirun --do-not-launch --display-map --hostfile FILE -np N true`, which needs no such hosts; that a bare name has as many
//! slots as its cores, on two hosts of two cores (`mpirun --hostfile FILE -np 4 hostname`): there it asks the hosts. Bindings
//! of a rankfile were shown by `mpirun --host localhost:8 --rankfile FILE -np N --report-bindings true`. Where the tool
//! differs, the test says so.

use crate::files::Folder;

const HOSTFILES: &[(&str, &str)] = &[
    ("bare-names", include_str!("hostfiles/bare-names")),
    ("addresses", include_str!("hostfiles/addresses")),
    ("addresses-with-slots", include_str!("hostfiles/addresses-with-slots")),
    ("mpich", include_str!("hostfiles/mpich")),
    ("a-line-for-each-slot", include_str!("hostfiles/a-line-for-each-slot")),
    ("example-of-the-manual", include_str!("hostfiles/example-of-the-manual")),
    ("localhost", include_str!("hostfiles/localhost")),
    ("users-and-full-names", include_str!("hostfiles/users-and-full-names")),
    ("written-on-windows", include_str!("hostfiles/written-on-windows")),
    ("comments-of-open-mpi", include_str!("hostfiles/comments-of-open-mpi")),
    ("a-host-is-excluded", include_str!("hostfiles/a-host-is-excluded")),
    ("by-place", include_str!("hostfiles/by-place")),
];

/// Ranks on pi0, pi1, ... that fill all slots, by slot.
const FILLED: &[(&str, &[u32])] = &[
    // Each has four cores, so four slots.
    ("bare-names", &[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]),
    // None is called as in the machine model: its hosts in their order.
    ("addresses", &[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]),
    ("addresses-with-slots", &[0, 0, 0, 0, 1, 1, 1, 1, 2, 2]),
    // Open MPI 4.1 takes `pi0:4` for a name; this is what Hydra makes of it: `mpiexec.mpich -f FILE -n 7 hostname`.
    ("mpich", &[0, 0, 0, 0, 1, 1, 2]),
    // "pi1 slots 3 procs 3", "pi0 slots 2 procs 2".
    ("a-line-for-each-slot", &[1, 1, 1, 0, 0]),
    ("example-of-the-manual", &[0, 0, 0, 0, 1, 1, 2, 2, 2, 2]),
    ("localhost", &[0, 0, 0, 0]),
    ("users-and-full-names", &[0, 0, 1, 1]),
    // Open MPI refuses the carriage returns; it is given a file of its own.
    ("written-on-windows", &[0, 0, 1]),
    ("comments-of-open-mpi", &[0, 0, 2]),
    // `slots=0` excludes; `max_slots` alone is the number of slots.
    ("a-host-is-excluded", &[1, 1, 2, 2, 2]),
    ("by-place", &[2, 0, 0]),
];

const RANKFILES: &[(&str, &str)] = &[
    ("two-ranks-on-a-core", include_str!("rankfiles/two-ranks-on-a-core")),
    ("example-of-the-manual", include_str!("rankfiles/example-of-the-manual")),
    ("sockets", include_str!("rankfiles/sockets")),
    ("by-place", include_str!("rankfiles/by-place")),
    ("users-and-physical-cores", include_str!("rankfiles/users-and-physical-cores")),
];

/// A host and cores of it.
type OnCores = (u32, &'static [u32]);

/// Host and cores of each rank, on hosts of four cores.
const BOUND: &[(&str, &[OnCores])] = &[
    // "rank 0 bound to socket 0[core 0[hwt 0]]: [B/.]", and the same for rank 1.
    ("two-ranks-on-a-core", &[(0, &[0]), (0, &[0])]),
    // Socket 1 of two with four cores each: 4, 5 and 6. Hosts are called as those of the model in their order.
    ("example-of-the-manual", &[(0, &[4, 5, 6]), (1, &[0, 1]), (2, &[1, 2])]),
    ("sockets", &[(0, &[0, 4]), (0, &[4]), (1, &[0, 1, 2, 3, 4, 5, 6, 7])]),
    ("by-place", &[(0, &[0]), (1, &[0]), (0, &[1])]),
    // Up to version 1.6, `p` stood for the number that the system gives; 4.1 takes every such list for core 0.
    ("users-and-physical-cores", &[(1, &[0]), (1, &[1])]),
];

/// Eight hosts pi0 to pi7 of that many cores.
fn folder(kind: &str, file: &str, n_ranks: usize, cores: u32) -> Folder {
    let cluster = format!("count = 8\ncores = {cores}");
    Folder::good()
        .machine("count = 2\ncores = 4\nspeed = [1.0, 0.9]\nslowdown = [1.0, 1.0, 1.1, 1.2]", &cluster)
        .scenario("\"1..=8\"", &n_ranks.to_string())
        .scenario("[run]\n", &format!("[run]\nplacement = {{ {kind} = \"placement\" }}\n"))
        .with("scenarios/placement", file)
}

#[test]
fn hostfiles_are_filled_as_their_launchers_fill_them() {
    assert_eq!(HOSTFILES.len(), FILLED.len());
    for ((name, file), (of, expected)) in HOSTFILES.iter().zip(FILLED) {
        assert_eq!(name, of);
        let run = folder("hostfile", file, expected.len(), 4).loaded().scenario.run;
        let hosts: Vec<u32> = run.slots.iter().map(|host| host.0).collect();
        assert_eq!(hosts, *expected, "{name}");
        assert!(run.bound.is_empty());
        let more = folder("hostfile", file, expected.len() + 1, 4).report();
        assert!(more.contains(&format!("there are {} slots", expected.len())), "{name}: {more}");
    }
}

#[test]
fn rankfiles_bind_ranks_to_cores() {
    assert_eq!(RANKFILES.len(), BOUND.len());
    for ((name, file), (of, expected)) in RANKFILES.iter().zip(BOUND) {
        assert_eq!(name, of);
        let run = folder("rankfile", file, expected.len(), 8).loaded().scenario.run;
        let hosts: Vec<u32> = run.slots.iter().map(|host| host.0).collect();
        let bound: Vec<Vec<u32>> = run.bound.iter().map(|cores| cores.cores().collect()).collect();
        assert_eq!(hosts, expected.iter().map(|(host, _)| *host).collect::<Vec<_>>(), "{name}");
        assert_eq!(bound, expected.iter().map(|(_, cores)| cores.to_vec()).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn ranks_on_one_core_are_warned_of() {
    let warnings = |file: &str| folder("rankfile", file, 2, 4).loaded().warnings.render(false);
    let said = warnings("rank 0=pi0 slot=0\nrank 1=pi0 slot=0\n");
    assert!(said.contains("ranks 0 and 1 are bound to the same core"), "{said}");
    assert_eq!(warnings("rank 0=pi0 slot=0\nrank 1=pi1 slot=0\n"), "");
}

#[test]
fn hosts_by_other_names_are_taken_in_order_with_a_warning() {
    let warning = |file: &str| folder("hostfile", file, 1, 4).loaded().warnings.render(false);
    assert!(
        warning("192.168.0.1\n192.168.0.2\n").contains("none of the 2 hosts is called as one of the machine model")
    );
    assert!(warning("localhost\n").contains("taken for the first of the machine model"));
    assert_eq!(warning("pi0\npi1.local\n+n3\n"), "");
}

#[test]
fn names_that_are_nearly_those_of_the_model_are_mistakes() {
    let nine = (0..9).map(|i| format!("node{i}")).collect::<Vec<_>>().join("\n");
    // pi0 to pi7 and fat are nine hosts.
    folder("hostfile", &nine, 1, 4).loaded();
    for file in ["pi8\n", "Pi9\n", "pi0\nnode1\n", "pi0\nlocalhost\n", "pi0\n192.168.0.1\n", &(nine + "\nnode9\n")] {
        assert!(folder("hostfile", file, 1, 4).report().contains("unknown host"), "{file}");
    }
}
