//! From hashes to numbers, in tables of 1,024 places that are added and taken away one at a time.
//!
//! Linear hashing: of the upper half of a hash the low bits choose the part, the high bits the place in it. When the
//! parts fill, the next in turn is split in two; when they are nearly empty, the last is merged into the one that it
//! was split from. So a call moves one part's entries at most, however many there are. Equal hashes are told apart by
//! who asks.

const PLACES: usize = 1024;
/// Entries a part, on average, above which one is split, and below which one is merged. Those whose turn to be split
/// comes last hold twice the average by then.
const SPLIT_ABOVE: usize = 320;
const MERGE_BELOW: usize = 128;
/// A part that chance has filled so far takes no more: some place must stay empty to end a search.
const PART_MAX: usize = 900;
const EMPTY: u64 = 0;

/// Numbers of at most 2^32 - 2 by their hashes.
pub struct Index {
    parts: Vec<Box<Part>>,
    /// As many low bits as the parts need.
    mask: usize,
    len: usize,
}

struct Part {
    len: usize,
    /// The upper half of the hash, and the number plus one.
    places: [u64; PLACES],
}

impl Index {
    pub fn new() -> Index {
        Index { parts: vec![Box::new(Part::EMPTY)], mask: 0, len: 0 }
    }

    /// The number with this hash that the caller takes for the right one.
    #[inline]
    pub fn find(&self, hash: u64, is_right: impl Fn(u32) -> bool) -> Option<u32> {
        let entry = self.parts[self.part(hash)].find(hash, is_right)?;
        Some(number(entry))
    }

    /// Puts in a number that is not in yet, and says whether it could.
    pub fn insert(&mut self, hash: u64, id: u32) -> bool {
        let part = self.part(hash);
        if self.parts[part].len >= PART_MAX {
            return false;
        }
        self.parts[part].insert(entry(hash, id));
        self.len += 1;
        if self.len > self.parts.len() * SPLIT_ABOVE {
            self.split();
        }
        true
    }

    /// Takes out a number that is in, by its hash.
    pub fn remove(&mut self, hash: u64, id: u32) {
        let part = self.part(hash);
        self.parts[part].remove(entry(hash, id));
        self.len -= 1;
        if self.parts.len() > 1 && self.len < (self.parts.len() - 1) * MERGE_BELOW {
            self.merge();
        }
    }

    /// The part of a hash; where that is not split off yet, the one that has its entries.
    #[inline]
    fn part(&self, hash: u64) -> usize {
        let part = (hash >> 32) as usize & self.mask;
        if part < self.parts.len() { part } else { parent(part) }
    }

    fn split(&mut self) {
        let newest = self.parts.len();
        let whole = std::mem::replace(&mut *self.parts[parent(newest)], Part::EMPTY);
        self.parts.push(Box::new(Part::EMPTY));
        self.mask = self.parts.len().next_power_of_two() - 1;
        for entry in whole.entries() {
            let part = self.part(entry);
            self.parts[part].insert(entry);
        }
    }

    fn merge(&mut self) {
        let (newest, rest) = self.parts.split_last_mut().expect("more than one part");
        let whole = &mut rest[parent(rest.len())];
        if newest.len + whole.len > PART_MAX {
            return;
        }
        for entry in newest.entries() {
            whole.insert(entry);
        }
        self.parts.pop();
        self.mask = self.parts.len().next_power_of_two() - 1;
    }
}

impl Part {
    const EMPTY: Part = Part { len: 0, places: [EMPTY; PLACES] };

    fn entries(&self) -> impl Iterator<Item = u64> {
        self.places.iter().copied().filter(|entry| *entry != EMPTY)
    }

    #[inline]
    fn find(&self, hash: u64, is_right: impl Fn(u32) -> bool) -> Option<u64> {
        let mut at = home(hash);
        loop {
            let entry = self.places[at];
            if entry == EMPTY {
                return None;
            }
            if is_of(entry, hash) && is_right(number(entry)) {
                return Some(entry);
            }
            at = (at + 1) % PLACES;
        }
    }

    fn insert(&mut self, entry: u64) {
        let mut at = home(entry);
        while self.places[at] != EMPTY {
            at = (at + 1) % PLACES;
        }
        self.places[at] = entry;
        self.len += 1;
    }

    fn remove(&mut self, entry: u64) {
        let mut at = home(entry);
        while self.places[at] != entry {
            assert_ne!(self.places[at], EMPTY, "a number that is in");
            at = (at + 1) % PLACES;
        }
        self.close_gap(at);
        self.len -= 1;
    }

    /// Moves back what a search would not find beyond an empty place.
    fn close_gap(&mut self, mut gap: usize) {
        let mut at = gap;
        loop {
            at = (at + 1) % PLACES;
            let entry = self.places[at];
            if entry == EMPTY {
                break;
            }
            let way = at.wrapping_sub(home(entry)) % PLACES;
            if way >= at.wrapping_sub(gap) % PLACES {
                self.places[gap] = entry;
                gap = at;
            }
        }
        self.places[gap] = EMPTY;
    }
}

/// The part that one was split from: the same without its highest bit.
#[inline]
fn parent(part: usize) -> usize {
    part & !(1 << part.ilog2())
}

#[inline]
fn entry(hash: u64, id: u32) -> u64 {
    hash >> 32 << 32 | u64::from(id + 1)
}

#[inline]
fn number(entry: u64) -> u32 {
    entry as u32 - 1
}

#[inline]
fn is_of(entry: u64, hash: u64) -> bool {
    entry >> 32 == hash >> 32
}

/// Where a search begins.
#[inline]
fn home(hash: u64) -> usize {
    (hash >> 32) as usize >> 22
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::Seeded;

    fn hash(id: u32) -> u64 {
        Seeded::new(1).hash(&id.to_le_bytes())
    }

    #[test]
    fn what_is_in_is_found_while_parts_come_and_go() {
        let mut index = Index::new();
        for id in 0..100_000 {
            assert!(index.insert(hash(id), id), "1 all go in");
            assert_eq!(index.find(hash(id / 2), |found| found == id / 2), Some(id / 2), "2 old ones stay");
        }
        assert_eq!(index.parts.len(), 313, "3 as many parts as needed");
        for id in 0..99_990 {
            index.remove(hash(id), id);
            assert_eq!(index.find(hash(id), |_| true).filter(|found| *found == id), None, "4 gone");
            let other = id + (100_000 - id) / 2;
            assert_eq!(index.find(hash(other), |found| found == other), Some(other), "5 others stay");
        }
        assert_eq!((index.parts.len(), index.len), (1, 10), "6 the memory goes with them");
    }

    #[test]
    fn equal_hashes_are_told_apart_and_bounded() {
        let mut index = Index::new();
        let taken = (0..2000).filter(|id| index.insert(7 << 32, *id)).count();
        assert_eq!(taken, PART_MAX, "1 no part is ever full");
        assert_eq!(index.find(7 << 32, |id| id == 9), Some(9), "2 by who asks");
        (0..taken as u32).for_each(|id| index.remove(7 << 32, id));
        assert_eq!(index.find(7 << 32, |_| true), None, "3 all can leave");
    }
}
