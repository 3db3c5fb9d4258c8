//! JSON numbers: integers that fit 64 bits and floats become values, a longer integer stays a token.
//!
//! A float with few digits and a small exponent takes one exact multiplication or division; any other is left
//! to the standard library, which rounds correctly too.

use crate::fault::{Fault, Reason, Scanned};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    /// An integer beyond 64 bits: `raw[start..end]`.
    LongInt {
        end: usize,
    },
    Float(f64),
}

/// A number of eight bytes or fewer has no more digits.
const SHORT_DIGITS: usize = 8;
/// So many digits never overflow 64 bits.
const EXACT_DIGITS: usize = 19;
const EXACT_FLOAT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
/// An exponent of more digits has leading zeros, or no float to go with it.
const EXPONENT_DIGITS: usize = 4;
/// The powers of ten that a float holds exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The number whose first byte, a digit or a minus, stands at `start`, and the offset after it.
///
/// Its digits are counted as far as it is well formed, before its form is judged.
#[inline]
pub fn scan(raw: &[u8], start: usize, digits_max: usize) -> Scanned<(Number, usize)> {
    if digits_max >= SHORT_DIGITS
        && let Some((number, length)) = short(&raw[start..])
    {
        return Ok((number, start + length));
    }
    scan_any(raw, start, digits_max)
}

fn scan_any(raw: &[u8], start: usize, digits_max: usize) -> Scanned<(Number, usize)> {
    let is_negative = raw.get(start) == Some(&b'-');
    let first = start + usize::from(is_negative);
    let (end, magnitude) = match raw.get(first) {
        Some(b'0') => (first + 1, 0),
        Some(b'1'..=b'9') => digits(raw, first, 0),
        _ => return Err(refuse(raw, start, first)),
    };
    let whole = Whole { start, first, end, magnitude, is_negative };
    if let Some(b'.' | b'e' | b'E' | b'0'..=b'9') = raw.get(end) {
        return scan_float(raw, &whole, digits_max);
    }
    if end - first > digits_max {
        return Err(Fault::new(Reason::NumberDigitsLimit, start));
    }
    Ok((whole.number(), end))
}

/// A number that ends within eight bytes and has neither sign nor exponent, all its digits at once, and its length.
#[inline]
fn short(rest: &[u8]) -> Option<(Number, usize)> {
    let written = u64::from_le_bytes(*rest.first_chunk()?);
    let values = written ^ every(b'0');
    // The high bit of each byte that is more than nine.
    let others = (((values & every(0x7f)) + every(0x76)) | values) & every(0x80);
    let whole_digits = place(others);
    if others == 0 || whole_digits == 0 || rest[0] == b'0' && whole_digits > 1 {
        return None;
    }
    let (end, digits, fraction_digits) = if rest[whole_digits] == b'.' {
        let end = place(others & (others - 1));
        let whole = (1 << (whole_digits * 8)) - 1;
        (end, (values & whole) | ((values >> 8) & !whole), end - whole_digits - 1)
    } else {
        (whole_digits, values, 0)
    };
    let count = whole_digits + fraction_digits;
    let is_whole = end < 8 && (fraction_digits > 0 || end == whole_digits);
    if !is_whole || matches!(rest[end], b'e' | b'E') {
        return None;
    }
    let magnitude = eight_digits(digits << ((8 - count) * 8));
    let number = match fraction_digits {
        0 => Number::Int(magnitude as i64),
        _ => Number::Float(magnitude as f64 / POWERS_OF_TEN[fraction_digits]),
    };
    Some((number, end))
}

/// The same byte eight times.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Which byte has the lowest bit that is set; eight for none.
#[inline]
fn place(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// The number that eight digits make, the first in the lowest byte.
#[inline]
fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// The integer that a number begins with: its digits are `raw[first..end]`.
struct Whole {
    start: usize,
    first: usize,
    end: usize,
    magnitude: u64,
    is_negative: bool,
}

impl Whole {
    #[inline]
    fn number(&self) -> Number {
        let value = match self.is_negative {
            _ if self.end - self.first > EXACT_DIGITS => None,
            true => 0_i64.checked_sub_unsigned(self.magnitude),
            false => i64::try_from(self.magnitude).ok(),
        };
        value.map_or(Number::LongInt { end: self.end }, Number::Int)
    }
}

fn scan_float(raw: &[u8], whole: &Whole, digits_max: usize) -> Scanned<(Number, usize)> {
    let point = whole.end;
    let has_fraction = raw.get(point) == Some(&b'.') && is_digit(raw, point + 1);
    let (fraction_end, mantissa) =
        if has_fraction { digits(raw, point + 1, whole.magnitude) } else { (point, whole.magnitude) };
    let fraction_digits = if has_fraction { fraction_end - point - 1 } else { 0 };

    let begins_exponent = matches!(raw.get(fraction_end), Some(b'e' | b'E'));
    let has_sign = begins_exponent && matches!(raw.get(fraction_end + 1), Some(b'+' | b'-'));
    let exponent_at = fraction_end + usize::from(begins_exponent) + usize::from(has_sign);
    let (exponent_end, exponent) =
        if begins_exponent { digits(raw, exponent_at, 0) } else { (exponent_at, 0) };
    let exponent_digits = exponent_end - exponent_at;

    let mantissa_digits = point - whole.first + fraction_digits;
    if mantissa_digits + exponent_digits > digits_max {
        return Err(Fault::new(Reason::NumberDigitsLimit, whole.start));
    }
    if begins_exponent && exponent_digits == 0 {
        return Err(refuse(raw, whole.start, exponent_at));
    }
    if !begins_exponent && !has_fraction {
        let has_point = raw.get(point) == Some(&b'.');
        // What is left has a digit after a leading zero.
        return Err(if has_point { refuse(raw, whole.start, point + 1) } else { invalid(whole.start) });
    }

    let is_exact = mantissa_digits <= EXACT_DIGITS && exponent_digits <= EXPONENT_DIGITS;
    let exact = if is_exact {
        let is_shrinking = has_sign && raw[exponent_at - 1] == b'-';
        let scale = if is_shrinking { -(exponent as i64) } else { exponent as i64 };
        exact_float(mantissa, scale - fraction_digits as i64)
    } else {
        None
    };
    let value = match exact {
        Some(magnitude) if whole.is_negative => -magnitude,
        Some(magnitude) => magnitude,
        None => rounded_float(&raw[whole.start..exponent_end]),
    };
    if value.is_infinite() {
        return Err(Fault::new(Reason::NumberOutOfRange, whole.start));
    }
    Ok((Number::Float(value), exponent_end))
}

/// The digits from `at` on, after those of `value`: the offset after them, and the value modulo 2^64.
#[inline]
fn digits(raw: &[u8], mut at: usize, mut value: u64) -> (usize, u64) {
    while let Some(byte @ b'0'..=b'9') = raw.get(at) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        at += 1;
    }
    (at, value)
}

#[inline]
fn is_digit(raw: &[u8], at: usize) -> bool {
    raw.get(at).is_some_and(u8::is_ascii_digit)
}

/// Where mantissa and power of ten need no rounding, their product or quotient is rounded only once.
#[inline]
fn exact_float(mantissa: u64, exponent: i64) -> Option<f64> {
    let power = *POWERS_OF_TEN.get(exponent.unsigned_abs() as usize)?;
    let value = (mantissa <= EXACT_FLOAT_MAX).then_some(mantissa as f64)?;
    Some(if exponent < 0 { value / power } else { value * power })
}

fn rounded_float(token: &[u8]) -> f64 {
    let token = str::from_utf8(token).expect("a number is ASCII");
    token.parse().expect("a number in JSON is one in Rust")
}

/// A digit was due where there is none: something else, or the end.
#[cold]
fn refuse(raw: &[u8], start: usize, digit_due_at: usize) -> Fault {
    if digit_due_at == raw.len() { Fault::new(Reason::UnexpectedEnd, digit_due_at) } else { invalid(start) }
}

#[cold]
fn invalid(start: usize) -> Fault {
    Fault::new(Reason::InvalidNumber, start)
}

#[cfg(test)]
mod tests {
    use super::Number::{Float, Int, LongInt};
    use super::*;

    #[test]
    fn a_number_has_the_value_that_python_gives_it() {
        let table = [
            (1, "0", Int(0)),
            (2, "-0", Int(0)),
            (3, "-12,", Int(-12)),
            (4, "9223372036854775807", Int(i64::MAX)),
            (5, "-9223372036854775808", Int(i64::MIN)),
            (6, "9223372036854775808", LongInt { end: 19 }),
            (7, "-10000000000000000000000]", LongInt { end: 24 }),
            (8, "1.5", Float(1.5)),
            (9, "-0.0", Float(-0.0)),
            (10, "1E+2", Float(100.0)),
            (11, "123e-2.", Float(1.23)),
            (12, "9007199254740993.0", Float(9007199254740992.0)),
            (13, "0.1234567890123456789", Float(0.12345678901234568)),
            (14, "1e-00000000000000000000000001", Float(0.1)),
            (15, "5e-324", Float(5e-324)),
            (16, "1e-9999", Float(0.0)),
        ];
        for (number, raw, value) in table {
            let end = raw.trim_end_matches([',', ']']).len() - usize::from(raw.ends_with('.'));
            let (found, found_end) = scan(raw.as_bytes(), 0, 30).expect("a number");
            assert_eq!((found, found_end), (value, end), "{number}");
            if let (Float(found), Float(value)) = (found, value) {
                assert_eq!(found.is_sign_negative(), value.is_sign_negative(), "{number}");
            }
        }
    }

    #[test]
    fn a_short_number_is_read_as_any_other() {
        let whole = ["0", "7", "42", "1234567", "12345678", "123456789", "01", "-4", "00"];
        let behind =
            ["", ".5", ".83", ".00", ".1234567", ".", ".x", ".2.3", "e5", "E-3", ".5e3", "/", ":1", "\u{e9}"];
        for (whole, behind) in whole.iter().flat_map(|whole| behind.iter().map(move |behind| (whole, behind)))
        {
            for end in ["", ",", "]}, and more of it"] {
                let raw = [*whole, *behind, end].concat();
                let expected = scan_any(raw.as_bytes(), 0, 30);
                assert_eq!(scan(raw.as_bytes(), 0, 30), expected, "{raw}");
            }
        }
    }

    #[test]
    fn a_number_at_fault_is_refused_at_its_first_byte_or_at_the_end() {
        let table = [
            (1, "-", Reason::UnexpectedEnd, 1),
            (2, "-x", Reason::InvalidNumber, 0),
            (3, "01", Reason::InvalidNumber, 0),
            (4, "1.", Reason::UnexpectedEnd, 2),
            (5, "1.e5", Reason::InvalidNumber, 0),
            (6, "1e", Reason::UnexpectedEnd, 2),
            (7, "1.5e+", Reason::UnexpectedEnd, 5),
            (8, "1e+]", Reason::InvalidNumber, 0),
            (9, "1e400", Reason::NumberOutOfRange, 0),
            (10, "123456", Reason::NumberDigitsLimit, 0),
            (11, "1.23e456", Reason::NumberDigitsLimit, 0),
            (12, "123456.", Reason::NumberDigitsLimit, 0),
            (13, "12345e", Reason::UnexpectedEnd, 6),
        ];
        for (number, raw, reason, offset) in table {
            assert_eq!(scan(raw.as_bytes(), 0, 5), Err(Fault::new(reason, offset)), "{number}");
        }
    }
}
