//! The cursor over one text, and its scalars. It only goes forward; what it counts, it holds against the bounds.

use crate::core::{Strings, VALUE_BYTES_MAX};
use crate::fault::{Fault, Reason};
use crate::limits::Bounds;
use crate::number::{self, Number};
use crate::object::{Ascii, Object, Text};
use crate::record::{TEXT_BYTES_MAX, Word};
use crate::site::Site;
use crate::text::{self, Spelling};
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

impl Reader<'_, '_> {
    #[inline]
    pub fn fault<T>(&self, reason: Reason, offset: usize) -> Read<T> {
        Err(Fault::new(reason, offset).into())
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
        let rest = &self.raw[self.at..];
        let space = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.at += space.unwrap_or(rest.len());
    }

    /// The byte at the cursor does not belong there.
    #[cold]
    pub fn refuse<T>(&self) -> Read<T> {
        Err(text::refuse_byte(self.raw, self.at).into())
    }

    pub fn literal(&mut self, word: &'static [u8], value: Object) -> Read<Word> {
        if self.raw.get(self.at..self.at + word.len()) == Some(word) {
            self.at += word.len();
            return Ok(Word::object(value));
        }
        for &byte in word {
            match self.raw.get(self.at) {
                None => return self.fault(Reason::UnexpectedEnd, self.at),
                Some(&found) if found != byte => return self.refuse(),
                Some(_) => self.at += 1,
            }
        }
        self.refuse()
    }

    #[inline]
    pub fn number(&mut self) -> Read<Word> {
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
    #[inline]
    pub fn text(
        &mut self,
        site: Option<&mut Site>,
        strings: &mut Strings,
        scratch: &mut String,
    ) -> Read<Word> {
        let start = self.at + 1;
        match (text::plain_length(&self.raw[start..]), site) {
            (Some(length), Some(site)) if length <= self.bounds.string_bytes => {
                self.at = start + length + 1;
                self.plain_text(start, &self.raw[start..start + length], site, strings)
            }
            (_, site) => self.other_text(site, strings, scratch),
        }
    }

    /// A string without escapes of ASCII bytes, which stand at `start`.
    #[inline]
    pub fn plain_text(
        &self,
        start: usize,
        bytes: &[u8],
        site: &mut Site,
        strings: &mut Strings,
    ) -> Read<Word> {
        if let Some(expected) = site.expected_text(bytes) {
            return Ok(Word::object(expected.clone()));
        }
        self.unexpected_text(start, bytes, site, strings)
    }

    fn unexpected_text(
        &self,
        start: usize,
        bytes: &[u8],
        site: &mut Site,
        strings: &mut Strings,
    ) -> Read<Word> {
        // An empty text would leave no trace in a tail.
        if bytes.is_empty() || bytes.len() > TEXT_BYTES_MAX {
            return Ok(Word::object(Text::ascii(self.py, bytes)?.into_object()));
        }
        if !site.asks_pool() {
            return Ok(Word::text(start, bytes.len()));
        }
        match strings.value(bytes, || Text::ascii(self.py, bytes))? {
            Some(text) => {
                site.found_text(Ascii::of(&text));
                Ok(Word::object(text.into_object()))
            }
            None => {
                site.missed_text();
                Ok(Word::text(start, bytes.len()))
            }
        }
    }

    /// A string with escapes or beyond ASCII, one at no site, or one that is broken.
    fn other_text(
        &mut self,
        site: Option<&mut Site>,
        strings: &mut Strings,
        scratch: &mut String,
    ) -> Read<Word> {
        let opening = self.at;
        let found =
            text::scan(self.raw, opening, self.bounds.string_bytes, Reason::StringBytesLimit, scratch)?;
        self.at = found.end + 1;
        let value = match found.spelling {
            Spelling::Unescaped => scratch.as_str(),
            Spelling::Ascii | Spelling::Utf8 => found.content(self.raw),
        };
        if value.len() <= VALUE_BYTES_MAX && site.is_none_or(Site::asks_pool) {
            if let Some(text) = strings.value(value.as_bytes(), || Text::new(self.py, value))? {
                return Ok(Word::object(text.into_object()));
            }
        }
        Ok(Word::object(Text::new(self.py, value)?.into_object()))
    }
}
