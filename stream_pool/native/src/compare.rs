//! Comparing what stands in the input with what is expected there, eight bytes at a time.

use crate::window::{self, Mask, Window};

/// Whether the input has these bytes at this place.
#[inline]
pub fn stands_at(raw: &[u8], at: usize, expected: &[u8]) -> bool {
    raw.get(at..at + expected.len()).is_some_and(|found| is_equal(found, expected))
}

/// Whether two short byte strings are equal.
#[inline]
pub fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let length = one.len();
    if length != other.len() {
        return false;
    }
    if length < 8 {
        return short_equal(one, other);
    }
    let mut from = 0;
    while from + 8 < length {
        if word(one, from) != word(other, from) {
            return false;
        }
        from += 8;
    }
    word(one, length - 8) == word(other, length - 8)
}

#[inline]
fn short_equal(one: &[u8], other: &[u8]) -> bool {
    let length = one.len();
    if length >= 4 {
        return half(one, 0) == half(other, 0) && half(one, length - 4) == half(other, length - 4);
    }
    length == other.len() && one.iter().zip(other).all(|(one, other)| one == other)
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].try_into().map(u64::from_le_bytes).unwrap_or_default()
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default()
}

/// A key as it is expected to be spelled, between what stands before it and its value: `,"key":`.
///
/// Its first sixteen bytes are compared at once, under a mask; a longer one has the rest beside them.
pub struct Spelling {
    window: Window,
    more: Option<Box<More>>,
    length: u16,
    mask: Mask,
}

struct More(Box<[u8]>);

impl Spelling {
    /// The plain spelling of a key in UTF-8; one that matches nothing for a key that has none, or is very long. What
    /// stands before the first key of an object does not matter.
    pub fn of(key: &[u8], is_first: bool) -> Spelling {
        let is_plain = key.iter().all(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
        let spelled = [b",\"", key, b"\":"].concat();
        let Ok(length) = u16::try_from(spelled.len()) else { return Spelling::none() };
        if !is_plain {
            return Spelling::none();
        }
        let mask = Mask::first(spelled.len());
        let mask = if is_first { mask.but_first() } else { mask };
        let more = spelled.get(window::BYTES..).filter(|more| !more.is_empty());
        let more = more.map(|more| Box::new(More(more.into())));
        Spelling { window: Window::padded(&spelled).masked(mask), more, length, mask }
    }

    /// One that matches nothing: window and mask contradict each other.
    pub fn none() -> Spelling {
        Spelling { window: Window::NONE, more: None, length: 0, mask: Mask::first(1) }
    }

    #[inline]
    pub fn is_plain(&self) -> bool {
        self.length > 0
    }

    /// What stands behind it, if it stands here.
    #[inline(always)]
    pub fn behind<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let is_here = Window::padded(rest).masked(self.mask) == self.window;
        if is_here { self.behind_all(rest) } else { None }
    }

    /// What stands behind it, if it stands here, whatever is before the key.
    #[inline]
    pub fn behind_any<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let mask = self.mask.but_first();
        let is_here = Window::padded(rest).masked(mask) == self.window.masked(mask);
        if is_here && self.is_plain() { self.behind_all(rest) } else { None }
    }

    /// What stands behind it, if it goes on as it began.
    #[inline(always)]
    fn behind_all<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        match &self.more {
            Some(more) if !stands_at(rest, window::BYTES, &more.0) => None,
            _ => rest.get(usize::from(self.length)..),
        }
    }
}
