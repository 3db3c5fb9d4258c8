//! A container that is being read.

use crate::record::Mark;
use crate::shapes::ShapeId;
use crate::site::Extent;

/// How deep arrays of arrays have sites of their own.
const NESTED_MAX: u32 = 4;

/// Where a value stands: a slot of a shape, or the root; or the items of the array there, or theirs.
#[derive(Clone, Copy)]
pub struct Spot {
    pub shape: Option<ShapeId>,
    pub slot: u32,
    pub nested: u32,
}

impl Spot {
    pub const ROOT: Spot = Spot { shape: None, slot: 0, nested: 0 };
    /// Nothing is remembered there.
    pub const NOWHERE: Spot = Spot { shape: None, slot: 1, nested: 0 };

    #[inline]
    pub fn of(shape: ShapeId, slot: usize) -> Spot {
        Spot { shape: Some(shape), slot: slot as u32, nested: 0 }
    }

    #[inline]
    pub fn items(self) -> Spot {
        if self.nested == NESTED_MAX { Spot::NOWHERE } else { Spot { nested: self.nested + 1, ..self } }
    }
}

/// A bracket that opens a container with something in it.
pub struct Opening {
    pub is_array: bool,
    /// Of an object itself; of an array's items.
    pub spot: Spot,
    pub start: usize,
    pub basis: Option<ShapeId>,
}

impl Opening {
    pub const NONE: Opening = Opening { is_array: false, spot: Spot::NOWHERE, start: 0, basis: None };
}

pub struct Frame {
    pub is_array: bool,
    /// One value at least was read.
    pub is_begun: bool,
    /// An object that left its basis: its keys are listed one by one.
    pub is_loose: bool,
    /// A key came twice, and the last one won.
    pub has_doubles: bool,
    pub spot: Spot,
    pub start: usize,
    pub mark: Mark,
    /// The pinned shape that the keys are expected to be of, and the slot that is expected next.
    pub basis: Option<ShapeId>,
    pub next: usize,
    pub keys_base: usize,
    /// Keys that are not the basis's.
    pub strangers: usize,
    /// Where the value goes that comes next, if not to the end.
    pub replaces: Option<usize>,
    /// What the document had counted before it.
    pub before: Extent,
    /// Of the containers in it.
    pub height: usize,
}

impl Frame {
    #[inline]
    pub fn new(opening: &Opening, basis: Option<ShapeId>, mark: Mark, before: Extent) -> Frame {
        let Opening { is_array, spot, start, .. } = *opening;
        Frame {
            is_array,
            is_begun: false,
            is_loose: false,
            has_doubles: false,
            spot,
            start,
            mark,
            basis,
            next: 0,
            keys_base: 0,
            strangers: 0,
            replaces: None,
            before,
            height: 0,
        }
    }
}
