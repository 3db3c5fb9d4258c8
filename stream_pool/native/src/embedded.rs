//! JSON text to a JSON string, sixteen bytes at a time: a document embedded in another.

use crate::quoted::{ends_run, long_escape, short_escape};
use crate::window::BYTES as WINDOW;
use wide::i8x16;

/// Writes what `write_quoted` does. Runs between two escapes are a few bytes long where JSON is quoted again: each
/// is copied as a window, which costs less than to copy as many bytes as it has, and the next one begins where it
/// ends. (For the short texts within a document that does not pay.)
pub fn write_embedded(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut to = out.len();
    out.resize(to + 2 * bytes.len() + 2 + WINDOW, 0);
    out[to] = b'"';
    to += 1;
    let mut rest = bytes;
    while let Some(two) = rest.first_chunk::<{ 2 * WINDOW }>() {
        let mut ends = run_ends(two);
        let mut from = 0;
        while ends != 0 {
            let end = ends.trailing_zeros() as usize;
            out[to..to + WINDOW].copy_from_slice(&two[from..from + WINDOW]);
            to = write_escape(two[end], to + end - from, out);
            from = end + 1;
            ends &= ends - 1;
        }
        out[to..to + WINDOW].copy_from_slice(&two[from..from + WINDOW]);
        to += WINDOW - from;
        rest = &rest[WINDOW..];
    }
    for byte in rest {
        if ends_run(*byte) {
            to = write_escape(*byte, to, out);
        } else {
            out[to] = *byte;
            to += 1;
        }
    }
    out[to] = b'"';
    out.truncate(to + 1);
}

/// Writes one escape at `to`, and returns the place behind it. There is room for two bytes for each that is
/// left, and for a window; who takes more adds as much.
#[inline]
fn write_escape(byte: u8, to: usize, out: &mut Vec<u8>) -> usize {
    if let Some(escape) = short_escape(byte) {
        out[to..to + escape.len()].copy_from_slice(&escape);
        return to + escape.len();
    }
    let escape = long_escape(byte);
    out.resize(out.len() + escape.len() - 2, 0);
    out[to..to + escape.len()].copy_from_slice(&escape);
    to + escape.len()
}

/// A bit for each byte of the first window that ends a run.
#[inline(always)]
fn run_ends(two: &[u8; 2 * WINDOW]) -> u32 {
    let bytes = i8x16::new(std::array::from_fn(|at| two[at].cast_signed()));
    // Signed, what is no ASCII is below zero.
    let control = bytes.simd_lt(i8x16::splat(b' '.cast_signed())).to_bitmask();
    let beyond = bytes.simd_lt(i8x16::splat(0)).to_bitmask();
    let mark =
        bytes.simd_eq(i8x16::splat(b'"'.cast_signed())) | bytes.simd_eq(i8x16::splat(b'\\'.cast_signed()));
    (control & !beyond) | mark.to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_escapes_no_more_than_it_must() {
        let mut out = Vec::new();
        write_embedded("a\"\\/\x08\x0c\n\r\t\x00\x1f\x7f é中😀", &mut out);
        assert_eq!(str::from_utf8(&out), Ok("\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f é中😀\""));
    }
    #[test]
    fn text_of_any_length_is_quoted_as_one_byte_at_a_time() {
        let kinds = ["a", "\"", "\\", "\n", "\x01", "é", "😀"];
        for length in 0..40 {
            for kind in 0..kinds.len() * 3 {
                let text: String =
                    (0..length).map(|at| kinds[(at * (kind + 1) + kind / 3) % kinds.len()]).collect();
                let mut out = b"before".to_vec();
                write_embedded(&text, &mut out);
                let mut expected = String::from("before\"");
                for letter in text.chars() {
                    match letter {
                        '"' => expected.push_str("\\\""),
                        '\\' => expected.push_str("\\\\"),
                        '\n' => expected.push_str("\\n"),
                        '\x01' => expected.push_str("\\u0001"),
                        other => expected.push(other),
                    }
                }
                expected.push('"');
                assert_eq!(str::from_utf8(&out), Ok(expected.as_str()));
            }
        }
    }
}
