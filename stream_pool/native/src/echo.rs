//! Echoes: the last object of a shape, if it is small, in its own bytes. The same bytes again are the same record.

use crate::credit::Credit;
use crate::object::Object;

/// Objects with so many bytes or fewer are remembered whole.
pub const ECHO_BYTES_MAX: usize = 256;

/// Remembering an object and looking for it costs a tenth of what reading it again does.
const GAIN: u8 = 12;

/// Keys and items.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    pub keys: usize,
    pub items: usize,
}

impl Seen {
    #[inline]
    pub fn since(self, before: Seen) -> Seen {
        Seen { keys: self.keys - before.keys, items: self.items - before.items }
    }
}

/// What a subtree adds to its document.
#[derive(Clone, Copy)]
pub struct Extent {
    pub height: usize,
    pub seen: Seen,
}

/// An object as it stood in the input.
pub struct Memory<'a> {
    pub raw: &'a [u8],
    pub record: Object,
    pub extent: Extent,
    pub fingerprint: u64,
}

/// An object that was remembered.
pub struct Echo {
    raw: Vec<u8>,
    pub record: Object,
    pub extent: Extent,
    pub fingerprint: u64,
}

impl Echo {
    /// Bytes of the input that it stands for.
    #[inline]
    pub fn length(&self) -> usize {
        self.raw.len()
    }
}

/// The last object of a shape, if that has paid.
pub struct Echoes {
    last: Option<Box<Echo>>,
    credit: Credit,
}

impl Echoes {
    pub const fn new() -> Echoes {
        Echoes { last: None, credit: Credit::new() }
    }

    /// The last object, if it stands here again.
    #[inline]
    pub fn heard(&mut self, rest: &[u8]) -> Option<&Echo> {
        let echo = self.last.as_deref().filter(|echo| rest.starts_with(&echo.raw))?;
        self.credit.hit(GAIN);
        Some(echo)
    }

    /// An object begins that is not the remembered one. Whether it is to be remembered.
    #[inline]
    pub fn listens(&mut self) -> bool {
        let looks = self.credit.looks();
        if looks {
            self.credit.miss(1);
            if self.credit.is_out() {
                self.last = None;
            }
        }
        looks && !self.credit.is_out()
    }

    pub fn remember(&mut self, memory: Memory<'_>) {
        let Memory { raw, record, extent, fingerprint } = memory;
        match &mut self.last {
            Some(echo) => {
                echo.raw.clear();
                echo.raw.extend_from_slice(raw);
                (echo.record, echo.extent, echo.fingerprint) = (record, extent, fingerprint);
            }
            None => self.last = Some(Box::new(Echo { raw: raw.to_vec(), record, extent, fingerprint })),
        }
    }
}
