//! What a Document does for Python beyond the hot path: paths, views, unions, comparisons, copies, pickles.
//!
//! `type_object.rs` calls these with the document held for the whole call.

use crate::object::Object;
use crate::record::{Record, Value};
use crate::walk::{self, Container};
use crate::writer;
use pyo3::exceptions::{PyAttributeError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt, PyMapping, PyString, PyTuple};

/// The slot of any key, as a dict finds it: a `str` by its characters, all else by its own hash and `==`.
pub fn slot_of(py: Python<'_>, record: Record<'_>, key: &Object) -> PyResult<Option<usize>> {
    if let Some(text) = key.as_text() {
        return Ok(record.layout().slot(text));
    }
    let hash = key.hash(py)?;
    for (slot, known) in record.layout().keys().enumerate() {
        if known.python_hash() == hash && known.object().equals(py, key)? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// The value of any key.
pub fn subscript(py: Python<'_>, record: Record<'_>, key: &Object) -> PyResult<Object> {
    match slot_of(py, record, key)? {
        Some(slot) => record.value(slot).to_object(py),
        None => Err(PyKeyError::new_err((key.to_bound(py).unbind(),))),
    }
}

/// The value at the end of a path, or the default.
pub fn at(py: Python<'_>, record: Record<'_>, path: &[Object], default: Option<&Object>) -> PyResult<Object> {
    let mut value = Value::Object(record.object());
    for (followed, step) in path.iter().enumerate() {
        match (next_on_path(py, value, step)?, default) {
            (Some(next), _) => value = next,
            (None, Some(default)) => return Ok(default.clone()),
            (None, None) => {
                let followed = path[..=followed].iter().map(|step| step.to_bound(py));
                return Err(PyKeyError::new_err((PyTuple::new(py, followed)?.unbind(),)));
            }
        }
    }
    value.to_object(py)
}

/// None where the step leads nowhere.
fn next_on_path<'a>(py: Python<'_>, value: Value<'a>, step: &Object) -> PyResult<Option<Value<'a>>> {
    let bound = step.to_bound(py);
    match Container::of(value) {
        Some(Container::Record(record)) if bound.is_instance_of::<PyString>() => {
            Ok(slot_of(py, record, step)?.map(|slot| record.value(slot)))
        }
        Some(Container::Record(_)) | None => Ok(None),
        Some(array) if bound.is_instance_of::<PyInt>() => {
            let Ok(position) = bound.extract::<isize>() else { return Ok(None) };
            let from_start = if position < 0 { position + array.len() as isize } else { position };
            let inside = usize::try_from(from_start).ok().filter(|at| *at < array.len());
            Ok(inside.map(|at| array.child(at)))
        }
        Some(_) => Ok(None),
    }
}

/// Its keys as a tuple.
pub fn key_tuple(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    Object::tuple(py, record.layout().keys().map(|key| key.object().clone()))
}

pub fn iterator(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    Ok(Object::from_bound(key_tuple(py, record)?.into_bound(py).try_iter()?.as_any()))
}

pub fn reversed(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    let keys = record.layout().keys().rev().map(|key| key.object().clone()).collect::<Vec<_>>();
    let keys = Object::tuple(py, keys.into_iter())?;
    Ok(Object::from_bound(keys.into_bound(py).try_iter()?.as_any()))
}

pub fn keys(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    static VIEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    view(VIEW.import(py, "collections.abc", "KeysView")?, record)
}

pub fn values(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    static VIEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    view(VIEW.import(py, "collections.abc", "ValuesView")?, record)
}

pub fn items(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    static VIEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    view(VIEW.import(py, "collections.abc", "ItemsView")?, record)
}

fn view(kind: &Bound<'_, PyAny>, record: Record<'_>) -> PyResult<Object> {
    Ok(Object::from_bound(&kind.call1((record.object().to_bound(kind.py()),))?))
}

/// None where the other side is no mapping.
pub fn equals(py: Python<'_>, record: Record<'_>, other: &Object) -> PyResult<Option<bool>> {
    if Record::of(other).is_none() && other.to_bound(py).cast::<PyMapping>().is_err() {
        return Ok(None);
    }
    walk::equal(py, record, other).map(Some)
}

/// `left | right` as a dict, one level deep; None where one side is no mapping.
pub fn union(py: Python<'_>, left: &Object, right: &Object) -> PyResult<Option<Object>> {
    let (left, right) = (left.to_bound(py), right.to_bound(py));
    let (Ok(left), Ok(right)) = (left.cast::<PyMapping>(), right.cast::<PyMapping>()) else {
        return Ok(None);
    };
    let united = PyDict::new(py);
    united.update(left)?;
    united.update(right)?;
    Ok(Some(Object::from_bound(united.as_any())))
}

pub fn repr(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    let text = format!("Document({})", walk::abridged(py, record)?);
    Ok(Object::from_bound(PyString::new(py, &text).as_any()))
}

pub fn itself(_py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    Ok(record.object().clone())
}

/// Its JSON, and the function that reads it again: pickles of the core and of its twin load in one another.
pub fn reduce(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    static RESTORED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let restored = RESTORED.import(py, "stream_pool.documents.document", "_restored")?;
    let raw = writer::dumps(py, &record.object().to_bound(py))?;
    let reduced = (restored, (raw,)).into_pyobject(py)?;
    Ok(Object::from_bound(reduced.as_any()))
}

pub fn size(py: Python<'_>, record: Record<'_>) -> PyResult<Object> {
    Object::int(py, record.size() as i64)
}

/// The error of setting an attribute, or of deleting it.
pub fn immutable(name: &Bound<'_, PyAny>, is_set: bool) -> PyErr {
    let change = if is_set { "set" } else { "deleted" };
    match name.repr() {
        Ok(name) => PyAttributeError::new_err(format!("a Document is immutable: {name} cannot be {change}")),
        Err(error) => error,
    }
}

/// Puts a method's arguments in the order of their names: those given by position, then those by keyword.
pub fn arrange<const N: usize>(
    method: &str,
    names: [&str; N],
    positional: &[Object],
    keywords: &[(String, &Object)],
) -> PyResult<[Option<Object>; N]> {
    if positional.len() > N {
        return Err(PyTypeError::new_err(format!("{method}() takes at most {N} arguments")));
    }
    let mut arranged: [Option<Object>; N] = std::array::from_fn(|at| positional.get(at).cloned());
    for (keyword, value) in keywords {
        let Some(at) = names.iter().position(|name| name == keyword) else {
            let message = format!("{method}() got an unexpected keyword argument '{keyword}'");
            return Err(PyTypeError::new_err(message));
        };
        if arranged[at].replace((*value).clone()).is_some() {
            let message = format!("{method}() got multiple values for argument '{keyword}'");
            return Err(PyTypeError::new_err(message));
        }
    }
    Ok(arranged)
}
