//! JSON strings: from their quotes to text, and from text to Python's widths or back to quotes.
//!
//! Most strings are short, ASCII and without escapes: `plain_length` is all that they need. Any other is read
//! run by run: what stands between two escapes is checked as UTF-8 at once and copied at once.

use crate::fault::{Fault, Reason, Scanned};
use crate::plain::{WINDOW, not_plain};

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const WORD: usize = size_of::<u64>();
const CODE_UNIT_ESCAPE: usize = r"\uXXXX".len();
const UTF8_BYTES_MAX: usize = 4;

/// How the content stands between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is, and ASCII.
    Ascii,
    /// As it is, in UTF-8, and not ASCII alone.
    Utf8,
    /// With escapes: the text that they spell is in the scratch.
    Unescaped,
}

/// A whole string: its content is `raw[start..end]`, its closing quote stands at `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    pub spelling: Spelling,
    pub start: usize,
    pub end: usize,
    /// Where it is `Utf8`, so that it is checked once.
    utf8: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// The content as it is written, which is the text unless that was `Unescaped`.
    #[inline]
    pub fn content(&self, raw: &'a [u8]) -> &'a str {
        let checked = || str::from_utf8(&raw[self.start..self.end]).expect("the scan has checked it");
        self.utf8.unwrap_or_else(checked)
    }
}

/// The length of what stands before the closing quote, if all of it is ASCII without escapes or control characters.
#[inline]
pub fn plain_length(content: &[u8]) -> Option<usize> {
    let mut rest = content;
    while let Some(chunk) = rest.first_chunk::<WINDOW>() {
        let stops = not_plain(chunk);
        if stops != 0 {
            let end = content.len() - rest.len() + stops.trailing_zeros() as usize;
            return (content.get(end) == Some(&b'"')).then_some(end);
        }
        rest = &rest[WINDOW..];
    }
    let ahead = rest.iter().position(|byte| ends_run(*byte) || !byte.is_ascii())?;
    (rest[ahead] == b'"').then_some(content.len() - rest.len() + ahead)
}

/// The string whose opening quote stands at `opening`. Longer as written than `bytes_max` is `over`, whatever
/// else is wrong inside.
#[inline]
pub fn scan<'a>(
    raw: &'a [u8],
    opening: usize,
    bytes_max: usize,
    over: Reason,
    scratch: &mut String,
) -> Scanned<Text<'a>> {
    let start = opening + 1;
    match plain_length(&raw[start..]) {
        Some(length) if length <= bytes_max => {
            Ok(Text { spelling: Spelling::Ascii, start, end: start + length, utf8: None })
        }
        _ => scan_in_runs(raw, start, bytes_max, over, scratch),
    }
}

/// The refusal of a byte that has no business here, or of one that begins no character at all.
#[cold]
pub fn refuse_byte(raw: &[u8], at: usize) -> Fault {
    let is_character = |size| raw.get(at..at + size).is_some_and(|bytes| str::from_utf8(bytes).is_ok());
    let is_text = (1..=UTF8_BYTES_MAX).any(is_character);
    Fault::new(if is_text { Reason::UnexpectedByte } else { Reason::InvalidUtf8 }, at)
}

#[inline(never)]
fn scan_in_runs<'a>(
    raw: &'a [u8],
    start: usize,
    bytes_max: usize,
    over: Reason,
    scratch: &mut String,
) -> Scanned<Text<'a>> {
    // A string within its limit has its closing quote in here, and the scratch never outgrows the limit.
    let readable = &raw[..raw.len().min(start.saturating_add(bytes_max).saturating_add(1))];
    read(readable, start, scratch).map_err(|fault| {
        let is_within = measured_end(raw, start) - start <= bytes_max;
        if is_within { fault } else { Fault::new(over, start - 1) }
    })
}

fn read<'a>(raw: &'a [u8], start: usize, scratch: &mut String) -> Scanned<Text<'a>> {
    scratch.clear();
    let mut at = start;
    loop {
        let end = run_end(raw, at);
        let run = utf8(raw, at, end)?;
        match raw.get(end) {
            Some(b'"') if at == start => {
                return Ok(Text { spelling: Spelling::Utf8, start, end, utf8: Some(run) });
            }
            Some(b'"') => {
                scratch.push_str(run);
                return Ok(Text { spelling: Spelling::Unescaped, start, end, utf8: None });
            }
            Some(b'\\') => {
                scratch.push_str(run);
                at = unescape(raw, end, scratch)?;
            }
            Some(_) => return Err(Fault::new(Reason::ControlCharacter, end)),
            None => return Err(unexpected_end(raw)),
        }
    }
}

fn utf8(raw: &[u8], from: usize, to: usize) -> Scanned<&str> {
    str::from_utf8(&raw[from..to]).map_err(|error| {
        let could_go_on = to == raw.len() && error.error_len().is_none();
        if could_go_on {
            unexpected_end(raw)
        } else {
            Fault::new(Reason::InvalidUtf8, from + error.valid_up_to())
        }
    })
}

/// Writes the character of the escape whose backslash stands at `at`. Gives the offset after the escape.
fn unescape(raw: &[u8], at: usize, scratch: &mut String) -> Scanned<usize> {
    let character = match raw.get(at + 1) {
        Some(&letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'b') => '\x08',
        Some(b'f') => '\x0c',
        Some(b'u') => return unescape_unicode(raw, at, scratch),
        Some(_) => return Err(Fault::new(Reason::InvalidEscape, at)),
        None => return Err(unexpected_end(raw)),
    };
    scratch.push(character);
    Ok(at + 2)
}

fn unescape_unicode(raw: &[u8], at: usize, scratch: &mut String) -> Scanned<usize> {
    let unit = code_unit(raw, at)?;
    let (code_point, end) = match unit {
        0xd800..=0xdbff => {
            let low = low_surrogate(raw, at)?;
            (0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), at + 2 * CODE_UNIT_ESCAPE)
        }
        _ => (unit, at + CODE_UNIT_ESCAPE),
    };
    scratch.push(char::from_u32(code_point).ok_or(Fault::new(Reason::LoneSurrogate, at))?);
    Ok(end)
}

/// The four hexadecimal digits of the escape at `at`.
fn code_unit(raw: &[u8], at: usize) -> Scanned<u32> {
    let digits = &raw[at + 2..raw.len().min(at + CODE_UNIT_ESCAPE)];
    let mut unit = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16).ok_or(Fault::new(Reason::InvalidEscape, at))?;
        unit = unit << 4 | digit;
    }
    if digits.len() < CODE_UNIT_ESCAPE - 2 { Err(unexpected_end(raw)) } else { Ok(unit) }
}

/// The other half of the high surrogate whose escape stands at `high_at`.
fn low_surrogate(raw: &[u8], high_at: usize) -> Scanned<u32> {
    let at = high_at + CODE_UNIT_ESCAPE;
    let escape = &raw[at..raw.len().min(at + CODE_UNIT_ESCAPE)];
    let fits = |(place, byte): (usize, &u8)| match place {
        0 => *byte == b'\\',
        1 => *byte == b'u',
        2 => matches!(byte, b'd' | b'D'),
        3 => matches!(byte, b'c'..=b'f' | b'C'..=b'F'),
        _ => byte.is_ascii_hexdigit(),
    };
    if !escape.iter().enumerate().all(fits) {
        return Err(Fault::new(Reason::LoneSurrogate, high_at));
    }
    if escape.len() < CODE_UNIT_ESCAPE { Err(unexpected_end(raw)) } else { code_unit(raw, at) }
}

/// The next quote that no backslash escapes, or the end of input.
fn measured_end(raw: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = raw.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    raw.len()
}

#[cold]
fn unexpected_end(raw: &[u8]) -> Fault {
    Fault::new(Reason::UnexpectedEnd, raw.len())
}

/// The first byte that ends a run (a quote, a backslash, a control character), or the end of input.
#[inline]
fn run_end(raw: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = word_at(raw, at) {
        let found = run_ends(word) & HIGH;
        if found != 0 {
            return at + first_byte(found);
        }
        at += WORD;
    }
    while raw.get(at).is_some_and(|byte| !ends_run(*byte)) {
        at += 1;
    }
    at
}

#[inline]
const fn ends_run(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// `ends_run` for eight bytes: the lowest high bit that is set is that of the first byte that ends a run.
#[inline]
const fn run_ends(word: u64) -> u64 {
    // A subtraction borrows from the next byte only where its own byte is found, so the first is never wrong.
    let quote = word ^ (EACH * b'"' as u64);
    let backslash = word ^ (EACH * b'\\' as u64);
    (quote.wrapping_sub(EACH) | backslash.wrapping_sub(EACH) | word.wrapping_sub(EACH * b' ' as u64))
        & !word
        & HIGH
}

#[inline]
fn word_at(raw: &[u8], at: usize) -> Option<u64> {
    raw.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[inline]
const fn first_byte(found: u64) -> usize {
    (found.trailing_zeros() / u8::BITS) as usize
}

/// How many characters, and the last code point of the narrowest form that holds them in Python.
pub fn widths(text: &str) -> (usize, u32) {
    let widest = match text.bytes().fold(0, u8::max) {
        0..0x80 => 0x7f,
        0x80..0xc4 => 0xff,
        0xc4..0xf0 => 0xffff,
        0xf0.. => 0x10_ffff,
    };
    (text.chars().count(), widest)
}

/// Writes text that `widths` found to be Latin-1.
pub fn fill_latin1(text: &str, out: &mut [u8]) {
    fill(text, out, |code_point| code_point as u8);
}

/// Writes text that `widths` found to need two bytes a character.
pub fn fill_ucs2(text: &str, out: &mut [u16]) {
    fill(text, out, |code_point| code_point as u16);
}

/// Writes any text.
pub fn fill_ucs4(text: &str, out: &mut [u32]) {
    fill(text, out, |code_point| code_point);
}

#[inline]
fn fill<Unit>(text: &str, out: &mut [Unit], unit: impl Fn(u32) -> Unit) {
    let mut rest = text.as_bytes();
    for place in out {
        let code_point;
        // The bytes are UTF-8 already: the first tells how many follow, and nothing needs a second look.
        (code_point, rest) = match *rest {
            [one @ 0..0x80, ref rest @ ..] => (u32::from(one), rest),
            [one @ 0xe0..0xf0, two, three, ref rest @ ..] => {
                (bits(one, 0x0f, 12) | bits(two, 0x3f, 6) | bits(three, 0x3f, 0), rest)
            }
            [one @ 0..0xe0, two, ref rest @ ..] => (bits(one, 0x1f, 6) | bits(two, 0x3f, 0), rest),
            [one, two, three, four, ref rest @ ..] => {
                (bits(one, 0x07, 18) | bits(two, 0x3f, 12) | bits(three, 0x3f, 6) | bits(four, 0x3f, 0), rest)
            }
            _ => return,
        };
        *place = unit(code_point);
    }
}

#[inline]
const fn bits(byte: u8, mask: u8, shift: u32) -> u32 {
    ((byte & mask) as u32) << shift
}

/// Writes a JSON string as Python's `json` writes it with `ensure_ascii=False`.
pub fn write_quoted(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    out.push(b'"');
    loop {
        let end = run_end(bytes, at);
        out.extend_from_slice(&bytes[at..end]);
        let Some(byte) = bytes.get(end) else { break };
        write_escape(*byte, out);
        at = end + 1;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0x0f)]);
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(raw: &[u8], bytes_max: usize) -> Scanned<(Spelling, String)> {
        let mut scratch = String::from("left over");
        let text = scan(raw, 0, bytes_max, Reason::StringBytesLimit, &mut scratch)?;
        assert_eq!(raw[text.end], b'"');
        let content = if text.spelling == Spelling::Unescaped { &scratch } else { text.content(raw) };
        Ok((text.spelling, content.to_owned()))
    }

    #[test]
    fn a_string_is_read_as_it_is_spelled() {
        let table = [
            (1, r#""""#, Spelling::Ascii, ""),
            (2, r#""twenty bytes of text", 1"#, Spelling::Ascii, "twenty bytes of text"),
            (3, r#""zwölf é""#, Spelling::Utf8, "zwölf é"),
            (4, r#""a\"\\\/\b\f\n\r\tz""#, Spelling::Unescaped, "a\"\\/\x08\x0c\n\r\tz"),
            (5, r#""\u0041中\u4e2D""#, Spelling::Unescaped, "A中中"),
            (6, r#""\ud83d\uDE00""#, Spelling::Unescaped, "😀"),
        ];
        for (number, raw, spelling, text) in table {
            assert_eq!(scanned(raw.as_bytes(), 30), Ok((spelling, text.to_owned())), "{number}");
        }
    }

    #[test]
    fn a_string_is_measured_before_anything_in_it_is_refused() {
        let table: [(_, &[u8], _, _); 18] = [
            (1, b"\"", Reason::UnexpectedEnd, 1),
            (2, b"\"abc", Reason::UnexpectedEnd, 4),
            (3, b"\"abc\\", Reason::UnexpectedEnd, 5),
            (4, b"\"\\u12", Reason::UnexpectedEnd, 5),
            (5, b"\"\\u12\"", Reason::InvalidEscape, 1),
            (6, b"\"a\\x\"", Reason::InvalidEscape, 2),
            (7, b"\"\\ude00\"", Reason::LoneSurrogate, 1),
            (8, b"\"\\ud83d\"", Reason::LoneSurrogate, 1),
            (9, b"\"\\ud83d\\ud", Reason::UnexpectedEnd, 10),
            (10, b"\"\\ud83d\\u0", Reason::LoneSurrogate, 1),
            (11, b"\"a\nb", Reason::ControlCharacter, 2),
            (12, b"\"a\xff", Reason::InvalidUtf8, 2),
            (13, b"\"a\xe4\xb8", Reason::UnexpectedEnd, 4),
            (14, b"\"a\xe4\xb8\"", Reason::InvalidUtf8, 2),
            (15, b"\"thirteen long\"", Reason::StringBytesLimit, 0),
            (16, b"\"\n thirteen \xff!", Reason::StringBytesLimit, 0),
            (17, b"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\"", Reason::StringBytesLimit, 0),
            (18, b"\"\ntwelve long\"", Reason::ControlCharacter, 1),
        ];
        for (number, raw, reason, offset) in table {
            assert_eq!(scanned(raw, 12), Err(Fault::new(reason, offset)), "{number}");
        }
    }

    #[test]
    fn a_plain_length_is_found_at_every_distance() {
        for size in 0..40 {
            let raw = [&vec![b'~'; size][..], b"\" and more"].concat();
            assert_eq!(plain_length(&raw), Some(size));
            assert_eq!(plain_length(&raw[..size]), None);
            for other in [b'\\', 0x1f, 0x00, 0x80, 0xff] {
                let raw = [&vec![b' '; size][..], &[other], b"\""].concat();
                assert_eq!(plain_length(&raw), None, "{size} {other}");
            }
        }
    }

    #[test]
    fn text_takes_the_narrowest_form() {
        let table =
            [(1, "", 0x7f), (2, "az", 0x7f), (3, "aÿ", 0xff), (4, "ÿĀ中￿", 0xffff), (5, "aÿ中😀", 0x10_ffff)];
        for (number, text, widest) in table {
            let code_points: Vec<u32> = text.chars().map(u32::from).collect();
            assert_eq!(widths(text), (code_points.len(), widest), "{number}");
            let (mut latin1, mut ucs2) = (vec![0; code_points.len()], vec![0; code_points.len()]);
            let mut ucs4 = vec![0; code_points.len()];
            fill_latin1(text, &mut latin1);
            fill_ucs2(text, &mut ucs2);
            fill_ucs4(text, &mut ucs4);
            assert!(
                widest > 0xff || latin1.iter().map(|unit| u32::from(*unit)).eq(text.chars().map(u32::from))
            );
            assert!(
                widest > 0xffff || ucs2.iter().map(|unit| u32::from(*unit)).eq(text.chars().map(u32::from))
            );
            assert_eq!(ucs4, code_points, "{number}");
        }
    }

    #[test]
    fn a_byte_is_refused_as_what_it_begins() {
        let table: [(_, &[u8], _); 4] = [
            (1, b"x", Reason::UnexpectedByte),
            (2, "中".as_bytes(), Reason::UnexpectedByte),
            (3, b"\xe4\xb8x", Reason::InvalidUtf8),
            (4, b"\xff", Reason::InvalidUtf8),
        ];
        for (number, raw, reason) in table {
            assert_eq!(refuse_byte(raw, 0), Fault::new(reason, 0), "{number}");
        }
    }

    #[test]
    fn quoted_text_escapes_no_more_than_it_must() {
        let mut out = Vec::new();
        write_quoted("a\"\\/\x08\x0c\n\r\t\x00\x1f\x7f é中😀", &mut out);
        assert_eq!(str::from_utf8(&out), Ok("\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f é中😀\""));
    }
}
