//! The pooled texts that came last at a site, each told by its first bytes. Few places at first; where two texts meet
//! in one, there are soon more.

use crate::allowance::{Allowance, Share};
use crate::object::{Ascii, Object};
use crate::window::{self, Mask, Window};

const PLACE_BITS_MIN: u32 = 2;
const PLACE_BITS_MAX: u32 = 7;
const PLACE_BYTES: usize = size_of::<Expected>();

pub struct Recent {
    places: Box<[Expected]>,
    share: Share,
}

struct Expected {
    /// The text and its quote, or as much of them as a window holds.
    start: Window,
    text: Option<Ascii>,
}

impl Expected {
    fn is_another(&self, start: Window) -> bool {
        self.text.is_some() && self.start != start
    }
}

impl Recent {
    /// None where the allowance is used up.
    pub fn new(allowance: &Allowance) -> Option<Recent> {
        let share = allowance.take(PLACE_BYTES << PLACE_BITS_MIN)?;
        Some(Recent { places: places(PLACE_BITS_MIN), share })
    }

    /// The plain text that stands here, so long, with a quote behind it, if it is one of these.
    #[inline(always)]
    pub fn find(&self, content: &[u8], length: usize) -> Option<&Object> {
        let start = Window::first(content)?.masked(Mask::first(length + 1));
        let expected = self.places.get(self.place(start))?;
        let text = expected.text.as_ref().filter(|_| start == expected.start)?;
        let is_whole = length < window::BYTES || text.bytes() == &content[..length];
        is_whole.then(|| text.object())
    }

    /// Remembers the text that stands here.
    pub fn put(&mut self, content: &[u8], text: Ascii) {
        let Some(window) = Window::first(content) else { return };
        let start = window.masked(Mask::first(text.bytes().len() + 1));
        while self.places[self.place(start)].is_another(start) && self.grow() {}
        let place = self.place(start);
        self.places[place] = Expected { start, text: Some(text) };
    }

    #[inline(always)]
    fn place(&self, start: Window) -> usize {
        start.place(PLACE_BITS_MAX) & (self.places.len() - 1)
    }

    fn grow(&mut self) -> bool {
        let bits = self.places.len().trailing_zeros() + 1;
        if bits > PLACE_BITS_MAX || !self.share.grow(PLACE_BYTES * self.places.len()) {
            return false;
        }
        let known = std::mem::replace(&mut self.places, places(bits));
        for expected in known {
            let place = self.place(expected.start);
            if expected.text.is_some() {
                self.places[place] = expected;
            }
        }
        true
    }
}

fn places(bits: u32) -> Box<[Expected]> {
    (0..1 << bits).map(|_| Expected { start: Window::NONE, text: None }).collect()
}
