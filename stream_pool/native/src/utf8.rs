//! UTF-8, checked and measured in one go.
//!
//! Characters of three bytes, as Chinese, Japanese and Korean text is made of, are checked five at a time.

use crate::window::BYTES as WINDOW;
use std::hint::select_unpredictable;
use wide::i8x16;

/// Five characters of three bytes, in a window.
const FIVE_BYTES: usize = 15;
const FIVE_MASK: i8x16 = five(0xf0, 0xc0);
const FIVE: i8x16 = five(0xe0, 0x80);
const LOW_LEADS: i8x16 = i8x16::new([0xe0_u8.cast_signed(); WINDOW]);
const SURROGATE_LEADS: i8x16 = i8x16::new([0xed_u8.cast_signed(); WINDOW]);

const fn five(lead: u8, other: u8) -> i8x16 {
    let mut bytes = [other.cast_signed(); WINDOW];
    let mut at = 0;
    while at < FIVE_BYTES {
        bytes[at] = lead.cast_signed();
        at += 3;
    }
    bytes[FIVE_BYTES] = 0;
    i8x16::new(bytes)
}

/// Bytes that were seen to be UTF-8.
#[derive(Clone, Copy)]
pub struct Utf8<'a> {
    bytes: &'a [u8],
    measure: Measure,
}

/// What is found beyond ASCII while bytes are checked.
#[derive(Clone, Copy, Default)]
pub struct Measure {
    /// Bytes that are not the first of a character.
    continuations: usize,
    /// All bits of all code points beyond ASCII, or at least their highest ones.
    bits: u32,
}

/// What tells the bytes of a character of so many more than one.
const MARKS: [u32; 4] = [0, 0x80c0, 0x80_80e0, 0x8080_80f0];

impl<'a> Utf8<'a> {
    pub fn checked(bytes: &'a [u8]) -> Option<Utf8<'a>> {
        let mut measure = Measure::default();
        let mut rest = bytes;
        while let Some(ascii) = rest.iter().position(|byte| !byte.is_ascii()) {
            rest = measure.behind_others(&rest[ascii..]).ok()?;
        }
        Some(measure.of(bytes))
    }

    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub fn measure(self) -> Measure {
        self.measure
    }

    #[inline]
    pub fn characters(self) -> usize {
        self.bytes.len() - self.measure.continuations
    }

    /// The last code point of the narrowest form that holds them in Python.
    #[inline]
    pub fn widest(self) -> u32 {
        match self.measure.bits {
            0..0x80 => 0x7f,
            0x80..0x100 => 0xff,
            0x100..0x1_0000 => 0xffff,
            0x1_0000.. => 0x10_ffff,
        }
    }
}

impl Measure {
    #[inline]
    pub fn of(self, bytes: &[u8]) -> Utf8<'_> {
        Utf8 { bytes, measure: self }
    }

    #[inline]
    pub fn is_ascii(self) -> bool {
        self.bits < 0x80
    }

    /// Counts a character of so many bytes.
    #[inline]
    pub fn add(&mut self, code_point: u32, bytes: usize) {
        self.continuations += bytes - 1;
        self.bits |= code_point;
    }

    /// What stands behind the characters beyond ASCII that `rest` begins with. Fails with what does not begin with a
    /// character.
    #[inline]
    pub fn behind_others<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], &'a [u8]> {
        loop {
            while let Some(window) = rest.first_chunk()
                && is_five(window)
            {
                self.continuations += FIVE_BYTES - FIVE_BYTES / 3;
                self.bits |= 0xffff;
                rest = &rest[FIVE_BYTES..];
            }
            let (code_point, size) = match *rest {
                [one @ 0xc2..=0xdf, two @ 0x80..=0xbf, ..] => (bits(one, 0x1f, 6) | bits(two, 0x3f, 0), 2),
                [one @ 0xe0..=0xef, two @ 0x80..=0xbf, 0x80..=0xbf, ..] => {
                    let code_point = bits(one, 0x0f, 12) | bits(two, 0x3f, 6);
                    if matches!(code_point, 0..0x800 | 0xd800..0xe000) {
                        return Err(rest);
                    }
                    (code_point, 3)
                }
                [one @ 0xf0..=0xf4, two @ 0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..] => {
                    let code_point = bits(one, 0x07, 18) | bits(two, 0x3f, 12);
                    if !matches!(code_point, 0x1_0000..0x11_0000) {
                        return Err(rest);
                    }
                    (code_point, 4)
                }
                [0x80..=0xff, ..] => return Err(rest),
                _ => return Ok(rest),
            };
            self.add(code_point, size);
            rest = &rest[size..];
        }
    }
}

/// Five characters of three bytes, with none that is as short or as special as needs a second look.
#[inline(always)]
fn is_five(window: &[u8; WINDOW]) -> bool {
    let bytes = i8x16::new(window.map(u8::cast_signed));
    let have_form = (bytes & FIVE_MASK).simd_eq(FIVE);
    let are_special = bytes.simd_eq(LOW_LEADS) | bytes.simd_eq(SURROGATE_LEADS);
    have_form.to_bitmask() == u32::from(u16::MAX) && are_special.to_bitmask() & 0x7fff == 0
}

/// Writes a character, and gives the number of its bytes. More may be written. Without a branch, as escapes come in
/// any order.
#[inline(always)]
pub fn encode(code_point: u32, out: &mut [u8; WINDOW]) -> usize {
    let part = |shift: u32| code_point >> shift & 0x3f;
    let more =
        usize::from(code_point > 0x7f) + usize::from(code_point > 0x7ff) + usize::from(code_point > 0xffff);
    let four = part(18) | part(12) << 8 | part(6) << 16 | part(0) << 24;
    let many = four >> (u8::BITS * (3 - more as u32)) | MARKS[more];
    let word = select_unpredictable(more == 0, code_point, many);
    out[..4].copy_from_slice(&word.to_le_bytes());
    more + 1
}

#[inline]
pub const fn bits(byte: u8, mask: u8, shift: u32) -> u32 {
    ((byte & mask) as u32) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_utf8_is_what_rust_says() {
        let edges = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
            0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
        ];
        let mut four = [0; 4];
        for number in 0..edges.len().pow(4) {
            for (place, byte) in four.iter_mut().enumerate() {
                *byte = edges[number / edges.len().pow(place as u32) % edges.len()];
            }
            for length in 1..=four.len() {
                let is_utf8 = str::from_utf8(&four[..length]).is_ok();
                assert_eq!(Utf8::checked(&four[..length]).is_some(), is_utf8, "{four:x?}");
            }
            let among = ["中文".as_bytes(), &four, "日本語の文字列は".as_bytes()].concat();
            assert_eq!(Utf8::checked(&among).is_some(), str::from_utf8(&among).is_ok(), "{four:x?}");
        }
    }
}
