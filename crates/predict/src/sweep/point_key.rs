//! The name of a point's result: a hash of all that the result depends on, and of nothing else.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scenario::Scenario;

/// Version of what is hashed and of the records.
const FORMAT: u32 = 1;

/// Fingerprint of a fixed set of predictions: it tells the results of this program from those of an older or newer one of
/// the same version number. A test says what it is, and fails when results change and it does not.
pub const RESULTS: &str = "2bbfc86a5f97955c";

/// Keys of a scenario that do not change a prediction, or are part of what else is hashed.
const SCENARIO_KEYS_LEFT_OUT: [&str; 4] = ["title", "measured", "machine", "machine_override"];
/// Keys of a machine model that do not change a prediction.
const MACHINE_KEYS_LEFT_OUT: [&str; 2] = ["title", "provenance"];

/// Returns the name of the result on `ranks` ranks, 32 hexadecimal digits.
///
/// `scenario` and `machine` are as results echo them, with defaults filled in. What other files say that the scenario only
/// names is in `checked`: where the ranks are (hostfile, rankfile), and what a trace holds.
///
/// # Panics
/// Never: a scenario that was read is a table.
#[must_use]
pub fn point_key(scenario: &Value, machine: &Value, checked: &Scenario, ranks: u32) -> String {
    let mut scenario = scenario.clone();
    let mut machine = machine.clone();
    remove(&mut scenario, &SCENARIO_KEYS_LEFT_OUT);
    remove(&mut machine, &MACHINE_KEYS_LEFT_OUT);
    if let Some(run) = scenario.get_mut("run") {
        run["ranks"] = json!([ranks]);
    }
    let mut hash = Sha256::new();
    for part in [json!([FORMAT, env!("CARGO_PKG_VERSION"), RESULTS]), scenario, machine] {
        hash.update(part.to_string());
        hash.update([0]);
    }
    if let Some(fingerprint) = checked.workload.facts().fingerprint(ranks) {
        hash.update(fingerprint);
    }
    let run = &checked.run;
    for host in run.slots.iter().take(ranks as usize) {
        hash.update(host.0.to_le_bytes());
    }
    for cores in run.bound.iter().take(ranks as usize) {
        hash.update(format!("{:?}", cores.ranges()));
    }
    let mut first_half = [0; 16];
    first_half.copy_from_slice(&hash.finalize()[..16]);
    format!("{:032x}", u128::from_be_bytes(first_half))
}

fn remove(table: &mut Value, keys: &[&str]) {
    if let Some(table) = table.as_object_mut() {
        table.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use dlpc_engine::platform::HostId;
    use dlpc_engine::platform::NetworkKind;
    use dlpc_engine::platform::core_set::CoreSet;

    use super::*;
    use crate::scenario::Run;
    use crate::workload::Workload;

    fn key(seed: u32, title: &str, hosts: &[u32], ranks: u32) -> String {
        key_bound(seed, title, hosts, &[], ranks)
    }

    fn key_bound(seed: u32, title: &str, hosts: &[u32], cores: &[u32], ranks: u32) -> String {
        let scenario = json!({ "title": title, "run": { "ranks": [1, 2, 4], "seed": seed } });
        let run = Run {
            ranks: vec![NonZeroU32::MIN],
            slots: hosts.iter().map(|host| HostId(*host)).collect(),
            bound: cores.iter().map(|core| CoreSet::one(*core)).collect(),
            replications: NonZeroU32::MIN,
            seed: 1,
            network: NetworkKind::Flow,
            order: None,
            may_oversubscribe: false,
        };
        let checked = Scenario { title: String::new(), run, workload: Workload::Custom(Vec::new().into()) };
        point_key(&scenario, &json!({ "name": "x", "title": title }), &checked, ranks)
    }

    #[test]
    fn a_result_has_the_same_name_whatever_the_title_and_the_other_rank_counts() {
        assert_eq!(key(1, "a", &[0, 0, 1, 1], 2), key(1, "b", &[0, 0], 2));
        assert_eq!(key(1, "a", &[0], 1).len(), 32);
    }

    #[test]
    fn all_that_it_depends_on_changes_the_name() {
        assert_ne!(key_bound(1, "a", &[0, 0], &[0, 0], 2), key_bound(1, "a", &[0, 0], &[0, 1], 2));
        let first = key(1, "a", &[0, 1], 2);
        for other in [key(2, "a", &[0, 1], 2), key(1, "a", &[0, 0], 2), key(1, "a", &[0, 1], 1)] {
            assert_ne!(first, other);
        }
    }
}
