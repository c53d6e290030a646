//! How long a simulation will take, said before it starts if that is long.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::units::significant;
use dlpc_predict::scenario::Scenario;
use dlpc_predict::{input, prediction};

use crate::files;

/// Steps of ranks that one thread simulates in a second, roughly: a third to three times as many, depending on the
/// network (docs/performance.md).
const STEPS_PER_SECOND: f64 = 1e6;
/// What is over sooner is not announced, in seconds.
const PATIENCE_S: f64 = 600.0;

/// Returns about how many steps all runs of a prediction simulate.
pub(super) fn steps_of(scenario: &Scenario, machine: &MachineModel) -> f64 {
    let of_run = |ranks: u32| steps(input::n_steps(&scenario.workload, ranks, machine));
    let per_replication: f64 = scenario.run.ranks.iter().map(|ranks| of_run(ranks.get())).sum();
    per_replication * f64::from(prediction::n_replications(scenario, machine))
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn steps(n: u64) -> f64 {
    n as f64
}

/// Says how long so many steps take, if that is long; `less` is what would take less.
pub(super) fn announce(n_steps: f64, less: &str) {
    if let Some(text) = announcement(n_steps, rayon::current_num_threads(), less) {
        files::note(&text);
    }
}

fn announcement(n_steps: f64, n_threads: usize, less: &str) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = n_steps / STEPS_PER_SECOND / n_threads as f64;
    (seconds > PATIENCE_S).then(|| {
        let threads = if n_threads == 1 { "1 thread".to_owned() } else { format!("{n_threads} threads") };
        format!("about {n_steps:.0e} steps to simulate: roughly {} on {threads}; {less}", rough_time(seconds))
    })
}

/// Returns a time as people say it, with one digit.
fn rough_time(seconds: f64) -> String {
    let (unit, length) = match seconds {
        _ if seconds < 5400.0 => ("minutes", 60.0),
        _ if seconds < 48.0 * 3600.0 => ("hours", 3600.0),
        _ => ("days", 86400.0),
    };
    format!("{} {unit}", significant(seconds / length, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3e10 steps at 1e6 per second are 30,000 s, on 2 threads 15,000 s = 4.2 h.
    #[test]
    fn a_prediction_of_hours_is_announced() {
        let text = announcement(3e10, 2, "fewer replications are faster").expect("an announcement");
        assert_eq!(text, "about 3e10 steps to simulate: roughly 4 hours on 2 threads; fewer replications are faster");
    }

    #[test]
    fn a_prediction_of_minutes_is_not() {
        assert_eq!(announcement(5e8, 1, ""), None);
        assert!(announcement(7e8, 1, "").is_some_and(|text| text.contains("12 minutes on 1 thread")));
    }
}
