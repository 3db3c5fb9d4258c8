//! A layout: the keys of an object in order, and where each one's value stands.
//!
//! Records share it, whether the pool knows it or not. It is immutable but for the index of a wide one, which is
//! made when it is first asked.

use crate::object::Text;
use std::cell::OnceCell;

/// Up to so many keys are looked through one after the other.
const SCANNED: usize = 8;
const EMPTY: u32 = u32::MAX;

struct Key {
    hash: isize,
    text: Text,
}

pub struct Layout {
    keys: Box<[Key]>,
    index: OnceCell<Box<[u32]>>,
}

impl Layout {
    /// Of keys that are distinct.
    pub fn new(keys: impl Iterator<Item = Text>) -> Layout {
        let keys = keys.map(|text| Key { hash: text.python_hash(), text }).collect();
        Layout { keys, index: OnceCell::new() }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    pub fn key(&self, slot: usize) -> &Text {
        &self.keys[slot].text
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator {
        self.keys.iter().map(|key| &key.text)
    }

    /// The slot of a key.
    #[inline]
    pub fn slot(&self, wanted: &Text) -> Option<usize> {
        let hash = wanted.python_hash();
        if self.keys.len() <= SCANNED {
            return self.keys.iter().position(|key| key.hash == hash && key.text.equals(wanted));
        }
        let index = self.index.get_or_init(|| self.indexed());
        let mut at = hash as usize & (index.len() - 1);
        loop {
            let slot = index[at];
            if slot == EMPTY {
                return None;
            }
            let key = &self.keys[slot as usize];
            if key.hash == hash && key.text.equals(wanted) {
                return Some(slot as usize);
            }
            at = (at + 1) & (index.len() - 1);
        }
    }

    fn indexed(&self) -> Box<[u32]> {
        let size = (self.keys.len() * 2).next_power_of_two();
        let mut index = vec![EMPTY; size].into_boxed_slice();
        for (slot, key) in self.keys.iter().enumerate() {
            let mut at = key.hash as usize & (size - 1);
            while index[at] != EMPTY {
                at = (at + 1) & (size - 1);
            }
            index[at] = slot as u32;
        }
        index
    }
}
