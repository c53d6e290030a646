//! Labels of the operations of one rank.

use dlpc_engine::schedule::OpId;

/// Finds operations by label: an open hash table over one run of text, never iterated in its order.
#[derive(Debug, Default)]
pub(super) struct Labels {
    text: Vec<u8>,
    entries: Vec<Entry>,
    slots: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the label begins in the text; it ends where the next one begins.
    start: usize,
    op: OpId,
}

const EMPTY: u32 = u32::MAX;

impl Labels {
    /// Adds a label, or returns the operation that has it already.
    pub(super) fn insert(&mut self, label: &[u8], op: OpId) -> Result<(), OpId> {
        if self.entries.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(label);
        if let Some(entry) = self.entries.get(self.slots[slot] as usize) {
            return Err(entry.op);
        }
        self.slots[slot] = u32::try_from(self.entries.len()).expect("invariant: fewer labels than operations");
        self.entries.push(Entry { start: self.text.len(), op });
        self.text.extend_from_slice(label);
        Ok(())
    }

    pub(super) fn get(&self, label: &[u8]) -> Option<OpId> {
        if self.slots.is_empty() {
            return None;
        }
        self.entries.get(self.slots[self.slot_of(label)] as usize).map(|entry| entry.op)
    }

    /// Returns the label of an operation.
    pub(super) fn label_of(&self, op: OpId) -> String {
        let i = self.entries.iter().position(|entry| entry.op == op);
        i.map_or_else(String::new, |i| String::from_utf8_lossy(self.label(i)).into_owned())
    }

    /// Returns all labels.
    pub(super) fn all(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.entries.len()).map(|i| String::from_utf8_lossy(self.label(i)).into_owned())
    }

    /// Forgets all labels; memory that was needed for many more than this time is given back.
    pub(super) fn clear(&mut self) {
        if self.slots.len() > 1024 && self.slots.len() > 8 * self.entries.len() {
            *self = Self::default();
        }
        self.text.clear();
        self.entries.clear();
        self.slots.fill(EMPTY);
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; (self.slots.len() * 2).max(64)];
        for i in 0..self.entries.len() {
            let slot = self.slot_of(self.label(i));
            self.slots[slot] = u32::try_from(i).expect("invariant: fewer labels than operations");
        }
    }

    fn label(&self, i: usize) -> &[u8] {
        let end = self.entries.get(i + 1).map_or(self.text.len(), |next| next.start);
        &self.text[self.entries[i].start..end]
    }

    /// Returns the slot that holds the label, or the empty one where it belongs.
    fn slot_of(&self, label: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(hash(label) >> 32).expect("invariant: 32 bits") & mask;
        loop {
            let i = self.slots[slot] as usize;
            if i >= self.entries.len() || self.label(i) == label {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// FNV-1a, with one more mixing step because the high bits are used.
fn hash(label: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    label.iter().fold(0xcbf2_9ce4_8422_2325, fold).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_until_they_are_cleared() {
        let mut labels = Labels::default();
        assert_eq!(labels.get(b"l1"), None);
        for i in 0..5000_u32 {
            assert_eq!(labels.insert(format!("l{i}").as_bytes(), OpId(i)), Ok(()));
        }
        assert_eq!(labels.insert(b"l7", OpId(9)), Err(OpId(7)));
        assert_eq!(labels.get(b"l4999"), Some(OpId(4999)));
        assert_eq!(labels.label_of(OpId(42)), "l42");
        labels.clear();
        assert_eq!(labels.get(b"l1"), None);
        assert_eq!(labels.insert(b"l1", OpId(3)), Ok(()));
        labels.clear();
        assert_eq!(labels.get(b"l1"), None);
    }
}
