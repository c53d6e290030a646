//! Random schedules: the simulator against the slow oracle.

use dlpc_engine::engine::replay::ReplayError;
use proptest::prelude::*;

use super::oracle::{self, Action, Op, Parameters};
use super::{loggops, try_finish};

/// What one step of a schedule is made of.
#[derive(Debug, Clone)]
struct Draw {
    kind: u8,
    ranks: (usize, usize),
    tag: u32,
    bytes: u64,
    work: u64,
    places: [usize; 4],
    /// Whether the receive takes any rank, any tag.
    any: (bool, bool),
    /// How far back the operations lie that are waited for.
    back: Vec<(u8, usize, bool)>,
}

fn draw(n_ranks: usize, n_places: usize) -> impl Strategy<Value = Draw> {
    let places = proptest::array::uniform4(0..n_places);
    let back = proptest::collection::vec((0..2_u8, 1..5_usize, any::<bool>()), 0..3);
    let any = (proptest::bool::weighted(0.15), proptest::bool::weighted(0.15));
    let sizes = (0..3_u32, 0..60_u64, 0..400_u64);
    (0..4_u8, (0..n_ranks, 0..n_ranks), sizes, places, any, back).prop_map(
        |(kind, ranks, (tag, bytes, work), places, any, back)| Draw {
            kind,
            ranks,
            tag,
            bytes,
            work,
            places,
            any,
            back,
        },
    )
}

/// A calculation, or a send with its receive; each waits for operations that its rank has before it. So every schedule
/// without wildcards can be finished, unless a rendezvous waits for a receive that comes after its send.
fn schedule(n_ranks: usize, draws: &[Draw]) -> Vec<Vec<Op>> {
    let mut ranks: Vec<Vec<Op>> = vec![Vec::new(); n_ranks];
    let mut add = |rank: usize, action, (cpu, nic), draw: &Draw, side: u8| {
        let ops = &mut ranks[rank];
        let mut op = Op { action, cpu, nic, requires: Vec::new(), irequires: Vec::new() };
        for (_, distance, is_start) in draw.back.iter().filter(|(of, ..)| *of == side) {
            if let Some(other) = ops.len().checked_sub(*distance) {
                let list = if *is_start { &mut op.irequires } else { &mut op.requires };
                list.push(other);
            }
        }
        ops.push(op);
    };
    for draw in draws {
        let (from, to) = draw.ranks;
        let [a, b, c, d] = draw.places;
        if draw.kind == 0 {
            add(from, Action::Calc(draw.work), (a, 0), draw, 0);
            continue;
        }
        add(from, Action::Send { to, tag: draw.tag, bytes: draw.bytes }, (a, b), draw, 0);
        let from = (!draw.any.0).then_some(from);
        let tag = (!draw.any.1).then_some(draw.tag);
        add(to, Action::Recv { from, tag, bytes: draw.bytes }, (c, d), draw, 1);
    }
    ranks
}

fn parameters() -> impl Strategy<Value = Parameters> {
    (0..300_u64, 0..200_u64, 0..300_u64, 0..5_u64, 0..5_u64, 0..60_u64)
        .prop_map(|(latency, o, g, gap, copy, limit)| Parameters { L: latency, o, g, G: gap, O: copy, S: limit })
}

fn compare(ranks: &[Vec<Op>], p: Parameters) -> Result<(), TestCaseError> {
    let expected = oracle::finish(ranks, p);
    let small = |value: u64| u32::try_from(value).unwrap();
    let actual = try_finish(&oracle::text(ranks), loggops(p.L, p.o, p.g, small(p.G), small(p.O), p.S));
    match expected {
        Some(times) => prop_assert_eq!(actual, Ok(times), "{}", oracle::text(ranks)),
        None => prop_assert!(matches!(actual, Err(ReplayError::Unfinished { .. })), "{}", oracle::text(ranks)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_cpu_and_one_interface(draws in proptest::collection::vec(draw(4, 1), 0..40), p in parameters()) {
        compare(&schedule(4, &draws), p)?;
    }

    #[test]
    fn several_cpus_and_interfaces(draws in proptest::collection::vec(draw(3, 3), 0..40), p in parameters()) {
        compare(&schedule(3, &draws), p)?;
    }
}
