//! Context and tag of a message in one number, so that a message is no larger for having a context.

use std::collections::BTreeMap;

use crate::program::{Context, Tag};

/// Context and tag of a message. Tags of programs with one communicator are their own labels; others are numbered as they
/// come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Label(u32);

/// Tags of MPI are below this one.
const FIRST: u32 = 1 << 31;
/// That of collective messages of programs with one communicator.
const COLLECTIVE: u32 = u32::MAX;

/// The labels that are no tags.
#[derive(Debug, Default)]
pub(in crate::engine) struct Labels {
    numbers: BTreeMap<(Context, Tag), u32>,
    all: Vec<(Context, Tag)>,
}

impl Labels {
    /// Returns the label of messages of this context and tag.
    #[inline]
    pub(in crate::engine) fn of(&mut self, context: Context, tag: Tag) -> Label {
        if context == Context::WORLD && is_label(tag.0) { Label(tag.0) } else { self.number(context, tag) }
    }

    #[cold]
    fn number(&mut self, context: Context, tag: Tag) -> Label {
        let next = self.numbers.len();
        let i = *self.numbers.entry((context, tag)).or_insert_with(|| {
            self.all.push((context, tag));
            u32::try_from(next).expect("fewer than 2^31 contexts and tags")
        });
        Label(FIRST + i)
    }

    pub(in crate::engine) fn context(&self, label: Label) -> Context {
        self.parts(label).0
    }

    pub(in crate::engine) fn tag(&self, label: Label) -> Tag {
        self.parts(label).1
    }

    #[inline]
    fn parts(&self, label: Label) -> (Context, Tag) {
        if is_label(label.0) { (Context::WORLD, Tag(label.0)) } else { self.all[(label.0 - FIRST) as usize] }
    }
}

fn is_label(number: u32) -> bool {
    number < FIRST || number == COLLECTIVE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_context_and_tag_has_a_label_of_its_own_and_is_found_by_it() {
        let mut labels = Labels::default();
        let contexts = [0, 1, 7, u32::MAX].map(Context);
        let tags = [0, 1, FIRST - 1, FIRST, COLLECTIVE - 1, COLLECTIVE].map(Tag);
        let pairs: Vec<_> = contexts.into_iter().flat_map(|context| tags.map(|tag| (context, tag))).collect();
        let given: Vec<Label> = pairs.iter().map(|(context, tag)| labels.of(*context, *tag)).collect();
        for (i, (pair, label)) in pairs.iter().zip(&given).enumerate() {
            assert_eq!((labels.context(*label), labels.tag(*label)), *pair);
            assert_eq!(labels.of(pair.0, pair.1), *label, "the second time");
            assert!(!given[..i].contains(label), "{pair:?}");
        }
    }
}
