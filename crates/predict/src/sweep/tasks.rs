//! What is to be computed for a plan: each result once, however many points need it.

use std::collections::BTreeMap;

/// What a point needs: its own result, and that of the same values on one rank, for the speedup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Rank count of the point.
    pub ranks: u32,
    /// Name of its result.
    pub key: String,
    /// Name of the result on one rank.
    pub baseline_key: String,
}

/// One result to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// Point whose values it has.
    pub point: u32,
    /// Rank count: that of the point, or 1.
    pub ranks: u32,
}

/// Returns each result that the points need and that is not there yet, in the order of the points.
///
/// # Panics
/// With more than 2^32 points.
#[must_use]
pub fn open_tasks(needs: &[Needs], is_there: &dyn Fn(&str) -> bool) -> Vec<Task> {
    let mut tasks: BTreeMap<&str, Task> = BTreeMap::new();
    for (i, needs) in needs.iter().enumerate() {
        let point = u32::try_from(i).expect("invariant: at most a million points");
        for (key, ranks) in [(&needs.baseline_key, 1), (&needs.key, needs.ranks)] {
            if !is_there(key) {
                tasks.entry(key).or_insert(Task { point, ranks });
            }
        }
    }
    let mut tasks: Vec<Task> = tasks.into_values().collect();
    tasks.sort_unstable();
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(ranks: u32, key: &str, baseline_key: &str) -> Needs {
        Needs { ranks, key: key.to_owned(), baseline_key: baseline_key.to_owned() }
    }

    #[test]
    fn what_several_points_need_is_computed_once() {
        let points = [needs(1, "a", "a"), needs(2, "b", "a"), needs(2, "b", "a"), needs(2, "d", "c")];
        let task = |point, ranks| Task { point, ranks };
        assert_eq!(open_tasks(&points, &|_| false), [task(0, 1), task(1, 2), task(3, 1), task(3, 2)]);
        assert_eq!(open_tasks(&points, &|key| key == "b" || key == "c"), [task(0, 1), task(3, 2)]);
    }
}
