//! Programs whose ranks do different things, as `[workload.custom]` describes them: their times, derived by hand.
//!
//! All hosts have one core; between them there are 80 Mbit/s, 10 bytes in a microsecond, and nothing else costs time. So 1 MB
//! takes 0.1 s, and a port that has to send or receive several of them as many times that.

use std::path::Path;

use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;

const MACHINE: &str = r#"
format = 1
name = "plain"
title = "Hosts with a core each, and nothing but bandwidth"
[hosts.pi]
count = 16
cores = 1
[hosts.pi.nic]
bandwidth = "80 Mbit/s"
[switch]
latency = "0 us"
forwarding = "cut-through"
[messages.local]
eager_limit = "1 GB"
calibrated_upto = "1 GB"
[[messages.local.segments]]
send_overhead = "0 us"
recv_overhead = "0 us"
latency = "0 us"
[messages.remote]
eager_limit = "1 GB"
calibrated_upto = "1 GB"
[[messages.remote.segments]]
send_overhead = "0 us"
recv_overhead = "0 us"
latency = "0 us"
"#;

/// Returns a program on 1 to 16 ranks; `more` are its other keys.
fn load(phases: &str, more: &str) -> Experiment {
    let scenario = format!(
        "format = 1\ntitle = \"program\"\nmachine = \"m.toml\"\n[run]\nranks = [1, 4, 9]\nreplications = 1\n\
         [workload.custom]\n{more}\nphases = [\n{phases}\n]\n"
    );
    let read = |path: &Path| {
        let text = if path.ends_with("m.toml") { MACHINE } else { &scenario };
        Ok(text.as_bytes().to_vec())
    };
    input::load_experiment(Path::new("s.toml"), &read).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// Returns the time of a program on a number of ranks, in seconds.
fn time(experiment: &Experiment, ranks: u32) -> f64 {
    let result = prediction::predict_at(&experiment.scenario, &experiment.machine, ranks).expect("a prediction");
    result.replications.band().0
}

#[track_caller]
fn check(phases: &str, more: &str, expected: &[(u32, f64)]) {
    let experiment = load(phases, more);
    for (ranks, expected) in expected {
        let found = time(&experiment, *ranks);
        assert!((found - expected).abs() < 1e-6, "{phases} on {ranks} ranks: {found} s, not {expected} s");
    }
}

/// The last rank has p times the work of the first.
#[test]
fn work_may_depend_on_the_rank() {
    check(
        "{ compute = { work = \"t * (rank + 1)\" } }",
        "parameters = { t = \"1 s\" }",
        &[(1, 1.0), (4, 4.0), (9, 9.0)],
    );
}

/// Rank k works 1 s while all wait: p s.
#[test]
fn a_repeat_has_a_variable_and_a_phase_a_condition() {
    let phases = "{ repeat = { times = \"ranks\", variable = \"k\", phases = [\
                  { if = \"rank == k\", compute = { work = \"1 s\" } }, { barrier = {} }] } }";
    check(phases, "", &[(1, 1.0), (4, 4.0), (9, 9.0)]);
}

/// Step k of an elimination has p - k - 1 pieces left: 3 + 2 + 1 + 0 s on four ranks, 36 s on nine.
#[test]
fn work_may_depend_on_the_variables_of_repeats() {
    let phases = "{ repeat = { times = \"ranks\", variable = \"k\", phases = [\
                  { compute = { work = \"1 s * (ranks - k - 1)\" } }] } }";
    check(phases, "", &[(1, 0.0), (4, 6.0), (9, 36.0)]);
}

/// A condition on all ranks alike is none for the others: the phase is there from four ranks on.
#[test]
fn a_condition_may_be_about_the_number_of_ranks() {
    check("{ if = \"ranks >= 4 and not (ranks == 9)\", sleep = \"1 s\" }", "", &[(1, 0.0), (4, 1.0), (9, 0.0)]);
}

/// Rank r gets the message when p - 1 before it have been sent one after the other, 0.1 s each.
#[test]
fn messages_go_from_rank_to_rank() {
    let phases = "{ if = \"rank > 0\", recv = { from = \"rank - 1\" } },\
                  { if = \"rank < ranks - 1\", send = { to = \"rank + 1\", bytes = \"1 MB\" } }";
    check(phases, "", &[(1, 0.0), (4, 0.3), (9, 0.8)]);
    let with_ends = "{ recv = { from = \"rank - 1\", outside = \"nobody\" } },\
                     { send = { to = \"rank + 1\", bytes = \"1 MB\", outside = \"nobody\" } }";
    check(with_ends, "", &[(1, 0.0), (4, 0.3), (9, 0.8)]);
}

/// Each port sends one message and receives one, both at once: 0.1 s, on any number of ranks.
#[test]
fn all_send_while_they_receive() {
    let phases = "{ sendrecv = { to = \"(rank + 1) mod ranks\", from = \"(rank - 1) mod ranks\", bytes = \"1 MB\" } }";
    check(phases, "", &[(4, 0.1), (9, 0.1)]);
}

/// A message of 0.1 s beside work of 0.3 s costs nothing, beside work of 0.05 s half.
#[test]
fn messages_that_were_started_go_on_beside_work() {
    let phases = |work: &str| {
        format!(
            "{{ irecv = {{ from = \"(rank - 1) mod ranks\" }} }},\
             {{ isend = {{ to = \"(rank + 1) mod ranks\", bytes = \"1 MB\" }} }},\
             {{ compute = {{ work = \"{work}\" }} }}, {{ waitall = {{}} }}"
        )
    };
    check(&phases("300 ms"), "", &[(4, 0.3), (9, 0.3)]);
    check(&phases("50 ms"), "", &[(4, 0.1), (9, 0.1)]);
}

/// What nobody has waited for is waited for at the end.
#[test]
fn the_end_waits_for_what_was_started() {
    let phases = "{ irecv = { from = \"(rank + 1) mod ranks\" } }, { isend = { to = \"(rank - 1) mod ranks\", bytes = \"1 MB\" } }";
    check(phases, "", &[(4, 0.1), (9, 0.1)]);
}

/// The last rank sends p - 1 parts through its port: 0.1 s each. Rank 0 has no more than its own to receive.
#[test]
fn any_rank_can_be_the_root() {
    let phases = "{ scatterv = { bytes = \"1 MB\", root = \"ranks - 1\" } }";
    check(phases, "", &[(1, 0.0), (4, 0.3), (9, 0.8)]);
    let all = "{ repeat = { times = \"ranks\", variable = \"k\", phases = [\
               { gatherv = { bytes = \"1 MB\", root = \"k\" } }, { barrier = {} }] } }";
    check(all, "", &[(4, 1.2), (9, 7.2)]);
}

/// Rank 0 receives 1 + 2 + ... + (p - 1) MB: 0.6 s on four ranks, 3.6 s on nine; a scatterv sends as much.
#[test]
fn sizes_may_differ_from_rank_to_rank() {
    check("{ gatherv = { bytes = \"1 MB * rank\" } }", "", &[(1, 0.0), (4, 0.6), (9, 3.6)]);
    check("{ scatterv = { bytes = \"1 MB * rank\" } }", "", &[(1, 0.0), (4, 0.6), (9, 3.6)]);
}

/// An allgatherv of 0, 1, 2 and 3 MB, above the 256 KiB from which Open MPI lets neighbours exchange: first 0 with 1 and 2 with
/// 3, then 1 with 2 and 3 with 0, both parts.
///
/// Rank 1 gets nothing from rank 0, so it sends to rank 2 at once, while it sends to rank 0: both take 0.2 s, and meanwhile
/// rank 3 sends to rank 2 at half speed, 1 of its 3 MB. At 0.2 s rank 3 has its 2 MB and sends 5 MB to rank 0, so that the
/// other 2 MB to rank 2 take 0.4 s. Then, at 0.6 s, rank 2 sends 5 MB to rank 1: 1.1 s.
#[test]
fn an_allgatherv_has_the_sizes_of_all_ranks() {
    check("{ allgatherv = { bytes = \"1 MB * rank\" } }", "", &[(4, 1.1)]);
}

/// Rank r sends r MB to each other one: the last one (p - 1)^2 MB through its port.
#[test]
fn each_rank_may_have_a_part_for_each_other_one() {
    let phases = "{ alltoallv = { bytes = \"1 MB * rank * (to != rank)\" } }";
    let experiment = load(phases, "");
    let found = time(&experiment, 4);
    assert!((0.9 - 1e-6..1.3).contains(&found), "{found} s");
}

/// In the middle of 3 x 3 a rank has four neighbours: 0.4 s through its port; a corner two. On 2 x 2 all are corners.
#[test]
fn ranks_on_a_grid_swap_with_their_neighbours() {
    check("{ halo = { bytes = \"1 MB\", dimensions = 2 } }", "", &[(1, 0.0), (4, 0.2), (9, 0.4)]);
    // Around: four neighbours each; on 2 x 2 they are two ranks, twice.
    let around = "{ halo = { bytes = \"1 MB\", dimensions = 2, periodic = true } }";
    check(around, "", &[(1, 0.0), (4, 0.4), (9, 0.4)]);
    // One row: the ranks in the middle have two. 1 MB along the only side that has any.
    let row = "{ halo = { bytes = \"1 MB * along\", grid = [1, \"ranks\"] } }";
    check(row, "", &[(1, 0.0), (4, 0.2), (9, 0.2)]);
    // Faces of 1 MB along the first side, of 2 MB along the second: 2 + 4 MB in the middle.
    check("{ halo = { bytes = \"1 MB * (1 + along)\", dimensions = 2 } }", "", &[(4, 0.3), (9, 0.6)]);
}

/// In each row of a 2 x 2 (3 x 3) grid one rank receives 1 (2) MB, while other rows do the same; in one group of all it would
/// be 3 (8) MB. Every third rank: 0, 3, 6 together.
#[test]
fn groups_of_ranks_do_collectives_by_themselves() {
    let rows = "{ gatherv = { bytes = \"1 MB\", group = \"floor(rank / side(ranks, 2, 1))\" } }";
    check(rows, "", &[(1, 0.0), (4, 0.1), (9, 0.2)]);
    let columns =
        "{ gatherv = { bytes = \"1 MB\", group = \"rank mod side(ranks, 2, 1)\", root = \"side(ranks, 2, 0) - 1\" } }";
    check(columns, "", &[(1, 0.0), (4, 0.1), (9, 0.2)]);
    check("{ gatherv = { bytes = \"1 MB\", group = \"rank mod 3\" } }", "", &[(4, 0.1), (9, 0.2)]);
    // Only the ranks of row k take part in step k.
    let in_turn = "{ repeat = { times = \"side(ranks, 2, 0)\", variable = \"k\", phases = [\
                   { if = \"floor(rank / side(ranks, 2, 1)) == k\", gatherv = { bytes = \"1 MB\", \
                   group = \"floor(rank / side(ranks, 2, 1))\" } }, { barrier = {} }] } }";
    check(in_turn, "", &[(1, 0.0), (4, 0.2), (9, 0.6)]);
}

/// The rank with the most work: 3 s times one of four factors.
#[test]
fn work_may_be_listed_by_rank() {
    let lists = "lists = { load = [1.0, 2.5, 0.5, 1.5] }";
    check("{ compute = { work = \"1 s * load[rank mod 4]\" } }", lists, &[(1, 1.0), (4, 2.5), (9, 2.5)]);
}

/// Factors between 0.8 and 1.2. Drawn once, 100 rounds of 10 ms take a rank 100 times its factor; all wait for the slowest of
/// nine. Drawn each time, a rank's factors add up to their mean: 100 draws of standard deviation 0.2 / sqrt(3) = 0.115 lie
/// within 0.115 / 10 * 5 of 1, and so does the slowest of nine.
#[test]
fn imbalance_is_drawn_once_or_each_time() {
    let phases = |drawn: &str| {
        format!(
            "{{ repeat = {{ times = 100, phases = [{{ compute = {{ work = \"10 ms\", imbalance = {{ uniform = 0.2 }}, \
             drawn = \"{drawn}\" }} }}] }} }}"
        )
    };
    let once = time(&load(&phases("once"), ""), 9);
    assert!((1.06..=1.2).contains(&once), "{once} s");
    let each_time = time(&load(&phases("each-time"), ""), 9);
    assert!((1.0..=1.0577).contains(&each_time), "{each_time} s");
}

/// Twelve tasks of 1 s. Dealt before: ceil(12 / p) for the ranks that have the most. By the first free worker, rank 0 has none:
/// ceil(12 / (p - 1)), but on one rank.
#[test]
fn tasks_are_dealt_before_or_handed_to_the_first_free_worker() {
    let farm = |dispatch: &str| {
        format!(
            "{{ task_farm = {{ tasks = 12, service = \"1 s\", item_bytes = \"0 B\", result_bytes = \"0 B\", dispatch = \"{dispatch}\" }} }}"
        )
    };
    check(&farm("static"), "", &[(1, 12.0), (4, 3.0), (9, 2.0)]);
    check(&farm("first-free"), "", &[(1, 12.0), (4, 4.0), (9, 2.0)]);
}

/// Three tasks for three workers. Their items of 1 MB leave the port of rank 0 side by side, so that all are there after 0.3 s;
/// the results of 2 MB come together, after 0.6 s: 0.3 + 1 + 0.6 s.
#[test]
fn tasks_and_results_have_sizes() {
    let farm = "{ task_farm = { tasks = 3, service = \"1 s\", item_bytes = \"1 MB\", result_bytes = \"2 MB\" } }";
    check(farm, "", &[(1, 3.0), (4, 1.9)]);
}

/// A task takes as long on any number of ranks. Eight workers with 400 tasks of 1 s in the mean, exponentially distributed,
/// are done when the last long task is: at least a share of all, at most the longest task later (Graham, 1969).
#[test]
fn uneven_tasks_to_the_first_free_worker_end_together() {
    let farm = |dispatch: &str| {
        format!(
            "{{ task_farm = {{ tasks = 400, service = {{ exponential = {{ mean = \"1 s\" }} }}, item_bytes = \"0 B\", \
             result_bytes = \"0 B\", dispatch = \"{dispatch}\" }} }}"
        )
    };
    let first_free = load(&farm("first-free"), "");
    let all = time(&first_free, 1);
    // Standard deviation of the sum: sqrt(400) s.
    assert!((300.0..500.0).contains(&all), "{all} s");
    let apart = time(&first_free, 9);
    // The longest of 400 is about ln 400 = 6 s; above 16 s once in 20,000 farms.
    assert!((all / 8.0..all / 8.0 + 16.0).contains(&apart), "{apart} s, {all} s of work");
    assert_eq!(time(&load(&farm("static"), ""), 1).to_bits(), all.to_bits());
}

/// A farm in a repeat: 2 + 4 tasks of 1 s for three workers, one and two after each other.
#[test]
fn a_farm_can_be_repeated() {
    let farm = "{ repeat = { times = 2, variable = \"k\", phases = [{ task_farm = { tasks = \"2 + 2 * k\", service = \"1 s\", \
                item_bytes = \"0 B\", result_bytes = \"0 B\" } }] } }";
    check(farm, "", &[(1, 6.0), (4, 3.0)]);
}

/// Phases that all ranks go through alike take the same time if one phase of nothing makes the ranks go by themselves.
#[test]
fn ranks_that_go_by_themselves_take_as_long() {
    let phases = "{ compute = { work = \"1 s\", share = \"divided\" } }, { bcast = { bytes = \"3 MB\" } },\
                  { scatter = { bytes = \"3 MB\", share = \"divided\" } }, { gather = { bytes = \"1 kB\" } },\
                  { gatherv = { bytes = \"1 MB\" } }, { scatterv = { bytes = \"10 B\" } }, { reduce = { bytes = \"8 B\" } },\
                  { allreduce = { bytes = \"1 MB\" } }, { allgather = { bytes = \"100 kB\" } }, { barrier = {} },\
                  { alltoall = { bytes = \"300 kB\" } }, { ring = { bytes = \"1 MB\" } }, { halo = { bytes = \"1 MB\" } },\
                  { compute = { work = \"100 ms\", share = \"rank-zero\" } }, { sleep = \"1 ms\" }";
    let repeated = format!("{{ repeat = {{ times = 3, phases = [{phases}] }} }}");
    let by_themselves = format!("{repeated}, {{ if = \"rank < 0\", sleep = \"1 s\" }}");
    for ranks in [1, 4, 9] {
        let (alike, apart) = (time(&load(&repeated, ""), ranks), time(&load(&by_themselves, ""), ranks));
        assert!((alike / apart - 1.0).abs() < 1e-9, "{ranks} ranks: {alike} s and {apart} s");
    }
}
