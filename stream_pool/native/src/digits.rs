//! Digits, eight at a time: a word has the first in its lowest byte.

use std::num::NonZero;

const SHORT_INTEGERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const EIGHT_DIGITS: u64 = 100_000_000;

/// The bits of a place in a word that tell the byte.
pub const BYTE_BITS: u32 = u64::BITS - u8::BITS;

/// The high bit of each byte that is more than nine. It may be wrong only behind one of more than 0x89.
#[inline(always)]
pub const fn beyond_nine(values: u64) -> u64 {
    (values.wrapping_add(every(0x76)) | values) & every(0x80)
}

/// The same byte eight times.
pub const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Which byte a bit is in.
#[inline(always)]
pub const fn place(bit: u32) -> usize {
    (bit / u8::BITS) as usize
}

/// The bytes before the one that has this high bit, behind zeros.
#[inline(always)]
pub const fn leading(values: u64, high_bit: u32) -> u64 {
    (values << (!high_bit & (u64::BITS - 1))) << u8::BITS
}

/// The number that eight digits make, the first in the lowest byte.
#[inline(always)]
pub const fn eight_digits(digits: u64) -> u32 {
    let pairs = digits.wrapping_mul(1 + (10 << 8)) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(1 + (100 << 16)) >> 16 & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(1 + (10_000 << 32)) >> 32) as u32
}

/// What stands behind the digits at the beginning, and their value after the digits of `value`, modulo 2^64.
#[inline]
pub fn leading_digits(mut rest: &[u8], mut value: u64) -> (&[u8], u64) {
    while let Some(chunk) = rest.first_chunk() {
        let values = u64::from_le_bytes(*chunk) ^ every(b'0');
        if let Some(others) = NonZero::new(beyond_nine(values)) {
            let end = others.trailing_zeros();
            let last = u64::from(eight_digits(leading(values, end)));
            return (&rest[place(end)..], value.wrapping_mul(SHORT_INTEGERS[place(end)]).wrapping_add(last));
        }
        value = value.wrapping_mul(EIGHT_DIGITS).wrapping_add(eight_digits(values).into());
        rest = &rest[chunk.len()..];
    }
    while let [byte @ b'0'..=b'9', behind @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        rest = behind;
    }
    (rest, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_any_number_are_read() {
        let all = "98765432109876543210";
        for (length, behind) in
            (0..=20).flat_map(|length| ["", "/", ":", "\0", "\u{ff}"].map(|end| (length, end)))
        {
            let raw = [&all[..length], behind, if behind.is_empty() { "" } else { "12345678" }].concat();
            let value = format!("7{}", &all[..length]).parse::<u128>().expect("a number") as u64;
            let (rest, found) = leading_digits(raw.as_bytes(), 7);
            assert_eq!((found, rest.len()), (value, raw.len() - length), "{raw}");
        }
    }
}
