//! Words: one value of a record, or of a decode that is under way, in eight bytes. `record.rs` has the bits.

use crate::object::Object;
use pyo3::ffi;
use std::{mem, slice};

/// A longer text is an object of its own, so that reading it again does not copy it again.
pub const TEXT_BYTES_MAX: usize = 64;
/// So long a text fits a word.
pub const SHORT_BYTES_MAX: usize = 6;

pub(super) const FLOAT_OFFSET: u64 = 2 << 48;
pub(super) const TAG: u64 = 0xffff << 48;
pub(super) const SHORT: u64 = 0xfff4 << 48;
pub(super) const SHORT_LAST: u64 = SHORT + ((SHORT_BYTES_MAX as u64) << 48);
pub(super) const ARRAY: u64 = 0xfffd << 48;
pub(super) const TEXT: u64 = 0xfffe << 48;
pub(super) const INT: u64 = 0xffff << 48;
pub(super) const PART: u64 = 0xff_ffff;
pub(super) const OBJECT_TAG: u16 = 0;
pub(super) const ARRAY_TAG: u16 = (ARRAY >> 48) as u16;
pub(super) const TEXT_TAG: u16 = (TEXT >> 48) as u16;

/// One value, with the reference that it may hold. Where a text or an array is, depends on whose word it is: of a
/// record, or of a decode that is under way.
#[repr(transparent)]
pub struct Word(pub(super) u64);

// The bytes of a word's text are those that its memory begins with.
const _: () = assert!(cfg!(target_endian = "little"), "the core is for little-endian machines");

pub(super) enum Kind {
    Object,
    Short(usize),
    Float,
    Array(usize, usize),
    Text(usize, usize),
    Int,
}

impl Word {
    #[inline]
    pub fn object(object: Object) -> Word {
        let address = object.as_ptr() as u64;
        debug_assert_eq!(address & TAG, 0, "no system gives out longer addresses unasked");
        mem::forget(object);
        Word(address)
    }

    #[inline]
    pub fn float(value: f64) -> Word {
        debug_assert!(value.is_finite());
        Word(value.to_bits().wrapping_add(FLOAT_OFFSET))
    }

    /// None where it needs more than 48 bits.
    #[inline]
    pub fn int(value: i64) -> Option<Word> {
        ((value << 16) >> 16 == value).then_some(Word(INT | (value as u64 & !TAG)))
    }

    #[inline]
    pub fn short_int(value: u32) -> Word {
        Word(INT | u64::from(value))
    }

    /// ASCII bytes of the input, up to 2^41 bytes into it, more than fit a word.
    #[inline]
    pub fn text(start: usize, length: usize) -> Word {
        debug_assert!((SHORT_BYTES_MAX + 1..=TEXT_BYTES_MAX).contains(&length) && start < 1 << 41);
        Word(TEXT | (start as u64) << 7 | length as u64)
    }

    /// So many ASCII bytes, six at most, the first of them the lowest; above them are zeros.
    #[inline]
    pub fn short(bytes: u64, length: usize) -> Word {
        debug_assert!(length <= SHORT_BYTES_MAX && bytes >> (8 * length) == 0);
        Word((SHORT + ((length as u64) << 48)) | bytes)
    }

    /// The text in the word itself, so long.
    #[inline]
    pub(super) fn as_short(&self, length: usize) -> &[u8] {
        // SAFETY: a word has eight bytes, and its text six at most.
        unsafe { slice::from_raw_parts((self as *const Word).cast::<u8>(), length) }
    }

    #[inline]
    pub(super) fn of_tail(tag: u64, offset: usize, length: usize) -> Word {
        Word(tag | (offset as u64) << 24 | length as u64)
    }

    #[inline]
    pub(super) fn tag(&self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[inline]
    pub(super) fn tail_length(&self) -> usize {
        (self.0 & PART) as usize
    }

    #[inline]
    pub(super) fn kind(&self) -> Kind {
        let part = |shift: u32| (self.0 >> shift & PART) as usize;
        match self.0 & TAG {
            0 => Kind::Object,
            INT => Kind::Int,
            TEXT => Kind::Text(part(24), part(0)),
            ARRAY => Kind::Array(part(24), part(0)),
            tag @ SHORT..=SHORT_LAST => Kind::Short(((tag - SHORT) >> 48) as usize),
            _ => Kind::Float,
        }
    }

    /// Whether a record has more of it in its tail.
    #[inline]
    pub(super) fn has_tail(&self) -> bool {
        (ARRAY..INT).contains(&self.0)
    }

    #[inline]
    pub(super) fn is_array(&self) -> bool {
        self.0 & TAG == ARRAY
    }

    #[inline]
    pub(super) fn as_float(&self) -> f64 {
        f64::from_bits(self.0.wrapping_sub(FLOAT_OFFSET))
    }

    #[inline]
    pub(super) fn as_int(&self) -> i64 {
        ((self.0 << 16) as i64) >> 16
    }

    #[inline]
    pub(super) fn as_input(&self) -> (usize, usize) {
        (((self.0 & !TAG) >> 7) as usize, (self.0 & 0x7f) as usize)
    }

    /// Bytes that it takes in a tail, where it is a text of the input.
    #[inline]
    pub(super) fn text_length(&self) -> usize {
        if self.0 & TAG == TEXT { self.as_input().1 } else { 0 }
    }

    #[inline]
    pub(super) fn as_flat(&self) -> (usize, usize) {
        (((self.0 & !TAG) >> 4) as usize, (self.0 & 0xf) as usize)
    }

    #[inline]
    pub(super) fn as_object(&self) -> &Object {
        debug_assert_eq!(self.0 & TAG, 0);
        // SAFETY: a word without a tag is the address of an object to which it holds a reference, and both `Word` and
        // `Object` are one machine word.
        unsafe { &*(self as *const Word).cast::<Object>() }
    }
}

impl Drop for Word {
    #[inline]
    fn drop(&mut self) {
        if self.0 & TAG == 0 {
            // SAFETY: the reference is this word's, and ends with it.
            unsafe { ffi::Py_DECREF(self.0 as *mut ffi::PyObject) }
        }
    }
}
