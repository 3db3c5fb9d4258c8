//! The bounds of one document, as the Python class `Limits` gives them.

use pyo3::prelude::*;

#[derive(Clone, Copy)]
pub struct Bounds {
    pub document_bytes: usize,
    pub depth: usize,
    pub keys: usize,
    pub items: usize,
    pub key_bytes: usize,
    pub string_bytes: usize,
    pub number_digits: usize,
}

impl Bounds {
    pub fn of(limits: &Bound<'_, PyAny>) -> PyResult<Bounds> {
        let read = |name: &str| -> PyResult<usize> {
            let bound = limits.getattr(name)?;
            // No input is as long as a bound that does not fit.
            Ok(bound.extract().unwrap_or(usize::MAX))
        };
        Ok(Bounds {
            document_bytes: read("document_bytes")?,
            depth: read("depth")?,
            keys: read("keys")?,
            items: read("items")?,
            key_bytes: read("key_bytes")?,
            string_bytes: read("string_bytes")?,
            number_digits: read("number_digits")?,
        })
    }
}
