//! The table of pooled strings: bounded in entries and bytes, with bounded work a call.
//!
//! Making room stops after `EVICTIONS_PER_CALL`, and a string that still does not fit stays outside: the bounds always
//! win. An evicted string lives on in the documents that hold it. A hash only proposes an entry; the whole strings
//! are compared.

use crate::chunks::Chunks;
use crate::compare;
use crate::eviction::{Order, TwoQueues};
use crate::index::Index;

/// A longer string is never pooled, so that one newcomer cannot push out a whole table.
pub const ENTRY_BYTES_MAX: usize = 1024;
const EVICTIONS_PER_CALL: usize = 16;
/// References to a string that only the table holds.
const UNHELD: usize = 1;

/// A string that others may hold, too.
pub trait Held {
    fn references(&self) -> usize;

    /// Its UTF-8 as it lies there, where that is ASCII.
    fn ascii(&self) -> Option<&[u8]>;
}

/// Strings by value, each once.
pub struct StringTable<S, O = TwoQueues> {
    capacity: usize,
    bytes_max: usize,
    bytes: usize,
    evictions: u64,
    entries: Chunks<Entry<S>>,
    index: Index,
    order: O,
}

struct Entry<S> {
    string: S,
    /// Where it is not ASCII: Python does not keep these.
    utf8: Option<Box<[u8]>>,
    hash: u64,
}

impl<S: Held, O: Order> StringTable<S, O> {
    pub fn new(capacity: usize, bytes_max: usize) -> StringTable<S, O> {
        StringTable {
            capacity,
            bytes_max,
            bytes: 0,
            evictions: 0,
            entries: Chunks::default(),
            index: Index::new(),
            order: O::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes no room away: `make_room` does, step by step.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// UTF-8 bytes of all strings.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Strings that had to leave, since ever.
    pub fn evictions(&self) -> u64 {
        self.evictions
    }

    /// The pooled string with this UTF-8; being found ends its probation.
    #[inline]
    pub fn find(&mut self, hash: u64, utf8: &[u8]) -> Option<&S> {
        let id = self.index.find(hash, |id| compare::is_equal(self.entries.get(id).utf8(), utf8))?;
        self.order.found(id);
        Some(&self.entries.get(id).string)
    }

    /// Puts in a string that is not in yet, with its UTF-8, if the bounds let it.
    pub fn admit(&mut self, hash: u64, string: S, utf8: &[u8]) {
        if utf8.len() > ENTRY_BYTES_MAX || !self.make_room(1, utf8.len()) {
            return;
        }
        let id = self.entries.vacant();
        if !self.index.insert(hash, id) {
            return;
        }
        let utf8 = if string.ascii().is_some() { None } else { Some(utf8.into()) };
        let entry = Entry { string, utf8, hash };
        self.bytes += entry.utf8().len();
        self.entries.put(id, entry);
        self.order.admitted(id);
    }

    /// Evicts a bounded number until this much would fit, and says whether it now does.
    pub fn make_room(&mut self, entries: usize, size_bytes: usize) -> bool {
        for _ in 0..EVICTIONS_PER_CALL {
            if self.fits(entries, size_bytes) || !self.evict() {
                break;
            }
        }
        self.fits(entries, size_bytes)
    }

    fn fits(&self, entries: usize, size_bytes: usize) -> bool {
        self.len() + entries <= self.capacity && self.bytes + size_bytes <= self.bytes_max
    }

    fn evict(&mut self) -> bool {
        let is_unheld = |id| self.entries.get(id).string.references() <= UNHELD;
        let Some(id) = self.order.victim(self.capacity, is_unheld) else {
            return false;
        };
        let entry = self.entries.take(id);
        self.index.remove(entry.hash, id);
        self.bytes -= entry.utf8().len();
        self.evictions += 1;
        true
    }
}

impl<S: Held> Entry<S> {
    #[inline]
    fn utf8(&self) -> &[u8] {
        match &self.utf8 {
            Some(utf8) => utf8,
            None => self.string.ascii().expect("UTF-8 of its own, or ASCII"),
        }
    }
}

#[cfg(test)]
mod tests;
