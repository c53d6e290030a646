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
        (PARAMETERS, "{ bcast = { bytes = \"8 B * rank\" } }", "did you mean `ranks`?"),
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
