//! What the core takes from the Python side of the project: errors, figures, limits.

use crate::fault::Fault;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

static MISUSE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static DECODE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LIMIT_EXCEEDED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static LIMITS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static POOL_STATS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// A `MisuseError`.
pub fn misuse(py: Python<'_>, message: String) -> PyErr {
    made(MISUSE_ERROR.import(py, "stream_pool.errors", "MisuseError").and_then(|kind| kind.call1((message,))))
}

/// The `DecodeError` of a fault; a `LimitExceeded` where it is a limit.
pub fn decode_error(py: Python<'_>, fault: Fault) -> PyErr {
    let kind = if fault.reason.is_limit() {
        LIMIT_EXCEEDED.import(py, "stream_pool.documents.errors", "LimitExceeded")
    } else {
        DECODE_ERROR.import(py, "stream_pool.documents.errors", "DecodeError")
    };
    made(kind.and_then(|kind| kind.call1((fault.reason.slug(), fault.offset))))
}

fn made(error: PyResult<Bound<'_, PyAny>>) -> PyErr {
    error.map_or_else(|failure| failure, PyErr::from_value)
}

/// The class `Limits`.
pub fn limits(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    LIMITS.import(py, "stream_pool.documents.limits", "Limits")
}

/// The class `PoolStats`.
pub fn pool_stats(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    POOL_STATS.import(py, "stream_pool.pool.stats", "PoolStats")
}
