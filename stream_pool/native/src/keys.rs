//! The keys of objects that go their own way, one by one, and whether one comes twice.

use crate::hashing;
use crate::shapes::Shape;

/// From so many keys on, doubles are looked for in a table.
const SCANNED: usize = 24;
const EMPTY: u32 = u32::MAX;

enum Spelled {
    /// A slot of the basis.
    Slot(usize),
    Raw(usize, usize),
    Unescaped(usize, usize),
}

struct Met {
    hash: u64,
    spelled: Spelled,
}

/// A stack of keys: those of the open loose objects, one object after the other.
#[derive(Default)]
pub struct Keys {
    met: Vec<Met>,
    unescaped: Vec<u8>,
    tables: Vec<Table>,
}

/// Positions by hash, of the object whose keys begin at `base`.
struct Table {
    base: usize,
    filled: usize,
    positions: Vec<u32>,
}

/// Where keys of a decode have their bytes.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub raw: &'a [u8],
    pub basis: Option<&'a Shape>,
}

impl Keys {
    pub fn len(&self) -> usize {
        self.met.len()
    }

    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Forgets the keys from `base` on: those of an object that is closed.
    pub fn truncate(&mut self, base: usize) {
        if let Some(start) = self.met[base..].iter().find_map(|met| match met.spelled {
            Spelled::Unescaped(start, _) => Some(start),
            _ => None,
        }) {
            self.unescaped.truncate(start);
        }
        self.met.truncate(base);
        while self.tables.last().is_some_and(|table| table.base >= base) {
            self.tables.pop();
        }
    }

    pub fn push_slot(&mut self, hash: u64, slot: usize) {
        self.met.push(Met { hash, spelled: Spelled::Slot(slot) });
    }

    pub fn push_raw(&mut self, hash: u64, start: usize, end: usize) {
        self.met.push(Met { hash, spelled: Spelled::Raw(start, end) });
    }

    pub fn push_unescaped(&mut self, hash: u64, key: &[u8]) {
        let start = self.unescaped.len();
        self.unescaped.extend_from_slice(key);
        self.met.push(Met { hash, spelled: Spelled::Unescaped(start, start + key.len()) });
    }

    /// Takes the latest off again.
    pub fn pop(&mut self) {
        if !self.met.is_empty() {
            self.truncate(self.met.len() - 1);
        }
    }

    #[inline]
    pub fn bytes<'a>(&'a self, source: Source<'a>, at: usize) -> &'a [u8] {
        match self.met[at].spelled {
            Spelled::Slot(slot) => source.basis.map_or(&[], |basis| basis.key(slot)),
            Spelled::Raw(start, end) => &source.raw[start..end],
            Spelled::Unescaped(start, end) => &self.unescaped[start..end],
        }
    }

    #[inline]
    pub fn hash(&self, at: usize) -> u64 {
        self.met[at].hash
    }

    /// The slot of the basis that a key is, if it is one.
    #[inline]
    pub fn slot(&self, at: usize) -> Option<usize> {
        match self.met[at].spelled {
            Spelled::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// The fingerprint of the keys from `base` on.
    pub fn fingerprint(&self, base: usize) -> u64 {
        self.met[base..]
            .iter()
            .fold(hashing::NO_KEYS, |fingerprint, met| hashing::fold(fingerprint, met.hash))
    }

    /// The position among the keys from `base` on of an earlier one that equals the latest.
    pub fn double(&mut self, source: Source<'_>, base: usize) -> Option<usize> {
        let latest = self.met.len() - 1;
        if latest - base < SCANNED {
            return (base..latest).find(|at| self.is_same(source, *at, latest)).map(|at| at - base);
        }
        self.table_double(source, base, latest)
    }

    #[inline]
    fn is_same(&self, source: Source<'_>, one: usize, other: usize) -> bool {
        self.met[one].hash == self.met[other].hash && self.bytes(source, one) == self.bytes(source, other)
    }

    fn table_double(&mut self, source: Source<'_>, base: usize, latest: usize) -> Option<usize> {
        if self.tables.last().is_none_or(|table| table.base != base) {
            self.tables.push(Table { base, filled: base, positions: Vec::new() });
        }
        let mut table = self.tables.pop()?;
        if (latest + 1 - base) * 2 > table.positions.len() {
            table.positions = vec![EMPTY; (latest + 1 - base).next_power_of_two() * 4];
            table.filled = base;
        }
        let mask = table.positions.len() - 1;
        let mut double = None;
        for at in table.filled..=latest {
            let mut place = self.met[at].hash as usize & mask;
            while table.positions[place] != EMPTY {
                let earlier = base + table.positions[place] as usize;
                if at == latest && self.is_same(source, earlier, latest) {
                    double = Some(earlier - base);
                    break;
                }
                place = (place + 1) & mask;
            }
            if double.is_none() {
                table.positions[place] = (at - base) as u32;
            }
        }
        // A double is taken off again by whoever asked, so it does not count as filled.
        table.filled = if double.is_some() { latest } else { latest + 1 };
        self.tables.push(table);
        double
    }
}
