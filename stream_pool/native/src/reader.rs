//! The cursor over one text, and its scalars. It only goes forward; what it counts, it holds against the bounds.

use crate::core::{Strings, VALUE_BYTES_MAX};
use crate::fault::{Fault, Reason};
use crate::limits::Bounds;
use crate::number::{self, Number};
use crate::object::{Ascii, Object, Text};
use crate::plain;
use crate::record::{SHORT_BYTES_MAX, TEXT_BYTES_MAX, Word};
use crate::site::Site;
use crate::text;
use crate::unescape::Unescaped;
use crate::window::Window;
use pyo3::prelude::*;

/// Why a decode ends early: the text is at fault, or Python raised (no memory, for one). One pointer, so that what is
/// read comes back in registers.
pub struct Stop(Box<Cause>);

pub enum Cause {
    Fault(Fault),
    Raised(PyErr),
}

impl Stop {
    pub fn cause(self) -> Cause {
        *self.0
    }
}

impl From<Fault> for Stop {
    #[cold]
    fn from(fault: Fault) -> Stop {
        Stop(Box::new(Cause::Fault(fault)))
    }
}

impl From<PyErr> for Stop {
    #[cold]
    fn from(error: PyErr) -> Stop {
        Stop(Box::new(Cause::Raised(error)))
    }
}

pub type Read<T> = Result<T, Stop>;

/// The text, its bounds, and where a decode stands in it.
pub struct Reader<'a, 'py> {
    pub py: Python<'py>,
    pub raw: &'a [u8],
    pub at: usize,
    pub bounds: &'a Bounds,
}

impl<'a> Reader<'a, '_> {
    #[inline]
    pub fn fault<T>(&self, reason: Reason, offset: usize) -> Read<T> {
        Err(Fault::new(reason, offset).into())
    }

    /// What is left to read.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.raw[self.at..]
    }

    /// Puts the cursor at the beginning of what is left.
    #[inline]
    pub fn go_to(&mut self, rest: &'a [u8]) {
        self.at = self.raw.len() - rest.len();
    }

    /// The byte at the cursor after white space, which must be there.
    #[inline]
    pub fn byte(&mut self) -> Read<u8> {
        match self.raw.get(self.at) {
            Some(&byte) if byte > b' ' => Ok(byte),
            _ => self.byte_after_space(),
        }
    }

    fn byte_after_space(&mut self) -> Read<u8> {
        self.skip_space();
        match self.raw.get(self.at) {
            Some(&byte) => Ok(byte),
            None => self.fault(Reason::UnexpectedEnd, self.at),
        }
    }

    pub fn skip_space(&mut self) {
        self.at = self.raw.len() - behind_some_space(&self.raw[self.at..]).len();
    }

    /// Goes on to an object's next key, over the comma before it, or for the first over the byte before it; or stays at
    /// the bracket that ends the object.
    pub fn finds_key(&mut self, is_first: bool) -> Read<bool> {
        if !is_first {
            match self.byte()? {
                b',' if self.raw.get(self.at + 1) == Some(&b'"') => {
                    self.at += 1;
                    return Ok(true);
                }
                b',' => {}
                b'}' => return Ok(false),
                _ => return self.refuse(),
            }
        }
        self.at += 1;
        self.skip_space();
        Ok(true)
    }

    /// The byte at the cursor does not belong there.
    #[cold]
    pub fn refuse<T>(&self) -> Read<T> {
        Err(text::refuse_byte(self.raw, self.at).into())
    }

    /// The literal whose first letter stands at the cursor.
    pub fn literal(&mut self) -> Read<Word> {
        let (word, value): (&[u8], _) = match self.raw[self.at] {
            b't' => (b"true", Object::boolean(self.py, true)),
            b'f' => (b"false", Object::boolean(self.py, false)),
            _ => (b"null", Object::none(self.py)),
        };
        for &byte in word {
            match self.raw.get(self.at) {
                None => return self.fault(Reason::UnexpectedEnd, self.at),
                Some(&found) if found != byte => return self.refuse(),
                Some(_) => self.at += 1,
            }
        }
        Ok(Word::object(value))
    }

    #[inline]
    pub fn number(&mut self) -> Read<Word> {
        if self.bounds.number_digits >= number::SHORT_DIGITS
            && let Some((word, behind)) = number::short(self.rest(), Word::short_int, Word::float)
        {
            self.go_to(behind);
            return Ok(word);
        }
        self.any_number()
    }

    #[inline(never)]
    fn any_number(&mut self) -> Read<Word> {
        if self.bounds.number_digits >= number::DECIMAL_DIGITS
            && let Some((value, behind)) = number::decimal(self.rest())
        {
            self.go_to(behind);
            return Ok(Word::float(value));
        }
        let (number, end) = number::scan(self.raw, self.at, self.bounds.number_digits)?;
        let start = std::mem::replace(&mut self.at, end);
        Ok(match number {
            Number::Float(value) => Word::float(value),
            Number::Int(value) => match Word::int(value) {
                Some(word) => word,
                None => Word::object(Object::int(self.py, value)?),
            },
            Number::LongInt { .. } => Word::object(Object::long_int(self.py, &self.raw[start..end])?),
        })
    }

    /// A string value: the expected one, a pooled one, or what stands there.
    pub fn text(
        &mut self,
        site: Option<&mut Site>,
        strings: &mut Strings,
        scratch: &mut Unescaped,
    ) -> Read<Word> {
        let content = &self.raw[self.at + 1..];
        match plain::read(content) {
            Some((text, behind)) if text.len() <= self.bounds.string_bytes => {
                self.go_to(behind);
                self.plain_text(content, text.len(), site, strings)
            }
            _ => self.other_text(site, strings, scratch),
        }
    }

    /// A plain text: so many bytes of what is left.
    fn plain_text(
        &self,
        content: &[u8],
        length: usize,
        site: Option<&mut Site>,
        strings: &mut Strings,
    ) -> Read<Word> {
        if length <= SHORT_BYTES_MAX {
            return Ok(Word::short(Window::padded(content).low(length), length));
        }
        if length > TEXT_BYTES_MAX {
            return Ok(Word::object(Text::ascii(self.py, &content[..length])?.into_object()));
        }
        match site {
            Some(site) => self.expected_text(content, length, site, strings),
            None => self.pooled_text(content, length, None, strings),
        }
    }

    /// A plain text that is longer than a word holds, and short enough for a tail: the expected one, a pooled one, or
    /// what stands there.
    #[inline(always)]
    pub fn expected_text(
        &self,
        content: &[u8],
        length: usize,
        site: &mut Site,
        strings: &mut Strings,
    ) -> Read<Word> {
        if !site.looks_for_texts() {
            return Ok(Word::text(self.raw.len() - content.len(), length));
        }
        match site.expected_text(content, length) {
            Some(text) => Ok(Word::object(text.clone())),
            None => self.pooled_text(content, length, Some(site), strings),
        }
    }

    /// A short plain text, so many bytes of what is left, from the pool if it has it.
    #[inline(never)]
    fn pooled_text(
        &self,
        content: &[u8],
        length: usize,
        site: Option<&mut Site>,
        strings: &mut Strings,
    ) -> Read<Word> {
        let bytes = &content[..length];
        let text = strings.value(bytes, || Text::ascii(self.py, bytes))?;
        if let Some(site) = site {
            site.found_text(content, text.as_ref().and_then(Ascii::of), &strings.allowance);
        }
        Ok(match text {
            Some(text) => Word::object(text.into_object()),
            None => Word::text(self.raw.len() - content.len(), length),
        })
    }

    /// A string with escapes or beyond ASCII, or one that is broken.
    fn other_text(
        &mut self,
        site: Option<&mut Site>,
        strings: &mut Strings,
        scratch: &mut Unescaped,
    ) -> Read<Word> {
        let opening = self.at;
        let found =
            text::scan(self.raw, opening, self.bounds.string_bytes, Reason::StringBytesLimit, scratch)?;
        self.at = found.end + 1;
        let value = found.value(scratch);
        if value.bytes().len() <= VALUE_BYTES_MAX
            && site.is_none_or(Site::looks_for_texts)
            && let Some(text) = strings.value(value.bytes(), || Text::new(self.py, value))?
        {
            return Ok(Word::object(text.into_object()));
        }
        Ok(Word::object(Text::new(self.py, value)?.into_object()))
    }
}

/// What stands behind white space, if there is any.
#[inline]
pub fn behind_space(rest: &[u8]) -> &[u8] {
    match rest {
        [..=b' ', ..] => behind_some_space(rest),
        _ => rest,
    }
}

#[inline(never)]
fn behind_some_space(rest: &[u8]) -> &[u8] {
    let space = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    &rest[space.unwrap_or(rest.len())..]
}
