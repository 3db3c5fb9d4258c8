//! What a pool holds, apart from its Python face: strings, shapes, traffic. One call at a time has it.

use crate::allowance::Allowance;
use crate::door::Doorkeeper;
use crate::hashing::Seeded;
use crate::layout::Layout;
use crate::object::{Object, Text};
use crate::record::Values;
use crate::shapes::{SHAPES_MIN, ShapeTable};
use crate::strings::{Held, StringTable};
use crate::traffic::Traffic;
use pyo3::prelude::*;
use std::rc::Rc;

/// Only texts of so many UTF-8 bytes or fewer are pooled as values.
pub const VALUE_BYTES_MAX: usize = 64;
/// What shapes may remember beside their keys: so much for each that the pool has room for, and for all of them no
/// more than the pool's strings may take.
const REMEMBERED_BYTES_A_SHAPE: usize = 2 << 10;

/// Keys and short values, each once.
pub struct Strings {
    pub table: StringTable<Text>,
    values_door: Doorkeeper,
    pub seeded: Seeded,
    /// For what sites remember of them.
    pub allowance: Allowance,
}

impl Strings {
    /// The pooled key, and whether it was there; `text` makes it where it was not.
    #[inline]
    pub fn key(
        &mut self,
        hash: u64,
        bytes: &[u8],
        text: impl FnOnce() -> PyResult<Text>,
    ) -> PyResult<(Text, bool)> {
        if let Some(found) = self.table.find(hash, bytes) {
            return Ok((found.clone(), true));
        }
        let text = text()?;
        self.table.admit(hash, text.clone(), bytes);
        Ok((text, false))
    }

    /// The pooled text of a short value in UTF-8: let in when it was seen before. Not counted.
    #[inline]
    pub fn value(&mut self, bytes: &[u8], text: impl FnOnce() -> PyResult<Text>) -> PyResult<Option<Text>> {
        let hash = self.seeded.hash(bytes);
        if let Some(found) = self.table.find(hash, bytes) {
            return Ok(Some(found.clone()));
        }
        if !self.values_door.seen_before(hash) {
            return Ok(None);
        }
        let text = text()?;
        self.table.admit(hash, text.clone(), bytes);
        Ok(Some(text))
    }
}

pub struct Core {
    pub strings: Strings,
    pub shapes: ShapeTable,
    pub traffic: Traffic,
    empty: Option<Object>,
    shrinking: bool,
}

impl Core {
    pub fn new(capacity: usize, bytes_max: usize, seed: u64) -> Core {
        let table = StringTable::new(capacity, bytes_max);
        let shapes_max = shapes_of(capacity);
        let allowance = Allowance::new(remembered_bytes(shapes_max, bytes_max));
        let seeded = Seeded::new(seed);
        let strings = Strings { table, values_door: Doorkeeper::new(), seeded, allowance: allowance.clone() };
        let shapes = ShapeTable::new(shapes_max, allowance);
        Core { strings, shapes, traffic: Traffic::new(), empty: None, shrinking: false }
    }

    /// For a call that breaks into another: nothing is found, and nothing is let in.
    #[cold]
    pub fn aside(seed: u64) -> Core {
        let mut core = Core::new(1, 0, seed);
        core.limit_shapes(0);
        core
    }

    /// The record of an object without members.
    pub fn empty_record(&mut self, py: Python<'_>) -> PyResult<Object> {
        if let Some(empty) = &self.empty {
            return Ok(empty.clone());
        }
        let layout = Rc::new(Layout::new(std::iter::empty()));
        let mut values = Values::default();
        let mark = values.mark();
        let empty = values.record(py, &[], &layout, mark)?;
        self.empty = Some(empty.clone());
        Ok(empty)
    }

    pub fn resize(&mut self, capacity: usize) {
        self.strings.table.set_capacity(capacity);
        self.limit_shapes(shapes_of(capacity));
        self.shrink();
    }

    fn limit_shapes(&mut self, shapes_max: usize) {
        self.shapes.limit(shapes_max);
        self.strings.allowance.limit(remembered_bytes(shapes_max, self.strings.table.bytes_max()));
    }

    /// One step towards a smaller capacity, where that is still to be reached.
    #[inline]
    pub fn shrink_on(&mut self) {
        if self.shrinking {
            self.shrink();
        }
    }

    pub fn shrink(&mut self) {
        let is_roomy = self.strings.table.make_room(0, 0);
        self.shapes.make_room(0);
        self.shrinking = !is_roomy || self.shapes.is_over();
    }
}

fn shapes_of(capacity: usize) -> usize {
    SHAPES_MIN.max(capacity / 4)
}

fn remembered_bytes(shapes_max: usize, bytes_max: usize) -> usize {
    shapes_max.saturating_mul(REMEMBERED_BYTES_A_SHAPE).min(bytes_max)
}

impl Held for Text {
    fn references(&self) -> usize {
        self.object().references()
    }

    fn ascii(&self) -> Option<&[u8]> {
        self.as_ascii()
    }
}
