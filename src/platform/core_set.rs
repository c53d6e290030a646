//! Some cores of a host, as a rankfile names them.

/// Cores of a host, by their logical numbers; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreSet {
    /// First and last core of each range, ascending, without overlap.
    ranges: Vec<(u32, u32)>,
}

impl CoreSet {
    /// Returns the cores of these ranges (first and last core of each), which may overlap; nothing if there is none.
    #[must_use]
    pub fn new(mut ranges: Vec<(u32, u32)>) -> Option<Self> {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges.into_iter().filter(|(first, last)| first <= last) {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                Some(_) | None => merged.push((first, last)),
            }
        }
        (!merged.is_empty()).then_some(Self { ranges: merged })
    }

    /// Returns one core.
    #[must_use]
    pub fn one(core: u32) -> Self {
        Self { ranges: vec![(core, core)] }
    }

    /// Returns first and last core of each range, ascending, without overlap.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Returns the cores, ascending.
    pub fn cores(&self) -> impl Iterator<Item = u32> {
        self.ranges.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Returns the core, if it is one.
    #[must_use]
    pub fn only(&self) -> Option<u32> {
        match self.ranges[..] {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }
}

/// Returns whether two of these sets have a core in common.
#[must_use]
pub fn do_overlap<'s>(sets: impl Iterator<Item = &'s CoreSet>) -> bool {
    let mut ranges: Vec<(u32, u32)> = sets.flat_map(|set| set.ranges.iter().copied()).collect();
    ranges.sort_unstable();
    ranges.windows(2).any(|pair| pair[1].0 <= pair[0].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_are_one() {
        let set = CoreSet::new(vec![(4, 5), (0, 1), (2, 2), (5, 7)]).expect("cores");
        assert_eq!(set.ranges(), [(0, 2), (4, 7)]);
        assert_eq!(set.cores().collect::<Vec<_>>(), [0, 1, 2, 4, 5, 6, 7]);
        assert_eq!(CoreSet::new(vec![(3, 2)]), None);
    }

    #[test]
    fn sets_overlap_if_they_share_a_core() {
        let [low, high, middle] = [(0, 1), (2, 3), (1, 2)].map(|range| CoreSet::new(vec![range]).expect("cores"));
        assert!(!do_overlap([&low, &high].into_iter()));
        assert!(do_overlap([&low, &high, &middle].into_iter()));
        assert!(do_overlap([&low, &low].into_iter()));
    }
}
