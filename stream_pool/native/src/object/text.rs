//! Strings: Python's `str` of the exact type, made from UTF-8 and read in the width that it has.

use super::Object;
use crate::utf8::Utf8;
use crate::widths;
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::slice;

/// A `str` of the exact type.
#[repr(transparent)]
#[derive(Clone)]
pub struct Text(pub(super) Object);

const ASCII_DATA_AT: usize = size_of::<ffi::PyASCIIObject>();

impl Text {
    /// A new string of ASCII bytes. Panics in debug builds where they are not.
    #[inline]
    pub fn ascii(py: Python<'_>, bytes: &[u8]) -> PyResult<Text> {
        debug_assert!(bytes.is_ascii());
        // SAFETY: a new compact ASCII string has its bytes, and a zero after them, right behind its head.
        unsafe {
            let made = Object::own(py, ffi::PyUnicode_New(bytes.len() as ffi::Py_ssize_t, 0x7f))?;
            let data = made.as_ptr().cast::<u8>().add(ASCII_DATA_AT);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
            Ok(Text(made))
        }
    }

    /// A new string of any text, as narrow as it can be.
    pub fn new(py: Python<'_>, value: Utf8<'_>) -> PyResult<Text> {
        let (characters, widest) = (value.characters(), value.widest());
        if widest < 0x80 {
            return Text::ascii(py, value.bytes());
        }
        // SAFETY: a new string of this width has room for exactly so many characters, which are all written: UTF-8
        // that was checked has as many as were counted.
        unsafe {
            let made = Object::own(py, ffi::PyUnicode_New(characters as ffi::Py_ssize_t, widest))?;
            let data = ffi::PyUnicode_DATA(made.as_ptr());
            match widest {
                0x80..=0xff => widths::fill_latin1(value, slice::from_raw_parts_mut(data.cast(), characters)),
                0x100..=0xffff => {
                    widths::fill_ucs2(value, slice::from_raw_parts_mut(data.cast(), characters))
                }
                _ => widths::fill_ucs4(value, slice::from_raw_parts_mut(data.cast(), characters)),
            }
            Ok(Text(made))
        }
    }

    /// A new string of bytes that were seen to be UTF-8.
    pub fn of_utf8(py: Python<'_>, bytes: &[u8]) -> PyResult<Text> {
        Text::new(py, Utf8::checked(bytes).ok_or_else(|| PyValueError::new_err("no UTF-8"))?)
    }

    #[inline]
    pub fn object(&self) -> &Object {
        &self.0
    }

    #[inline]
    pub fn into_object(self) -> Object {
        self.0
    }

    /// Its number of characters.
    #[inline]
    pub fn length(&self) -> usize {
        // SAFETY: a ready str begins with this head.
        unsafe { (*self.0.as_ptr().cast::<ffi::PyASCIIObject>()).length as usize }
    }

    /// Python's own hash of it.
    #[inline]
    pub fn python_hash(&self) -> isize {
        // SAFETY: a str begins with this head; -1 means that it was not hashed yet, and hashing cannot fail.
        unsafe {
            match (*self.0.as_ptr().cast::<ffi::PyASCIIObject>()).hash {
                -1 => ffi::PyObject_Hash(self.0.as_ptr()),
                known => known,
            }
        }
    }

    /// Its bytes where all characters are ASCII.
    #[inline]
    pub fn as_ascii(&self) -> Option<&[u8]> {
        // SAFETY: only a compact ASCII string has its data right behind the short head, one byte a character.
        unsafe {
            let data = ffi::PyUnicode_DATA(self.0.as_ptr()).cast::<u8>();
            (data == self.0.as_ptr().cast::<u8>().add(ASCII_DATA_AT))
                .then(|| slice::from_raw_parts(data, self.length()))
        }
    }

    /// Whether both have the same characters. A string's width follows from them, so bytes decide.
    #[inline]
    pub fn equals(&self, other: &Text) -> bool {
        if self.0.is(&other.0) {
            return true;
        }
        // SAFETY: both are ready, and have `length` characters of `kind` bytes at their data.
        unsafe {
            let kind = ffi::PyUnicode_KIND(self.0.as_ptr());
            if self.length() != other.length() || kind != ffi::PyUnicode_KIND(other.0.as_ptr()) {
                return false;
            }
            let size = self.length() * kind as usize;
            let mine = slice::from_raw_parts(ffi::PyUnicode_DATA(self.0.as_ptr()).cast::<u8>(), size);
            let theirs = slice::from_raw_parts(ffi::PyUnicode_DATA(other.0.as_ptr()).cast::<u8>(), size);
            mine == theirs
        }
    }

    /// Its UTF-8, without leaving a copy in the string. None where it holds a lone surrogate.
    pub fn to_utf8(&self, py: Python<'_>) -> Option<Vec<u8>> {
        if let Some(ascii) = self.as_ascii() {
            return Some(ascii.to_vec());
        }
        // SAFETY: the call returns a new bytes object or null with an exception, which is taken off.
        let encoded = unsafe { Object::own(py, ffi::PyUnicode_AsUTF8String(self.0.as_ptr())) };
        encoded.ok()?.into_bound(py).extract().ok()
    }
}

/// A pooled value in its plain spelling: a compact ASCII string that can be compared with raw bytes at once.
#[repr(transparent)]
#[derive(Clone)]
pub struct Ascii(Text);

impl Ascii {
    #[inline]
    pub fn of(text: &Text) -> Option<Ascii> {
        text.as_ascii().is_some().then(|| Ascii(text.clone()))
    }

    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: it was seen to be compact ASCII when it was made, and strings do not change.
        unsafe {
            let head = self.0.0.as_ptr();
            slice::from_raw_parts(head.cast::<u8>().add(ASCII_DATA_AT), self.0.length())
        }
    }

    #[inline]
    pub fn object(&self) -> &Object {
        &self.0.0
    }
}
