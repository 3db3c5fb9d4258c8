//! The escapes of JSON strings, and what stands between them: copied in one pass, a window at a time.

use crate::fault::{Fault, Reason, Scanned};
use crate::plain;
use crate::text;
use crate::utf8::{self, Measure, Utf8};
use crate::window::BYTES as WINDOW;
use std::hint::select_unpredictable;

const LETTER_ESCAPE: usize = r"\n".len();
const CODE_UNIT_ESCAPE: usize = r"\uXXXX".len();
/// A window, or what stands in it before an escape, and the character of that.
const ROOM: usize = 2 * WINDOW;
/// The byte that an escape of one letter stands for; zero where there is no such escape.
static LETTERS: [u8; 256] = letters();
static HEX_DIGITS: [u32; 256] = hex_digits();
/// It shows wherever it is among the four.
const NO_HEX_DIGIT: u32 = 0x1_0000;

/// A text without its escapes.
#[derive(Default)]
pub struct Unescaped {
    /// Written up to `length`, with room behind.
    bytes: Vec<u8>,
    length: usize,
    measure: Measure,
}

impl Unescaped {
    #[inline]
    pub fn text(&self) -> Utf8<'_> {
        self.measure.of(&self.bytes[..self.length])
    }

    /// Reads the rest of a string whose first escape stands at `at`, and gives the offset of its closing quote.
    pub fn read(&mut self, before: Utf8<'_>, raw: &[u8], mut at: usize) -> Scanned<usize> {
        self.length = 0;
        self.measure = before.measure();
        self.push(before.bytes());
        loop {
            if self.bytes.len() - self.length < ROOM {
                self.grow(ROOM);
            }
            let room = &mut self.bytes[self.length..][..ROOM];
            let window = text::window(raw, at);
            room[..WINDOW].copy_from_slice(&window);
            let stop = plain::first_not_plain(&window);
            (at, self.length) = (at + stop, self.length + stop);
            if stop == WINDOW {
                continue;
            }
            match raw.get(at) {
                Some(b'\\') => {
                    let out = room[stop..].first_chunk_mut().expect("a window is left");
                    let (end, size) = escape(raw, at, out, &mut self.measure)?;
                    (at, self.length) = (end, self.length + size);
                }
                Some(b'"') => return Ok(at),
                _ => {
                    let end = text::behind_others(raw, at, &mut self.measure)?;
                    self.push(&raw[at..end]);
                    at = end;
                }
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len() - self.length < bytes.len() {
            self.grow(bytes.len());
        }
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        self.bytes.resize((self.length + more).next_power_of_two(), 0);
    }
}

/// Writes the character of the escape whose backslash stands at `at`. Gives the offset after the escape, and how many
/// bytes were written. Which escape it is nobody can foretell, so nothing is left to a branch but the rare.
#[inline(always)]
fn escape(raw: &[u8], at: usize, out: &mut [u8; WINDOW], measure: &mut Measure) -> Scanned<(usize, usize)> {
    let Some([_, letter, digits @ ..]) = raw[at..].first_chunk::<CODE_UNIT_ESCAPE>() else {
        return escape_at_end(raw, at, out);
    };
    let is_unicode = *letter == b'u';
    let meant = u32::from(LETTERS[usize::from(*letter)]);
    let unit = select_unpredictable(is_unicode, hex(digits), meant);
    if unit == 0 && !is_unicode || unit > 0xffff {
        return Err(refuse_escape(raw, at));
    }
    let length = select_unpredictable(is_unicode, CODE_UNIT_ESCAPE, LETTER_ESCAPE);
    let (code_point, end) = match unit {
        0xd800..=0xdfff => (surrogates(raw, at, unit)?, at + 2 * CODE_UNIT_ESCAPE),
        _ => (unit, at + length),
    };
    let size = utf8::encode(code_point, out);
    measure.add(code_point, size);
    Ok((end, size))
}

/// With little behind it.
#[cold]
fn escape_at_end(raw: &[u8], at: usize, out: &mut [u8; WINDOW]) -> Scanned<(usize, usize)> {
    out[0] = raw.get(at + 1).map_or(0, |letter| LETTERS[usize::from(*letter)]);
    if out[0] == 0 { Err(refuse_escape(raw, at)) } else { Ok((at + LETTER_ESCAPE, 1)) }
}

#[cold]
fn refuse_escape(raw: &[u8], at: usize) -> Fault {
    match raw.get(at + 1) {
        Some(b'u') => refuse_code_unit(raw, at),
        Some(_) => Fault::new(Reason::InvalidEscape, at),
        None => text::unexpected_end(raw),
    }
}

/// The number that four hexadecimal digits make; more than four can where one of them is none.
#[inline(always)]
fn hex(digits: &[u8; 4]) -> u32 {
    digits.iter().fold(0, |unit, digit| unit << 4 | HEX_DIGITS[usize::from(*digit)])
}

#[cold]
fn refuse_code_unit(raw: &[u8], at: usize) -> Fault {
    let mut digits = raw[at + 2..].iter().take(CODE_UNIT_ESCAPE - 2);
    if digits.all(u8::is_ascii_hexdigit) {
        text::unexpected_end(raw)
    } else {
        Fault::new(Reason::InvalidEscape, at)
    }
}

/// The character of the two surrogates whose escapes stand at `at`.
#[inline]
fn surrogates(raw: &[u8], at: usize, high: u32) -> Scanned<u32> {
    if high >= 0xdc00 {
        return Err(Fault::new(Reason::LoneSurrogate, at));
    }
    let low = match raw[at + CODE_UNIT_ESCAPE..].first_chunk::<CODE_UNIT_ESCAPE>() {
        Some([b'\\', b'u', digits @ ..]) => hex(digits),
        _ => 0,
    };
    match low {
        0xdc00..=0xdfff => Ok(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
        _ => Err(refuse_low_surrogate(raw, at)),
    }
}

#[cold]
fn refuse_low_surrogate(raw: &[u8], high_at: usize) -> Fault {
    let escape = raw[high_at + CODE_UNIT_ESCAPE..].iter().take(CODE_UNIT_ESCAPE);
    let fits = |(place, byte): (usize, &u8)| match place {
        0 => *byte == b'\\',
        1 => *byte == b'u',
        2 => matches!(byte, b'd' | b'D'),
        3 => matches!(byte, b'c'..=b'f' | b'C'..=b'F'),
        _ => byte.is_ascii_hexdigit(),
    };
    if escape.enumerate().all(fits) {
        text::unexpected_end(raw)
    } else {
        Fault::new(Reason::LoneSurrogate, high_at)
    }
}

const fn letters() -> [u8; 256] {
    let mut letters = [0; 256];
    letters[b'"' as usize] = b'"';
    letters[b'\\' as usize] = b'\\';
    letters[b'/' as usize] = b'/';
    letters[b'b' as usize] = 0x08;
    letters[b'f' as usize] = 0x0c;
    letters[b'n' as usize] = b'\n';
    letters[b'r' as usize] = b'\r';
    letters[b't' as usize] = b'\t';
    letters
}

const fn hex_digits() -> [u32; 256] {
    let mut digits = [NO_HEX_DIGIT; 256];
    let mut byte = 0;
    while byte < digits.len() {
        digits[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => (digit - b'0') as u32,
            digit @ b'a'..=b'f' => (digit - b'a' + 10) as u32,
            digit @ b'A'..=b'F' => (digit - b'A' + 10) as u32,
            _ => NO_HEX_DIGIT,
        };
        byte += 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[u8]) -> Scanned<(usize, String)> {
        let mut unescaped = Unescaped::default();
        let end = unescaped.read(Measure::default().of(b"before "), raw, 0)?;
        let text = str::from_utf8(unescaped.text().bytes()).expect("what was read is UTF-8");
        assert_eq!(unescaped.text().characters(), text.chars().count());
        Ok((end, text.to_owned()))
    }

    #[test]
    fn every_code_unit_is_read_as_the_character_it_is() {
        for unit in 0..=0xffff_u32 {
            let raw = format!("\\u{unit:04x}\\u{unit:04X} and a longer text\"");
            let expected = match char::from_u32(unit) {
                Some(character) => {
                    Ok((raw.len() - 1, format!("before {character}{character} and a longer text")))
                }
                None => Err(Fault::new(Reason::LoneSurrogate, 0)),
            };
            assert_eq!(read(raw.as_bytes()), expected, "{unit:x}");
        }
    }

    #[test]
    fn text_of_any_length_stands_between_escapes() {
        for (one, other) in (0..40).flat_map(|one| (0..40).map(move |other| (one, other))) {
            let (one, other) = ("a".repeat(one), "é中😀".repeat(other));
            let raw = format!(r#"\n{one}\ud83d\uDE00{other}\\{one}é" and more"#);
            let expected = format!("before \n{one}😀{other}\\{one}é");
            assert_eq!(read(raw.as_bytes()), Ok((raw.len() - " and more".len() - 1, expected)));
        }
    }
}
