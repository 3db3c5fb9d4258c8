//! JSON strings from their quotes to text.
//!
//! Most strings are plain. Any other is read in one pass that checks its UTF-8 and measures it; from its first escape
//! on it is copied.

use crate::fault::{Fault, Reason, Scanned};
use crate::plain;
use crate::unescape::Unescaped;
use crate::utf8::{Measure, Utf8};
use crate::window::{self, BYTES as WINDOW};

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
#[derive(Clone, Copy)]
pub struct Text<'a> {
    pub spelling: Spelling,
    pub start: usize,
    pub end: usize,
    /// The content as it is written, which is the text unless that was `Unescaped`.
    pub written: Utf8<'a>,
}

impl<'a> Text<'a> {
    #[inline]
    pub fn value<'s>(&self, scratch: &'s Unescaped) -> Utf8<'s>
    where
        'a: 's,
    {
        match self.spelling {
            Spelling::Unescaped => scratch.text(),
            Spelling::Ascii | Spelling::Utf8 => self.written,
        }
    }
}

/// The string whose opening quote stands at `opening`. Longer as written than `bytes_max` is `over`, whatever
/// else is wrong inside.
#[inline]
pub fn scan<'a>(
    raw: &'a [u8],
    opening: usize,
    bytes_max: usize,
    over: Reason,
    scratch: &mut Unescaped,
) -> Scanned<Text<'a>> {
    let start = opening + 1;
    match plain::read(&raw[start..]) {
        Some((plain, _)) if plain.len() <= bytes_max => {
            let end = start + plain.len();
            Ok(Text { spelling: Spelling::Ascii, start, end, written: Measure::default().of(plain) })
        }
        _ => scan_other(raw, start, bytes_max, over, scratch),
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
fn scan_other<'a>(
    raw: &'a [u8],
    start: usize,
    bytes_max: usize,
    over: Reason,
    scratch: &mut Unescaped,
) -> Scanned<Text<'a>> {
    // A string within its limit has its closing quote in here, and the scratch never outgrows the limit.
    let readable = &raw[..raw.len().min(start.saturating_add(bytes_max).saturating_add(1))];
    read(readable, start, scratch).map_err(|fault| {
        let is_within = measured_end(raw, start) - start <= bytes_max;
        if is_within { fault } else { Fault::new(over, start - 1) }
    })
}

fn read<'a>(raw: &'a [u8], start: usize, scratch: &mut Unescaped) -> Scanned<Text<'a>> {
    let mut measure = Measure::default();
    let mut at = start;
    loop {
        let stop = plain::first_not_plain(&window(raw, at));
        at += stop;
        if stop == WINDOW {
            continue;
        }
        match raw.get(at) {
            Some(b'"') => {
                let spelling = if measure.is_ascii() { Spelling::Ascii } else { Spelling::Utf8 };
                return Ok(Text { spelling, start, end: at, written: measure.of(&raw[start..at]) });
            }
            Some(b'\\') => {
                let written = measure.of(&raw[start..at]);
                let end = scratch.read(written, raw, at)?;
                return Ok(Text { spelling: Spelling::Unescaped, start, end, written });
            }
            _ => at = behind_others(raw, at, &mut measure)?,
        }
    }
}

/// Goes over the characters beyond ASCII at `at`, which must be there.
#[inline]
pub fn behind_others(raw: &[u8], at: usize, measure: &mut Measure) -> Scanned<usize> {
    match raw.get(at) {
        Some(0x80..) => match measure.behind_others(&raw[at..]) {
            Ok(behind) => Ok(raw.len() - behind.len()),
            Err(wrong) => Err(refuse_utf8(raw, raw.len() - wrong.len())),
        },
        Some(_) => Err(Fault::new(Reason::ControlCharacter, at)),
        None => Err(unexpected_end(raw)),
    }
}

/// What stands at `at`, with zeros behind the end.
#[inline(always)]
pub fn window(raw: &[u8], at: usize) -> [u8; WINDOW] {
    let rest = &raw[at..];
    match rest.first_chunk() {
        Some(window) => *window,
        None => window::last_bytes(rest),
    }
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

/// No character begins at `at`, though there is a byte.
#[cold]
fn refuse_utf8(raw: &[u8], at: usize) -> Fault {
    let is_cut_short = str::from_utf8(&raw[at..]).is_err_and(|error| error.error_len().is_none());
    if is_cut_short { unexpected_end(raw) } else { Fault::new(Reason::InvalidUtf8, at) }
}

#[cold]
pub fn unexpected_end(raw: &[u8]) -> Fault {
    Fault::new(Reason::UnexpectedEnd, raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(raw: &[u8], bytes_max: usize) -> Scanned<(Spelling, String)> {
        let mut scratch = Unescaped::default();
        for _ in 0..2 {
            let text = scan(raw, 0, bytes_max, Reason::StringBytesLimit, &mut scratch)?;
            assert_eq!(raw[text.end], b'"');
        }
        let text = scan(raw, 0, bytes_max, Reason::StringBytesLimit, &mut scratch)?;
        let value = text.value(&scratch);
        let content = str::from_utf8(value.bytes()).expect("what was read is UTF-8");
        assert_eq!(value.characters(), content.chars().count());
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
}
