//! The pooled texts that came last at a site, each told by its first bytes.

use crate::object::{Ascii, Object};
use crate::window::{self, Mask, Window};

const PLACE_BITS: u32 = 7;

pub struct Recent([Expected; 1 << PLACE_BITS]);

struct Expected {
    /// The text and its quote, or as much of them as a window holds.
    start: Window,
    text: Option<Ascii>,
}

impl Recent {
    pub fn new() -> Recent {
        Recent(std::array::from_fn(|_| Expected { start: Window::NONE, text: None }))
    }

    /// The plain text that stands here, so long, with a quote behind it, if it is one of these.
    #[inline(always)]
    pub fn find(&self, content: &[u8], length: usize) -> Option<&Object> {
        let start = Window::first(content)?.masked(Mask::first(length + 1));
        let expected = &self.0[start.place(PLACE_BITS)];
        let text = expected.text.as_ref().filter(|_| start == expected.start)?;
        let is_whole = length < window::BYTES || text.bytes() == &content[..length];
        is_whole.then(|| text.object())
    }

    /// Remembers the text that stands here.
    pub fn put(&mut self, content: &[u8], text: Ascii) {
        let Some(window) = Window::first(content) else { return };
        let start = window.masked(Mask::first(text.bytes().len() + 1));
        self.0[start.place(PLACE_BITS)] = Expected { start, text: Some(text) };
    }
}
