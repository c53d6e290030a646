//! Results of pure functions that are asked for the same few arguments again and again.

/// Slots; a result is looked for in one of them.
const SLOTS: usize = 16;

/// The latest results of a pure function, a few of them.
#[derive(Debug)]
pub(super) struct Memo<K, V> {
    slots: [Option<(K, V)>; SLOTS],
}

/// An argument that says where its result is kept.
pub(super) trait MemoKey: Copy + Eq {
    /// Returns a number that differs between arguments that are asked for in turn.
    fn number(self) -> u64;
}

impl<K: MemoKey, V: Copy> Memo<K, V> {
    pub(super) fn new() -> Self {
        Self { slots: [None; SLOTS] }
    }

    /// Returns the result for `key`, which `compute` finds if it is not known.
    #[inline]
    pub(super) fn get(&mut self, key: K, compute: impl FnOnce() -> V) -> &V {
        // Fibonacci hashing: the highest bits of the product are well mixed.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        #[expect(clippy::cast_possible_truncation, reason = "4 bits are left")]
        let i = (key.number().wrapping_mul(GOLDEN) >> (u64::BITS - SLOTS.ilog2())) as usize;
        let slot = &mut self.slots[i];
        if slot.is_none_or(|(known, _)| known != key) {
            *slot = None;
        }
        &slot.get_or_insert_with(|| (key, compute())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl MemoKey for u64 {
        fn number(self) -> u64 {
            self
        }
    }

    #[test]
    fn a_result_is_that_of_its_argument_and_is_computed_once_while_it_is_known() {
        let (mut memo, mut n_computed) = (Memo::new(), 0);
        for i in 0..1000_u64 {
            for _ in 0..2 {
                let square = memo.get(i, || {
                    n_computed += 1;
                    i * i
                });
                assert_eq!(*square, i * i);
            }
        }
        assert_eq!(n_computed, 1000);
    }
}
