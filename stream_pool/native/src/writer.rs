//! Documents back to JSON: compact UTF-8, members in their order, without recursion.

use crate::object::{Object, Text};
use crate::record::{Record, Value};
use crate::text::write_quoted;
use crate::walk::{self, Container};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;
use std::io::Write;

/// Most documents are no longer than this.
const FIRST_BYTES: usize = 4096;

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
    let mut value = Value::Object(&root);
    loop {
        match Container::of(value) {
            Some(container) => {
                out.push(if matches!(container, Container::Record(_)) { b'{' } else { b'[' });
                open.push((container, 0));
            }
            None => write_scalar(py, value, &mut out)?,
        }
        loop {
            let Some((container, at)) = open.last_mut() else { return Ok(PyBytes::new(py, &out)) };
            if *at < container.len() {
                write_prefix(py, *container, *at, &mut out)?;
                value = container.child(*at);
                *at += 1;
                break;
            }
            out.push(if matches!(container, Container::Record(_)) { b'}' } else { b']' });
            open.pop();
        }
    }
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

/// What stands before a member or an item.
#[inline]
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

#[inline]
fn write_scalar(py: Python<'_>, value: Value<'_>, out: &mut Vec<u8>) -> PyResult<()> {
    match value {
        Value::Text(bytes) => write_ascii(bytes, out),
        Value::Int(value) => write_int(value, out),
        Value::Float(value) => write_float(value, out)?,
        Value::Object(object) => write_object(py, object, out)?,
        Value::Array(_) => unreachable!("an array is a container"),
    }
    Ok(())
}

fn write_object(py: Python<'_>, object: &Object, out: &mut Vec<u8>) -> PyResult<()> {
    if let Some(text) = object.as_text() {
        write_text(py, text, out)?;
    } else if object.is_none() {
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

#[inline]
fn write_text(py: Python<'_>, text: &Text, out: &mut Vec<u8>) -> PyResult<()> {
    match text.as_ascii() {
        Some(ascii) => write_ascii(ascii, out),
        // The encoder says what is wrong with a lone surrogate.
        None => {
            let encoded = text.object().to_bound(py).call_method0("encode")?.cast_into::<PyBytes>()?;
            write_quoted(&String::from_utf8_lossy(encoded.as_bytes()), out);
        }
    }
    Ok(())
}

#[inline]
fn write_ascii(bytes: &[u8], out: &mut Vec<u8>) {
    if is_plain(bytes) {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        write_quoted(&String::from_utf8_lossy(bytes), out);
    }
}

/// Whether no byte needs to be escaped, eight at a time.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|word| !needs_escape(u64::from_le_bytes(*word)))
        && rest.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
}

/// Whether an ASCII byte of these eight is a quote, a backslash or below a space.
#[inline]
fn needs_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ ONES * b'"' as u64);
    let backslash = zero(word ^ ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH != 0
}

fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[first..]);
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
    let mut shortest = [0; 32];
    let mut space = &mut shortest[..];
    write!(space, "{:e}", value.abs()).expect("a float has at most 17 digits");
    let unused = space.len();
    let written = &shortest[..shortest.len() - unused];
    let split = written.iter().position(|byte| *byte == b'e').expect("there is an exponent");
    let exponent = exponent_of(&written[split + 1..]);
    let mut digits = [0; 20];
    let mut count = 0;
    for digit in written[..split].iter().filter(|byte| **byte != b'.') {
        digits[count] = *digit;
        count += 1;
    }
    lay_out(&digits[..count], exponent, out);
    Ok(())
}

fn exponent_of(text: &[u8]) -> i32 {
    let (sign, digits) = if text[0] == b'-' { (-1, &text[1..]) } else { (1, text) };
    sign * digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'))
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
