//! A plain text: ASCII without escapes or control characters, as nearly all are. Its end is found, and itself told
//! from others, sixteen bytes at a time.

use wide::i8x16;

/// So many bytes are looked at at once.
pub const WINDOW: usize = 16;

/// The first sixteen bytes of a text, with zeros behind fewer. No plain text has a zero, so whoever has room left
/// here is told whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Start(u64, u64);

impl Start {
    /// What no plain text starts with.
    pub const NONE: Start = Start(u64::MAX, u64::MAX);
    pub const BYTES: usize = WINDOW;

    /// The first so many bytes of a window, fewer than all.
    #[inline(always)]
    fn of(window: &[u8; WINDOW], length: usize) -> Start {
        let Start(low, high) = Start::whole(window);
        let (low_mask, high_mask) = FIRST_BYTES[length % WINDOW];
        Start(low & low_mask, high & high_mask)
    }

    #[inline(always)]
    fn whole(window: &[u8; WINDOW]) -> Start {
        let both = u128::from_le_bytes(*window);
        Start(both as u64, (both >> u64::BITS) as u64)
    }

    /// A number below 2^`bits` that depends on all of it.
    #[inline]
    pub fn place(self, bits: u32) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - bits)) as usize
    }
}

/// Masks for so many bytes of a window.
static FIRST_BYTES: [(u64, u64); WINDOW] = first_bytes();

const fn first_bytes() -> [(u64, u64); WINDOW] {
    let mut masks = [(0, 0); WINDOW];
    let mut length = 0;
    while length < WINDOW {
        let mask = (1_u128 << (length as u32 * u8::BITS)) - 1;
        masks[length] = (mask as u64, (mask >> u64::BITS) as u64);
        length += 1;
    }
    masks
}

/// A plain text between its quotes.
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    pub bytes: &'a [u8],
    pub start: Start,
}

impl<'a> Plain<'a> {
    /// The plain text at the beginning of what stands behind its opening quote, and what stands behind the closing
    /// one.
    #[inline(always)]
    pub fn read(content: &'a [u8]) -> Option<(Plain<'a>, &'a [u8])> {
        let Some(window) = content.first_chunk() else { return Plain::read_last(content) };
        if not_plain(window) == 0 {
            return Plain::read_long(content, Start::whole(window));
        }
        Plain::read_short(content)
    }

    /// One that ends within a window.
    #[inline(always)]
    pub fn read_short(content: &'a [u8]) -> Option<(Plain<'a>, &'a [u8])> {
        let window = content.first_chunk()?;
        let length = not_plain(window).trailing_zeros() as usize;
        if length >= WINDOW {
            return None;
        }
        Plain::ending(content, length, Start::of(window, length))
    }

    #[inline(never)]
    fn read_long(content: &'a [u8], start: Start) -> Option<(Plain<'a>, &'a [u8])> {
        let mut rest = &content[WINDOW..];
        while let Some(window) = rest.first_chunk() {
            let found = not_plain(window);
            if found != 0 {
                let length = content.len() - rest.len() + found.trailing_zeros() as usize;
                return Plain::ending(content, length, start);
            }
            rest = &rest[WINDOW..];
        }
        let is_end = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..);
        Plain::ending(content, content.len() - rest.len() + rest.iter().position(is_end)?, start)
    }

    /// Near the end of the input.
    #[cold]
    fn read_last(content: &'a [u8]) -> Option<(Plain<'a>, &'a [u8])> {
        let mut padded = [0; WINDOW];
        padded[..content.len()].copy_from_slice(content);
        let length = not_plain(&padded).trailing_zeros() as usize;
        Plain::ending(content, length, Start::of(&padded, length))
    }

    #[inline(always)]
    fn ending(content: &'a [u8], length: usize, start: Start) -> Option<(Plain<'a>, &'a [u8])> {
        match content.split_at_checked(length)? {
            (bytes, [b'"', behind @ ..]) => Some((Plain { bytes, start }, behind)),
            _ => None,
        }
    }
}

/// A bit for each byte that ends a plain text.
#[inline(always)]
pub fn not_plain(window: &[u8; WINDOW]) -> u32 {
    let bytes = i8x16::new(window.map(u8::cast_signed));
    // Signed, what is no ASCII is below zero.
    let found = bytes.simd_lt(i8x16::splat(b' '.cast_signed()))
        | bytes.simd_eq(i8x16::splat(b'"'.cast_signed()))
        | bytes.simd_eq(i8x16::splat(b'\\'.cast_signed()));
    found.to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_is_read_at_every_length() {
        for size in 0..40 {
            let raw = [&vec![b'~'; size][..], b"\" and more"].concat();
            let (plain, behind) = Plain::read(&raw).expect("a plain text");
            assert_eq!((plain.bytes, behind), (&raw[..size], &b" and more"[..]), "{size}");
            for other in [b'\\', 0x1f, 0x00, 0x80, 0xff] {
                let raw = [&vec![b' '; size][..], &[other], b"\" and more"].concat();
                assert!(Plain::read(&raw).is_none(), "{size} {other}");
            }
        }
    }

    #[test]
    fn a_start_tells_short_texts_apart() {
        let start =
            |text: &str| Plain::read(format!("{text}\", and more").as_bytes()).map(|(plain, _)| plain.start);
        let texts = ["", "a", "b", "ab", "ba", "abcdefgh", "abcdefg", "abcdefghi", "abcdefghijklmnop"];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            assert_eq!(start(one) == start(other), one == other, "{one} {other}");
        }
        assert!(texts.iter().all(|text| start(text) != Some(Start::NONE)));
    }
}
