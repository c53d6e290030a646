//! Lists of elements that lie elsewhere and are linked by number; a list is one number.

/// Elements that can be linked, by number.
pub(super) trait Linked {
    /// Returns the element after `element`.
    fn next(&self, element: u32) -> u32;
    /// Puts an element after another.
    fn set_next(&mut self, element: u32, next: u32);
}

const NONE: u32 = u32::MAX;

/// A list that knows its last element; the one after that is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ring {
    last: u32,
}

/// The result of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Search {
    /// The first element that fits.
    pub(super) found: Option<u32>,
    /// Elements looked at.
    pub(super) n_seen: u32,
}

impl Ring {
    pub(super) const EMPTY: Self = Self { last: NONE };

    pub(super) fn is_empty(self) -> bool {
        self.last == NONE
    }

    /// Appends an element that is in no list.
    pub(super) fn push(&mut self, elements: &mut impl Linked, element: u32) {
        let first = if self.is_empty() { element } else { elements.next(self.last) };
        elements.set_next(element, first);
        if !self.is_empty() {
            elements.set_next(self.last, element);
        }
        self.last = element;
    }

    /// Takes the first element.
    pub(super) fn pop(&mut self, elements: &mut impl Linked) -> Option<u32> {
        self.take_first(elements, |_, _| true).found
    }

    /// Returns all elements, from the first to the last.
    pub(super) fn iter<L: Linked>(self, elements: &L) -> impl Iterator<Item = u32> {
        let mut previous = (!self.is_empty()).then_some(self.last);
        std::iter::from_fn(move || {
            let element = elements.next(previous?);
            previous = (element != self.last).then_some(element);
            Some(element)
        })
    }

    /// Takes the first element that `fits`.
    pub(super) fn take_first<L: Linked>(&mut self, elements: &mut L, fits: impl Fn(&L, u32) -> bool) -> Search {
        let mut n_seen = 0;
        if self.is_empty() {
            return Search { found: None, n_seen };
        }
        let mut previous = self.last;
        loop {
            let element = elements.next(previous);
            n_seen += 1;
            if fits(elements, element) {
                self.unlink(elements, previous, element);
                return Search { found: Some(element), n_seen };
            }
            if element == self.last {
                return Search { found: None, n_seen };
            }
            previous = element;
        }
    }

    fn unlink(&mut self, elements: &mut impl Linked, previous: u32, element: u32) {
        if previous == element {
            self.last = NONE;
            return;
        }
        let next = elements.next(element);
        elements.set_next(previous, next);
        if element == self.last {
            self.last = previous;
        }
    }
}

/// A list, last in, first out: of elements that can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stack {
    first: u32,
}

impl Default for Stack {
    fn default() -> Self {
        Self { first: NONE }
    }
}

impl Stack {
    pub(super) fn push(&mut self, elements: &mut impl Linked, element: u32) {
        elements.set_next(element, self.first);
        self.first = element;
    }

    pub(super) fn pop(&mut self, elements: &impl Linked) -> Option<u32> {
        let first = self.first;
        if first == NONE {
            return None;
        }
        self.first = elements.next(first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Linked for Vec<u32> {
        fn next(&self, element: u32) -> u32 {
            self[element as usize]
        }

        fn set_next(&mut self, element: u32, next: u32) {
            self[element as usize] = next;
        }
    }

    #[test]
    fn elements_come_out_in_the_order_in_which_they_went_in() {
        let (mut elements, mut ring) = (vec![NONE; 4], Ring::EMPTY);
        for element in [2, 0, 3] {
            ring.push(&mut elements, element);
        }
        assert_eq!(ring.pop(&mut elements), Some(2));
        ring.push(&mut elements, 1);
        assert_eq!(ring.iter(&elements).collect::<Vec<_>>(), [0, 3, 1]);
        let rest: Vec<u32> = std::iter::from_fn(|| ring.pop(&mut elements)).collect();
        assert_eq!(rest, [0, 3, 1]);
        assert_eq!(ring.iter(&elements).next(), None);
        assert!(ring.is_empty());
    }

    #[test]
    fn the_element_freed_last_is_used_first() {
        let (mut elements, mut free) = (vec![NONE; 3], Stack::default());
        free.push(&mut elements, 1);
        free.push(&mut elements, 2);
        assert_eq!([free.pop(&elements), free.pop(&elements), free.pop(&elements)], [Some(2), Some(1), None]);
    }

    #[test]
    fn elements_are_taken_from_the_front_the_middle_and_the_end() {
        let (mut elements, mut ring) = (vec![NONE; 5], Ring::EMPTY);
        (0..5).for_each(|element| ring.push(&mut elements, element));
        let mut take = |wanted: u32| ring.take_first(&mut elements, |_, element| element == wanted);
        assert_eq!(take(2), Search { found: Some(2), n_seen: 3 });
        assert_eq!(take(4), Search { found: Some(4), n_seen: 4 });
        assert_eq!(take(4), Search { found: None, n_seen: 3 });
        assert_eq!(take(0), Search { found: Some(0), n_seen: 1 });
        ring.push(&mut elements, 2);
        assert_eq!([ring.pop(&mut elements), ring.pop(&mut elements)], [Some(1), Some(3)]);
        assert_eq!([ring.pop(&mut elements), ring.pop(&mut elements)], [Some(2), None]);
    }
}
