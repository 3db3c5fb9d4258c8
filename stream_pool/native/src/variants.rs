//! Objects that lack keys of the shape that they follow: which shape each lack of keys is, so that nobody lists the
//! keys again. A lack is a bit a slot. What is not found here is found by its keys.

use crate::allowance::{Allowance, Share};
use crate::shapes::ShapeId;

const SIZE_MIN: usize = 8;
const SIZE_MAX: usize = 512;
/// So many places in a row are looked at.
const PROBED: usize = 4;
const PLACE_BYTES: usize = size_of::<Option<(u64, ShapeId)>>();

/// By lack, the shapes that were seen. A full table forgets.
#[derive(Default)]
pub struct Variants {
    places: Box<[Option<(u64, ShapeId)>]>,
    share: Option<Share>,
}

impl Variants {
    #[inline]
    pub fn get(&self, missing: u64) -> Option<ShapeId> {
        self.row(missing).iter().flatten().find(|(known, _)| *known == missing).map(|(_, id)| *id)
    }

    /// Of the allowance, what a table takes that grows.
    pub fn insert(&mut self, missing: u64, id: ShapeId, allowance: &Allowance) {
        while !self.try_insert(missing, id) {
            let size = (self.places.len() * 2).max(SIZE_MIN);
            if size > SIZE_MAX || !self.may_hold(size, allowance) {
                let first = first(missing, self.places.len());
                if let Some(place) = self.places.get_mut(first) {
                    *place = Some((missing, id));
                }
                return;
            }
            let known = std::mem::replace(&mut self.places, vec![None; size].into());
            for (missing, id) in known.into_iter().flatten() {
                self.try_insert(missing, id);
            }
        }
    }

    /// Takes what a table of this size needs beside what it has.
    fn may_hold(&mut self, size: usize, allowance: &Allowance) -> bool {
        let more = (size - self.places.len()) * PLACE_BYTES;
        match &mut self.share {
            Some(share) => share.grow(more),
            None => {
                self.share = allowance.take(more);
                self.share.is_some()
            }
        }
    }

    fn try_insert(&mut self, missing: u64, id: ShapeId) -> bool {
        let at = first(missing, self.places.len());
        let is_free = |place: &&mut Option<(u64, ShapeId)>| place.is_none_or(|(known, _)| known == missing);
        let place = self.places.iter_mut().skip(at).take(PROBED).find(is_free);
        place.map(|place| *place = Some((missing, id))).is_some()
    }

    #[inline]
    fn row(&self, missing: u64) -> &[Option<(u64, ShapeId)>] {
        let at = first(missing, self.places.len());
        self.places.get(at..at + PROBED).unwrap_or_default()
    }
}

/// The first place of a lack, with `PROBED` places from there on.
#[inline]
fn first(missing: u64, size: usize) -> usize {
    let mixed = missing.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (mixed as usize & size.wrapping_sub(1)).min(size.saturating_sub(PROBED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn a_lack_is_known_until_a_full_table_forgets_it() {
        let id = |at: u64| ShapeId::new(at as u32, NonZeroU32::MIN);
        let mut variants = Variants::default();
        assert!(variants.get(1).is_none(), "1 nothing is known");
        let allowance = Allowance::new(SIZE_MAX * PLACE_BYTES);
        (1..=20).for_each(|missing| variants.insert(missing, id(missing), &allowance));
        assert!((1..=20).all(|missing| variants.get(missing) == Some(id(missing))), "2 it grows");
        variants.insert(7, id(70), &allowance);
        assert!(variants.get(7) == Some(id(70)), "3 the latest counts");
        for missing in 1..=5000 {
            variants.insert(missing, id(missing), &allowance);
            assert!(variants.get(missing) == Some(id(missing)), "4 {missing}");
        }
        assert_eq!(variants.places.len(), SIZE_MAX, "5 no further");
        assert_eq!(allowance.taken(), SIZE_MAX * PLACE_BYTES, "6 what it takes is counted");
        let mut poor = Variants::default();
        poor.insert(1, id(1), &Allowance::new(PLACE_BYTES));
        assert!(poor.get(1).is_none(), "7 nothing is remembered without an allowance");
    }
}
