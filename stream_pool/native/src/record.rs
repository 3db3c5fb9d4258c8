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

use crate::layout::Layout;
use crate::object::{Object, Text};
use crate::slab::{self, Slab};
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::UnsafeCell;
use std::mem;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::slice;

/// A longer text is an object of its own, so that reading it again does not copy it again.
pub const TEXT_BYTES_MAX: usize = 64;
/// So long a text fits a word.
pub const SHORT_BYTES_MAX: usize = 6;
/// A longer array is a tuple of its own, for the same reason.
pub const FLAT_ITEMS_MAX: usize = 8;

/// With so many keys each tail stays within the 2^24 bytes that a word can tell.
const KEYS_WITH_TAIL_MAX: usize = 16_384;

const FLOAT_OFFSET: u64 = 2 << 48;
const TAG: u64 = 0xffff << 48;
const SHORT: u64 = 0xfff4 << 48;
const SHORT_LAST: u64 = SHORT + ((SHORT_BYTES_MAX as u64) << 48);
const ARRAY: u64 = 0xfffd << 48;
const TEXT: u64 = 0xfffe << 48;
const INT: u64 = 0xffff << 48;
const PART: u64 = 0xff_ffff;
const OBJECT_TAG: u16 = 0;
const ARRAY_TAG: u16 = (ARRAY >> 48) as u16;
const TEXT_TAG: u16 = (TEXT >> 48) as u16;

/// One value, with the reference that it may hold. Where a text or an array is, depends on whose word it is: of a
/// record, or of a decode that is under way.
#[repr(transparent)]
pub struct Word(u64);

// The bytes of a word's text are those that its memory begins with.
const _: () = assert!(cfg!(target_endian = "little"), "the core is for little-endian machines");

enum Kind {
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
    fn as_short(&self, length: usize) -> &[u8] {
        // SAFETY: a word has eight bytes, and its text six at most.
        unsafe { slice::from_raw_parts((self as *const Word).cast::<u8>(), length) }
    }

    #[inline]
    fn of_tail(tag: u64, offset: usize, length: usize) -> Word {
        Word(tag | (offset as u64) << 24 | length as u64)
    }

    #[inline]
    fn tag(&self) -> u16 {
        (self.0 >> 48) as u16
    }

    #[inline]
    fn tail_length(&self) -> usize {
        (self.0 & PART) as usize
    }

    #[inline]
    fn kind(&self) -> Kind {
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
    fn has_tail(&self) -> bool {
        (ARRAY..INT).contains(&self.0)
    }

    #[inline]
    fn is_array(&self) -> bool {
        self.0 & TAG == ARRAY
    }

    #[inline]
    fn as_float(&self) -> f64 {
        f64::from_bits(self.0.wrapping_sub(FLOAT_OFFSET))
    }

    #[inline]
    fn as_int(&self) -> i64 {
        ((self.0 << 16) as i64) >> 16
    }

    #[inline]
    fn as_input(&self) -> (usize, usize) {
        (((self.0 & !TAG) >> 7) as usize, (self.0 & 0x7f) as usize)
    }

    /// Bytes that it takes in a tail, where it is a text of the input.
    #[inline]
    fn text_length(&self) -> usize {
        if self.0 & TAG == TEXT { self.as_input().1 } else { 0 }
    }

    #[inline]
    fn as_flat(&self) -> (usize, usize) {
        (((self.0 & !TAG) >> 4) as usize, (self.0 & 0xf) as usize)
    }

    #[inline]
    fn as_object(&self) -> &Object {
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

/// The values of a decode that is under way: those of the open containers one after the other, and beside them
/// the items of closed flat arrays.
#[derive(Default)]
pub struct Values {
    words: Vec<Word>,
    flat: Vec<Word>,
    /// Bytes that the texts and arrays among them will take in tails.
    tail: usize,
}

/// How far the values went when a container began.
#[derive(Clone, Copy)]
pub struct Mark {
    words: usize,
    flat: usize,
    tail: usize,
}

impl Mark {
    /// The place of a value that came so many after the mark.
    #[inline]
    pub fn value(self, after: usize) -> usize {
        self.words + after
    }
}

impl Values {
    #[inline]
    pub fn push(&mut self, word: Word) {
        self.tail += word.text_length();
        self.words.push(word);
    }

    /// A number or a literal.
    #[inline]
    pub fn push_whole(&mut self, word: Word) {
        debug_assert_eq!(word.text_length(), 0);
        self.words.push(word);
    }

    #[inline]
    pub fn push_object(&mut self, object: Object) {
        self.words.push(Word::object(object));
    }

    /// A plain text of the input.
    #[inline]
    pub fn push_text(&mut self, start: usize, length: usize) {
        self.tail += length;
        self.words.push(Word::text(start, length));
    }

    /// The last value, if it is an object already.
    pub fn last_object(&self) -> Option<&Object> {
        self.words.last().filter(|word| word.0 & TAG == 0).map(Word::as_object)
    }

    #[inline]
    pub fn mark(&self) -> Mark {
        Mark { words: self.words.len(), flat: self.flat.len(), tail: self.tail }
    }

    /// Takes the last value off and puts it in the place of an earlier one.
    pub fn replace(&mut self, at: usize) {
        let replaced = self.words.swap_remove(at);
        self.tail -= replaced.text_length();
        if replaced.is_array() {
            let (start, length) = replaced.as_flat();
            for item in &mut self.flat[start..start + length] {
                self.tail -= item.text_length() + WORD_BYTES;
                *item = Word(INT);
            }
        }
    }

    /// Lets go of everything.
    #[inline]
    pub fn clear(&mut self) {
        self.words.clear();
        self.flat.clear();
        self.tail = 0;
    }

    /// Makes one word of the values since `mark`: the whole of an array.
    pub fn close_array(&mut self, py: Python<'_>, raw: &[u8], mark: Mark, is_root: bool) -> PyResult<()> {
        let items = &self.words[mark.words..];
        if is_root || items.len() > FLAT_ITEMS_MAX || items.iter().any(Word::is_array) {
            let objects =
                items.iter().map(|word| self.to_object(py, raw, word)).collect::<PyResult<Vec<Object>>>()?;
            let tuple = Object::tuple(py, objects.into_iter())?;
            self.words.truncate(mark.words);
            self.flat.truncate(mark.flat);
            self.tail = mark.tail;
            self.words.push(Word::object(tuple));
        } else {
            let (start, length) = (self.flat.len(), items.len());
            self.flat.extend(self.words.drain(mark.words..));
            self.tail += length * WORD_BYTES;
            self.words.push(Word(ARRAY | (start as u64) << 4 | length as u64));
        }
        Ok(())
    }

    /// The object of a word of this decode.
    fn to_object(&self, py: Python<'_>, raw: &[u8], word: &Word) -> PyResult<Object> {
        match word.kind() {
            Kind::Object => Ok(word.as_object().clone()),
            Kind::Int => Object::int(py, word.as_int()),
            Kind::Float => Object::float(py, word.as_float()),
            Kind::Short(length) => Text::ascii(py, word.as_short(length)).map(Text::into_object),
            Kind::Text(..) => {
                let (start, length) = word.as_input();
                Text::ascii(py, &raw[start..start + length]).map(Text::into_object)
            }
            Kind::Array(..) => {
                let items = self.flat_items(word).iter();
                let objects =
                    items.map(|item| self.to_object(py, raw, item)).collect::<PyResult<Vec<Object>>>()?;
                Object::tuple(py, objects.into_iter())
            }
        }
    }

    #[inline]
    fn flat_items(&self, word: &Word) -> &[Word] {
        let (start, length) = word.as_flat();
        &self.flat[start..start + length]
    }

    /// The root, once it is the only value.
    pub fn root(&mut self, py: Python<'_>, raw: &[u8]) -> PyResult<Object> {
        self.to_object(py, raw, &self.words[0])
    }

    /// Puts objects in the place of texts and arrays, for a record whose tail would be too far away for a word.
    #[cold]
    fn materialize(&mut self, py: Python<'_>, raw: &[u8], mark: Mark) -> PyResult<()> {
        for at in mark.words..self.words.len() {
            self.words[at] = Word::object(self.to_object(py, raw, &self.words[at])?);
        }
        self.flat.truncate(mark.flat);
        self.tail = mark.tail;
        Ok(())
    }

    /// Makes a record of the values since `mark`, one a key, and takes them off.
    #[inline]
    pub fn record(
        &mut self,
        py: Python<'_>,
        raw: &[u8],
        layout: &Rc<Layout>,
        mark: Mark,
    ) -> PyResult<Object> {
        if self.tail == mark.tail
            && let Some(record) = self.record_of_words(layout, &mark)
        {
            return Ok(record);
        }
        if layout.len() > KEYS_WITH_TAIL_MAX {
            self.materialize(py, raw, mark)?;
        }
        self.record_with_tail(raw, layout, &mark).ok_or_else(|| PyMemoryError::new_err(()))
    }

    /// A record of values that stand in their words; None where there is no memory at hand.
    #[inline(never)]
    fn record_of_words(&mut self, layout: &Rc<Layout>, mark: &Mark) -> Option<Object> {
        let words = self.words_since(layout, mark);
        // SAFETY: the memory has room for head and words. References move from the stack, which is cut short in the
        // same breath, into the record. Nothing here runs other code.
        unsafe {
            let words = &*words;
            let head = allocate_at_once(WORDS_AT + size_of_val(words))?;
            head.write(Head::new(layout));
            self.words.set_len(mark.words);
            move_words(words, head.add(1).as_ptr().cast());
            Some(Object::from_owned(head.cast()))
        }
    }

    /// A record whose tail a word can tell; None where there is no memory.
    #[inline(never)]
    fn record_with_tail(&mut self, raw: &[u8], layout: &Rc<Layout>, mark: &Mark) -> Option<Object> {
        let words = self.words_since(layout, mark);
        // SAFETY: the memory has room for head, words and tail; each is written once, at a place of its own, before
        // the record is handed out. References move into the record from the stacks, which are cut short first but
        // keep their bytes. Nothing here runs other code: making a record starts no collection.
        unsafe {
            let words = &*words;
            let tail_at = WORDS_AT + size_of_val(words);
            let tail_end = tail_at + self.tail - mark.tail;
            let head = allocate(tail_end)?;
            head.write(Head::new(layout));
            let flat = &*ptr::from_ref(self.flat.as_slice());
            self.words.set_len(mark.words);
            self.flat.set_len(mark.flat);
            self.tail = mark.tail;
            let mut tail = Tail { start: head.as_ptr().cast(), at: tail_at, end: tail_end };
            let mut to = head.add(1).cast::<Word>();
            for word in words {
                to.write(if !word.has_tail() {
                    Word(word.0)
                } else if word.is_array() {
                    tail.take_array(raw, flat, word)
                } else {
                    tail.take_text(raw, word)
                });
                to = to.add(1);
            }
            Some(Object::from_owned(head.cast()))
        }
    }

    /// The values since `mark`, which are one a key.
    #[inline]
    fn words_since(&self, layout: &Rc<Layout>, mark: &Mark) -> *const [Word] {
        let words = &self.words[mark.words..];
        assert!(words.len() == layout.len(), "one value a key");
        words
    }
}

/// Moves the words of one record, without a call where they are few. Parts may overlap.
///
/// # Safety
/// There is room for them, and their owner forgets them.
#[inline]
unsafe fn move_words(words: &[Word], to: *mut u8) {
    let (from, size) = (words.as_ptr().cast::<u8>(), size_of_val(words));
    unsafe {
        match words.len() {
            0 => {}
            1 => copy_at::<u64>(from, to, 0),
            2..=4 => copy_ends::<u128>(from, to, size),
            5..=8 => copy_ends::<[u128; 2]>(from, to, size),
            _ => ptr::copy_nonoverlapping(from, to, size),
        }
    }
}

/// The free part of a record's tail: arrays fill it from its start, on words' boundaries, texts from its end.
///
/// What it takes are words of a decode. They are moved: their owner must forget them.
struct Tail {
    start: *mut u8,
    at: usize,
    end: usize,
}

impl Tail {
    /// # Safety
    /// The text was counted when the tail was made.
    #[inline]
    unsafe fn take_text(&mut self, raw: &[u8], word: &Word) -> Word {
        let (from, length) = word.as_input();
        let bytes = &raw[from..from + length];
        self.end -= length;
        unsafe { copy_short(bytes, self.start.add(self.end)) };
        Word::of_tail(TEXT, self.end, length)
    }

    /// # Safety
    /// The array was counted when the tail was made.
    #[inline]
    unsafe fn take_array(&mut self, raw: &[u8], flat: &[Word], word: &Word) -> Word {
        let (start, length) = word.as_flat();
        let items = &flat[start..start + length];
        let offset = self.at;
        self.at += size_of_val(items);
        unsafe { self.end = fill_array(self.start, offset, self.end, raw, items) };
        Word::of_tail(ARRAY, offset, items.len())
    }
}

/// Fills a flat array, and tells where the tail ends then.
///
/// # Safety
/// As `Tail::take_array`.
#[inline(never)]
unsafe fn fill_array(start: *mut u8, offset: usize, end: usize, raw: &[u8], items: &[Word]) -> usize {
    unsafe {
        let to = start.add(offset).cast::<Word>();
        let mut tail = Tail { start, at: offset, end };
        for (at, item) in items.iter().enumerate() {
            to.add(at).write(if item.has_tail() { tail.take_text(raw, item) } else { Word(item.0) });
        }
        tail.end
    }
}

/// Copies a text that may be in a tail, without the call that longer ones are worth. Parts may overlap.
///
/// # Safety
/// There is room for it.
#[inline]
unsafe fn copy_short(bytes: &[u8], to: *mut u8) {
    unsafe {
        let (from, length) = (bytes.as_ptr(), bytes.len());
        if length > 32 {
            copy_ends::<[u128; 2]>(from, to, length);
        } else if length > 16 {
            copy_ends::<u128>(from, to, length);
        } else if length >= 8 {
            copy_ends::<u64>(from, to, length);
        } else if length >= 4 {
            copy_ends::<u32>(from, to, length);
        } else if length > 0 {
            copy_ends::<u8>(from, to, length);
            copy_at::<u8>(from, to, length / 2);
        }
    }
}

/// Copies the first part and the last one.
///
/// # Safety
/// Both have such parts there.
#[inline(always)]
unsafe fn copy_ends<Part>(from: *const u8, to: *mut u8, size: usize) {
    unsafe {
        copy_at::<Part>(from, to, 0);
        copy_at::<Part>(from, to, size - size_of::<Part>());
    }
}

/// # Safety
/// Both have such a part there.
#[inline(always)]
unsafe fn copy_at<Part>(from: *const u8, to: *mut u8, at: usize) {
    unsafe { to.add(at).cast::<Part>().write_unaligned(from.add(at).cast::<Part>().read_unaligned()) }
}

/// The memory of records, and those that wait to be freed. The global lock protects it.
struct Memory {
    slab: Slab,
    is_freeing: bool,
    waiting: Waiting,
}

struct LockedMemory(UnsafeCell<Memory>);

// SAFETY: only reached while records are made or freed, which is done under the global lock.
unsafe impl Sync for LockedMemory {}

static MEMORY: LockedMemory =
    LockedMemory(UnsafeCell::new(Memory { slab: Slab::new(), is_freeing: false, waiting: Waiting::NONE }));

/// Small records lie in the slab; with the feature `plain-memory` none do, so that a checker of memory sees each.
#[inline]
fn is_of_slab(size: usize) -> bool {
    !cfg!(feature = "plain-memory") && size <= slab::SIZE_MAX
}

/// # Safety
/// The global lock is held.
#[inline]
unsafe fn allocate(size: usize) -> Option<NonNull<Head>> {
    unsafe {
        if is_of_slab(size) {
            return (*MEMORY.0.get()).slab.allocate(size).map(NonNull::cast);
        }
        NonNull::new(ffi::PyObject_Malloc(size).cast())
    }
}

/// A block of the slab, where one is at hand.
///
/// # Safety
/// The global lock is held.
#[inline]
unsafe fn allocate_at_once(size: usize) -> Option<NonNull<Head>> {
    if !is_of_slab(size) {
        return None;
    }
    unsafe { (*MEMORY.0.get()).slab.allocate_at_once(size).map(NonNull::cast) }
}

/// Records that nobody refers to any more, the last one first. The link stands where the count of references was.
#[derive(Clone, Copy)]
struct Waiting(*mut Head);

impl Waiting {
    const NONE: Waiting = Waiting(ptr::null_mut());

    /// # Safety
    /// The record has no references any more, and does not wait yet.
    #[inline]
    unsafe fn push(&mut self, record: *mut Head) {
        unsafe { record.cast::<Waiting>().write(*self) };
        self.0 = record;
    }

    #[inline]
    fn pop(&mut self) -> Option<*mut Head> {
        let record = self.0;
        if record.is_null() {
            return None;
        }
        // SAFETY: a record that waits is still there, and begins with the link.
        *self = unsafe { record.cast::<Waiting>().read() };
        Some(record)
    }
}

/// Python's own call when the last reference is gone. A tree is freed from a list, not by recursion, however deep it is.
pub(crate) unsafe extern "C" fn free(object: *mut ffi::PyObject) {
    // SAFETY: a record whose last reference is gone is ours alone. `MEMORY` is borrowed for one step at a time, since
    // letting go of a value may come back here.
    unsafe {
        let memory = MEMORY.0.get();
        (*memory).waiting.push(object.cast());
        if (*memory).is_freeing {
            return;
        }
        (*memory).is_freeing = true;
        while let Some(record) = (*memory).waiting.pop() {
            free_tree(record);
        }
        (*memory).is_freeing = false;
    }
}

/// Frees a record and those that only it held. What tuples held joins the list of the memory.
///
/// # Safety
/// The record has no references any more.
#[inline]
unsafe fn free_tree(root: *mut Head) {
    let mut waiting = Waiting::NONE;
    unsafe {
        waiting.push(root);
        while let Some(record) = waiting.pop() {
            free_one(record, &mut waiting);
        }
    }
}

/// # Safety
/// As `free_tree`.
#[inline]
unsafe fn free_one(record: *mut Head, waiting: &mut Waiting) {
    unsafe {
        let length = (*(*record).layout).len();
        let first = record.add(1).cast::<Word>();
        let mut tail = 0;
        for word in slice::from_raw_parts(first, length) {
            match word.tag() {
                OBJECT_TAG => let_go(word.0 as *mut ffi::PyObject, waiting),
                TEXT_TAG => tail += word.tail_length(),
                ARRAY_TAG => {
                    let bytes;
                    (bytes, *waiting) = free_array(record, word, *waiting);
                    tail += bytes;
                }
                _ => {}
            }
        }
        Rc::decrement_strong_count((*record).layout);
        let size = WORDS_AT + length * WORD_BYTES + tail;
        if is_of_slab(size) {
            (*MEMORY.0.get()).slab.release(NonNull::new_unchecked(record.cast()), size);
        } else {
            ffi::PyObject_Free(record.cast());
        }
    }
}

/// Lets go of a reference; a record that has no other joins those that wait.
///
/// # Safety
/// As `free_tree`.
#[inline]
unsafe fn let_go(object: *mut ffi::PyObject, waiting: &mut Waiting) {
    unsafe {
        if ffi::Py_REFCNT(object) != 1 || ffi::Py_TYPE(object) != type_pointer() {
            ffi::Py_DECREF(object);
        } else {
            waiting.push(object.cast());
        }
    }
}

/// Lets go of the items of a flat array, and says how many bytes it takes in the tail.
///
/// # Safety
/// As `free_tree`.
#[inline(never)]
unsafe fn free_array(record: *mut Head, word: &Word, mut waiting: Waiting) -> (usize, Waiting) {
    let Kind::Array(offset, length) = word.kind() else { return (0, waiting) };
    let mut bytes = length * WORD_BYTES;
    unsafe {
        let items = record.cast::<u8>().add(offset).cast::<Word>();
        for item in slice::from_raw_parts(items, length) {
            match item.tag() {
                OBJECT_TAG => let_go(item.0 as *mut ffi::PyObject, &mut waiting),
                TEXT_TAG => bytes += item.tail_length(),
                _ => {}
            }
        }
    }
    (bytes, waiting)
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
