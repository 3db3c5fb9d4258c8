//! The type of a Document as Python sees it: its slots and methods, and how each call gets into the crate and out.
//!
//! Subscripts, `in` and `get` with exact `str` keys are answered here, without attaching again and without anything
//! that could panic. All else goes through `cold`, which counts the attachment, holds the document, and lets no panic
//! through to Python.

use crate::document;
use crate::object::Object;
use crate::record::{self, Record};
use crate::walk;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::ffi::{PyMethodDef, PyMethodDefPointer, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::ffi::{CStr, c_int};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;

const DOCUMENTATION: &CStr = c"One JSON object, immutable and hashable.

Members come in the order of the input. `==` is Python's own, element by element, with any `Mapping`;
arrays are tuples and so differ from lists. Equal documents have equal hashes, whatever their order.
`copy` and `deepcopy` give the document itself; pickles hold its JSON. `match` takes it for a mapping.
`document | mapping` gives a `dict`, one level deep.";
const AT: &CStr = c"at(*path, default=...)

The value at the end of a path of keys and array positions (negative ones count from the end).

Where the path leads nowhere, `default` if it was given, else `KeyError` with the path as far as it
was followed: a key that is not there, a position outside, a key into an array, a step into a scalar.";
const GET: &CStr = c"get(key, default=None)

The value of a key, or the default where there is none.";
const TO_DICT: &CStr =
    c"to_dict()\n\nA deep copy as dicts and lists: what `json.loads` makes of the same bytes.";

/// Makes the type ready and gives it to the module.
pub fn initialise(py: Python<'_>, module: &Bound<'_, PyModule>) -> PyResult<()> {
    let kind = record::type_pointer();
    // SAFETY: the type is written under the global lock, before anything uses it, and once: a ready type is left as it
    // is. The tables that it points to are leaked, as a static type lives for ever.
    let kind = unsafe {
        if ffi::PyType_HasFeature(kind, ffi::Py_TPFLAGS_READY) == 0 {
            fill_in(kind);
            if ffi::PyType_Ready(kind) != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Bound::from_borrowed_ptr(py, kind.cast())
    };
    py.import("collections.abc")?.getattr("Mapping")?.call_method1("register", (&kind,))?;
    module.add("Document", kind)
}

/// # Safety
/// The type is all zeros, and nobody else looks at it.
unsafe fn fill_in(kind: *mut ffi::PyTypeObject) {
    // SAFETY: tables of zeros are what C programs begin with.
    unsafe {
        let mut mapping: ffi::PyMappingMethods = mem::zeroed();
        mapping.mp_length = Some(length);
        mapping.mp_subscript = Some(subscript);
        let mut sequence: ffi::PySequenceMethods = mem::zeroed();
        sequence.sq_contains = Some(contains);
        let mut number: ffi::PyNumberMethods = mem::zeroed();
        number.nb_or = Some(union);

        let kind = &mut *kind;
        kind.ob_base.ob_base = ffi::PyObject_HEAD_INIT;
        kind.tp_name = c"stream_pool._native.Document".as_ptr();
        kind.tp_doc = DOCUMENTATION.as_ptr();
        kind.tp_basicsize = record::BASIC_SIZE as ffi::Py_ssize_t;
        kind.tp_flags = ffi::Py_TPFLAGS_DEFAULT
            | ffi::Py_TPFLAGS_MAPPING
            | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION
            | ffi::Py_TPFLAGS_IMMUTABLETYPE;
        kind.tp_dealloc = Some(record::free);
        kind.tp_as_mapping = Box::leak(Box::new(mapping));
        kind.tp_as_sequence = Box::leak(Box::new(sequence));
        kind.tp_as_number = Box::leak(Box::new(number));
        kind.tp_repr = Some(repr);
        kind.tp_hash = Some(hash);
        kind.tp_richcompare = Some(compare);
        kind.tp_iter = Some(iterate);
        kind.tp_setattro = Some(refuse_change);
        kind.tp_methods = Box::leak(Box::new(methods())).as_mut_ptr();
    }
}

fn methods() -> [PyMethodDef; 13] {
    let plain = |name: &'static CStr, function: ffi::PyCFunction, flags: c_int, doc: &'static CStr| {
        let ml_meth = PyMethodDefPointer { PyCFunction: function };
        PyMethodDef { ml_name: name.as_ptr(), ml_meth, ml_flags: flags, ml_doc: doc.as_ptr() }
    };
    let fast = |name: &'static CStr, function: ffi::PyCFunctionFastWithKeywords, doc: &'static CStr| {
        let ml_meth = PyMethodDefPointer { PyCFunctionFastWithKeywords: function };
        let ml_flags = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
        PyMethodDef { ml_name: name.as_ptr(), ml_meth, ml_flags, ml_doc: doc.as_ptr() }
    };
    let none = ffi::METH_NOARGS;
    [
        fast(c"get", get, GET),
        fast(c"at", at, AT),
        plain(c"to_dict", to_dict, none, TO_DICT),
        plain(c"keys", keys, none, c"keys()\n\nA view of the keys."),
        plain(c"values", values, none, c"values()\n\nA view of the values."),
        plain(c"items", items, none, c"items()\n\nA view of the members."),
        plain(c"__reversed__", reversed, none, c"The keys from the last to the first."),
        plain(c"__copy__", itself, none, c"The document itself."),
        plain(c"__deepcopy__", itself, ffi::METH_O, c"The document itself."),
        plain(c"__reduce__", reduce, none, c"For pickle: its JSON, and what reads it again."),
        plain(c"__sizeof__", size, none, c"Bytes of memory that it takes itself."),
        plain(
            c"__class_getitem__",
            ffi::Py_GenericAlias,
            ffi::METH_O | ffi::METH_CLASS,
            c"For annotations, as `Mapping` has it.",
        ),
        PyMethodDef::zeroed(),
    ]
}

/// An argument of Python's as the rest of the crate sees it, for as long as the call lasts.
///
/// # Safety
/// The pointer is that of a live object, which the caller keeps alive.
#[inline]
unsafe fn seen(argument: &*mut PyObject) -> &Object {
    // SAFETY: `Object` is transparent over a pointer that is not null. It is not dropped through this reference.
    unsafe { &*ptr::from_ref(argument).cast::<Object>() }
}

#[inline]
fn handed_out(py: Python<'_>, result: PyResult<Object>) -> *mut PyObject {
    match result {
        Ok(object) => object.into_bound(py).into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// Runs what may call other code; `failure` tells Python that there is an exception.
fn cold<T>(failure: T, body: impl FnOnce(Python<'_>) -> PyResult<T>) -> T {
    Python::attach(|py| {
        let result = catch_unwind(AssertUnwindSafe(|| body(py)))
            .unwrap_or_else(|_| Err(PyRuntimeError::new_err("a fault in stream_pool's compiled core")));
        result.unwrap_or_else(|error| {
            error.restore(py);
            failure
        })
    })
}

/// # Safety
/// The document is live.
unsafe fn with_record(
    document: *mut PyObject,
    body: impl FnOnce(Python<'_>, Record<'_>) -> PyResult<Object>,
) -> *mut PyObject {
    cold(ptr::null_mut(), |py| {
        // SAFETY: the caller says so. The clone holds it whatever other code does.
        let document = unsafe { seen(&document) }.clone();
        let record = Record::of(&document).ok_or_else(|| PyTypeError::new_err("not a Document"))?;
        Ok(body(py, record)?.into_bound(py).into_ptr())
    })
}

macro_rules! methods_of_one_argument {
    ($($name:ident => $body:path),* $(,)?) => {
        $(unsafe extern "C" fn $name(document: *mut PyObject, _argument: *mut PyObject) -> *mut PyObject {
            // SAFETY: Python calls a method with a live object.
            unsafe { with_record(document, $body) }
        })*
    };
}

methods_of_one_argument! {
    to_dict => walk::to_dict,
    keys => document::keys,
    values => document::values,
    items => document::items,
    reversed => document::reversed,
    itself => document::itself,
    reduce => document::reduce,
    size => document::size,
}

macro_rules! slots_of_no_argument {
    ($($name:ident => $body:path),* $(,)?) => {
        $(unsafe extern "C" fn $name(document: *mut PyObject) -> *mut PyObject {
            // SAFETY: Python calls a slot with a live object.
            unsafe { with_record(document, $body) }
        })*
    };
}

slots_of_no_argument! {
    repr => document::repr,
    iterate => document::iterator,
}

unsafe extern "C" fn length(document: *mut PyObject) -> ffi::Py_ssize_t {
    // SAFETY: Python calls a slot with a live object of the type.
    let document = unsafe { seen(&document) };
    Record::of(document).map_or(0, Record::len) as ffi::Py_ssize_t
}

unsafe extern "C" fn subscript(document: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: Python calls a slot attached, with live objects.
    let (py, seen_document, seen_key) = unsafe { (Python::assume_attached(), seen(&document), seen(&key)) };
    if let (Some(record), Some(text)) = (Record::of(seen_document), seen_key.as_text())
        && let Some(slot) = record.layout().slot(text)
    {
        return handed_out(py, record.value(slot).to_object(py));
    }
    // SAFETY: as above.
    unsafe { with_record(document, |py, record| document::subscript(py, record, seen_key)) }
}

unsafe extern "C" fn contains(document: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: Python calls a slot with live objects.
    let (document, key) = unsafe { (seen(&document), seen(&key)) };
    let Some(record) = Record::of(document) else { return 0 };
    match key.as_text() {
        Some(text) => c_int::from(record.layout().slot(text).is_some()),
        None => cold(-1, |py| {
            let held = document.clone();
            let record = Record::of(&held).ok_or_else(|| PyTypeError::new_err("not a Document"))?;
            Ok(c_int::from(document::slot_of(py, record, key)?.is_some()))
        }),
    }
}

unsafe extern "C" fn get(
    document: *mut PyObject,
    arguments: *const *mut PyObject,
    count: ffi::Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: Python calls a method attached, with live objects, of which so many stand in a row.
    let (py, seen_document, positional) =
        unsafe { (Python::assume_attached(), seen(&document), arguments_seen(arguments, count as usize)) };
    if let (Some(record), [key, default @ ..]) = (Record::of(seen_document), positional)
        && let (Some(text), true, true) = (key.as_text(), default.len() <= 1, names.is_null())
    {
        return match (record.layout().slot(text), default) {
            (Some(slot), _) => handed_out(py, record.value(slot).to_object(py)),
            (None, [default]) => handed_out(py, Ok(default.clone())),
            (None, _) => handed_out(py, Ok(Object::none(py))),
        };
    }
    // SAFETY: as above; the values of keywords follow those by position.
    unsafe {
        with_record(document, |py, record| {
            let keywords = keywords(py, arguments, positional.len(), names)?;
            let [key, default] = document::arrange("get", ["key", "default"], positional, &keywords)?;
            let key = key.ok_or_else(|| PyTypeError::new_err("get() missing 1 required argument: 'key'"))?;
            match document::slot_of(py, record, &key)? {
                Some(slot) => record.value(slot).to_object(py),
                None => Ok(default.unwrap_or_else(|| Object::none(py))),
            }
        })
    }
}

unsafe extern "C" fn at(
    document: *mut PyObject,
    arguments: *const *mut PyObject,
    count: ffi::Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: Python calls a method with live objects, of which so many stand in a row; the values of keywords follow
    // those by position.
    unsafe {
        with_record(document, |py, record| {
            let path = arguments_seen(arguments, count as usize);
            let keywords = keywords(py, arguments, path.len(), names)?;
            let [default] = document::arrange("at", ["default"], &[], &keywords)?;
            document::at(py, record, path, default.as_ref())
        })
    }
}

/// # Safety
/// So many live objects stand there, for as long as the call lasts.
#[inline]
unsafe fn arguments_seen<'a>(arguments: *const *mut PyObject, count: usize) -> &'a [Object] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller says so, and `Object` is transparent over a pointer that is not null.
    unsafe { slice::from_raw_parts(arguments.cast::<Object>(), count) }
}

/// # Safety
/// Behind `positional` arguments stand as many more as the tuple has names; without names it is null.
unsafe fn keywords<'a>(
    py: Python<'_>,
    arguments: *const *mut PyObject,
    positional: usize,
    names: *mut PyObject,
) -> PyResult<Vec<(String, &'a Object)>> {
    if names.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the caller says so.
    let (names, values) = unsafe {
        let names = Bound::from_borrowed_ptr(py, names).cast_into::<PyTuple>()?;
        let values = arguments_seen(arguments, positional + names.len());
        (names, &values[positional..])
    };
    names.iter().zip(values).map(|(name, value)| Ok((name.extract()?, value))).collect()
}

unsafe extern "C" fn hash(document: *mut PyObject) -> ffi::Py_hash_t {
    cold(-1, |py| {
        // SAFETY: Python calls a slot with a live object. The clone holds it whatever other code does.
        let document = unsafe { seen(&document) }.clone();
        let record = Record::of(&document).ok_or_else(|| PyTypeError::new_err("not a Document"))?;
        walk::hash(py, record)
    })
}

unsafe extern "C" fn compare(
    document: *mut PyObject,
    other: *mut PyObject,
    operator: c_int,
) -> *mut PyObject {
    // SAFETY: Python calls a slot with live objects; what other code does to them meanwhile does not count.
    let other = unsafe { seen(&other) };
    // SAFETY: as above.
    unsafe {
        with_record(document, |py, record| {
            if operator != ffi::Py_EQ && operator != ffi::Py_NE {
                return Ok(not_implemented(py));
            }
            let other = other.clone();
            Ok(match document::equals(py, record, &other)? {
                Some(equal) => Object::boolean(py, equal == (operator == ffi::Py_EQ)),
                None => not_implemented(py),
            })
        })
    }
}

unsafe extern "C" fn union(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    cold(ptr::null_mut(), |py| {
        // SAFETY: Python calls a slot with live objects. The clones hold them whatever other code does.
        let (left, right) = unsafe { (seen(&left).clone(), seen(&right).clone()) };
        let united = document::union(py, &left, &right)?.unwrap_or_else(|| not_implemented(py));
        Ok(united.into_bound(py).into_ptr())
    })
}

fn not_implemented(py: Python<'_>) -> Object {
    Object::from_bound(&py.NotImplemented().into_bound(py))
}

unsafe extern "C" fn refuse_change(
    _document: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    cold(-1, |py| {
        // SAFETY: Python calls a slot with a live name.
        let name = unsafe { seen(&name) }.to_bound(py);
        Err(document::immutable(&name, !value.is_null()))
    })
}
