//! JSON numbers: integers that fit 64 bits and floats become values, a longer integer stays a token.
//!
//! Digits are read eight at a time. A float that `float.rs` cannot tell is left to the standard library.

use crate::digits::{BYTE_BITS, beyond_nine, eight_digits, every, leading, leading_digits, place};
use crate::fault::{Fault, Reason, Scanned};
use crate::float;
use std::num::NonZero;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    /// An integer beyond 64 bits: `raw[start..end]`.
    LongInt {
        end: usize,
    },
    Float(f64),
}

/// A `short` number has no more digits than this.
pub const SHORT_DIGITS: usize = 8;
/// A `decimal` has no more digits than this.
pub const DECIMAL_DIGITS: usize = EXACT_DIGITS + 1;
/// So many digits never overflow 64 bits.
const EXACT_DIGITS: usize = 19;
/// An exponent of more digits has leading zeros, or no float to go with it.
const EXPONENT_DIGITS: usize = 4;
/// What a fraction is divided by, by the bits from the point on to the first byte after it.
const SHORT_POWERS: [f64; 8] = [1e0, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// The number whose first byte, a digit or a minus, stands at `start`, and the offset after it.
///
/// Its digits are counted as far as it is well formed, before its form is judged.
pub fn scan(raw: &[u8], start: usize, digits_max: usize) -> Scanned<(Number, usize)> {
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

/// The number at the beginning, as `int` or `float` makes it, and what stands behind it. Only one that ends within
/// eight bytes, and has neither sign nor exponent; `scan` is for all others, and for what is wrong.
#[inline(always)]
pub fn short<T>(rest: &[u8], int: impl FnOnce(u32) -> T, float: impl FnOnce(f64) -> T) -> Option<(T, &[u8])> {
    let written = u64::from_le_bytes(*rest.first_chunk()?);
    let values = written ^ every(b'0');
    let others = NonZero::new(beyond_nine(values))?;
    let (end, others) = (others.trailing_zeros(), others.get());
    let is_canonical = matches!(values as u8, 1..=9) || others as u16 == 0x8000 && values as u8 == 0;
    if !is_canonical {
        return None;
    }
    let ends_with = (written >> (end & BYTE_BITS)) as u8;
    if ends_with != b'.' {
        let number = int(eight_digits(leading(values, end)));
        return (ends_with | 0x20 != b'e').then_some((number, &rest[place(end)..]));
    }
    let (point, end) = (end, NonZero::new(others & (others - 1))?.trailing_zeros());
    let fraction = SHORT_POWERS[place(end.wrapping_sub(point) & BYTE_BITS)];
    let ends_with = (written >> (end & BYTE_BITS)) as u8;
    if end == point + u8::BITS || ends_with | 0x20 == b'e' {
        return None;
    }
    let before_point = (others ^ (others - 1)) >> u8::BITS;
    let moved = values >> u8::BITS;
    let digits = ((values ^ moved) & before_point) ^ moved;
    let magnitude = eight_digits(leading(digits, end) << u8::BITS);
    Some((float(f64::from(magnitude) / fraction), &rest[place(end)..]))
}

/// The float at the beginning, and what stands behind it. Only one that has a point, no exponent and few digits more
/// than it needs; `scan` is for all others, and for what is wrong.
#[inline]
pub fn decimal(rest: &[u8]) -> Option<(f64, &[u8])> {
    let (is_negative, unsigned) = match rest {
        [b'-', unsigned @ ..] => (true, unsigned),
        _ => (false, rest),
    };
    let (point, whole, zeros) = match unsigned {
        [b'0', behind @ ..] => (behind, 0, 1),
        [b'1'..=b'9', ..] => {
            let (behind, whole) = leading_digits(unsigned, 0);
            (behind, whole, 0)
        }
        _ => return None,
    };
    let [b'.', fraction @ ..] = point else { return None };
    let (behind, mantissa) = leading_digits(fraction, whole);
    let (whole_digits, fraction_digits) = (unsigned.len() - point.len(), fraction.len() - behind.len());
    let is_exact = whole_digits - zeros + fraction_digits <= EXACT_DIGITS;
    if !is_exact || fraction_digits == 0 || matches!(behind, [b'e' | b'E', ..]) {
        return None;
    }
    let magnitude = float::nearest(mantissa, -(fraction_digits as i64))?;
    Some((if is_negative { -magnitude } else { magnitude }, behind))
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

    // A leading zero counts for nothing.
    let is_exact = mantissa_digits - usize::from(raw[whole.first] == b'0') <= EXACT_DIGITS
        && exponent_digits <= EXPONENT_DIGITS;
    let near = if is_exact {
        let is_shrinking = has_sign && raw[exponent_at - 1] == b'-';
        let scale = if is_shrinking { -(exponent as i64) } else { exponent as i64 };
        float::nearest(mantissa, scale - fraction_digits as i64)
    } else {
        None
    };
    let value = match near {
        Some(magnitude) if whole.is_negative => -magnitude,
        Some(magnitude) => magnitude,
        None => parsed(&raw[whole.start..exponent_end]),
    };
    if value.is_infinite() {
        return Err(Fault::new(Reason::NumberOutOfRange, whole.start));
    }
    Ok((Number::Float(value), exponent_end))
}

/// The digits from `at` on, after those of `value`: the offset after them, and the value modulo 2^64.
#[inline]
fn digits(raw: &[u8], at: usize, value: u64) -> (usize, u64) {
    let (behind, value) = leading_digits(&raw[at..], value);
    (raw.len() - behind.len(), value)
}

#[inline]
fn is_digit(raw: &[u8], at: usize) -> bool {
    raw.get(at).is_some_and(u8::is_ascii_digit)
}

fn parsed(token: &[u8]) -> f64 {
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
            (17, "18446744073709551616e1", Float(184467440737095516160.0)),
            (18, "0.00012345678901234567", Float(0.00012345678901234567)),
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
        let whole = ["0", "7", "42", "1234567", "12345678", "123456789", "01", "-4", "00", "-", ""];
        let behind = [
            "", ".5", ".83", ".00", ".1234567", ".", ".x", ".2.3", "e5", "E-3", ".5e3", ".e", "/", ":1",
            "\u{e9}", ".\u{e9}1", ".\u{fd}1",
        ];
        let is_short = |raw: &str| {
            let is_plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
            raw.len() >= 8 && raw.bytes().take_while(is_plain).count() < 8
        };
        for (whole, behind) in whole.iter().flat_map(|whole| behind.iter().map(move |behind| (whole, behind)))
        {
            for end in ["", ",", "]}, and so on"] {
                let raw = [*whole, *behind, end].concat();
                if let Some((value, behind)) = decimal(raw.as_bytes()) {
                    assert_eq!(scan(raw.as_bytes(), 0, 30), Ok((Float(value), raw.len() - behind.len())));
                }
                let found = short(raw.as_bytes(), |value| Int(value.into()), Float);
                let found = found.map(|(number, behind)| (number, raw.len() - behind.len()));
                let expected = scan(raw.as_bytes(), 0, 30);
                let has_sign_or_exponent = raw.contains(['-', 'e', 'E']);
                let is_due = expected.is_ok() && is_short(&raw) && !has_sign_or_exponent;
                assert_eq!(found, expected.ok().filter(|_| is_due), "{raw}");
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
