//! Failures that are known and not mended yet. An entry goes with the change that mends it.

/// A failure that does not count.
struct Open {
    /// The test.
    test: &'static str,
    /// A piece of what the failure says.
    says: &'static str,
    /// Why it stands here.
    #[expect(dead_code, reason = "for those who read this list")]
    reason: &'static str,
}

const OPEN: &[Open] = &[
    Open {
        test: "curves::a_damaged_curve_is_reported_or_compared",
        says: "bug: a coordinate of a plot is NaN",
        reason: "measured times near the largest and the least numbers overflow on the axes of a plot",
    },
    Open {
        test: "outputs::damaged_result_files_are_reported_or_compared",
        says: "bug: a coordinate of a plot is NaN",
        reason: "the same",
    },
    Open {
        test: "sweeps::damaged_records_are_left_out_or_drawn",
        says: "bug: a coordinate of a plot is NaN",
        reason: "a plot of one point, or of equal values, has an axis from a number to itself",
    },
    Open {
        test: "sweeps::damaged_records_are_left_out_or_drawn",
        says: "src/report/plot/axis.rs",
        reason: "the same with times near the largest numbers",
    },
];

/// Returns whether a failure is one that is known.
pub(crate) fn is_known(test: &str, why: &str) -> bool {
    OPEN.iter().any(|open| open.test == test && why.contains(open.says))
}
