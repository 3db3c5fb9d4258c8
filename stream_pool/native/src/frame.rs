//! A container that is being read.

use crate::echo::Seen;
use crate::record::Mark;
use crate::shapes::ShapeId;

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

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Array,
    /// An object that follows its basis so far.
    Following,
    /// An object that left its basis, or has none: its keys are listed one by one.
    Loose,
}

/// What is known of an object when it opens.
pub struct Opening {
    pub spot: Spot,
    pub start: usize,
    /// The shape that its site saw last.
    pub basis: Option<ShapeId>,
    pub is_remembered: bool,
}

pub struct Frame {
    pub kind: Kind,
    /// Whether a value was read.
    pub is_begun: bool,
    /// Of an object itself; of an array's items.
    pub spot: Spot,
    pub start: usize,
    /// The shape that the keys are expected to be of.
    pub basis: Option<ShapeId>,
    /// The slot that is expected next.
    pub next: usize,
    /// Keys that count as seen and are still to come.
    pub ahead: usize,
    /// Slots before it whose keys the object lacks, a bit each.
    pub missing: u64,
    pub mark: Mark,
    /// Whether its shape is to remember it whole.
    pub is_remembered: bool,
    /// What the document had counted before it.
    pub before: Seen,
    /// Of the containers in it.
    pub height: usize,
}

impl Frame {
    #[inline]
    pub fn object(opening: Opening, mark: Mark, before: Seen) -> Frame {
        let Opening { spot, start, basis, is_remembered } = opening;
        Frame {
            kind: Kind::Following,
            is_begun: false,
            spot,
            start,
            basis,
            next: 0,
            ahead: 0,
            missing: 0,
            mark,
            is_remembered,
            before,
            height: 0,
        }
    }

    #[inline]
    pub fn array(spot: Spot, mark: Mark) -> Frame {
        Frame {
            kind: Kind::Array,
            is_begun: false,
            spot,
            start: 0,
            basis: None,
            next: 0,
            ahead: 0,
            missing: 0,
            mark,
            is_remembered: false,
            before: Seen::default(),
            height: 0,
        }
    }

    /// Whether the key of a slot that was passed is missing.
    pub fn lacks(&self, slot: usize) -> bool {
        slot < u64::BITS as usize && self.missing >> slot & 1 == 1
    }

    #[inline]
    pub fn hold(&mut self, height: usize) {
        self.height = self.height.max(height);
    }
}

/// What a loose object needs beside its frame.
pub struct Loose {
    pub keys_base: usize,
    /// Keys that are not the basis's.
    pub strangers: usize,
    /// Where the value goes that comes next, if not to the end.
    pub replaces: Option<usize>,
}
