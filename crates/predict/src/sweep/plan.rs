//! The points of a sweep: every combination of the values, or a Latin hypercube sample of them.

use dlpc_engine::random::{Purpose, Streams};
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{Axis, Level, Values};

/// Most points of one sweep.
pub const POINTS_MAX: u64 = 1_000_000;

/// How points are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Every combination of the values; the last key varies fastest.
    Grid,
    /// So many points, of which each key's values are spread evenly (`McKay`, Beckman and Conover, 1979).
    LatinHypercube {
        /// Number of points.
        n: u32,
        /// Seed of the choice.
        seed: u64,
    },
}

/// The points of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    axes: Vec<Axis>,
    choice: Choice,
}

#[derive(Debug, Clone, PartialEq)]
enum Choice {
    Grid(Vec<Vec<Level>>),
    /// Values of each axis by point.
    Sample(Vec<Vec<Level>>),
}

/// Returns how many points a design has; none if they are more than fit in 64 bits.
#[must_use]
pub fn n_points(axes: &[Axis], design: Design) -> Option<u64> {
    match design {
        Design::LatinHypercube { n, .. } => Some(u64::from(n)),
        Design::Grid => axes.iter().try_fold(1_u64, |product, axis| match &axis.values {
            Values::List(levels) => product.checked_mul(levels.len() as u64),
            Values::Range(_) => Some(product),
        }),
    }
}

impl Plan {
    /// Returns the plan of a design. Same input, same points.
    ///
    /// # Panics
    /// If a grid has an axis without a list of values, or has more than [`POINTS_MAX`] points.
    #[must_use]
    pub fn new(axes: Vec<Axis>, design: Design) -> Self {
        assert!(n_points(&axes, design).is_some_and(|n| n <= POINTS_MAX), "bug: too many points");
        let choice = match design {
            Design::Grid => Choice::Grid(axes.iter().map(levels).collect()),
            Design::LatinHypercube { n, seed } => {
                Choice::Sample((0..).zip(&axes).map(|(i, axis)| sample(axis, i, n, seed)).collect())
            }
        };
        Self { axes, choice }
    }

    /// Returns the keys that vary.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Returns the number of points.
    #[must_use]
    pub fn n_points(&self) -> usize {
        match &self.choice {
            Choice::Grid(levels) => levels.iter().map(Vec::len).product(),
            Choice::Sample(levels) => levels.first().map_or(0, Vec::len),
        }
    }

    /// Returns the value of each key at point `i`.
    ///
    /// # Panics
    /// If there is no such point.
    #[must_use]
    pub fn point(&self, i: usize) -> Vec<&Level> {
        assert!(i < self.n_points(), "bug: no point {i}");
        match &self.choice {
            Choice::Sample(levels) => levels.iter().map(|levels| &levels[i]).collect(),
            Choice::Grid(levels) => {
                let mut rest = i;
                let mut point: Vec<&Level> = Vec::with_capacity(levels.len());
                for levels in levels.iter().rev() {
                    point.push(&levels[rest % levels.len()]);
                    rest /= levels.len();
                }
                point.reverse();
                point
            }
        }
    }

    /// Returns the numbers of the values that a key takes, as many as there are.
    #[must_use]
    pub fn n_levels(&self, axis: usize) -> usize {
        match &self.choice {
            Choice::Grid(levels) => levels[axis].len(),
            Choice::Sample(levels) => {
                let mut texts: Vec<&str> = levels[axis].iter().map(|level| level.text.as_str()).collect();
                texts.sort_unstable();
                texts.dedup();
                texts.len()
            }
        }
    }

    /// Returns whether every combination is there.
    #[must_use]
    pub fn is_grid(&self) -> bool {
        matches!(self.choice, Choice::Grid(_))
    }
}

fn levels(axis: &Axis) -> Vec<Level> {
    match &axis.values {
        Values::List(levels) => levels.clone(),
        Values::Range(_) => panic!("bug: `{}` has no list of values for a grid", axis.key),
    }
}

/// Cuts the way from 0 to 1 into `n` equal parts, takes a random place in each, and shuffles them.
fn sample(axis: &Axis, index: u32, n: u32, seed: u64) -> Vec<Level> {
    let mut rng = Streams::new(seed, 0).stream(Purpose::Plan, index);
    let mut levels: Vec<Level> = (0..n)
        .map(|part| {
            let share = (f64::from(part) + rng.random::<f64>()) / f64::from(n);
            axis.at(share)
        })
        .collect();
    levels.shuffle(&mut rng);
    levels
}

#[cfg(test)]
mod tests {
    use dlpc_engine::units::Unit;

    use super::*;
    use crate::sweep::{Form, Range, Spacing};

    fn list(key: &str, n: i32) -> Axis {
        let levels = (0..n).map(|i| Form::Integer.level(f64::from(i)));
        Axis { key: key.to_owned(), unit: Some(Unit::One), values: Values::List(levels.collect()) }
    }

    fn texts(plan: &Plan) -> Vec<Vec<&str>> {
        (0..plan.n_points()).map(|i| plan.point(i).iter().map(|level| level.text.as_str()).collect()).collect()
    }

    #[test]
    fn in_a_grid_the_last_key_varies_fastest() {
        let plan = Plan::new(vec![list("a", 2), list("b", 3)], Design::Grid);
        let expected = [["0", "0"], ["0", "1"], ["0", "2"], ["1", "0"], ["1", "1"], ["1", "2"]];
        assert_eq!(texts(&plan), expected);
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_part_of_each_key() {
        let range = Range { low: 0.0, high: 10.0, spacing: Spacing::Linear, form: Form::Number };
        let axis = Axis { key: "a".to_owned(), unit: Some(Unit::One), values: Values::Range(range) };
        let plan = Plan::new(vec![axis, list("b", 5)], Design::LatinHypercube { n: 10, seed: 7 });
        for part in 0..10 {
            let inside =
                |level: &Level| level.number.is_some_and(|number| (number - 0.5 - f64::from(part)).abs() <= 0.5);
            assert_eq!((0..10).filter(|i| inside(plan.point(*i)[0])).count(), 1, "part {part}");
        }
        // Ten points over five values: each value twice.
        let mut values: Vec<&str> = texts(&plan).iter().map(|point| point[1]).collect();
        values.sort_unstable();
        assert_eq!(values, ["0", "0", "1", "1", "2", "2", "3", "3", "4", "4"]);
        assert_ne!(texts(&plan), {
            let mut sorted = texts(&plan);
            sorted.sort();
            sorted
        });
    }

    #[test]
    fn a_sample_depends_on_its_seed_and_on_nothing_else() {
        let plan = |seed| Plan::new(vec![list("a", 100), list("b", 100)], Design::LatinHypercube { n: 30, seed });
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn the_number_of_points_does_not_overflow() {
        let axes: Vec<Axis> = (0..40).map(|i| list(&i.to_string(), 10)).collect();
        assert_eq!(n_points(&axes, Design::Grid), None);
        assert_eq!(n_points(&axes[..3], Design::Grid), Some(1000));
    }
}
