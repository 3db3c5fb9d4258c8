//! A plain text: ASCII without escapes or control characters, as nearly all are. Its end is found sixteen bytes at a
//! time.

use crate::window::{self, BYTES as WINDOW};
use wide::i8x16;

/// The plain text at the beginning of what stands behind its opening quote, and what stands behind the closing one.
#[inline]
pub fn read(content: &[u8]) -> Option<(&[u8], &[u8])> {
    match content.first_chunk() {
        Some(window) => read_from(content, first_not_plain(window)),
        None => ending(content, first_not_plain(&window::last_bytes(content))),
    }
}

/// As `read`, where the first byte that is not plain is known, if it is in the first window.
#[inline(always)]
pub fn read_from(content: &[u8], end: usize) -> Option<(&[u8], &[u8])> {
    if end < WINDOW { ending(content, end) } else { read_long(content) }
}

#[inline(never)]
fn read_long(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = &content[WINDOW..];
    while let Some(window) = rest.first_chunk() {
        let found = not_plain(window);
        if found != 0 {
            return ending(content, content.len() - rest.len() + found.trailing_zeros() as usize);
        }
        rest = &rest[WINDOW..];
    }
    let is_end = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..);
    ending(content, content.len() - rest.len() + rest.iter().position(is_end)?)
}

#[inline(always)]
fn ending(content: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    match content.split_at_checked(length)? {
        (text, [b'"', behind @ ..]) => Some((text, behind)),
        _ => None,
    }
}

/// A bit for each byte that ends a plain text.
#[inline(always)]
fn not_plain(window: &[u8; WINDOW]) -> u32 {
    let bytes = i8x16::new(window.map(u8::cast_signed));
    // Signed, what is no ASCII is below zero.
    let found = bytes.simd_lt(i8x16::splat(b' '.cast_signed()))
        | bytes.simd_eq(i8x16::splat(b'"'.cast_signed()))
        | bytes.simd_eq(i8x16::splat(b'\\'.cast_signed()));
    found.to_bitmask()
}

/// Where the first byte stands that ends a plain text; as many as there are bytes for none.
#[inline(always)]
pub fn first_not_plain(window: &[u8; WINDOW]) -> usize {
    (not_plain(window) | 1 << WINDOW).trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_is_read_at_every_length() {
        for size in 0..40 {
            let raw = [&vec![b'~'; size][..], b"\" and more"].concat();
            assert_eq!(read(&raw), Some((&raw[..size], &b" and more"[..])), "{size}");
            for other in [b'\\', 0x1f, 0x00, 0x80, 0xff] {
                let raw = [&vec![b' '; size][..], &[other], b"\" and more"].concat();
                assert!(read(&raw).is_none(), "{size} {other}");
            }
        }
    }
}
