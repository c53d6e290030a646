//! Objects that the program names by numbers.

use std::ffi::c_int;

/// Objects of one kind; handles of freed ones are used again.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    first: u32,
    slots: Vec<Option<T>>,
}

impl<T> Handles<T> {
    pub(crate) const fn new(first: u32) -> Self {
        Self { first, slots: Vec::new() }
    }

    fn place(&self, handle: c_int) -> Option<usize> {
        Some(handle.cast_unsigned().checked_sub(self.first)? as usize)
    }

    pub(crate) fn get(&self, handle: c_int) -> Option<&T> {
        self.slots.get(self.place(handle)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, handle: c_int) -> Option<&mut T> {
        let place = self.place(handle)?;
        self.slots.get_mut(place)?.as_mut()
    }

    pub(crate) fn remove(&mut self, handle: c_int) -> Option<T> {
        let place = self.place(handle)?;
        self.slots.get_mut(place)?.take()
    }

    pub(crate) fn insert(&mut self, object: T) -> c_int {
        let free = self.slots.iter().position(Option::is_none);
        let place = free.unwrap_or(self.slots.len());
        if place == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[place] = Some(object);
        (self.first + u32::try_from(place).expect("invariant: few objects")).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_of_what_is_freed_are_used_again() {
        let mut handles = Handles::new(0x8400_0000);
        let (one, two) = (handles.insert("one"), handles.insert("two"));
        assert_eq!((one.cast_unsigned(), two.cast_unsigned()), (0x8400_0000, 0x8400_0001));
        assert_eq!((handles.remove(one), handles.get(one), handles.get(two)), (Some("one"), None, Some(&"two")));
        assert_eq!((handles.insert("three"), handles.get(one)), (one, Some(&"three")));
        assert_eq!((handles.get(0x4400_0000), handles.get(-5)), (None, None));
        assert_eq!(handles.remove(77), None);
    }
}
