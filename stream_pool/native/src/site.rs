//! A site: one place in a layout, and what was last seen there. Traffic repeats, so that what came last is the best
//! guess at what comes next; a guess costs one comparison with the raw bytes, and proves itself or is forgotten.

use crate::object::{Ascii, Object};
use crate::plain::{Plain, Start};
use crate::shapes::ShapeId;

/// Where objects with so many bytes or fewer are remembered whole.
pub const ECHO_BYTES_MAX: usize = 256;

/// Whether looking pays: a hit gains, a miss costs, and with nothing left only one in sixteen tries.
struct Luck {
    left: u8,
    skipped: u8,
}

const SAMPLED: u8 = 16;

impl Luck {
    const fn new(left: u8) -> Luck {
        Luck { left, skipped: 0 }
    }

    #[inline]
    fn tries(&mut self) -> bool {
        if self.left > 0 {
            return true;
        }
        self.skipped = (self.skipped + 1) % SAMPLED;
        self.skipped == 0
    }

    #[inline]
    fn hit(&mut self, gain: u8) {
        self.left = self.left.saturating_add(gain);
    }

    #[inline]
    fn miss(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

/// Keys and items.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    pub keys: usize,
    pub items: usize,
}

/// What a subtree adds to its document.
#[derive(Clone, Copy)]
pub struct Extent {
    pub height: usize,
    pub seen: Seen,
}

impl Seen {
    #[inline]
    pub fn since(self, before: Seen) -> Seen {
        Seen { keys: self.keys - before.keys, items: self.items - before.items }
    }
}

/// The last object at a site: the same bytes are the same record.
pub struct Echo {
    raw: Vec<u8>,
    pub record: Object,
    pub extent: Extent,
    pub fingerprint: u64,
}

impl Echo {
    /// Bytes of the input that it stands for.
    #[inline]
    pub fn length(&self) -> usize {
        self.raw.len()
    }
}

/// The pooled texts that a site saw last, one at each place.
type Recent = [Expected; 1 << PLACE_BITS];
const PLACE_BITS: u32 = 6;

/// A pooled text, and what it starts with, so that it is only looked at where that is found.
struct Expected {
    start: Start,
    text: Option<Ascii>,
}

impl Expected {
    const NOTHING: Expected = Expected { start: Start::NONE, text: None };
}

pub struct Site {
    values: Option<Box<Recent>>,
    value_luck: Luck,
    echo_luck: Luck,
    misfits: u8,
    basis: Option<ShapeId>,
    echo: Option<Box<Echo>>,
    items: Option<Box<Site>>,
}

/// One text in two must be found for the pool to be asked every time: a text that two or three documents share takes
/// less room in their tails.
const VALUE_GAIN: u8 = 1;
const VALUE_LUCK: u8 = 200;
const ECHO_GAIN: u8 = 12;
const ECHO_LUCK: u8 = 48;
/// After so many objects that did not fit it whole, the basis gives way to the latest shape.
const MISFITS_MAX: u8 = 64;

impl Site {
    pub const fn new() -> Site {
        Site {
            values: None,
            value_luck: Luck::new(VALUE_LUCK),
            echo_luck: Luck::new(ECHO_LUCK),
            misfits: 0,
            basis: None,
            echo: None,
            items: None,
        }
    }

    /// The text that is expected here, if it is this one.
    #[inline]
    pub fn expected_text(&self, plain: Plain<'_>) -> Option<&Object> {
        let expected = &self.values.as_deref()?[plain.start.place(PLACE_BITS)];
        if expected.start != plain.start {
            return None;
        }
        let text = expected.text.as_ref()?;
        let is_whole = plain.bytes.len() < Start::BYTES || text.bytes() == plain.bytes;
        is_whole.then(|| text.object())
    }

    /// Whether the pool is to be asked for a text that was not the expected one.
    #[inline]
    pub fn asks_pool(&mut self) -> bool {
        self.value_luck.tries()
    }

    #[inline]
    pub fn found_text(&mut self, start: Start, text: Option<Ascii>) {
        self.value_luck.hit(VALUE_GAIN);
        if text.is_some() {
            let values = self.values.get_or_insert_with(|| Box::new([const { Expected::NOTHING }; _]));
            values[start.place(PLACE_BITS)] = Expected { start, text };
        }
    }

    #[inline]
    pub fn missed_text(&mut self) {
        self.value_luck.miss();
    }

    #[inline]
    pub fn echo(&self, rest: &[u8]) -> Option<&Echo> {
        let echo = self.echo.as_deref()?;
        rest.starts_with(&echo.raw).then_some(echo)
    }

    #[inline]
    pub fn echoed(&mut self) {
        self.echo_luck.hit(ECHO_GAIN);
    }

    /// An object begins that is not the remembered one. Whether it is to be remembered, which has not paid everywhere.
    #[inline]
    pub fn is_remembering(&mut self) -> bool {
        self.echo_luck.miss();
        let tries = self.echo_luck.tries();
        if !tries {
            self.echo = None;
        }
        tries
    }

    /// Remembers an object.
    pub fn remember(&mut self, raw: &[u8], record: &Object, extent: Extent, fingerprint: u64) {
        match &mut self.echo {
            Some(echo) => {
                echo.raw.clear();
                echo.raw.extend_from_slice(raw);
                echo.record = record.clone();
                echo.extent = extent;
                echo.fingerprint = fingerprint;
            }
            None => {
                let record = record.clone();
                self.echo = Some(Box::new(Echo { raw: raw.to_vec(), record, extent, fingerprint }));
            }
        }
    }

    #[inline]
    pub fn basis(&self) -> Option<ShapeId> {
        self.basis
    }

    /// An object has other keys than the basis; it was of this shared shape, if of any. `is_better` where it has at
    /// least as many.
    pub fn misfitted(&mut self, shape: Option<ShapeId>, is_better: bool) {
        self.misfits = self.misfits.saturating_add(1);
        if shape.is_some() && (self.basis.is_none() || is_better || self.misfits >= MISFITS_MAX) {
            self.basis = shape;
            self.misfits = 0;
        }
    }

    /// The site of the items of an array at this site.
    #[inline]
    pub fn items(&mut self) -> &mut Site {
        self.items.get_or_insert_with(|| Box::new(Site::new()))
    }
}
