//! A site: one place in a layout, and what was last seen there. Traffic repeats, so that what came last is the best
//! guess at what comes next; a guess costs one comparison with the raw bytes, and proves itself or is forgotten.

use crate::allowance::{Allowance, Share};
use crate::credit::Credit;
use crate::object::{Ascii, Object};
use crate::recent::Recent;
use crate::shapes::ShapeId;

/// One text of two must be an expected one: to look for a text that is not, and to keep it, costs several times what a
/// copy of its bytes in the record does.
const MISS_COST: u8 = 1;
/// After so many objects that did not fit it whole, the basis gives way to the latest shape.
const MISFITS_MAX: u8 = 64;

pub struct Site {
    recent: Option<Box<Recent>>,
    basis: Option<ShapeId>,
    items: Option<Box<Items>>,
    credit: Credit,
    misfits: u8,
}

/// The site of the items of an array.
struct Items {
    site: Site,
    _share: Share,
}

impl Site {
    pub const fn new() -> Site {
        Site { recent: None, basis: None, items: None, credit: Credit::new(), misfits: 0 }
    }

    /// Whether texts are looked for here, as has paid.
    #[inline(always)]
    pub fn looks_for_texts(&mut self) -> bool {
        self.credit.looks()
    }

    /// The plain text that stands here, so long, if it is a recent one.
    #[inline(always)]
    pub fn expected_text(&mut self, content: &[u8], length: usize) -> Option<&Object> {
        let text = self.recent.as_deref()?.find(content, length)?;
        self.credit.hit(1);
        Some(text)
    }

    /// The text that stands here was not expected; the pool may have it.
    pub fn found_text(&mut self, content: &[u8], text: Option<Ascii>, allowance: &Allowance) {
        self.credit.miss(MISS_COST);
        let Some(text) = text else { return };
        if self.recent.is_none() {
            self.recent = Recent::new(allowance).map(Box::new);
        }
        if let Some(recent) = &mut self.recent {
            recent.put(content, text);
        }
    }

    /// Gives back what was taken of the allowance.
    pub fn forget(&mut self) {
        (self.recent, self.items) = (None, None);
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

    /// The site of the items of an array at this site. None where the allowance is used up.
    #[inline]
    pub fn items(&mut self, allowance: &Allowance) -> Option<&mut Site> {
        if self.items.is_none() {
            let share = allowance.take(size_of::<Items>())?;
            self.items = Some(Box::new(Items { site: Site::new(), _share: share }));
        }
        self.items.as_deref_mut().map(|items| &mut items.site)
    }
}
