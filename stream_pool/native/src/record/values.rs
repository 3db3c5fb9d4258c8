//! The values of a decode that is under way, and the making of records from them.

use super::memory::{allocate, allocate_at_once};
use super::tail::{Tail, move_words};
use super::word::{ARRAY, INT, Kind, TAG, Word};
use super::{FLAT_ITEMS_MAX, Head, WORD_BYTES, WORDS_AT};
use crate::layout::Layout;
use crate::object::{Object, Text};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use std::ptr;
use std::rc::Rc;

/// With so many keys each tail stays within the 2^24 bytes that a word can tell.
const KEYS_WITH_TAIL_MAX: usize = 16_384;

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

    /// Makes one value of those since `mark`: the record of an object that has this layout.
    #[inline(always)]
    pub fn close_object(
        &mut self,
        py: Python<'_>,
        raw: &[u8],
        layout: &Rc<Layout>,
        mark: Mark,
    ) -> PyResult<()> {
        let record = self.record(py, raw, layout, mark)?;
        self.push_object(record);
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
