//! UTF-8 to Python's widths: ASCII eight at a time, characters of three bytes two at a time.

use crate::utf8::{Utf8, bits};

const HIGH: u64 = 0x8080_8080_8080_8080;
const WORD: usize = size_of::<u64>();
/// Two characters of three bytes, in the low bytes of a word: these bits are the same in all.
const PAIR_MASK: u64 = u64::from_le_bytes([0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0, 0]);
const PAIR: u64 = u64::from_le_bytes([0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0, 0]);
const PAIR_BYTES: usize = 6;
/// From the first character of a pair to the second.
const PAIR_SHIFT: u32 = 24;

/// Writes text that is Latin-1.
pub fn fill_latin1(text: Utf8<'_>, out: &mut [u8]) {
    fill(text.bytes(), out, |code_point| code_point as u8);
}

/// Writes text that needs two bytes a character.
pub fn fill_ucs2(text: Utf8<'_>, out: &mut [u16]) {
    fill(text.bytes(), out, |code_point| code_point as u16);
}

/// Writes any text.
pub fn fill_ucs4(text: Utf8<'_>, out: &mut [u32]) {
    fill(text.bytes(), out, |code_point| code_point);
}

/// Writes UTF-8 that was checked: a first byte tells how many follow, and nothing needs a second look.
#[inline]
fn fill<Unit>(mut rest: &[u8], mut out: &mut [Unit], unit: impl Fn(u32) -> Unit) {
    while !rest.is_empty() && !out.is_empty() {
        if let (Some(bytes), Some(places)) = (rest.first_chunk::<WORD>(), out.first_chunk_mut::<WORD>()) {
            for (place, byte) in places.iter_mut().zip(bytes) {
                *place = unit((*byte).into());
            }
            // What of it was no ASCII is written again.
            let others = u64::from_le_bytes(*bytes) & HIGH;
            let ascii = if others == 0 { WORD } else { (others.trailing_zeros() / u8::BITS) as usize };
            (rest, out) = (&rest[ascii..], &mut out[ascii..]);
            if ascii == WORD {
                continue;
            }
        }
        (rest, out) = fill_others(rest, out, &unit);
    }
}

/// Writes what stands before the next byte of ASCII, or that byte.
#[inline]
fn fill_others<'a, 'o, Unit>(
    mut rest: &'a [u8],
    mut out: &'o mut [Unit],
    unit: impl Fn(u32) -> Unit,
) -> (&'a [u8], &'o mut [Unit]) {
    loop {
        while let (Some(bytes), [one, two, ..]) = (rest.first_chunk(), &mut *out)
            && let Some(pair) = pair(u64::from_le_bytes(*bytes))
        {
            *one = unit(pair as u32 & 0xffff);
            *two = unit((pair >> PAIR_SHIFT) as u32);
            rest = &rest[PAIR_BYTES..];
            out = &mut out[2..];
        }
        let Some(place) = out.first_mut() else { return (rest, out) };
        let (code_point, size) = match *rest {
            [one @ 0x80..=0xff, two, three, four, ..] => decode(&[one, two, three, four]),
            [one @ 0..0x80, ..] => (u32::from(one), 1),
            [one @ 0xe0..0xf0, two, three, ..] => {
                (bits(one, 0x0f, 12) | bits(two, 0x3f, 6) | bits(three, 0x3f, 0), 3)
            }
            [one @ 0..0xe0, two, ..] => (bits(one, 0x1f, 6) | bits(two, 0x3f, 0), 2),
            _ => return (&[], out),
        };
        *place = unit(code_point);
        (rest, out) = (&rest[size..], &mut out[1..]);
        if !matches!(rest, [0x80..=0xff, ..]) {
            return (rest, out);
        }
    }
}

/// The code points of two characters of three bytes, the second of them higher up.
#[inline(always)]
fn pair(word: u64) -> Option<u64> {
    if word & PAIR_MASK != PAIR {
        return None;
    }
    let both = |bits: u64| bits | bits << PAIR_SHIFT;
    Some((word << 12 & both(0xf000)) | (word >> 2 & both(0x0fc0)) | (word >> 16 & both(0x003f)))
}

/// A character of two to four bytes, and the number of them.
#[inline(always)]
fn decode(bytes: &[u8; 4]) -> (u32, usize) {
    let word = u32::from_be_bytes(*bytes);
    let size = word.leading_ones() & 0b111;
    let lead = word >> 24 & (0x7f >> size);
    let four = lead << 18 | (word >> 16 & 0x3f) << 12 | (word >> 8 & 0x3f) << 6 | word & 0x3f;
    (four >> (6 * (4_u32.saturating_sub(size))), size as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_and_written_as_narrow_as_it_can_be() {
        let table =
            [(1, "", 0x7f), (2, "az", 0x7f), (3, "aÿ", 0xff), (4, "ÿĀ中￿", 0xffff), (5, "aÿ中😀", 0x10_ffff)];
        for (number, text, widest) in table {
            for (before, behind) in (0..20).flat_map(|before| (0..20).map(move |behind| (before, behind))) {
                let text = [&"a".repeat(before), &text.repeat(behind + 1), &"z".repeat(behind)]
                    .map(String::as_str)
                    .concat();
                let code_points: Vec<u32> = text.chars().map(u32::from).collect();
                let utf8 = Utf8::checked(text.as_bytes()).expect("a text");
                assert_eq!((utf8.characters(), utf8.widest()), (code_points.len(), widest), "{number}");
                let (mut latin1, mut ucs2) = (vec![0; code_points.len()], vec![0; code_points.len()]);
                let mut ucs4 = vec![0; code_points.len()];
                fill_latin1(utf8, &mut latin1);
                fill_ucs2(utf8, &mut ucs2);
                fill_ucs4(utf8, &mut ucs4);
                assert!(
                    widest > 0xff
                        || latin1.iter().map(|unit| u32::from(*unit)).eq(text.chars().map(u32::from))
                );
                assert!(
                    widest > 0xffff
                        || ucs2.iter().map(|unit| u32::from(*unit)).eq(text.chars().map(u32::from))
                );
                assert_eq!(ucs4, code_points, "{number}");
            }
        }
    }
}
