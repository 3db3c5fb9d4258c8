//! The tail of a record that is being made.

use super::word::{ARRAY, TEXT, Word};
use std::ptr;

/// Moves the words of one record, without a call where they are few. Parts may overlap.
///
/// # Safety
/// There is room for them, and their owner forgets them.
#[inline]
pub(super) unsafe fn move_words(words: &[Word], to: *mut u8) {
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
pub(super) struct Tail {
    pub(super) start: *mut u8,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Tail {
    /// # Safety
    /// The text was counted when the tail was made.
    #[inline]
    pub(super) unsafe fn take_text(&mut self, raw: &[u8], word: &Word) -> Word {
        let (from, length) = word.as_input();
        let bytes = &raw[from..from + length];
        self.end -= length;
        unsafe { copy_short(bytes, self.start.add(self.end)) };
        Word::of_tail(TEXT, self.end, length)
    }

    /// # Safety
    /// The array was counted when the tail was made.
    #[inline]
    pub(super) unsafe fn take_array(&mut self, raw: &[u8], flat: &[Word], word: &Word) -> Word {
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
pub(super) unsafe fn fill_array(
    start: *mut u8,
    offset: usize,
    end: usize,
    raw: &[u8],
    items: &[Word],
) -> usize {
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
pub(super) unsafe fn copy_short(bytes: &[u8], to: *mut u8) {
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
pub(super) unsafe fn copy_ends<Part>(from: *const u8, to: *mut u8, size: usize) {
    unsafe {
        copy_at::<Part>(from, to, 0);
        copy_at::<Part>(from, to, size - size_of::<Part>());
    }
}

/// # Safety
/// Both have such a part there.
#[inline(always)]
pub(super) unsafe fn copy_at<Part>(from: *const u8, to: *mut u8, at: usize) {
    unsafe { to.add(at).cast::<Part>().write_unaligned(from.add(at).cast::<Part>().read_unaligned()) }
}
