//! The `flow` network against `SimGrid`, whose numbers are stored: benches/peers/simgrid-3.32.csv says how they were made.

use crate::agreement::{self, Configuration};

const SIMGRID: &str = include_str!("../../benches/peers/simgrid-3.32.csv");

/// Largest relative difference of a time from `SimGrid`'s.
const DIFFERENCE_MAX: f64 = 0.01;

fn simgrid(configuration: &Configuration) -> Vec<f64> {
    agreement::finish_of_simgrid(SIMGRID, &configuration.name)
}

#[test]
fn flows_end_when_they_end_in_simgrid_without_its_corrections_for_tcp() {
    let configurations = agreement::read(include_str!("../../benches/peers/agreement.txt"));
    assert!(configurations.len() >= 12);
    let differences = configurations.iter().map(|configuration| {
        let difference = agreement::largest_difference(&configuration.finish_s(), &simgrid(configuration));
        (configuration.name.as_str(), difference)
    });
    let beyond: Vec<_> = differences.filter(|(_, difference)| *difference > DIFFERENCE_MAX).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
}

#[test]
fn where_latencies_differ_both_end_when_their_models_say() {
    let [configuration] = &agreement::read(include_str!("../../benches/peers/differences.txt"))[..] else {
        panic!("one configuration")
    };
    // Two flows of 1 MB into one port of 12.5 MB/s, over 2 and over 10 ms.
    // Here both get half of it, for 160 ms, and arrive one latency later.
    let near = |times: &[f64], expected: [f64; 2]| agreement::largest_difference(times, &expected) < 1e-6;
    assert!(near(&configuration.finish_s(), [0.162, 0.170]), "{:?}", configuration.finish_s());
    // In SimGrid latency comes first, and shares are inversely proportional to it, 5 to 1: the first flow has 100 kB in
    // the 8 ms until the second one begins, and the rest takes 900 kB / (5/6 of 12.5 MB/s) = 86.4 ms, until 96.4 ms. The
    // second one has 180 kB then, and the rest takes 820 kB / 12.5 MB/s = 65.6 ms.
    assert!(near(&simgrid(configuration), [0.0964, 0.162]), "{:?}", simgrid(configuration));
}
