//! A site: one place in a layout, and what was last seen there. Traffic repeats, so that what came last is the best
//! guess at what comes next; a guess costs one comparison with the raw bytes, and proves itself or is forgotten.

use crate::compare;
use crate::object::{Ascii, Object};
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

/// What a subtree adds to the counts of its document.
#[derive(Clone, Copy, Default)]
pub struct Extent {
    pub height: usize,
    pub keys: usize,
    pub items: usize,
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
type Recent = [Option<Ascii>; PLACES];
const PLACES: usize = 16;

#[inline]
fn place(bytes: &[u8]) -> usize {
    let mixed = (compare::first_word(bytes) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 60) as usize
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
    pub fn expected_text(&self, bytes: &[u8]) -> Option<&Object> {
        let value = self.values.as_ref()?[place(bytes)].as_ref()?;
        compare::is_equal(value.bytes(), bytes).then(|| value.object())
    }

    /// Whether the pool is to be asked for a text that was not the expected one.
    #[inline]
    pub fn asks_pool(&mut self) -> bool {
        self.value_luck.tries()
    }

    #[inline]
    pub fn found_text(&mut self, text: Option<Ascii>) {
        self.value_luck.hit(VALUE_GAIN);
        if let Some(text) = text {
            let values = self.values.get_or_insert_with(Box::default);
            let place = place(text.bytes());
            values[place] = Some(text);
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

    /// Remembers an object, unless that has not paid here.
    #[inline]
    pub fn remember(&mut self, raw: &[u8], record: &Object, extent: Extent, fingerprint: u64) {
        self.echo_luck.miss();
        if !self.echo_luck.tries() {
            self.echo = None;
            return;
        }
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

    /// An object did not follow the basis whole; it was of this shared shape, if of any. `is_better` where it has keys that the basis lacks
    /// and at least as many in all.
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
