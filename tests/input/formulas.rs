//! Expressions in the phases of a scenario: their values, and what is said of those that have none.

use dlpc_engine::program::phase::{Phase, Share};
use dlpc_engine::units::{Bytes, SimDuration};
use dlpc_predict::workload::Workload;

use crate::files::Folder;

const PARAMETERS: &str = "[workload.custom.parameters]\nn = 1000\nt_flop = \"2 ns\"\nsteps = 10\n";

/// A scenario on one to eight ranks whose phases are these.
fn program(parameters: &str, phases: &str) -> Folder {
    Folder::good().workload(&format!("[workload.custom]\nphases = [{phases}]\n{parameters}"))
}

fn phases_on(folder: &Folder, n_ranks: u32) -> Vec<Phase> {
    match folder.loaded().scenario.workload {
        Workload::Custom(custom) => custom.phases_on(n_ranks).expect("the same phases on all ranks"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_expression_has_its_value_on_each_number_of_ranks() {
    let folder = program(
        PARAMETERS,
        "{ compute = { work = \"t_flop * 2 * n^3 / ranks\" } }, { bcast = { bytes = \"8 B * n^2\" } }, \
         { gather = { bytes = \"8 B * n^2\", share = \"divided\" } }, { sleep = \"max(1 s - ranks * 200 ms, 0 s)\" }, \
         { repeat = { times = \"steps * ranks\", phases = [{ ring = { bytes = \"n / 3 * 1 B\" } }] } }",
    );
    // 2 ns * 2 * 10^9 = 4 s; 8 * 10^6 B; 1000 / 3 B, rounded up.
    for (ranks, work, sleep) in [(1, 4_000, 800), (4, 1_000, 200), (8, 500, 0)] {
        let ring = Phase::Ring(Bytes(334));
        let expected = [
            Phase::Compute { work: SimDuration::from_millis(work), share: Share::EachRank },
            Phase::Bcast(Bytes(8_000_000)),
            Phase::Divided(Box::new(Phase::Gather(Bytes(8_000_000)))),
            Phase::Sleep(SimDuration::from_millis(sleep)),
            Phase::Repeat { times: 10 * ranks, phases: vec![ring] },
        ];
        assert_eq!(phases_on(&folder, ranks), expected, "{ranks} ranks");
    }
}

/// 0.1 * 30 is 3.0000000000000004 in floating point.
#[test]
fn a_product_is_not_rounded_up_for_the_rounding_of_floating_point() {
    let folder = program("[workload.custom.parameters]\nx = 0.1\n", "{ bcast = { bytes = \"x * 30 B\" } }");
    assert_eq!(phases_on(&folder, 2), [Phase::Bcast(Bytes(3))]);
}

#[test]
fn a_program_in_expressions_is_predicted_as_the_same_one_in_numbers() {
    let formula = program("", "{ compute = { work = \"8 s / ranks\" } }, { allgather = { bytes = \"1 MB / ranks\" } }");
    let words = program(
        "",
        "{ compute = { work = \"8 s\", share = \"divided\" } }, { allgather = { bytes = \"1 MB\", share = \"divided\" } }",
    );
    let times = |folder: &Folder| {
        let experiment = folder.loaded();
        let prediction = dlpc_predict::prediction::predict(&experiment.scenario, &experiment.machine, &|| ());
        let curve = prediction.expect("a prediction").curve;
        curve.points.iter().map(|point| point.makespan_s).collect::<Vec<f64>>()
    };
    assert_eq!(times(&formula), times(&words));
}

#[test]
fn a_parameter_that_nothing_uses_is_warned_of() {
    let folder = program(PARAMETERS, "{ bcast = { bytes = \"8 B * n\" } }, { sleep = \"t_flop * 1\" }");
    let warnings = folder.loaded().warnings.render(false);
    assert!(warnings.contains("no expression uses the parameter `steps`"), "{warnings}");
}

#[test]
fn what_is_wrong_with_an_expression_or_a_parameter_is_said() {
    let wrong = [
        ("", "{ bcast = { bytes = \"8 B * m\" } }", "`m` stands for nothing"),
        (PARAMETERS, "{ bcast = { bytes = \"8 B * rnks\" } }", "did you mean `ranks`?"),
        (PARAMETERS, "{ bcast = { bytes = \"8 B * n_\" } }", "did you mean `n`?"),
        ("", "{ bcast = { bytes = \"8 B * (ranks\" } }", "a parenthesis is not closed"),
        ("", "{ bcast = { bytes = \"8 B *\" } }", "it ends where a number, a name or `(` should be"),
        ("", "{ bcast = { bytes = \"ranks * 8\" } }", "`ranks * 8` is a number, not a size"),
        ("", "{ bcast = { bytes = \"ranks * 8 s\" } }", "`ranks * 8 s` is a time, not a size"),
        ("", "{ bcast = { bytes = \"8 B * (1 - ranks)\" } }", "on 2 ranks, `8 B * (1 - ranks)` is below zero"),
        ("", "{ bcast = { bytes = \"8 B / (ranks - 1)\" } }", "on one rank, `8 B / (ranks - 1)`: it divides by zero"),
        ("", "{ bcast = { bytes = \"8 TB * 10 ^ 9\" } }", "are more than 9 EB"),
        ("", "{ bcast = { bytes = \"8 Mbit * ranks\" } }", "`Mbit` is no unit"),
        ("", "{ bcast = { bytes = \"8 Kib\" } }", "`workload.custom.phases[0].bcast.bytes`"),
        ("", "{ bcast = { bytes = \"8 B + 1\" } }", "a size and a number do not go together"),
        ("", "{ bcast = { bytes = \"cube(ranks)\" } }", "there is no function `cube`"),
        ("", "{ compute = { work = \"300 d * ranks\" } }", "are more than 213 days"),
        ("", "{ compute = { work = \"ranks\" } }", "`ranks` is a number, not a time"),
        ("", "{ compute = { work = 5 } }", "`workload.custom.phases[0].compute.work`"),
        ("", "{ sleep = \"1 s * (ranks\" }", "a parenthesis is not closed"),
        ("", "{ repeat = { times = \"ranks / 2\", phases = [{ barrier = {} }] } }", "0.5 is no whole number"),
        ("", "{ repeat = { times = \"10 ^ 10\", phases = [{ barrier = {} }] } }", "is more than 1000000000"),
        ("", "{ repeat = { times = \"1 s\", phases = [{ barrier = {} }] } }", "`1 s` is a time, not a count"),
        ("", "{ repeat = { times = 0, phases = [{ barrier = {} }] } }", "not at least 1"),
        ("", "{ repeat = { times = 1.5, phases = [{ barrier = {} }] } }", "not an integer or an expression"),
        ("", "{ repeat = { times = \"2 x\", phases = [{ barrier = {} }] } }", "`x` is no unit"),
        ("[workload.custom.parameters]\nranks = 3\n", "{ barrier = {} }", "`ranks` cannot be the name of a parameter"),
        ("[workload.custom.parameters]\n\"a b\" = 3\n", "{ barrier = {} }", "`a b` cannot be the name of a parameter"),
        ("[workload.custom.parameters]\nn = \"m * 2\"\n", "{ barrier = {} }", "`m * 2` is no number or quantity"),
        ("[workload.custom.parameters]\nn = \"2 *\"\n", "{ barrier = {} }", "`workload.custom.parameters.n`"),
        ("[workload.custom.parameters]\nn = true\n", "{ barrier = {} }", "not a number or a quantity"),
        ("[workload.custom.parameters]\nn = nan\n", "{ sleep = \"n * 1 s\" }", "`nan` is not a finite number"),
    ];
    for (parameters, phases, expected) in wrong {
        let report = program(parameters, phases).report();
        assert!(report.contains(expected), "{phases}: no `{expected}` in\n{report}");
    }
}

#[test]
fn what_is_wrong_with_phases_of_single_ranks_is_said() {
    let wrong = [
        ("", "{ bcast = { bytes = \"8 B * rank\" } }", "`rank` cannot stand here: all ranks have to agree on it"),
        ("", "{ bcast = { bytes = \"8 B\", root = \"rank\" } }", "`rank` cannot stand here"),
        ("", "{ bcast = { bytes = \"8 B\", root = 3 } }", "on one rank, `3` is 3, but ranks are 0 to 0"),
        (
            "",
            "{ bcast = { bytes = \"8 B\", root = \"ranks / 2\" } }",
            "on one rank, `ranks / 2`: 0.5 is no whole number",
        ),
        ("", "{ bcast = { bytes = \"8 B\", root = 1, group = \"rank\" } }", "is 1, but places in the group are 0 to 0"),
        (
            "",
            "{ send = { to = \"rank + 1\", bytes = \"8 B\" } }",
            "where `rank` is 0, `rank + 1` is 1, but ranks are 0 to 0",
        ),
        ("", "{ recv = { from = \"rank - 1\" } }", "`rank - 1` is -1, but ranks are 0 to 0"),
        ("", "{ recv = { from = \"rank - 1\" } }", "write `outside = \"nobody\"` beside it"),
        (
            "",
            "{ if = \"ranks > 1\", send = { to = 8, bytes = \"8 B\" } }",
            "on 2 ranks, `8` is 8, but ranks are 0 to 1",
        ),
        ("", "{ send = { to = \"rank\" } }", "missing key `bytes` in `workload.custom.phases[0].send`"),
        ("", "{ recv = { to = \"rank\" } }", "unknown key `to` in `workload.custom.phases[0].recv`"),
        ("", "{ recv = { from = \"1 s\" } }", "`1 s` is a time, not a number"),
        (
            "",
            "{ send = { to = 0, bytes = \"8 B\", outside = \"none\" } }",
            "is \"none\", not one of \"error\", \"nobody\"",
        ),
    ];
    check_phases(&wrong);
}

#[test]
fn what_is_wrong_with_conditions_and_lists_is_said() {
    const ROWS: &str = "lists = { load = [1, 2] }\n";
    let wrong = [
        ("", "{ if = \"rank > 0\" }", "`workload.custom.phases[0]` says only when"),
        ("", "{ if = \"rank > 0\", barrier = {}, sleep = \"1 s\" }", "has both `barrier` and `sleep`"),
        ("", "{ if = \"1 s\", barrier = {} }", "`1 s` is a time, not a condition"),
        ("", "{ if = \"rank = 0\", barrier = {} }", "there is no operator `=`"),
        ("", "{ if = \"rank = 0\", barrier = {} }", "write `==`"),
        ("", "{ if = \"rank > 0 && ranks > 2\", barrier = {} }", "write `and`"),
        ("", "{ if = \"rank > 0 || ranks > 2\", barrier = {} }", "write `or`"),
        ("", "{ if = \"!rank\", barrier = {} }", "`!` stands where"),
        ("", "{ if = \"rank > 1 B\", barrier = {} }", "a number and a size do not go together"),
        ("", "{ if = \"not 1 B\", barrier = {} }", "a size neither holds nor does not"),
        ("", "{ if = true, barrier = {} }", "`workload.custom.phases[0].if`"),
        ("", "{ sleep = \"1 s * load[0]\" }", "`load` is no list"),
        (ROWS, "{ sleep = \"1 s * lod[0]\" }", "did you mean `load`?"),
        (ROWS, "{ sleep = \"1 s * load\" }", "`load` is a list"),
        (ROWS, "{ sleep = \"1 s * load[rank]\" }", "where `rank` is 2, `load[rank]`: the list has no entry 2"),
        (ROWS, "{ sleep = \"1 s * load[0.5]\" }", "0.5 is no place in a list"),
        (ROWS, "{ sleep = \"1 s * load[0\" }", "a bracket is not closed"),
        ("lists = { load = [] }\n", "{ sleep = \"1 s * load[0]\" }", "the list has no entries"),
        ("lists = { load = [\"2 x\"] }\n", "{ sleep = \"1 s * load[0]\" }", "`workload.custom.lists.load[0]`"),
    ];
    check_phases(&wrong);
}

#[test]
fn what_is_wrong_with_repeats_grids_and_farms_is_said() {
    let wrong = [
        (
            "",
            "{ repeat = { times = 2, variable = \"rank\", phases = [{ barrier = {} }] } }",
            "`rank` cannot be the name of a variable",
        ),
        (
            "",
            "{ repeat = { times = 2, variable = \"a b\", phases = [{ barrier = {} }] } }",
            "`a b` cannot be the name of a variable",
        ),
        (
            "",
            "{ repeat = { times = 2, variable = \"k\", phases = [{ barrier = {} }] } }, { sleep = \"1 s * k\" }",
            "`k` stands for nothing",
        ),
        (
            "",
            "{ repeat = { times = 3, variable = \"k\", phases = [{ sleep = \"1 s / (2 - k)\" }] } }",
            "where `k` is 2, `1 s / (2 - k)`: it divides by zero",
        ),
        (
            "",
            "{ halo = { bytes = \"8 B\", dimensions = 4 } }",
            "`workload.custom.phases[0].halo.dimensions` is 4, not at most 3",
        ),
        (
            "",
            "{ halo = { bytes = \"8 B\", grid = [2, \"ranks\"] } }",
            "`2` makes a grid of 2 x 1, which are not 1 ranks",
        ),
        ("", "{ halo = { bytes = \"8 B\", grid = [] } }", "has 0 entries, not at least 1"),
        ("", "{ sleep = \"1 s * along\" }", "only the bytes of `halo` can use it"),
        ("", "{ gatherv = { bytes = \"1 B * to\" } }", "only the bytes of `alltoallv` can use it"),
        ("", "{ task_farm = { service = \"1 s\" } }", "missing key `tasks`"),
        ("", "{ task_farm = { tasks = \"rank\", service = \"1 s\" } }", "`rank` cannot stand here"),
        ("", "{ task_farm = { tasks = \"ranks / 2\", service = \"1 s\" } }", "0.5 is no whole number"),
        (
            "",
            "{ task_farm = { tasks = 3, service = { uniform = { low = \"2 s\", high = \"1 s\" } } } }",
            "`task_farm.service.uniform.high` is 1 s, below `task_farm.service.uniform.low`, which is 2 s",
        ),
        ("", "{ sleep = \"1 s * side(ranks, 4, 0)\" }", "a grid has 1 to 3 dimensions"),
        ("", "{ compute = { work = \"1 s\", imbalance = { uniform = 2 } } }", "not at most 1"),
        (
            "",
            "{ compute = { work = \"1 s\", imbalance = {} } }",
            "`workload.custom.phases[0].compute.imbalance` is empty",
        ),
        (
            "",
            "{ compute = { work = \"1 s\", imbalance = { lognormal = 1 }, drawn = \"twice\" } }",
            "is \"twice\", not one of",
        ),
        (
            "",
            "{ repeat = { times = 20_000_000, variable = \"k\", phases = [{ sleep = \"1 ps * k * rank\" }] } }",
            "expressions have more than 10000000 values on all ranks and repeats",
        ),
    ];
    check_phases(&wrong);
}

/// Expects a message for each program of other keys and phases.
fn check_phases(wrong: &[(&str, &str, &str)]) {
    for (more, phases, expected) in wrong {
        let workload = format!("[workload.custom]\n{more}phases = [{phases}]\n");
        let folder = Folder::good().workload(&workload);
        // Once is enough where all values are looked at.
        let folder = if expected.contains("10000000") { folder.scenario("1..=8", "1") } else { folder };
        let report = folder.report();
        assert!(report.contains(expected), "{phases}: no `{expected}` in\n{report}");
    }
}
