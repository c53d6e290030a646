//! Groups of ranks that do a collective together: those on which an expression has the same value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::described::RANK;
use super::steps::Place;
use crate::diagnostic::Span;
use crate::written::formula::{Formula, Whole, Worthless};

/// All groups of one collective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Groups {
    /// By rank: its group, and its place in it.
    of: Arc<[(u32, u32)]>,
    members: Arc<[Arc<[u32]>]>,
}

impl Groups {
    /// Returns the groups in the repeats where `place` is.
    ///
    /// # Errors
    /// Why the expression has no value on one of the ranks.
    pub(super) fn of(group: &Formula<Whole>, n_ranks: u32, place: &Place) -> Result<Self, Worthless> {
        let mut numbers = BTreeMap::new();
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut of = Vec::with_capacity(n_ranks as usize);
        for rank in 0..n_ranks {
            let value = group.value(&|name| place.value_on(rank, name))?;
            let number = *numbers.entry(value).or_insert(members.len());
            if number == members.len() {
                members.push(Vec::new());
            }
            let at = |n: usize| u32::try_from(n).expect("invariant: fewer than ranks");
            of.push((at(number), at(members[number].len())));
            members[number].push(rank);
        }
        Ok(Self { of: of.into(), members: members.into_iter().map(Into::into).collect() })
    }

    /// Returns the ranks in the group of a rank, ascending, and its place among them.
    pub(super) fn around(&self, rank: u32) -> (&Arc<[u32]>, u32) {
        let (group, place) = self.of[rank as usize];
        (&self.members[group as usize], place)
    }

    pub(super) fn n_in_that_of(&self, rank: u32) -> u32 {
        u32::try_from(self.around(rank).0.len()).expect("invariant: ranks")
    }

    /// Returns how many ranks there are in each group.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u32> {
        self.members.iter().map(|members| u32::try_from(members.len()).expect("invariant: ranks"))
    }
}

/// Groups that were made before, each with the values of the repeats that they depend on.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Vec<(Span, Vec<Option<u64>>, Groups)>);

impl Known {
    /// Returns the groups in the repeats where `place` is; makes them if those of the latest call were others.
    ///
    /// # Errors
    /// Why the expression has no value on one of the ranks.
    pub(super) fn groups(&mut self, group: &Formula<Whole>, n_ranks: u32, place: &Place) -> Result<Groups, Worthless> {
        let (expression, span) = group.expression().expect("invariant: plain numbers keep their place");
        let names = expression.names().into_iter().filter(|(name, _)| *name != RANK);
        let values = names.map(|(name, _)| place.value_of(name).map(|measure| measure.value.to_bits())).collect();
        let known = self.0.iter().position(|(known, ..)| *known == span);
        if let Some((_, of, groups)) = known.map(|known| &self.0[known])
            && *of == values
        {
            return Ok(groups.clone());
        }
        let groups = Groups::of(group, n_ranks, place)?;
        if let Some(known) = known {
            self.0.swap_remove(known);
        }
        self.0.push((span, values, groups.clone()));
        Ok(groups)
    }
}
