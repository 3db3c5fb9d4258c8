//! Documents back to JSON: compact UTF-8, members in their order, without recursion.

use crate::embedded::write_embedded;
use crate::object::{Object, Text};
use crate::quoted::write_quoted;
use crate::record::{Record, Value};
use crate::walk::{self, Container};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;

/// Most documents are no longer than this.
const FIRST_BYTES: usize = 4096;
/// No two texts of so many digits mean the same float.
const DIGITS_WITHOUT_TIE: usize = 15;

/// The JSON text of what a decoder gives: a Document, a tuple or a scalar.
///
/// Decoding the text again gives an equal value. Raises `TypeError` for any other type (lists and dicts
/// too: for those, `json.dumps(x, default=stream_pool.documents.default)`), `ValueError` for a float that
/// is not finite or a string that is not Unicode text.
#[pyfunction]
pub fn dumps<'py>(py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let root = Object::from_bound(value);
    let mut out = Vec::with_capacity(FIRST_BYTES);
    let mut open: Vec<(Container<'_>, usize)> = Vec::new();
    if let Some(container) = write_value(py, Value::Object(&root), &mut out)? {
        begin(container, &mut open, &mut out);
    }
    'containers: while let Some((container, first)) = open.pop() {
        for at in first..container.len() {
            write_prefix(py, container, at, &mut out)?;
            if let Some(inner) = write_value(py, container.child(at), &mut out)? {
                open.push((container, at + 1));
                begin(inner, &mut open, &mut out);
                continue 'containers;
            }
        }
        out.push(if container.is_record() { b'}' } else { b']' });
    }
    Ok(PyBytes::new(py, &out))
}

fn begin<'a>(container: Container<'a>, open: &mut Vec<(Container<'a>, usize)>, out: &mut Vec<u8>) {
    out.push(if container.is_record() { b'{' } else { b'[' });
    open.push((container, 0));
}

/// One level of a Document as a dict, for the `default` argument of `json.dumps` and `orjson.dumps`.
///
/// Raises `TypeError` for anything else, as they expect.
#[pyfunction]
pub fn default<'py>(py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match Record::of(&Object::from_bound(value)) {
        Some(record) => Ok(walk::shallow_dict(py, record)?.into_bound(py)),
        None => Err(PyTypeError::new_err(format!("{} is not JSON serializable", value.get_type().name()?))),
    }
}

/// Bytes as the JSON string of their text; None where they are not UTF-8.
#[pyfunction]
pub fn quote<'py>(py: Python<'py>, raw: &[u8]) -> Option<Bound<'py, PyBytes>> {
    let text = str::from_utf8(raw).ok()?;
    let mut out = Vec::new();
    write_embedded(text, &mut out);
    Some(PyBytes::new(py, &out))
}

/// What stands before a member or an item.
#[inline(always)]
fn write_prefix(py: Python<'_>, container: Container<'_>, at: usize, out: &mut Vec<u8>) -> PyResult<()> {
    if at > 0 {
        out.push(b',');
    }
    if let Container::Record(record) = container {
        write_text(py, record.layout().key(at), out)?;
        out.push(b':');
    }
    Ok(())
}

/// Writes a scalar. Gives a container back, which is the caller's to begin.
#[inline(always)]
fn write_value<'a>(py: Python<'_>, value: Value<'a>, out: &mut Vec<u8>) -> PyResult<Option<Container<'a>>> {
    match value {
        Value::Text(bytes) => write_ascii(bytes, out),
        Value::Int(value) => write_int(value, out),
        Value::Float(value) => write_float(value, out)?,
        Value::Array(flat) => return Ok(Some(Container::Flat(flat))),
        Value::Object(object) => match object.as_text() {
            Some(text) => write_text(py, text, out)?,
            None => match Container::of(value) {
                None => write_other(py, object, out)?,
                container => return Ok(container),
            },
        },
    }
    Ok(None)
}

fn write_other(py: Python<'_>, object: &Object, out: &mut Vec<u8>) -> PyResult<()> {
    if object.is_none() {
        out.extend_from_slice(b"null");
    } else if let Some(value) = object.as_bool() {
        out.extend_from_slice(if value { b"true" } else { b"false" });
    } else if let Some(value) = object.as_i64() {
        write_int(value, out);
    } else if object.is_int() {
        write_long(py, object, out)?;
    } else if let Some(value) = object.as_float() {
        write_float(value, out)?;
    } else {
        let name = object.to_bound(py).get_type().name()?;
        return Err(PyTypeError::new_err(format!("{name} is not what a decoder gives")));
    }
    Ok(())
}

#[inline(always)]
fn write_text(py: Python<'_>, text: &Text, out: &mut Vec<u8>) -> PyResult<()> {
    match text.as_ascii() {
        Some(ascii) => {
            write_ascii(ascii, out);
            Ok(())
        }
        None => write_wide(py, text, out),
    }
}

#[inline(never)]
fn write_wide(py: Python<'_>, text: &Text, out: &mut Vec<u8>) -> PyResult<()> {
    match text.to_utf8(py) {
        Some(encoded) => write_quoted(&String::from_utf8_lossy(&encoded), out),
        // A lone surrogate. The encoder says where.
        None => drop(text.object().to_bound(py).call_method0("encode")?),
    }
    Ok(())
}

/// Copies a text eight bytes at a time and looks meanwhile whether one of them has to be escaped.
#[inline]
fn write_ascii(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.reserve(bytes.len() + 2 * size_of::<u64>());
    out.push(b'"');
    let mut escapes = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        escapes |= escapes_in(u64::from_le_bytes(*word));
        out.extend_from_slice(word);
    }
    let rest_word = word_of(rest);
    escapes |= escapes_in(rest_word);
    out.extend_from_slice(&rest_word.to_le_bytes());
    out.truncate(start + 1 + bytes.len());
    out.push(b'"');
    if escapes != 0 {
        out.truncate(start);
        write_quoted(&String::from_utf8_lossy(bytes), out);
    }
}

/// Up to seven bytes, and spaces behind them.
#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    const SPACES: u64 = 0x2020_2020_2020_2020;
    let length = bytes.len();
    let low = match *bytes {
        [] => 0,
        [one] => u64::from(one),
        [one, two] => u64::from(u16::from_le_bytes([one, two])),
        [one, two, three] => u64::from(u32::from_le_bytes([one, two, three, 0])),
        [one, two, three, four, ..] => {
            let last = [bytes[length - 4], bytes[length - 3], bytes[length - 2], bytes[length - 1]];
            let first = u64::from(u32::from_le_bytes([one, two, three, four]));
            first | u64::from(u32::from_le_bytes(last)) << (8 * (length - 4))
        }
    };
    low | SPACES << (8 * length)
}

/// Not 0 where an ASCII byte of these eight is a quote, a backslash or below a space.
#[inline]
fn escapes_in(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    (quote | backslash | control) & HIGH
}

#[inline]
fn write_int(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_digits(value.unsigned_abs(), 0, out);
}

/// Writes an integer with a point before its last digits, if any.
#[inline]
fn write_digits(value: u64, decimals: usize, out: &mut Vec<u8>) {
    let mut text = [0; 24];
    let mut first = text.len();
    let mut rest = value;
    let mut written = 0;
    while rest > 0 || written <= decimals {
        if written == decimals && decimals > 0 {
            first -= 1;
            text[first] = b'.';
        }
        first -= 1;
        text[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        written += 1;
    }
    out.extend_from_slice(&text[first..]);
}

/// An integer beyond 64 bits.
#[cold]
fn write_long(py: Python<'_>, object: &Object, out: &mut Vec<u8>) -> PyResult<()> {
    static TO_DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let to_decimal = TO_DECIMAL.import(py, "stream_pool.documents._integers", "to_decimal")?;
    let decimal: String = to_decimal.call1((object.to_bound(py),))?.extract()?;
    out.extend_from_slice(decimal.as_bytes());
    Ok(())
}

/// A float as Python's `repr` lays it out: the shortest digits that mean it, with an exponent below 1e-4 and from 1e16 on.
fn write_float(value: f64, out: &mut Vec<u8>) -> PyResult<()> {
    if !value.is_finite() {
        return Err(PyValueError::new_err("JSON has no text for a float that is not finite"));
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if !write_decimal(value.abs(), out) {
        write_shortest(value.abs(), out);
    }
    Ok(())
}

/// Writes a number of few decimals, as amounts are; false where it is none.
///
/// No two texts of up to 15 digits mean the same float, so one that reads back as this float is its shortest.
fn write_decimal(value: f64, out: &mut Vec<u8>) -> bool {
    for (decimals, power) in [(1, 10.0), (2, 100.0), (3, 1000.0), (4, 10_000.0)] {
        let scaled = value * power + 0.5;
        if scaled >= 1e15 {
            return false;
        }
        let digits = scaled as u64;
        if digits as f64 / power == value {
            write_digits(digits, decimals, out);
            return true;
        }
    }
    false
}

fn write_shortest(value: f64, out: &mut Vec<u8>) {
    let shortest = even_of_a_tie(value, format!("{value:e}"));
    let (mantissa, exponent) = shortest.split_once('e').expect("there is an exponent");
    let digits = mantissa.replace('.', "");
    lay_out(digits.as_bytes(), exponent.parse().expect("an exponent is a number"), out);
}

/// Where two texts of so many digits are equally near, Rust takes the upper one and Python the even one.
fn even_of_a_tie(value: f64, shortest: String) -> String {
    let decimals = shortest.find('e').map_or(0, |end| end.saturating_sub(2));
    if decimals < DIGITS_WITHOUT_TIE {
        return shortest;
    }
    let even = format!("{value:.decimals$e}");
    if even.parse() == Ok(value) { even } else { shortest }
}

fn lay_out(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let zeros = |count: i32, out: &mut Vec<u8>| out.resize(out.len() + count as usize, b'0');
    let last = digits.len() as i32 - 1;
    match exponent {
        -4..0 => {
            out.extend_from_slice(b"0.");
            zeros(-exponent - 1, out);
            out.extend_from_slice(digits);
        }
        0..16 if exponent >= last => {
            out.extend_from_slice(digits);
            zeros(exponent - last, out);
            out.extend_from_slice(b".0");
        }
        0..16 => {
            let (whole, fraction) = digits.split_at(exponent as usize + 1);
            out.extend_from_slice(whole);
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        _ => {
            out.push(digits[0]);
            if last > 0 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            if exponent.abs() < 10 {
                out.push(b'0');
            }
            write_int(i64::from(exponent.abs()), out);
        }
    }
}
