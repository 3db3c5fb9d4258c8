//! The record: one decoded JSON object in memory, as small as its JSON.
//!
//! Sixteen bytes of head, a pointer to the layout, one word a value, and behind them a tail with what does not fit a
//! word: short texts that the pool does not have, and short flat arrays. Numbers stand in their words. Python objects
//! of these are made when somebody asks. There is no header for the collector, because JSON has no cycles.
//!
//! A word is a 64-bit float moved up by 2^49, so that all that is no float is left for the rest:
//!
//!     0000 pppppppppppp   an object, by its address
//!     0002 … fff1         a float (JSON has neither infinities nor NaN)
//!     fff4 … fffa         an ASCII text of none to six bytes, in the word itself
//!     fffd oooooo llllll  l words in the tail, o bytes from the record's start: a flat array
//!     fffe oooooo llllll  l ASCII bytes in the tail
//!     ffff iiiiiiiiiiii   an integer of 48 bits

mod memory;
mod tail;
mod values;
mod word;

pub(crate) use memory::free;
pub use values::{Mark, Values};
pub use word::{SHORT_BYTES_MAX, TEXT_BYTES_MAX, Word};

use crate::layout::Layout;
use crate::object::{Object, Text};
use crate::shorts;
use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::UnsafeCell;
use std::rc::Rc;
use std::{mem, slice};
use word::Kind;

/// A longer array is a tuple of its own, for the same reason.
pub const FLAT_ITEMS_MAX: usize = 8;

/// A value of a record, as whoever walks it sees it.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Object(&'a Object),
    Int(i64),
    Float(f64),
    /// ASCII.
    Text(&'a [u8]),
    Array(Flat<'a>),
}

/// A short array without arrays in it.
#[derive(Clone, Copy)]
pub struct Flat<'a> {
    words: &'a [Word],
    record: Record<'a>,
}

impl<'a> Flat<'a> {
    pub fn len(self) -> usize {
        self.words.len()
    }

    #[inline]
    pub fn item(self, at: usize) -> Value<'a> {
        self.record.read(&self.words[at])
    }

    pub fn items(self) -> impl ExactSizeIterator<Item = Value<'a>> {
        self.words.iter().map(move |word| self.record.read(word))
    }
}

impl Value<'_> {
    /// The Python object, which is made where there is none yet.
    #[inline]
    pub fn to_object(self, py: Python<'_>) -> PyResult<Object> {
        match self {
            Value::Object(object) => Ok(object.clone()),
            Value::Int(value) => Object::int(py, value),
            Value::Float(value) => Object::float(py, value),
            Value::Text(bytes) if bytes.len() <= SHORT_BYTES_MAX => shorts::string(py, bytes),
            Value::Text(bytes) => Text::ascii(py, bytes).map(Text::into_object),
            Value::Array(flat) => {
                let items = flat.items().map(|item| item.to_object(py)).collect::<PyResult<Vec<_>>>()?;
                Object::tuple(py, items.into_iter())
            }
        }
    }
}

/// The first bytes of a new record: one reference, and the type.
#[inline]
fn new_base() -> ffi::PyObject {
    ffi::PyObject { ob_type: type_pointer(), ..ffi::PyObject_HEAD_INIT }
}

#[repr(C)]
struct Head {
    base: ffi::PyObject,
    layout: *const Layout,
}

impl Head {
    /// Of a new record, which holds its layout.
    #[inline]
    fn new(layout: &Rc<Layout>) -> Head {
        Head { base: new_base(), layout: Rc::into_raw(layout.clone()) }
    }
}

const WORDS_AT: usize = size_of::<Head>();
/// Bytes of a record without members.
pub(crate) const BASIC_SIZE: usize = WORDS_AT;
const WORD_BYTES: usize = size_of::<Word>();

/// A record that somebody keeps alive.
#[derive(Clone, Copy)]
pub struct Record<'a>(&'a Object);

impl<'a> Record<'a> {
    /// The view of an object that is a record; None for any other.
    #[inline]
    pub fn of(object: &'a Object) -> Option<Record<'a>> {
        // SAFETY: reads the type of a live object.
        unsafe { (ffi::Py_TYPE(object.as_ptr()) == type_pointer()).then_some(Record(object)) }
    }

    #[inline]
    pub fn object(self) -> &'a Object {
        self.0
    }

    #[inline]
    pub fn layout(self) -> &'a Layout {
        // SAFETY: a record holds one strong count of its layout as long as it lives.
        unsafe { &*(*self.0.as_ptr().cast::<Head>()).layout }
    }

    #[inline]
    pub fn len(self) -> usize {
        self.layout().len()
    }

    /// The value of a key's slot.
    #[inline]
    pub fn value(self, slot: usize) -> Value<'a> {
        self.read(&self.words()[slot])
    }

    pub fn values(self) -> impl ExactSizeIterator<Item = Value<'a>> {
        self.words().iter().map(move |word| self.read(word))
    }

    #[inline]
    fn words(self) -> &'a [Word] {
        // SAFETY: behind the head stand as many words as the layout has keys.
        unsafe { slice::from_raw_parts(self.tail(WORDS_AT).cast::<Word>(), self.len()) }
    }

    #[inline]
    fn tail(self, offset: usize) -> *const u8 {
        // SAFETY: offsets come from the record's own words, which stay within it.
        unsafe { self.0.as_ptr().cast::<u8>().add(offset) }
    }

    #[inline]
    fn read(self, word: &'a Word) -> Value<'a> {
        match word.kind() {
            Kind::Object => Value::Object(word.as_object()),
            Kind::Int => Value::Int(word.as_int()),
            Kind::Float => Value::Float(word.as_float()),
            Kind::Short(length) => Value::Text(word.as_short(length)),
            // SAFETY: a record's word gives a place in its tail with so many bytes.
            Kind::Text(offset, length) => {
                Value::Text(unsafe { slice::from_raw_parts(self.tail(offset), length) })
            }
            Kind::Array(offset, length) => Value::Array(Flat {
                // SAFETY: a record's word gives a place in its tail, on a word's boundary, with so many words.
                words: unsafe { slice::from_raw_parts(self.tail(offset).cast::<Word>(), length) },
                record: self,
            }),
        }
    }

    /// Bytes of memory that it takes itself, without the objects that it refers to.
    pub fn size(self) -> usize {
        let tail = |word: &'a Word| match self.read(word) {
            Value::Array(flat) => tail_of(word) + flat.words.iter().map(tail_of).sum::<usize>(),
            _ => tail_of(word),
        };
        WORDS_AT + self.len() * WORD_BYTES + self.words().iter().map(tail).sum::<usize>()
    }
}

#[inline]
fn tail_of(word: &Word) -> usize {
    match word.kind() {
        Kind::Text(_, length) => length,
        Kind::Array(_, length) => length * WORD_BYTES,
        _ => 0,
    }
}

struct TypeObject(UnsafeCell<ffi::PyTypeObject>);

// SAFETY: written once, when the module is made, and Python's from then on.
unsafe impl Sync for TypeObject {}

// SAFETY: a type object of zeros is what C programs begin with.
static TYPE: TypeObject = TypeObject(UnsafeCell::new(unsafe { mem::zeroed() }));

#[inline]
pub(crate) fn type_pointer() -> *mut ffi::PyTypeObject {
    TYPE.0.get()
}
