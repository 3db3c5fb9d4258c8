//! The table against a plain one, on random calls; every bound by itself.

use super::*;
use crate::hashing::{Seeded, fold};
use std::cell::Cell;
use std::rc::Rc;

/// A string whose holders are told, not counted.
#[derive(Clone)]
struct Word(Rc<(String, Cell<usize>)>);

impl Word {
    fn new(text: &str) -> Word {
        Word(Rc::new((text.to_string(), Cell::new(0))))
    }

    fn text(&self) -> &str {
        &self.0.0
    }

    fn hold(&self, holders: usize) {
        self.0.1.set(holders);
    }
}

impl Held for Word {
    fn references(&self) -> usize {
        1 + self.0.1.get()
    }

    fn ascii(&self) -> Option<&[u8]> {
        self.text().is_ascii().then_some(self.text().as_bytes())
    }
}

/// The same table in its plainest form: two lists, the oldest first.
struct Model {
    capacity: usize,
    bytes_max: usize,
    probation: Vec<Word>,
    kept: Vec<Word>,
    evictions: u64,
}

impl Model {
    fn bytes(&self) -> usize {
        self.probation.iter().chain(&self.kept).map(|string| string.text().len()).sum()
    }

    fn len(&self) -> usize {
        self.probation.len() + self.kept.len()
    }

    fn find(&mut self, text: &str) -> Option<Word> {
        if let Some(at) = self.probation.iter().position(|string| string.text() == text) {
            let string = self.probation.remove(at);
            self.kept.push(string);
        }
        self.kept.iter().find(|string| string.text() == text).cloned()
    }

    fn admit(&mut self, string: Word) {
        if string.text().len() <= ENTRY_BYTES_MAX && self.make_room(1, string.text().len()) {
            self.probation.push(string);
        }
    }

    fn fits(&self, entries: usize, size_bytes: usize) -> bool {
        self.len() + entries <= self.capacity && self.bytes() + size_bytes <= self.bytes_max
    }

    fn make_room(&mut self, entries: usize, size_bytes: usize) -> bool {
        for _ in 0..16 {
            if self.fits(entries, size_bytes) || self.len() == 0 {
                break;
            }
            self.evict();
        }
        self.fits(entries, size_bytes)
    }

    fn evict(&mut self) {
        self.evictions += 1;
        if self.probation.len() > self.capacity / 8 || self.kept.is_empty() {
            self.probation.remove(0);
            return;
        }
        let probes = self.kept.len().min(8);
        match self.kept[..probes].iter().position(|string| string.references() == 1) {
            Some(held) => {
                self.kept.rotate_left(held);
                self.kept.remove(0);
            }
            None => {
                self.kept.remove(0);
                self.kept.rotate_left(probes - 1);
            }
        }
    }
}

/// The table and its model, which are asked the same.
struct Both {
    table: StringTable<Word>,
    model: Model,
    seeded: Seeded,
}

impl Both {
    fn new(capacity: usize, bytes_max: usize) -> Both {
        let model = Model { capacity, bytes_max, probation: vec![], kept: vec![], evictions: 0 };
        Both { table: StringTable::new(capacity, bytes_max), model, seeded: Seeded::new(bytes_max as u64) }
    }

    fn intern(&mut self, text: &str) -> Word {
        let hash = self.seeded.hash(text.as_bytes());
        let found = self.table.find(hash, text.as_bytes()).cloned();
        match (found, self.model.find(text)) {
            (Some(found), Some(modelled)) => {
                assert!(Rc::ptr_eq(&found.0, &modelled.0));
                found
            }
            (None, None) => {
                let word = Word::new(text);
                self.table.admit(hash, word.clone(), text.as_bytes());
                self.model.admit(word.clone());
                word
            }
            (found, _) => panic!("{text}: in one of them, table: {}", found.is_some()),
        }
    }

    fn resize(&mut self, capacity: usize) {
        self.table.set_capacity(capacity);
        self.model.capacity = capacity;
    }

    fn make_room(&mut self) {
        assert_eq!(self.table.make_room(0, 0), self.model.make_room(0, 0));
    }

    fn assert_alike(&self) {
        let table = (self.table.len(), self.table.bytes(), self.table.evictions());
        assert_eq!(table, (self.model.len(), self.model.bytes(), self.model.evictions));
        assert!(self.model.bytes() <= self.model.bytes_max);
    }
}

/// Numbers by chance, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        fold(0x1234_5678, self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % end
    }

    /// Of a thousand, the low ones far more often.
    fn text(&mut self) -> String {
        let ceiling = 1 + self.below(1000);
        let n = self.below(ceiling);
        let kind = ["k", "é", "sku€", ""][n as usize % 4];
        kind.to_string()
            + &n.to_string()
            + &"x".repeat(if n.is_multiple_of(97) { 10 * n as usize } else { 0 })
    }
}

#[test]
fn any_calls_do_what_the_model_does() {
    for (capacity, bytes_max) in [(12, 60), (64, 400), (300, 1 << 20), (700, 3000)] {
        let (mut both, mut chance, mut held) =
            (Both::new(capacity, bytes_max), Chance(capacity as u64), vec![]);
        for _ in 0..15_000 {
            match chance.below(100) {
                0 => both.resize(1 + chance.below(2 * capacity as u64) as usize),
                1..10 => both.make_room(),
                10..40 => {
                    let word = both.intern(&chance.text());
                    word.hold(1);
                    held.push(word);
                }
                40 => held.drain(..).for_each(|word: Word| word.hold(0)),
                _ => drop(both.intern(&chance.text())),
            }
            both.assert_alike();
        }
    }
}

#[test]
fn the_bounds_win() {
    let seeded = Seeded::new(1);
    let intern = |table: &mut StringTable<Word>, text: &str| {
        let hash = seeded.hash(text.as_bytes());
        let is_hit = table.find(hash, text.as_bytes()).is_some();
        if !is_hit {
            table.admit(hash, Word::new(text), text.as_bytes());
        }
        is_hit
    };
    let mut table = StringTable::new(10_000, 2_000);
    assert!(
        !intern(&mut table, &"é".repeat(512)) && intern(&mut table, &"é".repeat(512)),
        "1 1,024 bytes are in"
    );
    let long = "é".repeat(512) + "x";
    assert!(!intern(&mut table, &long) && !intern(&mut table, &long), "2 one more is out");
    assert_eq!((table.len(), table.bytes()), (1, 1024), "3 in UTF-8");
    for n in 0..1000 {
        intern(&mut table, &format!("k{n}"));
    }
    let evictions = table.evictions();
    intern(&mut table, &"x".repeat(900));
    assert!(table.bytes() <= 2_000, "4 never more bytes");
    assert_eq!(
        table.evictions() - evictions,
        16,
        "5 a bounded number leaves, and what does not fit stays outside"
    );
    assert!(!intern(&mut table, &"x".repeat(900)), "6 as it did");
}

#[test]
fn equal_hashes_are_different_strings() {
    let mut table: StringTable<Word> = StringTable::new(100, 1000);
    for text in ["a", "b", "é"] {
        assert!(table.find(7, text.as_bytes()).is_none(), "1 {text} is no other");
        table.admit(7, Word::new(text), text.as_bytes());
    }
    for text in ["a", "b", "é"] {
        assert_eq!(table.find(7, text.as_bytes()).map(Word::text), Some(text), "2 itself");
    }
}
