//! The Python face of decoding.

use crate::fault::{Fault, Reason};
use crate::limits::Bounds;
use crate::object::Locked;
use crate::parser::{self, Manner, Scratch};
use crate::pool::Pool;
use crate::python;
use crate::reader::{Cause, Reader, Stop};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

/// Decodes JSON; may be shared by any number of tasks and threads.
///
/// Without a pool it has one of its own. `duplicate_keys="last"` gives what `json.loads` gives: the key stands where
/// it came first, with the value that came last. With `echo=False` no object is remembered whole, so that alike
/// objects are records of their own. Raises `MisuseError` for another word.
#[pyclass(frozen, module = "stream_pool._native")]
pub struct Decoder {
    #[pyo3(get)]
    pool: Py<Pool>,
    #[pyo3(get)]
    limits: Py<PyAny>,
    bounds: Bounds,
    manner: Manner,
    scratch: Locked<Box<Scratch>>,
}

#[pymethods]
impl Decoder {
    #[new]
    #[pyo3(signature = (pool = None, limits = None, duplicate_keys = "error", echo = true))]
    fn py_new(
        py: Python<'_>,
        pool: Option<Py<Pool>>,
        limits: Option<Bound<'_, PyAny>>,
        duplicate_keys: &str,
        echo: bool,
    ) -> PyResult<Decoder> {
        if !matches!(duplicate_keys, "error" | "last") {
            let message = format!("duplicate_keys is '{duplicate_keys}'; it must be 'error' or 'last'");
            return Err(python::misuse(py, message));
        }
        let pool = match pool {
            Some(pool) => pool,
            None => py.get_type::<Pool>().call0()?.cast_into()?.unbind(),
        };
        let limits = match limits {
            Some(limits) => limits,
            None => python::limits(py)?.call0()?,
        };
        Ok(Decoder {
            pool,
            bounds: Bounds::of(&limits)?,
            limits: limits.unbind(),
            manner: Manner { last_wins: duplicate_keys == "last", echo },
            scratch: Locked::new(Box::new(Scratch::new())),
        })
    }

    /// The value of one JSON text: a Document, or for another root a tuple, str, int, float, bool or None.
    ///
    /// A `str` stands for its UTF-8 bytes. Raises `DecodeError` (`LimitExceeded` where it is a limit), and `TypeError`
    /// for what is neither bytes nor `str`, such as the None of a tombstone. Only an accepted document counts in the
    /// pool's hits and misses.
    fn decode<'py>(&self, raw: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = raw.py();
        if let Ok(bytes) = raw.cast::<PyBytes>() {
            return self.decode_bytes(py, bytes.as_bytes());
        }
        if let Ok(text) = raw.cast::<PyString>() {
            self.check_size(py, text.len()?)?;
            // A lone surrogate becomes a sequence that is not UTF-8, and is found where it stands.
            let encoded = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
            return self.decode_bytes(py, encoded.cast::<PyBytes>()?.as_bytes());
        }
        if raw.is_instance_of::<PyByteArray>() || raw.is_instance_of::<PyMemoryView>() {
            // Such bytes may change while they are decoded, so they are copied, once their number is known to be
            // within the limit.
            let size = raw.cast::<PyByteArray>().map_or_else(
                |_| raw.getattr("nbytes").and_then(|size| size.extract()),
                |bytes| Ok(bytes.len()),
            )?;
            self.check_size(py, size)?;
            let copied = py.get_type::<PyBytes>().call1((raw,))?;
            return self.decode_bytes(py, copied.cast::<PyBytes>()?.as_bytes());
        }
        let name = raw.get_type().name()?;
        Err(PyTypeError::new_err(format!("a document is decoded from bytes or str, not {name}")))
    }
}

impl Decoder {
    #[inline]
    fn decode_bytes<'py>(&self, py: Python<'py>, raw: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        self.check_size(py, raw.len())?;
        let mut scratch = self.scratch.take(py).unwrap_or_else(|| Box::new(Scratch::new()));
        let mut turn = self.pool.get().turn(py);
        let reader = Reader { py, raw, at: 0, bounds: &self.bounds };
        let outcome = parser::decode(reader, self.manner, turn.core(), &mut scratch);
        if let Ok(accepted) = &outcome {
            turn.count((accepted.keys - accepted.misses) as u64, accepted.misses as u64);
            if let Some(core) = turn.own() {
                core.traffic.count_root(accepted.root);
                core.shrink_on();
            }
        }
        drop(turn);
        self.scratch.put(py, scratch);
        match outcome.map_err(Stop::cause) {
            Ok(accepted) => Ok(accepted.value.into_bound(py)),
            Err(Cause::Fault(fault)) => Err(python::decode_error(py, fault)),
            Err(Cause::Raised(error)) => Err(error),
        }
    }

    #[inline]
    fn check_size(&self, py: Python<'_>, size: usize) -> PyResult<()> {
        if size > self.bounds.document_bytes {
            let fault = Fault::new(Reason::DocumentBytesLimit, self.bounds.document_bytes);
            return Err(python::decode_error(py, fault));
        }
        Ok(())
    }
}
