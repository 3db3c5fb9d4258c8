//! Comparing what stands in the input with what is expected there, eight bytes at a time.

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
/// Its first sixteen bytes are compared at once, as two words with masks; a longer one has the rest beside them.
pub struct Spelling {
    words: [u64; 2],
    masks: [u64; 2],
    length: usize,
    more: Box<[u8]>,
}

const WINDOW: usize = 16;
/// All but the first byte of a window, which stands before the key.
const KEY_ONLY: u64 = !0xff;

impl Spelling {
    /// The plain spelling of a key in UTF-8; one that matches nothing for a key that has none. What stands before the
    /// first key of an object does not matter.
    pub fn of(key: &[u8], is_first: bool) -> Spelling {
        let is_plain = key.iter().all(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
        if !is_plain {
            return Spelling::none();
        }
        let spelled = [b",\"", key, b"\":"].concat();
        let mut window = [0; WINDOW];
        let mut mask = [0; WINDOW];
        for (at, byte) in spelled.iter().enumerate().take(WINDOW).skip(usize::from(is_first)) {
            window[at] = *byte;
            mask[at] = 0xff;
        }
        let more = spelled.get(WINDOW..).unwrap_or_default().into();
        let (words, masks) = (words_of(&window), words_of(&mask));
        Spelling { words, masks, length: spelled.len(), more }
    }

    /// One that matches nothing: words and masks contradict each other.
    pub fn none() -> Spelling {
        Spelling { words: [u64::MAX; 2], masks: [0; 2], length: 0, more: Box::default() }
    }

    #[inline]
    pub fn is_plain(&self) -> bool {
        self.length > 0
    }

    /// What stands behind it, if it stands here.
    #[inline]
    pub fn behind<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        self.behind_masked(rest, self.masks[0], self.words[0])
    }

    /// What stands behind it, if it stands here, whatever is before the key.
    pub fn behind_any<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        self.behind_masked(rest, self.masks[0] & KEY_ONLY, self.words[0] & KEY_ONLY)
    }

    #[inline(always)]
    fn behind_masked<'a>(&self, rest: &'a [u8], mask: u64, word: u64) -> Option<&'a [u8]> {
        let found = match rest.first_chunk::<WINDOW>() {
            Some(window) => words_of(window),
            None => last_words(rest),
        };
        if found[0] & mask != word || found[1] & self.masks[1] != self.words[1] || rest.len() < self.length {
            return None;
        }
        if self.length > WINDOW && !is_equal(&rest[WINDOW..self.length], &self.more) {
            return None;
        }
        Some(&rest[self.length..])
    }
}

#[inline]
fn words_of(window: &[u8; WINDOW]) -> [u64; 2] {
    [word(window, 0), word(window, 8)]
}

/// The words of the input's last bytes, with zeros behind them.
#[cold]
fn last_words(rest: &[u8]) -> [u64; 2] {
    let mut padded = [0; WINDOW];
    padded[..rest.len()].copy_from_slice(rest);
    words_of(&padded)
}
