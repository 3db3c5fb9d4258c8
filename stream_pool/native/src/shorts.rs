//! Strings for the texts that stand in words: the latest few, so that a text that comes again and again is not made
//! again and again.

use crate::object::{Locked, Object, Text};
use crate::record::SHORT_BYTES_MAX;
use pyo3::prelude::*;

const PLACE_BITS: u32 = 9;

/// The latest text at each place, and its string.
type Places = Vec<Option<(u64, Object)>>;

static LATEST: Locked<Places> = Locked::new(Vec::new());

/// The string of a short ASCII text.
pub fn string(py: Python<'_>, bytes: &[u8]) -> PyResult<Object> {
    let Some(mut latest) = LATEST.take(py) else { return Text::ascii(py, bytes).map(Text::into_object) };
    if latest.is_empty() {
        latest.resize_with(1 << PLACE_BITS, || None);
    }
    let key = key(bytes);
    let place = &mut latest[place(key)];
    let string = match place {
        Some((known, string)) if *known == key => Ok(string.clone()),
        _ => Text::ascii(py, bytes).map(|text| place.insert((key, text.into_object())).1.clone()),
    };
    LATEST.put(py, latest);
    string
}

/// The bytes and their number in one word.
#[inline]
fn key(bytes: &[u8]) -> u64 {
    debug_assert!(bytes.len() <= SHORT_BYTES_MAX);
    let all = bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
    all | (bytes.len() as u64) << (u64::BITS - 8)
}

#[inline]
fn place(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PLACE_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_texts_apart() {
        let texts: [&[u8]; 7] = [b"", b"\0", b"\0\0", b"a", b"ab", b"ba", b"abcdef"];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            assert_eq!(key(one) == key(other), one == other, "{one:?} {other:?}");
        }
        assert!(texts.iter().all(|text| place(key(text)) < 1 << PLACE_BITS));
    }
}
